//! The conditional random field.

use crate::corpus::{TAGS, Turn};
use crate::{Random, Settings, TAG_BITS};

const NEVER: f32 = -1.0e4;
/// Which tag may follow which: Out and the ends of a phrase are followed by Out
/// or a start, its start and inside by its inside or end.
const MAY_FOLLOW: [[bool; TAGS]; TAGS] = [
    [true, true, false, false, true],
    [false, false, true, true, false],
    [false, false, true, true, false],
    [true, true, false, false, true],
    [true, true, false, false, true],
];
const STARTS: [f32; TAGS] = [0.0, 0.0, NEVER, NEVER, 0.0];
const ENDS: [f32; TAGS] = [0.0, NEVER, NEVER, 0.0, 0.0];

type Row = [f32; TAGS];

pub struct Field {
    pub tags: Vec<Row>,
    pub steps: [Row; TAGS],
}

/// The field with what AdaGrad remembers.
struct Training<'a> {
    field: Field,
    squares: Vec<Row>,
    step_squares: [Row; TAGS],
    settings: &'a Settings,
}

impl Field {
    pub fn train(turns: &[&Turn], settings: &Settings) -> Self {
        let mut steps = [[NEVER; TAGS]; TAGS];
        for (row, allowed) in steps.iter_mut().zip(MAY_FOLLOW) {
            for (step, allowed) in row.iter_mut().zip(allowed) {
                if allowed {
                    *step = 0.0;
                }
            }
        }
        let mut training = Training {
            field: Self {
                tags: vec![[0.0; TAGS]; 1 << TAG_BITS],
                steps,
            },
            squares: vec![[1e-2; TAGS]; 1 << TAG_BITS],
            step_squares: [[1.0; TAGS]; TAGS],
            settings,
        };
        let mut random = Random(1);
        let mut order: Vec<&Turn> = turns
            .iter()
            .filter(|turn| !turn.tags.is_empty())
            .copied()
            .collect();
        for epoch in 0..settings.epochs {
            random.shuffle(&mut order);
            let rate = settings.rate * (1.0 - epoch as f32 / settings.epochs as f32).max(0.1);
            for turn in &order {
                training.step(turn, rate, &mut random);
            }
        }
        training.field
    }
}

impl Training<'_> {
    fn step(&mut self, turn: &Turn, rate: f32, random: &mut Random) {
        let kept = self.kept(turn, random);
        let emissions: Vec<Row> = kept
            .iter()
            .map(|features| self.emission(features))
            .collect();
        let (chances, steps) = self.expected(&emissions);
        for (at, features) in kept.iter().enumerate() {
            let mut gradient = chances[at];
            gradient[turn.tags[at] as usize] -= 1.0;
            for &feature in features {
                self.update(feature as usize, &gradient, rate);
            }
        }
        for from in 0..TAGS {
            for to in 0..TAGS {
                if !MAY_FOLLOW[from][to] {
                    continue;
                }
                let seen = turn
                    .tags
                    .windows(2)
                    .filter(|pair| pair[0] as usize == from && pair[1] as usize == to);
                let gradient = steps[from][to] - seen.count() as f32;
                let square = &mut self.step_squares[from][to];
                *square += gradient * gradient;
                self.field.steps[from][to] -= rate * gradient / square.sqrt();
            }
        }
    }

    /// The features of each character, less some at random.
    fn kept(&self, turn: &Turn, random: &mut Random) -> Vec<Vec<u32>> {
        let mut start = 0;
        let mut kept = Vec::with_capacity(turn.features.ends.len());
        for &end in &turn.features.ends {
            let features = turn.features.indices[start..end].iter().copied();
            kept.push(
                features
                    .filter(|_| random.unit() as f32 >= self.settings.drop)
                    .collect(),
            );
            start = end;
        }
        kept
    }

    fn emission(&self, features: &[u32]) -> Row {
        let scale = 1.0 / (1.0 - self.settings.drop);
        let mut sum = [0.0; TAGS];
        for &feature in features {
            for (sum, weight) in sum.iter_mut().zip(self.field.tags[feature as usize]) {
                *sum += scale * weight;
            }
        }
        sum
    }

    /// Chances of the tags at each character and expected steps (forward–backward).
    fn expected(&self, emissions: &[Row]) -> (Vec<Row>, [Row; TAGS]) {
        let steps = &self.field.steps;
        let count = emissions.len();
        let mut forward = vec![[NEVER; TAGS]; count];
        let mut backward = vec![ENDS; count];
        for tag in 0..TAGS {
            forward[0][tag] = STARTS[tag] + emissions[0][tag];
        }
        for at in 1..count {
            for to in 0..TAGS {
                let ways: Row = std::array::from_fn(|from| forward[at - 1][from] + steps[from][to]);
                forward[at][to] = sum_of(&ways) + emissions[at][to];
            }
        }
        for at in (0..count - 1).rev() {
            for from in 0..TAGS {
                let ways: Row = std::array::from_fn(|to| {
                    steps[from][to] + emissions[at + 1][to] + backward[at + 1][to]
                });
                backward[at][from] = sum_of(&ways);
            }
        }
        let total = sum_of(&std::array::from_fn(|tag| {
            forward[count - 1][tag] + ENDS[tag]
        }));
        let chances = (0..count)
            .map(|at| {
                std::array::from_fn(|tag| (forward[at][tag] + backward[at][tag] - total).exp())
            })
            .collect();
        let mut taken = [[0.0; TAGS]; TAGS];
        for at in 1..count {
            for from in 0..TAGS {
                for to in 0..TAGS {
                    let way = forward[at - 1][from]
                        + steps[from][to]
                        + emissions[at][to]
                        + backward[at][to];
                    taken[from][to] += (way - total).exp();
                }
            }
        }
        (chances, taken)
    }

    fn update(&mut self, feature: usize, gradient: &Row, rate: f32) {
        let weights = &mut self.field.tags[feature];
        let squares = &mut self.squares[feature];
        for tag in 0..TAGS {
            let slope = gradient[tag] + self.settings.decay * weights[tag];
            squares[tag] += slope * slope;
            weights[tag] -= rate * slope / squares[tag].sqrt();
        }
    }
}

/// log Σ exp
fn sum_of(ways: &Row) -> f32 {
    let most = ways.iter().copied().fold(f32::MIN, f32::max);
    most + ways.iter().map(|way| (way - most).exp()).sum::<f32>().ln()
}

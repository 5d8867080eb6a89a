//! What a phrase is about: multinomial regression on the features of its
//! characters.

use callheat::terms::Category;

use crate::corpus::Turn;
use crate::{KIND_BITS, Random, Settings, TAG_BITS};

pub const KINDS: usize = Category::ALL.len();
const EPOCHS: usize = 8;
const RATE: f32 = 0.05;

pub struct Kinds {
    pub rows: Vec<[f32; KINDS]>,
    pub bias: [f32; KINDS],
}

impl Kinds {
    pub fn train(turns: &[&Turn], settings: &Settings) -> Self {
        let mut kinds = Self {
            rows: vec![[0.0; KINDS]; 1 << KIND_BITS],
            bias: [0.0; KINDS],
        };
        let mut squares = vec![[1e-2; KINDS]; 1 << KIND_BITS];
        let mut random = Random(2);
        let mut phrases: Vec<(&Turn, (usize, usize, usize))> = turns
            .iter()
            .flat_map(|turn| turn.spans.iter().map(move |&span| (*turn, span)))
            .collect();
        for epoch in 0..EPOCHS {
            random.shuffle(&mut phrases);
            let rate = RATE * (1.0 - epoch as f32 / EPOCHS as f32).max(0.1);
            for (turn, (first, last, kind)) in &phrases {
                let share = 1.0 / (last - first + 1) as f32;
                let rows: Vec<usize> = rows(turn, *first, *last)
                    .filter(|_| random.unit() as f32 >= settings.drop)
                    .collect();
                let mut gradient = kinds.chances(&rows, share / (1.0 - settings.drop));
                gradient[*kind] -= 1.0;
                for row in rows {
                    for at in 0..KINDS {
                        let slope = gradient[at] * share + settings.decay * kinds.rows[row][at];
                        squares[row][at] += slope * slope;
                        kinds.rows[row][at] -= rate * slope / squares[row][at].sqrt();
                    }
                }
                for (bias, slope) in kinds.bias.iter_mut().zip(gradient) {
                    *bias -= 0.01 * rate * slope;
                }
            }
        }
        kinds
    }

    fn chances(&self, rows: &[usize], share: f32) -> [f32; KINDS] {
        let mut scores = self.bias;
        for &row in rows {
            for (score, weight) in scores.iter_mut().zip(self.rows[row]) {
                *score += share * weight;
            }
        }
        let most = scores.iter().copied().fold(f32::MIN, f32::max);
        let chances = scores.map(|score| (score - most).exp());
        let sum: f32 = chances.iter().sum();
        chances.map(|chance| chance / sum)
    }
}

fn rows(turn: &Turn, first: usize, last: usize) -> impl Iterator<Item = usize> + '_ {
    let ends = &turn.features.ends;
    let from = first.checked_sub(1).map_or(0, |before| ends[before]);
    turn.features.indices[from..ends[last]]
        .iter()
        .map(|&index| (index >> (TAG_BITS - KIND_BITS)) as usize)
}

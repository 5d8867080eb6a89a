//! Whether the level shifted at a turn, once the next turn is known.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Direction;
use super::levels::{TurnLevel, softmax};

/// A customer's turn that carries evidence, as the detector sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Observed {
    /// The level with the agent's answer known; until then, without it.
    pub level: TurnLevel,
    /// Characters of the raw text.
    pub length: usize,
    /// Whether the raw text has a question mark.
    pub question: bool,
}

/// Coefficients of `arc.json`: a multinomial regression (no shift,
/// deterioration, recovery) over named features of the levels around a turn.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "File")]
pub(super) struct Detector {
    gap: usize,
    deterioration: Side,
    recovery: Side,
    /// In the order of the features: log-odds of deterioration and recovery
    /// against no shift.
    weights: Vec<[f32; 2]>,
}

/// The detector as it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// A shift the same way counts again only after more turns than this.
    gap: usize,
    deterioration: Side,
    recovery: Side,
    /// By feature.
    weights: BTreeMap<String, [f32; 2]>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Side {
    threshold: f32,
    bias: f32,
}

/// What is left of a turn's probabilities when no shift was reported: the next
/// turn may tip the balance, and the shift then lies within one turn.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Pending {
    carried: [f32; 2],
    last: Option<(usize, usize)>,
}

impl Detector {
    /// Whether the level shifted at turn `at` of `turns`, `next` being the turn
    /// after it; with the probability. Feed every turn in order with the same
    /// `pending`.
    pub fn decide(
        &self,
        turns: &[Observed],
        next: &Observed,
        pending: &mut Pending,
    ) -> Option<(Direction, f32)> {
        let at = turns.len().checked_sub(1).filter(|&at| at > 0)?;
        let [_, worse, better] = self.probabilities(turns, at, next);
        let totals = [worse + pending.carried[0], better + pending.carried[1]];
        let thresholds = [self.deterioration.threshold, self.recovery.threshold];
        let again = |way: usize| {
            let last = pending.last;
            last.is_some_and(|(turn, before)| before == way && at - turn <= self.gap)
        };
        let excess = |way: usize| totals[way] - thresholds[way];
        let fired = [0, 1]
            .into_iter()
            .filter(|&way| excess(way) > 0.0 && !again(way))
            .max_by(|&a, &b| excess(a).total_cmp(&excess(b)).then(b.cmp(&a)));
        pending.carried = if fired.is_some() {
            [0.0; 2]
        } else {
            [worse, better]
        };
        let way = fired?;
        pending.last = Some((at, way));
        let direction = [Direction::Deterioration, Direction::Recovery][way];
        Some((direction, totals[way].min(1.0)))
    }

    fn probabilities(&self, turns: &[Observed], at: usize, next: &Observed) -> [f32; 3] {
        let mut logits = [0.0, self.deterioration.bias, self.recovery.bias];
        let mut weights = self.weights.iter();
        each_feature(turns, at, next, |_, value| {
            if let Some([worse, better]) = weights.next() {
                logits[1] += worse * value;
                logits[2] += better * value;
            }
        });
        softmax(logits)
    }
}

impl TryFrom<File> for Detector {
    type Error = String;

    /// Puts the weights in the order of the features; those without a weight
    /// count nothing.
    fn try_from(mut file: File) -> Result<Self, String> {
        let calm = Observed {
            level: TurnLevel::default(),
            length: 1,
            question: false,
        };
        let mut weights = Vec::new();
        each_feature(&[calm; 2], 1, &calm, |name, _| {
            weights.push(file.weights.remove(&name.to_string()).unwrap_or_default());
        });
        if let Some(name) = file.weights.keys().next() {
            return Err(format!("no feature is named {name}"));
        }
        Ok(Self {
            gap: file.gap,
            deterioration: file.deterioration,
            recovery: file.recovery,
            weights,
        })
    }
}

/// The name of a feature: of one of the series, or of several.
#[derive(Debug, Clone, Copy)]
struct Name(Option<&'static str>, &'static str);

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(series) = self.0 {
            write!(f, "{series}.")?;
        }
        f.write_str(self.1)
    }
}

const SERIES: [&str; 4] = ["valence", "anger", "negative", "positive"];

/// Exponentially weighted mean of the past, the latest turn weighing 1.
fn ema(past: &[f32], decay: f32) -> f32 {
    let (mut sum, mut weight, mut total) = (0.0, 1.0, 0.0);
    for value in past.iter().rev() {
        sum += weight * value;
        total += weight;
        weight *= decay;
    }
    sum / f32::max(total, f32::MIN_POSITIVE)
}

/// Gives the features of a shift at turn `at`, with their names, always in the
/// same order; `at` is not 0. The same as in `models/training/arc.py`.
fn each_feature(turns: &[Observed], at: usize, next: &Observed, mut take: impl FnMut(Name, f32)) {
    let around = [0, 1, 2, 3].map(|place| Series::new(turns, at, next, place));
    for (series, name) in around.iter().zip(SERIES) {
        for (feature, value) in series.features() {
            take(Name(Some(name), feature), value);
        }
    }
    let [valence, anger, negative, positive] = &around;
    let mut push = |name, value| take(Name(None, name), value);
    let lasting_anger = anger.lower();
    let calm = 1.0 - negative.upper();
    push(
        "anger_after_calm_fast",
        lasting_anger * (1.0 - negative.past(0.4)),
    );
    push(
        "anger_after_calm_slow",
        lasting_anger * (1.0 - negative.past(0.8)),
    );
    push("new_anger", lasting_anger * (1.0 - anger.past(0.6)));
    push("calm_after_negative", calm * negative.past(0.6));
    push("calm_after_negative_fast", calm * negative.past(0.3));
    push("joy_after_negative", positive.upper() * negative.past(0.6));
    push("new_joy", positive.lower() * (1.0 - positive.past(0.6)));
    push("second_turn", f32::from(u8::from(at == 1)));
    push("third_turn", f32::from(u8::from(at == 2)));
    push("place", at.min(8) as f32);
    let to = f32::midpoint(valence.now, valence.next);
    let shift = to - valence.past(0.6);
    push("shift", shift);
    push("shift_squared", shift * shift.abs());
    push("shift_slow", to - valence.past(0.85));
    push("shift_short", to - valence.mean_of_last(2));
    let length = |turn: &Observed| (turn.length.max(1) as f32).ln();
    push("length", turns.get(at).map_or(0.0, length));
    push("next_length", length(next));
    push(
        "question",
        f32::from(u8::from(turns.get(at).is_some_and(|turn| turn.question))),
    );
}

/// One series around a turn.
struct Series {
    before: Vec<f32>,
    now: f32,
    next: f32,
}

impl Series {
    fn new(turns: &[Observed], at: usize, next: &Observed, place: usize) -> Self {
        let value = |turn: &Observed| turn.level.series()[place];
        Self {
            before: turns.iter().take(at).map(value).collect(),
            now: turns.get(at).map_or(0.0, value),
            next: value(next),
        }
    }

    fn past(&self, decay: f32) -> f32 {
        ema(&self.before, decay)
    }

    fn lower(&self) -> f32 {
        self.now.min(self.next)
    }

    fn upper(&self) -> f32 {
        self.now.max(self.next)
    }

    fn mean_of_last(&self, count: usize) -> f32 {
        let last = &self.before[self.before.len().saturating_sub(count)..];
        last.iter().sum::<f32>() / last.len().max(1) as f32
    }

    fn features(&self) -> [(&'static str, f32); 9] {
        let least = self.before.iter().copied().fold(f32::INFINITY, f32::min);
        let most = self
            .before
            .iter()
            .copied()
            .fold(f32::NEG_INFINITY, f32::max);
        [
            ("now", self.now),
            ("next", self.next),
            ("last", self.before.last().copied().unwrap_or(0.0)),
            ("fast", self.past(0.4)),
            ("slow", self.past(0.8)),
            ("max", most),
            ("min", least),
            ("lower", self.lower()),
            ("upper", self.upper()),
        ]
    }
}

/// The level over the turns so far: what a shift starts from and where it leads.
pub(super) fn smoothed(turns: &[Observed]) -> f32 {
    let values: Vec<f32> = turns.iter().map(|turn| turn.level.valence).collect();
    ema(&values, 0.6)
}

//! The level of a turn, with its uncertainty: the model's score and the cues,
//! weighed against each other.

use serde::Deserialize;

use super::cues::LevelLogits;
use crate::sentiment::Score;

/// What is known of the customer's level at a turn.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct TurnLevel {
    /// Expected valence, −2..2.
    pub valence: f32,
    /// p(−2): anger, contempt, threat.
    pub anger: f32,
    /// p(below 0).
    pub negative: f32,
    /// p(above 0).
    pub positive: f32,
}

/// A multinomial regression to the five levels: from what the cues add in each
/// role, the logarithms of the model's three probabilities, and its valence.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Blend {
    bias: [f32; 5],
    /// By level, then by feature.
    weights: [Vec<f32>; 5],
}

/// Probabilities below this are taken as this: the model's last decimals say
/// nothing.
const LEAST_PROBABILITY: f32 = 1e-3;

impl Blend {
    /// Whether the weights are those of this many roles and a score.
    pub fn fits(&self, roles: usize) -> bool {
        self.weights
            .iter()
            .all(|weights| weights.len() == 5 * roles + 4)
    }

    /// The level of a turn, from what its own text, the agent's before, the
    /// customer's before, and, once known, the agent's answer add.
    pub fn level(&self, cues: &[LevelLogits], score: &Score) -> TurnLevel {
        let log = |p: f32| p.clamp(LEAST_PROBABILITY, 1.0).ln();
        let mut features: Vec<f32> = cues.iter().flatten().copied().collect();
        features.extend([score.negative, score.neutral, score.positive].map(log));
        features.push(score.valence);
        let mut logits = self.bias;
        for (logit, weights) in logits.iter_mut().zip(&self.weights) {
            let products = weights.iter().zip(&features).map(|(w, f)| w * f);
            *logit += products.sum::<f32>();
        }
        TurnLevel::of(softmax(logits))
    }
}

impl TurnLevel {
    fn of([worst, bad, _, good, best]: [f32; 5]) -> Self {
        Self {
            valence: 2.0 * (best - worst) + good - bad,
            anger: worst,
            negative: worst + bad,
            positive: good + best,
        }
    }

    /// The four series the detector follows, in the order of its features.
    pub fn series(self) -> [f32; 4] {
        [self.valence, self.anger, self.negative, self.positive]
    }
}

/// Probabilities of log-odds.
pub(super) fn softmax<const N: usize>(logits: [f32; N]) -> [f32; N] {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let odds = logits.map(|logit| (logit - top).exp());
    let sum: f32 = odds.iter().sum();
    odds.map(|odd| odd / sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_is_the_expected_valence() {
        let mut weights: [Vec<f32>; 5] = std::array::from_fn(|_| vec![0.0; 9]);
        weights[0][8] = -10.0;
        let blend = Blend {
            bias: [0.0; 5],
            weights,
        };
        assert!(blend.fits(1) && !blend.fits(2));
        let angry = Score {
            negative: 1.0,
            neutral: 0.0,
            positive: 0.0,
            valence: -1.0,
        };
        let level = blend.level(&[[0.0; 5]], &angry);
        assert!(level.anger > 0.99 && level.valence < -1.98, "{level:?}");
        let even = blend.level(&[[0.0; 5]], &Score::NEUTRAL);
        assert!(even.valence.abs() < 1e-6 && (even.negative - 0.4).abs() < 1e-6);
    }
}

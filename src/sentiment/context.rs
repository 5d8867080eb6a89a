//! What a customer said before, in the score of what he says now.
//!
//! A model reads one text; a listener has heard the call. 行吧 after ten angry
//! turns is no consent, and the shorter a turn, the more its sense comes from
//! before it. So the evidence of the earlier turns is added to that of a turn,
//! as log-probabilities are in a naive Bayes model:
//!
//! ```text
//! log p'(k) = log p(k) + 0.5 · exp(−characters / 40) · m(k) + constant
//! ```
//!
//! m is the mean of the customer's earlier centred log-probabilities by the
//! model alone, each worth half of the one after it. The valence moves by as
//! much as p(positive) − p(negative) does. What it is worth stands in
//! `models/training/README.md`; on written dialogues it does harm, as people
//! write in full what they mean.

use super::score::Score;
use crate::call::{Speaker, Turn};

/// What the earlier turns count, for a turn of no length.
const WEIGHT: f32 = 0.5;
/// Characters after which they count 1/e of that.
const CHARACTERS: f32 = 40.0;
/// What a turn counts beside the one after it.
const DECAY: f32 = 0.5;
/// No probability is taken for smaller: one sure turn must not outweigh all.
const LEAST: f32 = 0.01;

/// Follows what the customer of one call says.
#[derive(Debug, Clone, Default)]
pub struct ContextTracker {
    sums: [f32; 3],
    weight: f32,
}

impl ContextTracker {
    /// The score of the next turn in the light of the customer's turns before.
    /// Those of agents, and turns that were not spoken (without an end in time),
    /// keep the score of their words.
    pub fn push(&mut self, turn: &Turn, score: Score) -> Score {
        if turn.speaker != Speaker::Customer {
            return score;
        }
        let heard = if turn.end_ms.is_some() {
            self.heard(turn.text.chars().count(), score)
        } else {
            score
        };
        let logs = [score.negative, score.neutral, score.positive].map(|p| p.max(LEAST).ln());
        let mean = logs.iter().sum::<f32>() / 3.0;
        for (sum, log) in self.sums.iter_mut().zip(logs) {
            *sum = *sum * DECAY + log - mean;
        }
        self.weight = self.weight * DECAY + 1.0;
        heard
    }

    fn heard(&self, characters: usize, score: Score) -> Score {
        if self.weight == 0.0 {
            return score;
        }
        let weight = WEIGHT * (-(characters as f32) / CHARACTERS).exp() / self.weight;
        let odds = self.sums.map(|sum| (weight * sum).exp());
        let [negative, neutral, positive] = [
            score.negative * odds[0],
            score.neutral * odds[1],
            score.positive * odds[2],
        ];
        let total = negative + neutral + positive;
        let moved = (positive - negative) / total - (score.positive - score.negative);
        Score {
            negative: negative / total,
            neutral: neutral / total,
            positive: positive / total,
            valence: (score.valence + moved).clamp(-1.0, 1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sentiment::Label;

    fn turn(text: &str, speaker: Speaker, end_ms: Option<u64>) -> Turn {
        Turn {
            speaker,
            start_ms: end_ms.map(|end| end - 900),
            end_ms,
            text: text.to_owned(),
        }
    }

    const ANGRY: Score = Score {
        negative: 0.95,
        neutral: 0.04,
        positive: 0.01,
        valence: -0.9,
    };
    const UNSURE: Score = Score {
        negative: 0.35,
        neutral: 0.45,
        positive: 0.2,
        valence: -0.1,
    };

    fn after_anger(text: &str, speaker: Speaker, end_ms: Option<u64>) -> Score {
        let mut context = ContextTracker::default();
        let first = context.push(&turn("你们到底管不管", Speaker::Customer, end_ms), ANGRY);
        assert_eq!(first, ANGRY, "nothing was said before");
        context.push(&turn(text, speaker, end_ms), UNSURE)
    }

    #[test]
    fn a_short_turn_after_anger_is_angrier_than_its_words() {
        let short = after_anger("行吧", Speaker::Customer, Some(9000));
        assert_eq!(short.label(), Label::Negative);
        assert!(short.valence < UNSURE.valence - 0.1, "{short:?}");
        let sum = short.negative + short.neutral + short.positive;
        assert!((sum - 1.0).abs() < 1e-5);
        let long = after_anger(&"行吧".repeat(60), Speaker::Customer, Some(9000));
        assert!(
            (long.valence - UNSURE.valence).abs() < 0.05,
            "a long turn says itself what it means: {long:?}"
        );
    }

    #[test]
    fn agents_and_written_turns_keep_the_score_of_their_words() {
        assert_eq!(after_anger("行吧", Speaker::Agent, Some(9000)), UNSURE);
        assert_eq!(after_anger("行吧", Speaker::Customer, None), UNSURE);
    }
}

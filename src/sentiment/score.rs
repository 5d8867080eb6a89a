use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::phrases::MarkedPhrases;

/// The three classes every model is mapped to.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// 消极
    Negative,
    /// 中性
    Neutral,
    /// 积极
    Positive,
}

/// What the model says of one text.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Score {
    /// p(negative), 0..1.
    pub negative: f32,
    /// p(neutral), 0..1.
    pub neutral: f32,
    /// p(positive), 0..1.
    pub positive: f32,
    /// −1..1: the model's graded output where it has one, else
    /// p(positive) − p(negative).
    pub valence: f32,
}

/// All that the model says of one text.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Its sentiment.
    pub score: Score,
    /// Probability that a customer who says it escalates, 0..1; `None` from a
    /// model that does not tell.
    pub escalation: Option<f32>,
    /// The complaint phrases it may hold; `None` from a model that marks none.
    pub phrases: Option<MarkedPhrases>,
}

impl From<Score> for Reading {
    fn from(score: Score) -> Self {
        Self {
            score,
            escalation: None,
            phrases: None,
        }
    }
}

impl Score {
    /// What an empty text gets: surely neutral.
    pub const NEUTRAL: Self = Self {
        negative: 0.0,
        neutral: 1.0,
        positive: 0.0,
        valence: 0.0,
    };

    /// The most probable class; neutral wins ties.
    pub fn label(&self) -> Label {
        if self.negative > self.neutral && self.negative >= self.positive {
            Label::Negative
        } else if self.positive > self.neutral {
            Label::Positive
        } else {
            Label::Neutral
        }
    }
}

//! Seventh stage: escalation signals and the risk that the call escalates
//! (升级风险). [`SignalFinder`] finds the signals of one customer turn; the risk is
//! a fold over the turns: [`RiskTracker::push`], then [`RiskTracker::finish`].

mod list;
mod risk;
mod signals;

pub use list::SignalListError;
pub use risk::{RiskError, RiskModel, RiskTracker, RiskTurn};
pub use signals::SignalFinder;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::call::Span;

/// Kinds of escalation signals a customer gives.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// Complaint to a regulator (工信部, 12315, …).
    Regulator,
    /// Exposure in the media (曝光, 记者, 微博, …).
    Media,
    /// Lawyer or court (律师, 起诉, …).
    Legal,
    /// Police (报警, 110, …).
    Police,
    /// Asks for a superior (叫你们领导, …).
    Supervisor,
    /// Leaves (销户, 换运营商, …).
    Churn,
    /// Anger at having to call again (第三次打电话了, …).
    RepeatContact,
    /// Insults.
    Insult,
}

impl Signal {
    /// All kinds, in the order of the schema.
    pub const ALL: [Self; 8] = [
        Self::Regulator,
        Self::Media,
        Self::Legal,
        Self::Police,
        Self::Supervisor,
        Self::Churn,
        Self::RepeatContact,
        Self::Insult,
    ];

    /// The name used in data files and in the output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Regulator => "regulator",
            Self::Media => "media",
            Self::Legal => "legal",
            Self::Police => "police",
            Self::Supervisor => "supervisor",
            Self::Churn => "churn",
            Self::RepeatContact => "repeat_contact",
            Self::Insult => "insult",
        }
    }

    /// The Chinese name shown to reviewers.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Regulator => "监管投诉",
            Self::Media => "媒体曝光",
            Self::Legal => "法律途径",
            Self::Police => "报警",
            Self::Supervisor => "要求上级",
            Self::Churn => "离网流失",
            Self::RepeatContact => "重复来电",
            Self::Insult => "辱骂",
        }
    }

    /// The kind of a name in a data file.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|signal| signal.name() == name)
    }
}

/// A signal found in a customer's turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignalHit {
    /// Its kind.
    pub signal: Signal,
    /// Where it stands in the raw text.
    pub span: Span,
}

/// How likely the call escalates.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// 低
    Low,
    /// 中
    Medium,
    /// 高
    High,
}

/// The risk of a call, with what it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Escalation {
    /// Probability that the call escalates, 0..1.
    pub risk: f32,
    /// The risk, cut at the stated thresholds.
    pub level: Level,
    /// The turns that count most, gravest first.
    pub reasons: Vec<Reason>,
}

/// One turn that the risk rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reason {
    /// The kind of evidence: a [`Signal`]'s name, or `low_level`,
    /// `deterioration`, `complaint`, `unresolved_end`.
    pub signal: String,
    /// The turn.
    pub turn: usize,
    /// The turn's raw text.
    pub text: String,
}

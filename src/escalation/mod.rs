//! Seventh stage: escalation signals and the risk that the call escalates
//! (升级风险). A fold over the turns.

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

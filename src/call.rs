//! The domain nouns every stage shares: a [`Call`] is a list of [`Turn`]s, each
//! spoken by one [`Speaker`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who speaks a turn.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// 坐席: the company's side, human or robot.
    Agent,
    /// 客户: the caller.
    Customer,
    /// The input names no speaker and none could be inferred.
    Unknown,
}

/// A transcript as it was read, before any analysis.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Identifier given by the input, or derived from the file name and position.
    pub id: String,
    /// Where the call was read from.
    pub source: Source,
    /// What else the input carried: `agent_id`, `queue`, `started_at`, `audio_uri`, …
    pub meta: Meta,
    /// Turns in the order they were spoken; never empty.
    pub turns: Vec<Turn>,
    /// Oddities of the input that a reviewer should know of.
    pub warnings: Vec<Warning>,
}

/// What the input carries beside the turns, under callheat's names where the
/// meaning is known and under the input's own names otherwise.
pub type Meta = serde_json::Map<String, serde_json::Value>;

/// One turn of a call, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Who speaks.
    pub speaker: Speaker,
    /// Milliseconds from the start of the call; `None` when the input has no times.
    pub start_ms: Option<u64>,
    /// Milliseconds from the start of the call, never before `start_ms`.
    pub end_ms: Option<u64>,
    /// The text as the input has it; may be empty.
    pub text: String,
}

/// Where a call was read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// Path as it was given or found; `-` for standard input.
    pub path: String,
    /// Name of the transcript format, such as `native` or `funasr`.
    pub format: String,
}

/// An oddity that does not stop the analysis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Warning {
    /// Stable machine-readable name, such as `speaker_inferred`.
    pub code: String,
    /// What a person should know; never quotes the transcript.
    pub message: String,
    /// The turn concerned, when there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn: Option<usize>,
}

impl Warning {
    /// A warning about the whole call.
    pub fn call(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            turn: None,
        }
    }

    /// A warning about one turn (0-based index).
    pub fn turn(code: &str, turn: usize, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            turn: Some(turn),
        }
    }
}

/// A half-open range of characters (Unicode scalar values) of a turn's raw text.
/// Serialised as `[start, end]`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct Span(
    /// First character.
    pub usize,
    /// One past the last character.
    pub usize,
);

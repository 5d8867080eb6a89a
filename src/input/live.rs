//! Calls that come in turn by turn, in the native form.

use serde_json::{Map, Value, json};

use super::error::{InputError, Problem};
use super::formats::native;
use super::json;
use super::transcript::Transcript;
use super::{Format, InputOptions, checks, json_file};
use crate::call::{Call, Meta, Source, Speaker, Turn};

/// Path that stands in the source of a live call.
const STDIN: &str = "-";

/// One line of a live stream: a turn of a call, the call's end, or both.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveLine {
    /// The call.
    pub call_id: String,
    /// Metadata of the call, when the line has some.
    pub meta: Meta,
    /// Whether the call ends with this line.
    pub end: bool,
    /// The turn as it came, when the line has one.
    turn: Option<Value>,
}

impl LiveLine {
    /// Bytes of the longest line that is read: beyond any turn, and little
    /// enough for a stream that never ends a line.
    pub const LONGEST: usize = 1024 * 1024;

    /// Reads `{"call_id","speaker","text","start_ms"?,"end_ms"?,"meta"?}` or
    /// `{"call_id","end":true}`. `line` is the 1-based number for messages.
    pub fn parse(text: &str, line: u64) -> Result<Self, InputError> {
        let error = |problem: Problem| InputError::new(STDIN, Some(line), problem);
        let shape = |field, expected| {
            error(Problem::Shape {
                format: "live",
                field,
                expected,
            })
        };
        if text.len() > Self::LONGEST {
            let limit = Self::LONGEST;
            return Err(error(Problem::TooLong { limit }));
        }
        let value = json::parse(text, line).map_err(error)?;
        let Value::Object(mut fields) = value else {
            return Err(shape("line", "an object"));
        };
        let call_id = match fields.remove("call_id") {
            Some(Value::String(id)) if !id.trim().is_empty() => id,
            Some(Value::Number(id)) => id.to_string(),
            _ => return Err(shape("call_id", "a text that names the call")),
        };
        let end = match fields.remove("end") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(end)) => end,
            Some(_) => return Err(shape("end", "true or false")),
        };
        let meta = match fields.remove("meta") {
            None | Some(Value::Null) => Meta::new(),
            Some(Value::Object(meta)) => meta,
            Some(_) => return Err(shape("meta", "an object")),
        };
        let turn = match fields.get("text") {
            Some(Value::String(_)) => Some(Value::Object(fields)),
            None | Some(Value::Null) if end => None,
            _ => return Err(shape("text", "the words of the turn")),
        };
        Ok(Self {
            call_id,
            meta,
            end,
            turn,
        })
    }

    /// Whether the line has a turn.
    pub fn has_turn(&self) -> bool {
        self.turn.is_some()
    }
}

/// A call whose turns come in one by one.
#[derive(Debug, Clone)]
pub struct LiveCall {
    id: String,
    meta: Meta,
    turns: Vec<Value>,
}

impl LiveCall {
    /// A call of which nothing is known yet.
    pub fn new(id: String) -> Self {
        Self {
            id,
            meta: Meta::new(),
            turns: Vec::new(),
        }
    }

    /// Takes a line of this call; its turn, as far as one line tells.
    pub fn push(&mut self, line: LiveLine, options: &InputOptions) -> Option<Turn> {
        self.meta.extend(line.meta);
        let value = line.turn?;
        let utterances = vec![native::utterance(&value)];
        self.turns.push(value);
        let transcript = Transcript {
            utterances,
            ..Transcript::default()
        };
        let settled = checks::settle(self.id.clone(), source(), transcript, options);
        let turn = settled.ok().and_then(|call| call.turns.into_iter().next());
        // Nothing but an empty text keeps a single turn from being a call.
        Some(turn.unwrap_or(Turn {
            speaker: Speaker::Unknown,
            start_ms: None,
            end_ms: None,
            text: String::new(),
        }))
    }

    /// The whole call, read as [`super::read`] reads it from a line of native
    /// JSONL with the same turns.
    pub fn settle(self, options: &InputOptions) -> Result<Call, Problem> {
        let mut call = Map::new();
        call.insert("call_id".to_owned(), json!(self.id));
        call.insert("meta".to_owned(), Value::Object(self.meta));
        call.insert("turns".to_owned(), Value::Array(self.turns));
        let mut outcomes = json_file::in_value(&Value::Object(call), Some(Format::Native), 1);
        let found = match outcomes.pop() {
            Some(Ok(found)) => found,
            Some(Err((_, problem))) => return Err(problem),
            None => return Err(Problem::NoTurns { id: Some(self.id) }),
        };
        checks::settle(self.id, source(), found.transcript, options)
    }
}

fn source() -> Source {
    Source {
        path: STDIN.to_owned(),
        format: Format::Native.name().to_owned(),
    }
}

//! callheat's own form: `{"call_id","meta"?,"turns":[{"speaker","start_ms"?,"end_ms"?,"text"}]}`.

use serde_json::Value;

use crate::input::error::Problem;
use crate::input::format::JsonFormat;
use crate::input::json;
use crate::input::times::{Unit, clock};
use crate::input::transcript::{Clock, Transcript, Utterance};

/// Names of the list of turns; `turns` is the documented one.
const LISTS: [&str; 6] = [
    "turns",
    "utterances",
    "messages",
    "dialogue",
    "dialog",
    "conversation",
];
const SPEAKER: [&str; 4] = ["speaker", "role", "speaker_role", "speaker_id"];
const TEXT: [&str; 4] = ["text", "content", "utterance", "sentence"];

/// The native reader.
pub struct Native;

impl JsonFormat for Native {
    fn recognises(&self, value: &Value) -> bool {
        json::field(value, "turns").is_some()
            || bare_turns(value).is_some()
            || turns(value)
                .is_some_and(|list| json::any_has(list, &TEXT) && json::any_has(list, &SPEAKER))
    }

    fn read(&self, value: &Value) -> Result<Transcript, Problem> {
        let list = turns(value).or_else(|| bare_turns(value));
        let Some(list) = list else {
            return Err(match json::first(value, &LISTS) {
                Some(_) => Problem::Shape {
                    format: "native",
                    field: "turns",
                    expected: "a list",
                },
                None => Problem::NoTurns { id: None },
            });
        };
        let utterances = list.iter().map(utterance).collect();
        Ok(Transcript {
            utterances,
            ..Transcript::default()
        })
    }
}

fn turns(value: &Value) -> Option<&[Value]> {
    json::first(value, &LISTS)?.as_array().map(Vec::as_slice)
}

/// A list of turns without the object around it.
fn bare_turns(value: &Value) -> Option<&[Value]> {
    let list = value.as_array()?;
    let is_turn = |item: &Value| {
        json::first(item, &TEXT).is_some_and(Value::is_string)
            && json::first(item, &SPEAKER).is_some()
    };
    list.iter().any(is_turn).then_some(list.as_slice())
}

pub(in crate::input) fn utterance(turn: &Value) -> Utterance {
    if let Value::String(text) = turn {
        return Utterance::of(Some(text.clone()));
    }
    Utterance::of(json::text(json::first(turn, &TEXT)))
        .by(json::text(json::first(turn, &SPEAKER)))
        .on(json::text(json::first(turn, &["channel", "channel_id"])))
        .at(
            time(
                turn,
                &["start_ms", "begin_ms", "start_time_ms"],
                &["start", "start_time"],
            ),
            time(
                turn,
                &["end_ms", "stop_ms", "end_time_ms"],
                &["end", "end_time"],
            ),
        )
}

/// Milliseconds under the documented name, seconds under the usual bare one.
fn time(turn: &Value, millis: &[&str], seconds: &[&str]) -> Clock {
    match json::first(turn, millis) {
        Some(value) => clock(Some(value), Unit::Millis),
        None => clock(json::first(turn, seconds), Unit::Seconds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_the_documented_form_and_ignores_labels() {
        let call = json!({"call_id": "c1", "turns": [
            {"speaker": "agent", "start_ms": 0, "end_ms": 1800, "text": "您好", "valence": 0},
            {"speaker": "customer", "text": null}
        ]});
        assert!(Native.recognises(&call));
        let read = Native.read(&call).unwrap();
        assert_eq!(read.utterances.len(), 2);
        assert_eq!(read.utterances[0].end, Clock::At(1800.0));
        assert_eq!(read.utterances[1].text, None);
        assert_eq!(read.utterances[1].start, Clock::Absent);
    }

    #[test]
    fn turns_that_are_no_list_are_named() {
        let error = Native.read(&json!({"turns": 3})).unwrap_err().to_string();
        assert!(error.contains("turns is not a list"), "{error}");
    }
}

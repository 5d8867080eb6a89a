//! Whisper and its kin: `{"segments":[{"start","end","text","speaker"?}]}` in
//! seconds (OpenAI, faster-whisper, WhisperX), and whisper.cpp's
//! `{"transcription":[{"offsets":{"from","to"},"text"}]}` in milliseconds.

use serde_json::Value;

use crate::input::error::Problem;
use crate::input::format::JsonFormat;
use crate::input::json;
use crate::input::times::{Unit, clock};
use crate::input::transcript::{Transcript, Utterance};

/// The reader of Whisper's family.
pub struct Whisper;

impl JsonFormat for Whisper {
    fn recognises(&self, value: &Value) -> bool {
        let plain = |list: &[Value]| json::any_has(list, &["text"]) || list.is_empty();
        json::list(value, "segments").is_some_and(plain)
            || cpp(value).is_some_and(plain)
            || bare(value).is_some()
    }

    fn read(&self, value: &Value) -> Result<Transcript, Problem> {
        let list = json::list(value, "segments").or_else(|| bare(value));
        let utterances = match (list, cpp(value)) {
            (Some(list), _) => list.iter().map(segment).collect(),
            (None, Some(list)) => list.iter().map(cpp_segment).collect(),
            (None, None) => Vec::new(),
        };
        Ok(Transcript {
            utterances,
            ..Transcript::default()
        })
    }
}

/// The segments without the object around them.
fn bare(value: &Value) -> Option<&[Value]> {
    let list = value.as_array()?;
    let is_segment = |item: &Value| {
        ["text", "start", "end"]
            .iter()
            .all(|name| json::field(item, name).is_some())
    };
    list.iter().any(is_segment).then_some(list.as_slice())
}

fn cpp(value: &Value) -> Option<&[Value]> {
    json::list(value, "transcription")
}

fn segment(item: &Value) -> Utterance {
    Utterance::of(trimmed(item))
        .by(json::text(json::first(
            item,
            &["speaker", "speaker_id", "speaker_label"],
        )))
        .on(json::text(json::field(item, "channel")))
        .at(
            clock(json::first(item, &["start", "start_time"]), Unit::Seconds),
            clock(json::first(item, &["end", "end_time"]), Unit::Seconds),
        )
}

fn cpp_segment(item: &Value) -> Utterance {
    // The same times twice: numbers in milliseconds, and h:mm:ss,fff.
    let times = json::first(item, &["offsets", "timestamps"]).unwrap_or(&Value::Null);
    Utterance::of(trimmed(item))
        .by(json::text(json::field(item, "speaker")))
        .at(
            clock(json::field(times, "from"), Unit::Millis),
            clock(json::field(times, "to"), Unit::Millis),
        )
}

/// Whisper begins its segments with a space.
fn trimmed(item: &Value) -> Option<String> {
    json::text(json::field(item, "text")).map(|text| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::transcript::Clock;
    use serde_json::json;

    #[test]
    fn seconds_become_milliseconds() {
        let call = json!({"segments": [
            {"start": 0.6, "end": 1.2, "text": " 你好", "speaker": "SPEAKER_00"}
        ], "language": "zh"});
        assert!(Whisper.recognises(&call));
        let turn = &Whisper.read(&call).unwrap().utterances[0];
        assert_eq!(
            (turn.start, turn.end),
            (Clock::At(600.0), Clock::At(1200.0))
        );
        assert_eq!(turn.text.as_deref(), Some("你好"));
        assert_eq!(turn.voice.label.as_deref(), Some("SPEAKER_00"));
    }

    #[test]
    fn whisper_cpp_has_offsets() {
        let call = json!({"transcription": [
            {"timestamps": {"from": "00:00:00,000", "to": "00:00:01,500"},
             "offsets": {"from": 0, "to": 1500}, "text": " 喂"}
        ]});
        assert!(Whisper.recognises(&call));
        let turn = &Whisper.read(&call).unwrap().utterances[0];
        assert_eq!(turn.end, Clock::At(1500.0));
    }
}

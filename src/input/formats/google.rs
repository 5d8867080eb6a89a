//! Google Contact Center AI Insights: the upload form `entries[]` with
//! `start_timestamp_usec` from any origin, and the export form
//! `transcriptSegments[]`.

use serde_json::Value;

use crate::input::error::Problem;
use crate::input::format::JsonFormat;
use crate::input::json;
use crate::input::times::{Unit, clock};
use crate::input::transcript::{Clock, Transcript, Utterance};

/// The Google reader.
pub struct Google;

impl JsonFormat for Google {
    fn recognises(&self, value: &Value) -> bool {
        json::list(value, "entries").is_some_and(|list| {
            list.is_empty() || json::any_has(list, &["start_timestamp_usec", "text"])
        }) || segments(value).is_some()
    }

    fn read(&self, value: &Value) -> Result<Transcript, Problem> {
        let utterances = match json::list(value, "entries") {
            Some(entries) => entries.iter().map(entry).collect(),
            None => segments(value)
                .unwrap_or_default()
                .iter()
                .map(segment)
                .collect(),
        };
        Ok(Transcript {
            utterances,
            ..Transcript::default()
        })
    }
}

fn segments(value: &Value) -> Option<&[Value]> {
    json::list(value, "transcriptSegments")
}

fn entry(item: &Value) -> Utterance {
    let start = clock(json::field(item, "start_timestamp_usec"), Unit::Micros);
    Utterance::of(json::text(json::field(item, "text")))
        .by(json::text(json::first(item, &["role", "user_id"])))
        .at(dated(start), Clock::Absent)
}

fn segment(item: &Value) -> Utterance {
    let role = json::field(item, "segmentParticipant")
        .and_then(|participant| json::first(participant, &["role", "userId"]));
    let words = json::list(item, "words").unwrap_or_default();
    let edge = |word: Option<&Value>, name| {
        word.map_or(Clock::Absent, |word| {
            clock(json::field(word, name), Unit::Seconds)
        })
    };
    let start = match json::field(item, "messageTime") {
        Some(time) if words.is_empty() => clock(Some(time), Unit::Seconds),
        _ => edge(words.first(), "startOffset"),
    };
    Utterance::of(json::text(json::field(item, "text")))
        .by(json::text(role))
        .on(json::text(json::field(item, "channelTag")))
        .at(start, edge(words.last(), "endOffset"))
}

/// The timestamps count from an origin of the uploader's choice.
fn dated(start: Clock) -> Clock {
    match start {
        Clock::At(ms) => Clock::Dated(ms),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn entries_have_no_end() {
        let call = json!({"entries": [
            {"start_timestamp_usec": 1_000_000, "text": "喂", "role": "CUSTOMER", "user_id": 1}]});
        assert!(Google.recognises(&call));
        let turn = &Google.read(&call).unwrap().utterances[0];
        assert_eq!(
            (turn.start, turn.end),
            (Clock::Dated(1000.0), Clock::Absent)
        );
    }

    #[test]
    fn exported_segments_have_words() {
        let call = json!({"transcriptSegments": [{"text": "喂", "channelTag": 1,
            "words": [{"startOffset": "1.5s", "endOffset": "2s", "word": "喂"}],
            "segmentParticipant": {"role": "END_USER"}}]});
        assert!(Google.recognises(&call));
        let turn = &Google.read(&call).unwrap().utterances[0];
        assert_eq!(
            (turn.start, turn.end),
            (Clock::At(1500.0), Clock::At(2000.0))
        );
        assert_eq!(turn.voice.label.as_deref(), Some("END_USER"));
    }
}

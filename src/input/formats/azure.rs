//! Azure Speech: batch transcription's `recognizedPhrases[]` with
//! `offsetInTicks` or `offset` (ISO 8601) and a duration, and fast
//! transcription's `phrases[]` in milliseconds.

use serde_json::Value;

use crate::input::error::Problem;
use crate::input::format::JsonFormat;
use crate::input::json;
use crate::input::times::{Unit, clock};
use crate::input::transcript::{Clock, Transcript, Utterance, sort_by_start};

/// The Azure reader.
pub struct Azure;

impl JsonFormat for Azure {
    fn recognises(&self, value: &Value) -> bool {
        json::list(value, "recognizedPhrases").is_some()
            || json::list(value, "phrases").is_some_and(|list| {
                json::any_has(list, &["offsetMilliseconds", "offsetInTicks", "offset"])
            })
    }

    fn read(&self, value: &Value) -> Result<Transcript, Problem> {
        let list = json::list(value, "recognizedPhrases").or_else(|| json::list(value, "phrases"));
        let mut utterances: Vec<_> = list.unwrap_or_default().iter().map(phrase).collect();
        sort_by_start(&mut utterances);
        let mut transcript = Transcript {
            utterances,
            ..Transcript::default()
        };
        if let Some(source) = json::field(value, "source").filter(|source| source.is_string()) {
            transcript
                .meta
                .insert("audio_uri".to_owned(), source.clone());
        }
        Ok(transcript)
    }

    fn not_meta(&self) -> &'static [&'static str] {
        &[
            "source",
            "timestamp",
            "duration",
            "durationinticks",
            "durationmilliseconds",
        ]
    }
}

fn phrase(item: &Value) -> Utterance {
    let best = json::list(item, "nBest")
        .and_then(|list| list.first())
        .unwrap_or(item);
    let text = json::first(best, &["display", "text", "lexical", "itn"]);
    let start = time(item, "offset");
    Utterance::of(json::text(text))
        .by(json::text(json::field(item, "speaker")))
        .on(json::text(json::field(item, "channel")))
        .at(start, start.plus(time(item, "duration")))
}

/// `offsetInTicks`, `offsetMilliseconds` or the ISO 8601 `offset`; likewise the
/// duration.
fn time(item: &Value, name: &str) -> Clock {
    if let Some(ticks) = json::field(item, &format!("{name}InTicks")) {
        return clock(Some(ticks), Unit::Ticks);
    }
    if let Some(millis) = json::field(item, &format!("{name}Milliseconds")) {
        return clock(Some(millis), Unit::Millis);
    }
    clock(json::field(item, name), Unit::Ticks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ticks_durations_and_milliseconds_agree() {
        let ticks = json!({"recognizedPhrases": [{"channel": 0, "speaker": 1,
            "offsetInTicks": 700_000.0, "durationInTicks": 15_900_000.0, "nBest": [{"display": "喂。"}]}]});
        let iso = json!({"recognizedPhrases": [{"channel": 0, "speaker": 1,
            "offset": "PT0.07S", "duration": "PT1.59S", "nBest": [{"display": "喂。"}]}]});
        let fast = json!({"phrases": [{"channel": 0, "speaker": 1,
            "offsetMilliseconds": 70, "durationMilliseconds": 1590, "text": "喂。"}]});
        for call in [&ticks, &iso, &fast] {
            assert!(Azure.recognises(call));
            let turn = &Azure.read(call).unwrap().utterances[0];
            assert!((turn.start.millis().unwrap() - 70.0).abs() < 1e-6);
            assert!((turn.end.millis().unwrap() - 1660.0).abs() < 1e-6);
            assert_eq!(turn.text.as_deref(), Some("喂。"));
        }
    }
}

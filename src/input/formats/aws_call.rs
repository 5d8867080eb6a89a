//! Amazon Transcribe Call Analytics and Amazon Connect Contact Lens: both have a
//! `Transcript` of turns with `BeginOffsetMillis`, `EndOffsetMillis`, `Content`;
//! the first names each turn's `ParticipantRole`, the second its
//! `ParticipantId`, which `Participants` joins with a role.

use serde_json::Value;

use crate::input::error::Problem;
use crate::input::format::JsonFormat;
use crate::input::json;
use crate::input::times::{Unit, clock};
use crate::input::transcript::{Transcript, Utterance, sort_by_start};

/// The reader of Call Analytics.
pub struct CallAnalytics;

/// The reader of Contact Lens, post-call (`Transcript`) and real-time (`Segments`).
pub struct ContactLens;

impl JsonFormat for CallAnalytics {
    fn recognises(&self, value: &Value) -> bool {
        transcript(value).is_some_and(|list| {
            json::any_has(list, &["ParticipantRole", "BeginOffsetMillis", "Content"])
                || list.is_empty()
        })
    }

    fn read(&self, value: &Value) -> Result<Transcript, Problem> {
        Ok(read(value))
    }
}

impl JsonFormat for ContactLens {
    fn recognises(&self, value: &Value) -> bool {
        let joined = transcript(value).is_some_and(|list| json::any_has(list, &["ParticipantId"]));
        joined
            || json::list(value, "Segments")
                .is_some_and(|list| json::any_has(list, &["Transcript", "Utterance"]))
    }

    fn read(&self, value: &Value) -> Result<Transcript, Problem> {
        Ok(read(value))
    }
}

fn transcript(value: &Value) -> Option<&[Value]> {
    json::list(value, "Transcript")
}

fn read(value: &Value) -> Transcript {
    let turns: Vec<&Value> = match transcript(value) {
        Some(list) => list.iter().collect(),
        None => json::list(value, "Segments")
            .unwrap_or_default()
            .iter()
            .filter_map(|segment| json::first(segment, &["Transcript", "Utterance"]))
            .collect(),
    };
    let roles = roles(value);
    let mut utterances: Vec<_> = turns
        .into_iter()
        .filter(|turn| is_speech(turn))
        .map(|turn| utterance(turn, &roles))
        .collect();
    sort_by_start(&mut utterances);
    Transcript {
        utterances,
        ..Transcript::default()
    }
}

/// `(ParticipantId, ParticipantRole)` pairs.
fn roles(value: &Value) -> Vec<(String, String)> {
    json::list(value, "Participants")
        .unwrap_or_default()
        .iter()
        .filter_map(|participant| {
            let id = json::text(json::field(participant, "ParticipantId"))?;
            Some((id, json::text(json::field(participant, "ParticipantRole"))?))
        })
        .collect()
}

/// A chat's `EVENT` entries (joined, left) are not speech.
fn is_speech(turn: &Value) -> bool {
    json::text(json::field(turn, "Type")).is_none_or(|kind| !kind.eq_ignore_ascii_case("event"))
}

fn utterance(turn: &Value, roles: &[(String, String)]) -> Utterance {
    let id = json::text(json::field(turn, "ParticipantId"));
    let joined = roles
        .iter()
        .find(|(known, _)| Some(known) == id.as_ref())
        .map(|(_, role)| role.clone());
    let label = json::text(json::field(turn, "ParticipantRole"))
        .or(joined)
        .or(id);
    let start = match json::field(turn, "BeginOffsetMillis") {
        Some(value) => clock(Some(value), Unit::Millis),
        None => clock(json::field(turn, "AbsoluteTime"), Unit::Millis),
    };
    Utterance::of(json::text(json::first(
        turn,
        &["Content", "PartialContent"],
    )))
    .by(label)
    .at(
        start,
        clock(json::field(turn, "EndOffsetMillis"), Unit::Millis),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::transcript::Clock;
    use serde_json::json;

    #[test]
    fn call_analytics_names_the_role_in_each_turn() {
        let call = json!({"JobName": "j", "Transcript": [
            {"Id": "1", "BeginOffsetMillis": 12180, "EndOffsetMillis": 16960,
             "ParticipantRole": "AGENT", "Content": "您好", "LoudnessScores": [78.6]}
        ]});
        assert!(CallAnalytics.recognises(&call) && !ContactLens.recognises(&call));
        let turn = &CallAnalytics.read(&call).unwrap().utterances[0];
        assert_eq!(turn.voice.label.as_deref(), Some("AGENT"));
        assert_eq!(turn.start, Clock::At(12_180.0));
    }

    #[test]
    fn contact_lens_joins_participants() {
        let call = json!({
            "Participants": [{"ParticipantId": "p-7", "ParticipantRole": "CUSTOMER"}],
            "Transcript": [{"ParticipantId": "p-7", "BeginOffsetMillis": 0, "EndOffsetMillis": 5, "Content": "喂"}]
        });
        assert!(ContactLens.recognises(&call));
        let turn = &ContactLens.read(&call).unwrap().utterances[0];
        assert_eq!(turn.voice.label.as_deref(), Some("CUSTOMER"));
    }

    #[test]
    fn real_time_segments_are_unpacked() {
        let call = json!({"Segments": [
            {"Transcript": {"ParticipantId": "AGENT", "ParticipantRole": "AGENT", "Content": "您好",
                            "BeginOffsetMillis": 0, "EndOffsetMillis": 9}},
            {"Categories": {"MatchedCategories": []}}
        ]});
        assert!(ContactLens.recognises(&call));
        assert_eq!(ContactLens.read(&call).unwrap().utterances.len(), 1);
    }
}

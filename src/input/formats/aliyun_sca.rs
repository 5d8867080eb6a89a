//! Aliyun Smart Conversation Analysis (智能对话分析): `dialogues[]` with `role`,
//! `words`, `begin`, `end`; results of the service itself have them under
//! `AsrResult`.

use serde_json::Value;

use crate::input::error::Problem;
use crate::input::format::JsonFormat;
use crate::input::json;
use crate::input::times::{Unit, clock};
use crate::input::transcript::{Transcript, Utterance};

/// The reader of conversation analysis.
pub struct ConversationAnalysis;

const LISTS: [&str; 4] = ["dialogues", "dialogue", "AsrResult", "sentences"];

impl JsonFormat for ConversationAnalysis {
    fn recognises(&self, value: &Value) -> bool {
        dialogues(value).is_some()
    }

    fn read(&self, value: &Value) -> Result<Transcript, Problem> {
        let list = dialogues(value).unwrap_or_default();
        let utterances = list.iter().map(utterance).collect();
        let mut transcript = Transcript {
            utterances,
            ..Transcript::default()
        };
        if let Some(recording) = json::field(value, "Recording") {
            transcript.id = json::text(json::first(recording, &["CallId", "Id"]));
            put(
                &mut transcript,
                "audio_uri",
                json::first(recording, &["Url", "OssUrl"]),
            );
            put(
                &mut transcript,
                "started_at",
                json::first(recording, &["CallTime", "StartTime"]),
            );
        }
        if let Some(agent) = json::field(value, "Agent") {
            put(&mut transcript, "agent_id", json::field(agent, "Id"));
            put(&mut transcript, "agent_name", json::field(agent, "Name"));
            put(&mut transcript, "queue", json::field(agent, "SkillGroup"));
        }
        Ok(transcript)
    }
}

fn put(transcript: &mut Transcript, name: &str, value: Option<&Value>) {
    if let Some(value) = value.filter(|value| !value.is_object() && !value.is_array()) {
        transcript.meta.insert(name.to_owned(), value.clone());
    }
}

fn dialogues(value: &Value) -> Option<Vec<Value>> {
    let named = LISTS.iter().filter_map(|name| json::field(value, name));
    // The service's results have the list within an object of the same name.
    let inner = |value| json::field(value, "AsrResult").unwrap_or(value);
    let mut candidates = named
        .map(inner)
        .chain(value.is_array().then_some(value))
        .map(json::embedded);
    candidates.find_map(|list| {
        let list = list.as_array()?;
        let own =
            json::any_has(list, &["words"]) && json::any_has(list, &["role", "begin", "identity"]);
        let empty = list.is_empty() && json::field(value, "dialogues").is_some();
        (own || empty).then(|| list.clone())
    })
}

fn utterance(item: &Value) -> Utterance {
    let start = json::first(item, &["begin", "begin_time", "hourMinSec"]);
    Utterance::of(json::text(json::field(item, "words")))
        .by(json::text(json::first(item, &["role", "identity"])))
        .on(json::text(json::field(item, "ChannelId")))
        .at(
            clock(start, Unit::Millis),
            clock(json::first(item, &["end", "end_time"]), Unit::Millis),
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_uploads_and_results() {
        let upload = json!({"dialogues": [
            {"role": "客服", "identity": "客服", "words": "你好", "begin": 0, "end": 760, "hourMinSec": "00:00"}]});
        let result = json!({
            "Recording": {"Id": "r1", "Url": "https://a/r1.wav"}, "Agent": {"Id": "8021", "SkillGroup": "售后"},
            "AsrResult": {"AsrResult": [{"Role": "客服", "Words": "你好", "Begin": 0, "End": 760, "EmotionValue": 6}]}});
        let upload = ConversationAnalysis.read(&upload).unwrap();
        let result = ConversationAnalysis.read(&result).unwrap();
        assert_eq!(upload.utterances, result.utterances);
        assert_eq!(result.id.as_deref(), Some("r1"));
        assert_eq!(result.meta["agent_id"], "8021");
    }
}

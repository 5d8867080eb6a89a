//! Aliyun DashScope Paraformer: `transcripts[]`, one per channel, each with
//! `sentences[]` of `begin_time`, `end_time`, `text`, `speaker_id`.

use serde_json::Value;

use crate::input::error::Problem;
use crate::input::format::JsonFormat;
use crate::input::json;
use crate::input::times::{Unit, clock};
use crate::input::transcript::{Transcript, Utterance, sort_by_start};

/// The DashScope reader.
pub struct DashScope;

impl JsonFormat for DashScope {
    fn recognises(&self, value: &Value) -> bool {
        transcripts(value).is_some_and(|list| {
            list.is_empty() || json::any_has(list, &["sentences", "channel_id"])
        }) || task_state(value)
    }

    fn read(&self, value: &Value) -> Result<Transcript, Problem> {
        if transcripts(value).is_none() && task_state(value) {
            return Err(Problem::TaskState {
                advice: "download the file behind `transcription_url` and give that",
            });
        }
        let mut utterances: Vec<_> = transcripts(value)
            .unwrap_or_default()
            .iter()
            .flat_map(channel)
            .collect();
        sort_by_start(&mut utterances);
        Ok(Transcript {
            utterances,
            ..Transcript::default()
        })
    }
}

fn transcripts(value: &Value) -> Option<&[Value]> {
    json::list(value, "transcripts")
}

/// The answer to a task query: it links to the transcript.
fn task_state(value: &Value) -> bool {
    json::field(value, "transcription_url").is_some()
        || json::list(value, "results")
            .is_some_and(|list| json::any_has(list, &["transcription_url"]))
}

fn channel(transcript: &Value) -> Vec<Utterance> {
    let channel = json::text(json::field(transcript, "channel_id"));
    match json::list(transcript, "sentences") {
        Some(sentences) => sentences
            .iter()
            .map(|sentence| utterance(sentence).on(channel.clone()))
            .collect(),
        None => json::text(json::field(transcript, "text"))
            .map(|text| Utterance::of(Some(text)).on(channel))
            .into_iter()
            .collect(),
    }
}

fn utterance(sentence: &Value) -> Utterance {
    Utterance::of(json::text(json::field(sentence, "text")))
        .by(json::text(json::field(sentence, "speaker_id")))
        .at(
            clock(json::field(sentence, "begin_time"), Unit::Millis),
            clock(json::field(sentence, "end_time"), Unit::Millis),
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn channels_are_merged_by_time() {
        let call = json!({"file_url": "https://a/b.wav", "transcripts": [
            {"channel_id": 0, "sentences": [
                {"begin_time": 0, "end_time": 5, "text": "甲"},
                {"begin_time": 20, "end_time": 25, "text": "丙"}]},
            {"channel_id": 1, "sentences": [{"begin_time": 9, "end_time": 15, "text": "乙", "speaker_id": 0}]}
        ]});
        assert!(DashScope.recognises(&call));
        let turns = DashScope.read(&call).unwrap().utterances;
        let texts: Vec<_> = turns
            .iter()
            .filter_map(|turn| turn.text.as_deref())
            .collect();
        assert_eq!(texts, ["甲", "乙", "丙"]);
        assert_eq!(turns[1].voice.channel.as_deref(), Some("1"));
    }

    #[test]
    fn a_task_query_is_named_as_such() {
        let state = json!({"task_status": "SUCCEEDED", "results": [
            {"file_url": "https://a/b.wav", "transcription_url": "https://a/c.json"}]});
        assert!(DashScope.recognises(&state));
        let error = DashScope.read(&state).unwrap_err().to_string();
        assert!(error.contains("transcription_url"), "{error}");
    }
}

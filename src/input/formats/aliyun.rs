//! Aliyun file transcription (录音文件识别): `Result.Sentences[]` with `BeginTime`,
//! `EndTime`, `Text`, `ChannelId`; the callback variant is lower-case and has
//! its numbers as strings.

use serde_json::Value;

use crate::input::error::Problem;
use crate::input::format::JsonFormat;
use crate::input::json;
use crate::input::times::{Unit, clock};
use crate::input::transcript::{Transcript, Utterance, sort_by_start};

/// The reader of file transcription.
pub struct FileTranscription;

impl JsonFormat for FileTranscription {
    fn recognises(&self, value: &Value) -> bool {
        sentences(value).is_some()
    }

    fn read(&self, value: &Value) -> Result<Transcript, Problem> {
        let list = sentences(value).unwrap_or_default();
        let mut utterances: Vec<_> = list.iter().map(sentence).collect();
        sort_by_start(&mut utterances);
        Ok(Transcript {
            utterances,
            ..Transcript::default()
        })
    }
}

fn sentences(value: &Value) -> Option<Vec<Value>> {
    let list = json::first(value, &["Sentences", "sentence_list"])
        .or_else(|| value.is_array().then_some(value))?;
    let list = json::embedded(list);
    let list = list.as_array()?;
    let own =
        list.is_empty() && !value.is_array() || json::any_has(list, &["BeginTime", "EndTime"]);
    (own && (list.is_empty() || json::any_has(list, &["Text"]))).then(|| list.clone())
}

fn sentence(item: &Value) -> Utterance {
    Utterance::of(json::text(json::field(item, "Text")))
        .by(json::text(json::first(
            item,
            &["SpeakerId", "Role", "Speaker"],
        )))
        .on(json::text(json::field(item, "ChannelId")))
        .at(
            clock(json::field(item, "BeginTime"), Unit::Millis),
            clock(json::field(item, "EndTime"), Unit::Millis),
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::transcript::Clock;
    use serde_json::json;

    #[test]
    fn both_spellings_give_the_same() {
        let upper = json!({"Sentences": [
            {"EndTime": 2365, "BeginTime": 340, "Text": "北京的天气。", "ChannelId": 0}]});
        let lower = json!({"sentences": [
            {"end_time": "2365", "begin_time": "340", "text": "北京的天气。", "channel_id": "0"}]});
        assert!(FileTranscription.recognises(&upper) && FileTranscription.recognises(&lower));
        let read = FileTranscription.read(&upper).unwrap();
        assert_eq!(read, FileTranscription.read(&lower).unwrap());
        assert_eq!(read.utterances[0].start, Clock::At(340.0));
        assert_eq!(read.utterances[0].voice.channel.as_deref(), Some("0"));
    }

    #[test]
    fn channels_are_merged_by_time() {
        let call = json!({"Sentences": [
            {"BeginTime": 0, "EndTime": 5, "Text": "甲", "ChannelId": 0},
            {"BeginTime": 9, "EndTime": 12, "Text": "丙", "ChannelId": 0},
            {"BeginTime": 6, "EndTime": 8, "Text": "乙", "ChannelId": 1}]});
        let texts: Vec<_> = FileTranscription
            .read(&call)
            .unwrap()
            .utterances
            .into_iter()
            .filter_map(|turn| turn.text)
            .collect();
        assert_eq!(texts, ["甲", "乙", "丙"]);
    }
}

//! FunASR: `[{"key","text","sentence_info":[{"text"|"sentence","start","end","spk"?}]}]`,
//! one call per element; the runtime server's `stamp_sents` too.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::input::error::Problem;
use crate::input::format::JsonFormat;
use crate::input::json;
use crate::input::times::{Unit, clock};
use crate::input::transcript::{Clock, Transcript, Utterance};

static TAG: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"<\s*\|[^|<>]{0,40}\|\s*>").ok());

/// The FunASR reader.
pub struct FunAsr;

impl JsonFormat for FunAsr {
    fn recognises(&self, value: &Value) -> bool {
        let has = |name| json::field(value, name).is_some();
        has("sentence_info")
            || has("stamp_sents")
            || (has("text") && (has("key") || has("wav_name") || has("timestamp")))
            || sentences(value).is_some()
    }

    fn read(&self, value: &Value) -> Result<Transcript, Problem> {
        let list = json::list(value, "sentence_info")
            .filter(|list| !list.is_empty())
            .or_else(|| json::list(value, "stamp_sents").filter(|list| !list.is_empty()))
            .or_else(|| sentences(value));
        let utterances = match list {
            Some(list) => list.iter().map(sentence).collect(),
            None => whole_text(value).into_iter().collect(),
        };
        Ok(Transcript {
            utterances,
            ..Transcript::default()
        })
    }
}

/// The list of sentences without the object around it.
fn sentences(value: &Value) -> Option<&[Value]> {
    let list = value.as_array()?;
    json::any_has(list, &["spk"])
        .then_some(list.as_slice())
        .filter(|list| !list.is_empty())
}

fn sentence(item: &Value) -> Utterance {
    let text = match json::text(json::field(item, "text_seg")) {
        Some(words) => {
            let ending = json::text(json::field(item, "punc")).unwrap_or_default();
            Some(without_word_gaps(&words) + ending.trim())
        }
        None => json::text(json::first(item, &["text", "sentence"])),
    };
    Utterance::of(text.map(|text| without_tags(&text)))
        .by(json::text(json::first(item, &["spk", "speaker", "spk_id"])))
        .at(
            clock(json::field(item, "start"), Unit::Millis),
            clock(json::field(item, "end"), Unit::Millis),
        )
}

/// A call that was not cut into sentences: one turn, timed by its first and
/// last word.
fn whole_text(value: &Value) -> Option<Utterance> {
    let text = json::text(json::first(value, &["text", "sentence"]))?;
    let stamps = json::field(value, "timestamp").map(json::embedded);
    let stamps = stamps.as_deref().and_then(Value::as_array);
    let edge = |pair: Option<&Value>, position| {
        pair.and_then(|pair| pair.get(position))
            .map_or(Clock::Absent, |value: &Value| {
                clock(Some(value), Unit::Millis)
            })
    };
    let start = edge(stamps.and_then(|list| list.first()), 0);
    let end = edge(stamps.and_then(|list| list.last()), 1);
    Some(Utterance::of(Some(without_tags(&text))).at(start, end))
}

/// Drops SenseVoice's `<|zh|><|NEUTRAL|>` tags.
pub fn without_tags(text: &str) -> String {
    match TAG.as_ref() {
        Some(tag) => tag.replace_all(text, "").trim().to_owned(),
        None => text.to_owned(),
    }
}

/// `text_seg` has a space between every two words; Chinese has none.
fn without_word_gaps(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        crate::input::transcript::join(&mut out, word);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_sentences_in_both_spellings_and_strips_tags() {
        let call = json!({"key": "a", "sentence_info": [
            {"text": "<|zh|><|NEUTRAL|>你好。", "start": 600, "end": 1200, "spk": 0},
            {"sentence": "查话费", "start": 1300, "end": 2000}
        ]});
        assert!(FunAsr.recognises(&call));
        let turns = FunAsr.read(&call).unwrap().utterances;
        assert_eq!(turns[0].text.as_deref(), Some("你好。"));
        assert_eq!(turns[0].voice.label.as_deref(), Some("0"));
        assert_eq!(turns[1].text.as_deref(), Some("查话费"));
        assert!(turns[1].voice.is_unknown());
    }

    #[test]
    fn text_without_sentences_is_one_turn() {
        let call = json!({"key": "a", "text": "你好", "timestamp": [[600, 800], [800, 1200]]});
        let turns = FunAsr.read(&call).unwrap().utterances;
        assert_eq!(
            (turns[0].start, turns[0].end),
            (Clock::At(600.0), Clock::At(1200.0))
        );
    }

    #[test]
    fn server_sentences_lose_their_word_gaps() {
        let call = json!({"mode": "offline", "wav_name": "w", "text": "x", "stamp_sents": [
            {"text_seg": "我 要 投 诉", "punc": "。", "start": 0, "end": 900}
        ]});
        let turns = FunAsr.read(&call).unwrap().utterances;
        assert_eq!(turns[0].text.as_deref(), Some("我要投诉。"));
    }
}

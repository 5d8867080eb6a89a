//! Tencent Cloud ASR: `ResultDetail[]` with `FinalSentence`, `StartMs`, `EndMs`,
//! `SpeakerId`, any of which may be null. Without details the `Result` text
//! serves, whose lines read `[0:1.020,0:2.380,0]  您好。`.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::input::error::Problem;
use crate::input::format::JsonFormat;
use crate::input::json;
use crate::input::times::{Unit, clock, clock_of_text};
use crate::input::transcript::{Transcript, Utterance};

static LINE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?m)^\s*\[([0-9:.]+)\s*,\s*([0-9:.]+)(?:\s*,\s*(\w+))?\]\s*(.*)$").ok()
});

/// The Tencent reader.
pub struct Tencent;

impl JsonFormat for Tencent {
    fn recognises(&self, value: &Value) -> bool {
        let state =
            || json::field(value, "StatusStr").is_some() && json::field(value, "TaskId").is_some();
        details(value).is_some() || timed_text(value).is_some() || state()
    }

    fn read(&self, value: &Value) -> Result<Transcript, Problem> {
        let details = details(value).filter(|list| !list.is_empty());
        let utterances = match (details, timed_text(value)) {
            (Some(list), _) => list.iter().map(sentence).collect(),
            (None, Some(text)) => lines(&text),
            (None, None) => match json::text(json::field(value, "StatusStr")) {
                Some(state) if state != "success" => {
                    return Err(Problem::TaskState {
                        advice: "query the task again once it has succeeded",
                    });
                }
                _ => Vec::new(),
            },
        };
        Ok(Transcript {
            utterances,
            ..Transcript::default()
        })
    }

    fn not_meta(&self) -> &'static [&'static str] {
        &["audiotime", "audioduration", "appid"]
    }
}

fn details(value: &Value) -> Option<Vec<Value>> {
    if let Some(list) = json::field(value, "ResultDetail").map(json::embedded) {
        return list.as_array().cloned();
    }
    let bare = value.as_array()?;
    json::any_has(bare, &["FinalSentence"]).then(|| bare.clone())
}

/// The result as text, when its lines carry times.
fn timed_text(value: &Value) -> Option<String> {
    let text = json::text(json::first(value, &["Result", "text"]))?;
    LINE.as_ref()?.is_match(&text).then_some(text)
}

fn sentence(item: &Value) -> Utterance {
    let speaker = json::text(json::field(item, "SpeakerRoleName")).filter(|role| !role.is_empty());
    Utterance::of(json::text(json::first(
        item,
        &["FinalSentence", "WrittenText", "SliceSentence"],
    )))
    .by(speaker.or_else(|| json::text(json::field(item, "SpeakerId"))))
    .at(
        clock(json::field(item, "StartMs"), Unit::Millis),
        clock(json::field(item, "EndMs"), Unit::Millis),
    )
}

fn lines(text: &str) -> Vec<Utterance> {
    let Some(line) = LINE.as_ref() else {
        return Vec::new();
    };
    let part = |captures: &regex::Captures<'_>, group| {
        captures
            .get(group)
            .map(|found| found.as_str().trim().to_owned())
    };
    let time = |text: Option<String>| clock_of_text(&text.unwrap_or_default(), Unit::Seconds);
    line.captures_iter(text)
        .map(|captures| {
            Utterance::of(part(&captures, 4))
                .by(part(&captures, 3))
                .at(time(part(&captures, 1)), time(part(&captures, 2)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::transcript::Clock;
    use serde_json::json;

    #[test]
    fn details_may_have_nulls() {
        let call = json!({"TaskId": 1, "ResultDetail": [
            {"FinalSentence": "喂。", "StartMs": 20, "EndMs": 2380, "SpeakerId": 0, "SpeechSpeed": 5.1},
            {"FinalSentence": null, "StartMs": null, "EndMs": null, "SpeakerId": null}]});
        assert!(Tencent.recognises(&call));
        let turns = Tencent.read(&call).unwrap().utterances;
        assert_eq!(turns[0].start, Clock::At(20.0));
        assert_eq!(turns[1], Utterance::default());
    }

    #[test]
    fn the_text_result_serves_without_details() {
        let call = json!({"TaskId": 1, "Status": 2, "StatusStr": "success", "ResultDetail": null,
            "Result": "[0:0.020,0:2.380,0]  您好。\n[0:2.500,1:3.000,1]  我要投诉。\n"});
        assert!(Tencent.recognises(&call));
        let turns = Tencent.read(&call).unwrap().utterances;
        assert_eq!(turns[1].end, Clock::At(63_000.0));
        assert_eq!(turns[1].voice.label.as_deref(), Some("1"));
        assert_eq!(turns[1].text.as_deref(), Some("我要投诉。"));
    }

    #[test]
    fn a_waiting_task_is_named_as_such() {
        let call = json!({"TaskId": 1, "Status": 1, "StatusStr": "doing", "Result": "", "ResultDetail": null});
        assert!(Tencent.recognises(&call));
        assert!(matches!(
            Tencent.read(&call),
            Err(Problem::TaskState { .. })
        ));
    }
}

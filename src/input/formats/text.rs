//! Plain text: `客服：…` and `客户：…`, one turn a line, with an optional time
//! before; a line without a prefix continues the turn before.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::call::Warning;
use crate::input::error::Problem;
use crate::input::format::TextFormat;
use crate::input::meta;
use crate::input::prefix::{self, Line};
use crate::input::transcript::{Clock, Transcript, Utterance, join};

/// The reader of plain text.
pub struct PlainText;

impl TextFormat for PlainText {
    fn recognises(&self, sample: &str) -> bool {
        let known = speakers(sample);
        sample
            .lines()
            .any(|line| prefix::split(line, &|label| known(label)).label.is_some())
    }

    fn read(&self, text: &str) -> Result<Transcript, Problem> {
        let known = speakers(text);
        let mut transcript = Transcript::default();
        let mut before = 0;
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let line = prefix::split(line, &|label| known(label));
            before += usize::from(!take(&mut transcript, &line));
        }
        if before > 0 && !transcript.utterances.is_empty() {
            transcript.warnings.push(Warning::call(
                "text_before_first_speaker",
                format!("{before} lines before the first speaker are not part of the call and were left out"),
            ));
        }
        if transcript.utterances.is_empty() {
            transcript.utterances = unlabelled(text);
        }
        Ok(transcript)
    }
}

/// Adds a line to the transcript; false when it belongs to no turn.
fn take(transcript: &mut Transcript, line: &Line<'_>) -> bool {
    let timed = line.start != Clock::Absent;
    let last = transcript.utterances.last_mut();
    match (line.label, last) {
        (None, Some(turn)) if !timed => join(turn.text.get_or_insert_default(), line.words),
        (None, None) if !timed => return heading(transcript, line.words),
        (label, last) => {
            let label = label
                .map(str::to_owned)
                .or_else(|| last.and_then(|turn| turn.voice.label.clone()));
            transcript.utterances.push(
                Utterance::of(Some(line.words.trim().to_owned()))
                    .by(label)
                    .at(line.start, line.end),
            );
        }
    }
    true
}

/// A line such as 工号：8021 above the first turn is metadata.
fn heading(transcript: &mut Transcript, line: &str) -> bool {
    let Some((name, value)) = line.split_once([':', '：']) else {
        return false;
    };
    meta::put(
        &mut transcript.id,
        &mut transcript.meta,
        name,
        &Value::from(value.trim()),
    )
}

/// A text without any speaker: every line is a turn.
fn unlabelled(text: &str) -> Vec<Utterance> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| Utterance::of(Some(line.to_owned())))
        .collect()
}

/// Which words before a colon are speakers in this text: roles and numbered
/// speakers always; other names when they return and begin most of the lines.
fn speakers(text: &str) -> impl Fn(&str) -> bool + use<> {
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut usual = false;
    for line in &lines {
        if let Some(label) = prefix::candidate(line) {
            usual |= prefix::is_usual_speaker(label);
            *counts.entry(label).or_default() += 1;
        }
    }
    counts.retain(|label, count| *count > 1 && meta::canonical(label).is_none());
    let covered: usize = counts.values().sum();
    let names: Vec<String> = if !usual && counts.len() > 1 && covered * 2 >= lines.len() {
        counts.keys().map(|&label| label.to_owned()).collect()
    } else {
        Vec::new()
    };
    move |label: &str| prefix::is_usual_speaker(label) || names.iter().any(|name| name == label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(text: &str) -> Vec<(Option<String>, String)> {
        let read = PlainText.read(text).unwrap();
        read.utterances
            .into_iter()
            .map(|t| (t.voice.label, t.text.unwrap_or_default()))
            .collect()
    }

    fn turn(label: &str, text: &str) -> (Option<String>, String) {
        (Some(label.to_owned()), text.to_owned())
    }

    #[test]
    fn lines_without_prefix_continue_the_turn() {
        let text = "客服：您好，\r\n请讲\r\n\r\n客户：客服说：要等三天\r\n客服：\r\n好的";
        assert!(PlainText.recognises(text));
        let expected = [
            turn("客服", "您好，请讲"),
            turn("客户", "客服说：要等三天"),
            turn("客服", "好的"),
        ];
        assert_eq!(turns(text), expected);
    }

    #[test]
    fn a_heading_becomes_metadata() {
        let read = PlainText
            .read("通话ID：T-7\n工号：8021\n通话记录\n客服：您好\n客户：喂")
            .unwrap();
        assert_eq!(read.id.as_deref(), Some("T-7"));
        assert_eq!(read.meta["agent_id"], "8021");
        assert_eq!(read.warnings.len(), 1);
        assert_eq!(read.utterances.len(), 2);
    }

    #[test]
    fn names_count_when_they_return() {
        let text = "王芳：您好\n李雷：喂\n王芳：请讲\n李雷：我问一下";
        assert!(PlainText.recognises(text));
        assert_eq!(turns(text).len(), 4);
        assert!(!PlainText.recognises("标题：一篇文章\n正文没有对话。"));
    }

    #[test]
    fn headings_with_time_begin_a_turn() {
        let read = PlainText
            .read("发言人1 00:02\n您好\n请讲\n发言人2 00:05\n喂")
            .unwrap();
        assert_eq!(read.utterances.len(), 2);
        assert_eq!(read.utterances[0].text.as_deref(), Some("您好请讲"));
        assert_eq!(read.utterances[1].start, Clock::At(5000.0));
    }
}

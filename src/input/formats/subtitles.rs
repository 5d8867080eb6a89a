//! SubRip and WebVTT: cues with times; the speaker stands in a prefix
//! (`[SPEAKER_00]: `, `客服：`) or in a `<v 客服>` tag.

use std::sync::LazyLock;

use regex::Regex;

use crate::input::error::Problem;
use crate::input::format::TextFormat;
use crate::input::prefix;
use crate::input::times::colons;
use crate::input::transcript::{Clock, Transcript, Utterance, join};

static VOICE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)<v(?:\.[^\s>]*)?\s+([^>]+)>").ok());
static TAG: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)</?(?:[biucv]|font|ruby|rt|lang)(?:[.\s][^>]*)?>|<[\d:.]+>|\{\\[^}]*\}").ok()
});

/// The reader of SubRip.
pub struct Srt;

/// The reader of WebVTT.
pub struct Vtt;

impl TextFormat for Srt {
    fn recognises(&self, sample: &str) -> bool {
        sample
            .lines()
            .filter(|line| !line.trim().is_empty())
            .take(4)
            .any(|line| cue_times(line).is_some())
    }

    fn read(&self, text: &str) -> Result<Transcript, Problem> {
        Ok(read(text))
    }
}

impl TextFormat for Vtt {
    fn recognises(&self, sample: &str) -> bool {
        sample.trim_start().starts_with("WEBVTT")
    }

    fn read(&self, text: &str) -> Result<Transcript, Problem> {
        Ok(read(text))
    }
}

struct Cue<'a> {
    start: f64,
    end: f64,
    lines: Vec<&'a str>,
}

fn read(text: &str) -> Transcript {
    let utterances = cues(text).iter().flat_map(utterances).collect();
    Transcript {
        utterances,
        ..Transcript::default()
    }
}

/// Cuts the file at its lines of times; what stands alone before one (an index
/// or an identifier) is not part of the cue above.
fn cues(text: &str) -> Vec<Cue<'_>> {
    let mut cues: Vec<Cue<'_>> = Vec::new();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let mut in_note = true;
    for (index, line) in lines.iter().enumerate() {
        if let Some((start, end)) = cue_times(line) {
            cues.push(Cue {
                start,
                end,
                lines: Vec::new(),
            });
            in_note = false;
            continue;
        }
        let previous_blank = index
            .checked_sub(1)
            .and_then(|at| lines.get(at))
            .is_none_or(|l| l.is_empty());
        let names_next = lines
            .get(index + 1)
            .is_some_and(|next| cue_times(next).is_some())
            && (previous_blank || line.parse::<u64>().is_ok());
        let block = ["NOTE", "STYLE", "REGION"]
            .iter()
            .any(|word| line.starts_with(word));
        in_note |= previous_blank && block && !line.contains([':', '：']);
        if line.is_empty() {
            continue;
        }
        if let (Some(cue), false, false) = (cues.last_mut(), in_note, names_next) {
            cue.lines.push(line);
        }
    }
    cues
}

/// `00:00:00,600 --> 00:00:01,200`; WebVTT may omit the hours and add settings.
fn cue_times(line: &str) -> Option<(f64, f64)> {
    let (start, rest) = line.split_once("-->")?;
    Some((colons(start)?, colons(rest.split_whitespace().next()?)?))
}

/// A cue is one turn, or several when its lines name several speakers.
fn utterances(cue: &Cue<'_>) -> Vec<Utterance> {
    let mut turns: Vec<Utterance> = Vec::new();
    let time = |turn: Utterance| turn.at(Clock::At(cue.start), Clock::At(cue.end));
    for line in &cue.lines {
        for (voice, words) in voices(line.trim_start_matches(['-', '–', ' '])) {
            let words = plain(&words);
            let split = prefix::split(&words, &prefix::is_usual_speaker);
            let named = voice.or_else(|| split.label.map(str::to_owned));
            let said = if split.label.is_some() {
                split.words
            } else {
                words.as_str()
            };
            match (&named, turns.last_mut()) {
                (None, Some(turn)) => join(turn.text.get_or_insert_default(), said),
                _ => turns.push(time(Utterance::of(Some(said.trim().to_owned())).by(named))),
            }
        }
    }
    if turns.is_empty() {
        turns.push(time(Utterance::of(Some(String::new()))));
    }
    turns
}

/// The stretches of a line by their `<v …>` tags.
fn voices(line: &str) -> Vec<(Option<String>, String)> {
    let Some(voice) = VOICE.as_ref() else {
        return vec![(None, line.to_owned())];
    };
    let mut parts: Vec<(Option<String>, String)> = Vec::new();
    let mut name = None;
    let mut from = 0;
    for found in voice.captures_iter(line) {
        let Some(all) = found.get(0) else { continue };
        let words = line.get(from..all.start()).unwrap_or_default();
        if name.is_some() || !words.trim().is_empty() {
            parts.push((name.take(), words.to_owned()));
        }
        name = found.get(1).map(|label| label.as_str().trim().to_owned());
        from = all.end();
    }
    parts.push((name, line.get(from..).unwrap_or_default().to_owned()));
    parts
}

/// Without mark-up and with its entities resolved.
fn plain(text: &str) -> String {
    let text = TAG
        .as_ref()
        .map_or(text.into(), |tag| tag.replace_all(text, ""));
    text.replace("&nbsp;", " ")
        .replace("&lrm;", "")
        .replace("&rlm;", "")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(turns: &[Utterance]) -> Vec<(Option<&str>, &str, f64)> {
        turns
            .iter()
            .map(|t| {
                (
                    t.voice.label.as_deref(),
                    t.text.as_deref().unwrap(),
                    t.start.millis().unwrap(),
                )
            })
            .collect()
    }

    #[test]
    fn srt_cues_with_prefixes() {
        let text = "1\r\n00:00:00,600 --> 00:00:01,200\r\n[SPEAKER_00]: 你好\r\n\r\n2\r\n00:00:01,500 --> 00:00:02,000\r\n我要\r\n投诉\r\n";
        assert!(Srt.recognises(text));
        let read = Srt.read(text).unwrap().utterances;
        assert_eq!(
            shown(&read),
            [
                (Some("SPEAKER_00"), "你好", 600.0),
                (None, "我要投诉", 1500.0)
            ]
        );
    }

    #[test]
    fn vtt_voices_notes_and_identifiers() {
        let text = "WEBVTT - 标题\n\nNOTE 注释\n第二行\n\nintro\n00:11.000 --> 00:13.000 align:start\n<v 客服>您好</v>\n\n2\n00:14.000 --> 00:15.000\n<v.loud 客户>我要<b>投诉</b> &amp; 退款</v>\n";
        assert!(Vtt.recognises(text));
        let read = Vtt.read(text).unwrap().utterances;
        assert_eq!(
            shown(&read),
            [
                (Some("客服"), "您好", 11_000.0),
                (Some("客户"), "我要投诉 & 退款", 14_000.0)
            ]
        );
    }

    #[test]
    fn two_speakers_in_one_cue_are_two_turns() {
        let text = "1\n00:00:01,000 --> 00:00:02,000\n客服：您好\n客户：喂\n";
        assert_eq!(Srt.read(text).unwrap().utterances.len(), 2);
    }
}

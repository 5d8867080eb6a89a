//! Finding who speaks, and when, at the beginning of a line of text.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::roles;
use super::times::{Unit, clock_of_text};
use super::transcript::Clock;

const TIME: &str =
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}[T ]\s*)?\d{1,3}[:：]\d{2}(?:[:：]\d{2})?(?:[.,]\d{1,3})?";

static LEADING_TIME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        r"^\s*([\[(（【<])?\s*({TIME})(?:\s*(?:-->|[-–—~～至到,，])\s*({TIME}))?\s*[\])）】>]?\s*"
    ))
    .ok()
});
static TRAILING_TIME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        r"[\s\[(（【]+({TIME})(?:\s*(?:-->|[-–—~～至到])\s*({TIME}))?\s*[\])）】]?\s*$"
    ))
    .ok()
});
static NUMBERED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^(?:speaker|spk|channel|ch|说话人|說話人|发言人|發言人|讲话人|声道|通道|人物|角色)\s*[_\-#]?\s*[0-9a-z一二三四五六七八九十]{1,4}$|^(?:左|右)声道$|^[a-z甲乙丙丁男女]$",
    )
    .ok()
});

/// The beginning of a line: its times, its speaker, and the words that follow.
#[derive(Debug, Clone, PartialEq)]
pub struct Line<'a> {
    /// When the line begins.
    pub start: Clock,
    /// When it ends, where the line says so.
    pub end: Clock,
    /// Who speaks, where the line says so.
    pub label: Option<&'a str>,
    /// What is said.
    pub words: &'a str,
}

/// Splits a line. `known` decides whether a word before a colon is a speaker.
pub fn split<'a>(line: &'a str, known: &dyn Fn(&str) -> bool) -> Line<'a> {
    let line = line.trim();
    let (lead, bracketed) = leading_time(line);
    let (start, end, rest) = lead.unwrap_or((Clock::Absent, Clock::Absent, line));
    if let Some((label, heading, words)) = speaker(rest, known) {
        let (start, end) = match heading {
            Some((start, end)) => (start, end),
            None => (start, end),
        };
        return Line {
            start,
            end,
            label: Some(label),
            words,
        };
    }
    // A clock time at the beginning of a sentence is part of what is said.
    if bracketed {
        return Line {
            start,
            end,
            label: None,
            words: rest,
        };
    }
    Line {
        start: Clock::Absent,
        end: Clock::Absent,
        label: None,
        words: line,
    }
}

/// Whether a label is a role or the kind of name that diarisation gives.
pub fn is_usual_speaker(label: &str) -> bool {
    let numbered = || {
        NUMBERED
            .as_ref()
            .is_some_and(|pattern| pattern.is_match(label.trim()))
    };
    roles::is_speaker_prefix(label) || numbered()
}

/// The words before the first colon, when they are short enough for a name.
pub fn candidate(line: &str) -> Option<&str> {
    let line = line.trim();
    let rest = leading_time(line).0.map_or(line, |(_, _, rest)| rest);
    let at = rest.find([':', '：'])?;
    let label = rest.get(..at)?.trim();
    let plain = label
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '·'));
    let short = (1..=10).contains(&label.chars().count());
    (short && plain && label.parse::<f64>().is_err()).then_some(label)
}

type Timed<'a> = (Clock, Clock, &'a str);

/// A time at the beginning, and whether it stands in brackets.
fn leading_time(line: &str) -> (Option<Timed<'_>>, bool) {
    let Some(found) = LEADING_TIME
        .as_ref()
        .and_then(|pattern| pattern.captures(line))
    else {
        return (None, false);
    };
    let rest = line
        .get(found.get(0).map_or(0, |all| all.end())..)
        .unwrap_or_default();
    let (start, end) = times(&found, 2);
    (Some((start, end, rest)), found.get(1).is_some())
}

fn times(found: &Captures<'_>, group: usize) -> (Clock, Clock) {
    let time = |group| {
        found.get(group).map_or(Clock::Absent, |text| {
            clock_of_text(&text.as_str().replace('：', ":"), Unit::Seconds)
        })
    };
    (time(group), time(group + 1))
}

type Heading<'a> = (&'a str, Option<(Clock, Clock)>, &'a str);

/// `客服：…`, `[客服] …`, `【客服】…`, `客服 00:12：…`, or `发言人1 00:12` alone.
fn speaker<'a>(rest: &'a str, known: &dyn Fn(&str) -> bool) -> Option<Heading<'a>> {
    let bare = without_number(rest.trim_start_matches(['-', '*', '>', '•', '#', ' ']));
    if let Some((label, words)) = bracketed(bare).filter(|(label, _)| known(label)) {
        return Some((
            label,
            None,
            words.trim_start_matches([':', '：', ' ', '　']),
        ));
    }
    if let Some((label, time)) = heading(bare).filter(|(label, _)| known(label)) {
        return Some((label, Some(time), ""));
    }
    if let Some((label, words)) = bare
        .split_once('\t')
        .filter(|(label, _)| known(label.trim()))
    {
        return Some((label.trim(), None, words.trim_start()));
    }
    for (at, colon) in bare
        .char_indices()
        .filter(|(_, c)| matches!(c, ':' | '：'))
        .take(4)
    {
        let (label, words) = (bare.get(..at)?, bare.get(at + colon.len_utf8()..)?);
        if label.chars().count() > 40 {
            return None;
        }
        if within_time(label, words) {
            continue;
        }
        if known(label.trim()) {
            return Some((label.trim(), None, words.trim_start()));
        }
        if let Some((label, time)) = heading(label).filter(|(label, _)| known(label)) {
            return Some((label, Some(time), words.trim_start()));
        }
    }
    None
}

/// Without the number of the line: `12. 客服：…`.
fn without_number(text: &str) -> &str {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered = rest.len() < text.len();
    let rest = rest
        .strip_prefix(['.', '、', ')', '）'])
        .filter(|_| numbered);
    rest.map_or(text, str::trim_start)
}

/// Whether a colon belongs to a time behind a label: 客服 00:12.
fn within_time(label: &str, words: &str) -> bool {
    let digits = label.chars().rev().take_while(char::is_ascii_digit).count();
    let before = label.chars().rev().nth(digits);
    let apart = before
        .is_some_and(|c| c.is_whitespace() || matches!(c, '[' | '(' | '（' | '【' | ':' | '：'));
    (1..=2).contains(&digits)
        && apart
        && words.chars().take(2).filter(char::is_ascii_digit).count() == 2
}

fn bracketed(text: &str) -> Option<(&str, &str)> {
    let pairs = [
        ('[', ']'),
        ('【', '】'),
        ('(', ')'),
        ('（', '）'),
        ('<', '>'),
        ('「', '」'),
    ];
    let (open, close) = pairs
        .into_iter()
        .find(|(open, _)| text.starts_with(*open))?;
    let inner = text.strip_prefix(open)?;
    let (label, words) = inner.split_once(close)?;
    (label.chars().count() <= 24).then_some((label.trim(), words))
}

/// A label with a time behind it.
fn heading(text: &str) -> Option<(&str, (Clock, Clock))> {
    let found = TRAILING_TIME.as_ref()?.captures(text)?;
    let label = text.get(..found.get(0)?.start())?.trim();
    Some((label, times(&found, 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> (Option<&str>, &str, Option<f64>) {
        let line = split(line, &is_usual_speaker);
        (line.label, line.words, line.start.millis())
    }

    #[test]
    fn prefixes_of_every_kind() {
        let cases = [
            ("客服：您好", (Some("客服"), "您好", None)),
            ("客户: 我要投诉", (Some("客户"), "我要投诉", None)),
            ("[00:12] 客服：您好", (Some("客服"), "您好", Some(12_000.0))),
            (
                "00:00:12 坐席8021：您好",
                (Some("坐席8021"), "您好", Some(12_000.0)),
            ),
            (
                "[00:01.500-00:03.000] 客戶：喂",
                (Some("客戶"), "喂", Some(1500.0)),
            ),
            ("【客服】您好", (Some("客服"), "您好", None)),
            ("[SPEAKER_00]: 你好", (Some("SPEAKER_00"), "你好", None)),
            ("客服 00:12：您好", (Some("客服"), "您好", Some(12_000.0))),
            ("发言人1  00:12", (Some("发言人1"), "", Some(12_000.0))),
            ("客服说：您好", (None, "客服说：您好", None)),
            ("10:30 我打过电话", (None, "10:30 我打过电话", None)),
            ("[00:15] 您好", (None, "您好", Some(15_000.0))),
            ("A：好的", (Some("A"), "好的", None)),
            ("12. 客服：您好", (Some("客服"), "您好", None)),
            ("客户\t喂", (Some("客户"), "喂", None)),
        ];
        for (line, expected) in cases {
            assert_eq!(read(line), expected, "{line}");
        }
    }
}

//! The format of the signal list.

use std::fmt::Write;
use std::path::PathBuf;

use regex::Regex;
use thiserror::Error;

use super::Signal;

/// A signal list that cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SignalListError {
    /// The file cannot be read.
    #[error("cannot read the signal list {path}: check that the file exists and is UTF-8")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A line is not what the format asks for.
    #[error("{path}:{line}: {problem}")]
    Line {
        /// The file.
        path: PathBuf,
        /// 1-based.
        line: usize,
        /// What is wrong and what to write instead.
        problem: String,
    },
    /// The words of the patterns are too many.
    #[error("{path}: the patterns have too many words to search for: leave some out")]
    TooManyWords {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<aho_corasick::BuildError>,
    },
}

/// One line of the list.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// `None` stands for every kind, and only in a denial.
    pub signal: Option<Signal>,
    /// `None` for a denial: no signal of this kind where the pattern matches.
    pub weight: Option<f32>,
    pub pattern: Regex,
}

/// A signal list as it was read.
#[derive(Debug)]
pub(super) struct List {
    /// What every turn starts from.
    pub bias: f32,
    /// What full anger adds.
    pub mood: f32,
    /// What the wording cues count; 0 leaves them out.
    pub wording: f32,
    /// What the model's word counts beside the list's.
    pub model: ModelShare,
    pub entries: Vec<Entry>,
}

/// What a model's probability of escalation counts beside the list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ModelShare {
    /// 0..1: the model's word against all the list says; 0 leaves it out.
    pub share: f32,
    /// The probability from which on the model alone would call a turn escalating.
    pub enough: f32,
}

/// Reads the list; the problem of a bad line comes with its 1-based number.
pub(super) fn parse(text: &str) -> Result<List, (usize, String)> {
    let mut classes: Vec<(String, String)> = Vec::new();
    let mut list = List {
        bias: 0.0,
        mood: 0.4,
        wording: 0.0,
        model: ModelShare {
            share: 0.0,
            enough: 0.5,
        },
        entries: Vec::new(),
    };
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let at = |problem| (index + 1, problem);
        if let Some(class) = line.strip_prefix('@') {
            classes.push(parse_class(class, &classes).map_err(at)?);
        } else if let Some((setting, value)) = parse_setting(line).map_err(at)? {
            match setting {
                Setting::Bias => list.bias = value,
                Setting::Mood => list.mood = value,
                Setting::Wording => list.wording = value,
            }
        } else if let Some(model) = parse_model_share(line).map_err(at)? {
            list.model = model;
        } else {
            list.entries.push(parse_entry(line, &classes).map_err(at)?);
        }
    }
    Ok(list)
}

#[derive(Clone, Copy)]
enum Setting {
    Bias,
    Mood,
    Wording,
}

fn parse_setting(line: &str) -> Result<Option<(Setting, f32)>, String> {
    let mut words = line.split_whitespace();
    let setting = match words.next() {
        Some("bias") => Setting::Bias,
        Some("mood") => Setting::Mood,
        Some("wording") => Setting::Wording,
        _ => return Ok(None),
    };
    match (words.next().map(parse_weight), words.next()) {
        (Some(Ok(value)), None) => Ok(Some((setting, value))),
        (Some(Err(problem)), _) => Err(problem),
        _ => Err("a setting is written: bias, mood or wording and one number".to_owned()),
    }
}

fn parse_model_share(line: &str) -> Result<Option<ModelShare>, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let ["model", numbers @ ..] = words.as_slice() else {
        return Ok(None);
    };
    let [share, enough] = numbers else {
        return Err("the model's share is written: model, a share and a probability".to_owned());
    };
    let (share, enough) = (parse_weight(share)?, parse_weight(enough)?);
    if !(0.0..=1.0).contains(&share) || enough <= 0.0 || enough >= 1.0 {
        return Err(
            "the model's share lies in 0..1, its probability between 0 and 1: write for example \
             model 0.5 0.4"
                .to_owned(),
        );
    }
    Ok(Some(ModelShare { share, enough }))
}

fn parse_weight(number: &str) -> Result<f32, String> {
    let weight = number
        .parse::<f32>()
        .ok()
        .filter(|weight| weight.is_finite());
    weight
        .ok_or_else(|| format!("the weight {number:?} is no number: write for example 1, 0.5 or -"))
}

fn parse_class(line: &str, known: &[(String, String)]) -> Result<(String, String), String> {
    let (name, alternatives) = line
        .split_once(char::is_whitespace)
        .ok_or("a class is written: @name one|two|three")?;
    Ok((name.to_owned(), expand(alternatives.trim(), known)))
}

fn parse_entry(line: &str, classes: &[(String, String)]) -> Result<Entry, String> {
    let form = "a signal is written: kind weight pattern (or - for the weight)";
    let (kind, rest) = line.split_once(char::is_whitespace).ok_or(form)?;
    let (weight, pattern) = rest
        .trim_start()
        .split_once(char::is_whitespace)
        .ok_or(form)?;
    let weight = match weight {
        "-" => None,
        number => Some(parse_weight(number)?),
    };
    let signal = Signal::from_name(kind);
    if signal.is_none() && (kind != "any" || weight.is_some()) {
        let names = Signal::ALL.map(Signal::name).join(", ");
        return Err(format!(
            "unknown kind {kind:?}: use one of {names} (any only with -)"
        ));
    }
    let pattern = expand(pattern.trim(), classes);
    let pattern = Regex::new(&pattern)
        .map_err(|error| format!("the pattern is no regular expression: {error}"))?;
    Ok(Entry {
        signal,
        weight,
        pattern,
    })
}

/// Puts classes in place of their names and lets runs of three or more digits
/// match as they are spoken.
fn expand(pattern: &str, classes: &[(String, String)]) -> String {
    let mut named = pattern.to_owned();
    for (name, alternatives) in classes.iter().rev() {
        named = named.replace(&format!("@{name}"), &format!("(?:{alternatives})"));
    }
    let mut out = String::with_capacity(named.len());
    let mut digits = String::new();
    for character in named.chars().chain(std::iter::once('\0')) {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        push_digits(&digits, &mut out);
        digits.clear();
        if character != '\0' {
            out.push(character);
        }
    }
    out
}

fn push_digits(digits: &str, out: &mut String) {
    if digits.len() < 3 {
        out.push_str(digits);
        return;
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 {
            out.push_str("[ ,、]?");
        }
        let spoken = match digit {
            '0' => "零〇",
            '1' => "一幺",
            '2' => "二",
            '3' => "三",
            '4' => "四",
            '5' => "五",
            '6' => "六",
            '7' => "七",
            '8' => "八",
            _ => "九",
        };
        let _ = write!(out, "[{digit}{spoken}]");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_and_spoken_digits_are_expanded() {
        let list = parse("# list\n@who 甲局|乙局\n\nregulator 1 找(?:@who|12315)\n").unwrap();
        let pattern = &list.entries[0].pattern;
        for text in ["找乙局", "找12315", "找幺二三一五", "找一二三 幺五"] {
            assert!(pattern.is_match(text), "{text}");
        }
        assert!(!pattern.is_match("找丙局"));
    }

    #[test]
    fn bad_lines_are_named() {
        for (list, line, part) in [
            ("\nregulator", 2, "kind weight pattern"),
            ("shout 1 喂", 1, "unknown kind"),
            ("any 1 喂", 1, "any only with -"),
            ("media x 曝光", 1, "no number"),
            ("media 1 曝光(", 1, "no regular expression"),
            ("@only", 1, "@name"),
            ("mood", 1, "one number"),
            ("bias x", 1, "no number"),
            ("model 0.5", 1, "a share and a probability"),
            ("model 0.5 1", 1, "between 0 and 1"),
        ] {
            let (found, problem) = parse(list).unwrap_err();
            assert_eq!(found, line, "{list}");
            assert!(problem.contains(part), "{problem}");
        }
    }
}

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

/// Reads the list; the problem of a bad line comes with its 1-based number.
pub(super) fn parse(list: &str) -> Result<Vec<Entry>, (usize, String)> {
    let mut classes: Vec<(String, String)> = Vec::new();
    let mut entries = Vec::new();
    for (index, line) in list.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let at = |problem| (index + 1, problem);
        if let Some(class) = line.strip_prefix('@') {
            classes.push(parse_class(class, &classes).map_err(at)?);
        } else {
            entries.push(parse_entry(line, &classes).map_err(at)?);
        }
    }
    Ok(entries)
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
        number => Some(
            number
                .parse::<f32>()
                .ok()
                .filter(|w| w.is_finite())
                .ok_or_else(|| {
                    format!("the weight {number:?} is no number: write for example 1, 0.5 or -")
                })?,
        ),
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
        let entries = parse("# list\n@who 甲局|乙局\n\nregulator 1 找(?:@who|12315)\n").unwrap();
        let pattern = &entries[0].pattern;
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
        ] {
            let (found, problem) = parse(list).unwrap_err();
            assert_eq!(found, line, "{list}");
            assert!(problem.contains(part), "{problem}");
        }
    }
}

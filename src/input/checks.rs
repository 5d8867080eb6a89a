//! From a transcript to a call: times and texts are checked, speakers settled,
//! and every oddity is named once.

use crate::call::{Call, Source, Speaker, Turn, Warning};

use super::InputOptions;
use super::error::Problem;
use super::speakers;
use super::transcript::{Clock, Transcript, Utterance};

/// Times further from the start than this are taken for faults (7 days).
const LONGEST_CALL_MS: f64 = 7.0 * 86_400_000.0;
/// Turns of one speaker may overlap by the rounding of a recogniser, in ms.
const OVERLAP_TOLERANCE_MS: u64 = 50;
/// A run of one repeated character or phrase of this length is a recogniser's fault.
const LONGEST_RUN: usize = 100;

/// Settles a transcript under an identifier.
pub fn settle(
    id: String,
    source: Source,
    transcript: Transcript,
    options: &InputOptions,
) -> Result<Call, Problem> {
    let utterances = &transcript.utterances;
    if utterances.is_empty() {
        return Err(Problem::NoTurns { id: Some(id) });
    }
    if utterances.iter().all(|turn| {
        turn.text
            .as_deref()
            .is_none_or(|text| text.trim().is_empty())
    }) {
        return Err(Problem::NoText { id: Some(id) });
    }
    let mut warnings = transcript.warnings;
    let (speakers, of_speakers) = speakers::settle(utterances, options);
    warnings.extend(of_speakers);
    let mut notes = Notes::default();
    let origin = origin(utterances, &source.format, &mut warnings);
    let turns: Vec<Turn> = transcript
        .utterances
        .into_iter()
        .zip(speakers)
        .enumerate()
        .map(|(index, (utterance, speaker))| {
            let (start_ms, end_ms) = times(index, &utterance, origin, &mut notes);
            let text = text(index, utterance.text, options.max_turn_chars, &mut notes);
            Turn {
                speaker,
                start_ms,
                end_ms,
                text,
            }
        })
        .collect();
    order(&turns, &mut notes);
    warnings.extend(notes.into_warnings());
    Ok(Call {
        id,
        source,
        meta: transcript.meta,
        turns,
        warnings,
    })
}

/// Oddities by kind: the first turn that shows each, and how many more do.
#[derive(Default)]
struct Notes {
    found: Vec<(&'static str, &'static str, usize, usize)>,
}

impl Notes {
    fn add(&mut self, code: &'static str, turn: usize, message: &'static str) {
        match self.found.iter_mut().find(|(known, ..)| *known == code) {
            Some((.., more)) => *more += 1,
            None => self.found.push((code, message, turn, 0)),
        }
    }

    fn into_warnings(self) -> impl Iterator<Item = Warning> {
        self.found
            .into_iter()
            .map(|(code, message, turn, more)| match more {
                0 => Warning::turn(code, turn, message),
                _ => Warning::turn(
                    code,
                    turn,
                    format!("{message} (and so in {more} more turns)"),
                ),
            })
    }
}

/// What is subtracted from all times: the first, when they count from another
/// origin than the start of the call.
fn origin(utterances: &[Utterance], format: &str, warnings: &mut Vec<Warning>) -> f64 {
    let starts = || utterances.iter().filter_map(|turn| turn.start.millis());
    let first = starts().fold(f64::INFINITY, f64::min);
    if utterances
        .iter()
        .any(|turn| matches!(turn.start, Clock::Dated(_)))
    {
        return if first.is_finite() { first } else { 0.0 };
    }
    let hours = if matches!(format, "text" | "csv") {
        1.0
    } else {
        24.0
    };
    if first.is_finite() && first >= hours * 3_600_000.0 {
        warnings.push(Warning::call(
            "times_of_day",
            "the times do not count from the start of the call; the first one was taken as its start",
        ));
        return first;
    }
    0.0
}

fn times(
    index: usize,
    utterance: &Utterance,
    origin: f64,
    notes: &mut Notes,
) -> (Option<u64>, Option<u64>) {
    let mut time = |clock: Clock| match clock {
        Clock::Absent => None,
        Clock::Unreadable => {
            notes.add(
                "unreadable_time",
                index,
                "a time is not a number and was left out",
            );
            None
        }
        Clock::At(ms) | Clock::Dated(ms) => {
            let ms = ms - origin;
            // Rounding of a duration may end just below zero.
            if ms <= -0.5 {
                notes.add(
                    "negative_time",
                    index,
                    "a time lies before the start of the call and was left out",
                );
                None
            } else if ms > LONGEST_CALL_MS {
                notes.add(
                    "time_out_of_range",
                    index,
                    "a time lies more than 7 days after the start and was left out",
                );
                None
            } else {
                Some(ms.round().max(0.0) as u64)
            }
        }
    };
    let (start, end) = (time(utterance.start), time(utterance.end));
    match (start, end) {
        (Some(start), Some(end)) if end < start => {
            notes.add(
                "reversed_time",
                index,
                "the turn ends before it starts; its end was left out",
            );
            (Some(start), None)
        }
        (Some(start), Some(end)) if end == start => {
            notes.add(
                "zero_length",
                index,
                "the turn starts and ends at the same time",
            );
            (Some(start), Some(end))
        }
        times => times,
    }
}

fn text(index: usize, text: Option<String>, limit: usize, notes: &mut Notes) -> String {
    let Some(mut text) = text else {
        notes.add("missing_text", index, "the turn has no text");
        return String::new();
    };
    if text.trim().is_empty() {
        notes.add("empty_text", index, "the turn's text is empty");
    }
    if let Some((at, _)) = text.char_indices().nth(limit) {
        text.truncate(at);
        notes.add(
            "turn_cut",
            index,
            "the turn is longer than the maximum and was cut",
        );
    }
    if ["[UNK]", "<unk>", "[unk]", "<UNK>"]
        .iter()
        .any(|mark| text.contains(mark))
    {
        notes.add(
            "unknown_tokens",
            index,
            "the recogniser left words out as [UNK]",
        );
    }
    if text.contains('\u{FFFD}') {
        notes.add(
            "damaged_text",
            index,
            "the text has characters that were lost before it came here",
        );
    }
    if has_pause_mark(&text) {
        notes.add("pause_marks", index, "the text has _ as a mark of a pause");
    }
    if has_long_run(&text) {
        notes.add(
            "repeated_characters",
            index,
            "the text repeats itself in a way that people do not",
        );
    }
    text
}

/// `_` beside a Chinese character or alone; not the one in an identifier.
fn has_pause_mark(text: &str) -> bool {
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let after = chars.peek().copied().unwrap_or(' ');
        if c == '_' && !before.is_ascii_alphanumeric() && !after.is_ascii_alphanumeric() {
            return true;
        }
        before = c;
    }
    false
}

/// The same one to four characters over and over.
fn has_long_run(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    (1..=4).any(|period| {
        let mut run = 0;
        chars
            .iter()
            .zip(chars.iter().skip(period))
            .any(|(earlier, later)| {
                run = if earlier == later { run + 1 } else { 0 };
                run + period >= LONGEST_RUN
            })
    })
}

/// Times that do not fit each other.
fn order(turns: &[Turn], notes: &mut Notes) {
    let timed = turns.iter().any(|turn| turn.start_ms.is_some());
    let mut last_start = 0;
    let mut last_end: [Option<u64>; 3] = [None; 3];
    for (index, turn) in turns.iter().enumerate() {
        let Some(start) = turn.start_ms else {
            if timed {
                notes.add(
                    "missing_time",
                    index,
                    "the turn has no start, unlike others of the call",
                );
            }
            continue;
        };
        if start < last_start {
            notes.add(
                "times_out_of_order",
                index,
                "the turn starts before the one above it",
            );
        }
        last_start = start;
        let side = match turn.speaker {
            Speaker::Agent => 0,
            Speaker::Customer => 1,
            Speaker::Unknown => 2,
        };
        let Some(end_of_side) = last_end.get_mut(side) else {
            continue;
        };
        if turn.speaker != Speaker::Unknown
            && end_of_side.is_some_and(|end| start + OVERLAP_TOLERANCE_MS < end)
        {
            notes.add(
                "self_overlap",
                index,
                "the turn overlaps an earlier one of the same speaker",
            );
        }
        *end_of_side = turn.end_ms.max(*end_of_side);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(utterances: Vec<Utterance>) -> Result<Call, Problem> {
        let source = Source {
            path: "a.json".to_owned(),
            format: "native".to_owned(),
        };
        let transcript = Transcript {
            utterances,
            ..Transcript::default()
        };
        settle(
            "a".to_owned(),
            source,
            transcript,
            &InputOptions {
                max_turn_chars: 300,
                ..InputOptions::default()
            },
        )
    }

    fn turn(label: &str, start: f64, end: f64, text: &str) -> Utterance {
        Utterance::of(Some(text.to_owned()))
            .by(Some(label.to_owned()))
            .at(Clock::At(start), Clock::At(end))
    }

    fn codes(call: &Call) -> Vec<(&str, Option<usize>)> {
        call.warnings
            .iter()
            .map(|w| (w.code.as_str(), w.turn))
            .collect()
    }

    #[test]
    fn faulty_times_are_left_out_and_named() {
        let call = call(vec![
            turn("agent", -5.0, 900.0, "您好"),
            turn("customer", 2000.0, 1000.0, "喂"),
            turn("agent", 3000.0, 3000.0, "请讲"),
            turn("agent", 2500.0, 2800.0, "好的"),
            Utterance {
                start: Clock::Unreadable,
                ..turn("customer", 0.0, 9e18, "嗯")
            },
        ])
        .unwrap();
        assert_eq!(
            (call.turns[0].start_ms, call.turns[0].end_ms),
            (None, Some(900))
        );
        assert_eq!(
            (call.turns[1].start_ms, call.turns[1].end_ms),
            (Some(2000), None)
        );
        assert_eq!(call.turns[4].end_ms, None);
        let expected = [
            ("negative_time", Some(0)),
            ("reversed_time", Some(1)),
            ("zero_length", Some(2)),
            ("unreadable_time", Some(4)),
            ("time_out_of_range", Some(4)),
            ("missing_time", Some(0)),
            ("times_out_of_order", Some(3)),
            ("self_overlap", Some(3)),
        ];
        assert_eq!(codes(&call), expected);
    }

    #[test]
    fn odd_texts_keep_their_turns() {
        let call = call(vec![
            turn("agent", 0.0, 10.0, "您好[UNK]"),
            Utterance::of(None)
                .by(Some("customer".to_owned()))
                .at(Clock::At(20.0), Clock::At(30.0)),
            turn("customer", 40.0, 50.0, "  "),
            turn("agent", 60.0, 70.0, &"哈".repeat(400)),
            turn("customer", 80.0, 90.0, "我_想问"),
        ])
        .unwrap();
        assert_eq!(call.turns.len(), 5);
        assert_eq!(call.turns[3].text.chars().count(), 300);
        let expected = [
            ("unknown_tokens", Some(0)),
            ("missing_text", Some(1)),
            ("empty_text", Some(2)),
            ("turn_cut", Some(3)),
            ("repeated_characters", Some(3)),
            ("pause_marks", Some(4)),
        ];
        assert_eq!(codes(&call), expected);
    }

    #[test]
    fn other_origins_are_subtracted() {
        let mut dated = vec![
            turn("agent", 0.0, 0.0, "您好"),
            turn("customer", 0.0, 0.0, "喂"),
        ];
        dated[0] = dated[0]
            .clone()
            .at(Clock::Dated(1_700_000_000_000.0), Clock::Absent);
        dated[1] = dated[1]
            .clone()
            .at(Clock::Dated(1_700_000_001_500.0), Clock::Absent);
        let call = call(dated).unwrap();
        assert_eq!(
            (call.turns[0].start_ms, call.turns[1].start_ms),
            (Some(0), Some(1500))
        );
        assert!(call.warnings.is_empty());
    }

    #[test]
    fn calls_without_turns_or_text_are_errors() {
        assert!(matches!(call(Vec::new()), Err(Problem::NoTurns { .. })));
        let error = call(vec![turn("agent", 0.0, 1.0, " ")])
            .unwrap_err()
            .to_string();
        assert!(error.contains("no turn of the call a has text"), "{error}");
    }
}

//! From a transcript to a call: speakers settled, times and texts checked,
//! every oddity named once.

use crate::call::{Call, Source, Speaker, Turn, Warning};

use super::InputOptions;
use super::error::Problem;
use super::speakers;
use super::text_checks;
use super::time_checks;
use super::transcript::{Transcript, Utterance};

/// Settles a transcript under an identifier.
pub fn settle(
    id: String,
    source: Source,
    transcript: Transcript,
    options: &InputOptions,
) -> Result<Call, Problem> {
    let Transcript {
        meta,
        utterances,
        mut warnings,
        ..
    } = transcript;
    if utterances.is_empty() {
        return Err(Problem::NoTurns { id: Some(id) });
    }
    if utterances.iter().all(is_silent) {
        return Err(Problem::NoText { id: Some(id) });
    }
    let (speakers, of_speakers) = speakers::settle(&utterances, options);
    warnings.extend(of_speakers);
    let origin = time_checks::origin(&utterances, &source.format, &mut warnings);
    let mut notes = Notes::default();
    let turns: Vec<Turn> = utterances
        .into_iter()
        .zip(speakers)
        .enumerate()
        .map(|(index, (said, speaker))| turn(index, said, speaker, origin, options, &mut notes))
        .collect();
    time_checks::order(&turns, &mut notes);
    warnings.extend(notes.into_warnings());
    Ok(Call {
        id,
        source,
        meta,
        turns,
        warnings,
    })
}

fn is_silent(said: &Utterance) -> bool {
    said.text
        .as_deref()
        .is_none_or(|text| text.trim().is_empty())
}

fn turn(
    index: usize,
    said: Utterance,
    speaker: Speaker,
    origin: f64,
    options: &InputOptions,
    notes: &mut Notes,
) -> Turn {
    let (start_ms, end_ms) = time_checks::of_turn(index, &said, origin, notes);
    let text = text_checks::of_turn(index, said.text, options.max_turn_chars, notes);
    Turn {
        speaker,
        start_ms,
        end_ms,
        text,
    }
}

/// Oddities by kind: the first turn that shows each, and how many more do.
#[derive(Default)]
pub struct Notes {
    found: Vec<(&'static str, &'static str, usize, usize)>,
}

impl Notes {
    /// Notes an oddity of a turn.
    pub fn add(&mut self, code: &'static str, turn: usize, message: &'static str) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::transcript::Clock;

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

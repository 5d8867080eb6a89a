//! Oddities of when it is said.

use crate::call::{Speaker, Turn, Warning};

use super::checks::Notes;
use super::transcript::{Clock, Utterance};

/// Times further from the start than this are taken for faults (7 days).
const LONGEST_CALL_MS: f64 = 7.0 * 86_400_000.0;
/// Turns of one speaker may overlap by the rounding of a recogniser, in ms.
const OVERLAP_TOLERANCE_MS: u64 = 50;

/// What is subtracted from all times: the first, when they count from another
/// origin than the start of the call.
pub fn origin(utterances: &[Utterance], format: &str, warnings: &mut Vec<Warning>) -> f64 {
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

/// Start and end of one turn in whole milliseconds; what is no time is left out.
pub fn of_turn(
    index: usize,
    utterance: &Utterance,
    origin: f64,
    notes: &mut Notes,
) -> (Option<u64>, Option<u64>) {
    let start = settled(utterance.start, index, origin, notes);
    let end = settled(utterance.end, index, origin, notes);
    match (start, end) {
        (Some(start), Some(end)) if end < start => {
            notes.add(
                "reversed_time",
                index,
                "the turn ends before it starts; its end was left out",
            );
            (Some(start), None)
        }
        (Some(start), Some(end)) => {
            if start == end {
                notes.add(
                    "zero_length",
                    index,
                    "the turn starts and ends at the same time",
                );
            }
            (Some(start), Some(end))
        }
        times => times,
    }
}

fn settled(clock: Clock, index: usize, origin: f64, notes: &mut Notes) -> Option<u64> {
    let ms = match clock {
        Clock::Absent => return None,
        Clock::Unreadable => {
            notes.add(
                "unreadable_time",
                index,
                "a time is not a number and was left out",
            );
            return None;
        }
        Clock::At(ms) | Clock::Dated(ms) => ms - origin,
    };
    // Half a millisecond below zero is rounding.
    if ms <= -0.5 {
        notes.add(
            "negative_time",
            index,
            "a time lies before the start of the call and was left out",
        );
        return None;
    }
    if ms > LONGEST_CALL_MS {
        notes.add(
            "time_out_of_range",
            index,
            "a time lies more than 7 days after the start and was left out",
        );
        return None;
    }
    Some(ms.round().max(0.0) as u64)
}

/// Notes times that do not fit each other.
pub fn order(turns: &[Turn], notes: &mut Notes) {
    let timed = turns.iter().any(|turn| turn.start_ms.is_some());
    let mut last_start = 0;
    let mut last_end = [None; 2];
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
        let end_of_side: &mut Option<u64> = match (turn.speaker, &mut last_end) {
            (Speaker::Agent, [agent, _]) => agent,
            (Speaker::Customer, [_, customer]) => customer,
            (Speaker::Unknown, _) => continue,
        };
        if end_of_side.is_some_and(|end| start + OVERLAP_TOLERANCE_MS < end) {
            notes.add(
                "self_overlap",
                index,
                "the turn overlaps an earlier one of the same speaker",
            );
        }
        *end_of_side = turn.end_ms.max(*end_of_side);
    }
}

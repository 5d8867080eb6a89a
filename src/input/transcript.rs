//! A call as a format holds it, before speakers, times and identifiers are settled.

use crate::call::{Meta, Warning};

/// What one call's record says, in the order it says it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Transcript {
    /// The identifier that the record gives.
    pub id: Option<String>,
    /// What the record carries beside the words.
    pub meta: Meta,
    /// What was said.
    pub utterances: Vec<Utterance>,
    /// Oddities that only the format's reader can see.
    pub warnings: Vec<Warning>,
}

/// One stretch of speech.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Utterance {
    /// Who speaks, in the record's own words.
    pub voice: Voice,
    /// When it begins.
    pub start: Clock,
    /// When it ends.
    pub end: Clock,
    /// The words; `None` when the field is missing or null.
    pub text: Option<String>,
}

impl Utterance {
    /// Words without speaker or time.
    pub fn of(text: Option<String>) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }

    /// With a speaker's name or number.
    pub fn by(mut self, label: Option<String>) -> Self {
        self.voice.label = label.filter(|l| !l.trim().is_empty());
        self
    }

    /// With the channel of the recording.
    pub fn on(mut self, channel: Option<String>) -> Self {
        self.voice.channel = channel.filter(|c| !c.trim().is_empty());
        self
    }

    /// With its times.
    pub fn at(mut self, start: Clock, end: Clock) -> Self {
        self.start = start;
        self.end = end;
        self
    }
}

/// Who speaks, as far as a record says: a role (客服, AGENT), a number or name
/// that diarisation gave, the channel of the recording, or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Voice {
    /// The speaker's role, name or number.
    pub label: Option<String>,
    /// The channel of the recording.
    pub channel: Option<String>,
}

impl Voice {
    /// Whether the record says nothing of the speaker.
    pub fn is_unknown(&self) -> bool {
        self.label.is_none() && self.channel.is_none()
    }
}

/// A point in time as a record gives it, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Clock {
    /// The record gives none.
    #[default]
    Absent,
    /// Milliseconds from the start of the call; may be negative in a faulty record.
    At(f64),
    /// Milliseconds from some other origin, such as 1970: only differences count.
    Dated(f64),
    /// There is a value, and it is no time.
    Unreadable,
}

impl Clock {
    /// The number of milliseconds, whatever the origin.
    pub fn millis(self) -> Option<f64> {
        match self {
            Self::At(ms) | Self::Dated(ms) => Some(ms),
            Self::Absent | Self::Unreadable => None,
        }
    }

    /// This time and `ms` more; for formats that give a duration in place of an end.
    pub fn plus(self, duration: Self) -> Self {
        match (self, duration) {
            (Self::At(start), Self::At(length)) => Self::At(start + length),
            (Self::Dated(start), Self::At(length)) => Self::Dated(start + length),
            (_, Self::Unreadable) => Self::Unreadable,
            _ => Self::Absent,
        }
    }
}

/// Puts the turns of several channels into the order in which they were spoken.
/// Stable; a turn without a time stays behind the one before it.
pub fn sort_by_start(utterances: &mut Vec<Utterance>) {
    let mut latest = f64::NEG_INFINITY;
    let mut keyed: Vec<(f64, Utterance)> = std::mem::take(utterances)
        .into_iter()
        .map(|utterance| {
            latest = utterance.start.millis().unwrap_or(latest);
            (latest, utterance)
        })
        .collect();
    keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
    utterances.extend(keyed.into_iter().map(|(_, utterance)| utterance));
}

/// Joins two pieces of one turn: with a space between Latin words, with nothing
/// between Chinese ones.
pub fn join(left: &mut String, right: &str) {
    let right = right.trim();
    let spaced = left.chars().next_back().is_some_and(is_latin)
        && right.chars().next().is_some_and(is_latin);
    if spaced {
        left.push(' ');
    }
    left.push_str(right);
}

fn is_latin(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, ',' | '.' | '!' | '?' | ';')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_join_as_their_script_asks() {
        let mut text = "您好".to_owned();
        join(&mut text, "请问");
        join(&mut text, "VIP");
        join(&mut text, "member");
        assert_eq!(text, "您好请问VIP member");
    }

    #[test]
    fn turns_without_time_stay_behind_their_neighbour() {
        let turn = |text: &str, start| Utterance {
            start,
            ..Utterance::of(Some(text.to_owned()))
        };
        let mut turns = vec![
            turn("b", Clock::At(5.0)),
            turn("c", Clock::Absent),
            turn("a", Clock::At(1.0)),
        ];
        sort_by_start(&mut turns);
        let texts: Vec<_> = turns.iter().filter_map(|t| t.text.as_deref()).collect();
        assert_eq!(texts, ["a", "b", "c"]);
    }
}

//! The rows of one call of a table.

use serde_json::Value;

use crate::call::{Meta, Warning};
use crate::input::error::Problem;
use crate::input::meta;
use crate::input::times::{Unit, clock_of_text};
use crate::input::transcript::{Clock, Transcript, Utterance};

use super::csv_columns::{ColumnUnit, Columns};

/// Turns longer than this, read as seconds, show that the numbers are
/// milliseconds.
const LONGEST_TURN_S: f64 = 200.0;

/// One turn of a table.
pub struct Row {
    /// The call it belongs to; `None` for the call of the row before.
    pub id: Option<String>,
    utterance: Utterance,
    start: String,
    extra: Vec<String>,
}

impl Row {
    /// Takes the fields apart; there are at least as many as the text needs.
    pub fn new(columns: &Columns, fields: &[String]) -> Self {
        let field = |at: usize| {
            fields
                .get(at)
                .map(|field| field.trim().to_owned())
                .filter(|field| !field.is_empty())
        };
        let raw =
            |at: Option<(usize, ColumnUnit)>| at.and_then(|(at, _)| field(at)).unwrap_or_default();
        let time = |at: Option<(usize, ColumnUnit)>| {
            clock_of_text(
                &raw(at),
                at.map_or(Unit::Seconds, |(_, unit)| unit.assumed()),
            )
        };
        let utterance = Utterance::of(Some(
            fields
                .get(columns.text)
                .map(|text| text.trim().to_owned())
                .unwrap_or_default(),
        ))
        .by(columns.speaker.and_then(field))
        .on(columns.channel.and_then(field))
        .at(time(columns.start), time(columns.end));
        Self {
            id: columns.id.and_then(field),
            utterance,
            start: raw(columns.start),
            extra: columns
                .extra
                .iter()
                .map(|(at, _)| field(*at).unwrap_or_default())
                .collect(),
        }
    }
}

impl ColumnUnit {
    fn assumed(self) -> Unit {
        match self {
            Self::Named(unit) => unit,
            Self::Bare => Unit::Seconds,
        }
    }
}

/// A further column: its value while all rows agree on one.
struct Extra {
    name: String,
    value: String,
    differs: bool,
}

/// A call while its rows are read.
pub struct Rows {
    line: u64,
    id: Option<String>,
    utterances: Vec<Utterance>,
    extra: Vec<Extra>,
    first_start: String,
    bare_unit: bool,
}

impl Rows {
    /// A call that begins with this row, at this line of the file.
    pub fn new(line: u64, row: Row, columns: &Columns) -> Self {
        let bare = |time: Option<(usize, ColumnUnit)>| {
            time.is_none_or(|(_, unit)| unit == ColumnUnit::Bare)
        };
        let extra = columns
            .extra
            .iter()
            .map(|(_, name)| Extra {
                name: name.clone(),
                value: String::new(),
                differs: false,
            })
            .collect();
        let mut rows = Self {
            line,
            id: row.id.clone(),
            utterances: Vec::new(),
            extra,
            first_start: row.start.clone(),
            bare_unit: columns.start.is_some() && bare(columns.start) && bare(columns.end),
        };
        rows.push(row);
        rows
    }

    /// Adds a turn.
    pub fn push(&mut self, row: Row) {
        for (extra, value) in self.extra.iter_mut().zip(row.extra) {
            if extra.value.is_empty() {
                extra.value = value;
            } else {
                extra.differs |= !value.is_empty() && extra.value != value;
            }
        }
        self.utterances.push(row.utterance);
    }

    /// The call.
    pub fn finish(mut self) -> (u64, Result<Transcript, Problem>) {
        let mut warnings = Vec::new();
        let mut id = self.id.take();
        let mut found = Meta::new();
        self.start_of_call(&mut found);
        if self.bare_unit && self.seconds_are_millis() {
            warnings.push(Warning::call(
                "time_unit_assumed",
                "the times are taken as milliseconds, because they cannot be seconds; name the columns start_ms and end_ms, or start_s and end_s",
            ));
        }
        for extra in self
            .extra
            .into_iter()
            .filter(|extra| !extra.differs && !extra.value.is_empty())
        {
            let value = Value::from(extra.value);
            if meta::canonical(&extra.name).is_none()
                || !meta::put(&mut id, &mut found, &extra.name, &value)
            {
                found.entry(extra.name).or_insert(value);
            }
        }
        (
            self.line,
            Ok(Transcript {
                id,
                meta: found,
                utterances: self.utterances,
                warnings,
            }),
        )
    }

    /// Dates with a time of day tell when the call began; when all rows have
    /// the same one, they tell nothing else.
    fn start_of_call(&mut self, found: &mut Meta) {
        let dated = |turn: &Utterance| match turn.start {
            Clock::Dated(ms) => Some(ms),
            _ => None,
        };
        let Some(first) = self.utterances.first().and_then(dated) else {
            return;
        };
        found.insert(
            "started_at".to_owned(),
            Value::from(self.first_start.clone()),
        );
        let same = self
            .utterances
            .iter()
            .all(|turn| dated(turn).is_some_and(|ms| (ms - first).abs() < 0.5));
        if same && self.utterances.len() > 1 {
            for turn in &mut self.utterances {
                (turn.start, turn.end) = (Clock::Absent, Clock::Absent);
            }
        }
    }

    /// Corrects whole numbers that would make turns of minutes to milliseconds;
    /// true when it did.
    fn seconds_are_millis(&mut self) -> bool {
        let whole = |clock: Clock| match clock {
            Clock::At(ms) => (ms / 1000.0).fract() == 0.0,
            Clock::Dated(_) => false,
            Clock::Absent | Clock::Unreadable => true,
        };
        if !self
            .utterances
            .iter()
            .all(|turn| whole(turn.start) && whole(turn.end))
        {
            return false;
        }
        let median = typical_length(&self.utterances);
        if median <= LONGEST_TURN_S * 1000.0 {
            return false;
        }
        let millis = |clock: Clock| match clock {
            Clock::At(ms) => Clock::At(ms / 1000.0),
            other => other,
        };
        for turn in &mut self.utterances {
            (turn.start, turn.end) = (millis(turn.start), millis(turn.end));
        }
        true
    }
}

/// The median length of the turns, or of the time between their starts, in
/// milliseconds; 0 when there are no times.
fn typical_length(utterances: &[Utterance]) -> f64 {
    let mut lengths: Vec<f64> = utterances
        .iter()
        .filter_map(|turn| Some(turn.end.millis()? - turn.start.millis()?))
        .collect();
    if lengths.is_empty() {
        let starts: Vec<f64> = utterances
            .iter()
            .filter_map(|turn| turn.start.millis())
            .collect();
        lengths = starts
            .windows(2)
            .filter_map(|pair| Some(pair.last()? - pair.first()?))
            .collect();
    }
    lengths.sort_by(f64::total_cmp);
    lengths.get(lengths.len() / 2).copied().unwrap_or_default()
}

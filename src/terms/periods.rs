//! Calls by time, in a bounded number of buckets whose width grows with the
//! time the batch spans.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::keyness::{chi_square_tail, log_likelihood};
use crate::call::Meta;

/// More buckets than this are merged in pairs.
const MOST_BUCKETS: usize = 128;
/// Fewer calls with a start time than this in either period allow no comparison.
const FEWEST_CALLS: u64 = 5;

/// How a term's share of the calls changed from the earlier half of the
/// batch's calls to the later one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// Share of the earlier calls that have the term, 0..1.
    pub earlier_share: f64,
    /// Share of the later calls that have the term, 0..1.
    pub later_share: f64,
    /// Log-likelihood G² of the difference; negative where the term became rarer.
    pub g: f64,
    /// Probability of a difference as large as this by chance (χ², one degree
    /// of freedom).
    pub p: f64,
    /// `p` corrected for the number of terms compared: of the terms with a `q`
    /// of at most this, such a share is expected to have changed by chance only
    /// (Benjamini and Hochberg 1995), 0..1.
    #[serde(default = "unknown_q")]
    pub q: f64,
}

/// What an older heatmap counts as: nothing is known to have changed.
fn unknown_q() -> f64 {
    1.0
}

/// Corrects each `p` for the number of changes.
pub(super) fn correct_for_many<'c>(changes: impl IntoIterator<Item = &'c mut Change>) {
    let mut changes: Vec<&mut Change> = changes.into_iter().collect();
    changes.sort_by(|a, b| b.p.total_cmp(&a.p));
    let count = changes.len();
    let mut least = 1.0_f64;
    for (at, change) in changes.into_iter().enumerate() {
        least = least.min(change.p * count as f64 / (count - at) as f64);
        change.q = least;
    }
}

/// Counts by time, sorted by bucket. The width is common to all tallies of a
/// batch.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally(Vec<(i64, u32)>);

impl Tally {
    pub(super) fn add(&mut self, at: i64, width: Width) {
        self.count(width.bucket(at), 1);
    }

    fn count(&mut self, bucket: i64, count: u32) {
        match self.0.binary_search_by_key(&bucket, |&(bucket, _)| bucket) {
            Ok(found) => self.0[found].1 = self.0[found].1.saturating_add(count),
            Err(place) => self.0.insert(place, (bucket, count)),
        }
    }

    /// Merges neighbouring buckets.
    pub(super) fn halve(&mut self) {
        for (bucket, count) in std::mem::take(&mut self.0) {
            self.count(bucket.div_euclid(2), count);
        }
    }

    /// Adds the counts of another tally of the same width.
    pub(super) fn join(&mut self, other: &Self) {
        for &(bucket, count) in &other.0 {
            self.count(bucket, count);
        }
    }

    /// Takes one count back.
    pub(super) fn remove(&mut self, at: i64, width: Width) {
        let bucket = width.bucket(at);
        if let Ok(found) = self.0.binary_search_by_key(&bucket, |&(bucket, _)| bucket) {
            self.0[found].1 = self.0[found].1.saturating_sub(1);
        }
    }

    pub(super) fn is_crowded(&self) -> bool {
        self.0.len() > MOST_BUCKETS
    }

    pub(super) fn total(&self) -> u64 {
        self.0.iter().map(|&(_, count)| u64::from(count)).sum()
    }

    fn before(&self, bucket: i64) -> u64 {
        self.0
            .iter()
            .take_while(|(other, _)| *other < bucket)
            .map(|&(_, count)| u64::from(count))
            .sum()
    }

    /// The bucket at which the later period starts: the one that parts the
    /// calls most evenly.
    fn middle(&self) -> Option<i64> {
        let total = self.total();
        let uneven = |&bucket: &i64| self.before(bucket).abs_diff(total - self.before(bucket));
        let middle = self
            .0
            .iter()
            .map(|&(bucket, _)| bucket)
            .min_by_key(uneven)?;
        let earlier = self.before(middle);
        (earlier >= FEWEST_CALLS && total - earlier >= FEWEST_CALLS).then_some(middle)
    }
}

/// Width of the buckets: 2^n seconds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Width(u32);

impl Width {
    fn bucket(self, at: i64) -> i64 {
        at >> self.0
    }

    pub(super) fn doubled(self) -> Self {
        Self((self.0 + 1).min(62))
    }
}

/// Where the batch's calls are parted, and how many lie on either side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Halves {
    middle: i64,
    earlier: u64,
    later: u64,
}

impl Halves {
    /// `None` where too few calls carry a start time, or all the same one.
    pub(super) fn of(calls: &Tally) -> Option<Self> {
        let middle = calls.middle()?;
        let earlier = calls.before(middle);
        Some(Self {
            middle,
            earlier,
            later: calls.total() - earlier,
        })
    }

    pub(super) fn change(&self, term: &Tally) -> Change {
        let earlier = term.before(self.middle);
        let later = term.total() - earlier;
        let g = log_likelihood(
            later as f64,
            self.later as f64,
            earlier as f64,
            self.earlier as f64,
        );
        let p = chi_square_tail(g.abs());
        Change {
            earlier_share: earlier as f64 / self.earlier as f64,
            later_share: later as f64 / self.later as f64,
            g,
            p,
            q: p,
        }
    }
}

/// When a call started, in seconds since 1970 UTC, by its `started_at`: an ISO
/// 8601 date with or without time and offset (without one, UTC), or seconds or
/// milliseconds since 1970. `None` where it is missing or unreadable.
pub fn started_at(meta: &Meta) -> Option<i64> {
    match meta.get("started_at")? {
        Value::Number(number) => number.as_f64().map(seconds_of_epoch),
        Value::String(text) => match text.trim().parse::<f64>() {
            // 8 and 14 digits are dates: 20240501, 20240501102030.
            Ok(number) if !matches!(text.trim().len(), 8 | 14) => Some(seconds_of_epoch(number)),
            _ => seconds_of_iso(text.trim()),
        },
        _ => None,
    }
}

/// Seconds or milliseconds since 1970, told apart by their size.
fn seconds_of_epoch(number: f64) -> i64 {
    if number.abs() >= 1e11 {
        (number / 1000.0) as i64
    } else {
        number as i64
    }
}

/// Reads `2024-05-01`, `2024/05/01 10:20`, `2024-05-01T10:20:30.5+08:00`, `20240501102030`.
fn seconds_of_iso(text: &str) -> Option<i64> {
    let (moment, offset) = split_offset(text);
    let digits: Vec<u8> = moment
        .bytes()
        .filter(u8::is_ascii_digit)
        .map(|digit| digit - b'0')
        .collect();
    let number = |from: usize, to: usize| -> Option<i64> {
        Some(
            digits
                .get(from..to)?
                .iter()
                .fold(0, |sum, &digit| sum * 10 + i64::from(digit)),
        )
    };
    let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
    let (hour, minute, second) = (
        number(8, 10).unwrap_or(0),
        number(10, 12).unwrap_or(0),
        number(12, 14).unwrap_or(0),
    );
    let sound = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    sound.then(|| {
        days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
    })
}

/// Parts a moment from its offset in seconds.
fn split_offset(text: &str) -> (&str, i64) {
    let Some(time) = text.find(['T', 't', ' ']) else {
        return (text, 0);
    };
    let Some(sign) = text[time..].find(['+', '-']).map(|at| at + time) else {
        return (text, 0);
    };
    let digits: Vec<i64> = text[sign + 1..]
        .bytes()
        .filter(u8::is_ascii_digit)
        .map(|digit| i64::from(digit - b'0'))
        .collect();
    let [a, b, c, d] = digits[..] else {
        return (&text[..sign], 0);
    };
    let seconds = (a * 10 + b) * 3600 + (c * 10 + d) * 60;
    (
        &text[..sign],
        if text[sign..].starts_with('-') {
            -seconds
        } else {
            seconds
        },
    )
}

/// Days since 1970-01-01 (Howard Hinnant, chrono-compatible date algorithms).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: Value) -> Option<i64> {
        started_at(&Meta::from_iter([("started_at".to_owned(), value)]))
    }

    #[test]
    fn start_times_of_every_form_are_read() {
        let expected = Some(1_714_530_030);
        assert_eq!(read("2024-05-01T10:20:30+08:00".into()), expected);
        assert_eq!(read("2024-05-01 02:20:30".into()), expected);
        assert_eq!(read("2024-05-01T02:20:30.250Z".into()), expected);
        assert_eq!(read("20240501022030".into()), expected);
        assert_eq!(read(1_714_530_030_i64.into()), expected);
        assert_eq!(read(1_714_530_030_000_i64.into()), expected);
        assert_eq!(read("2024-05-01".into()), Some(1_714_521_600));
        assert_eq!(read("soon".into()), None);
        assert_eq!(read("2024-13-01".into()), None);
        assert_eq!(started_at(&Meta::new()), None);
    }

    #[test]
    fn a_rising_term_is_told_from_a_steady_one() {
        let (mut calls, mut rising, mut steady) =
            (Tally::default(), Tally::default(), Tally::default());
        let width = Width::default();
        for at in 0..100 {
            calls.add(at, width);
            if at % 10 == 0 {
                steady.add(at, width);
            }
            if at > 80 {
                rising.add(at, width);
            }
        }
        let halves = Halves::of(&calls).unwrap();
        assert!(halves.change(&rising).p < 0.001);
        assert!(halves.change(&rising).later_share > halves.change(&rising).earlier_share);
        assert!(halves.change(&steady).p > 0.5);
    }

    #[test]
    fn of_many_changes_a_weak_one_is_not_believed() {
        let change = |p| Change {
            earlier_share: 0.1,
            later_share: 0.2,
            g: 1.0,
            p,
            q: p,
        };
        let mut changes = [0.04, 0.001, 0.9, 0.03].map(change);
        correct_for_many(&mut changes);
        let expected = [0.04 * 4.0 / 3.0, 0.004, 0.9, 0.04 * 4.0 / 3.0];
        for (change, expected) in changes.iter().zip(expected) {
            assert!((change.q - expected).abs() < 1e-12, "{changes:?}");
        }
    }
}

//! Times in the units and notations that transcripts use, as milliseconds.

use serde_json::Value;

use super::transcript::Clock;

/// The unit of a bare number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Millis,
    /// Microseconds.
    Micros,
    /// Azure's ticks of 100 ns.
    Ticks,
}

impl Unit {
    fn to_millis(self, value: f64) -> f64 {
        match self {
            Self::Seconds => value * 1000.0,
            Self::Millis => value,
            Self::Micros => value / 1000.0,
            Self::Ticks => value / 10_000.0,
        }
    }
}

/// A time from a JSON value: a number, a number in a string, `h:mm:ss`,
/// `PT1.5S`, `1.5s`, or a date with a time of day.
pub fn clock(value: Option<&Value>, unit: Unit) -> Clock {
    match value {
        None | Some(Value::Null) => Clock::Absent,
        Some(Value::Number(number)) => number
            .as_f64()
            .map_or(Clock::Unreadable, |n| Clock::At(unit.to_millis(n))),
        Some(Value::String(text)) => clock_of_text(text, unit),
        Some(_) => Clock::Unreadable,
    }
}

/// A time from text; a bare number is in `unit`.
pub fn clock_of_text(text: &str, unit: Unit) -> Clock {
    let text = text.trim();
    if text.is_empty() || text.eq_ignore_ascii_case("null") {
        return Clock::Absent;
    }
    if let Ok(number) = text.parse::<f64>() {
        return if number.is_finite() {
            Clock::At(unit.to_millis(number))
        } else {
            Clock::Unreadable
        };
    }
    colons(text)
        .or_else(|| iso_duration(text))
        .map(Clock::At)
        .or_else(|| suffixed(text).map(Clock::At))
        .or_else(|| date_time(text).map(Clock::Dated))
        .unwrap_or(Clock::Unreadable)
}

/// `m:ss`, `h:mm:ss`, with `.` or `,` before a fraction, as milliseconds.
pub fn colons(text: &str) -> Option<f64> {
    let text = text.trim().replace(',', ".").replace('：', ":");
    let parts: Vec<&str> = text.split(':').collect();
    if !(2..=3).contains(&parts.len()) {
        return None;
    }
    let mut seconds = 0.0;
    for (position, part) in parts.iter().enumerate() {
        let last = position + 1 == parts.len();
        let well_formed = !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_digit() || (last && c == '.'))
            && part.starts_with(|c: char| c.is_ascii_digit());
        if !well_formed {
            return None;
        }
        seconds = seconds * 60.0 + part.parse::<f64>().ok()?;
    }
    Some((seconds * 1000.0).round())
}

/// An ISO 8601 duration of hours, minutes and seconds, such as `PT1M2.5S`.
pub fn iso_duration(text: &str) -> Option<f64> {
    let upper = text.trim().to_ascii_uppercase();
    let mut rest = upper.strip_prefix("PT")?;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let at = rest.find(|c: char| c.is_ascii_alphabetic())?;
        let (number, tail) = rest.split_at(at);
        let number: f64 = number.parse().ok()?;
        let mut letters = tail.chars();
        seconds += match letters.next()? {
            'H' => number * 3600.0,
            'M' => number * 60.0,
            'S' => number,
            _ => return None,
        };
        rest = letters.as_str();
    }
    Some(seconds * 1000.0)
}

/// `1.5s` (Google), `1500ms`, `12秒`.
fn suffixed(text: &str) -> Option<f64> {
    let units = [("毫秒", 1.0), ("ms", 1.0), ("秒", 1000.0), ("s", 1000.0)];
    units.iter().find_map(|(suffix, scale)| {
        let number = text.strip_suffix(suffix)?.trim().parse::<f64>().ok()?;
        number.is_finite().then_some(number * scale)
    })
}

/// `2024-05-01 10:00:12.5`, with `/`, `T`, a zone or none, as milliseconds from
/// 1970. Without a zone the time counts as UTC: only differences are used.
pub fn date_time(text: &str) -> Option<f64> {
    let text = text.trim();
    let (date, time) = text.split_once(['T', ' '])?;
    let mut fields = date.split(['-', '/', '.']).map(str::parse::<i64>);
    let (year, month, day) = (
        fields.next()?.ok()?,
        fields.next()?.ok()?,
        fields.next()?.ok()?,
    );
    let plausible = fields.next().is_none()
        && (1900..3000).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day);
    if !plausible {
        return None;
    }
    let (time, offset) = zone(time.trim())?;
    let of_day = colons(time)?;
    Some(days_from_1970(year, month, day) as f64 * 86_400_000.0 + of_day - offset)
}

/// Splits a trailing `Z`, `+08:00` or `+0800` from a time of day.
fn zone(time: &str) -> Option<(&str, f64)> {
    if let Some(time) = time.strip_suffix(['Z', 'z']) {
        return Some((time, 0.0));
    }
    let Some(at) = time.find(['+', '-']) else {
        return Some((time, 0.0));
    };
    let (time, zone) = time.split_at(at);
    let sign = if zone.starts_with('-') { -1.0 } else { 1.0 };
    let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
    let number: f64 = digits.parse().ok()?;
    let (hours, minutes) = if digits.len() > 2 {
        ((number / 100.0).floor(), number % 100.0)
    } else {
        (number, 0.0)
    };
    Some((time, sign * (hours * 60.0 + minutes) * 60_000.0))
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar (Howard Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`).
fn days_from_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_notations_become_milliseconds() {
        let cases = [
            ("1.5", Unit::Seconds, Clock::At(1500.0)),
            ("1500", Unit::Millis, Clock::At(1500.0)),
            ("1500000", Unit::Micros, Clock::At(1500.0)),
            ("15000000", Unit::Ticks, Clock::At(1500.0)),
            ("00:01.500", Unit::Seconds, Clock::At(1500.0)),
            ("1:00:01,5", Unit::Seconds, Clock::At(3_601_500.0)),
            ("PT1M2.5S", Unit::Ticks, Clock::At(62_500.0)),
            ("1.5s", Unit::Millis, Clock::At(1500.0)),
            ("-3", Unit::Millis, Clock::At(-3.0)),
            ("", Unit::Millis, Clock::Absent),
            ("soon", Unit::Millis, Clock::Unreadable),
            ("inf", Unit::Millis, Clock::Unreadable),
            ("1:x", Unit::Millis, Clock::Unreadable),
        ];
        for (text, unit, expected) in cases {
            assert_eq!(clock_of_text(text, unit), expected, "{text}");
        }
    }

    #[test]
    fn dates_count_from_1970() {
        assert_eq!(date_time("1970-01-02 00:00:01"), Some(86_401_000.0));
        assert_eq!(date_time("2000-03-01T00:00:00Z"), Some(951_868_800_000.0));
        assert_eq!(
            date_time("2000/03/01 08:00:00+08:00"),
            Some(951_868_800_000.0)
        );
        assert_eq!(date_time("2000-13-01 00:00:00"), None);
    }
}

use std::io::{self, Write};

use super::{BatchTail, Destination, Report};
use crate::arc::TurningPoint;
use crate::heatmap::{CallReport, TurnReport};

const HEADER: [&str; 17] = [
    "call_id",
    "turn",
    "speaker",
    "start_ms",
    "end_ms",
    "text",
    "label",
    "valence",
    "negative",
    "neutral",
    "positive",
    "terms",
    "categories",
    "signals",
    "turning_point",
    "risk",
    "level",
];

/// One row a turn, opens in Excel: UTF-8 with byte-order mark, CRLF, and no
/// cell that a spreadsheet would take for a formula.
pub struct CsvReport {
    out: csv::Writer<Destination>,
}

impl CsvReport {
    /// Writes the header row.
    pub fn begin(mut out: Destination) -> io::Result<Self> {
        out.write_all("\u{feff}".as_bytes())?;
        let mut out = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(out);
        out.write_record(HEADER)?;
        Ok(Self { out })
    }
}

impl Report for CsvReport {
    fn push(&mut self, call: &CallReport) -> io::Result<()> {
        for turn in &call.turns {
            let point = call
                .turning_points
                .iter()
                .find(|point| point.turn == turn.index);
            self.out.write_record(row(call, turn, point))?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>, _: &BatchTail) -> io::Result<()> {
        let out = self
            .out
            .into_inner()
            .map_err(csv::IntoInnerError::into_error)?;
        out.finish()
    }
}

fn row(call: &CallReport, turn: &TurnReport, point: Option<&TurningPoint>) -> [String; 17] {
    let terms: Vec<&str> = turn.terms.iter().map(|found| found.term.as_str()).collect();
    let mut categories: Vec<&str> = turn
        .terms
        .iter()
        .map(|found| found.category.name())
        .collect();
    categories.sort_unstable();
    categories.dedup();
    let signals: Vec<String> = turn.signals.iter().map(name).collect();
    let number = |value: Option<u64>| value.map(|ms| ms.to_string()).unwrap_or_default();
    [
        defused(&call.call_id),
        turn.index.to_string(),
        name(&turn.speaker),
        number(turn.start_ms),
        number(turn.end_ms),
        defused(&turn.text),
        name(&turn.label),
        turn.valence.to_string(),
        turn.probabilities.negative.to_string(),
        turn.probabilities.neutral.to_string(),
        turn.probabilities.positive.to_string(),
        defused(&terms.join("；")),
        categories.join(";"),
        signals.join(";"),
        point
            .map(|point| name(&point.direction))
            .unwrap_or_default(),
        call.escalation.risk.to_string(),
        name(&call.escalation.level),
    ]
}

/// The name a value has in the JSON output.
fn name(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}

/// A leading `'` keeps a spreadsheet from running the cell as a formula
/// (OWASP, CSV injection); full-width signs count, since Excel takes them too.
fn defused(text: &str) -> String {
    let dangerous = matches!(
        text.chars().next(),
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠')
    );
    if dangerous {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::defused;

    #[test]
    fn formulas_are_defused() {
        assert_eq!(defused("=HYPERLINK(\"x\")"), "'=HYPERLINK(\"x\")");
        assert_eq!(defused("＝1+1"), "'＝1+1");
        assert_eq!(defused("我要投诉"), "我要投诉");
    }
}

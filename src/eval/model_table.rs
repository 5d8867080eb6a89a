use std::fmt::Write;

use super::models::{Difference, ModelComparison, ModelFigures};
use super::statistics::Estimate;
use crate::sentiment::Label;

const MIB: f64 = 1024.0 * 1024.0;

/// The comparison as text for a terminal: one column a model.
pub fn model_table(comparison: &ModelComparison) -> String {
    let [negative, neutral, positive] = comparison.counts;
    let mut out = format!(
        "{} texts in {} groups: {negative} negative, {neutral} neutral, {positive} positive; 95 % intervals in brackets\n",
        comparison.texts, comparison.groups
    );
    if comparison.binary {
        out.push_str("only two classes: of negative and positive the more probable counts\n");
    }
    let models = &comparison.models;
    let mut rows = Rows::new(models);
    rows.push("model", |m| m.model.name.clone());
    rows.push("folder", |m| m.folder.clone());
    rows.push("runtime", |m| m.model.runtime.clone());
    rows.push("size", |m| format!("{:.1} MiB", m.bytes as f64 / MIB));
    rows.push("accuracy", |m| estimate(&m.accuracy));
    rows.push("macro-F1", |m| estimate(&m.macro_f1));
    if models.iter().any(|m| m.spearman.is_some()) {
        rows.push("Spearman", |m| {
            m.spearman.as_ref().map_or_else(String::new, estimate)
        });
    }
    rows.push("calibration error", |m| {
        format!("{:.3}", m.calibration_error)
    });
    for class in 0..3 {
        classes(&mut rows, class);
    }
    rows.push("turns/s", |m| {
        format!("{:.1} on {} threads", m.turns_per_second, m.threads)
    });
    rows.push("peak memory", |m| {
        m.peak_bytes.map_or_else(
            || "unknown".to_owned(),
            |bytes| format!("{:.0} MiB", bytes as f64 / MIB),
        )
    });
    if models.iter().any(|m| m.difference.is_some()) {
        let part = |pick: fn(&Difference) -> Option<Estimate>| {
            move |m: &ModelFigures| {
                m.difference
                    .as_ref()
                    .and_then(pick)
                    .map_or_else(String::new, |e| signed(&e))
            }
        };
        rows.push("to the first: accuracy", part(|d| Some(d.accuracy)));
        rows.push("  macro-F1", part(|d| Some(d.macro_f1)));
        rows.push("  Spearman", part(|d| d.spearman));
    }
    rows.write(&mut out);
    for model in models {
        confusion(&mut out, model);
    }
    out
}

fn classes(rows: &mut Rows<'_>, class: usize) {
    let name = |label: Label| match label {
        Label::Negative => "negative",
        Label::Neutral => "neutral",
        Label::Positive => "positive",
    };
    let figures = |m: &ModelFigures| m.classes.get(class).cloned();
    let Some(first) = rows.models.first().and_then(figures) else {
        return;
    };
    if first.gold == 0 {
        return;
    }
    let shown =
        |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"));
    rows.push(&format!("{} P / R / F1", name(first.label)), |m| {
        figures(m).map_or_else(String::new, |class| {
            format!(
                "{} / {} / {} ({} of {})",
                shown(class.precision),
                shown(class.recall),
                shown(class.f1),
                class.right,
                class.gold
            )
        })
    });
}

fn estimate(figure: &Estimate) -> String {
    format!(
        "{:.3} [{:.3}, {:.3}]",
        figure.value, figure.low, figure.high
    )
}

fn signed(figure: &Estimate) -> String {
    format!(
        "{:+.3} [{:+.3}, {:+.3}]",
        figure.value, figure.low, figure.high
    )
}

fn confusion(out: &mut String, model: &ModelFigures) {
    let _ = writeln!(out, "\n{}: gold \\ found", model.folder);
    let names = ["negative", "neutral", "positive"];
    let _ = writeln!(
        out,
        "  {:<10}{:>9} {:>9} {:>9}",
        "", names[0], names[1], names[2]
    );
    for (name, cells) in names.iter().zip(&model.confusion) {
        let _ = writeln!(
            out,
            "  {name:<10}{:>9} {:>9} {:>9}",
            cells[0], cells[1], cells[2]
        );
    }
}

/// Rows of a table whose columns are the models.
struct Rows<'a> {
    models: &'a [ModelFigures],
    rows: Vec<(String, Vec<String>)>,
}

impl<'a> Rows<'a> {
    fn new(models: &'a [ModelFigures]) -> Self {
        Self {
            models,
            rows: Vec::new(),
        }
    }

    fn push(&mut self, title: &str, cell: impl Fn(&ModelFigures) -> String) {
        let cells = self.models.iter().map(cell).collect();
        self.rows.push((title.to_owned(), cells));
    }

    fn write(&self, out: &mut String) {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|(_, cells)| cells.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.models.len()).map(width).collect();
        for (title, cells) in &self.rows {
            let mut line = format!("  {title:<22}");
            for (cell, width) in cells.iter().zip(&widths) {
                let _ = write!(line, "  {cell:<width$}");
            }
            let _ = writeln!(out, "{}", line.trim_end());
        }
    }
}

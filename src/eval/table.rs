use std::fmt::Write;

use super::{
    Estimate, Evaluation, Matches, Points, RiskFigures, Satisfaction, Signals, Terms, Turns,
};

/// How many calls with errors and phrases the table lists; the JSON has more.
const LISTED: usize = 10;

/// The figures as text for a terminal, one block a finding.
pub fn table(evaluation: &Evaluation) -> String {
    let mut out = format!("{} calls; 95 % intervals in brackets\n", evaluation.calls);
    evaluation
        .turns
        .iter()
        .for_each(|turns| push_turns(turns, &mut out));
    evaluation
        .terms
        .iter()
        .for_each(|terms| push_terms(terms, &mut out));
    evaluation
        .turning_points
        .iter()
        .for_each(|points| push_points(points, &mut out));
    evaluation
        .signals
        .iter()
        .for_each(|signals| push_signals(signals, &mut out));
    evaluation
        .risk
        .iter()
        .for_each(|risk| push_risk(risk, &mut out));
    evaluation
        .satisfaction
        .iter()
        .for_each(|s| push_satisfaction(s, &mut out));
    out
}

fn push_turns(turns: &Turns, out: &mut String) {
    let _ = writeln!(out, "\nturns: {} of the customer", turns.turns);
    row(out, "macro-F1", &turns.macro_f1);
    row(out, "Spearman of valence", &turns.spearman);
    confusion(out, ["negative", "neutral", "positive"], &turns.confusion);
}

fn push_terms(terms: &Terms, out: &mut String) {
    let _ = writeln!(out, "\ncomplaint terms: {} turns", terms.turns);
    matches(out, &terms.matches);
    row(out, "category accuracy", &terms.category_accuracy);
    for (name, phrases) in [("missed", &terms.missed), ("wrong", &terms.wrong)] {
        let listed: Vec<_> = phrases
            .iter()
            .take(LISTED)
            .map(|phrase| format!("{} {}", phrase.term, phrase.count))
            .collect();
        let _ = writeln!(out, "  most often {name}: {}", listed.join(", "));
    }
}

fn push_points(points: &Points, out: &mut String) {
    let _ = writeln!(out, "\nturning points: {} calls", points.calls);
    matches(out, &points.matches);
    if let Some(distance) = points.mean_distance {
        let _ = writeln!(
            out,
            "  {:<22} {distance:.3} customer turns",
            "mean distance"
        );
    }
    let listed: Vec<_> = points
        .errors
        .iter()
        .take(LISTED)
        .map(|call| {
            format!(
                "{} (missed {}, wrong {})",
                call.call_id,
                call.missed.len(),
                call.wrong.len()
            )
        })
        .collect();
    let _ = writeln!(
        out,
        "  {} calls with errors: {}",
        points.errors.len(),
        listed.join(", ")
    );
}

fn push_signals(signals: &Signals, out: &mut String) {
    let _ = writeln!(out, "\nescalation signals: {} turns", signals.turns);
    matches(out, &signals.any);
    for (kind, of_kind) in &signals.by_kind {
        let _ = writeln!(out, "  {kind}");
        matches(out, of_kind);
    }
    let found: Vec<_> = signals
        .found
        .iter()
        .map(|(kind, turns)| format!("{kind} {turns}"))
        .collect();
    let _ = writeln!(out, "  found: {}", found.join(", "));
}

fn push_risk(risk: &RiskFigures, out: &mut String) {
    let _ = writeln!(out, "\nescalation risk: {} calls", risk.calls);
    row(out, "AUC high : rest", &risk.auc_high);
    row(out, "AUC not low : low", &risk.auc_medium);
    row(out, "calibration error", &risk.calibration_error);
    for bin in &risk.calibration {
        let _ = writeln!(
            out,
            "    risk {:.2}: {:.2} high of {} calls",
            bin.risk, bin.high, bin.calls
        );
    }
    row(out, "level accuracy", &risk.level_accuracy);
    confusion(out, ["low", "medium", "high"], &risk.confusion);
}

fn push_satisfaction(satisfaction: &Satisfaction, out: &mut String) {
    let _ = writeln!(
        out,
        "\nrisk against satisfaction: {} calls, {} dissatisfied",
        satisfaction.calls, satisfaction.dissatisfied
    );
    row(out, "Spearman", &satisfaction.spearman);
    row(out, "AUC dissatisfied", &satisfaction.auc_dissatisfied);
}

fn matches(out: &mut String, matches: &Matches) {
    row(out, "precision", &matches.precision);
    row(out, "recall", &matches.recall);
    row(out, "F1", &matches.f1);
    let _ = writeln!(
        out,
        "  {:<22} {} gold, {} found, {} matched",
        "counts", matches.gold, matches.found, matches.matched
    );
}

fn row(out: &mut String, name: &str, figure: &Estimate) {
    let _ = writeln!(
        out,
        "  {name:<22} {:.3} [{:.3}, {:.3}]",
        figure.value, figure.low, figure.high
    );
}

fn confusion(out: &mut String, names: [&str; 3], table: &[[usize; 3]; 3]) {
    let _ = writeln!(
        out,
        "  gold \\ found  {:>9} {:>9} {:>9}",
        names[0], names[1], names[2]
    );
    for (name, cells) in names.iter().zip(table) {
        let _ = writeln!(
            out,
            "  {name:<12}  {:>9} {:>9} {:>9}",
            cells[0], cells[1], cells[2]
        );
    }
}

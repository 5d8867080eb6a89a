use std::fmt::Write;

use super::{Check, Mend, PortFact, RuntimeFacts};
use crate::sentiment::score::Label;

/// The check as text for a terminal.
pub fn table(check: &Check) -> String {
    let mut out = String::new();
    let name = check.name.as_deref().unwrap_or("model");
    let _ = writeln!(out, "{name} ({})", check.folder);
    if let (Some(file), Some(bytes)) = (&check.file, check.bytes) {
        let mib = bytes as f64 / f64::from(1 << 20);
        let quantised = match check.dynamically_quantised {
            Some(true) => ", quantised at run time",
            _ => "",
        };
        row(
            &mut out,
            "file",
            &format!(
                "{}, {mib:.2} MiB ({bytes} bytes){quantised}",
                file.display()
            ),
        );
    }
    for (title, value) in [("SHA-256", &check.sha256), ("licence", &check.license)] {
        if let Some(value) = value {
            row(&mut out, title, value);
        }
    }
    ports(&mut out, "inputs", &check.inputs);
    ports(&mut out, "outputs", &check.outputs);
    let labels: Vec<String> = check
        .labels
        .iter()
        .map(|label| {
            let meaning = match label.meaning {
                Label::Negative => "negative",
                Label::Neutral => "neutral",
                Label::Positive => "positive",
            };
            if label.name == meaning {
                meaning.to_owned()
            } else {
                format!("{} = {meaning}", label.name)
            }
        })
        .collect();
    if !labels.is_empty() {
        row(&mut out, "labels", &labels.join(", "));
    }
    lengths(&mut out, check);
    for runtime in &check.runtimes {
        push_runtime(&mut out, runtime);
    }
    if let Some(agreement) = &check.agreement {
        let labels = if agreement.same_labels {
            "same labels"
        } else {
            "labels differ"
        };
        let text = format!(
            "valences within {:.5}, {labels}",
            agreement.largest_difference
        );
        row(&mut out, "both runtimes", &text);
    }
    list(&mut out, "look at", &check.warnings);
    list(&mut out, "mend", &check.mends);
    out.push_str(match (check.fits, check.warnings.is_empty()) {
        (true, true) => "it fits\n",
        (true, false) => "it fits; look at the notes above\n",
        (false, _) => "it cannot be used until the points above are mended\n",
    });
    out
}

fn row(out: &mut String, title: &str, value: &str) {
    let _ = writeln!(out, "  {title:<14} {value}");
}

fn ports(out: &mut String, title: &str, ports: &[PortFact]) {
    let ports: Vec<String> = ports
        .iter()
        .map(|port| format!("{} {} {}", port.name, port.element, port.shape))
        .collect();
    if !ports.is_empty() {
        row(out, title, &ports.join(", "));
    }
}

fn lengths(out: &mut String, check: &Check) {
    if let Some(length) = &check.length {
        let positions = length.positions.map_or_else(String::new, |positions| {
            format!("; positions for {positions}")
        });
        let rows = length
            .position_rows
            .map_or_else(String::new, |rows| format!(" (table of {rows})"));
        let text = format!(
            "{} tokens, of longer texts {} from the head and {} from the tail{positions}{rows}",
            length.max_length, length.head, length.tail
        );
        row(out, "sequence limit", &text);
    }
    if let Some(tokenizer) = &check.tokenizer {
        let embeddings = tokenizer
            .embeddings
            .map_or_else(String::new, |rows| format!(", {rows} embeddings"));
        let unknown = tokenizer.unknown.map_or_else(String::new, |share| {
            format!(", {:.1} % of the probes unknown", share * 100.0)
        });
        row(
            out,
            "tokenizer",
            &format!("{} ids{embeddings}{unknown}", tokenizer.ids),
        );
    }
}

fn push_runtime(out: &mut String, facts: &RuntimeFacts) {
    if let Some(failure) = &facts.failure {
        return row(out, &facts.runtime, &format!("cannot run it: {failure}"));
    }
    let mut parts = Vec::new();
    if let Some(milliseconds) = facts.milliseconds {
        parts.push(format!("{milliseconds:.2} ms a probe on one thread"));
    }
    parts.push(
        match facts.deterministic {
            Some(true) => "deterministic",
            _ => "NOT deterministic",
        }
        .to_owned(),
    );
    match facts
        .batch
        .as_ref()
        .and_then(|batch| batch.largest_difference)
    {
        Some(difference) => parts.push(format!(
            "in a batch valences move by {difference:.5} (callheat runs one text a run)"
        )),
        None => parts.push("takes one text a run, as callheat gives it".to_owned()),
    }
    if facts.constant == Some(true) {
        parts.push("constant output".to_owned());
    }
    row(out, &facts.runtime, &parts.join(", "));
    for kind in ["complaint", "thanks", "plain"] {
        let of_kind = facts.probes.iter().filter(|probe| probe.kind == kind);
        let valences: Vec<String> = of_kind
            .map(|probe| format!("{:+.2}", probe.score.valence))
            .collect();
        if !valences.is_empty() {
            row(out, "", &format!("{kind:<10} {}", valences.join(" ")));
        }
    }
}

fn list(out: &mut String, title: &str, mends: &[Mend]) {
    for (number, Mend { problem, mend }) in mends.iter().enumerate() {
        let _ = writeln!(out, "{title} {}: {problem}", number + 1);
        for line in mend.lines() {
            let _ = writeln!(out, "    {line}");
        }
    }
}

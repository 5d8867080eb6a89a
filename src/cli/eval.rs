use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, bail};
use callheat::call::{Call, Turn};
use callheat::eval::{
    Evaluated, Findings, FoundTurn, GoldCall, Judgement, evaluate, gold_of_review, is_judgement,
    parse_gold, parse_judgement, table,
};
use callheat::heatmap::CallReport;
use callheat::input::{self, InputOptions, InputPath};
use callheat::pipeline::{BatchOptions, run_batch};
use callheat::report::html::read_heatmap;
use callheat::report::{BatchTail, Report};

use super::Exit;
use super::args::EvalArgs;
use super::interrupt::stop_on_interrupt;
use super::progress::TerminalProgress;
use super::setup;

/// Analyses calls with gold labels and prints how well the findings hold.
pub fn run(args: &EvalArgs) -> anyhow::Result<Exit> {
    let mut read = Gold::default();
    for path in &args.gold {
        read.push_file(path)?;
    }
    let reviewed = read.reviewed(args.heatmap.as_deref())?;
    if read.calls.is_empty() {
        bail!("no call with gold labels; `callheat eval --help` says what they look like");
    }
    let mut found = analyse(args, &read.paths, reviewed)?;
    let calls: Vec<Evaluated> = read
        .calls
        .into_iter()
        .filter_map(|gold| {
            let found = found.remove(&gold.call_id)?;
            fits(&gold, &found).then_some(Evaluated { gold, found })
        })
        .collect();
    let evaluation = evaluate(&calls);
    let mut out = io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &evaluation)?;
        writeln!(out)?;
    } else {
        write!(out, "{}", table(&evaluation))?;
    }
    Ok(if read.unreadable > 0 {
        Exit::SomeInputFailed
    } else {
        Exit::Success
    })
}

fn fits(gold: &GoldCall, found: &Findings) -> bool {
    gold.turns.len() == found.turns.len()
}

/// What the files hold.
#[derive(Default)]
struct Gold {
    calls: Vec<GoldCall>,
    /// Files with gold calls, which are analysed as they are.
    paths: Vec<InputPath>,
    judgements: Vec<Judgement>,
    unreadable: usize,
}

impl Gold {
    fn push_file(&mut self, path: &Path) -> anyhow::Result<()> {
        let text = fs::read_to_string(path).with_context(|| {
            format!(
                "cannot read {}; give a gold file in JSON Lines",
                path.display()
            )
        })?;
        let known = self.calls.len();
        for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let error = if is_judgement(line) {
                let judgement = parse_judgement(line);
                judgement
                    .map(|j| self.judgements.push(j))
                    .err()
                    .map(|e| e.to_string())
            } else {
                let call = parse_gold(line);
                call.map(|call| self.calls.push(call))
                    .err()
                    .map(|e| e.to_string())
            };
            if let Some(error) = error {
                self.unreadable += 1;
                let path = path.display();
                let _ = writeln!(io::stderr(), "callheat: {path}:{}: {error}", index + 1);
            }
        }
        if self.calls.len() > known {
            self.paths.push(InputPath::from(path.to_owned()));
        }
        Ok(())
    }

    /// The reviewed calls out of the heatmap; their gold labels join the others.
    fn reviewed(&mut self, heatmap: Option<&Path>) -> anyhow::Result<Vec<Call>> {
        if self.judgements.is_empty() {
            return Ok(Vec::new());
        }
        let Some(path) = heatmap else {
            bail!(
                "a review export names turns and not their calls: add --heatmap FILE, the heatmap that was reviewed"
            );
        };
        let file = fs::File::open(path)
            .with_context(|| format!("cannot read {}; check the path", path.display()))?;
        let judged: HashSet<&str> = self.judgements.iter().map(|j| j.call_id.as_str()).collect();
        let mut reports: Vec<CallReport> = Vec::new();
        let mut odd = None;
        read_heatmap(file, |json| {
            match serde_json::from_slice::<CallReport>(json) {
                Ok(report) if judged.contains(report.call_id.as_str()) => reports.push(report),
                Ok(_) => {}
                Err(error) => odd = Some(error),
            }
            Ok(())
        })
        .with_context(|| path.display().to_string())?;
        if let Some(error) = odd {
            let path = path.display();
            return Err(error).with_context(|| {
                format!("{path}: a call is not of this schema; analyse the calls again")
            });
        }
        let there: HashSet<&str> = reports.iter().map(|r| r.call_id.as_str()).collect();
        let missing = judged.iter().filter(|id| !there.contains(**id)).count();
        if missing > 0 {
            self.unreadable += missing;
            let path = path.display();
            let _ = writeln!(
                io::stderr(),
                "callheat: {path}: {missing} reviewed calls are not in it; give the heatmap that was reviewed"
            );
        }
        let gold = reports
            .iter()
            .map(|call| gold_of_review(&self.judgements, call));
        self.calls.extend(gold);
        Ok(reports.into_iter().map(call_of).collect())
    }
}

/// The call that a report was made of.
fn call_of(report: CallReport) -> Call {
    let turns = report.turns.into_iter().map(|turn| Turn {
        speaker: turn.speaker,
        start_ms: turn.start_ms,
        end_ms: turn.end_ms,
        text: turn.text,
    });
    Call {
        id: report.call_id,
        source: report.source,
        meta: report.meta,
        turns: turns.collect(),
        warnings: Vec::new(),
    }
}

/// The findings of every call by its identifier.
fn analyse(
    args: &EvalArgs,
    inputs: &[InputPath],
    reviewed: Vec<Call>,
) -> anyhow::Result<HashMap<String, Findings>> {
    let analyser = Arc::new(setup::analyser(&args.model, &args.findings, args.quiet)?);
    let reader = input::read(inputs, &InputOptions::default());
    let mut progress = TerminalProgress::new(args.quiet, inputs, reader.progress());
    let found = Arc::new(Mutex::new(HashMap::new()));
    let collect: Box<dyn Report> = Box::new(Collect {
        found: Arc::clone(&found),
    });
    let runtime = tokio::runtime::Runtime::new().context("cannot start the worker threads")?;
    runtime.block_on(async {
        let options = BatchOptions {
            stop: stop_on_interrupt(),
            journal: None,
        };
        let calls = reader.chain(reviewed.into_iter().map(Ok));
        run_batch(analyser, calls, vec![collect], &mut progress, &options).await
    })?;
    runtime.shutdown_background();
    progress.finish();
    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(std::mem::take(&mut *found))
}

/// Keeps what is measured of each call.
struct Collect {
    found: Arc<Mutex<HashMap<String, Findings>>>,
}

impl Report for Collect {
    fn push(&mut self, call: &CallReport) -> io::Result<()> {
        let turns = call.turns.iter().map(|turn| FoundTurn {
            label: turn.label,
            valence: turn.valence,
            terms: turn
                .terms
                .iter()
                .map(|found| (found.term.clone(), found.category))
                .collect(),
            signals: turn.signals.clone(),
        });
        let findings = Findings {
            turns: turns.collect(),
            turning_points: call.turning_points.clone(),
            escalation: call.escalation.clone(),
        };
        self.found
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(call.call_id.clone(), findings);
        Ok(())
    }

    fn finish(self: Box<Self>, _: &BatchTail) -> io::Result<()> {
        Ok(())
    }
}

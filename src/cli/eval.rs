use std::collections::HashMap;
use std::fs;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, bail};
use callheat::eval::{Evaluated, Findings, FoundTurn, GoldCall, evaluate, parse_gold, table};
use callheat::heatmap::CallReport;
use callheat::input::{self, InputOptions, InputPath};
use callheat::pipeline::{BatchOptions, run_batch};
use callheat::report::{BatchTail, Report};

use super::Exit;
use super::args::EvalArgs;
use super::interrupt::stop_on_interrupt;
use super::progress::TerminalProgress;
use super::setup;

/// Analyses calls with gold labels and prints how well the findings hold.
pub fn run(args: &EvalArgs) -> anyhow::Result<Exit> {
    let mut gold = Vec::new();
    let mut unreadable = 0;
    for path in &args.gold {
        let text = fs::read_to_string(path).with_context(|| {
            format!(
                "cannot read {}; give a gold file in JSON Lines",
                path.display()
            )
        })?;
        for (index, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
        {
            match parse_gold(line) {
                Ok(call) => gold.push(call),
                Err(error) => {
                    unreadable += 1;
                    let path = path.display();
                    let _ = writeln!(io::stderr(), "callheat: {path}:{}: {error}", index + 1);
                }
            }
        }
    }
    if gold.is_empty() {
        bail!("no call with gold labels; the format stands in the documentation of callheat::eval");
    }
    let mut found = analyse(args)?;
    let calls: Vec<Evaluated> = gold
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
    Ok(if unreadable > 0 {
        Exit::SomeInputFailed
    } else {
        Exit::Success
    })
}

fn fits(gold: &GoldCall, found: &Findings) -> bool {
    gold.turns.len() == found.turns.len()
}

/// The findings of every call by its identifier.
fn analyse(args: &EvalArgs) -> anyhow::Result<HashMap<String, Findings>> {
    let analyser = Arc::new(setup::analyser(&args.model, &args.findings, args.quiet)?);
    let inputs: Vec<InputPath> = args
        .gold
        .iter()
        .map(|path| InputPath::from(path.clone()))
        .collect();
    let reader = input::read(&inputs, &InputOptions::default());
    let mut progress = TerminalProgress::new(args.quiet, &inputs, reader.progress());
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
        run_batch(analyser, reader, vec![collect], &mut progress, &options).await
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

//! Measures the whole term finder by cross-validation, for `terms.py`.
//!
//! Arguments: a gold file, then for each fold the tagger's weights and the
//! held-out calls as `callheat analyze --format jsonl` writes them. Standard
//! output: the figures of `callheat eval --json` for complaint terms, over all
//! folds together. Calls that the gold file does not have are left out.

use std::collections::HashMap;
use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, stdout};

use callheat::escalation::{Escalation, Level};
use callheat::eval::{Evaluated, Findings, FoundTurn, GoldCall, evaluate, parse_gold};
use callheat::segment::Segmenter;
use callheat::sentiment::{Label, Score};
use callheat::terms::{TermFinder, TurnText};
use callheat::text::Normalised;
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [gold, folds @ ..] = arguments.as_slice() else {
        return Err("give a gold file, then weights and scored calls of each fold".into());
    };
    let mut gold: HashMap<String, GoldCall> = read_gold(gold)?;
    let (segmenter, _) = Segmenter::new(&[])?;
    let mut measured = Vec::new();
    for fold in folds.chunks(2) {
        let [weights, scored] = fold else {
            return Err("each fold is its weights and its scored calls".into());
        };
        let finder = TermFinder::with_weights(&std::fs::read(weights)?)
            .ok_or_else(|| format!("{weights} holds no weights of terms.py"))?;
        for line in BufReader::new(File::open(scored)?).lines() {
            let call: Value = serde_json::from_str(&line?)?;
            let id = call["call_id"].as_str().unwrap_or_default();
            if let Some(gold) = gold.remove(id) {
                let turns = call["turns"].as_array().into_iter().flatten();
                let found = turns.map(|turn| find(turn, &finder, &segmenter)).collect();
                measured.push(evaluated(gold, found));
            }
        }
    }
    let figures = evaluate(&measured);
    serde_json::to_writer_pretty(stdout().lock(), &figures.terms)?;
    Ok(())
}

fn read_gold(path: &str) -> Result<HashMap<String, GoldCall>, Box<dyn Error>> {
    let mut calls = HashMap::new();
    for line in BufReader::new(File::open(path)?).lines() {
        let call = parse_gold(&line?)?;
        calls.insert(call.call_id.clone(), call);
    }
    Ok(calls)
}

fn find(turn: &Value, finder: &TermFinder, segmenter: &Segmenter) -> FoundTurn {
    let raw = turn["text"].as_str().unwrap_or_default();
    let normalised = Normalised::new(raw);
    let words = segmenter.words(normalised.text());
    let score = Score {
        valence: turn["valence"].as_f64().unwrap_or(0.0) as f32,
        ..Score::NEUTRAL
    };
    let hits = if turn["speaker"] == "customer" {
        finder.find(&TurnText {
            normalised: &normalised,
            words: &words,
            score: &score,
            raw,
        })
    } else {
        Vec::new()
    };
    FoundTurn {
        label: Label::Neutral,
        valence: score.valence,
        terms: hits
            .into_iter()
            .map(|hit| (hit.term, hit.category))
            .collect(),
        signals: Vec::new(),
    }
}

fn evaluated(gold: GoldCall, turns: Vec<FoundTurn>) -> Evaluated {
    let escalation = Escalation {
        risk: 0.0,
        level: Level::Low,
        reasons: Vec::new(),
    };
    Evaluated {
        gold,
        found: Findings {
            turns,
            turning_points: Vec::new(),
            escalation,
        },
    }
}

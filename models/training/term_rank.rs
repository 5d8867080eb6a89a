//! Ranks the complaint terms of a batch into which phrases were mixed, for
//! `discovery.py`.
//!
//! Arguments: the batch as `callheat analyze --format jsonl` writes it and,
//! optionally, a table of `term-reference` to use instead of the built-in one.
//! Standard input: one experiment a line, `{"phrase": "…", "turns": [{"call": 7,
//! "turn": {…}}]}`, scored turns that are added to the calls with these
//! numbers. Standard output: for each a line with the batch's terms.

use std::collections::HashMap;
use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, Write, stdin, stdout};

use callheat::heatmap::TermSpan;
use callheat::segment::{Segmenter, Word};
use callheat::sentiment::Score;
use callheat::terms::{BatchOptions, BatchTerms, CallTerms, Reference, TermHit, TurnTerms};
use callheat::text::Normalised;
use serde::Deserialize as _;
use serde_json::{Value, json};

struct Turn {
    normalised: Normalised,
    words: Vec<Word>,
    score: Score,
    hits: Vec<TermHit>,
}

struct Reader {
    segmenter: Segmenter,
}

/// A term as the batch counts it; its weight does not matter there.
fn hit(found: &TermSpan) -> TermHit {
    TermHit {
        term: found.term.clone(),
        canonical: found.canonical.clone(),
        category: found.category,
        span: found.span,
        weight: 0.5,
    }
}

impl Reader {
    fn turn(&self, turn: &Value) -> Turn {
        let raw = turn["text"].as_str().unwrap_or_default();
        let normalised = Normalised::new(raw);
        let words = self.segmenter.words(normalised.text());
        let part = |name: &str| turn["probabilities"][name].as_f64().unwrap_or(0.0) as f32;
        let score = Score {
            negative: part("negative"),
            neutral: part("neutral"),
            positive: part("positive"),
            valence: turn["valence"].as_f64().unwrap_or(0.0) as f32,
        };
        let found = turn["terms"].as_array().into_iter().flatten();
        let hits = found
            .map(|found| TermSpan::deserialize(found).map(|found| hit(&found)))
            .collect::<Result<_, _>>()
            .unwrap_or_default();
        Turn {
            normalised,
            words,
            score,
            hits,
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let batch = arguments.next().ok_or("give the analysed batch")?;
    let reference = match arguments.next() {
        Some(path) => Reference::from_bytes(std::fs::read(path)?),
        None => Reference::default(),
    };
    let reader = Reader {
        segmenter: Segmenter::new(&[])?.0,
    };
    let mut calls = Vec::new();
    for line in BufReader::new(File::open(batch)?).lines() {
        let call: Value = serde_json::from_str(&line?)?;
        if let Some(id) = call["call_id"].as_str() {
            let turns = call["turns"].as_array().into_iter().flatten();
            let spoken = turns.filter(|turn| turn["speaker"] == "customer");
            let turns: Vec<Turn> = spoken.map(|turn| reader.turn(turn)).collect();
            calls.push((id.to_owned(), turns));
        }
    }
    let mut out = stdout().lock();
    for line in stdin().lines() {
        let experiment: Value = serde_json::from_str(&line?)?;
        let terms = rank(&calls, &added(&experiment, &reader), reference.clone());
        serde_json::to_writer(
            &mut out,
            &json!({"phrase": experiment["phrase"], "terms": terms}),
        )?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// The experiment's turns by the number of their call.
fn added(experiment: &Value, reader: &Reader) -> HashMap<usize, Vec<Turn>> {
    let mut added: HashMap<usize, Vec<Turn>> = HashMap::new();
    for turn in experiment["turns"].as_array().into_iter().flatten() {
        let call = turn["call"].as_u64().unwrap_or_default() as usize;
        let turns = added.entry(call).or_default();
        turns.push(reader.turn(&turn["turn"]));
    }
    added
}

fn rank(
    calls: &[(String, Vec<Turn>)],
    added: &HashMap<usize, Vec<Turn>>,
    reference: Reference,
) -> Value {
    let mut batch = BatchTerms::with_reference(reference);
    for (number, (id, turns)) in calls.iter().enumerate() {
        let more = added.get(&number).map(Vec::as_slice).unwrap_or_default();
        let turns = turns.iter().chain(more).enumerate();
        let turns = turns.map(|(index, turn)| TurnTerms {
            turn: index,
            normalised: &turn.normalised,
            words: &turn.words,
            score: &turn.score,
            hits: &turn.hits,
            personal: &[],
        });
        batch.push_call(&CallTerms {
            call_id: id,
            started_at: None,
            turns: turns.collect(),
        });
    }
    json!(batch.finish(&BatchOptions::default()))
}

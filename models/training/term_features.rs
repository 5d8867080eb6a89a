//! Prints what the term tagger sees, for `terms.py` to train on.
//!
//! Standard input: what `callheat analyze --format jsonl` writes. Standard
//! output: for each customer turn a line of JSON (call, turn, characters) and,
//! in the file given as the argument, its features as little-endian u32: the
//! number of characters, then for each the number of indices and the indices.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write, stdin, stdout};

use callheat::segment::Segmenter;
use callheat::sentiment::Score;
use callheat::terms::Lexicon;
use callheat::terms::tagger::Extractor;
use callheat::text::Normalised;
use serde_json::{Value, json};

/// log2 of the size of the weight table.
const BITS: u32 = 18;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args()
        .nth(1)
        .ok_or("give the path of the feature file to write")?;
    let mut features_file = BufWriter::new(File::create(path)?);
    let mut listing = BufWriter::new(stdout().lock());
    let lexicon = Lexicon::built_in();
    let extractor = Extractor::new(&lexicon, BITS);
    let (segmenter, _) = Segmenter::new(&[])?;
    for line in stdin().lines() {
        let call: Value = serde_json::from_str(&line?)?;
        let turns = call["turns"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        for (index, turn) in turns
            .iter()
            .enumerate()
            .filter(|(_, turn)| turn["speaker"] == "customer")
        {
            let normalised = Normalised::new(turn["text"].as_str().unwrap_or_default());
            let text = normalised.text();
            let score = Score {
                valence: turn["valence"].as_f64().unwrap_or(0.0) as f32,
                ..Score::NEUTRAL
            };
            let features = extractor.features(text, &segmenter.words(text), &score);
            let origins: Vec<usize> = features
                .offsets
                .windows(2)
                .map(|at| normalised.raw_span(at[0]..at[1]).0)
                .collect();
            serde_json::to_writer(
                &mut listing,
                &json!({"call": call["call_id"], "turn": index, "origins": origins}),
            )?;
            listing.write_all(b"\n")?;
            write_number(&mut features_file, features.ends.len())?;
            let mut start = 0;
            for &end in &features.ends {
                write_number(&mut features_file, end - start)?;
                for &feature in &features.indices[start..end] {
                    features_file.write_all(&feature.to_le_bytes())?;
                }
                start = end;
            }
        }
    }
    Ok(())
}

fn write_number(file: &mut impl Write, number: usize) -> Result<(), Box<dyn Error>> {
    Ok(file.write_all(&u32::try_from(number)?.to_le_bytes())?)
}

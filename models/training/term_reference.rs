//! Writes how usual complaint terms and phrases are (src/terms/reference.bin).
//!
//! Arguments: the file to write, then one or more collections of calls as
//! `callheat analyze --format jsonl` writes them. A form that several
//! collections have keeps its highest rate.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader};

use callheat::segment::Segmenter;
use callheat::sentiment::Score;
use callheat::terms::{Lexicon, ReferenceTable, TermFinder, TurnText, phrases};
use callheat::text::Normalised;
use serde_json::Value;

/// Forms used in fewer turns of a collection say nothing about what is usual.
const FEWEST_USES: u64 = 3;
/// A turn of at most this valence counts as displeased, as in the batch.
const DISPLEASED: f32 = -0.12;

fn main() -> Result<(), Box<dyn Error>> {
    let mut paths = std::env::args().skip(1);
    let out = paths
        .next()
        .ok_or("give the table to write, then the collections to read")?;
    let finder = TermFinder::new(Lexicon::built_in());
    let (segmenter, _) = Segmenter::new(&[])?;
    let mut table = ReferenceTable::new();
    for path in paths {
        let (mut uses, mut turns) = (BTreeMap::new(), 0);
        for line in BufReader::new(File::open(path)?).lines() {
            let call: Value = serde_json::from_str(&line?)?;
            for turn in call["turns"].as_array().into_iter().flatten() {
                if turn["speaker"] == "customer" {
                    turns += u64::from(count(turn, &finder, &segmenter, &mut uses));
                }
            }
        }
        table.add_collection(&uses, turns, FEWEST_USES);
    }
    std::fs::write(out, table.bytes())?;
    Ok(())
}

/// Counts the forms of a turn if it is displeased; says whether it is.
fn count(
    turn: &Value,
    finder: &TermFinder,
    segmenter: &Segmenter,
    uses: &mut BTreeMap<String, u64>,
) -> bool {
    let raw = turn["text"].as_str().unwrap_or_default();
    let normalised = Normalised::new(raw);
    let words = segmenter.words(normalised.text());
    let valence = turn["valence"].as_f64().unwrap_or(0.0) as f32;
    let score = Score {
        valence,
        ..Score::NEUTRAL
    };
    let hits = finder.find(&TurnText {
        normalised: &normalised,
        words: &words,
        score: &score,
        raw,
    });
    if valence > DISPLEASED && hits.is_empty() {
        return false;
    }
    for hit in hits {
        *uses.entry(hit.canonical).or_default() += 1;
    }
    for phrase in phrases(normalised.text(), &words) {
        *uses.entry(phrase.to_owned()).or_default() += 1;
    }
    true
}

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
use callheat::terms::{ReferenceTable, phrases};
use callheat::text::Normalised;
use serde_json::Value;

/// Forms used in fewer turns of a collection say nothing about what is usual.
const FEWEST_USES: u64 = 3;
/// A turn of at most this valence counts as displeased, as in the batch.
const DISPLEASED: f64 = -0.12;

fn main() -> Result<(), Box<dyn Error>> {
    let mut paths = std::env::args().skip(1);
    let out = paths
        .next()
        .ok_or("give the table to write, then the collections to read")?;
    let (segmenter, _) = Segmenter::new(&[])?;
    let mut table = ReferenceTable::new();
    for path in paths {
        let (mut uses, mut turns) = (BTreeMap::new(), 0);
        for line in BufReader::new(File::open(path)?).lines() {
            let call: Value = serde_json::from_str(&line?)?;
            for turn in call["turns"].as_array().into_iter().flatten() {
                if turn["speaker"] == "customer" {
                    turns += u64::from(count(turn, &segmenter, &mut uses));
                }
            }
        }
        table.add_collection(&uses, turns, FEWEST_USES);
    }
    std::fs::write(out, table.bytes())?;
    Ok(())
}

/// Counts the forms of a turn if it is displeased; says whether it is.
fn count(turn: &Value, segmenter: &Segmenter, uses: &mut BTreeMap<String, u64>) -> bool {
    let normalised = Normalised::new(turn["text"].as_str().unwrap_or_default());
    let words = segmenter.words(normalised.text());
    let valence = turn["valence"].as_f64().unwrap_or(0.0);
    let found = turn["terms"].as_array().map(Vec::as_slice);
    let found = found.unwrap_or_default();
    if valence > DISPLEASED && found.is_empty() {
        return false;
    }
    for canonical in found.iter().filter_map(|term| term["canonical"].as_str()) {
        *uses.entry(canonical.to_owned()).or_default() += 1;
    }
    for phrase in phrases(normalised.text(), &words) {
        *uses.entry(phrase.to_owned()).or_default() += 1;
    }
    true
}

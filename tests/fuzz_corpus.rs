//! The fuzzers' seeds and what they once found, through the same entry
//! functions. The fuzzing itself is `fuzz/run.sh`.

use std::fs;
use std::path::{Path, PathBuf};

#[path = "../fuzz/src/entries.rs"]
mod entries;

/// Every file below the folders, by name.
fn files(folders: &[&str]) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    let mut waiting: Vec<PathBuf> = folders.iter().map(|folder| root.join(folder)).collect();
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Replays files, and each of them cut at a few places.
fn replay(folders: &[&str], entry: fn(&[u8])) {
    let files = files(folders);
    assert!(!files.is_empty(), "no seeds in {folders:?}");
    for path in files {
        // Seen only where the entry fails: which file it was.
        eprintln!("{}", path.display());
        let bytes = fs::read(&path).unwrap();
        entry(&bytes);
        for part in 1..4 {
            entry(&bytes[..bytes.len() * part / 4]);
        }
    }
}

#[test]
fn formats() {
    let folders = [
        "fixtures/fuzz/formats",
        "fixtures/formats",
        "fixtures/broken",
        "fixtures/calls",
    ];
    replay(&folders, entries::formats);
}

#[test]
fn live() {
    replay(&["fixtures/fuzz/live", "fixtures/calls"], entries::live);
}

#[test]
fn lists() {
    let folders = ["fixtures/fuzz/lists", "src/terms/lexicon", "src/escalation"];
    replay(&folders, entries::lists);
}

#[test]
fn model_folder() {
    replay(&["fixtures/fuzz/model_folder"], entries::model_folder);
}

#[test]
fn results() {
    replay(&["fixtures/fuzz/results"], entries::results);
}

#[test]
fn findings() {
    replay(&["fixtures/fuzz/findings"], entries::findings);
}

//! Whatever the bytes, reading ends without a panic, and every call keeps the
//! promises of its type.

use std::fs;
use std::path::{Path, PathBuf};

use callheat::input::{Format, InputOptions, InputPath, read};
use proptest::prelude::*;

fn fixtures() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut files: Vec<PathBuf> = ["formats", "broken"]
        .iter()
        .flat_map(|folder| fs::read_dir(root.join(folder)).expect("fixtures"))
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    files
        .iter()
        .map(|path| fs::read(path).expect("a fixture"))
        .collect()
}

/// Reads the bytes under every way of naming the format that `choice` may mean.
fn check(bytes: &[u8], choice: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("input");
    fs::write(&path, bytes).expect("write");
    let format = choice
        .checked_sub(1)
        .and_then(|at| Format::ALL.get(at % Format::ALL.len()).copied());
    let options = InputOptions {
        format,
        max_turn_chars: 500,
        ..InputOptions::default()
    };
    for item in read(&[InputPath::from(path)], &options) {
        let call = match item {
            Ok(call) => call,
            Err(error) => {
                assert!(error.to_string().contains("; "), "{error}");
                continue;
            }
        };
        assert!(!call.turns.is_empty() && !call.id.is_empty());
        for turn in &call.turns {
            assert!(turn.text.chars().count() <= 500);
            if let (Some(start), Some(end)) = (turn.start_ms, turn.end_ms) {
                assert!(start <= end);
            }
        }
    }
}

/// Cuts, doubles and overwrites stretches of a fixture.
fn mutate(bytes: &mut Vec<u8>, edits: &[(usize, usize, u8)]) {
    for (at, length, kind) in edits {
        if bytes.is_empty() {
            return;
        }
        let from = at % bytes.len();
        let to = (from + length % 40).min(bytes.len());
        match kind % 4 {
            0 => drop(bytes.drain(from..to)),
            1 => {
                let copy = bytes[from..to].to_vec();
                bytes.splice(from..from, copy);
            }
            2 => bytes[from..to].fill(*kind),
            _ => bytes.truncate(from.max(1)),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..600), choice in 0_usize..40) {
        check(&bytes, choice.saturating_sub(20));
    }

    #[test]
    fn arbitrary_text(text in "[\\[\\]{}\":,客服户：\\-\\->0-9a-z\n\t ]{0,200}", choice in 0_usize..40) {
        check(text.as_bytes(), choice.saturating_sub(20));
    }

    #[test]
    fn mutated_fixtures(
        which in any::<usize>(),
        edits in prop::collection::vec((any::<usize>(), any::<usize>(), any::<u8>()), 1..6),
        choice in 0_usize..60,
    ) {
        let fixtures = fixtures();
        let mut bytes = fixtures[which % fixtures.len()].clone();
        mutate(&mut bytes, &edits);
        check(&bytes, choice.saturating_sub(40));
    }
}

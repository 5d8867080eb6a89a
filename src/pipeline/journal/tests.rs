use std::fs;

use super::*;
use crate::call::{Meta, Source, Speaker, Turn};
use crate::sentiment::{MarkedPhrase, Score};

fn owner() -> JournalOwner {
    JournalOwner {
        callheat: "1.0.0".to_owned(),
        model: "m".to_owned(),
        sha256: "ab".to_owned(),
        runtime: "r 1".to_owned(),
        settings: "s".to_owned(),
    }
}

fn call(texts: &[&str]) -> Call {
    let turn = |text: &&str| Turn {
        speaker: Speaker::Customer,
        start_ms: None,
        end_ms: None,
        text: (*text).to_owned(),
    };
    Call {
        id: "c".to_owned(),
        source: Source {
            path: "p".to_owned(),
            format: "native".to_owned(),
        },
        meta: Meta::new(),
        turns: texts.iter().map(turn).collect(),
        warnings: Vec::new(),
    }
}

fn readings(call: &Call) -> Vec<Reading> {
    let reading = |turn: &Turn| {
        let valence = turn.text.len() as f32 / 7.0;
        let phrases = (0..turn.text.len() as u32 / 6).map(|start| MarkedPhrase {
            start,
            end: start + 2,
            chance: valence / 9.0,
            category: "refund".into(),
        });
        Reading {
            score: Score {
                valence,
                ..Score::NEUTRAL
            },
            escalation: (valence < 2.0).then_some(valence / 8.0),
            phrases: (valence < 3.0).then(|| phrases.collect()),
        }
    };
    call.turns.iter().map(reading).collect()
}

fn three() -> [Call; 3] {
    [
        call(&["喂", "我要退款"]),
        call(&["喂我要", "退款"]),
        call(&["好"]),
    ]
}

/// A journal of three calls.
fn written(path: &Path) {
    let journal = Journal::open(path, &owner()).unwrap();
    for call in three() {
        assert_eq!(journal.recall(&call).unwrap(), None);
        journal.record(&call, &readings(&call)).unwrap();
    }
}

#[test]
fn what_was_recorded_is_recalled_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    written(&path);
    let journal = Journal::open(&path, &owner()).unwrap();
    assert_eq!(journal.calls(), 3);
    for call in three() {
        assert_eq!(journal.recall(&call).unwrap(), Some(readings(&call)));
    }
    assert_eq!(journal.recall(&call(&["喂", "我要退"])).unwrap(), None);
    let counts = JournalCounts {
        recalled: 3,
        recorded: 0,
    };
    assert_eq!(journal.counts(), counts);
    journal.remove().unwrap();
    assert!(!path.exists());
}

#[test]
fn a_cut_at_any_byte_costs_only_the_records_it_touches() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    written(&path);
    let whole = fs::read(&path).unwrap();
    let records = three().map(|call| record::bytes(&key(&call), &readings(&call)).len());
    let header = whole.len() - records.iter().sum::<usize>();
    for cut in 0..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let journal = Journal::open(&path, &owner()).unwrap();
        let mut end = header;
        let left = records.iter().take_while(|record| {
            end += **record;
            end <= cut
        });
        assert_eq!(journal.calls(), left.count(), "cut at {cut}");
        // It goes on after the cut.
        let more = call(&["再说一遍"]);
        journal.record(&more, &readings(&more)).unwrap();
        drop(journal);
        let journal = Journal::open(&path, &owner()).unwrap();
        assert_eq!(journal.recall(&more).unwrap(), Some(readings(&more)));
    }
}

#[test]
fn a_damaged_byte_never_gives_a_wrong_score() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    written(&path);
    let whole = fs::read(&path).unwrap();
    let header = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for at in header..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x40;
        fs::write(&path, &damaged).unwrap();
        let journal = Journal::open(&path, &owner()).unwrap();
        assert!(journal.calls() < 3, "byte {at}");
        for call in three() {
            let recalled = journal.recall(&call).unwrap();
            assert!(recalled.is_none_or(|recalled| recalled == readings(&call)));
        }
    }
}

#[test]
fn the_journal_of_another_model_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    written(&path);
    let other = JournalOwner {
        runtime: "r 2".to_owned(),
        ..owner()
    };
    let message = Journal::open(&path, &other).unwrap_err().to_string();
    assert!(
        message.contains("the runtime r 1") && message.contains("the runtime r 2"),
        "{message}"
    );
    fs::write(&path, "客户：我要投诉\n").unwrap();
    let error = Journal::open(&path, &owner()).unwrap_err();
    assert!(matches!(error, JournalError::Foreign { .. }), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "客户：我要投诉\n");
    fs::write(&path, "not ours, and no line end").unwrap();
    let error = Journal::open(&path, &owner()).unwrap_err();
    assert!(matches!(error, JournalError::Foreign { .. }), "{error}");
}

#[test]
fn two_runs_do_not_share_a_journal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let first = Journal::open(&path, &owner()).unwrap();
    let error = Journal::open(&path, &owner()).unwrap_err();
    assert!(matches!(error, JournalError::InUse { .. }), "{error}");
    drop(first);
    Journal::open(&path, &owner()).unwrap();
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_a_journal() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    written(&path);
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let bytes = fs::read(&path).unwrap();
    assert!(memchr::memmem::find(&bytes, "退款".as_bytes()).is_none());
}

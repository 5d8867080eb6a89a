//! One conversation in every format gives the same call: `fixtures/formats`
//! holds it once for each format, variant and encoding.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use callheat::call::{Call, Turn};
use callheat::input::{Format, InputOptions, InputPath, read};

/// What a file can carry of the times, and how exactly.
#[derive(Clone, Copy)]
struct Times {
    start: bool,
    end: bool,
    /// Largest difference in milliseconds.
    precision: u64,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/formats")
}

fn files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder())
        .expect("fixtures/formats")
        .map(|entry| entry.expect("a folder entry").path())
        .collect();
    files.sort();
    files
}

fn only_call(path: &Path, options: &InputOptions) -> Call {
    let mut calls: Vec<_> = read(&[InputPath::from(path.to_owned())], options).collect();
    assert_eq!(calls.len(), 1, "{}", path.display());
    calls.remove(0).unwrap_or_else(|error| panic!("{error}"))
}

/// The format that a fixture is named after: `azure_fast.json` is `azure`.
fn named_format(path: &Path) -> Format {
    let stem = path
        .file_stem()
        .and_then(|stem| stem.to_str())
        .expect("a name");
    let mut formats: Vec<Format> = Format::ALL
        .into_iter()
        .filter(|format| stem.starts_with(format.name()))
        .collect();
    formats.sort_by_key(|format| format.name().len());
    formats
        .pop()
        .unwrap_or_else(|| panic!("{stem} is named after no format"))
}

fn times(path: &Path, format: Format) -> Times {
    let stem = path
        .file_stem()
        .and_then(|stem| stem.to_str())
        .expect("a name");
    match (format, stem) {
        (Format::Text, "text_times") => Times {
            start: true,
            end: false,
            precision: 1000,
        },
        (Format::Text, _) => Times {
            start: false,
            end: false,
            precision: 0,
        },
        (Format::Google, "google") => Times {
            start: true,
            end: false,
            precision: 0,
        },
        _ => Times {
            start: true,
            end: true,
            precision: 1,
        },
    }
}

fn assert_same(turn: &Turn, expected: &Turn, times: Times, place: &str) {
    assert_eq!(turn.speaker, expected.speaker, "{place}");
    assert_eq!(turn.text, expected.text, "{place}");
    let close = |got: Option<u64>, wanted: Option<u64>, carried: bool| match (carried, got, wanted)
    {
        (false, None, _) => true,
        (true, Some(got), Some(wanted)) => got.abs_diff(wanted) <= times.precision,
        _ => false,
    };
    assert!(
        close(turn.start_ms, expected.start_ms, times.start),
        "{place}: start {:?}",
        turn.start_ms
    );
    assert!(
        close(turn.end_ms, expected.end_ms, times.end),
        "{place}: end {:?}",
        turn.end_ms
    );
}

#[test]
fn the_same_conversation_gives_the_same_call() {
    let reference = only_call(&folder().join("native.json"), &InputOptions::default());
    assert_eq!(reference.turns.len(), 10);
    for path in files() {
        let format = named_format(&path);
        let call = only_call(&path, &InputOptions::default());
        assert_eq!(call.source.format, format.name(), "{}", path.display());
        let times = times(&path, format);
        for (index, (turn, expected)) in call.turns.iter().zip(&reference.turns).enumerate() {
            assert_same(
                turn,
                expected,
                times,
                &format!("{} turn {index}", path.display()),
            );
        }
        assert_eq!(
            call.turns.len(),
            reference.turns.len(),
            "{}",
            path.display()
        );
        let odd: Vec<&str> = call
            .warnings
            .iter()
            .map(|warning| warning.code.as_str())
            .filter(|code| *code != "speaker_inferred")
            .collect();
        assert!(odd.is_empty(), "{}: {odd:?}", path.display());
    }
}

#[test]
fn every_format_has_a_fixture_and_may_be_named_outright() {
    let mut seen = BTreeSet::new();
    for path in files() {
        let format = named_format(&path);
        seen.insert(format.name());
        let options = InputOptions {
            format: Some(format),
            ..InputOptions::default()
        };
        let named = only_call(&path, &options);
        assert_eq!(
            named,
            only_call(&path, &InputOptions::default()),
            "{}",
            path.display()
        );
    }
    let all: BTreeSet<&str> = Format::ALL.iter().map(|format| format.name()).collect();
    assert_eq!(seen, all);
}

#[test]
fn the_folder_is_read_in_a_fixed_order_with_unique_ids() {
    let read_all = || -> Vec<Call> {
        read(&[InputPath::from(folder())], &InputOptions::default())
            .map(|call| call.unwrap_or_else(|error| panic!("{error}")))
            .collect()
    };
    let calls = read_all();
    assert_eq!(calls, read_all());
    assert_eq!(calls.len(), files().len());
    let ids: BTreeSet<&str> = calls.iter().map(|call| call.id.as_str()).collect();
    assert_eq!(ids.len(), calls.len());
    let renamed = calls
        .iter()
        .find(|call| call.id == "fmt-1#2")
        .expect("a second fmt-1");
    assert!(
        renamed
            .warnings
            .iter()
            .any(|warning| warning.code == "duplicate_call_id")
    );
}

#[test]
fn what_the_vendors_carry_reaches_the_metadata() {
    let cases = [
        (
            "aws_contact_lens.json",
            "audio_uri",
            "s3://example-bucket/fmt-1.wav",
        ),
        (
            "dashscope.json",
            "audio_uri",
            "https://audio.example/fmt-1.wav",
        ),
        ("azure.json", "audio_uri", "https://audio.example/fmt-1.wav"),
    ];
    for (file, name, value) in cases {
        let call = only_call(&folder().join(file), &InputOptions::default());
        assert_eq!(
            call.meta.get(name).and_then(|value| value.as_str()),
            Some(value),
            "{file}"
        );
    }
    let huawei = only_call(&folder().join("huawei.json"), &InputOptions::default());
    assert!(
        !huawei.meta.contains_key("started_at"),
        "the recogniser's clock is not the call's"
    );
}

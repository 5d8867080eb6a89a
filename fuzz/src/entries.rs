//! The entry functions, shared with `tests/fuzz_corpus.rs`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use callheat::call::{Call, Meta, Source, Span, Speaker, Turn};
use callheat::escalation::{RiskModel, SignalFinder};
use callheat::eval::parse_gold;
use callheat::heatmap::CallReport;
use callheat::input::{Format, InputOptions, InputPath, LiveCall, LiveLine, read};
use callheat::pipeline::{AnalyserOptions, CallFold, Journal, JournalOwner, Stages};
use callheat::report::html::{PageOptions, write_page};
use callheat::segment::Segmenter;
use callheat::sentiment::{MarkedPhrase, Model, Reading, Score, Tokeniser};
use callheat::terms::{BatchOptions, BatchTerms, Lexicon, TermFinder, TurnText};
use callheat::text::Normalised;

/// Parts a seed into the files it stands for.
const NEXT_FILE: &[u8] = b"\n=====\n";
const MAX_TURN_CHARS: usize = 500;
/// A complaint to match the lists and tokenise against.
const TURN: &str = "你们又乱扣费３次了，我要去工信部投诉！Refund me, 亂收費。";

/// A transcript file of any format. The first byte picks how the format is
/// named: 0 and printable bytes leave it to be recognised.
pub fn formats(bytes: &[u8]) {
    let (format, bytes) = match bytes.split_first() {
        Some((pick @ 1..=31, rest)) if !matches!(pick, b'\t' | b'\n' | b'\r') => {
            let all = Format::ALL;
            (Some(all[usize::from(*pick) % all.len()]), rest)
        }
        _ => (None, bytes),
    };
    let options = InputOptions {
        format,
        max_turn_chars: MAX_TURN_CHARS,
        ..InputOptions::default()
    };
    with_files(&[("input", bytes)], |folder| {
        for item in read(&[InputPath::from(folder.join("input"))], &options) {
            match item {
                Ok(call) => check_call(&call),
                Err(error) => assert!(error.to_string().contains("; "), "{error}"),
            }
        }
    });
}

fn check_call(call: &Call) {
    assert!(!call.turns.is_empty() && !call.id.is_empty());
    for turn in &call.turns {
        assert!(turn.text.chars().count() <= MAX_TURN_CHARS);
        if let (Some(start), Some(end)) = (turn.start_ms, turn.end_ms) {
            assert!(start <= end);
        }
    }
}

/// The lines of a live stream, all of one call.
pub fn live(bytes: &[u8]) {
    let options = InputOptions {
        max_turn_chars: MAX_TURN_CHARS,
        ..InputOptions::default()
    };
    let text = String::from_utf8_lossy(bytes);
    let mut call = LiveCall::new("c".to_owned());
    let mut turns = 0;
    for (number, line) in text.lines().enumerate() {
        match LiveLine::parse(line, number as u64 + 1) {
            Ok(line) => {
                let has_turn = line.has_turn();
                assert_eq!(call.push(line, &options).is_some(), has_turn);
                turns += usize::from(has_turn);
            }
            Err(error) => assert!(error.to_string().contains("; "), "{error}"),
        }
    }
    if let Ok(call) = call.settle(&options) {
        check_call(&call);
        assert_eq!(call.turns.len(), turns, "every turn is there once");
    }
}

/// A lexicon, a list of signals and a user dictionary of the same bytes, each
/// used once.
pub fn lists(bytes: &[u8]) {
    let normalised = Normalised::new(TURN);
    let score = Score::NEUTRAL;
    with_files(&[("list", bytes)], |folder| {
        let path = folder.join("list");
        if let Ok((lexicon, _)) = Lexicon::load(&path) {
            let turn = TurnText {
                normalised: &normalised,
                words: &[],
                score: &score,
                marked: None,
                raw: TURN,
            };
            for hit in TermFinder::with_lexicon_only(lexicon).find(&turn) {
                check_span(hit.span, TURN);
            }
        }
        match SignalFinder::from_file(&path) {
            Ok(finder) => {
                for hit in finder.find(&normalised, &score, None) {
                    check_span(hit.span, TURN);
                }
            }
            Err(error) => assert!(error.to_string().contains("list"), "{error}"),
        }
    });
    if let Ok(text) = std::str::from_utf8(bytes) {
        dictionary(text, normalised.text());
    }
}

/// Adds words to a segmenter that starts anew now and then, lest it grow.
fn dictionary(text: &str, turn: &str) {
    static SEGMENTER: Mutex<Option<(Segmenter, usize)>> = Mutex::new(None);
    let mut kept = SEGMENTER.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut segmenter, uses) = match kept.take() {
        Some((segmenter, uses)) if uses < 20_000 => (segmenter, uses + 1),
        _ => (Segmenter::new(&[]).expect("no file is read").0, 0),
    };
    segmenter.add_words(text, Path::new("list"));
    let words = segmenter.words(turn);
    assert_eq!(
        words.iter().map(|word| word.range.len()).sum::<usize>(),
        turn.len()
    );
    *kept = Some((segmenter, uses));
}

/// A model folder: config.json, callheat.toml and tokenizer.json.
pub fn model_folder(bytes: &[u8]) {
    let mut parts = split(bytes);
    let mut part = || parts.next().unwrap_or_default();
    let (config, toml, tokenizer) = (part(), part(), part());
    let files = [
        ("config.json", config),
        ("callheat.toml", toml),
        ("tokenizer.json", tokenizer),
        ("model.onnx", b"no graph".as_slice()),
    ];
    with_files(&files, |folder| {
        let Ok(model) = Model::from_folder(folder) else {
            return;
        };
        let Ok(tokeniser) = Tokeniser::new(&model) else {
            return;
        };
        if let Ok(ids) = tokeniser.ids(TURN) {
            assert!(ids.len() <= model.config().max_length);
        }
    });
}

/// What callheat itself wrote and reads again: a heatmap, gold labels, a journal.
pub fn results(bytes: &[u8]) {
    if let Ok(page) = write_page(bytes, PageOptions::default(), None, Vec::new()) {
        assert!(page.starts_with(b"<!doctype html>"));
    }
    for line in String::from_utf8_lossy(bytes).lines() {
        let _ = parse_gold(line);
    }
    let owner = JournalOwner {
        callheat: "1".to_owned(),
        model: "m".to_owned(),
        sha256: "s".to_owned(),
        runtime: "r".to_owned(),
        settings: "t".to_owned(),
    };
    let mut whole = serde_json::to_vec(&owner).expect("an owner is JSON");
    whole.push(b'\n');
    whole.extend_from_slice(bytes);
    with_files(&[("headed", &whole), ("bare", bytes)], |folder| {
        for name in ["headed", "bare"] {
            let path = folder.join(name);
            let Ok(journal) = Journal::open(&path, &owner) else {
                continue;
            };
            let call = call_of(TURN);
            let readings = vec![Reading::from(Score::NEUTRAL); call.turns.len()];
            journal.record(&call, &readings).expect("space");
            drop(journal);
            let journal = Journal::open(&path, &owner).expect("it was sound");
            assert_eq!(journal.recall(&call).expect("readable"), Some(readings));
        }
    });
}

/// A call, one turn a line, through every stage after scoring; what the model
/// would say is drawn from the bytes.
pub fn findings(bytes: &[u8]) {
    let text: String = String::from_utf8_lossy(bytes).chars().take(4_000).collect();
    let call = call_of(&text);
    let report = fold(&call);
    assert_eq!(report, fold(&call), "equal calls give equal reports");
    assert_eq!(report.turns.len(), call.turns.len());
    for turn in &report.turns {
        for found in &turn.terms {
            check_span(found.span, &turn.text);
        }
        for found in &turn.signal_spans {
            check_span(found.span, &turn.text);
        }
        for word in turn.words.iter().flatten() {
            check_span(word.span, &turn.text);
        }
    }
    assert!((0.0..=1.0).contains(&report.escalation.risk));
    for point in &report.turning_points {
        assert!(point.turn < report.turns.len());
    }
    let json = serde_json::to_vec(&report).expect("a report is JSON");
    let again: CallReport = serde_json::from_slice(&json).expect("it was written as JSON");
    assert_eq!(again.turns.len(), report.turns.len());
}

fn fold(call: &Call) -> CallReport {
    static STAGES: OnceLock<Stages> = OnceLock::new();
    let stages = STAGES.get_or_init(|| Stages {
        segmenter: Segmenter::new(&[]).expect("no file is read").0,
        terms: TermFinder::new(Lexicon::built_in()),
        signals: SignalFinder::default(),
        risk: RiskModel::default(),
        options: AnalyserOptions {
            words: true,
            ..AnalyserOptions::default()
        },
    });
    let mut fold = CallFold::new(stages);
    for turn in &call.turns {
        let negative = turn.text.bytes().fold(0_u8, u8::wrapping_add);
        let negative = f32::from(negative) / 255.0;
        let score = Score {
            negative,
            neutral: 0.0,
            positive: 1.0 - negative,
            valence: 1.0 - 2.0 * negative,
        };
        // Places that the text may not have, in any order.
        let phrases = turn.text.bytes().step_by(5).map(|byte| MarkedPhrase {
            start: u32::from(byte % 31),
            end: u32::from(byte % 31) + u32::from(byte % 7),
            chance: f32::from(byte) / 255.0,
            category: ["fee", "delay", "none"][usize::from(byte % 3)].into(),
        });
        let phrases = Some(phrases.collect());
        let reading = Reading {
            score,
            escalation: (negative < 0.9).then_some(negative),
            phrases,
        };
        fold.push(turn, &reading);
    }
    let analysed = fold.finish(
        call.id.clone(),
        call.source.clone(),
        call.meta.clone(),
        Vec::new(),
    );
    let mut terms = BatchTerms::new();
    terms.push_call(&analysed.terms());
    terms.finish(&BatchOptions::default());
    analysed.report
}

/// A line a turn, agent and customer in turn; `!` begins another customer turn.
fn call_of(text: &str) -> Call {
    let turns = text.lines().enumerate().map(|(index, line)| {
        let speaker = match (index % 2, line.starts_with('!')) {
            (1, _) | (_, true) => Speaker::Customer,
            _ => Speaker::Agent,
        };
        let start = (line.len() % 5 != 0).then_some(index as u64 * 900);
        Turn {
            speaker,
            start_ms: start,
            end_ms: start.map(|start| start + line.len() as u64 * 60),
            text: line.to_owned(),
        }
    });
    Call {
        id: "c".to_owned(),
        source: Source {
            path: "p".to_owned(),
            format: "native".to_owned(),
        },
        meta: Meta::new(),
        turns: turns.collect(),
        warnings: Vec::new(),
    }
}

fn check_span(Span(start, end): Span, text: &str) {
    assert!(start < end && end <= text.chars().count(), "{start}..{end}");
}

fn split(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let all = rest.take()?;
        let border = all
            .windows(NEXT_FILE.len())
            .position(|window| window == NEXT_FILE);
        let Some(at) = border else {
            return Some(all);
        };
        rest = Some(&all[at + NEXT_FILE.len()..]);
        Some(&all[..at])
    })
}

/// Writes the files into a folder of this thread, lets them be read, and
/// empties them.
fn with_files(files: &[(&str, &[u8])], act: impl FnOnce(&Path)) {
    thread_local! {
        static FOLDER: tempfile::TempDir = tempfile::tempdir().expect("a temporary folder");
    }
    FOLDER.with(|folder| {
        let paths: Vec<PathBuf> = files
            .iter()
            .map(|(name, bytes)| {
                let path = folder.path().join(name);
                fs::write(&path, bytes).expect("space for a seed");
                path
            })
            .collect();
        act(folder.path());
        for path in paths {
            fs::remove_file(path).expect("it was written");
        }
    });
}

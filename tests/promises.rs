//! What must hold for any input: maps back to the raw text, spans on character
//! borders, live equal to batch, calls in the order of the input.

use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use callheat::call::{Call, Meta, Source, Span, Speaker, Turn};
use callheat::escalation::{RiskModel, SignalFinder};
use callheat::heatmap::{CallReport, Failure};
use callheat::input::{self, InputOptions, InputPath, LiveCall, LiveLine};
use callheat::pipeline::{
    Analyser, AnalyserOptions, BatchOptions, CallFold, Progress, Stages, run_batch,
};
use callheat::report::{BatchTail, Report};
use callheat::segment::Segmenter;
use callheat::sentiment::{
    Device, MarkedPhrase, Model, Reading, RuntimeChoice, Score, Scorer, ScorerOptions, runtime,
};
use callheat::terms::{Lexicon, TermFinder};
use callheat::text::Normalised;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::sync::watch;

/// Complaints in pieces, with everything that makes spans go wrong: characters
/// that grow, shrink or vanish when folded, marks, other planes.
fn texts() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "乱扣费",
        "亂扣費",
        "我要去工信部投诉",
        "退款",
        "退，款",
        "没有人管",
        "太過分了",
        "不是乱扣费",
        "３次",
        "㎡",
        "ﬁ",
        "İ",
        "ẞ",
        "㍿",
        "\u{200b}",
        "\u{202e}",
        "\u{feff}",
        "e\u{301}",
        "😡",
        "𠮷",
        "你们",
        "嗯",
        "，",
        "。",
        " ",
        "再不处理我就报警",
        "等了5天",
        "ＡＢＣ",
        "报\u{200b}警",
    ]);
    let piece =
        prop_oneof![8 => pieces.prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let speaker = prop::sample::select(vec![Speaker::Agent, Speaker::Customer, Speaker::Unknown]);
    let turn = (
        speaker,
        texts(),
        prop::option::of(0_u64..100_000),
        0_u64..5_000,
    );
    let turn = turn.prop_map(|(speaker, text, start_ms, length)| Turn {
        speaker,
        start_ms,
        end_ms: start_ms.map(|start| start + length),
        text,
    });
    prop::collection::vec(turn, 1..12)
}

fn call(id: String, turns: Vec<Turn>) -> Call {
    Call {
        id,
        source: Source {
            path: "p".to_owned(),
            format: "native".to_owned(),
        },
        meta: Meta::new(),
        turns,
        warnings: Vec::new(),
    }
}

fn stages() -> Stages {
    Stages {
        segmenter: Segmenter::new(&[]).unwrap().0,
        terms: TermFinder::new(Lexicon::built_in()),
        signals: SignalFinder::default(),
        risk: RiskModel::default(),
        options: AnalyserOptions {
            words: true,
            ..AnalyserOptions::default()
        },
    }
}

fn slice(text: &str, Span(start, end): Span) -> String {
    assert!(
        start < end && end <= text.chars().count(),
        "{start}..{end} of {text:?}"
    );
    text.chars().skip(start).take(end - start).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_normalised_character_comes_from_one_raw_character(raw in texts()) {
        let normalised = Normalised::new(&raw);
        let of_each: String = raw
            .chars()
            .map(|character| Normalised::new(&character.to_string()).text().to_owned())
            .collect();
        prop_assert_eq!(normalised.text(), of_each, "each by itself");
        let mut before = 0;
        for (at, character) in normalised.text().char_indices() {
            let span = normalised.raw_span(at..at + character.len_utf8());
            prop_assert_eq!(span.1, span.0 + 1);
            prop_assert!(span.0 >= before, "the order is kept");
            before = span.0;
            let origin = Normalised::new(&slice(&raw, span));
            prop_assert!(origin.text().contains(character), "and back again");
        }
    }

    #[test]
    fn every_span_stands_on_characters_of_its_turn(turns in turns(), scores in prop::collection::vec(0.0_f32..=1.0, 12)) {
        static STAGES: OnceLock<Stages> = OnceLock::new();
        let stages = STAGES.get_or_init(stages);
        let mut fold = CallFold::new(stages);
        for (turn, negative) in turns.iter().zip(scores) {
            let valence = 1.0 - 2.0 * negative;
            let score = Score { negative, neutral: 0.0, positive: 1.0 - negative, valence };
            let length = turn.text.chars().count() as u32;
            let phrases = (0..length).step_by(3).map(|start| MarkedPhrase {
                start,
                end: length.min(start + 4),
                chance: negative,
                category: "fee".into(),
            });
            fold.push(turn, &Reading { score, escalation: Some(negative), phrases: Some(phrases.collect()) });
        }
        let report = fold.finish("c".to_owned(), call(String::new(), Vec::new()).source, Meta::new(), Vec::new()).report;
        prop_assert_eq!(report.turns.len(), turns.len());
        for turn in &report.turns {
            for found in &turn.terms {
                prop_assert_eq!(&slice(&turn.text, found.span), &found.term);
            }
            for found in &turn.signal_spans {
                slice(&turn.text, found.span);
            }
            for word in turn.words.iter().flatten() {
                slice(&turn.text, word.span);
            }
        }
    }

    #[test]
    fn a_live_call_is_the_call_of_the_file(turns in turns()) {
        let lines: Vec<Value> = turns
            .iter()
            .map(|turn| json!({"call_id": "c", "speaker": turn.speaker, "text": turn.text, "start_ms": turn.start_ms, "end_ms": turn.end_ms}))
            .collect();
        let options = InputOptions::default();
        let mut live = LiveCall::new("c".to_owned());
        for (number, line) in lines.iter().enumerate() {
            live.push(LiveLine::parse(&line.to_string(), number as u64 + 1).unwrap(), &options);
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("c.jsonl");
        std::fs::write(&file, json!({"call_id": "c", "turns": lines}).to_string()).unwrap();
        let read = input::read(&[InputPath::from(file)], &options).next().unwrap();
        match (live.settle(&options), read) {
            (Ok(live), Ok(read)) => {
                prop_assert_eq!(live.turns, read.turns);
                prop_assert_eq!(live.warnings, read.warnings);
            }
            (Err(live), Err(read)) => prop_assert_eq!(live.to_string(), read.problem.to_string()),
            (live, read) => prop_assert!(false, "{live:?} {read:?}"),
        }
    }
}

/// Keeps the identifiers in the order in which they are reported.
struct Order(Arc<Mutex<Vec<String>>>);

impl Report for Order {
    fn push(&mut self, call: &CallReport) -> io::Result<()> {
        self.0.lock().unwrap().push(call.call_id.clone());
        Ok(())
    }

    fn finish(self: Box<Self>, _: &BatchTail) -> io::Result<()> {
        Ok(())
    }
}

struct Silent;

impl Progress for Silent {
    fn call(&mut self, _: &CallReport) {}
    fn failure(&mut self, _: &Failure) {}
}

/// One analyser for each number of threads, on a model so small that the
/// order of ending is down to chance.
fn analyser(threads: usize) -> Arc<Analyser> {
    static ANALYSERS: OnceLock<Vec<Arc<Analyser>>> = OnceLock::new();
    let all = ANALYSERS.get_or_init(|| {
        let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/models/failing");
        let model = Model::from_folder(&folder).unwrap();
        let start = |threads| {
            let runtime = runtime::open(&model, RuntimeChoice::Rten, None, Device::Cpu).unwrap();
            let options = ScorerOptions {
                threads: NonZeroUsize::new(threads).unwrap(),
                ..ScorerOptions::default()
            };
            let scorer = Scorer::start(&model, runtime, options).unwrap();
            Arc::new(Analyser::new(scorer, stages()))
        };
        [1, 2, 5].map(start).to_vec()
    });
    Arc::clone(&all[threads % all.len()])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn calls_keep_their_order_whatever_the_threads(
        lengths in prop::collection::vec((0_usize..40, any::<bool>()), 0..120),
        threads in 0_usize..3,
    ) {
        let calls: Vec<_> = lengths
            .iter()
            .enumerate()
            .map(|(number, (length, fails))| {
                let mut turns = vec![Turn { speaker: Speaker::Customer, start_ms: None, end_ms: None, text: "坏好".to_owned() }; *length + 1];
                for (index, turn) in turns.iter_mut().enumerate() {
                    turn.text = format!("坏{}好{}", "嗯".repeat(index % 7), "坏".repeat(number % 11));
                }
                if *fails {
                    turns[length / 2].text = "崩崩".to_owned();
                }
                Ok(call(number.to_string(), turns))
            })
            .collect();
        let expected: Vec<String> = lengths
            .iter()
            .enumerate()
            .filter(|(_, (_, fails))| !fails)
            .map(|(number, _)| number.to_string())
            .collect();
        let found = Arc::new(Mutex::new(Vec::new()));
        let (_keep, stop) = watch::channel(false);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let options = BatchOptions { stop, journal: None };
        let order: Box<dyn Report> = Box::new(Order(Arc::clone(&found)));
        let tail = runtime
            .block_on(run_batch(analyser(threads), calls.into_iter(), vec![order], &mut Silent, &options))
            .unwrap();
        prop_assert_eq!(&*found.lock().unwrap(), &expected);
        prop_assert_eq!(tail.failures.len(), lengths.len() - expected.len());
    }
}

//! Live mode against batch: whatever the interleaving, the same calls.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use callheat::call::Call;
use callheat::escalation::{RiskModel, SignalFinder};
use callheat::heatmap::{CallReport, Event};
use callheat::input::{self, InputOptions, InputPath};
use callheat::pipeline::{Analyser, AnalyserOptions, LiveOptions, Stages, run_live};
use callheat::segment::Segmenter;
use callheat::sentiment::{Device, Model, RuntimeChoice, Scorer, ScorerOptions, runtime};
use callheat::terms::{Lexicon, RisingOptions, TermFinder};
use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::{Value, json};
use tokio::sync::mpsc;

fn analyser() -> Arc<Analyser> {
    static ANALYSER: OnceLock<Arc<Analyser>> = OnceLock::new();
    let analyser = ANALYSER.get_or_init(|| {
        let model = Model::built_in().unwrap();
        let runtime = runtime::open(&model, RuntimeChoice::Rten, None, Device::Cpu).unwrap();
        let scorer = Scorer::start(&model, runtime, ScorerOptions::default()).unwrap();
        let stages = Stages {
            segmenter: Segmenter::new(&[]).unwrap().0,
            terms: TermFinder::new(Lexicon::built_in()),
            signals: SignalFinder::default(),
            risk: RiskModel::default(),
            options: AnalyserOptions::default(),
        };
        Arc::new(Analyser::new(scorer, stages))
    });
    Arc::clone(analyser)
}

/// The fixture calls, as if they had come in live.
fn calls() -> Vec<Call> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/calls");
    let inputs = [InputPath::from(std::path::PathBuf::from(folder))];
    input::read(&inputs, &InputOptions::default())
        .map(Result::unwrap)
        .take(8)
        .collect()
}

/// The lines of one call, its end included.
fn lines(call: &Call) -> Vec<Value> {
    let mut lines: Vec<Value> = call
        .turns
        .iter()
        .map(|turn| {
            let mut line = json!({"call_id": call.id, "speaker": turn.speaker, "text": turn.text});
            if let Some(start) = turn.start_ms {
                line["start_ms"] = json!(start);
            }
            if let Some(end) = turn.end_ms {
                line["end_ms"] = json!(end);
            }
            line
        })
        .collect();
    lines.push(json!({"call_id": call.id, "end": true}));
    lines
}

/// What `analyze` says of the same turns as native JSONL.
async fn batch(call: &Call) -> CallReport {
    let mut turns = lines(call);
    turns.pop();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("call.jsonl");
    std::fs::write(
        &file,
        json!({"call_id": call.id, "turns": turns}).to_string(),
    )
    .unwrap();
    let read = input::read(&[InputPath::from(file)], &InputOptions::default())
        .next()
        .unwrap()
        .unwrap();
    let mut report = analyser().analyse(read).await.unwrap().report;
    "-".clone_into(&mut report.source.path);
    report
}

async fn live(lines: Vec<String>) -> Vec<Event> {
    let (to_live, from_stdin) = mpsc::channel(4);
    let (events, mut received) = mpsc::channel(4);
    let options = LiveOptions {
        idle_timeout: Duration::from_mins(1),
        rising: RisingOptions::default(),
        input: InputOptions::default(),
    };
    let running = tokio::spawn(run_live(analyser(), options, from_stdin, events));
    tokio::spawn(async move {
        for (number, line) in lines.into_iter().enumerate() {
            to_live.send((number as u64 + 1, line)).await.unwrap();
        }
    });
    let mut all = Vec::new();
    while let Some(event) = received.recv().await {
        all.push(event);
    }
    running.await.unwrap();
    all
}

proptest! {
    #![proptest_config(Config { cases: 12, failure_persistence: None, ..Config::default() })]
    #[test]
    fn any_interleaving_gives_the_calls_of_the_batch(order in proptest::collection::vec(0_usize..8, 400)) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let calls = calls();
            let mut waiting: Vec<_> = calls.iter().map(|call| lines(call).into_iter()).collect();
            let mut mixed = Vec::new();
            for pick in order {
                if let Some(line) = waiting.get_mut(pick).and_then(Iterator::next) {
                    mixed.push(line.to_string());
                }
            }
            // What the picks left over; calls also end without saying so.
            mixed.extend(waiting.into_iter().flatten().filter(|line| line.get("end").is_none()).map(|line| line.to_string()));
            let events = live(mixed).await;
            for call in &calls {
                let expected = batch(call).await;
                let found = events.iter().find_map(|event| match event {
                    Event::Call { report } if report.call_id == call.id => Some(report.as_ref()),
                    _ => None,
                });
                assert_eq!(found, Some(&expected));
                let points: Vec<_> = events.iter().filter_map(|event| match event {
                    Event::TurningPoint { call_id, point } if *call_id == call.id => Some(*point),
                    _ => None,
                }).collect();
                assert_eq!(points, expected.turning_points, "a turning point is told as soon as it is known");
                let turns = events.iter().filter(|event| matches!(event, Event::Turn { call_id, .. } if *call_id == call.id));
                assert_eq!(turns.count(), call.turns.len(), "every turn comes out once");
            }
        });
    }
}

#[test]
fn a_malformed_line_is_named_and_the_stream_goes_on() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let lines = [
        r#"{"call_id":"a","speaker":"customer","text":"你好"}"#,
        "not json",
        r#"{"speaker":"customer","text":"没有编号"}"#,
        r#"{"call_id":"a","speaker":"customer"}"#,
        r#"{"call_id":"a","end":true}"#,
    ];
    let events = runtime.block_on(live(lines.map(str::to_owned).to_vec()));
    let errors: Vec<Option<u64>> = events
        .iter()
        .filter_map(|event| match event {
            Event::Error { line, .. } => Some(*line),
            _ => None,
        })
        .collect();
    assert_eq!(errors, [Some(2), Some(3), Some(4)]);
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Event::Call { report } if report.turns.len() == 1))
    );
}

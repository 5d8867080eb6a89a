//! The whole of `analyze` after reading (score, cut words, find, fold, report),
//! in turns per second, on short and long calls and on both runtimes.
//!
//! `cargo bench --bench pipeline`. Baseline of each group: the bare runtime on
//! the same token sequences with as many sessions. State the machine beside any
//! figure you quote. Texts are made distinct, so that nothing is scored from memory.

#![expect(missing_docs, reason = "criterion's macro makes the function")]

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use callheat::call::Call;
use callheat::escalation::{RiskModel, SignalFinder};
use callheat::input::{self, InputOptions, InputPath};
use callheat::pipeline::{Analyser, AnalyserOptions, Stages};
use callheat::segment::Segmenter;
use callheat::sentiment::runtime::{Session, TokenBatch};
use callheat::sentiment::{
    Device, Model, RuntimeChoice, Scorer, ScorerOptions, Tokeniser, runtime,
};
use callheat::terms::{Lexicon, TermFinder};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use futures::future::join_all;

/// Enough that calls overlap as they do in a batch, and that filling and
/// draining the pool count as little as there.
const TURNS: usize = 1440;

fn analyser(choice: RuntimeChoice) -> Option<Arc<Analyser>> {
    let model = Model::built_in().ok()?;
    let runtime = runtime::open(&model, choice, None, Device::Cpu).ok()?;
    // Nothing is remembered: every repetition has to run the model.
    let options = ScorerOptions {
        cached_texts: 1,
        ..ScorerOptions::default()
    };
    let scorer = Scorer::start(&model, runtime, options).ok()?;
    let stages = Stages {
        segmenter: Segmenter::new(&[]).ok()?.0,
        terms: TermFinder::new(Lexicon::built_in()),
        signals: SignalFinder::default(),
        risk: RiskModel::default(),
        options: AnalyserOptions::default(),
    };
    Some(Arc::new(Analyser::new(scorer, stages)))
}

/// The sessions of a [`Scorer`] without the scorer: each takes the next sequence
/// of tokens as soon as it is done with the last.
struct BarePool {
    sessions: Vec<Box<dyn Session>>,
    tokeniser: Tokeniser,
    pad: i64,
}

impl BarePool {
    fn open(choice: RuntimeChoice) -> Option<Self> {
        let model = Model::built_in().ok()?;
        let runtime = runtime::open(&model, choice, None, Device::Cpu).ok()?;
        let sessions = (0..ScorerOptions::default().threads.get()).map(|_| runtime.open());
        Some(Self {
            sessions: sessions.collect::<Result<_, _>>().ok()?,
            tokeniser: Tokeniser::new(&model).ok()?,
            pad: model.config().pad_token_id,
        })
    }

    fn sequences(&self, calls: &[Call]) -> Vec<Vec<u32>> {
        let turns = calls.iter().flat_map(|call| &call.turns);
        turns
            .map(|turn| self.tokeniser.ids(&turn.text).expect("a text"))
            .collect()
    }

    fn run(&mut self, sequences: &[Vec<u32>]) {
        let (next, pad) = (AtomicUsize::new(0), self.pad);
        thread::scope(|scope| {
            for session in &mut self.sessions {
                let next = &next;
                scope.spawn(move || {
                    while let Some(ids) = sequences.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let batch = TokenBatch::new(&[ids], pad);
                        black_box(session.run(&batch).expect("logits"));
                    }
                });
            }
        });
    }
}

/// Calls of at most `turns` turns each, every text distinct.
fn calls(turns: usize) -> Vec<Call> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/calls"));
    let read = input::read(&[InputPath::from(folder)], &InputOptions::default());
    let source: Vec<Call> = read.filter_map(Result::ok).collect();
    let all: Vec<_> = source.iter().flat_map(|call| call.turns.clone()).collect();
    (0..TURNS / turns)
        .map(|number| {
            let mut call = source[number % source.len()].clone();
            call.turns = all
                .iter()
                .cycle()
                .skip(number * 17)
                .take(turns)
                .cloned()
                .collect();
            for (index, turn) in call.turns.iter_mut().enumerate() {
                turn.text = format!("{}{number}{index}", turn.text);
            }
            call
        })
        .collect()
}

fn pipeline(criterion: &mut Criterion) {
    let tokio = tokio::runtime::Runtime::new().expect("worker threads");
    for (name, choice) in [
        ("rten", RuntimeChoice::Rten),
        ("onnxruntime", RuntimeChoice::OnnxRuntime),
    ] {
        let (Some(analyser), Some(mut bare)) = (analyser(choice), BarePool::open(choice)) else {
            eprintln!("NOT MEASURED on {name}: its library was not found");
            continue;
        };
        let mut group =
            criterion.benchmark_group(format!("{} on all cores", analyser.scorer().info().runtime));
        group
            .sample_size(10)
            .measurement_time(Duration::from_secs(20));
        for (length, turns) in [("short calls", 8), ("long calls", 60)] {
            let calls = calls(turns);
            group.throughput(Throughput::Elements((calls.len() * turns) as u64));
            let sequences = bare.sequences(&calls);
            group.bench_with_input(
                BenchmarkId::new("bare runtime", length),
                &sequences,
                |bencher, sequences| bencher.iter(|| bare.run(sequences)),
            );
            group.bench_with_input(
                BenchmarkId::new("scorer alone", length),
                &calls,
                |bencher, calls| {
                    bencher.iter(|| {
                        let texts = calls
                            .iter()
                            .flat_map(|call| call.turns.iter().map(|turn| turn.text.as_str()));
                        tokio
                            .block_on(analyser.scorer().score_all(texts))
                            .map(black_box)
                    });
                },
            );
            group.bench_with_input(
                BenchmarkId::new("analyse", length),
                &calls,
                |bencher, calls| {
                    bencher.iter(|| {
                        let all = calls.iter().map(|call| {
                            let (analyser, call) = (Arc::clone(&analyser), call.clone());
                            tokio.spawn(async move { analyser.analyse(call).await.is_ok() })
                        });
                        black_box(tokio.block_on(join_all(all)).len())
                    });
                },
            );
        }
        group.finish();
    }
}

criterion_group!(benches, pipeline);
criterion_main!(benches);

//! Each stage but inference by itself, in turns per second on one core, on the
//! fixtures' calls.
//!
//! `cargo bench --bench stages`. Baseline: `runtime`, one session of the
//! built-in runtime on the same turns; every other stage should be far above
//! it. State the machine beside any figure you quote.

#![expect(missing_docs, reason = "criterion's macro makes the function")]

use std::hint::black_box;
use std::path::PathBuf;
use std::time::Duration;

use callheat::arc::{ArcOptions, ArcTracker, ArcTurn};
use callheat::call::Call;
use callheat::escalation::SignalFinder;
use callheat::input::{self, InputOptions, InputPath};
use callheat::segment::Segmenter;
use callheat::sentiment::runtime::TokenBatch;
use callheat::sentiment::{Device, Model, RuntimeChoice, Score, Tokeniser, runtime};
use callheat::terms::{Lexicon, TermFinder, TurnText};
use callheat::text::Normalised;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/calls"))
}

fn read() -> Vec<Call> {
    input::read(&[InputPath::from(folder())], &InputOptions::default())
        .filter_map(Result::ok)
        .collect()
}

fn stages(criterion: &mut Criterion) {
    let calls = read();
    let turns: Vec<_> = calls.iter().flat_map(|call| &call.turns).collect();
    let normalised: Vec<Normalised> = turns
        .iter()
        .map(|turn| Normalised::new(&turn.text))
        .collect();
    let segmenter = Segmenter::new(&[]).expect("the built-in dictionary").0;
    let words: Vec<_> = normalised
        .iter()
        .map(|text| segmenter.words(text.text()))
        .collect();
    let model = Model::built_in().expect("the built-in model");
    let tokeniser = Tokeniser::new(&model).expect("the built-in tokenizer");
    let terms = TermFinder::new(Lexicon::built_in());
    let signals = SignalFinder::default();

    let mut group = criterion.benchmark_group("stages");
    group
        .sample_size(20)
        .measurement_time(Duration::from_secs(5))
        .throughput(Throughput::Elements(turns.len() as u64));
    group.bench_function("input", |bencher| bencher.iter(|| black_box(read().len())));
    group.bench_function("text", |bencher| {
        bencher.iter(|| {
            for turn in &turns {
                black_box(Normalised::new(&turn.text));
            }
        });
    });
    group.bench_function("segment", |bencher| {
        bencher.iter(|| {
            for text in &normalised {
                black_box(segmenter.words(text.text()));
            }
        });
    });
    group.bench_function("tokenise", |bencher| {
        bencher.iter(|| {
            for turn in &turns {
                black_box(tokeniser.ids(&turn.text).expect("a text"));
            }
        });
    });
    group.bench_function("terms", |bencher| {
        bencher.iter(|| {
            for ((turn, normalised), words) in turns.iter().zip(&normalised).zip(&words) {
                black_box(terms.find(&TurnText {
                    normalised,
                    words,
                    score: &Score::NEUTRAL,
                    marked: None,
                    raw: &turn.text,
                }));
            }
        });
    });
    group.bench_function("signals", |bencher| {
        bencher.iter(|| {
            for text in &normalised {
                black_box(signals.find(text, &Score::NEUTRAL, None));
            }
        });
    });
    group.bench_function("arc", |bencher| {
        bencher.iter(|| {
            let mut tracker = ArcTracker::new(ArcOptions::default());
            for (index, (turn, text)) in turns.iter().zip(&normalised).enumerate() {
                black_box(tracker.push(&ArcTurn {
                    index,
                    turn,
                    text,
                    score: Score::NEUTRAL,
                }));
            }
        });
    });
    let sequences: Vec<_> = turns
        .iter()
        .map(|turn| tokeniser.ids(&turn.text).expect("a text"))
        .collect();
    let runtime = runtime::open(&model, RuntimeChoice::Rten, None, Device::Cpu).expect("rten");
    let mut session = runtime.open().expect("a session");
    let pad = model.config().pad_token_id;
    group.bench_function("runtime", |bencher| {
        bencher.iter(|| {
            for ids in &sequences {
                black_box(session.run(&TokenBatch::new(&[ids], pad)).expect("logits"));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, stages);
criterion_main!(benches);

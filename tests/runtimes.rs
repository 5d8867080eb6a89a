//! One conformance test for every runtime: the same contract, the real model.
//!
//! ONNX Runtime takes part when its library is found (`pip install
//! onnxruntime`); when it is not, the test says so aloud, and fails where
//! `CALLHEAT_REQUIRE_ORT` is set.

use std::num::NonZeroUsize;

use callheat::sentiment::{
    Batching, Device, Label, Model, ModelError, RuntimeChoice, Score, Scorer, ScorerOptions,
    runtime,
};

/// Invented turns of every length, from one character to beyond the model's maximum.
fn turns() -> Vec<String> {
    let mut turns: Vec<String> = [
        "嗯",
        "好的谢谢你啊",
        "你们这个宽带又断了我都打了三次电话了到底有没有人管",
        "我想查一下我这个月的流量还剩多少",
        "太好了问题解决了非常感谢",
        "再不给我退款我就去工信部投诉你们",
        "訂單號碼是一二三四五六",
        "ＡＢＣ１２３",
        "……",
        "",
    ]
    .map(str::to_owned)
    .to_vec();
    turns.push("这个事情我跟你们反映了好多次一直没有人给我一个说法".repeat(20));
    turns
}

fn scorer(choice: RuntimeChoice, threads: usize, batching: Batching) -> Scorer {
    let model = Model::built_in().unwrap();
    let runtime = runtime::open(&model, choice, None, Device::Cpu).unwrap();
    let threads = NonZeroUsize::new(threads).unwrap();
    Scorer::start(
        &model,
        runtime,
        ScorerOptions {
            threads,
            batching,
            ..ScorerOptions::default()
        },
    )
    .unwrap()
}

fn score(scorer: &Scorer, texts: &[String]) -> Vec<Score> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime
        .block_on(scorer.score_all(texts.iter().map(String::as_str)))
        .unwrap()
}

/// The runtimes that run here.
fn choices() -> Vec<RuntimeChoice> {
    let model = Model::built_in().unwrap();
    let mut choices = vec![RuntimeChoice::Rten];
    match runtime::open(&model, RuntimeChoice::OnnxRuntime, None, Device::Cpu) {
        Ok(_) => choices.push(RuntimeChoice::OnnxRuntime),
        Err(error @ ModelError::NoOnnxRuntime { .. }) => {
            assert!(
                std::env::var_os("CALLHEAT_REQUIRE_ORT").is_none(),
                "{error}"
            );
            eprintln!("NOT TESTED with ONNX Runtime: {error}");
        }
        Err(error) => panic!("{error}"),
    }
    choices
}

#[test]
fn scores_are_probabilities_and_make_sense() {
    for choice in choices() {
        let scores = score(&scorer(choice, 2, Batching::Single), &turns());
        for (turn, score) in turns().iter().zip(&scores) {
            let sum = score.negative + score.neutral + score.positive;
            assert!((sum - 1.0).abs() < 1e-4, "{choice:?} {turn}: {score:?}");
            assert!(
                (-1.0..=1.0).contains(&score.valence),
                "{choice:?} {turn}: {score:?}"
            );
        }
        assert_eq!(scores[2].label(), Label::Negative, "{choice:?}");
        assert_eq!(scores[4].label(), Label::Positive, "{choice:?}");
        assert!(scores[5].valence < -0.3, "{choice:?}: {:?}", scores[5]);
        assert_eq!(scores[8], Score::NEUTRAL, "only punctuation");
        assert_eq!(scores[9], Score::NEUTRAL, "empty");
    }
}

#[test]
fn a_score_does_not_depend_on_its_batch_mates() {
    for choice in choices() {
        let alone = scorer(choice, 1, Batching::Single);
        let together = scorer(choice, 2, Batching::Padded { max_tokens: 4096 });
        let together = score(&together, &turns());
        for (turn, batched) in turns().into_iter().zip(together) {
            let single = score(&alone, &[turn])[0];
            assert!(
                (single.valence - batched.valence).abs() <= 1e-3,
                "{choice:?}: {single:?} {batched:?}"
            );
        }
    }
}

#[test]
fn the_runtimes_agree() {
    let all: Vec<Vec<Score>> = choices()
        .into_iter()
        .map(|choice| score(&scorer(choice, 2, Batching::Single), &turns()))
        .collect();
    for other in &all[1..] {
        for (one, other) in all[0].iter().zip(other) {
            assert!(
                (one.valence - other.valence).abs() <= 0.02,
                "{one:?} {other:?}"
            );
        }
    }
}

#[test]
fn repeated_texts_run_once() {
    let scorer = scorer(RuntimeChoice::Rten, 2, Batching::Single);
    let texts = vec!["好的好的".to_owned(); 50];
    let scores = score(&scorer, &texts);
    assert!(scores.iter().all(|score| *score == scores[0]));
    assert_eq!((scorer.counts().texts, scorer.counts().runs), (50, 1));
}

#[test]
fn a_missing_library_is_a_clean_error() {
    let model = Model::built_in().unwrap();
    let error = runtime::open(
        &model,
        RuntimeChoice::OnnxRuntime,
        Some("/nowhere/lib.so".into()),
        Device::Cpu,
    )
    .expect_err("there is no such library");
    assert!(error.to_string().contains("pip install"), "{error}");
}

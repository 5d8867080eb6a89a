//! A complaint that nobody listed surfaces among the batch's first terms when
//! one call in a hundred brings it up: the real model, on the customers of the
//! calls that were written for the training.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use callheat::call::{Call, Meta, Source, Speaker, Turn};
use callheat::escalation::{RiskModel, SignalFinder};
use callheat::heatmap::{CallReport, Failure};
use callheat::pipeline::{Analyser, AnalyserOptions, BatchOptions, Progress, Stages, run_batch};
use callheat::segment::Segmenter;
use callheat::sentiment::{Device, Model, RuntimeChoice, Scorer, ScorerOptions, runtime};
use callheat::terms::{BatchTerm, Lexicon, TermFinder};
use tokio::sync::watch;

/// Calls of the batch, and of those the ones with the complaint.
const CALLS: usize = 500;
const WITH_COMPLAINT: usize = 5;
/// Within so many terms it must stand.
const FIRST: usize = 10;

/// Invented complaints in the wordings of several callers.
const COMPLAINTS: [(&str, [&str; 5]); 4] = [
    (
        "星芒卡月费",
        [
            "账单里怎么多了个星芒卡月费",
            "我从来没办过什么星芒卡月费啊",
            "这个星芒卡月费是谁给我开的",
            "星芒卡月费凭什么收我的",
            "又扣了星芒卡月费你们太过分了",
        ],
    ),
    (
        "升级后指纹失灵",
        [
            "我的手机升级后指纹失灵了",
            "都说了升级后指纹失灵你让我重启有啥用",
            "升级后指纹失灵门都进不去",
            "你们这个锁升级后指纹失灵",
            "升级后指纹失灵修了两回没修好",
        ],
    ),
    (
        "里程被清空",
        [
            "我的里程被清空了气死我了",
            "上个月里程被清空到现在没补",
            "里程被清空你们怎么赔",
            "会员里程被清空连个短信都没有",
            "凭什么里程被清空",
        ],
    ),
    (
        "面单串号",
        [
            "又是面单串号包裹送错了",
            "你们面单串号害我白跑",
            "面单串号都第二回了",
            "说是面单串号那谁负责",
            "面单串号拖了我一个礼拜",
        ],
    ),
];

struct Silent;

impl Progress for Silent {
    fn call(&mut self, _: &CallReport) {}
    fn failure(&mut self, failure: &Failure) {
        panic!("{failure:?}");
    }
}

fn analyser() -> Arc<Analyser> {
    let model = Model::built_in().expect("the shipped model");
    let runtime = runtime::open(&model, RuntimeChoice::Auto, None, Device::Cpu).expect("a runtime");
    let scorer = Scorer::start(&model, runtime, ScorerOptions::default()).expect("sessions");
    let stages = Stages {
        segmenter: Segmenter::new(&[]).expect("the dictionary").0,
        terms: TermFinder::new(Lexicon::built_in()),
        signals: SignalFinder::default(),
        risk: RiskModel::default(),
        options: AnalyserOptions::default(),
    };
    Arc::new(Analyser::new(scorer, stages))
}

fn customer(text: &str) -> Turn {
    Turn {
        speaker: Speaker::Customer,
        start_ms: None,
        end_ms: None,
        text: text.to_owned(),
    }
}

/// The text of a line `c -1!v text with {category|phrases}`; `None` for others.
fn said(line: &str) -> Option<String> {
    let (_, marked) = line.strip_prefix("c ")?.split_once(' ')?;
    let mut text = String::new();
    for (at, part) in marked.split('{').enumerate() {
        match part.split_once('|') {
            Some((_, phrase)) if at > 0 => text += &phrase.replacen('}', "", 1),
            _ => text += part,
        }
    }
    Some(text)
}

/// The customers of the first calls of all files, a file in turn.
fn calls() -> Vec<Call> {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/training/data/calls");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("the written calls")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_file())
        .collect();
    paths.sort();
    let mut calls = Vec::new();
    for path in &paths {
        let text = std::fs::read_to_string(path).expect("a text");
        let of_file = text.split("\n==").take(CALLS.div_ceil(paths.len()));
        for (number, call) in of_file.enumerate() {
            calls.push(Call {
                id: format!("{} {number}", path.display()),
                source: Source {
                    path: path.display().to_string(),
                    format: "jsonl".to_owned(),
                },
                meta: Meta::new(),
                turns: call
                    .lines()
                    .filter_map(said)
                    .map(|text| customer(&text))
                    .collect(),
                warnings: Vec::new(),
            });
        }
    }
    calls.truncate(CALLS);
    calls
}

fn terms(analyser: &Arc<Analyser>, calls: Vec<Call>) -> Vec<BatchTerm> {
    let (_keep, stop) = watch::channel(false);
    let options = BatchOptions {
        stop,
        journal: None,
    };
    let tokio = tokio::runtime::Runtime::new().expect("threads");
    let calls = calls.into_iter().map(Ok);
    let analyser = Arc::clone(analyser);
    let batch = async { run_batch(analyser, calls, Vec::new(), &mut Silent, &options).await };
    tokio.block_on(batch).expect("a batch").terms
}

/// The place, from 1, of the first term that tells of the complaint.
fn rank(complaint: &str, terms: &[BatchTerm]) -> Option<usize> {
    let tells = |term: &BatchTerm| {
        term.term.contains(complaint)
            || complaint.contains(&term.term)
                && 2 * term.term.chars().count() >= complaint.chars().count()
    };
    Some(terms.iter().position(tells)? + 1)
}

#[test]
fn an_unseen_complaint_of_one_call_in_a_hundred_surfaces() {
    let analyser = analyser();
    let calls = calls();
    assert_eq!(calls.len(), CALLS);
    let before = terms(&analyser, calls.clone());
    for (complaint, wordings) in COMPLAINTS {
        assert_eq!(rank(complaint, &before), None, "{complaint} is no news");
        let mut mixed = calls.clone();
        let every = CALLS / WITH_COMPLAINT;
        for (number, wording) in wordings.into_iter().enumerate() {
            mixed[number * every + 7].turns.push(customer(wording));
        }
        let terms = terms(&analyser, mixed);
        let found = rank(complaint, &terms);
        let first: Vec<_> = terms.iter().take(FIRST).map(|term| &term.term).collect();
        assert!(
            found.is_some_and(|rank| rank <= FIRST),
            "{complaint} stands at {found:?}, after {first:?}"
        );
    }
}

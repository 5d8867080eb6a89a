//! Cross-validation of the whole finder.

use std::collections::{HashMap, HashSet};
use std::error::Error;

use callheat::escalation::{Escalation, Level};
use callheat::eval::{Estimate, Evaluated, Findings, FoundTurn, Terms, evaluate};
use callheat::sentiment::{Label, MarkedPhrase};
use callheat::terms::{Category, TermFinder, TurnText};

use crate::corpus::{Corpus, Turn};
use crate::{Gold, Settings, Weights, fold, train};

type Found = HashMap<(String, usize), Vec<(String, Category)>>;

pub fn cross_validate(corpus: &Corpus, settings: &Settings) -> Result<(), Box<dyn Error>> {
    let trained: Vec<Weights> = std::thread::scope(|scope| {
        let folds: Vec<_> = (0..settings.folds)
            .map(|held| {
                scope.spawn(move || {
                    trained_without(corpus, settings, |turn| fold(&turn.call) == held)
                })
            })
            .collect();
        folds
            .into_iter()
            .map(|fold| fold.join().expect("training does not panic"))
            .collect()
    });
    for bias in [0.15, 0.25, 0.35] {
        for least in [0.25, 0.3, 0.35] {
            let alone = [bias, least];
            let tried = Settings { alone, ..*settings };
            let mut found = Found::new();
            for (held, weights) in trained.iter().enumerate() {
                let finder = finder(weights, &tried)?;
                let turns = corpus.turns.iter();
                let turns = turns.filter(|turn| fold(&turn.call) == held as u64);
                found.extend(turns.map(|turn| (key(turn), terms(turn, None, &finder))));
            }
            print(
                corpus,
                &found,
                &format!("bias {bias} least {least}"),
                *settings == tried,
            );
        }
    }
    Ok(())
}

/// The figures on calls that neither the default model nor the tagger has seen.
pub fn on_kept_aside(
    corpus: &Corpus,
    aside: &HashSet<String>,
    settings: &Settings,
) -> Result<(), Box<dyn Error>> {
    let is_kept_aside = |turn: &Turn| aside.contains(&turn.call);
    let weights = trained_without(corpus, settings, is_kept_aside);
    let held: Vec<&Turn> = corpus
        .turns
        .iter()
        .filter(|turn| is_kept_aside(turn))
        .collect();
    for (bias, share) in [(0.65, 0.55), (0.65, 0.6), (0.9, 0.55)] {
        for least in [0.44, 0.48, 0.52] {
            let tried = Settings {
                joined: [bias, least],
                share,
                ..*settings
            };
            let finder = finder(&weights, &tried)?;
            let found = held
                .iter()
                .map(|turn| (key(turn), terms(turn, turn.marked.as_deref(), &finder)));
            print(
                corpus,
                &found.collect(),
                &format!("bias {bias} share {share} least {least}"),
                *settings == tried,
            );
        }
    }
    Ok(())
}

fn trained_without(corpus: &Corpus, settings: &Settings, held: impl Fn(&Turn) -> bool) -> Weights {
    let kept: Vec<&Turn> = corpus.turns.iter().filter(|turn| !held(turn)).collect();
    train(&kept, settings)
}

fn finder(weights: &Weights, settings: &Settings) -> Result<TermFinder, Box<dyn Error>> {
    TermFinder::with_weights(&weights.bytes(settings))
        .ok_or_else(|| "the weights do not fit the finder: did the format change?".into())
}

fn key(turn: &Turn) -> (String, usize) {
    (turn.call.clone(), turn.index)
}

fn print(corpus: &Corpus, found: &Found, name: &str, is_set: bool) {
    for (path, gold) in &corpus.gold {
        let figures = figures(gold, found);
        println!("{name}  {path}: {}", line(&figures));
        if is_set {
            for (name, phrases) in [("missed", &figures.missed), ("wrong", &figures.wrong)] {
                let phrases: Vec<_> = phrases
                    .iter()
                    .map(|p| format!("{} {}", p.term, p.count))
                    .collect();
                println!("  most often {name}: {}", phrases.join(", "));
            }
        }
    }
}

fn terms(
    turn: &Turn,
    marked: Option<&[MarkedPhrase]>,
    finder: &TermFinder,
) -> Vec<(String, Category)> {
    let hits = finder.find(&TurnText {
        marked,
        normalised: &turn.normalised,
        words: &turn.words,
        score: &turn.score,
        raw: &turn.raw,
    });
    hits.into_iter()
        .map(|hit| (hit.term, hit.category))
        .collect()
}

/// The figures of the held-out calls of a gold file.
fn figures(gold: &Gold, found: &Found) -> Terms {
    let measured: HashSet<&String> = found.keys().map(|(call, _)| call).collect();
    let mut ids: Vec<&String> = gold.keys().filter(|id| measured.contains(id)).collect();
    ids.sort();
    let calls: Vec<Evaluated> = ids
        .into_iter()
        .map(|id| {
            let gold = gold[id].clone();
            let turn = |index: usize| FoundTurn {
                label: Label::Neutral,
                valence: 0.0,
                terms: found.get(&(id.clone(), index)).cloned().unwrap_or_default(),
                signals: Vec::new(),
            };
            let findings = Findings {
                turns: (0..gold.turns.len()).map(turn).collect(),
                turning_points: Vec::new(),
                escalation: Escalation {
                    risk: 0.0,
                    level: Level::Low,
                    reasons: Vec::new(),
                },
            };
            Evaluated {
                gold,
                found: findings,
            }
        })
        .collect();
    evaluate(&calls).terms.expect("gold files label terms")
}

fn line(figures: &Terms) -> String {
    let show = |e: &Estimate| format!("{:.3} [{:.3}, {:.3}]", e.value, e.low, e.high);
    let m = &figures.matches;
    format!(
        "P {} R {} F1 {} category {}; {} turns, {} gold, {} found, {} matched",
        show(&m.precision),
        show(&m.recall),
        show(&m.f1),
        show(&figures.category_accuracy),
        figures.turns,
        m.gold,
        m.found,
        m.matched
    )
}

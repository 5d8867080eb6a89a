//! Cross-validation of the whole finder.

use std::collections::HashMap;
use std::error::Error;

use callheat::escalation::{Escalation, Level};
use callheat::eval::{Estimate, Evaluated, Findings, FoundTurn, Terms, evaluate};
use callheat::sentiment::Label;
use callheat::terms::{Category, TermFinder, TurnText};

use crate::corpus::{Corpus, Turn};
use crate::{Gold, Settings, Weights, fold, train};

/// Biases tried beside the one that is set.
const TRIED: [f32; 6] = [-0.25, 0.25, 0.5, 0.75, 1.0, 1.5];

type Found = HashMap<(String, usize), Vec<(String, Category)>>;

pub fn cross_validate(corpus: &Corpus, settings: &Settings) -> Result<(), Box<dyn Error>> {
    let trained: Vec<Weights> = std::thread::scope(|scope| {
        let folds: Vec<_> = (0..settings.folds)
            .map(|held| {
                scope.spawn(move || {
                    let kept: Vec<&Turn> = corpus
                        .turns
                        .iter()
                        .filter(|turn| fold(&turn.call) != held)
                        .collect();
                    train(&kept, settings)
                })
            })
            .collect();
        folds
            .into_iter()
            .map(|fold| fold.join().expect("training does not panic"))
            .collect()
    });
    for bias in TRIED.into_iter().chain([settings.bias]) {
        let mut found = Found::new();
        for (held, weights) in trained.iter().enumerate() {
            let finder = TermFinder::with_weights(&weights.bytes(bias))
                .ok_or("the weights do not fit the finder: did the format change?")?;
            let turns = corpus
                .turns
                .iter()
                .filter(|turn| fold(&turn.call) == held as u64);
            found.extend(turns.map(|turn| ((turn.call.clone(), turn.index), terms(turn, &finder))));
        }
        for (path, gold) in &corpus.gold {
            let figures = figures(gold, &found, settings.folds);
            println!("bias {bias}  {path}: {}", line(&figures));
            if bias.total_cmp(&settings.bias).is_eq() {
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
    Ok(())
}

fn terms(turn: &Turn, finder: &TermFinder) -> Vec<(String, Category)> {
    let hits = finder.find(&TurnText {
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
fn figures(gold: &Gold, found: &Found, folds: u64) -> Terms {
    let mut ids: Vec<&String> = gold.keys().filter(|id| fold(id) < folds).collect();
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

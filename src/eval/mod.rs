//! Findings against gold labels, in figures: what `callheat eval` prints.
//!
//! # Gold format
//!
//! JSON Lines, one call a line, in callheat's native form, so that a gold file
//! is also a valid input. Labels stand beside what is labelled, and any of them
//! may be missing: what has no label is not measured.
//!
//! ```jsonc
//! { "call_id": "c1",
//!   "turns": [
//!     { "speaker": "agent", "text": "您好" },
//!     { "speaker": "customer", "text": "你们乱扣费，我要去工信部",
//!       "valence": -2,                                        // −2..2: very negative … very positive
//!       "terms": [ { "term": "乱扣费", "category": "fee" } ],   // phrases as they stand in the text; [] for none
//!       "escalation": true } ],                               // or false, or kinds: "regulator", ["regulator", "media"]
//!   "turning_points": [ { "turn": 1, "direction": "deterioration" } ],   // index into turns; or "recovery"
//!   "risk": "high",                                           // low | medium | high
//!   "satisfaction": { "-2": 11, "-1": 6, "0": 2 } }           // votes by grade, or their mean as a number
//! ```
//!
//! A reviewer's verdicts, exported from the page, are gold labels too:
//! [`gold_of_review`] says which.
//!
//! [`compare_models`] measures sentiment models by themselves, on a
//! [`LabelledSet`]; [`measure_speed`] their speed on this machine.
//!
//! Only customer turns are measured. [`parse_gold`] reads a line, [`evaluate`]
//! measures, [`Evaluation`] is what `--json` writes and [`table`] what is
//! printed. All intervals are 95 % percentile intervals of 1,000 bootstrap
//! resamples of whole calls with a fixed seed.

mod classes;
mod gold;
mod labelled;
mod model_table;
mod models;
mod points;
mod review;
mod risk;
mod signals;
mod speed;
mod statistics;
mod table;
mod terms;
mod turns;

pub use classes::{ClassFigures, ConfidenceBin};
pub use gold::{GoldCall, GoldError, GoldPoint, GoldTerm, GoldTurn, parse_gold};
pub use labelled::{Labelled, LabelledError, LabelledSet};
pub use model_table::model_table;
pub use models::{Difference, ModelComparison, ModelFigures, ModelRun, compare_models};
pub use points::{CallErrors, Points};
pub use review::{Judgement, ReviewError, gold_of_review, is_judgement, parse_judgement};
pub use risk::{Bin, RiskFigures, Satisfaction};
pub use signals::Signals;
pub use speed::{Machine, Speed, SpeedError, measure_speed};
pub use statistics::{Estimate, Matches};
pub use table::table;
pub use terms::{Phrase, Terms};
pub use turns::Turns;

use schemars::JsonSchema;
use serde::Serialize;

use crate::arc::TurningPoint;
use crate::escalation::{Escalation, Signal};
use crate::sentiment::Label;
use crate::terms::Category;

/// What the analysis found in a call, beside its gold labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    /// One for each turn of the call, in order.
    pub turns: Vec<FoundTurn>,
    /// Turning points.
    pub turning_points: Vec<TurningPoint>,
    /// Risk and level.
    pub escalation: Escalation,
}

/// What the analysis found in a turn.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundTurn {
    /// The most probable class.
    pub label: Label,
    /// −1..1
    pub valence: f32,
    /// Complaint terms: the raw text of the span, and its category.
    pub terms: Vec<(String, Category)>,
    /// Escalation signals.
    pub signals: Vec<Signal>,
}

/// A labelled call with what was found in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluated {
    /// The labels.
    pub gold: GoldCall,
    /// The findings; as many turns as the gold call has.
    pub found: Findings,
}

/// The figures. A part is `None` where no call has its labels.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Evaluation {
    /// Calls measured.
    pub calls: usize,
    /// Sentiment of the customer's turns.
    pub turns: Option<Turns>,
    /// Complaint terms.
    pub terms: Option<Terms>,
    /// Turning points.
    pub turning_points: Option<Points>,
    /// Escalation signals.
    pub signals: Option<Signals>,
    /// Escalation risk against its labels.
    pub risk: Option<RiskFigures>,
    /// Escalation risk against satisfaction.
    pub satisfaction: Option<Satisfaction>,
}

/// Measures findings against gold labels.
pub fn evaluate(calls: &[Evaluated]) -> Evaluation {
    Evaluation {
        calls: calls.len(),
        turns: turns::measure(calls),
        terms: terms::measure(calls),
        turning_points: points::measure(calls),
        signals: signals::measure(calls),
        risk: risk::measure(calls),
        satisfaction: risk::measure_satisfaction(calls),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arc::Direction;
    use crate::escalation::Level;

    fn found(valence: f32, signals: &[Signal]) -> FoundTurn {
        FoundTurn {
            label: if valence < 0.0 {
                Label::Negative
            } else {
                Label::Neutral
            },
            valence,
            terms: Vec::new(),
            signals: signals.to_vec(),
        }
    }

    fn point(turn: usize, direction: Direction) -> TurningPoint {
        TurningPoint {
            turn,
            direction,
            from: 0.0,
            to: 0.0,
            confidence: 1.0,
            confirmed_at: turn + 2,
            trigger: None,
        }
    }

    fn call() -> Evaluated {
        let gold = parse_gold(
            r#"{"call_id":"c","turns":[
                {"speaker":"customer","text":"查个账单","valence":0,"escalation":false},
                {"speaker":"agent","text":"好的"},
                {"speaker":"customer","text":"你们乱扣","valence":-2,"escalation":false},
                {"speaker":"customer","text":"我找记者","valence":-2,"escalation":true},
                {"speaker":"customer","text":"算了","valence":-1,"escalation":false}],
              "turning_points":[{"turn":2,"direction":"deterioration"}],"risk":"high"}"#,
        )
        .unwrap();
        Evaluated {
            gold,
            found: Findings {
                turns: vec![
                    found(0.1, &[]),
                    found(0.0, &[]),
                    found(-0.8, &[Signal::Insult]),
                    found(-0.9, &[Signal::Media]),
                    found(0.0, &[]),
                ],
                turning_points: vec![
                    point(3, Direction::Deterioration),
                    point(4, Direction::Recovery),
                ],
                escalation: Escalation {
                    risk: 0.9,
                    level: Level::Medium,
                    reasons: Vec::new(),
                },
            },
        }
    }

    #[test]
    fn each_finding_is_counted_against_its_labels() {
        let measured = evaluate(&[call()]);
        let turns = measured.turns.unwrap();
        assert_eq!(turns.turns, 4);
        assert_eq!(turns.confusion, [[2, 1, 0], [0, 1, 0], [0, 0, 0]]);
        let points = measured.turning_points.unwrap();
        let counts = |m: &Matches| (m.gold, m.found, m.matched);
        assert_eq!(counts(&points.matches), (1, 2, 1));
        assert_eq!(points.mean_distance, Some(1.0));
        assert_eq!(points.errors[0].wrong, [(4, Direction::Recovery)]);
        let signals = measured.signals.unwrap();
        assert_eq!(counts(&signals.any), (1, 2, 1));
        assert!(signals.by_kind.is_empty());
        assert_eq!(measured.risk.unwrap().confusion[2], [0, 1, 0]);
        assert_eq!(measured.terms, None);
        assert_eq!(measured.satisfaction, None);
    }

    #[test]
    fn the_table_shows_every_measured_finding() {
        let text = table(&evaluate(&[call()]));
        for part in ["macro-F1", "turning points: 1 calls", "insult 1, media 1"] {
            assert!(text.contains(part), "{text}");
        }
        assert!(!text.contains("complaint terms"));
    }
}

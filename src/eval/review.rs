//! The page's review export: a reviewer's verdicts as gold labels.
//!
//! A line is `{call_id, finding, verdict, corrected, corrected_turn?, note}`,
//! as the page's `Review.export` writes it. What was accepted or corrected is
//! gold, what was missed is added, what was rejected is gold for not being
//! there. A kind of finding counts as labelled only where every finding of that
//! kind has a verdict: in the turn for terms and signals, in the call for
//! turning points. So the figures hold for what was judged, not for all turns.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use super::gold::{GoldCall, GoldEscalation, GoldPoint, GoldTerm, GoldTurn};
use crate::arc::Direction;
use crate::escalation::{Level, Signal};
use crate::heatmap::{CallReport, TurnReport};
use crate::sentiment::Label;
use crate::terms::Category;

/// A line that is no judgement. The caller knows path and line.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReviewError {
    /// Not JSON, or not of the export's form.
    #[error("not a line of the page's review export: {0}; export the review again")]
    Json(#[from] serde_json::Error),
    /// `corrected` is missing or no label of this kind of finding.
    #[error("verdict `correct` without a label that fits the finding; export the review again")]
    Corrected,
}

/// What a reviewer said of one finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The call.
    pub call_id: String,
    judged: Judged,
}

/// The verdict, with the right label where there is one; `None` where the
/// finding was rejected.
#[derive(Debug, Clone, PartialEq)]
enum Judged {
    Turn {
        turn: usize,
        text: Option<String>,
        label: Option<Label>,
    },
    Term {
        turn: usize,
        term: String,
        found: Option<Category>,
        label: Option<Category>,
    },
    Signal {
        turn: usize,
        found: Option<Signal>,
        label: Option<Signal>,
    },
    Point {
        found: Option<(usize, Direction)>,
        label: Option<(usize, Direction)>,
    },
    Risk(Option<Level>),
    /// The verdict on the whole call, or a mere note.
    Nothing,
}

#[derive(Deserialize)]
struct Line {
    call_id: String,
    finding: Finding,
    verdict: Option<Verdict>,
    #[serde(default)]
    corrected: Option<String>,
    #[serde(default)]
    corrected_turn: Option<usize>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Accept,
    Reject,
    Correct,
    Missed,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Finding {
    Risk {
        label: Level,
    },
    TurningPoint {
        turn: usize,
        label: Direction,
    },
    Signal {
        turn: usize,
        label: Signal,
    },
    Term {
        turn: usize,
        label: Category,
        term: String,
    },
    Turn {
        turn: usize,
        label: Label,
        #[serde(default)]
        text: Option<String>,
    },
    Call,
}

impl Line {
    /// The right label: that of the finding, or the corrected one.
    fn right<T: DeserializeOwned>(&self, found: T) -> Result<Option<T>, ReviewError> {
        match self.verdict {
            Some(Verdict::Accept | Verdict::Missed) => Ok(Some(found)),
            Some(Verdict::Correct) => {
                let label = self.corrected.clone().ok_or(ReviewError::Corrected)?;
                serde_json::from_value(label.into())
                    .map(Some)
                    .map_err(|_| ReviewError::Corrected)
            }
            Some(Verdict::Reject) | None => Ok(None),
        }
    }

    fn judged(&self) -> Result<Judged, ReviewError> {
        if self.verdict.is_none() {
            return Ok(Judged::Nothing);
        }
        let is_missed = self.verdict == Some(Verdict::Missed);
        Ok(match &self.finding {
            Finding::Risk { label } => Judged::Risk(self.right(*label)?),
            Finding::TurningPoint { turn, label } => Judged::Point {
                found: (!is_missed).then_some((*turn, *label)),
                label: self
                    .right(*label)?
                    .map(|label| (self.corrected_turn.unwrap_or(*turn), label)),
            },
            Finding::Signal { turn, label } => Judged::Signal {
                turn: *turn,
                found: (!is_missed).then_some(*label),
                label: self.right(*label)?,
            },
            Finding::Term { turn, label, term } => Judged::Term {
                turn: *turn,
                term: term.clone(),
                found: (!is_missed).then_some(*label),
                label: self.right(*label)?,
            },
            Finding::Turn { turn, label, text } => Judged::Turn {
                turn: *turn,
                text: text.clone(),
                label: self.right(*label)?,
            },
            Finding::Call => Judged::Nothing,
        })
    }
}

/// Whether a line looks like one of a review export rather than a gold call.
pub fn is_judgement(line: &str) -> bool {
    #[derive(Deserialize)]
    struct Looks {
        finding: Option<serde::de::IgnoredAny>,
    }
    serde_json::from_str::<Looks>(line).is_ok_and(|line| line.finding.is_some())
}

/// Reads a line of a review export.
pub fn parse_judgement(line: &str) -> Result<Judgement, ReviewError> {
    let line: Line = serde_json::from_str(line)?;
    let judged = line.judged()?;
    Ok(Judgement {
        call_id: line.call_id,
        judged,
    })
}

impl Judgement {
    /// The turn, its text and its right label, where the label of a turn was
    /// judged. The export carries the text itself.
    pub(super) fn labelled_turn(&self) -> Option<(usize, &str, Label)> {
        match &self.judged {
            Judged::Turn {
                turn,
                text: Some(text),
                label: Some(label),
            } => Some((*turn, text, *label)),
            _ => None,
        }
    }
}

/// The gold labels that the judgements of a call make. `call` is the call in
/// the heatmap that was reviewed; judgements of other calls are left out, and
/// the last one of a finding counts.
pub fn gold_of_review(judgements: &[Judgement], call: &CallReport) -> GoldCall {
    let ours: Vec<&Judged> = judgements
        .iter()
        .filter(|judgement| judgement.call_id == call.call_id)
        .map(|judgement| &judgement.judged)
        .collect();
    let turns = call.turns.iter().enumerate();
    GoldCall {
        call_id: call.call_id.clone(),
        turns: turns
            .map(|(index, turn)| gold_turn(&ours, index, turn))
            .collect(),
        turning_points: points(&ours, call),
        risk: ours
            .iter()
            .rev()
            .find_map(|judged| match judged {
                Judged::Risk(level) => Some(*level),
                _ => None,
            })
            .flatten(),
        satisfaction: None,
    }
}

fn gold_turn(judged: &[&Judged], index: usize, found: &TurnReport) -> GoldTurn {
    let label = judged.iter().rev().find_map(|judged| match judged {
        Judged::Turn { turn, label, .. } if *turn == index => Some(*label),
        _ => None,
    });
    GoldTurn {
        speaker: found.speaker,
        text: found.text.clone(),
        // The reviewer chose a class, not a grade.
        valence: label.flatten().map(|label| match label {
            Label::Negative => -1.0,
            Label::Neutral => 0.0,
            Label::Positive => 1.0,
        }),
        terms: terms(judged, index, found),
        escalation: signals(judged, index, found),
    }
}

fn terms(judged: &[&Judged], index: usize, found: &TurnReport) -> Option<Vec<GoldTerm>> {
    let of_turn: BTreeMap<_, _> = judged
        .iter()
        .filter_map(|judged| match judged {
            Judged::Term {
                turn,
                term,
                found,
                label,
            } if *turn == index => Some(((term.as_str(), *found), *label)),
            _ => None,
        })
        .collect();
    let is_judged = |term: &str, category: Category| of_turn.contains_key(&(term, Some(category)));
    let is_complete = found
        .terms
        .iter()
        .all(|found| is_judged(&found.term, found.category));
    (is_complete && !of_turn.is_empty()).then(|| {
        let gold = of_turn.iter().filter_map(|((term, _), label)| {
            label.map(|category| GoldTerm {
                term: (*term).to_owned(),
                category,
            })
        });
        gold.collect()
    })
}

fn signals(judged: &[&Judged], index: usize, found: &TurnReport) -> Option<GoldEscalation> {
    let of_turn: Vec<(Option<Signal>, Option<Signal>)> = judged
        .iter()
        .filter_map(|judged| match judged {
            Judged::Signal { turn, found, label } if *turn == index => Some((*found, *label)),
            _ => None,
        })
        .collect();
    let is_complete = found
        .signals
        .iter()
        .all(|signal| of_turn.iter().any(|(found, _)| *found == Some(*signal)));
    (is_complete && !of_turn.is_empty()).then(|| {
        let mut kinds: Vec<Signal> = of_turn.iter().filter_map(|(_, label)| *label).collect();
        kinds.sort_unstable();
        kinds.dedup();
        GoldEscalation {
            any: !kinds.is_empty(),
            kinds: Some(kinds),
        }
    })
}

fn points(judged: &[&Judged], call: &CallReport) -> Option<Vec<GoldPoint>> {
    let of_call: Vec<_> = judged
        .iter()
        .filter_map(|judged| match judged {
            Judged::Point { found, label } => Some((*found, *label)),
            _ => None,
        })
        .collect();
    let is_complete = call.turning_points.iter().all(|point| {
        let key = Some((point.turn, point.direction));
        of_call.iter().any(|(found, _)| *found == key)
    });
    let is_turn = |turn: usize| turn < call.turns.len();
    (is_complete && !of_call.is_empty()).then(|| {
        let gold = of_call.iter().filter_map(|(_, label)| *label);
        gold.filter(|(turn, _)| is_turn(*turn))
            .map(|(turn, direction)| GoldPoint { turn, direction })
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn call() -> CallReport {
        let turn = |index: usize, text: &str, terms: serde_json::Value| {
            json!({"index": index, "speaker": "customer", "start_ms": null, "end_ms": null, "text": text,
                   "label": "negative", "valence": -0.5, "terms": terms, "signals": ["media"],
                   "probabilities": {"negative": 0.7, "neutral": 0.2, "positive": 0.1}})
        };
        let term = |term: &str| json!({"term": term, "canonical": term, "category": "fee", "span": [0, 2]});
        serde_json::from_value(json!({
            "call_id": "c", "source": {"path": "c.json", "format": "native"}, "meta": {}, "duration_ms": null,
            "turns": [turn(0, "乱扣费多收钱", json!([term("乱扣费"), term("多收钱")])), turn(1, "找记者", json!([]))],
            "heatmap": [], "turning_points": [{"turn": 1, "direction": "deterioration", "from": 0.0, "to": -0.8,
                "confidence": 0.9, "confirmed_at": 1}],
            "arc": {"mean": -0.5, "last": -0.5, "trend": 0.0, "lowest": {"turn": 1, "level": -0.5}},
            "complaint_terms": [], "escalation": {"risk": 0.8, "level": "high", "reasons": []},
            "timing": {"talk_ratio": null, "silences": null, "interruptions": null, "chars_per_minute": null}, "warnings": []
        }))
        .unwrap()
    }

    fn judged(finding: &serde_json::Value, verdict: &str, corrected: Option<&str>) -> Judgement {
        let line = json!({"call_id": "c", "finding": finding, "verdict": verdict, "corrected": corrected, "note": ""});
        parse_judgement(&line.to_string()).unwrap()
    }

    #[test]
    fn verdicts_become_gold_where_all_findings_of_a_kind_have_one() {
        let term = |term: &str| json!({"kind": "term", "turn": 0, "label": "fee", "term": term, "span": [0, 3]});
        let mut review = vec![
            judged(
                &json!({"kind": "turn", "turn": 1, "label": "negative", "text": "找记者", "speaker": "customer"}),
                "correct",
                Some("neutral"),
            ),
            judged(
                &json!({"kind": "risk", "label": "high"}),
                "correct",
                Some("medium"),
            ),
            judged(
                &json!({"kind": "signal", "turn": 1, "label": "media"}),
                "reject",
                None,
            ),
            judged(&term("乱扣费"), "correct", Some("refund")),
            judged(&json!({"kind": "call"}), "accept", None),
        ];
        let gold = gold_of_review(&review, &call());
        assert_eq!(gold.turns[1].valence, Some(0.0));
        assert_eq!(gold.turns[0].valence, None);
        assert_eq!(gold.risk, Some(Level::Medium));
        let signals = gold.turns[1].escalation.clone().unwrap();
        assert_eq!((signals.any, signals.kinds), (false, Some(vec![])));
        assert_eq!(gold.turns[0].escalation, None, "nobody judged it");
        assert_eq!(gold.turns[0].terms, None, "one of two was judged");
        assert_eq!(gold.turning_points, None);

        review.push(judged(&term("多收钱"), "reject", None));
        review.push(judged(
            &json!({"kind": "turning_point", "turn": 1, "label": "deterioration"}),
            "accept",
            None,
        ));
        review.push(judged(
            &json!({"kind": "turning_point", "turn": 0, "label": "recovery"}),
            "missed",
            None,
        ));
        let gold = gold_of_review(&review, &call());
        let terms = gold.turns[0].terms.clone().unwrap();
        assert_eq!((terms.len(), terms[0].category), (1, Category::Refund));
        assert_eq!(gold.turning_points.unwrap().len(), 2);
        assert_eq!(
            review[0].labelled_turn(),
            Some((1, "找记者", Label::Neutral))
        );
    }

    #[test]
    fn a_line_that_is_no_judgement_is_an_error() {
        assert!(is_judgement(r#"{"finding":{"kind":"call"}}"#));
        assert!(!is_judgement(r#"{"call_id":"c","turns":[]}"#));
        for line in [
            "{",
            r#"{"call_id":"c","finding":{"kind":"risk","label":"awful"},"verdict":"accept","corrected":null,"note":""}"#,
            r#"{"call_id":"c","finding":{"kind":"risk","label":"low"},"verdict":"correct","corrected":"fee","note":""}"#,
            r#"{"call_id":"c","finding":{"kind":"risk","label":"low"},"verdict":"correct","corrected":null,"note":""}"#,
        ] {
            assert!(parse_judgement(line).is_err(), "{line}");
        }
    }
}

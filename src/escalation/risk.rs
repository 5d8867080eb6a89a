use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

use super::{Escalation, Level, Reason, SignalHit};
use crate::arc::{Direction, TurningPoint};
use crate::call::{Speaker, Turn};
use crate::sentiment::Score;
use crate::terms::TermHit;

const DEFAULT_MODEL: &str = include_str!("risk.json");

/// How many reasons are given at most.
const MOST_REASONS: usize = 5;

/// A turn below this valence counts as negative.
const NEGATIVE: f32 = -0.4;

/// A mood worse than this is a reason in itself.
const LOW_MOOD: f32 = 0.5;

/// How many of the last customer turns make the end of the call.
const END_TURNS: usize = 3;

/// Risk coefficients that cannot be used.
#[derive(Debug, Error)]
#[error("cannot use the risk coefficients {path}: {problem}")]
pub struct RiskError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub problem: String,
}

/// Coefficients of the risk: a logistic regression over named features of the
/// call so far, and the thresholds of the levels.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskModel {
    intercept: f32,
    weights: BTreeMap<String, f32>,
    medium: f32,
    high: f32,
}

impl RiskModel {
    /// Reads coefficients from JSON; `name` stands in messages.
    pub fn parse(json: &str, name: &Path) -> Result<Self, RiskError> {
        let problem = |problem| RiskError {
            path: name.to_owned(),
            problem,
        };
        let model: Self = serde_json::from_str(json).map_err(|error| problem(error.to_string()))?;
        match model.unknown_feature() {
            Some(feature) => Err(problem(format!("no feature is named {feature}"))),
            None => Ok(model),
        }
    }

    /// The level of a risk.
    pub fn level(&self, risk: f32) -> Level {
        if risk >= self.high {
            Level::High
        } else if risk >= self.medium {
            Level::Medium
        } else {
            Level::Low
        }
    }

    /// Names a weight that belongs to no feature.
    fn unknown_feature(&self) -> Option<&str> {
        let known = features(&[], &[]);
        let mut names = self.weights.keys().map(String::as_str);
        names.find(|name| !known.iter().any(|(feature, _)| feature == name))
    }

    fn risk(&self, features: &[(&str, f32)]) -> f32 {
        let logit = features.iter().fold(self.intercept, |sum, (name, value)| {
            sum + self.weights.get(*name).copied().unwrap_or(0.0) * value
        });
        1.0 / (1.0 + (-logit).exp())
    }
}

impl Default for RiskModel {
    fn default() -> Self {
        match Self::parse(DEFAULT_MODEL, Path::new("risk.json")) {
            Ok(model) => model,
            Err(error) => unreachable!("the built-in coefficients are tested: {error}"),
        }
    }
}

/// What the risk takes from a turn.
#[derive(Debug, Clone, Copy)]
pub struct RiskTurn<'a> {
    /// Index of the turn in the call.
    pub index: usize,
    /// The turn as it was read.
    pub turn: &'a Turn,
    /// Its score.
    pub score: Score,
    /// Complaint terms found in it.
    pub terms: &'a [TermHit],
    /// Escalation signals found in it.
    pub signals: &'a [SignalHit],
    /// The customer's level after it ([`crate::arc::ArcTracker::level`]).
    pub level: Option<f32>,
    /// The turning point it confirmed.
    pub point: Option<&'a TurningPoint>,
}

/// What counts of a customer turn.
#[derive(Debug, Clone)]
struct Evidence {
    turn: usize,
    text: String,
    valence: f32,
    level: f32,
    signals: Vec<SignalHit>,
    complaints: usize,
}

/// The features of the risk, by name; the same as in
/// `models/training/risk.py`.
fn features(turns: &[Evidence], points: &[(usize, Direction)]) -> [(&'static str, f32); 13] {
    let count = turns.len().max(1) as f32;
    let end = &turns[turns.len().saturating_sub(END_TURNS)..];
    let valences = || turns.iter().map(|turn| turn.valence);
    let share = |hits: usize| hits as f32 / count;
    let signals = |turns: &[Evidence]| {
        let hits: usize = turns.iter().map(|turn| turn.signals.len()).sum();
        (hits as f32).ln_1p()
    };
    let complaints: usize = turns.iter().map(|turn| turn.complaints).sum();
    let worse = points
        .iter()
        .filter(|point| point.1 == Direction::Deterioration)
        .count();
    let ends = |direction| {
        let last = points.last().is_some_and(|point| point.1 == direction);
        f32::from(u8::from(last))
    };
    let of_end = end.iter().map(|turn| turn.valence);
    [
        ("mean_valence", valences().sum::<f32>() / count),
        (
            "end_valence",
            of_end.clone().sum::<f32>() / end.len().max(1) as f32,
        ),
        ("best_end", of_end.fold(0.0, f32::max)),
        (
            "negative_share",
            share(valences().filter(|&v| v < NEGATIVE).count()),
        ),
        ("last_level", turns.last().map_or(0.0, |turn| turn.level)),
        (
            "lowest_level",
            turns
                .iter()
                .map(|turn| turn.level)
                .reduce(f32::min)
                .unwrap_or(0.0),
        ),
        ("signals", signals(turns)),
        ("late_signals", signals(end)),
        ("complaints", (complaints as f32).ln_1p()),
        ("deteriorations", (worse as f32).ln_1p()),
        ("ends_deteriorated", ends(Direction::Deterioration)),
        ("ends_recovered", ends(Direction::Recovery)),
        ("few_turns", 1.0 / count),
    ]
}

/// The fold behind [`Escalation`].
#[derive(Debug, Clone)]
pub struct RiskTracker<'m> {
    model: &'m RiskModel,
    turns: Vec<Evidence>,
    points: Vec<(usize, Direction)>,
    level: Level,
}

impl<'m> RiskTracker<'m> {
    /// An empty call.
    pub fn new(model: &'m RiskModel) -> Self {
        Self {
            model,
            turns: Vec::new(),
            points: Vec::new(),
            level: Level::Low,
        }
    }

    /// Takes the next turn, and tells the risk so far where its level changed.
    pub fn push(&mut self, turn: &RiskTurn<'_>) -> Option<Escalation> {
        if turn.turn.speaker != Speaker::Customer {
            return None;
        }
        self.points
            .extend(turn.point.map(|point| (point.turn, point.direction)));
        self.turns.push(Evidence {
            turn: turn.index,
            text: turn.turn.text.clone(),
            valence: turn.score.valence,
            level: turn.level.unwrap_or(0.0),
            signals: turn.signals.to_vec(),
            complaints: turn.terms.len(),
        });
        let now = self.model.level(self.risk());
        (now != std::mem::replace(&mut self.level, now)).then(|| self.escalation())
    }

    /// The risk at the end of the call.
    pub fn finish(self) -> Escalation {
        self.escalation()
    }

    fn escalation(&self) -> Escalation {
        let risk = self.risk();
        Escalation {
            risk: (risk * 1000.0).round() / 1000.0,
            level: self.model.level(risk),
            reasons: self.reasons(),
        }
    }

    fn risk(&self) -> f32 {
        self.model.risk(&features(&self.turns, &self.points))
    }

    /// The turns that count most, gravest first; each turn once, under its
    /// gravest kind of evidence.
    fn reasons(&self) -> Vec<Reason> {
        let last = self.turns.len().saturating_sub(1);
        let mut found: Vec<(f32, Reason)> = self
            .turns
            .iter()
            .enumerate()
            .filter_map(|(place, turn)| {
                let (weight, signal) = self.gravity(turn, place == last)?;
                let reason = Reason {
                    signal,
                    turn: turn.turn,
                    text: turn.text.clone(),
                };
                Some((weight, reason))
            })
            .collect();
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        found.truncate(MOST_REASONS);
        found.into_iter().map(|(_, reason)| reason).collect()
    }

    /// How much a turn speaks for escalation, and by what kind of evidence.
    fn gravity(&self, turn: &Evidence, last: bool) -> Option<(f32, String)> {
        let mood = (-turn.level.min(turn.valence)).max(0.0);
        if let Some(hit) = turn.signals.first() {
            let weight = 2.0 + turn.signals.len() as f32 + mood;
            return Some((weight, hit.signal.name().to_owned()));
        }
        let shifted = self.points.contains(&(turn.turn, Direction::Deterioration));
        let (weight, name) = if shifted {
            (1.5, "deterioration")
        } else if last && mood > LOW_MOOD {
            (1.0, "unresolved_end")
        } else if turn.complaints > 0 {
            (0.2 * turn.complaints.min(3) as f32, "complaint")
        } else if mood > LOW_MOOD {
            (0.0, "low_level")
        } else {
            return None;
        };
        Some((weight + mood, name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Span;
    use crate::escalation::Signal;

    /// Customer turns of text, valence and whether a regulator is named.
    fn escalation(turns: &[(&str, f32, bool)]) -> (Escalation, Vec<Level>) {
        let model = RiskModel::default();
        let mut tracker = RiskTracker::new(&model);
        let mut changes = Vec::new();
        let hit = [SignalHit {
            signal: Signal::Regulator,
            span: Span(0, 1),
        }];
        for (index, &(text, valence, signal)) in turns.iter().enumerate() {
            let turn = Turn {
                speaker: Speaker::Customer,
                start_ms: None,
                end_ms: None,
                text: text.to_owned(),
            };
            let change = tracker.push(&RiskTurn {
                index,
                turn: &turn,
                score: Score {
                    valence,
                    ..Score::NEUTRAL
                },
                terms: &[],
                signals: if signal { &hit } else { &[] },
                level: Some(valence),
                point: None,
            });
            changes.extend(change.map(|change| change.level));
        }
        (tracker.finish(), changes)
    }

    #[test]
    fn the_built_in_coefficients_are_sound() {
        let model = RiskModel::parse(DEFAULT_MODEL, Path::new("risk.json")).unwrap();
        assert!(model.medium < model.high);
        let json = DEFAULT_MODEL.replace("few_turns", "many_turns");
        let error = RiskModel::parse(&json, Path::new("mine.json")).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("mine.json: no feature is named many_turns")
        );
    }

    #[test]
    fn threats_and_anger_raise_the_risk_and_come_first() {
        let (calm, changes) = escalation(&[("查一下账单", 0.0, false), ("谢谢", 0.6, false)]);
        assert_eq!((calm.level, changes), (Level::Low, vec![]));
        assert_eq!(calm.reasons, vec![]);
        let (angry, changes) = escalation(&[
            ("怎么又扣了", -0.6, false),
            ("你们太过分了", -0.9, false),
            ("我去工信部", -0.9, true),
            ("等着吧", -0.9, true),
        ]);
        assert_eq!(angry.level, Level::High);
        assert_eq!(changes.last(), Some(&Level::High));
        assert!(angry.risk > calm.risk + 0.5);
        assert_eq!(
            (angry.reasons[0].signal.as_str(), angry.reasons[0].turn),
            ("regulator", 2)
        );
        assert_eq!(angry.reasons[0].text, "我去工信部");
    }
}

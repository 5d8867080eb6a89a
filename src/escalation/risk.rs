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
        serde_json::from_str(json).map_err(|error| RiskError {
            path: name.to_owned(),
            problem: error.to_string(),
        })
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

/// A customer turn as the reasons may need it.
#[derive(Debug, Clone)]
struct Evidence {
    turn: usize,
    text: String,
    level: f32,
    signals: Vec<SignalHit>,
    complaint: f32,
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
            level: turn.level.unwrap_or(0.0).min(turn.score.valence),
            signals: turn.signals.to_vec(),
            complaint: turn.terms.iter().map(|term| term.weight).sum(),
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
        let count = self.turns.len().max(1) as f32;
        let levels = self.turns.iter().map(|turn| turn.level);
        let end = &self.turns[self.turns.len().saturating_sub(END_TURNS)..];
        let ends = |direction| {
            let last = self
                .points
                .last()
                .is_some_and(|&(_, last)| last == direction);
            f32::from(u8::from(last))
        };
        self.model.risk(&[
            ("mean_level", levels.clone().sum::<f32>() / count),
            ("lowest_level", levels.reduce(f32::min).unwrap_or(0.0)),
            (
                "last_level",
                end.iter().map(|turn| turn.level).sum::<f32>() / end.len().max(1) as f32,
            ),
            (
                "signals",
                self.turns
                    .iter()
                    .map(|t| t.signals.len() as f32)
                    .sum::<f32>()
                    .ln_1p(),
            ),
            (
                "complaints",
                self.turns
                    .iter()
                    .map(|turn| turn.complaint)
                    .sum::<f32>()
                    .ln_1p(),
            ),
            ("ends_deteriorated", ends(Direction::Deterioration)),
            ("ends_recovered", ends(Direction::Recovery)),
        ])
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

    fn gravity(&self, turn: &Evidence, last: bool) -> Option<(f32, String)> {
        let mood = (-turn.level).max(0.0);
        if let Some(hit) = turn.signals.first() {
            return Some((
                2.0 + turn.signals.len() as f32 + mood,
                hit.signal.name().to_owned(),
            ));
        }
        let deteriorates = self.points.contains(&(turn.turn, Direction::Deterioration));
        let (weight, name) = if deteriorates {
            (1.5, "deterioration")
        } else if last && mood > 0.5 {
            (1.0, "unresolved_end")
        } else if mood > 0.5 && turn.complaint <= 0.0 {
            (0.0, "low_level")
        } else if turn.complaint > 0.0 {
            (0.2 * turn.complaint.min(3.0), "complaint")
        } else {
            return None;
        };
        (mood > 0.25 || turn.complaint > 0.0).then(|| (weight + mood, name.to_owned()))
    }
}

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use thiserror::Error;

use crate::arc::Direction;
use crate::call::Speaker;
use crate::escalation::{Level, Signal};
use crate::input::json_fault;
use crate::terms::Category;

/// A line of a gold file that cannot be used. The caller knows path and line.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GoldError {
    /// Not JSON, or not of the form the module describes.
    #[error("not a gold call: {0}; the format stands in `callheat eval --help` and the README")]
    Json(String),
    /// A turning point refers to a turn that is no customer turn of the call.
    #[error(
        "turning point at turn {turn}, which is no customer turn: give the 0-based index into turns"
    )]
    Point {
        /// The index given.
        turn: usize,
    },
}

/// A call with gold labels.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct GoldCall {
    /// Identifier.
    pub call_id: String,
    /// The turns with their labels.
    pub turns: Vec<GoldTurn>,
    /// Where the customer's level shifts for good; `None` when not labelled.
    #[serde(default)]
    pub turning_points: Option<Vec<GoldPoint>>,
    /// Risk at the end of the call.
    #[serde(default)]
    pub risk: Option<Level>,
    /// Mean satisfaction, −2..2.
    #[serde(default, deserialize_with = "mean_satisfaction")]
    pub satisfaction: Option<f32>,
}

/// A turn with gold labels.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct GoldTurn {
    /// Who speaks.
    pub speaker: Speaker,
    /// The text.
    pub text: String,
    /// −2..2
    #[serde(default)]
    pub valence: Option<f32>,
    /// Complaint phrases as they stand in the text.
    #[serde(default)]
    pub terms: Option<Vec<GoldTerm>>,
    /// Whether the turn escalates, and in which ways where the label says.
    #[serde(default, deserialize_with = "escalation_label")]
    pub escalation: Option<GoldEscalation>,
}

/// A gold complaint phrase.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GoldTerm {
    /// The phrase.
    pub term: String,
    /// What the complaint is about.
    pub category: Category,
}

/// A gold turning point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct GoldPoint {
    /// Index of the turn at which the new level begins.
    pub turn: usize,
    /// Which way.
    pub direction: Direction,
}

/// The escalation label of a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoldEscalation {
    /// Whether the turn holds any signal.
    pub any: bool,
    /// The kinds; `None` when the label only says yes.
    pub kinds: Option<Vec<Signal>>,
}

/// Reads one line of a gold file.
pub fn parse_gold(line: &str) -> Result<GoldCall, GoldError> {
    let call: GoldCall =
        serde_json::from_str(line).map_err(|error| GoldError::Json(json_fault(&error)))?;
    let is_customer = |turn: usize| {
        let turn: Option<&GoldTurn> = call.turns.get(turn);
        turn.is_some_and(|turn| turn.speaker == Speaker::Customer)
    };
    let points = call.turning_points.iter().flatten();
    match points
        .map(|point| point.turn)
        .find(|&turn| !is_customer(turn))
    {
        Some(turn) => Err(GoldError::Point { turn }),
        None => Ok(call),
    }
}

impl GoldCall {
    /// Indices of the customer's turns.
    pub(super) fn customer_turns(&self) -> Vec<usize> {
        let turns = self.turns.iter().enumerate();
        turns
            .filter(|(_, turn)| turn.speaker == Speaker::Customer)
            .map(|(index, _)| index)
            .collect()
    }
}

fn escalation_label<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<GoldEscalation>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Label {
        Any(bool),
        One(Signal),
        Several(Vec<Signal>),
    }
    let kinds = |kinds: Vec<Signal>| GoldEscalation {
        any: !kinds.is_empty(),
        kinds: Some(kinds),
    };
    Ok(
        Option::<Label>::deserialize(deserializer)?.map(|label| match label {
            Label::Any(false) => kinds(Vec::new()),
            Label::Any(true) => GoldEscalation {
                any: true,
                kinds: None,
            },
            Label::One(kind) => kinds(vec![kind]),
            Label::Several(several) => kinds(several),
        }),
    )
}

fn mean_satisfaction<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f32>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Label {
        Mean(f32),
        Votes(BTreeMap<String, f32>),
    }
    let label = Option::<Label>::deserialize(deserializer)?;
    Ok(label.and_then(|label| match label {
        Label::Mean(mean) => Some(mean),
        Label::Votes(votes) => {
            let graded = votes
                .iter()
                .filter_map(|(grade, n)| Some((grade.parse::<f32>().ok()?, n)));
            let (sum, count) = graded.fold((0.0, 0.0), |(sum, count), (grade, n)| {
                (sum + grade * n, count + n)
            });
            (count > 0.0).then(|| sum / count)
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_label_is_read() {
        let call = parse_gold(
            r#"{"call_id":"x","industry":"ignored","turns":[
                {"speaker":"agent","text":"您好","start_ms":0},
                {"speaker":"customer","text":"退钱","valence":-1,"terms":[{"term":"退钱","category":"refund"}],"escalation":true},
                {"speaker":"customer","text":"找记者","escalation":["media"]},
                {"speaker":"customer","text":"嗯","escalation":false}],
              "turning_points":[{"turn":1,"direction":"deterioration"}],"risk":"high",
              "satisfaction":{"-2":3,"-1":0,"0":1}}"#,
        )
        .unwrap();
        assert_eq!(call.satisfaction, Some(-1.5));
        assert_eq!(call.risk, Some(Level::High));
        assert_eq!(call.customer_turns(), [1, 2, 3]);
        let any: Vec<_> = call
            .turns
            .iter()
            .map(|t| t.escalation.as_ref().map(|e| e.any))
            .collect();
        assert_eq!(any, [None, Some(true), Some(true), Some(false)]);
        assert_eq!(
            call.turns[2].escalation.as_ref().unwrap().kinds,
            Some(vec![Signal::Media])
        );
    }

    #[test]
    fn a_point_outside_the_customers_turns_is_an_error() {
        let line = r#"{"call_id":"x","turns":[{"speaker":"agent","text":"您好"}],"turning_points":[{"turn":0,"direction":"recovery"}]}"#;
        assert!(parse_gold(line).unwrap_err().to_string().contains("turn 0"));
        assert!(parse_gold("{").is_err());
    }
}

//! Texts with gold labels, for measuring a sentiment model by itself.

use std::collections::HashMap;

use serde::Deserialize;
use thiserror::Error;

use super::gold::{GoldError, parse_gold};
use super::review::{ReviewError, is_judgement, parse_judgement};
use crate::sentiment::{Label, label_of_name};

/// A line that cannot be used. The caller knows path and line.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LabelledError {
    /// Not JSON, or of none of the forms.
    #[error("neither {{\"text\",\"label\"}} nor a call with turns nor a review: {0}")]
    Json(serde_json::Error),
    /// The label is none of the three.
    #[error("unknown label {0:?}; give negative, neutral or positive")]
    Label(String),
    /// A gold call that cannot be used.
    #[error(transparent)]
    Gold(#[from] GoldError),
    /// A line of a review export that cannot be used.
    #[error(transparent)]
    Review(#[from] ReviewError),
}

/// A text with its gold label.
#[derive(Debug, Clone, PartialEq)]
pub struct Labelled {
    /// The text.
    pub text: String,
    /// Its class.
    pub label: Label,
    /// Its grade, in any unit; `None` where only the class is known.
    pub valence: Option<f32>,
    /// Texts of one call share a number: they are resampled together.
    pub group: usize,
}

/// Texts with gold labels from any number of files.
#[derive(Debug, Clone, Default)]
pub struct LabelledSet {
    texts: Vec<Labelled>,
    groups: HashMap<String, usize>,
    next_group: usize,
    judged: HashMap<(String, usize), usize>,
}

impl LabelledSet {
    /// Takes one line: `{"text","label"}` with an optional `valence`, a gold
    /// call (the customer's turns with `valence`), or a line of the page's
    /// review export (judged turns; of two judgements the later counts).
    pub fn push_line(&mut self, line: &str) -> Result<(), LabelledError> {
        #[derive(Deserialize)]
        struct Kind {
            #[serde(default)]
            turns: Option<serde::de::IgnoredAny>,
        }
        if is_judgement(line) {
            self.push_judgement(line)
        } else if serde_json::from_str::<Kind>(line).is_ok_and(|kind| kind.turns.is_some()) {
            self.push_call(line)
        } else {
            self.push_text(line)
        }
    }

    /// The texts, in the order of the lines.
    pub fn texts(&self) -> &[Labelled] {
        &self.texts
    }

    /// Only negative and positive texts: a model then has to choose between
    /// these two.
    pub fn is_binary(&self) -> bool {
        self.texts.iter().all(|text| text.label != Label::Neutral)
    }

    fn push_text(&mut self, line: &str) -> Result<(), LabelledError> {
        #[derive(Deserialize)]
        struct Line {
            text: String,
            label: String,
            #[serde(default)]
            valence: Option<f32>,
        }
        let line: Line = serde_json::from_str(line).map_err(LabelledError::Json)?;
        let label = label_of_name(&line.label).ok_or(LabelledError::Label(line.label))?;
        let group = self.new_group();
        self.texts.push(Labelled {
            text: line.text,
            label,
            valence: line.valence,
            group,
        });
        Ok(())
    }

    fn push_call(&mut self, line: &str) -> Result<(), LabelledError> {
        let call = parse_gold(line)?;
        let group = self.new_group();
        for index in call.customer_turns() {
            let Some(turn) = call.turns.get(index) else {
                continue;
            };
            let Some(valence) = turn.valence else {
                continue;
            };
            self.texts.push(Labelled {
                text: turn.text.clone(),
                label: label_of_valence(valence),
                valence: Some(valence),
                group,
            });
        }
        Ok(())
    }

    fn push_judgement(&mut self, line: &str) -> Result<(), LabelledError> {
        let judgement = parse_judgement(line)?;
        let Some((turn, text, label)) = judgement.labelled_turn() else {
            return Ok(());
        };
        let next = &mut self.next_group;
        let group = *self
            .groups
            .entry(judgement.call_id.clone())
            .or_insert_with(|| {
                *next += 1;
                *next - 1
            });
        let labelled = Labelled {
            text: text.to_owned(),
            label,
            valence: None,
            group,
        };
        let place = (judgement.call_id.clone(), turn);
        if let Some(known) = self
            .judged
            .get(&place)
            .and_then(|at| self.texts.get_mut(*at))
        {
            *known = labelled;
        } else {
            self.judged.insert(place, self.texts.len());
            self.texts.push(labelled);
        }
        Ok(())
    }

    fn new_group(&mut self) -> usize {
        self.next_group += 1;
        self.next_group - 1
    }
}

/// The class of a grade is its sign.
pub(super) fn label_of_valence(valence: f32) -> Label {
    if valence < 0.0 {
        Label::Negative
    } else if valence > 0.0 {
        Label::Positive
    } else {
        Label::Neutral
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_are_read_and_bad_lines_named() {
        let mut set = LabelledSet::default();
        set.push_line(r#"{"text":"太差了","label":"negative"}"#)
            .unwrap();
        assert!(set.is_binary());
        set.push_line(r#"{"call_id":"c","turns":[{"speaker":"agent","text":"您好","valence":0},
            {"speaker":"customer","text":"气死了","valence":-2},{"speaker":"customer","text":"嗯","valence":0}]}"#)
            .unwrap();
        let review = |label: &str| {
            format!(
                r#"{{"call_id":"d","finding":{{"kind":"turn","turn":3,"label":"neutral","text":"行吧","speaker":"customer"}},
                "verdict":"correct","corrected":"{label}","note":""}}"#
            )
        };
        set.push_line(&review("positive")).unwrap();
        set.push_line(&review("negative")).unwrap();
        let labels: Vec<(Label, Option<f32>, usize)> = set
            .texts()
            .iter()
            .map(|text| (text.label, text.valence, text.group))
            .collect();
        assert_eq!(
            labels,
            [
                (Label::Negative, None, 0),
                (Label::Negative, Some(-2.0), 1),
                (Label::Neutral, Some(0.0), 1),
                (Label::Negative, None, 2)
            ]
        );
        assert!(!set.is_binary());
        for line in [
            "{",
            r#"{"text":"x"}"#,
            r#"{"text":"x","label":"angry"}"#,
            r#"{"turns":3}"#,
        ] {
            assert!(set.push_line(line).is_err(), "{line}");
        }
        assert_eq!(set.texts().len(), 4);
    }
}

use std::sync::Arc;

use super::config::{ModelConfig, OutputKind};
use super::error::ScoreError;
use super::phrases::{MarkedPhrases, TAGS, marked};
use super::runtime::Outputs;
use super::score::{Label, Score};

/// Turns a model's raw outputs into scores.
#[derive(Debug, Clone)]
pub struct Decoder {
    config: ModelConfig,
    /// What marked phrases are about.
    categories: Vec<Arc<str>>,
}

impl Decoder {
    /// A decoder for models of this configuration.
    pub fn new(config: &ModelConfig) -> Self {
        let phrases = config.phrases.iter();
        let names = phrases.flat_map(|phrases| &phrases.categories);
        Self {
            config: config.clone(),
            categories: names.map(|name| Arc::from(name.as_str())).collect(),
        }
    }

    /// The token id that fills up shorter texts.
    pub(super) fn pad(&self) -> i64 {
        self.config.pad_token_id
    }

    /// One score per row: softmax of logits / temperature, probabilities of
    /// labels with the same meaning added up; valence is the graded output
    /// mapped linearly to −1..1 and clamped, or p(positive) − p(negative).
    pub fn scores(&self, outputs: &Outputs) -> Result<Vec<Score>, ScoreError> {
        let classes = &self.config.labels.classes;
        if outputs.classes != classes.len() {
            let found = outputs.classes;
            let expected = classes.len();
            return Err(ScoreError::Output(format!(
                "{found} classes where config.json names {expected}"
            )));
        }
        let rows = outputs.logits.chunks_exact(outputs.classes);
        rows.enumerate()
            .map(|(row, logits)| {
                self.score(logits, outputs.graded.as_ref().and_then(|all| all.get(row)))
            })
            .collect()
    }

    /// The probability that each text escalates; none of a model that does not
    /// tell.
    pub(super) fn escalations(outputs: &Outputs) -> Result<Vec<Option<f32>>, ScoreError> {
        let Some(chances) = &outputs.escalation else {
            return Ok(vec![None; outputs.logits.len() / outputs.classes.max(1)]);
        };
        let chance = |&chance: &f32| {
            let is_number = chance.is_finite();
            is_number
                .then_some(Some(chance.clamp(0.0, 1.0)))
                .ok_or(ScoreError::NotANumber)
        };
        chances.iter().map(chance).collect()
    }

    /// The phrases of each text of a batch, given with the place of its tokens;
    /// none of a model that marks none.
    pub(super) fn phrases(
        &self,
        outputs: &Outputs,
        columns: usize,
        texts: &[(&str, &[(u32, u32)])],
    ) -> Result<Vec<Option<MarkedPhrases>>, ScoreError> {
        let Some(tokens) = &outputs.tokens else {
            return Ok(vec![None; texts.len()]);
        };
        let width = TAGS + self.categories.len();
        if tokens.len() != texts.len() * columns * width {
            return Err(ScoreError::Output(format!(
                "{} token logits for {} texts of {columns} tokens; callheat.toml says {width} a token",
                tokens.len(),
                texts.len()
            )));
        }
        let rows = tokens.chunks_exact(columns * width);
        rows.zip(texts)
            .map(|(row, (text, places))| {
                let row = &row[..places.len() * width];
                if row.iter().any(|logit| !logit.is_finite()) {
                    return Err(ScoreError::NotANumber);
                }
                Ok(Some(marked(text, row, places, &self.categories)))
            })
            .collect()
    }

    fn score(&self, logits: &[f32], graded: Option<&f32>) -> Result<Score, ScoreError> {
        if logits.iter().any(|logit| !logit.is_finite())
            || graded.is_some_and(|value| !value.is_finite())
        {
            return Err(ScoreError::NotANumber);
        }
        let logits: Vec<f32> = match self.config.output {
            OutputKind::Logits => logits.to_vec(),
            // Their logarithms are logits; the temperature then acts as ever.
            OutputKind::Probabilities => logits.iter().map(|p| p.max(1e-9).ln()).collect(),
        };
        let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let weights: Vec<f32> = logits
            .iter()
            .map(|logit| ((logit - highest) / self.config.temperature).exp())
            .collect();
        let total: f32 = weights.iter().sum();
        let mut score = Score {
            negative: 0.0,
            neutral: 0.0,
            positive: 0.0,
            valence: 0.0,
        };
        for (weight, class) in weights.iter().zip(&self.config.labels.classes) {
            let probability = weight / total;
            match class {
                Label::Negative => score.negative += probability,
                Label::Neutral => score.neutral += probability,
                Label::Positive => score.positive += probability,
            }
        }
        score.valence = match (&self.config.graded, graded) {
            (Some(scale), Some(value)) => {
                let [low, high] = scale.range;
                (2.0 * (value - low) / (high - low) - 1.0).clamp(-1.0, 1.0)
            }
            _ => score.positive - score.negative,
        };
        Ok(score)
    }
}

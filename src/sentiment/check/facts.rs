use serde::Serialize;

use super::Mend;
use crate::sentiment::config::ModelConfig;
use crate::sentiment::error::ModelError;
use crate::sentiment::graph::{Graph, Port};
use crate::sentiment::probe::{self, Places};
use crate::sentiment::score::Label;
use crate::sentiment::tokeniser::Tokeniser;

/// An input or output of the graph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PortFact {
    /// Its name.
    pub name: String,
    /// `int64`, `float32`, …
    #[serde(rename = "type")]
    pub element: String,
    /// `[batch, sequence]`; `?` where the model does not say.
    pub shape: String,
}

/// A label of the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelFact {
    /// The model's own name.
    pub name: String,
    /// What it counts as.
    pub meaning: Label,
}

/// How long a text may be, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LengthFacts {
    /// The limit in force; longer texts are cut.
    pub max_length: usize,
    /// Tokens kept of a longer text's beginning.
    pub head: usize,
    /// Tokens kept of its end.
    pub tail: usize,
    /// Positions by config.json, less those that are reserved.
    pub positions: Option<usize>,
    /// Rows of the graph's table of positions.
    pub position_rows: Option<i64>,
}

/// The tokenizer against the graph.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TokenizerFacts {
    /// Its highest id and one.
    pub ids: u32,
    /// Rows of the graph's table of word embeddings.
    pub embeddings: Option<i64>,
    /// Share of unknown tokens in the Chinese probes; null where it knows none such.
    pub unknown: Option<f64>,
    /// Whether it puts tokens of the model's own around a text.
    pub adds_special_tokens: bool,
}

impl TokenizerFacts {
    pub(super) fn of(tokeniser: &Tokeniser, graph: Option<&Graph>) -> Self {
        let ids: Vec<u32> = probe::texts()
            .filter_map(|text| tokeniser.ids(text).ok())
            .flatten()
            .collect();
        let unknown = tokeniser.unknown_id().map(|unknown| {
            let count = ids.iter().filter(|id| **id == unknown).count();
            (1e4 * count as f64 / ids.len().max(1) as f64).round() / 1e4
        });
        Self {
            ids: tokeniser.highest_id() + 1,
            embeddings: graph.and_then(|graph| graph.embedding_rows("input_ids")),
            unknown,
            adds_special_tokens: tokeniser.adds_special_tokens(),
        }
    }

    pub(super) fn warnings(&self) -> Vec<Mend> {
        let mut warnings = Vec::new();
        if let Some(share) = self.unknown.filter(|share| *share > 0.3) {
            warnings.push(Mend::new(
                format!(
                    "the tokenizer does not know {:.0} % of the Chinese probes' tokens",
                    share * 100.0
                ),
                "take a model whose vocabulary is Chinese or multilingual",
            ));
        }
        if !self.adds_special_tokens {
            warnings.push(Mend::new(
                "the tokenizer adds no special tokens ([CLS], <s>), which most models were trained with",
                "make tokenizer.json with `AutoTokenizer.from_pretrained(…, use_fast=True).save_pretrained(…)`",
            ));
        }
        warnings
    }

    /// The tokenizer gives ids that the graph has no row for.
    pub(super) fn excess(&self, places: &Places) -> Option<ModelError> {
        let rows = self.embeddings?;
        (i64::from(self.ids) > rows)
            .then(|| probe::vocabulary(places, &format!("{} ids, {rows} embeddings", self.ids)))
    }
}

pub(super) fn inputs(graph: Option<&Graph>) -> Vec<PortFact> {
    graph.map_or_else(Vec::new, |graph| graph.inputs.iter().map(port).collect())
}

pub(super) fn outputs(graph: Option<&Graph>) -> Vec<PortFact> {
    graph.map_or_else(Vec::new, |graph| graph.outputs.iter().map(port).collect())
}

fn port(port: &Port) -> PortFact {
    PortFact {
        name: port.name.clone(),
        element: port.element_name().to_owned(),
        shape: port.shape_text(),
    }
}

pub(super) fn labels(config: &ModelConfig) -> Vec<LabelFact> {
    let names = config.labels.names.iter();
    names
        .zip(&config.labels.classes)
        .map(|(name, class)| LabelFact {
            name: name.clone(),
            meaning: *class,
        })
        .collect()
}

pub(super) fn length(
    config: &ModelConfig,
    graph: Option<&Graph>,
    positions: Option<usize>,
) -> LengthFacts {
    LengthFacts {
        max_length: config.max_length,
        head: config.truncation.head,
        tail: config.truncation.tail,
        positions,
        position_rows: graph.and_then(Graph::position_rows),
    }
}

//! What `config.json` and `tokenizer_config.json` say, as transformers writes them.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::error::ModelError;
use super::labels::LabelMap;

/// How many tokens a model takes when nothing says so.
const DEFAULT_MAX_LENGTH: usize = 512;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct HuggingFaceConfig {
    #[serde(rename = "_name_or_path")]
    pub(super) name: Option<String>,
    id2label: Option<BTreeMap<String, String>>,
    num_labels: Option<usize>,
    max_position_embeddings: Option<usize>,
    model_type: Option<String>,
    architectures: Option<Vec<String>>,
    pub(super) problem_type: Option<String>,
    pub(super) pad_token_id: Option<i64>,
    /// callheat's own models say it here.
    max_length: Option<usize>,
}

/// The one thing of `tokenizer_config.json` that matters; often a number far
/// beyond any integer.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct TokenizerConfig {
    model_max_length: Option<f64>,
}

impl HuggingFaceConfig {
    /// An object and nothing else: serde would take a list for one.
    pub(super) fn read(text: &str) -> serde_json::Result<Self> {
        let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text)?;
        serde_json::from_value(object.into())
    }

    /// How many tokens the model has positions for.
    pub(super) fn positions(&self) -> Option<usize> {
        let positions = self.max_position_embeddings.filter(|number| *number > 0)?;
        // These count positions from padding_idx + 1.
        let reserved = match self.model_type.as_deref() {
            Some(
                "roberta"
                | "xlm-roberta"
                | "xlm-roberta-xl"
                | "camembert"
                | "mpnet"
                | "longformer"
                | "data2vec-text"
                | "ibert"
                | "roberta-prelayernorm"
                | "xmod",
            ) => usize::try_from(self.pad_token_id.unwrap_or(1) + 1).unwrap_or(2),
            _ => 0,
        };
        Some(positions.saturating_sub(reserved).max(1))
    }

    pub(super) fn sequence_limit(
        &self,
        positions: Option<usize>,
        tokenizer: &TokenizerConfig,
    ) -> usize {
        // Old configurations carry `max_length = 20` for generated text.
        let own = self.max_length.filter(|length| *length > 20);
        let tokenizer = tokenizer
            .model_max_length
            .filter(|length| *length >= 2.0)
            .map(|length| length as usize);
        [own, positions, tokenizer]
            .into_iter()
            .flatten()
            .min()
            .map_or(DEFAULT_MAX_LENGTH, |limit| limit.min(DEFAULT_MAX_LENGTH))
    }

    /// The label names by index. transformers leaves out what equals its
    /// default, which is LABEL_0 and LABEL_1.
    pub(super) fn names(&self, own: Option<&BTreeMap<String, String>>) -> Vec<String> {
        let count = self.id2label.as_ref().map_or_else(
            || self.num_labels.or(own.map(BTreeMap::len)).unwrap_or(2),
            BTreeMap::len,
        );
        // A hostile number of labels must not become that many strings.
        (0..count.min(1_000))
            .map(|index| {
                let named = self
                    .id2label
                    .as_ref()
                    .and_then(|names| names.get(&index.to_string()));
                named.cloned().unwrap_or_else(|| format!("LABEL_{index}"))
            })
            .collect()
    }

    /// What the labels mean, or what is wrong with them.
    pub(super) fn labels(
        &self,
        path: &Path,
        own: Option<&BTreeMap<String, String>>,
    ) -> Result<LabelMap, ModelError> {
        let invalid = |reason: String, mend: &str| ModelError::Invalid {
            path: path.to_owned(),
            reason,
            mend: mend.to_owned(),
        };
        let architecture = self
            .architectures
            .iter()
            .flatten()
            .find(|name| name.contains("For") && !name.contains("ForSequenceClassification"));
        if let (Some(name), None) = (architecture, &self.id2label) {
            return Err(invalid(
                format!("{name} is no text-classification model"),
                "export a model of a class …ForSequenceClassification with `optimum-cli export onnx --task text-classification`",
            ));
        }
        if let Some(names) = &self.id2label
            && let Some(gap) =
                (0..names.len()).find(|index| !names.contains_key(&index.to_string()))
        {
            return Err(invalid(
                format!("id2label names no label {gap}"),
                "number the labels from 0 without a gap",
            ));
        }
        LabelMap::new(path, self.names(own), own)
    }
}

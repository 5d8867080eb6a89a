use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::error::ModelError;
use super::hugging_face::{HuggingFaceConfig, TokenizerConfig};
use super::labels::LabelMap;

/// What callheat has to know of a model beside its graph: read from
/// `config.json` and, where it is there, `callheat.toml`.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelConfig {
    /// Name shown in the output.
    pub name: String,
    /// Licence, when stated.
    pub license: Option<String>,
    /// The model's own labels with their meaning, by output index.
    pub labels: LabelMap,
    /// Most tokens the model takes, special tokens included.
    pub max_length: usize,
    /// What is kept of a longer text.
    pub truncation: Truncation,
    /// Divides the logits before the softmax.
    pub temperature: f32,
    /// What the model's main output holds.
    pub output: OutputKind,
    /// The graded output, when the model has one.
    pub graded: Option<Graded>,
    /// The output that tells escalation, when the model has one.
    pub escalation: Option<EscalationOutput>,
    /// The output that marks complaint phrases, when the model has one.
    pub phrases: Option<PhraseOutput>,
    /// Token id that fills up shorter texts of a batch.
    pub pad_token_id: i64,
}

/// What a model's main output holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputKind {
    /// Unscaled scores; the softmax is callheat's.
    #[default]
    Logits,
    /// Probabilities: the graph ends with the softmax.
    Probabilities,
}

/// How many token ids of a text that is too long are kept from its head and
/// from its tail; together at most the model's maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Truncation {
    /// Token ids from the head.
    pub head: usize,
    /// Token ids from the tail.
    pub tail: usize,
}

/// An output that gives the valence directly.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Graded {
    /// Name of the ONNX output, shape `[batch]` or `[batch, 1]`.
    pub output: String,
    /// Its values at the strongest negative and positive; mapped to −1..1.
    pub range: [f32; 2],
}

/// An output that gives the probability that a customer's turn escalates.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EscalationOutput {
    /// Name of the ONNX output, shape `[batch]` or `[batch, 1]`, 0..1.
    pub output: String,
}

/// An output that says of each token whether a complaint phrase is there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhraseOutput {
    /// Name of the ONNX output, shape `[batch, sequence, 3 + categories]`: the
    /// logits of outside, first and inside, then those of the categories.
    pub output: String,
    /// What a phrase is about, in the order of the output, by the names that
    /// the results use (`fee`, `delay` …).
    pub categories: Vec<String>,
}

/// `callheat.toml`; unknown keys are errors, so that a typing slip is seen.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct CallheatToml {
    name: Option<String>,
    license: Option<String>,
    file: Option<String>,
    max_length: Option<usize>,
    truncation: Option<Truncation>,
    temperature: Option<f32>,
    output: Option<OutputKind>,
    graded: Option<Graded>,
    escalation: Option<EscalationOutput>,
    phrases: Option<PhraseOutput>,
    labels: Option<BTreeMap<String, String>>,
}

/// The texts a configuration is read from.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ConfigTexts<'a> {
    /// `config.json`; `None` when it could not be read, which was said already.
    pub config: Option<&'a str>,
    /// `callheat.toml`
    pub toml: Option<&'a str>,
    /// `tokenizer_config.json`
    pub tokenizer: Option<&'a str>,
}

/// A configuration with everything that is wrong with it. Where there is
/// something, `config` holds assumptions that serve to look further.
#[derive(Debug)]
pub(super) struct ParsedConfig {
    pub config: ModelConfig,
    /// The graph that callheat.toml names.
    pub file: Option<String>,
    /// How many tokens the model has positions for, by config.json.
    pub positions: Option<usize>,
    /// The model gives each label a probability of its own.
    pub is_multi_label: bool,
    pub problems: Vec<ModelError>,
}

impl ParsedConfig {
    /// The configuration, or what is wrong first.
    pub(super) fn into_result(self) -> Result<ModelConfig, ModelError> {
        match self.problems.into_iter().next() {
            Some(problem) => Err(problem),
            None => Ok(self.config),
        }
    }
}

impl ModelConfig {
    /// Reads the texts; `folder` names the model in messages.
    pub(super) fn parse(folder: &Path, texts: ConfigTexts<'_>) -> ParsedConfig {
        let mut problems = Vec::new();
        let config_path = folder.join("config.json");
        let base = texts
            .config
            .map_or_else(HuggingFaceConfig::default, |text| {
                HuggingFaceConfig::read(text).unwrap_or_else(|error| {
                    problems.push(ModelError::Invalid {
                        path: config_path.clone(),
                        reason: format!("not a model configuration ({error})"),
                        mend: "export the model again with `optimum-cli export onnx`".to_owned(),
                    });
                    HuggingFaceConfig::default()
                })
            });
        let toml_path = folder.join("callheat.toml");
        let own: CallheatToml =
            toml::from_str(texts.toml.unwrap_or_default()).unwrap_or_else(|error| {
                let line = error.span().map_or(1, |span| {
                    let before = texts.toml.and_then(|text| text.get(..span.start));
                    1 + before.map_or(0, |before| before.matches('\n').count())
                });
                problems.push(ModelError::Invalid {
                    path: toml_path.clone(),
                    reason: format!("line {line}: {}", error.message()),
                    mend: "correct the line; the README lists what callheat.toml may hold"
                        .to_owned(),
                });
                CallheatToml::default()
            });
        let tokenizer: TokenizerConfig = texts
            .tokenizer
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        // Unreadable files were complained of; their labels need no second word.
        let is_readable = texts.config.is_some() && problems.is_empty();
        let labels = base
            .labels(&config_path, own.labels.as_ref())
            .unwrap_or_else(|error| {
                if is_readable {
                    problems.push(error);
                }
                LabelMap::assumed(base.names(own.labels.as_ref()))
            });
        let positions = base.positions();
        let max_length = own
            .max_length
            .unwrap_or_else(|| base.sequence_limit(positions, &tokenizer));
        let config = Self {
            name: own
                .name
                .or(base.name)
                .unwrap_or_else(|| folder_name(folder)),
            license: own.license,
            labels,
            max_length,
            truncation: own.truncation.unwrap_or(Truncation {
                head: max_length,
                tail: 0,
            }),
            temperature: own.temperature.unwrap_or(1.0),
            output: own.output.unwrap_or_default(),
            graded: own.graded,
            escalation: own.escalation,
            phrases: own.phrases,
            pad_token_id: base.pad_token_id.unwrap_or(0),
        };
        problems.extend(config.wrong_values(&toml_path));
        ParsedConfig {
            config,
            file: own.file,
            positions,
            is_multi_label: base.problem_type.as_deref() == Some("multi_label_classification"),
            problems,
        }
    }

    fn wrong_values(&self, path: &Path) -> Vec<ModelError> {
        let Truncation { head, tail } = self.truncation;
        let mut wrong = Vec::new();
        if !(self.temperature.is_finite() && self.temperature > 0.0) {
            wrong.push((
                "temperature must be a positive number",
                "temperature = 1.0".to_owned(),
            ));
        }
        if self.max_length < 2 || head == 0 || head.saturating_add(tail) > self.max_length {
            let length = self.max_length.max(2);
            wrong.push((
                "truncation must keep at least one token and head + tail at most max_length (itself at least 2)",
                format!("max_length = {length} and, under [truncation], head = {length} and tail = 0"),
            ));
        }
        let is_odd = |graded: &Graded| {
            let [low, high] = graded.range;
            !(low.is_finite() && high.is_finite() && low < high)
        };
        if self.graded.as_ref().is_some_and(is_odd) {
            wrong.push((
                "graded.range must be two numbers, the lower one first",
                "range = [-1.0, 1.0]".to_owned(),
            ));
        }
        let errors = wrong.into_iter().map(|(reason, line)| ModelError::Invalid {
            path: path.to_owned(),
            reason: reason.to_owned(),
            mend: format!("correct the value, for example: {line}"),
        });
        errors.collect()
    }
}

fn folder_name(folder: &Path) -> String {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    absolute.file_name().map_or_else(
        || "model".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sentiment::Label;

    fn parse_whole(config: &str, toml: Option<&str>) -> Result<ModelConfig, ModelError> {
        let texts = ConfigTexts {
            config: Some(config),
            toml,
            tokenizer: None,
        };
        ModelConfig::parse(Path::new("m"), texts).into_result()
    }

    fn parse(labels: &str, toml: Option<&str>) -> Result<ModelConfig, ModelError> {
        parse_whole(&format!("{{\"id2label\":{labels}}}"), toml)
    }

    #[test]
    fn knows_labels_by_their_names() {
        let config = parse(r#"{"0":"negative (stars 1, 2 and 3)"}"#, None);
        assert!(config.is_err(), "one label cannot carry a valence");
        let config = parse(r#"{"0":"消极","1":"积极"}"#, None).unwrap();
        assert_eq!(config.labels.classes, [Label::Negative, Label::Positive]);
        let config = parse(
            r#"{"0":"1 star","1":"2 stars","2":"3 stars","3":"4 stars","4":"5 stars"}"#,
            None,
        )
        .unwrap();
        assert_eq!(config.labels.classes[3], Label::Positive);
    }

    #[test]
    fn asks_for_a_missing_mapping_with_the_lines_to_write() {
        // transformers writes no id2label at all for LABEL_0 and LABEL_1.
        for config in [
            r#"{"id2label":{"0":"LABEL_0","1":"LABEL_1"}}"#,
            r#"{"architectures":["BertForSequenceClassification"]}"#,
        ] {
            let message = parse_whole(config, None).unwrap_err().to_string();
            assert!(
                message.contains("[labels]\n\"LABEL_0\" = \"negative\""),
                "{message}"
            );
            let toml = "[labels]\n\"LABEL_0\" = \"positive\"\n\"LABEL_1\" = \"negative\"\n";
            let mapped = parse_whole(config, Some(toml));
            assert_eq!(
                mapped.unwrap().labels.classes,
                [Label::Positive, Label::Negative]
            );
        }
    }

    #[test]
    fn a_typing_slip_in_callheat_toml_is_an_error() {
        let message = parse(r#"{"0":"neg","1":"pos"}"#, Some("\nmax_lenght = 3"))
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("line 2") && message.contains("max_lenght"),
            "{message}"
        );
        let slip = parse(
            r#"{"0":"neg","1":"pos"}"#,
            Some("[labels]\nnego = \"negative\""),
        );
        assert!(slip.unwrap_err().to_string().contains("nego"));
    }

    #[test]
    fn everything_wrong_is_found_at_once() {
        let texts = ConfigTexts {
            config: Some(r#"{"id2label":{"0":"a","1":"b"}}"#),
            toml: Some("temperature = 0.0\nmax_length = 1"),
            tokenizer: None,
        };
        let parsed = ModelConfig::parse(Path::new("m"), texts);
        assert_eq!(parsed.problems.len(), 3, "{:?}", parsed.problems);
    }

    #[test]
    fn the_limit_is_the_least_that_any_file_says() {
        let limit = |config: &str, tokenizer: &str| {
            let texts = ConfigTexts {
                config: Some(config),
                toml: None,
                tokenizer: Some(tokenizer),
            };
            ModelConfig::parse(Path::new("m"), texts).config.max_length
        };
        let roberta =
            r#"{"model_type":"xlm-roberta","max_position_embeddings":514,"pad_token_id":1}"#;
        assert_eq!(limit(roberta, "{}"), 512);
        assert_eq!(limit(roberta, r#"{"model_max_length":128}"#), 128);
        assert_eq!(
            limit(
                roberta,
                r#"{"model_max_length":1000000000000000019884624838656}"#
            ),
            512
        );
        assert_eq!(limit(r#"{"max_length":20}"#, "{}"), 512);
        assert_eq!(limit(r#"{"max_position_embeddings":8192}"#, "{}"), 512);
    }
}

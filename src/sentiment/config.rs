use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::error::ModelError;
use super::score::Label;

/// How many tokens a model takes when nothing says so.
const DEFAULT_MAX_LENGTH: usize = 512;

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
    /// The graded output, when the model has one.
    pub graded: Option<Graded>,
    /// Token id that fills up shorter texts of a batch.
    pub pad_token_id: i64,
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

/// The meaning of each output index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelMap {
    /// The model's own names.
    pub names: Vec<String>,
    /// What each means.
    pub classes: Vec<Label>,
}

#[derive(Deserialize)]
struct HuggingFaceConfig {
    #[serde(default, rename = "_name_or_path")]
    name: Option<String>,
    #[serde(default)]
    id2label: Option<BTreeMap<String, String>>,
    #[serde(default)]
    max_position_embeddings: Option<usize>,
    #[serde(default)]
    model_type: Option<String>,
    #[serde(default)]
    pad_token_id: Option<i64>,
    #[serde(default)]
    max_length: Option<usize>,
}

/// `callheat.toml`; unknown keys are errors, so that a typing slip is seen.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct CallheatToml {
    name: Option<String>,
    license: Option<String>,
    max_length: Option<usize>,
    truncation: Option<Truncation>,
    temperature: Option<f32>,
    graded: Option<Graded>,
    labels: Option<BTreeMap<String, String>>,
}

impl ModelConfig {
    /// Reads the two texts; `folder` names the model in messages.
    pub(super) fn parse(
        folder: &Path,
        config: &str,
        toml: Option<&str>,
    ) -> Result<Self, ModelError> {
        let config_path = folder.join("config.json");
        let base: HuggingFaceConfig =
            serde_json::from_str(config).map_err(|error| ModelError::Invalid {
                path: config_path.clone(),
                reason: format!("not a model configuration ({error})"),
                mend: "export the model again with `optimum-cli export onnx`".to_owned(),
            })?;
        let toml_path = folder.join("callheat.toml");
        let own: CallheatToml =
            toml::from_str(toml.unwrap_or_default()).map_err(|error| ModelError::Invalid {
                path: toml_path.clone(),
                reason: error.message().to_owned(),
                mend: "the README lists what callheat.toml may hold".to_owned(),
            })?;
        let max_length = own.max_length.unwrap_or_else(|| base.sequence_limit());
        let config = Self {
            name: own
                .name
                .or(base.name)
                .unwrap_or_else(|| folder_name(folder)),
            license: own.license,
            labels: LabelMap::new(&config_path, base.id2label.as_ref(), own.labels.as_ref())?,
            max_length,
            truncation: own.truncation.unwrap_or(Truncation {
                head: max_length,
                tail: 0,
            }),
            temperature: own.temperature.unwrap_or(1.0),
            graded: own.graded,
            pad_token_id: base.pad_token_id.unwrap_or(0),
        };
        config.check(&toml_path)?;
        Ok(config)
    }

    fn check(&self, path: &Path) -> Result<(), ModelError> {
        let Truncation { head, tail } = self.truncation;
        let wrong = if !(self.temperature.is_finite() && self.temperature > 0.0) {
            Some("temperature must be a positive number")
        } else if self.max_length < 2 || head == 0 || head.saturating_add(tail) > self.max_length {
            Some(
                "truncation must keep at least one token and head + tail at most max_length (itself at least 2)",
            )
        } else if self.graded.as_ref().is_some_and(|graded| {
            let [low, high] = graded.range;
            !(low.is_finite() && high.is_finite() && low < high)
        }) {
            Some("graded.range must be two numbers, the lower one first")
        } else {
            None
        };
        wrong.map_or(Ok(()), |reason| {
            Err(ModelError::Invalid {
                path: path.to_owned(),
                reason: reason.to_owned(),
                mend: "correct the value".to_owned(),
            })
        })
    }
}

impl HuggingFaceConfig {
    fn sequence_limit(&self) -> usize {
        let positions = self.max_position_embeddings.unwrap_or(DEFAULT_MAX_LENGTH);
        // RoBERTa counts positions from padding_idx + 1, which takes two of them.
        let reserved = match self.model_type.as_deref() {
            Some("roberta" | "xlm-roberta" | "camembert") if positions > 2 => 2,
            _ => 0,
        };
        let limit = self
            .max_length
            .filter(|length| *length >= 16)
            .unwrap_or(DEFAULT_MAX_LENGTH);
        limit.min(positions - reserved)
    }
}

fn folder_name(folder: &Path) -> String {
    folder.file_name().map_or_else(
        || "model".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

impl LabelMap {
    fn new(
        path: &Path,
        id2label: Option<&BTreeMap<String, String>>,
        own: Option<&BTreeMap<String, String>>,
    ) -> Result<Self, ModelError> {
        let Some(id2label) = id2label else {
            return Err(ModelError::Invalid {
                path: path.to_owned(),
                reason: "no id2label, so this is no text-classification model".to_owned(),
                mend: "export it with `optimum-cli export onnx --task text-classification`"
                    .to_owned(),
            });
        };
        let mut names = Vec::with_capacity(id2label.len());
        for index in 0..id2label.len() {
            let Some(name) = id2label.get(&index.to_string()) else {
                return Err(ModelError::Invalid {
                    path: path.to_owned(),
                    reason: format!("id2label names no label {index}"),
                    mend: "number the labels from 0 without a gap".to_owned(),
                });
            };
            names.push(name.clone());
        }
        let meanings: Option<Vec<Label>> = names
            .iter()
            .map(|name| match own {
                Some(own) => own.get(name).and_then(|meaning| class_of_name(meaning)),
                None => class_of_name(name),
            })
            .collect();
        let classes = match (meanings, own) {
            (Some(classes), _) => Some(classes),
            (None, None) => classes_of_stars(&names),
            (None, Some(_)) => None,
        };
        classes
            .filter(|classes| {
                classes.contains(&Label::Negative) && classes.contains(&Label::Positive)
            })
            .map(|classes| Self {
                names: names.clone(),
                classes,
            })
            .ok_or_else(|| ModelError::Labels {
                path: path.to_owned(),
                labels: names.join(", "),
                example: example_mapping(&names),
            })
    }
}

fn example_mapping(names: &[String]) -> String {
    let meanings: &[&str] = match names.len() {
        2 => &["negative", "positive"],
        3 => &["negative", "neutral", "positive"],
        5 => &["negative", "negative", "neutral", "positive", "positive"],
        _ => &["negative"],
    };
    let lines = names.iter().enumerate().map(|(index, name)| {
        let meaning = meanings.get(index).copied().unwrap_or("neutral");
        format!("{} = \"{meaning}\"", toml::Value::String(name.clone()))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The class that a label's own name states; `None` for `LABEL_0` and the like.
fn class_of_name(name: &str) -> Option<Label> {
    let name = name.trim().to_lowercase();
    let letters: String = name
        .chars()
        .filter(|character| character.is_alphabetic())
        .collect();
    match letters.as_str() {
        "negative" | "neg" | "verynegative" | "bad" | "消极" | "负面" | "负向" | "差评"
        | "非常负面" | "非常消极" => Some(Label::Negative),
        "neutral" | "neu" | "中性" | "中立" | "中评" => Some(Label::Neutral),
        "positive" | "pos" | "verypositive" | "good" | "积极" | "正面" | "正向" | "好评"
        | "非常正面" | "非常积极" => Some(Label::Positive),
        _ => stars(&name).map(|stars| match stars {
            1 | 2 => Label::Negative,
            3 => Label::Neutral,
            _ => Label::Positive,
        }),
    }
}

/// `1 star`, `star 4`, `4 stars (60-80%)`, `三星`: how many stars, 1..5.
fn stars(name: &str) -> Option<u32> {
    if !(name.contains("star") || name.contains('星')) {
        return None;
    }
    name.chars().find_map(|character| match character {
        '1' | '一' => Some(1),
        '2' | '二' | '两' => Some(2),
        '3' | '三' => Some(3),
        '4' | '四' => Some(4),
        '5' | '五' => Some(5),
        _ => None,
    })
}

/// Bare numbers are stars when they run from 1 to 5.
fn classes_of_stars(names: &[String]) -> Option<Vec<Label>> {
    let is_one_to_five = names.len() == 5
        && names
            .iter()
            .enumerate()
            .all(|(index, name)| name.trim() == (index + 1).to_string());
    is_one_to_five.then(|| {
        vec![
            Label::Negative,
            Label::Negative,
            Label::Neutral,
            Label::Positive,
            Label::Positive,
        ]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(labels: &str, toml: Option<&str>) -> Result<ModelConfig, ModelError> {
        ModelConfig::parse(Path::new("m"), &format!("{{\"id2label\":{labels}}}"), toml)
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
        let message = parse(r#"{"0":"LABEL_0","1":"LABEL_1"}"#, None)
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("[labels]\n\"LABEL_0\" = \"negative\""),
            "{message}"
        );
        let mapped = parse(
            r#"{"0":"LABEL_0","1":"LABEL_1"}"#,
            Some("[labels]\n\"LABEL_0\" = \"positive\"\n\"LABEL_1\" = \"negative\"\n"),
        );
        assert_eq!(
            mapped.unwrap().labels.classes,
            [Label::Positive, Label::Negative]
        );
    }

    #[test]
    fn a_typing_slip_in_callheat_toml_is_an_error() {
        let message = parse(r#"{"0":"neg","1":"pos"}"#, Some("max_lenght = 3"))
            .unwrap_err()
            .to_string();
        assert!(message.contains("max_lenght"), "{message}");
    }
}

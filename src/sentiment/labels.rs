//! What a model's own label names mean.

use std::collections::BTreeMap;
use std::path::Path;

use super::error::ModelError;
use super::score::Label;

/// The meaning of each output index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelMap {
    /// The model's own names.
    pub names: Vec<String>,
    /// What each means.
    pub classes: Vec<Label>,
}

impl LabelMap {
    /// Reads the names by `own`, the `[labels]` of callheat.toml, then by what
    /// they say. `path` is where the names come from.
    pub(super) fn new(
        path: &Path,
        names: Vec<String>,
        own: Option<&BTreeMap<String, String>>,
    ) -> Result<Self, ModelError> {
        let meanings: Option<Vec<Label>> = names
            .iter()
            .map(|name| match own.and_then(|own| own.get(name)) {
                Some(meaning) => label_of_name(meaning),
                None => label_of_name(name),
            })
            .collect();
        let classes = meanings.or_else(|| own.is_none().then(|| classes_of_stars(&names))?);
        let unknown_key = own.and_then(|own| own.keys().find(|key| !names.contains(key)));
        if let Some(key) = unknown_key {
            return Err(ModelError::Invalid {
                path: path.with_file_name("callheat.toml"),
                reason: format!(
                    "[labels] names {key:?}, which the model does not have; its labels are {}",
                    names.join(", ")
                ),
                mend: format!(
                    "correct the name, for example:\n{}",
                    example_mapping(&names)
                ),
            });
        }
        let is_enough = |classes: &Vec<Label>| {
            classes.contains(&Label::Negative) && classes.contains(&Label::Positive)
        };
        match classes.filter(is_enough) {
            Some(classes) => Ok(Self { names, classes }),
            None => Err(ModelError::Labels {
                path: path.to_owned(),
                labels: names.join(", "),
                example: example_mapping(&names),
            }),
        }
    }

    /// A mapping to go on with when the meanings are unknown: the model is then
    /// refused, but more of it can be looked at first.
    pub(super) fn assumed(names: Vec<String>) -> Self {
        let meaning = |index| match example(names.len()).get(index) {
            Some(&"negative") => Label::Negative,
            Some(&"positive") => Label::Positive,
            _ => Label::Neutral,
        };
        let classes = (0..names.len()).map(meaning).collect();
        Self { names, classes }
    }
}

fn example(labels: usize) -> &'static [&'static str] {
    match labels {
        2 => &["negative", "positive"],
        3 => &["negative", "neutral", "positive"],
        5 => &["negative", "negative", "neutral", "positive", "positive"],
        _ => &["negative"],
    }
}

/// The lines of callheat.toml that map labels of these names, as far as can be guessed.
pub(super) fn example_mapping(names: &[String]) -> String {
    let meanings = example(names.len());
    let lines = names.iter().enumerate().map(|(index, name)| {
        let meaning = meanings.get(index).copied().unwrap_or("neutral");
        mapping_line(name, meaning)
    });
    lines.collect::<Vec<_>>().join("\n")
}

pub(super) fn mapping_line(name: &str, meaning: &str) -> String {
    format!("{} = \"{meaning}\"", toml::Value::String(name.to_owned()))
}

/// The class that a label's own name states; `None` for `LABEL_0` and the like.
pub fn label_of_name(name: &str) -> Option<Label> {
    let name = name.trim().to_lowercase();
    let letters: String = name
        .chars()
        .filter(|character| character.is_alphabetic())
        .collect();
    match letters.strip_prefix("label").unwrap_or(&letters) {
        "negative" | "neg" | "verynegative" | "extremelynegative" | "slightlynegative"
        | "stronglynegative" | "bad" | "消极" | "负" | "负面" | "负向" | "负类" | "差" | "差评"
        | "贬义" | "不满" | "不满意" | "非常负面" | "非常消极" | "极差" | "很差" | "较差" => {
            Some(Label::Negative)
        }
        "neutral" | "neu" | "mixed" | "中" | "中性" | "中立" | "中评" | "客观" | "一般" => {
            Some(Label::Neutral)
        }
        "positive" | "pos" | "verypositive" | "extremelypositive" | "slightlypositive"
        | "stronglypositive" | "good" | "积极" | "正" | "正面" | "正向" | "正类" | "好"
        | "好评" | "褒义" | "满意" | "非常满意" | "非常正面" | "非常积极" | "很好" | "较好"
        | "极好" => Some(Label::Positive),
        "非常不满意" => Some(Label::Negative),
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

    #[test]
    fn names_say_what_they_mean_in_either_language() {
        for (name, class) in [
            ("NEG", Label::Negative),
            ("Very Negative", Label::Negative),
            ("label_negative", Label::Negative),
            ("差评", Label::Negative),
            ("非常不满意", Label::Negative),
            ("negative (stars 1, 2 and 3)", Label::Negative),
            ("positive (stars 4 and 5)", Label::Positive),
            ("中性", Label::Neutral),
            ("3 stars", Label::Neutral),
            ("五星", Label::Positive),
        ] {
            assert_eq!(label_of_name(name), Some(class), "{name}");
        }
        for name in ["LABEL_0", "1", "anger", "", "entailment"] {
            assert_eq!(label_of_name(name), None, "{name}");
        }
    }
}

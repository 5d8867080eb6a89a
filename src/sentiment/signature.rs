//! Whether a graph takes what callheat gives and gives what callheat takes,
//! by what the graph says of itself.

use std::path::Path;

use super::config::{ModelConfig, PhraseOutput};
use super::error::ModelError;
use super::graph::{Graph, Port, Size};
use super::phrases::TAGS;

const EXPORT: &str =
    "export a text-classification model with `optimum-cli export onnx --task text-classification`";

/// The inputs callheat can give a model.
pub(super) const GIVEN: [&str; 4] = [
    "input_ids",
    "attention_mask",
    "token_type_ids",
    "task_type_ids",
];

/// Everything that does not fit. `path` is where the graph lies, `positions`
/// what config.json says.
pub(super) fn problems(
    path: &Path,
    graph: &Graph,
    config: &ModelConfig,
    positions: Option<usize>,
) -> Vec<ModelError> {
    let invalid = |(reason, mend): (String, String)| ModelError::Invalid {
        path: path.to_owned(),
        reason,
        mend,
    };
    let foreign = graph.foreign_operators();
    let foreign = (!foreign.is_empty()).then(|| {
        (
            format!(
                "it needs operators from outside ONNX: {}",
                foreign.join(", ")
            ),
            "export it without custom operators; callheat loads no operator library".to_owned(),
        )
    });
    foreign
        .into_iter()
        .chain(inputs(graph))
        .chain(outputs(graph, config))
        .chain(length(graph, config, positions))
        .map(invalid)
        .collect()
}

/// What is wrong, and what to do.
type Wrong = (String, String);

fn inputs(graph: &Graph) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    let names = |ports: &[&Port]| {
        let names: Vec<String> = ports
            .iter()
            .map(|port| format!("`{}`", port.name))
            .collect();
        names.join(", ")
    };
    let unknown: Vec<&Port> = graph
        .inputs
        .iter()
        .filter(|input| !GIVEN.contains(&input.name.as_str()))
        .collect();
    let is_image = |port: &&Port| ["pixel_values", "image", "images"].contains(&port.name.as_str());
    let is_sound = |port: &&Port| ["input_values", "input_features"].contains(&port.name.as_str());
    if unknown.iter().any(is_image) {
        wrong.push((
            format!(
                "it is a vision model: it takes images ({})",
                names(&unknown)
            ),
            EXPORT.to_owned(),
        ));
    } else if unknown.iter().any(is_sound) {
        wrong.push((
            format!("it is an audio model: it takes sound ({})", names(&unknown)),
            EXPORT.to_owned(),
        ));
    } else if !unknown.is_empty() {
        wrong.push((
            format!(
                "unknown input {}; callheat gives input_ids, attention_mask, token_type_ids and task_type_ids",
                names(&unknown)
            ),
            format!("{EXPORT}, of a kind that takes nothing else (BERT, RoBERTa, XLM-R, ERNIE, DistilBERT …)"),
        ));
    } else if !graph.inputs.iter().any(|input| input.name == "input_ids") {
        wrong.push(("it has no input `input_ids`".to_owned(), EXPORT.to_owned()));
    }
    for input in graph
        .inputs
        .iter()
        .filter(|input| GIVEN.contains(&input.name.as_str()))
    {
        if ![Port::INT32, Port::INT64].contains(&input.element) {
            wrong.push((
                format!(
                    "input `{}` is {}, not integers",
                    input.name,
                    input.element_name()
                ),
                "export it with int64 or int32 inputs, as optimum-cli does".to_owned(),
            ));
        }
        match input.shape.as_deref() {
            None | Some([Size::Free(_) | Size::Fixed(1), Size::Free(_)]) => {}
            Some(_) => wrong.push((
                format!(
                    "input `{}` has the shape {}; callheat gives texts of any length",
                    input.name,
                    input.shape_text()
                ),
                "export it with dynamic axes (optimum-cli without --no-dynamic-axes), so that batch and sequence are free".to_owned(),
            )),
        }
    }
    wrong
}

fn outputs(graph: &Graph, config: &ModelConfig) -> Vec<Wrong> {
    let graded = config.graded.as_ref().map(|graded| graded.output.as_str());
    let escalation = config.escalation.as_ref().map(|told| told.output.as_str());
    let mut wrong = Vec::new();
    let all: Vec<&str> = graph
        .outputs
        .iter()
        .map(|port| port.name.as_str())
        .collect();
    for (name, key) in [(graded, "graded"), (escalation, "escalation")] {
        if let Some(name) = name
            && !all.contains(&name)
        {
            wrong.push((
                format!("no output `{name}`; the outputs are {}", all.join(", ")),
                format!("correct {key}.output in callheat.toml"),
            ));
        }
    }
    let phrases = config.phrases.as_ref();
    let tokens = phrases.map(|phrases| phrases.output.as_str());
    let is = |name: Option<&str>, port: &Port| Some(port.name.as_str()) == name;
    if let Some(phrases) = phrases {
        let port = graph.outputs.iter().find(|port| is(tokens, port));
        wrong.extend(token_logits(port, phrases, &all));
    }
    let rest: Vec<&Port> = graph
        .outputs
        .iter()
        .filter(|port| {
            ![graded, escalation, tokens]
                .iter()
                .any(|name| is(*name, port))
        })
        .collect();
    let logits = rest.iter().find(|port| port.name == "logits");
    let Some(logits) = logits.or(match rest.as_slice() {
        [only] => Some(only),
        _ => None,
    }) else {
        wrong.push((
            format!("no output `logits`; the outputs are {}", all.join(", ")),
            EXPORT.to_owned(),
        ));
        return wrong;
    };
    if logits.element != Port::FLOAT {
        wrong.push((
            format!(
                "output `{}` is {}, not float32",
                logits.name,
                logits.element_name()
            ),
            "export it with `--dtype fp32`; to make it smaller, quantise it to int8".to_owned(),
        ));
    }
    wrong.extend(classes(logits, config));
    wrong
}

/// What is wrong with the output that marks phrases.
fn token_logits(port: Option<&Port>, phrases: &PhraseOutput, all: &[&str]) -> Option<Wrong> {
    let name = &phrases.output;
    let Some(port) = port else {
        return Some((
            format!("no output `{name}`; the outputs are {}", all.join(", ")),
            "correct phrases.output in callheat.toml".to_owned(),
        ));
    };
    let width = TAGS + phrases.categories.len();
    let fits = match port.shape.as_deref() {
        None | Some([_, _, Size::Free(_)]) => true,
        Some([_, _, Size::Fixed(found)]) => usize::try_from(*found) == Ok(width),
        Some(_) => false,
    };
    (!fits || port.element != Port::FLOAT).then(|| {
        (
            format!(
                "output `{name}` is {} of the shape {}, not float32 of [batch, sequence, {width}]",
                port.element_name(),
                port.shape_text()
            ),
            format!(
                "callheat.toml names {} categories under phrases: give three tags and one logit for each of them",
                phrases.categories.len()
            ),
        )
    })
}

fn classes(logits: &Port, config: &ModelConfig) -> Option<Wrong> {
    let labels = config.labels.names.len();
    let shape = logits.shape_text();
    match logits.shape.as_deref()? {
        [_, Size::Fixed(1)] => Some((
            format!("one value a text ({shape}): a regression, not classes"),
            "use a model with classes, at least negative and positive".to_owned(),
        )),
        [_, Size::Fixed(classes)] if usize::try_from(*classes) != Ok(labels) => Some((
            format!("it gives {classes} classes, config.json names {labels} labels"),
            format!(
                "write the names of all {classes} labels into config.json: \"id2label\": {{\"0\": \"…\", … \"{}\": \"…\"}}",
                classes - 1
            ),
        )),
        [_, _] => None,
        [_, _, _] => Some((
            format!("labels for every token ({shape}): a token classification or language model"),
            EXPORT.to_owned(),
        )),
        _ => Some((
            format!(
                "output `{}` has the shape {shape}, not [batch, labels]",
                logits.name
            ),
            EXPORT.to_owned(),
        )),
    }
}

fn length(graph: &Graph, config: &ModelConfig, positions: Option<usize>) -> Option<Wrong> {
    let rows = graph
        .position_rows()
        .and_then(|rows| usize::try_from(rows).ok());
    let limit = [rows, positions].into_iter().flatten().min()?;
    (config.max_length > limit).then(|| {
        (
            format!(
                "max_length is {}, but the model has positions for {limit} tokens",
                config.max_length
            ),
            format!("write into callheat.toml: max_length = {limit}"),
        )
    })
}

//! The two runtimes behind one pair of traits: [`Runtime`] opens one-thread
//! [`Session`]s, and a session runs one [`TokenBatch`] at a time.

mod locate;
mod onnxruntime;
mod rten;

use std::fmt;
use std::path::PathBuf;

use super::error::{ModelError, ScoreError};
use super::model::Model;

/// Which runtime was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RuntimeChoice {
    /// ONNX Runtime where its library is found, else rten.
    #[default]
    Auto,
    /// ONNX Runtime, or an error.
    OnnxRuntime,
    /// The built-in runtime.
    Rten,
}

/// Where the model runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// The first NVIDIA GPU, through ONNX Runtime.
    Cuda,
}

/// Token ids of several texts, filled up to one length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenBatch {
    /// Number of texts.
    pub rows: usize,
    /// Tokens of the longest text.
    pub columns: usize,
    /// `rows × columns` token ids, row by row.
    pub ids: Vec<i64>,
    /// `rows × columns`: 1 for a token, 0 for filling.
    pub mask: Vec<i64>,
}

impl TokenBatch {
    /// Fills the texts up to the longest with `pad`.
    pub fn new(texts: &[&[u32]], pad: i64) -> Self {
        let columns = texts.iter().map(|ids| ids.len()).max().unwrap_or(0);
        let mut batch = Self {
            rows: texts.len(),
            columns,
            ids: Vec::new(),
            mask: Vec::new(),
        };
        for ids in texts {
            batch.ids.extend(ids.iter().map(|id| i64::from(*id)));
            batch.mask.resize(batch.ids.len(), 1);
            batch.ids.resize(batch.ids.len() + columns - ids.len(), pad);
            batch.mask.resize(batch.ids.len(), 0);
        }
        batch
    }
}

/// What a session returns for a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Outputs {
    /// Number of classes.
    pub classes: usize,
    /// `rows × classes` logits, row by row.
    pub logits: Vec<f32>,
    /// One value per row, when the model has a graded output.
    pub graded: Option<Vec<f32>>,
    /// One probability per row, when the model tells escalation.
    pub escalation: Option<Vec<f32>>,
    /// `rows × columns × width` logits of tokens, when the model marks phrases.
    pub tokens: Option<Vec<f32>>,
}

/// A loaded model that opens sessions.
pub trait Runtime: Send + Sync {
    /// Name and version, such as `onnxruntime 1.31.1`.
    fn name(&self) -> &str;
    /// Opens a session of one thread.
    fn open(&self) -> Result<Box<dyn Session>, ModelError>;
}

impl fmt::Debug for dyn Runtime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Runs one batch at a time.
pub trait Session: Send {
    /// Logits of each row. Needs at least one row of at least one token.
    fn run(&mut self, batch: &TokenBatch) -> Result<Outputs, ScoreError>;
}

/// Loads the model into the runtime asked for.
pub fn open(
    model: &Model,
    choice: RuntimeChoice,
    library: Option<PathBuf>,
    device: Device,
) -> Result<Box<dyn Runtime>, ModelError> {
    let named = library.is_some();
    let found = match choice {
        RuntimeChoice::Rten => None,
        RuntimeChoice::Auto | RuntimeChoice::OnnxRuntime => locate::onnx_runtime_library(library)?,
    };
    match (found, choice, device) {
        (Some(path), RuntimeChoice::Auto, Device::Cpu) if !named => {
            // A library that happens to lie about must not stop the work, nor
            // one that cannot run what the other can.
            match onnxruntime::OnnxRuntime::load(model, &path, device) {
                Ok(runtime) => Ok(Box::new(runtime)),
                Err(error @ (ModelError::OnnxRuntime { .. } | ModelError::Load { .. })) => {
                    match rten::Rten::load(model) {
                        Ok(runtime) => Ok(Box::new(runtime)),
                        Err(_) if matches!(error, ModelError::Load { .. }) => Err(error),
                        Err(error) => Err(error),
                    }
                }
                Err(error) => Err(error),
            }
        }
        (Some(path), _, _) => Ok(Box::new(onnxruntime::OnnxRuntime::load(
            model, &path, device,
        )?)),
        (None, RuntimeChoice::OnnxRuntime, _) => Err(ModelError::NoOnnxRuntime {
            looked: locate::places(),
        }),
        (None, _, Device::Cuda) => Err(ModelError::Device {
            device: "cuda".to_owned(),
            reason: "it needs ONNX Runtime, and none was found (`pip install onnxruntime-gpu`)"
                .to_owned(),
        }),
        (None, _, Device::Cpu) => Ok(Box::new(rten::Rten::load(model)?)),
    }
}

/// The inputs callheat can give a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InputKind {
    Ids,
    Mask,
    /// All zero: a turn is one segment, and ERNIE's tasks are those of its pretraining.
    TokenTypes,
}

impl InputKind {
    /// The kind of an input by its name; an error names what cannot be given.
    fn of_name(name: &str, model: &Model) -> Result<Self, ModelError> {
        match name {
            "input_ids" => Ok(Self::Ids),
            "attention_mask" => Ok(Self::Mask),
            "token_type_ids" | "task_type_ids" => Ok(Self::TokenTypes),
            _ => Err(ModelError::Invalid {
                path: model.onnx_path(),
                reason: format!("unknown input `{name}`; callheat gives input_ids, attention_mask, token_type_ids and task_type_ids"),
                mend: "export a text-classification model with `optimum-cli export onnx --task text-classification`"
                    .to_owned(),
            }),
        }
    }
}

/// The names of a model's outputs.
#[derive(Debug, Clone)]
struct OutputNames {
    logits: String,
    graded: Option<String>,
    escalation: Option<String>,
    tokens: Option<String>,
}

/// Picks the outputs by name: the logits, and what the configuration names.
fn pick_outputs(names: &[String], model: &Model) -> Result<OutputNames, ModelError> {
    let invalid = |reason: String, mend: &str| ModelError::Invalid {
        path: model.onnx_path(),
        reason,
        mend: mend.to_owned(),
    };
    let config = model.config();
    let graded = config.graded.as_ref().map(|graded| graded.output.clone());
    let escalation = config.escalation.as_ref().map(|told| told.output.clone());
    let tokens = config.phrases.as_ref().map(|found| found.output.clone());
    for (name, mend) in [
        (&graded, "correct graded.output in callheat.toml"),
        (&escalation, "correct escalation.output in callheat.toml"),
        (&tokens, "correct phrases.output in callheat.toml"),
    ] {
        if let Some(name) = name
            && !names.contains(name)
        {
            let reason = format!("no output `{name}`; the outputs are {}", names.join(", "));
            return Err(invalid(reason, mend));
        }
    }
    let named = names.iter().find(|name| *name == "logits");
    let rest: Vec<&String> = names
        .iter()
        .filter(|name| {
            let others = [&graded, &escalation, &tokens];
            !others.iter().any(|other| other.as_ref() == Some(*name))
        })
        .collect();
    match (named, rest.as_slice()) {
        (Some(logits), _) | (None, &[logits]) => Ok(OutputNames {
            logits: logits.clone(),
            graded,
            escalation,
            tokens,
        }),
        (None, _) => {
            let reason = format!("no output `logits`; the outputs are {}", names.join(", "));
            Err(invalid(
                reason,
                "export it with `optimum-cli export onnx --task text-classification`",
            ))
        }
    }
}

/// An output as a runtime gives it: shape and values.
type Raw = (Vec<usize>, Vec<f32>);

/// Checks `[rows, classes]`, `[rows]` or `[rows, 1]`, and `[rows, columns, _]`.
fn checked_outputs(
    batch: &TokenBatch,
    (logits_shape, logits): Raw,
    graded: Option<Raw>,
    escalation: Option<Raw>,
    tokens: Option<Raw>,
) -> Result<Outputs, ScoreError> {
    let rows = batch.rows;
    let classes = match *logits_shape.as_slice() {
        [found, classes] if found == rows && classes > 0 => classes,
        _ => {
            return Err(ScoreError::Output(format!(
                "logits of shape {logits_shape:?} for {rows} texts"
            )));
        }
    };
    let one_a_row = |what: &str, output: Option<Raw>| match output {
        Some((_, values)) if values.len() != rows => {
            let found = values.len();
            Err(ScoreError::Output(format!(
                "{found} values of {what} for {rows} texts"
            )))
        }
        output => Ok(output.map(|(_, values)| values)),
    };
    let graded = one_a_row("the graded output", graded)?;
    let escalation = one_a_row("escalation", escalation)?;
    let tokens = match tokens {
        Some((shape, _)) if shape.len() != 3 || shape[..2] != [rows, batch.columns] => {
            return Err(ScoreError::Output(format!(
                "token logits of shape {shape:?} for {rows} texts of {} tokens",
                batch.columns
            )));
        }
        Some((_, values)) => Some(values),
        None => None,
    };
    Ok(Outputs {
        classes,
        logits,
        graded,
        escalation,
        tokens,
    })
}

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::config::{ConfigTexts, ModelConfig};
use super::error::ModelError;
use super::folder::Folder;
use super::graph::Graph;
use super::score::Label;
use super::signature;

static DEFAULT_ONNX: &[u8] = include_bytes!("../../models/default/model.onnx");
/// Of `DEFAULT_ONNX`; `build.rs` finds it, as hashing takes a third of a start.
const DEFAULT_SHA256: &str = env!("CALLHEAT_MODEL_SHA256");
static DEFAULT_TOKENIZER: &[u8] = include_bytes!("../../models/default/tokenizer.json");
static DEFAULT_CONFIG: &str = include_str!("../../models/default/config.json");
static DEFAULT_TOML: &str = include_str!("../../models/default/callheat.toml");

/// A sentiment model in memory: graph, tokenizer and configuration.
#[derive(Debug, Clone)]
pub struct Model {
    folder: PathBuf,
    /// The graph, relative to the folder.
    file: PathBuf,
    /// Weights beside the graph, by file name.
    data: BTreeMap<String, Arc<[u8]>>,
    onnx: Cow<'static, [u8]>,
    tokenizer: Cow<'static, [u8]>,
    config: ModelConfig,
}

/// What the output says of the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModelInfo {
    /// The model's name.
    pub name: String,
    /// SHA-256 of `model.onnx` (and the weights beside it), hexadecimal.
    pub sha256: String,
    /// The classes of `probabilities`.
    pub labels: Vec<Label>,
    /// The runtime with its version.
    pub runtime: String,
}

impl Model {
    /// The model inside the binary.
    pub fn built_in() -> Result<Self, ModelError> {
        let folder = PathBuf::from("(built-in model)");
        let texts = ConfigTexts {
            config: Some(DEFAULT_CONFIG),
            toml: Some(DEFAULT_TOML),
            tokenizer: None,
        };
        let config = ModelConfig::parse(&folder, texts).into_result()?;
        Ok(Self {
            folder,
            file: PathBuf::from("model.onnx"),
            data: BTreeMap::new(),
            onnx: Cow::Borrowed(DEFAULT_ONNX),
            tokenizer: Cow::Borrowed(DEFAULT_TOKENIZER),
            config,
        })
    }

    /// Reads a model folder; the error is the first thing that does not fit.
    pub fn from_folder(folder: &Path) -> Result<Self, ModelError> {
        let mut read = ModelFolder::read(folder);
        match (read.model, read.problems.is_empty()) {
            (Some(model), true) => Ok(model),
            _ => Err(read.problems.swap_remove(0)),
        }
    }

    /// What callheat knows of the model beside its graph.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// The serialised graph.
    pub fn onnx(&self) -> &[u8] {
        &self.onnx
    }

    /// The graph when it is part of the binary, so that a runtime need not copy it.
    pub(super) fn static_onnx(&self) -> Option<&'static [u8]> {
        match self.onnx {
            Cow::Borrowed(bytes) => Some(bytes),
            Cow::Owned(_) => None,
        }
    }

    /// The serialised tokenizer.
    pub fn tokenizer(&self) -> &[u8] {
        &self.tokenizer
    }

    /// Where a file of the model stands, for messages.
    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// Where the graph stands, for messages.
    pub fn onnx_path(&self) -> PathBuf {
        self.folder.join(&self.file)
    }

    /// The files with weights beside the graph.
    pub fn data(&self) -> &BTreeMap<String, Arc<[u8]>> {
        &self.data
    }

    /// Bytes of the graph and the weights beside it.
    pub fn size(&self) -> u64 {
        let data: usize = self.data.values().map(|bytes| bytes.len()).sum();
        (self.onnx.len() + data) as u64
    }

    /// Whether the model is the one inside the binary.
    pub fn is_built_in(&self) -> bool {
        matches!(self.onnx, Cow::Borrowed(_))
    }

    /// SHA-256, hexadecimal, of the graph followed by the files with weights
    /// beside it, in the order of their names.
    pub fn sha256(&self) -> String {
        if self.is_built_in() {
            return DEFAULT_SHA256.to_owned();
        }
        self.computed_sha256()
    }

    fn computed_sha256(&self) -> String {
        let mut hash = Sha256::new_with_prefix(&self.onnx);
        for bytes in self.data.values() {
            hash.update(bytes);
        }
        hexadecimal(&hash.finalize())
    }

    /// SHA-256 of tokenizer and configuration together with `more`, hexadecimal.
    pub(super) fn settings_sha256(&self, more: &str) -> String {
        let hash = Sha256::new_with_prefix(&self.tokenizer)
            .chain_update(format!("{:?}", self.config))
            .chain_update(more);
        hexadecimal(&hash.finalize())
    }

    /// Whether activations are quantised by ranges taken over the whole tensor
    /// at run time: then a text's score would move with its batch-mates, and
    /// each text has to be run by itself.
    pub fn is_dynamically_quantised(&self) -> bool {
        [
            "DynamicQuantizeLinear",
            "DynamicQuantizeMatMul",
            "DynamicQuantizeLSTM",
        ]
        .iter()
        .any(|operator| memchr::memmem::find(&self.onnx, operator.as_bytes()).is_some())
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// A model folder as far as it could be read, with everything in it that does
/// not fit.
#[derive(Debug)]
pub(super) struct ModelFolder {
    /// The model; there with problems too, where it can at least be run.
    pub model: Option<Model>,
    /// What the graph says of itself.
    pub graph: Option<Graph>,
    /// How many tokens config.json has positions for.
    pub positions: Option<usize>,
    /// Each label has a probability of its own.
    pub is_multi_label: bool,
    /// What has to be mended before the model can be used.
    pub problems: Vec<ModelError>,
}

impl ModelFolder {
    /// The model inside the binary.
    pub(super) fn built_in() -> Self {
        match Model::built_in() {
            Ok(model) => Self {
                graph: Graph::read(model.onnx()).ok(),
                model: Some(model),
                positions: None,
                is_multi_label: false,
                problems: Vec::new(),
            },
            Err(problem) => Self::unreadable(problem),
        }
    }

    fn unreadable(problem: ModelError) -> Self {
        Self {
            model: None,
            graph: None,
            positions: None,
            is_multi_label: false,
            problems: vec![problem],
        }
    }

    pub(super) fn read(path: &Path) -> Self {
        if let Err(source) = std::fs::read_dir(path) {
            let path = path.to_owned();
            return Self::unreadable(ModelError::Folder { path, source });
        }
        let folder = Folder::new(path);
        let mut problems = Vec::new();
        let mut noted = Noted(&mut problems);
        let config = noted.take(folder.config());
        let toml = noted.take(folder.optional("callheat.toml")).flatten();
        let tokenizer_config = folder.optional("tokenizer_config.json").ok().flatten();
        let texts = ConfigTexts {
            config: config.as_deref(),
            toml: toml.as_deref(),
            tokenizer: tokenizer_config.as_deref(),
        };
        let mut config = ModelConfig::parse(path, texts);
        let onnx = noted.take(folder.graph(config.file.as_deref()));
        let tokenizer = noted.take(folder.tokenizer());
        noted.0.append(&mut config.problems);
        let mut read = Self {
            model: None,
            graph: None,
            positions: config.positions,
            is_multi_label: config.is_multi_label,
            problems: Vec::new(),
        };
        if let Some((file, onnx)) = onnx {
            let onnx_path = path.join(&file);
            read.graph = noted.take(Graph::read(&onnx).map_err(|reason| ModelError::Invalid {
                path: onnx_path.clone(),
                reason: format!("no ONNX model ({reason})"),
                mend: "copy or export the model again; the file may be cut short, or a Git LFS pointer".to_owned(),
            }));
            let fits = read.graph.as_ref().map(|graph| {
                signature::problems(&onnx_path, graph, &config.config, config.positions)
            });
            // Of a model of another kind nothing else is worth mending.
            if read
                .graph
                .as_ref()
                .is_some_and(|graph| !graph.takes_tokens())
            {
                noted.0.clear();
            }
            noted.0.extend(fits.into_iter().flatten());
            let names = read.graph.iter().flat_map(|graph| &graph.data_files);
            let data = noted.take(folder.data(&file, names));
            // A graph that could not be looked through, or that reaches outside, is never loaded.
            let is_safe = read
                .graph
                .as_ref()
                .is_some_and(|graph| graph.foreign_operators().is_empty());
            if let (Some(data), Some(tokenizer), true) = (data, tokenizer, is_safe) {
                read.model = Some(Model {
                    folder: path.to_owned(),
                    file,
                    data,
                    onnx: Cow::Owned(onnx),
                    tokenizer: Cow::Owned(tokenizer),
                    config: config.config,
                });
            }
        }
        read.problems = problems;
        read
    }
}

/// Keeps the errors and hands on the rest.
struct Noted<'a>(&'a mut Vec<ModelError>);

impl Noted<'_> {
    fn take<T>(&mut self, result: Result<T, ModelError>) -> Option<T> {
        result.map_err(|error| self.0.push(error)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_hash_is_that_of_the_built_in_model() {
        let model = Model::built_in().unwrap();
        assert_eq!(model.sha256(), model.computed_sha256());
    }
}

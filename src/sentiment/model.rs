use std::borrow::Cow;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::config::ModelConfig;
use super::error::ModelError;
use super::score::Label;

static DEFAULT_ONNX: &[u8] = include_bytes!("../../models/default/model.onnx");
static DEFAULT_TOKENIZER: &[u8] = include_bytes!("../../models/default/tokenizer.json");
static DEFAULT_CONFIG: &str = include_str!("../../models/default/config.json");
static DEFAULT_TOML: &str = include_str!("../../models/default/callheat.toml");

/// A sentiment model in memory: graph, tokenizer and configuration.
#[derive(Debug, Clone)]
pub struct Model {
    folder: PathBuf,
    onnx: Cow<'static, [u8]>,
    tokenizer: Cow<'static, [u8]>,
    config: ModelConfig,
}

/// What the output says of the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModelInfo {
    /// The model's name.
    pub name: String,
    /// SHA-256 of `model.onnx`, hexadecimal.
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
        let config = ModelConfig::parse(&folder, DEFAULT_CONFIG, Some(DEFAULT_TOML))?;
        Ok(Self {
            folder,
            onnx: Cow::Borrowed(DEFAULT_ONNX),
            tokenizer: Cow::Borrowed(DEFAULT_TOKENIZER),
            config,
        })
    }

    /// Reads a model folder.
    pub fn from_folder(folder: &Path) -> Result<Self, ModelError> {
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read(&path).map_err(|source| ModelError::Read { path, source })
        };
        let onnx = read("model.onnx")?;
        if onnx.is_empty() {
            return Err(ModelError::Invalid {
                path: folder.join("model.onnx"),
                reason: "the file is empty".to_owned(),
                mend: "copy or export the model again".to_owned(),
            });
        }
        let tokenizer = read("tokenizer.json")?;
        let config = read("config.json")?;
        let toml = match read("callheat.toml") {
            Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            Err(ModelError::Read { source, .. })
                if source.kind() == std::io::ErrorKind::NotFound =>
            {
                None
            }
            Err(error) => return Err(error),
        };
        let config =
            ModelConfig::parse(folder, &String::from_utf8_lossy(&config), toml.as_deref())?;
        Ok(Self {
            folder: folder.to_owned(),
            onnx: Cow::Owned(onnx),
            tokenizer: Cow::Owned(tokenizer),
            config,
        })
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

    /// SHA-256 of the graph, hexadecimal.
    pub fn sha256(&self) -> String {
        hexadecimal(&Sha256::digest(&self.onnx))
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

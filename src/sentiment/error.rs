use std::path::PathBuf;

/// Why a model cannot be used. Every message ends with what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The model folder itself cannot be read.
    #[error(
        "cannot read the model folder {path}: {source}; give a folder with model.onnx, tokenizer.json and config.json"
    )]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A file of the model folder is missing or unreadable.
    #[error(
        "cannot read {path}: {source}; a model folder needs model.onnx, tokenizer.json and config.json, as `optimum-cli export onnx` writes them"
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A file of the model folder does not hold what it should.
    #[error("{path}: {reason}; {mend}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
        /// What to do.
        mend: String,
    },
    /// The model's labels are not known to callheat.
    #[error(
        "the labels of {path} are unknown: {labels}; say what they mean in callheat.toml beside it, for example:\n[labels]\n{example}"
    )]
    Labels {
        /// The config file.
        path: PathBuf,
        /// The labels as the model names them.
        labels: String,
        /// Lines for callheat.toml.
        example: String,
    },
    /// No ONNX Runtime library where one was asked for.
    #[error(
        "ONNX Runtime was asked for, but no library was found ({looked}); install it with `pip install onnxruntime`, name it with --ort-lib FILE or ORT_DYLIB_PATH, or use --runtime rten"
    )]
    NoOnnxRuntime {
        /// The places that were searched.
        looked: String,
    },
    /// The ONNX Runtime library cannot be loaded.
    #[error(
        "cannot use the ONNX Runtime library {path}: {reason}; install version 1.24 or newer with `pip install -U onnxruntime`, or use --runtime rten"
    )]
    OnnxRuntime {
        /// The library.
        path: PathBuf,
        /// What the loader says.
        reason: String,
    },
    /// The runtime refuses the model.
    #[error(
        "{runtime} cannot load {path}: {reason}; check the folder with `callheat model check`, or export the model again as plain ONNX"
    )]
    Load {
        /// The runtime.
        runtime: String,
        /// The model file.
        path: PathBuf,
        /// What the runtime says.
        reason: String,
    },
    /// The device asked for is not there.
    #[error("--device {device} is not available: {reason}; use --device cpu")]
    Device {
        /// The device.
        device: String,
        /// What is missing.
        reason: String,
    },
}

impl ModelError {
    /// What is wrong, without what to do.
    pub fn problem(&self) -> String {
        match self {
            Self::Invalid { path, reason, .. } => format!("{}: {reason}", path.display()),
            Self::Labels { path, labels, .. } => {
                format!("the labels of {} are unknown: {labels}", path.display())
            }
            Self::Load {
                runtime,
                path,
                reason,
            } => format!("{runtime} cannot load {}: {reason}", path.display()),
            other => whole(other).0,
        }
    }

    /// What to do: the file to add, or the very lines to write.
    pub fn mend(&self) -> String {
        match self {
            Self::Invalid { mend, .. } => mend.clone(),
            Self::Labels { path, example, .. } => format!(
                "write into {} what each means, for example:\n[labels]\n{example}",
                path.with_file_name("callheat.toml").display()
            ),
            Self::Load { .. } => {
                "export the model again as plain ONNX, or try the other --runtime".to_owned()
            }
            other => whole(other).1,
        }
    }
}

/// The message of an error at its first semicolon.
fn whole(error: &ModelError) -> (String, String) {
    let message = error.to_string();
    match message.split_once("; ") {
        Some((problem, mend)) => (problem.to_owned(), mend.to_owned()),
        None => (message, "see the message".to_owned()),
    }
}

/// Why a text could not be scored. Holds no text.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ScoreError {
    /// The tokenizer failed.
    #[error("the tokenizer failed: {0}; check the model with `callheat model check`")]
    Tokenise(String),
    /// The runtime failed.
    #[error("the model failed: {0}; check it with `callheat model check`")]
    Run(String),
    /// A score is not a number, or infinite.
    #[error("the model's output is not a number (NaN); check it with `callheat model check`")]
    NotANumber,
    /// The model's output is not usable.
    #[error("the model's output is unusable: {0}; check it with `callheat model check`")]
    Output(String),
    /// The sessions have ended.
    #[error("the scoring sessions have ended; run the command again")]
    Closed,
}

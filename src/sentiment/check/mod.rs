//! `callheat model check`: whether a model folder fits, and what to mend.
//!
//! [`check`] goes on after the first thing it finds, as far as that is
//! possible: a missing label mapping does not hide an output that is no number.

mod facts;
mod table;
mod trial;

pub use facts::{LabelFact, LengthFacts, PortFact, TokenizerFacts};
pub use table::table;
pub use trial::{Agreement, BatchFacts, ProbeScore, RuntimeFacts};

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::error::ModelError;
use super::graph::Graph;
use super::model::{Model, ModelFolder};
use super::probe::Places;
use super::runtime::RuntimeChoice;
use super::tokeniser::Tokeniser;

/// How a check runs.
#[derive(Debug, Clone, Default)]
pub struct CheckOptions {
    /// Auto checks rten, and ONNX Runtime where its library is found.
    pub runtime: RuntimeChoice,
    /// ONNX Runtime's library.
    pub ort_lib: Option<PathBuf>,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// Whether callheat can use the model as it lies there: `mends` is empty.
    pub fits: bool,
    /// The folder, or `default`.
    pub folder: String,
    /// The model's name.
    pub name: Option<String>,
    /// Its licence, where callheat.toml says it.
    pub license: Option<String>,
    /// The graph's file.
    pub file: Option<PathBuf>,
    /// Bytes of the graph and the weights beside it.
    pub bytes: Option<u64>,
    /// SHA-256 of these, hexadecimal.
    pub sha256: Option<String>,
    /// Activations are quantised at run time; each text then runs by itself.
    pub dynamically_quantised: Option<bool>,
    /// What has to be given.
    pub inputs: Vec<PortFact>,
    /// What comes out.
    pub outputs: Vec<PortFact>,
    /// The model's labels with their meaning; assumed when a mend asks for it.
    pub labels: Vec<LabelFact>,
    /// How long a text may be.
    pub length: Option<LengthFacts>,
    /// The tokenizer beside the model.
    pub tokenizer: Option<TokenizerFacts>,
    /// The trial on each runtime.
    pub runtimes: Vec<RuntimeFacts>,
    /// The two runtimes against each other.
    pub agreement: Option<Agreement>,
    /// What has to be done before the model can be used.
    pub mends: Vec<Mend>,
    /// What should be looked at.
    pub warnings: Vec<Mend>,
}

/// Something that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mend {
    /// What is wrong.
    pub problem: String,
    /// What to do: the line to write, or the file to add.
    pub mend: String,
}

impl Mend {
    pub(super) fn new(problem: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            problem: problem.into(),
            mend: mend.into(),
        }
    }
}

impl From<&ModelError> for Mend {
    fn from(error: &ModelError) -> Self {
        Self::new(error.problem(), error.mend())
    }
}

/// Checks a folder, or the built-in model.
pub fn check(folder: Option<&Path>, options: &CheckOptions) -> Check {
    let read = match folder {
        Some(folder) => ModelFolder::read(folder),
        None => ModelFolder::built_in(),
    };
    let mut found = Check {
        fits: false,
        folder: folder.map_or_else(|| "default".to_owned(), |path| path.display().to_string()),
        name: None,
        license: None,
        file: None,
        bytes: None,
        sha256: None,
        dynamically_quantised: None,
        inputs: facts::inputs(read.graph.as_ref()),
        outputs: facts::outputs(read.graph.as_ref()),
        labels: Vec::new(),
        length: None,
        tokenizer: None,
        runtimes: Vec::new(),
        agreement: None,
        mends: read.problems.iter().map(Mend::from).collect(),
        warnings: Vec::new(),
    };
    if let Some(model) = &read.model {
        found.name = Some(model.config().name.clone());
        found.license.clone_from(&model.config().license);
        found.file = Some(model.onnx_path());
        found.bytes = Some(model.size());
        found.sha256 = Some(model.sha256());
        found.dynamically_quantised = Some(model.is_dynamically_quantised());
        found.labels = facts::labels(model.config());
        if read.is_multi_label {
            found.warnings.push(Mend::new(
                "config.json says multi_label_classification: the labels do not exclude each other",
                "scores are taken as exclusive classes (softmax); compare with `callheat model eval`",
            ));
        }
        found.run(model, read.graph.as_ref(), read.positions, options);
    }
    found.fits = found.mends.is_empty();
    found
}

impl Check {
    /// Everything that needs the tokenizer and a runtime.
    fn run(
        &mut self,
        model: &Model,
        graph: Option<&Graph>,
        positions: Option<usize>,
        options: &CheckOptions,
    ) {
        self.length = Some(facts::length(model.config(), graph, positions));
        let tokeniser = match Tokeniser::new(model) {
            Ok(tokeniser) => tokeniser,
            Err(error) => return self.mends.push(Mend::from(&error)),
        };
        let places = Places::of(model);
        let facts = TokenizerFacts::of(&tokeniser, graph);
        self.warnings.extend(facts.warnings());
        let too_small = facts.excess(&places);
        self.mends.extend(too_small.iter().map(Mend::from));
        self.tokenizer = Some(facts);
        // A graph of the wrong kind cannot be run; its mends say so already.
        if graph.is_some_and(|graph| !graph.takes_tokens()) {
            return;
        }
        let mut trial = trial::run(model, &tokeniser, options);
        if too_small.is_some() {
            trial
                .mends
                .retain(|mend| !mend.problem.contains("tokenizer.json"));
        }
        let is_new = |mends: &[Mend], mend: &Mend| !mends.contains(mend);
        for mend in trial.mends {
            if is_new(&self.mends, &mend) {
                self.mends.push(mend);
            }
        }
        self.warnings.extend(trial.warnings);
        self.runtimes = trial.runtimes;
        self.agreement = trial.agreement;
    }
}

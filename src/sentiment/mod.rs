//! Fourth stage: the sentiment of each turn through an ONNX model.
//!
//! A [`Model`] is a folder in Hugging Face layout (or the one inside the
//! binary); [`Scorer`] runs it on a pool of one-thread sessions of a
//! [`Runtime`] and answers each caller through a channel that travels with its
//! request. A score never depends on what else is being scored.

mod config;
mod context;
mod decode;
mod error;
mod folder;
mod graph;
mod hugging_face;
mod labels;
mod model;
mod phrases;
mod probe;
pub mod runtime;
mod score;
mod scorer;
mod signature;
mod tokeniser;

pub mod check;

pub use config::{EscalationOutput, Graded, ModelConfig, OutputKind, PhraseOutput, Truncation};
pub use context::ContextTracker;
pub use decode::Decoder;
pub use error::{ModelError, ScoreError};
pub use labels::{LabelMap, label_of_name};
pub use model::{Model, ModelInfo};
pub use phrases::{MarkedPhrase, MarkedPhrases};
pub use runtime::{Device, Runtime, RuntimeChoice};
pub use score::{Label, Reading, Score};
pub use scorer::{Batching, ScoreCounts, Scorer, ScorerOptions};
pub use tokeniser::Tokeniser;

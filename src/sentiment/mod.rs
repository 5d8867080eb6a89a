//! Fourth stage: the sentiment of each turn through an ONNX model.

mod score;

pub use score::{Label, Score};

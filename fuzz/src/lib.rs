//! What is fuzzed: each function takes any bytes and must neither panic nor
//! hang nor break what the library promises. `tests/fuzz_corpus.rs` calls the
//! same functions on the committed corpus.

mod entries;

pub use entries::{findings, formats, lists, live, model_folder, results};

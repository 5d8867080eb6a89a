//! A trained tagger of complaint phrases: what a list of words cannot know, it
//! has learned from labelled turns.

mod chances;
mod features;
mod model;
mod passage;

pub use features::{Extractor, Features};
pub(super) use model::Tagger;

//! Second stage: normalised text with a map back to the raw text.
//!
//! Matching is done on [`Normalised::text`]; what is shown to people is always
//! the raw text, reached through [`Normalised::raw_span`].

mod normalise;

pub use normalise::{Normalised, simplified};

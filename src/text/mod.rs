//! Second stage: normalised text with a map back to the raw text, and the
//! personal data in it.
//!
//! Matching is done on [`Normalised::text`]; what is shown to people is always
//! the raw text, reached through [`Normalised::raw_span`], or the raw text with
//! placeholders for what [`personal::find`] finds.

mod grams;
mod normalise;
mod patterns;
pub mod personal;

pub(crate) use grams::{Cleaned, GramSet};
pub use normalise::{Normalised, simplified};
pub(crate) use patterns::PatternIndex;

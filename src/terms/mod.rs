//! Fifth stage: complaint terms (投诉词) of a turn, and those of the batch.
//!
//! [`TermFinder`] finds the terms of one customer turn; [`BatchTerms`] counts
//! them over all calls and ranks them.

mod category;

pub use category::Category;

use crate::call::Span;

/// A complaint term found in a turn.
#[derive(Debug, Clone, PartialEq)]
pub struct TermHit {
    /// The term under its canonical form (variants and numbers folded).
    pub term: String,
    /// What the complaint is about.
    pub category: Category,
    /// Where it stands in the raw text.
    pub span: Span,
    /// How grave it is, 0..1, from the lexicon.
    pub weight: f32,
}

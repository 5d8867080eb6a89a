//! Fifth stage: complaint terms (投诉词) of a turn, and those of the batch.
//!
//! [`TermFinder`] finds the terms of one customer turn; [`BatchTerms`] counts
//! them over all calls and ranks them.

mod batch;
mod canonical;
mod category;
mod counted;
mod discovery;
mod finder;
mod forms;
mod hashing;
mod keyness;
mod lexicon;
mod pattern;
mod periods;
mod reference;
mod rising;
mod scope;
pub mod tagger;

pub use batch::{BatchOptions, BatchTerm, BatchTerms, CallTerms, Example, TurnTerms};
pub use category::Category;
pub use discovery::phrases;
pub use finder::{TermFinder, TurnText};
pub use lexicon::{Entry, Lexicon, LexiconError};
pub use periods::{Change, started_at};
pub use reference::{Reference, ReferenceTable};
pub use rising::{RisingOptions, RisingTerms, TermAlert};

use crate::call::Span;

/// A complaint term found in a turn.
#[derive(Debug, Clone, PartialEq)]
pub struct TermHit {
    /// The phrase as it stands in the raw text.
    pub term: String,
    /// The form under which it is counted: light words stripped, numbers
    /// folded to `N`, traditional characters simplified.
    pub canonical: String,
    /// What the complaint is about.
    pub category: Category,
    /// Where it stands in the raw text.
    pub span: Span,
    /// How grave it is, 0..1.
    pub weight: f32,
}

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

use std::ops::Range;

use crate::call::Span;

/// A complaint term found in a turn.
#[derive(Debug, Clone, PartialEq)]
pub struct TermHit {
    /// The passage that holds the complaint, as it stands in the raw text: as
    /// much of a clause as is needed, at most 20 characters.
    pub term: String,
    /// The form under which it is counted: the name of the lexicon's entry, or
    /// the core of the passage, with light words stripped, numbers folded to `N`
    /// and traditional characters simplified.
    pub canonical: String,
    /// What the complaint is about.
    pub category: Category,
    /// Where the passage stands in the raw text.
    pub span: Span,
    /// How grave it is, 0..1.
    pub weight: f32,
}

/// Whether all of one range is in the other.
fn lies_within(inner: &Range<usize>, outer: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

//! Finds the complaint terms of one customer turn.

use std::ops::Range;

use super::TermHit;
use super::canonical::canonical;
use super::category::Category;
use super::lexicon::{Lexicon, Match};
use super::scope::is_taken_back;
use crate::segment::Word;
use crate::sentiment::Score;
use crate::text::Normalised;

/// An entry of this weight or more counts whatever the turn's valence is.
const STRONG: f32 = 0.6;
/// A weak entry counts only in a turn of at most this valence.
const DISPLEASED: f32 = -0.15;

/// A customer turn with what the earlier stages found out about it.
#[derive(Debug, Clone, Copy)]
pub struct TurnText<'a> {
    /// The normalised text.
    pub normalised: &'a Normalised,
    /// Its words, covering all of it.
    pub words: &'a [Word],
    /// What the model says of it.
    pub score: &'a Score,
    /// The text as it was read.
    pub raw: &'a str,
}

/// Finds complaint terms; built once, shared by all threads.
pub struct TermFinder {
    lexicon: Lexicon,
}

/// A phrase that may be reported.
struct Candidate {
    range: Range<usize>,
    category: Category,
    weight: f32,
}

impl TermFinder {
    /// A finder for the terms of a lexicon.
    pub fn new(lexicon: Lexicon) -> Self {
        Self { lexicon }
    }

    /// The complaint terms of a customer turn, ordered by place, not overlapping.
    pub fn find(&self, turn: &TurnText<'_>) -> Vec<TermHit> {
        let text = turn.normalised.text();
        let mut candidates: Vec<Candidate> = self
            .lexicon
            .matches(text)
            .into_iter()
            .filter(|found| self.counts(found, turn))
            .map(|found| self.candidate(found))
            .collect();
        // Graver and longer phrases first; the place decides between equals.
        candidates.sort_by(|a, b| {
            let length = |candidate: &Candidate| candidate.range.len();
            length(b)
                .cmp(&length(a))
                .then(b.weight.total_cmp(&a.weight))
                .then(a.range.start.cmp(&b.range.start))
        });
        let mut kept: Vec<Candidate> = Vec::new();
        for candidate in candidates {
            if kept
                .iter()
                .all(|other| !overlap(&other.range, &candidate.range))
            {
                kept.push(candidate);
            }
        }
        kept.sort_by_key(|candidate| candidate.range.start);
        kept.into_iter()
            .map(|candidate| hit(turn, candidate))
            .collect()
    }

    fn counts(&self, found: &Match, turn: &TurnText<'_>) -> bool {
        let weight = self.lexicon.entries()[found.entry].weight;
        (weight >= STRONG || turn.score.valence <= DISPLEASED)
            && !is_taken_back(turn.normalised.text(), &found.range)
    }

    fn candidate(&self, found: Match) -> Candidate {
        let entry = &self.lexicon.entries()[found.entry];
        Candidate {
            range: found.range,
            category: entry.category,
            weight: entry.weight,
        }
    }
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

fn hit(turn: &TurnText<'_>, candidate: Candidate) -> TermHit {
    let span = turn.normalised.raw_span(candidate.range.clone());
    TermHit {
        term: turn
            .raw
            .chars()
            .skip(span.0)
            .take(span.1 - span.0)
            .collect(),
        canonical: canonical(&turn.normalised.text()[candidate.range]),
        category: candidate.category,
        span,
        weight: candidate.weight,
    }
}

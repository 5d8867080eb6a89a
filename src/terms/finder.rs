//! Finds the complaint terms of one customer turn.

use std::ops::Range;
use std::sync::Arc;

use super::canonical::canonical;
use super::category::Category;
use super::lexicon::{Lexicon, Match};
use super::scope::is_taken_back;
use super::tagger::Tagger;
use super::{TermHit, lies_within};
use crate::segment::Word;
use crate::sentiment::{MarkedPhrase, Score};
use crate::text::Normalised;

/// An entry of this weight or more counts whatever the turn's valence is.
const STRONG: f32 = 0.6;
/// A weak entry counts only in a turn of at most this valence.
const DISPLEASED: f32 = -0.15;
/// Weight of a phrase that the tagger found and the lexicon does not have.
const TAGGED: f32 = 0.6;

/// A customer turn with what the earlier stages found out about it.
#[derive(Debug, Clone, Copy)]
pub struct TurnText<'a> {
    /// The normalised text.
    pub normalised: &'a Normalised,
    /// Its words, covering all of it.
    pub words: &'a [Word],
    /// What the model says of it.
    pub score: &'a Score,
    /// The complaint phrases that the model marks in the raw text; `None`
    /// where it is one that marks none.
    pub marked: Option<&'a [MarkedPhrase]>,
    /// The text as it was read.
    pub raw: &'a str,
}

/// Finds complaint terms; built once, shared by all threads.
///
/// A trained tagger finds the phrases, with the built-in lexicon among what it
/// looks at. The entries of a lexicon of the user's own count in any case and
/// go before the tagger's phrases.
pub struct TermFinder {
    lexicon: Arc<Lexicon>,
    tagger: Option<Tagger>,
}

/// A passage that may be reported.
struct Candidate {
    range: Range<usize>,
    /// The phrase in it by which it is counted.
    core: Range<usize>,
    category: Category,
    weight: f32,
}

impl TermFinder {
    /// A finder for the terms of a lexicon and of the built-in tagger.
    pub fn new(lexicon: Lexicon) -> Self {
        let lexicon = Arc::new(lexicon);
        let trained_with = if lexicon.is_built_in() {
            Arc::clone(&lexicon)
        } else {
            Arc::new(Lexicon::built_in())
        };
        Self {
            lexicon,
            tagger: Tagger::built_in(trained_with),
        }
    }

    /// A finder with the built-in lexicon and a tagger of other weights, as
    /// `models/training/term_train.rs` writes them; `None` where they are none.
    pub fn with_weights(weights: &[u8]) -> Option<Self> {
        let lexicon = Arc::new(Lexicon::built_in());
        let tagger = Some(Tagger::read(Arc::clone(&lexicon), weights)?);
        Some(Self { lexicon, tagger })
    }

    /// A finder that knows the lexicon's terms only.
    pub fn with_lexicon_only(lexicon: Lexicon) -> Self {
        Self {
            lexicon: Arc::new(lexicon),
            tagger: None,
        }
    }

    /// The complaint terms of a customer turn, ordered by place, not overlapping.
    pub fn find(&self, turn: &TurnText<'_>) -> Vec<TermHit> {
        let text = turn.normalised.text();
        let matches = self.lexicon.matches(text);
        let mut kept: Vec<Candidate> = Vec::new();
        if self.tagger.is_none() || !self.lexicon.is_built_in() {
            self.add_entries(turn, &matches, &mut kept);
        }
        if let Some(tagger) = &self.tagger {
            let known = self.lexicon.is_built_in().then_some(matches.as_slice());
            for tagged in tagger.tag(turn, known) {
                let weight = self.weight(&matches, &tagged.range);
                let candidate = Candidate {
                    range: tagged.range,
                    core: tagged.core,
                    category: tagged.category,
                    weight,
                };
                if is_free(&kept, &candidate) && !is_taken_back(text, &candidate.core) {
                    kept.push(candidate);
                }
            }
        }
        kept.sort_by_key(|candidate| candidate.range.start);
        kept.into_iter()
            .map(|candidate| {
                let name = self.name(text, &matches, &candidate);
                hit(turn, &candidate, name)
            })
            .collect()
    }

    /// Adds the lexicon's matches that count, the longest and gravest first.
    fn add_entries(&self, turn: &TurnText<'_>, matches: &[Match], kept: &mut Vec<Candidate>) {
        let mut candidates: Vec<Candidate> = matches
            .iter()
            .filter(|found| self.counts(found, turn))
            .map(|found| self.candidate(found))
            .collect();
        candidates.sort_by(|a, b| {
            let longest = b.range.len().cmp(&a.range.len());
            longest
                .then(b.weight.total_cmp(&a.weight))
                .then(a.range.start.cmp(&b.range.start))
        });
        for candidate in candidates {
            if is_free(kept, &candidate) {
                kept.push(candidate);
            }
        }
    }

    fn counts(&self, found: &Match, turn: &TurnText<'_>) -> bool {
        let weight = self.lexicon.entries()[found.entry].weight;
        (weight >= STRONG || turn.score.valence <= DISPLEASED)
            && !is_taken_back(turn.normalised.text(), &found.range)
    }

    fn candidate(&self, found: &Match) -> Candidate {
        let entry = &self.lexicon.entries()[found.entry];
        Candidate {
            range: found.range.clone(),
            core: found.range.clone(),
            category: entry.category,
            weight: entry.weight,
        }
    }

    /// The weight of the gravest entry that a phrase overlaps.
    fn weight(&self, matches: &[Match], phrase: &Range<usize>) -> f32 {
        let touching = matches.iter().filter(|found| overlap(&found.range, phrase));
        touching
            .map(|found| self.lexicon.entries()[found.entry].weight)
            .max_by(f32::total_cmp)
            .unwrap_or(TAGGED)
    }

    /// The entry under whose name a passage is counted, with all its variants:
    /// the one that says most of the core, if it says at least half of it, or if
    /// it is a strong one whose very name stands in the passage. Less is not
    /// enough: 没反应 of a brake is no 没信号.
    fn name(&self, text: &str, matches: &[Match], candidate: &Candidate) -> Option<&str> {
        let (core, passage) = (&candidate.core, &candidate.range);
        let weight = |found: &Match| self.lexicon.entries()[found.entry].weight;
        let shared = |found: &Match| {
            let end = found.range.end.min(core.end);
            end.saturating_sub(found.range.start.max(core.start))
        };
        let names = |found: &&Match| {
            let within = lies_within(&found.range, passage);
            let is_name = text[found.range.clone()] == self.lexicon.entries()[found.entry].term;
            2 * shared(found) >= core.len() || within && is_name && weight(found) >= STRONG
        };
        let best = matches.iter().filter(names).max_by(|a, b| {
            let most = shared(a).cmp(&shared(b));
            most.then(weight(a).total_cmp(&weight(b)))
                .then(b.entry.cmp(&a.entry))
        })?;
        Some(&self.lexicon.entries()[best.entry].term)
    }
}

fn is_free(kept: &[Candidate], candidate: &Candidate) -> bool {
    kept.iter()
        .all(|other| !overlap(&other.range, &candidate.range))
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

fn hit(turn: &TurnText<'_>, candidate: &Candidate, name: Option<&str>) -> TermHit {
    let span = turn.normalised.raw_span(candidate.range.clone());
    TermHit {
        term: turn
            .raw
            .chars()
            .skip(span.0)
            .take(span.1 - span.0)
            .collect(),
        canonical: name.map_or_else(
            || canonical(&turn.normalised.text()[candidate.core.clone()]),
            str::to_owned,
        ),
        category: candidate.category,
        span,
        weight: candidate.weight,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(passage: &str, core: &str) -> String {
        let finder = TermFinder::with_lexicon_only(Lexicon::built_in());
        let matches = finder.lexicon.matches(passage);
        let start = passage.find(core).unwrap();
        let candidate = Candidate {
            range: 0..passage.len(),
            core: start..start + core.len(),
            category: Category::Other,
            weight: TAGGED,
        };
        finder
            .name(passage, &matches, &candidate)
            .map_or_else(|| canonical(core), str::to_owned)
    }

    #[test]
    fn a_passage_is_counted_under_the_entry_it_names_or_under_its_core() {
        // Half of the core.
        assert_eq!(named("上个月给我乱扣费了", "乱扣费了"), "乱扣费");
        // The very name, if elsewhere in the passage.
        assert_eq!(
            named("不给退我跟它说了四十分钟", "我跟它说了四十分钟"),
            "不给退"
        );
        // A neutral name by itself tells nothing.
        assert_eq!(named("营业厅让我白跑", "让我白跑"), "让我白跑");
    }
}

//! Finds phrases that nobody listed: those that are frequent in the batch's
//! displeased customer turns against its other turns and against what is usual.

mod counts;
mod phrase;

use std::collections::{BTreeSet, HashMap};

use counts::{Neighbours, Sketch};
pub use phrase::phrases;
use phrase::{is_bare, is_phrase, is_unknown, text_of, word_runs};

use super::batch::{Example, TurnTerms};
use super::category::Category;
use super::hashing::hash;
use super::keyness::log_likelihood;
use super::periods::{Tally, Width};
use super::reference::{self, Reference};
use crate::call::Span;
use crate::segment::Word;

/// Candidates kept at a time; the rarest go first.
const MOST_CANDIDATES: usize = 100_000;
/// Fewest calls that make a phrase frequent: this many, and one in so many.
const FEWEST_CALLS: u64 = 3;
const ONE_CALL_IN: u64 = 500;
/// Least G² of a single word against the batch's other turns: p < 0.05,
/// one-sided because only more uses count.
const LEAST_CONTRAST: f64 = 2.71;
/// Least share of all uses that lie in displeased turns.
const MOSTLY: f64 = 0.6;
/// Least G² in all (p < 0.001).
const LEAST_KEYNESS: f64 = 10.83;
/// A phrase must be this many times as frequent as it is usual in complaints:
/// what everybody says is not new.
const LEAST_NOVELTY: f64 = 4.0;
/// Share of a single known word's uses that must lie within complaint terms.
const WITHIN_TERMS: f64 = 0.5;
/// Words that go together less than e^this above chance are no phrase.
const LEAST_COHESION: f64 = 1.5;
/// A phrase with the same neighbour in more than this share of its uses is a
/// part of a longer one.
const MOST_FIXED: f64 = 0.7;
/// A longer phrase with this share of a shorter one's uses replaces it.
const SAME_USE: f64 = 0.6;
const EXAMPLES: usize = 3;

/// A phrase that stands out.
pub(super) struct Discovered {
    pub(super) phrase: String,
    pub(super) category: Category,
    pub(super) turns: u64,
    pub(super) calls: u64,
    pub(super) keyness: f64,
    pub(super) times: Tally,
    pub(super) examples: Vec<Example>,
}

struct Candidate {
    phrase: Box<str>,
    words: u8,
    bare: bool,
    /// Whether it holds a word that jieba does not know.
    unknown: bool,
    turns: u32,
    calls: u32,
    /// Uses that share characters with a complaint term.
    within_terms: u32,
    last_call: u64,
    left: Neighbours,
    right: Neighbours,
    categories: [u16; Category::ALL.len()],
    times: Tally,
    examples: Vec<Example>,
}

/// Counts phrases over the batch in bounded memory.
pub(super) struct Discovery {
    all: Sketch,
    candidates: HashMap<u64, Candidate>,
    displeased: u64,
    turns: u64,
    calls: u64,
}

impl Discovery {
    pub(super) fn new() -> Self {
        Self {
            all: Sketch::new(),
            candidates: HashMap::new(),
            displeased: 0,
            turns: 0,
            calls: 0,
        }
    }

    pub(super) fn start_call(&mut self) {
        self.calls += 1;
    }

    pub(super) fn push(
        &mut self,
        call_id: &str,
        turn: &TurnTerms<'_>,
        displeased: bool,
        at: Option<(i64, Width)>,
    ) {
        self.turns += 1;
        self.displeased += u64::from(displeased);
        let text = turn.normalised.text();
        let mut seen = BTreeSet::new();
        for range in word_runs(text, turn.words) {
            let words = &turn.words[range.clone()];
            let phrase = text_of(text, words);
            if !turn.personal.is_empty() && turn.is_personal(raw_span(turn, words)) {
                continue;
            }
            let key = hash(phrase);
            if !seen.insert(key) {
                continue;
            }
            self.all.add(key);
            if displeased && is_phrase(text, words) {
                let neighbour = |word: Option<&Word>| {
                    word.map_or(0, |word| hash(&text[word.range.clone()]) as u32)
                };
                let before = range
                    .start
                    .checked_sub(1)
                    .and_then(|before| turn.words.get(before));
                let sides = [neighbour(before), neighbour(turn.words.get(range.end))];
                let fresh = || Candidate::new(phrase, words);
                let candidate = self.candidates.entry(key).or_insert_with(fresh);
                candidate.add(self.calls, sides, turn, call_id, at);
                candidate.within_terms += u32::from(lies_in_term(turn, words));
            }
        }
        self.prune();
    }

    /// Merges the time buckets of all candidates in pairs.
    pub(super) fn halve_times(&mut self) {
        self.candidates
            .values_mut()
            .for_each(|candidate| candidate.times.halve());
    }

    /// Drops the rarest candidates when there are too many (lossy counting,
    /// Manku and Motwani 2002).
    fn prune(&mut self) {
        let mut floor = 1;
        while self.candidates.len() > MOST_CANDIDATES {
            self.candidates
                .retain(|_, candidate| candidate.turns > floor);
            floor += 1;
        }
    }

    /// The phrases that stand out, the most telling first.
    pub(super) fn finish(self, reference: &Reference) -> Vec<Discovered> {
        let mut standing: Vec<(f64, &Candidate)> = self
            .candidates
            .iter()
            .filter_map(|(key, candidate)| {
                self.keyness(*key, candidate, reference)
                    .map(|keyness| (keyness, candidate))
            })
            .collect();
        standing.sort_by(|(a, one), (b, other)| {
            b.total_cmp(a).then_with(|| one.phrase.cmp(&other.phrase))
        });
        let mut kept: Vec<(f64, &Candidate)> = Vec::new();
        for &(keyness, candidate) in &standing {
            let part_of_longer = standing.iter().any(|(_, longer)| {
                longer.phrase.len() > candidate.phrase.len()
                    && longer.phrase.contains(&*candidate.phrase)
                    && f64::from(longer.turns) >= SAME_USE * f64::from(candidate.turns)
            });
            if !part_of_longer
                && !kept
                    .iter()
                    .any(|(_, other)| share_core(&other.phrase, &candidate.phrase))
            {
                kept.push((keyness, candidate));
            }
        }
        kept.into_iter()
            .map(|(keyness, candidate)| candidate.discovered(keyness))
            .collect()
    }

    /// G² of a candidate that is frequent, telling and whole.
    fn keyness(&self, key: u64, candidate: &Candidate, reference: &Reference) -> Option<f64> {
        let (turns, all) = (
            f64::from(candidate.turns),
            f64::from(self.all.count(key).max(candidate.turns)),
        );
        let (displeased, rest) = (
            self.displeased as f64,
            (self.turns - self.displeased) as f64,
        );
        let usual = reference.usual_uses(&candidate.phrase);
        let contrast = if rest > 0.0 {
            log_likelihood(turns, displeased, all - turns, rest)
        } else {
            LEAST_CONTRAST
        };
        let others = all - turns + usual;
        let keyness = log_likelihood(turns, displeased, others, rest + reference::TURNS);
        let fewest = FEWEST_CALLS.max(self.calls / ONE_CALL_IN);
        let fixed = MOST_FIXED * turns;
        let whole =
            f64::from(candidate.left.most()) <= fixed && f64::from(candidate.right.most()) <= fixed;
        let novel = turns / displeased >= LEAST_NOVELTY * usual / reference::TURNS;
        let stands_out = u64::from(candidate.calls) >= fewest
            && keyness >= LEAST_KEYNESS
            && novel
            && candidate.tells_of_complaint(contrast, all);
        (stands_out && whole && self.cohesion(candidate, all) >= LEAST_COHESION).then_some(keyness)
    }

    /// Least pointwise mutual information over the ways to part the phrase.
    fn cohesion(&self, candidate: &Candidate, all: f64) -> f64 {
        if candidate.words == 1 {
            return f64::INFINITY;
        }
        let boundaries = candidate.phrase.char_indices().skip(1).map(|(at, _)| at);
        let apart = boundaries.filter_map(|at| {
            let (left, right) = candidate.phrase.split_at(at);
            let (left, right) = (self.all.count(hash(left)), self.all.count(hash(right)));
            // Parts that are no words of the batch were never counted.
            (left > 0 && right > 0)
                .then(|| (all * self.turns as f64 / (f64::from(left) * f64::from(right))).ln())
        });
        apart.fold(f64::INFINITY, f64::min)
    }
}

impl Candidate {
    fn new(phrase: &str, words: &[Word]) -> Self {
        Self {
            phrase: phrase.into(),
            words: words.len() as u8,
            bare: is_bare(words),
            unknown: words.iter().any(is_unknown),
            within_terms: 0,
            turns: 0,
            calls: 0,
            last_call: 0,
            left: Neighbours::default(),
            right: Neighbours::default(),
            categories: [0; Category::ALL.len()],
            times: Tally::default(),
            examples: Vec::new(),
        }
    }

    fn add(
        &mut self,
        call: u64,
        [left, right]: [u32; 2],
        turn: &TurnTerms<'_>,
        call_id: &str,
        at: Option<(i64, Width)>,
    ) {
        self.turns += 1;
        self.left.add(if left == 0 { self.turns } else { left });
        self.right.add(if right == 0 { self.turns } else { right });
        for hit in turn.hits {
            let count = &mut self.categories[hit.category as usize];
            *count = count.saturating_add(1);
        }
        if self.last_call == call {
            return;
        }
        self.last_call = call;
        self.calls += 1;
        if let Some((at, width)) = at {
            self.times.add(at, width);
        }
        if self.examples.len() < EXAMPLES {
            self.examples.push(Example {
                call_id: call_id.to_owned(),
                turn: turn.turn,
            });
        }
    }

    /// Whether its uses speak of a complaint: mostly in displeased turns, and
    /// there more often than in others; a single word that jieba knows must
    /// stand within terms too, and one that only names a thing is none.
    fn tells_of_complaint(&self, contrast: f64, all: f64) -> bool {
        if f64::from(self.turns) < MOSTLY * all {
            return false;
        }
        if self.words > 1 || self.unknown {
            return contrast > 0.0;
        }
        let within = f64::from(self.within_terms) >= WITHIN_TERMS * f64::from(self.turns);
        !self.bare && within && contrast >= LEAST_CONTRAST
    }

    fn discovered(&self, keyness: f64) -> Discovered {
        let most = self.categories.iter().copied().max().unwrap_or(0);
        let category = Category::ALL
            .into_iter()
            .find(|&category| most > 0 && self.categories[category as usize] == most);
        Discovered {
            phrase: self.phrase.to_string(),
            category: category.unwrap_or(Category::Other),
            turns: u64::from(self.turns),
            calls: u64::from(self.calls),
            keyness,
            times: self.times.clone(),
            examples: self.examples.clone(),
        }
    }
}

/// Where adjoining words stand in the raw text; there is at least one.
fn raw_span(turn: &TurnTerms<'_>, words: &[Word]) -> Span {
    let start = words.first().map_or(0, |word| word.range.start);
    let end = words.last().map_or(start, |word| word.range.end);
    turn.normalised.raw_span(start..end)
}

/// Whether the words share characters with one of the turn's complaint terms.
fn lies_in_term(turn: &TurnTerms<'_>, words: &[Word]) -> bool {
    let (Some(first), Some(last)) = (words.first(), words.last()) else {
        return false;
    };
    if turn.hits.is_empty() {
        return false;
    }
    let span = turn.normalised.raw_span(first.range.start..last.range.end);
    turn.hits
        .iter()
        .any(|hit| hit.span.0 < span.1 && span.0 < hit.span.1)
}

/// Whether two phrases are mostly the same.
fn share_core(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let characters: Vec<char> = short.chars().collect();
    let least = (characters.len() / 2 + 1).max(2);
    characters
        .windows(least)
        .any(|window| long.contains(&window.iter().collect::<String>()))
}

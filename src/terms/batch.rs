//! Complaint terms of the whole batch: counted, ranked, and compared with what
//! is usual and with the earlier calls.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TermHit;
use super::category::Category;
use super::discovery::{Discovered, Discovery};
use super::keyness::log_likelihood;
use super::periods::{Change, Halves, Tally, Width};
use super::reference;
use crate::call::Span;
use crate::segment::Word;
use crate::sentiment::{Label, Score};
use crate::text::Normalised;

/// Terms counted at a time; the rarest go first.
const MOST_TERMS: usize = 50_000;
const EXAMPLES: usize = 3;
/// A turn of at most this valence counts as displeased.
const DISPLEASED: f32 = -0.25;

/// The complaint terms of one call, for [`BatchTerms::push_call`].
#[derive(Debug, Clone)]
pub struct CallTerms<'a> {
    /// The call.
    pub call_id: &'a str,
    /// When it started, in seconds since 1970 (see [`super::started_at`]).
    pub started_at: Option<i64>,
    /// Its customer turns, all of them, in order.
    pub turns: Vec<TurnTerms<'a>>,
}

/// A customer turn with its terms.
#[derive(Debug, Clone, Copy)]
pub struct TurnTerms<'a> {
    /// 0-based index in the call.
    pub turn: usize,
    /// The normalised text.
    pub normalised: &'a Normalised,
    /// Its words.
    pub words: &'a [Word],
    /// What the model says of it.
    pub score: &'a Score,
    /// Its complaint terms.
    pub hits: &'a [TermHit],
    /// Personal data in the raw text. No term of the batch quotes it.
    pub personal: &'a [Span],
}

impl TurnTerms<'_> {
    /// Whether characters of the raw text are a part of somebody's data.
    pub(super) fn is_personal(&self, span: Span) -> bool {
        self.personal
            .iter()
            .any(|piece| piece.0 < span.1 && span.0 < piece.1)
    }
}

/// What to report of the batch.
#[derive(Debug, Clone, Copy)]
pub struct BatchOptions {
    /// Most terms reported.
    pub most_terms: usize,
    /// Fewest uses of a term that was found in turns; discovered phrases have
    /// at least three in any case.
    pub fewest_uses: u64,
}

impl Default for BatchOptions {
    fn default() -> Self {
        Self {
            most_terms: 200,
            fewest_uses: 2,
        }
    }
}

/// A high-frequency complaint term of the batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BatchTerm {
    /// The canonical form; `N` stands for a number.
    pub term: String,
    /// What the complaint is about: what most of its uses are about.
    pub category: Category,
    /// Uses in customer turns.
    pub count: u64,
    /// Calls with at least one use.
    pub calls: u64,
    /// `calls` as a share of all calls, 0..1.
    pub share_of_calls: f64,
    /// Log-likelihood G² of the term's use in displeased customer turns
    /// against the batch's other turns and against how usual it is in
    /// complaints in general; negative where it is rarer than usual.
    pub keyness: f64,
    /// Whether the phrase was found by its frequency in this batch rather than
    /// turn by turn; such phrases do not stand in the calls.
    pub discovered: bool,
    /// Earlier against later calls; `None` where fewer than five calls on
    /// either side carry a start time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// The first calls and turns with the term.
    pub examples: Vec<Example>,
}

/// Where a term was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Example {
    /// The call.
    pub call_id: String,
    /// 0-based index of the turn.
    pub turn: usize,
}

/// Counts complaint terms call by call in bounded memory.
pub struct BatchTerms {
    terms: BTreeMap<String, Counted>,
    discovery: Discovery,
    times: Tally,
    width: Width,
    calls: u64,
    turns: u64,
    displeased: u64,
}

#[derive(Default)]
struct Counted {
    count: u64,
    calls: u64,
    last_call: u64,
    displeased: u64,
    categories: [u32; Category::ALL.len()],
    times: Tally,
    examples: Vec<Example>,
}

impl Default for BatchTerms {
    fn default() -> Self {
        Self::new()
    }
}

impl BatchTerms {
    /// An empty batch.
    pub fn new() -> Self {
        Self {
            terms: BTreeMap::new(),
            discovery: Discovery::new(),
            times: Tally::default(),
            width: Width::default(),
            calls: 0,
            turns: 0,
            displeased: 0,
        }
    }

    /// Counts one call. Equal calls in equal order give equal results.
    pub fn push_call(&mut self, call: &CallTerms<'_>) {
        self.calls += 1;
        self.discovery.start_call();
        if let Some(at) = call.started_at {
            self.times.add(at, self.width);
            while self.times.is_crowded() {
                self.halve_times();
            }
        }
        let at = call.started_at.map(|at| (at, self.width));
        for turn in &call.turns {
            let displeased = turn.score.label() == Label::Negative
                || turn.score.valence <= DISPLEASED
                || !turn.hits.is_empty();
            self.turns += 1;
            self.displeased += u64::from(displeased);
            for hit in turn.hits.iter().filter(|hit| !turn.is_personal(hit.span)) {
                let term = self.terms.entry(hit.canonical.clone()).or_default();
                term.add(self.calls, call.call_id, turn.turn, hit.category, at);
            }
            self.discovery.push(call.call_id, turn, displeased, at);
        }
        self.prune();
    }

    fn halve_times(&mut self) {
        self.width = self.width.doubled();
        self.times.halve();
        self.terms.values_mut().for_each(|term| term.times.halve());
        self.discovery.halve_times();
    }

    fn prune(&mut self) {
        let mut floor = 1;
        while self.terms.len() > MOST_TERMS {
            self.terms.retain(|_, term| term.count > floor);
            floor += 1;
        }
    }

    /// The batch's terms by keyness, the highest first; equal ones by count,
    /// then by the term itself.
    pub fn finish(self, options: &BatchOptions) -> Vec<BatchTerm> {
        let halves = Halves::of(&self.times);
        let (calls, displeased, rest) = (
            self.calls,
            self.displeased as f64,
            (self.turns - self.displeased) as f64,
        );
        let found = self
            .terms
            .iter()
            .filter(|(_, counted)| counted.count >= options.fewest_uses);
        let mut terms: Vec<BatchTerm> = found
            .map(|(term, counted)| {
                let usual = reference::usual_rate(term) * reference::TURNS;
                let keyness = log_likelihood(
                    counted.displeased as f64,
                    displeased,
                    usual,
                    rest + reference::TURNS,
                );
                counted.report(term, keyness, calls, halves.as_ref())
            })
            .collect();
        let discovered = self.discovery.finish();
        let new = discovered
            .into_iter()
            .filter(|phrase| !is_covered(phrase, &self.terms));
        terms.extend(new.map(|phrase| phrase.report(calls, halves.as_ref())));
        terms.sort_by(|a, b| {
            b.keyness
                .total_cmp(&a.keyness)
                .then(b.count.cmp(&a.count))
                .then_with(|| a.term.cmp(&b.term))
        });
        terms.truncate(options.most_terms);
        terms
    }
}

/// Whether the terms found turn by turn already tell of the phrase.
fn is_covered(phrase: &Discovered, terms: &BTreeMap<String, Counted>) -> bool {
    let telling = terms
        .iter()
        .filter(|(term, _)| term.contains(&phrase.phrase) || phrase.phrase.contains(term.as_str()));
    let most = telling.map(|(_, counted)| counted.count).max().unwrap_or(0);
    most * 2 >= phrase.turns
}

impl Counted {
    fn add(
        &mut self,
        call: u64,
        call_id: &str,
        turn: usize,
        category: Category,
        at: Option<(i64, Width)>,
    ) {
        self.count += 1;
        self.displeased += 1;
        self.categories[category as usize] += 1;
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
                turn,
            });
        }
    }

    fn report(&self, term: &str, keyness: f64, calls: u64, halves: Option<&Halves>) -> BatchTerm {
        let most = self.categories.iter().copied().max().unwrap_or(0);
        let category = Category::ALL
            .into_iter()
            .find(|&category| self.categories[category as usize] == most);
        BatchTerm {
            term: term.to_owned(),
            category: category.unwrap_or(Category::Other),
            count: self.count,
            calls: self.calls,
            share_of_calls: self.calls as f64 / calls.max(1) as f64,
            keyness,
            discovered: false,
            change: halves.map(|halves| halves.change(&self.times)),
            examples: self.examples.clone(),
        }
    }
}

impl Discovered {
    fn report(self, calls: u64, halves: Option<&Halves>) -> BatchTerm {
        BatchTerm {
            term: self.phrase,
            category: self.category,
            count: self.turns,
            calls: self.calls,
            share_of_calls: self.calls as f64 / calls.max(1) as f64,
            keyness: self.keyness,
            discovered: true,
            change: halves.map(|halves| halves.change(&self.times)),
            examples: self.examples,
        }
    }
}

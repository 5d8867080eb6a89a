//! Complaint terms of the whole batch: counted, ranked, and compared with what
//! is usual and with the earlier calls.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TermHit;
use super::canonical::is_amount;
use super::category::Category;
use super::counted::{Counted, Place};
use super::discovery::{Discovered, Discovery};
use super::forms;
use super::keyness::log_likelihood;
use super::periods::{Change, Halves, Tally, Width, correct_for_many};
use super::reference::{self, Reference};
use crate::call::Span;
use crate::segment::Word;
use crate::sentiment::{Label, Score};
use crate::text::Normalised;

/// Terms counted at a time; the rarest go first.
const MOST_TERMS: usize = 50_000;
/// A batch of fewer calls reports terms of a single call too.
const FEW_CALLS: u64 = 20;
/// A form with this share of a phrase's calls brings the same news.
const SAME_NEWS: f64 = 0.6;
/// A turn of at most this valence counts as displeased.
const DISPLEASED: f32 = -0.12;

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
    /// Other canonical forms of the calls that are counted with it because
    /// they contain it, the most frequent first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forms: Vec<String>,
    /// What the complaint is about: what most of its uses are about.
    pub category: Category,
    /// Uses in customer turns.
    pub count: u64,
    /// Calls with at least one use.
    pub calls: u64,
    /// `calls` as a share of all calls, 0..1.
    #[serde(default)]
    pub share_of_calls: f64,
    /// Log-likelihood G² of the term's use in displeased customer turns
    /// against the batch's other turns and against how usual it is in
    /// complaints in general; 0 where it is no more frequent than usual, and
    /// for a term of a single call.
    pub keyness: f64,
    /// Whether the phrase was found by its frequency in this batch rather than
    /// turn by turn; such phrases do not stand in the calls.
    pub discovered: bool,
    /// The earlier half of the calls against the later one; `None` where fewer than five calls on
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
    reference: Reference,
    times: Tally,
    width: Width,
    calls: u64,
    turns: u64,
    displeased: u64,
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
            reference: Reference::default(),
            times: Tally::default(),
            width: Width::default(),
            calls: 0,
            turns: 0,
            displeased: 0,
        }
    }

    /// The same, compared with another reference of what is usual.
    pub fn with_reference(reference: Reference) -> Self {
        Self {
            reference,
            ..Self::new()
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
            for hit in turn
                .hits
                .iter()
                .filter(|hit| !is_amount(&hit.canonical) && !turn.is_personal(hit.span))
            {
                let place = Place {
                    call: self.calls,
                    call_id: call.call_id,
                    turn: turn.turn,
                    started_at: call.started_at,
                    width: self.width,
                };
                let term = self.terms.entry(hit.canonical.clone()).or_default();
                term.add(&place, hit.category);
            }
            self.discovery.push(call.call_id, turn, displeased, at);
        }
        self.prune();
    }

    fn halve_times(&mut self) {
        self.width = self.width.doubled();
        self.times.halve();
        self.terms.values_mut().for_each(Counted::halve_times);
        self.discovery.halve_times();
    }

    fn prune(&mut self) {
        let mut floor = 1;
        while self.terms.len() > MOST_TERMS {
            self.terms.retain(|_, term| term.count > floor);
            floor += 1;
        }
    }

    /// The batch's terms: first those that are more frequent than usual, by
    /// keyness, then the others by the number of calls. Terms of a single call
    /// stand last; a batch of twenty calls or more leaves them out.
    pub fn finish(self, options: &BatchOptions) -> Vec<BatchTerm> {
        let halves = Halves::of(&self.times);
        let calls = self.calls;
        let rest = (self.turns - self.displeased) as f64;
        let displeased = self.displeased as f64;
        let found = forms::join(self.terms, self.width);
        let terms = found
            .into_iter()
            .filter(|(_, counted)| counted.count >= options.fewest_uses);
        let mut terms: Vec<BatchTerm> = terms
            .map(|(term, counted)| {
                let usual = self.reference.usual_uses(&term);
                let uses = counted.count as f64;
                let keyness = log_likelihood(uses, displeased, usual, rest + reference::TURNS);
                counted.report(term, keyness, calls, halves.as_ref())
            })
            .collect();
        for phrase in self.discovery.finish(&self.reference) {
            let phrase = phrase.report(calls, halves.as_ref());
            if !is_told(&phrase, &terms) {
                terms.retain(|term| !tells_more(&phrase, term));
                terms.push(phrase);
            }
        }
        let fewest = if calls < FEW_CALLS { 1 } else { 2 };
        terms.retain(|term| term.calls >= fewest);
        correct_for_many(terms.iter_mut().filter_map(|term| term.change.as_mut()));
        for term in &mut terms {
            // What one caller says is no news of the batch, however rare it is.
            let is_shared = term.calls > 1;
            term.keyness = if is_shared {
                term.keyness.max(0.0)
            } else {
                0.0
            };
        }
        terms.sort_by(in_order);
        terms.truncate(options.most_terms);
        terms
    }
}

/// Whether a term found turn by turn already tells of a discovered phrase.
fn is_told(phrase: &BatchTerm, terms: &[BatchTerm]) -> bool {
    terms.iter().any(|term| {
        term.term.contains(&phrase.term) && term.calls as f64 >= SAME_NEWS * phrase.calls as f64
    })
}

/// Whether a discovered phrase is what a term's uses are about: it is the
/// longer form of (nearly) all of them, or the core of a rarer one.
fn tells_more(phrase: &BatchTerm, term: &BatchTerm) -> bool {
    let longer = phrase.term.contains(&term.term)
        && phrase.calls as f64 >= SAME_NEWS * term.calls as f64
        && phrase.keyness >= term.keyness;
    let core = term.term.contains(&phrase.term) && !term.discovered;
    longer || core
}

/// By keyness, then by calls.
fn in_order(a: &BatchTerm, b: &BatchTerm) -> Ordering {
    b.keyness
        .total_cmp(&a.keyness)
        .then(b.calls.cmp(&a.calls))
        .then(b.count.cmp(&a.count))
        .then_with(|| a.term.cmp(&b.term))
}

impl Counted {
    fn report(
        mut self,
        term: String,
        keyness: f64,
        calls: u64,
        halves: Option<&Halves>,
    ) -> BatchTerm {
        self.forms.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        BatchTerm {
            term,
            forms: self.forms.iter().map(|(form, _)| form.clone()).collect(),
            category: self.category(),
            count: self.count,
            calls: self.calls,
            share_of_calls: self.calls as f64 / calls.max(1) as f64,
            keyness,
            discovered: false,
            change: halves.map(|halves| halves.change(&self.times)),
            examples: self.examples(),
        }
    }
}

impl Discovered {
    fn report(self, calls: u64, halves: Option<&Halves>) -> BatchTerm {
        BatchTerm {
            term: self.phrase,
            forms: Vec::new(),
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

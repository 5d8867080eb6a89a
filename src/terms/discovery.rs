//! Finds phrases that nobody listed: those that are frequent in the batch's
//! displeased customer turns against its other turns and against what is usual.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use super::batch::{Example, TurnTerms};
use super::category::Category;
use super::hashing::hash;
use super::keyness::log_likelihood;
use super::periods::{Tally, Width};
use super::reference;
use crate::call::Span;
use crate::segment::Word;

/// Longest phrase in words and in characters.
const MOST_WORDS: usize = 4;
const MOST_CHARACTERS: usize = 12;
/// Candidates kept at a time; the rarest go first.
const MOST_CANDIDATES: usize = 100_000;
/// Fewest displeased turns and calls that make a phrase frequent.
const FEWEST_TURNS: u32 = 3;
const FEWEST_CALLS: u32 = 3;
/// Least G² against the batch's other turns (p < 0.05) and in all (p < 0.001).
const LEAST_CONTRAST: f64 = 3.84;
const LEAST_KEYNESS: f64 = 10.83;
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
    turns: u32,
    calls: u32,
    last_call: u64,
    left: Neighbours,
    right: Neighbours,
    categories: [u16; Category::ALL.len()],
    times: Tally,
    examples: Vec<Example>,
}

/// The commonest neighbours of a phrase, by hash.
#[derive(Default)]
struct Neighbours([(u32, u32); 3]);

impl Neighbours {
    fn add(&mut self, neighbour: u32) {
        if let Some(known) = self
            .0
            .iter_mut()
            .find(|known| known.0 == neighbour && known.1 > 0)
        {
            known.1 += 1;
        } else if let Some(rarest) = self.0.iter_mut().min_by_key(|known| known.1) {
            // The "frequent" algorithm of Misra and Gries on three places.
            if rarest.1 == 0 {
                *rarest = (neighbour, 1);
            } else {
                self.0.iter_mut().for_each(|known| known.1 -= 1);
            }
        }
    }

    fn most(&self) -> u32 {
        self.0.iter().map(|known| known.1).max().unwrap_or(0)
    }
}

/// Counts of all phrases of customer turns in fixed space; never too low
/// (Cormode and Muthukrishnan 2005).
struct Sketch(Vec<u32>);

impl Sketch {
    const WIDTH: usize = 1 << 19;

    fn places(hash: u64) -> [usize; 2] {
        [
            hash as usize % Self::WIDTH,
            Self::WIDTH + (hash >> 32) as usize % Self::WIDTH,
        ]
    }

    fn add(&mut self, hash: u64) {
        for place in Self::places(hash) {
            self.0[place] = self.0[place].saturating_add(1);
        }
    }

    fn count(&self, hash: u64) -> u32 {
        Self::places(hash)
            .into_iter()
            .map(|place| self.0[place])
            .min()
            .unwrap_or(0)
    }
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
        let all = Sketch(vec![0; 2 * Sketch::WIDTH]);
        Self {
            all,
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
                let fresh = || Candidate::new(phrase, words.len());
                self.candidates
                    .entry(key)
                    .or_insert_with(fresh)
                    .add(self.calls, sides, turn, call_id, at);
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
    pub(super) fn finish(self) -> Vec<Discovered> {
        let mut standing: Vec<(f64, &Candidate)> = self
            .candidates
            .iter()
            .filter_map(|(key, candidate)| {
                self.keyness(*key, candidate)
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
    fn keyness(&self, key: u64, candidate: &Candidate) -> Option<f64> {
        let (turns, all) = (
            f64::from(candidate.turns),
            f64::from(self.all.count(key).max(candidate.turns)),
        );
        let (displeased, rest) = (
            self.displeased as f64,
            (self.turns - self.displeased) as f64,
        );
        let usual = reference::usual_rate(&candidate.phrase) * reference::TURNS;
        let contrast = if rest > 0.0 {
            log_likelihood(turns, displeased, all - turns, rest)
        } else {
            LEAST_CONTRAST
        };
        let keyness = log_likelihood(
            turns,
            displeased,
            all - turns + usual,
            rest + reference::TURNS,
        );
        let frequent = candidate.turns >= FEWEST_TURNS && candidate.calls >= FEWEST_CALLS;
        let fixed = MOST_FIXED * turns;
        let whole =
            f64::from(candidate.left.most()) <= fixed && f64::from(candidate.right.most()) <= fixed;
        let telling = contrast >= LEAST_CONTRAST && keyness >= LEAST_KEYNESS;
        (frequent && whole && telling && self.cohesion(candidate, all) >= LEAST_COHESION)
            .then_some(keyness)
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
    fn new(phrase: &str, words: usize) -> Self {
        Self {
            phrase: phrase.into(),
            words: words as u8,
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

/// The phrases of a turn that discovery would consider, each once.
pub fn phrases<'a>(text: &'a str, words: &[Word]) -> BTreeSet<&'a str> {
    let runs = word_runs(text, words).map(|range| &words[range]);
    runs.filter(|words| is_phrase(text, words))
        .map(|words| text_of(text, words))
        .collect()
}

/// Runs of adjoining words without punctuation or long numbers between them.
fn word_runs<'a>(text: &'a str, words: &'a [Word]) -> impl Iterator<Item = Range<usize>> + 'a {
    (0..words.len()).flat_map(move |start| {
        let ends = start + 1..=words.len().min(start + MOST_WORDS);
        ends.map(move |end| start..end)
            .take_while(move |range| is_run(text, &words[range.clone()]))
    })
}

fn is_run(text: &str, words: &[Word]) -> bool {
    let phrase = text_of(text, words);
    let digits = phrase.bytes().filter(u8::is_ascii_digit).count();
    phrase.chars().all(char::is_alphanumeric)
        && digits < 3
        && phrase.chars().count() <= MOST_CHARACTERS
}

/// Where adjoining words stand in the raw text; there is at least one.
fn raw_span(turn: &TurnTerms<'_>, words: &[Word]) -> Span {
    let start = words.first().map_or(0, |word| word.range.start);
    let end = words.last().map_or(start, |word| word.range.end);
    turn.normalised.raw_span(start..end)
}

/// The text of adjoining words; there is at least one.
fn text_of<'a>(text: &'a str, words: &[Word]) -> &'a str {
    let start = words.first().map_or(0, |word| word.range.start);
    let end = words.last().map_or(start, |word| word.range.end);
    &text[start..end]
}

/// Whether the words can stand alone as a phrase: no function word at either
/// end, and something that names or tells.
fn is_phrase(text: &str, words: &[Word]) -> bool {
    let [first, .., last] = words else {
        return words.first().is_some_and(|word| stands_alone(text, word));
    };
    let content = words
        .iter()
        .any(|word| word.range.len() >= 6 && word.tag.starts_with(['n', 'v', 'a', 'i', 'l']));
    content && opens(text, first) && closes(last)
}

fn stands_alone(text: &str, word: &Word) -> bool {
    let name = matches!(word.tag.as_str(), "nr" | "ns" | "nrt" | "nrfg");
    !name
        && word.tag.starts_with(['n', 'v', 'a', 'i', 'l'])
        && text[word.range.clone()].chars().count() >= 2
}

fn opens(text: &str, word: &Word) -> bool {
    let negates = matches!(
        &text[word.range.clone()],
        "不" | "没" | "没有" | "无" | "未" | "无法" | "乱" | "又"
    );
    negates
        || !word.tag.starts_with([
            'u', 'p', 'c', 'r', 'y', 'm', 'q', 'e', 'o', 'x', 'w', 'd', 't', 'f', 'z', 'k',
        ])
}

fn closes(word: &Word) -> bool {
    !word.tag.starts_with([
        'u', 'p', 'c', 'r', 'y', 'm', 'q', 'e', 'o', 'x', 'w', 'd', 'z', 'k', 'h',
    ])
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

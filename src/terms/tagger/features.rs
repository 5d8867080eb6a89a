//! What the tagger sees of each character of a turn, hashed to indices of its
//! weight table. The trained table holds for exactly these templates: whoever
//! changes one trains anew.

use super::super::category::Category;
use super::super::lexicon::{Lexicon, Match};
use crate::segment::Word;
use crate::sentiment::Score;

/// Features of one turn, character by character, in one vector.
#[derive(Debug, Default)]
pub struct Features {
    /// Indices of all characters' features, one character after the other.
    pub indices: Vec<u32>,
    /// Where each character's indices end.
    pub ends: Vec<usize>,
    /// Byte offset of each character in the text, and the text's length.
    pub offsets: Vec<usize>,
}

/// What stands beyond the ends of the text.
const EDGE: u64 = 1;

/// Looks at one turn.
pub struct Extractor<'a> {
    lexicon: &'a Lexicon,
    /// log2 of the number of indices.
    bits: u32,
}

/// The turn, taken apart.
struct View {
    characters: Vec<u64>,
    /// For each character: index of its word.
    word_of: Vec<usize>,
    /// For each character: 0 first of its word, 1 within, 2 last, 3 the whole word.
    place: Vec<u64>,
    words: Vec<u64>,
    tags: Vec<u64>,
    lexical: Vec<u64>,
    entry: Vec<u64>,
    clause: Vec<Clause>,
    mood: u64,
    style: u64,
}

/// Where a character stands in its clause, and what kind of clause it is.
#[derive(Clone, Copy, Default)]
struct Clause {
    from_start: u64,
    to_end: u64,
    kind: u64,
    order: u64,
}

impl<'a> Extractor<'a> {
    /// An extractor that gives indices below 2^`bits`.
    pub fn new(lexicon: &'a Lexicon, bits: u32) -> Self {
        Self { lexicon, bits }
    }

    /// The features of a normalised text that `words` cover.
    pub fn features(&self, text: &str, words: &[Word], score: &Score) -> Features {
        self.features_beside(text, words, score, &self.lexicon.matches(text))
    }

    /// The same, with the lexicon's matches already found.
    pub(in crate::terms) fn features_beside(
        &self,
        text: &str,
        words: &[Word],
        score: &Score,
        matches: &[Match],
    ) -> Features {
        let offsets: Vec<usize> = text
            .char_indices()
            .map(|(at, _)| at)
            .chain([text.len()])
            .collect();
        let view = View::new(text, words, score, &offsets, matches, self.lexicon);
        let mut features = Features {
            offsets,
            ..Features::default()
        };
        for at in 0..view.characters.len() {
            view.characters_at(at, |feature| features.indices.push(self.index(feature)));
            view.words_at(at, |feature| features.indices.push(self.index(feature)));
            view.context_at(at, |feature| features.indices.push(self.index(feature)));
            features.ends.push(features.indices.len());
        }
        features
    }

    fn index(&self, feature: u64) -> u32 {
        (feature >> (64 - self.bits)) as u32
    }
}

/// Mixes the parts of a feature; the template's number keeps templates apart.
fn mix(template: u64, parts: &[u64]) -> u64 {
    let start = template.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    parts
        .iter()
        .fold(start, |hash, part| {
            let hash = (hash ^ part).wrapping_mul(0xff51_afd7_ed55_8ccd);
            hash ^ (hash >> 29)
        })
        .wrapping_mul(0xc4ce_b9fe_1a85_ec53)
}

fn of_text(text: &str) -> u64 {
    super::super::hashing::hash(text)
}

impl View {
    fn new(
        text: &str,
        words: &[Word],
        score: &Score,
        offsets: &[usize],
        matches: &[Match],
        lexicon: &Lexicon,
    ) -> Self {
        let characters: Vec<u64> = text
            .chars()
            .map(|character| u64::from(fold(character)))
            .collect();
        let mut view = Self {
            word_of: vec![0; characters.len()],
            place: vec![3; characters.len()],
            words: words
                .iter()
                .map(|word| of_text(&text[word.range.clone()]))
                .collect(),
            tags: words.iter().map(|word| of_text(&word.tag)).collect(),
            lexical: vec![0; characters.len()],
            entry: vec![0; characters.len()],
            clause: clauses(text),
            mood: mood(score),
            style: style(text),
            characters,
        };
        let at = |byte: usize| offsets.binary_search(&byte).unwrap_or_else(|next| next);
        for (index, word) in words.iter().enumerate() {
            view.place_word(index, at(word.range.start), at(word.range.end));
        }
        // Shorter matches first, so that the longest one has the last word.
        let mut matches: Vec<&Match> = matches.iter().collect();
        matches.sort_by_key(|found| (found.range.len(), std::cmp::Reverse(found.entry)));
        for found in matches {
            view.mark(found, at(found.range.start), at(found.range.end), lexicon);
        }
        view
    }

    fn place_word(&mut self, index: usize, start: usize, end: usize) {
        for at in start..end {
            self.word_of[at] = index;
            self.place[at] = place(at, start, end);
        }
    }

    fn mark(&mut self, found: &Match, start: usize, end: usize, lexicon: &Lexicon) {
        let entry = &lexicon.entries()[found.entry];
        let kind =
            1 + entry.category as u64 + Category::ALL.len() as u64 * ((entry.weight * 5.0) as u64);
        for at in start..end {
            self.lexical[at] = 4 * kind + place(at, start, end);
            self.entry[at] = mix(19, &[of_text(&entry.term), place(at, start, end)]);
        }
    }

    fn character(&self, at: usize, shift: isize) -> u64 {
        at.checked_add_signed(shift)
            .and_then(|at| self.characters.get(at))
            .copied()
            .unwrap_or(EDGE)
    }

    fn characters_at(&self, at: usize, mut push: impl FnMut(u64)) {
        let c = |shift| self.character(at, shift);
        for (template, shift) in (1..).zip(-2..=2) {
            push(mix(template, &[c(shift)]));
        }
        for (template, shift) in (6..).zip(-2..=1) {
            push(mix(template, &[c(shift), c(shift + 1)]));
        }
        push(mix(10, &[c(-1), c(1)]));
        for (template, shift) in (11..).zip(-3..=1) {
            push(mix(template, &[c(shift), c(shift + 1), c(shift + 2)]));
        }
        push(mix(16, &[c(-3), c(-2), c(-1), c(0)]));
        push(mix(17, &[c(0), c(1), c(2), c(3)]));
    }

    fn words_at(&self, at: usize, mut push: impl FnMut(u64)) {
        let (word, place) = (self.word_of[at], self.place[at]);
        let get = |of: &[u64], shift: isize| {
            word.checked_add_signed(shift)
                .and_then(|at| of.get(at))
                .copied()
                .unwrap_or(EDGE)
        };
        let w = |shift| get(&self.words, shift);
        let t = |shift| get(&self.tags, shift);
        push(mix(20, &[place]));
        for (template, shift) in (21..).zip(-2..=2) {
            push(mix(template, &[place, w(shift)]));
        }
        push(mix(26, &[place, w(-1), w(0)]));
        push(mix(27, &[place, w(0), w(1)]));
        push(mix(28, &[place, t(0)]));
        push(mix(29, &[place, t(-1), t(0)]));
        push(mix(30, &[place, t(0), t(1)]));
        push(mix(31, &[place, t(-1), t(0), t(1)]));
        push(mix(32, &[place, t(-2), t(-1), t(0)]));
        push(mix(33, &[place, t(0), t(1), t(2)]));
        push(mix(34, &[place, t(-1), w(0)]));
        push(mix(35, &[place, w(-1), t(0)]));
    }

    fn context_at(&self, at: usize, mut push: impl FnMut(u64)) {
        let (place, clause, mood) = (self.place[at], self.clause[at], self.mood);
        let lexical = |shift: isize| {
            at.checked_add_signed(shift)
                .and_then(|at| self.lexical.get(at))
                .copied()
                .unwrap_or(0)
        };
        let tag = self.tags.get(self.word_of[at]).copied().unwrap_or(EDGE);
        push(mix(40, &[mood]));
        push(mix(41, &[mood, place]));
        push(mix(42, &[mood, tag]));
        push(mix(43, &[mood, self.style]));
        push(mix(44, &[lexical(0)]));
        push(mix(45, &[lexical(0), mood]));
        push(mix(46, &[self.entry[at]]));
        push(mix(47, &[lexical(-1), lexical(0), lexical(1)]));
        push(mix(48, &[lexical(0), clause.kind]));
        push(mix(49, &[clause.kind, place, self.style]));
        push(mix(50, &[clause.from_start, place]));
        push(mix(51, &[clause.to_end, place]));
        push(mix(52, &[clause.order, mood]));
        push(mix(53, &[self.character(at, 0), mood]));
        push(mix(54, &[self.style, self.character(at, 0)]));
    }
}

/// 0 first, 1 within, 2 last, 3 alone.
fn place(at: usize, start: usize, end: usize) -> u64 {
    match (at == start, at + 1 == end) {
        (true, true) => 3,
        (true, false) => 0,
        (false, true) => 2,
        (false, false) => 1,
    }
}

/// Digits are alike.
fn fold(character: char) -> char {
    if character.is_ascii_digit() {
        '0'
    } else {
        character
    }
}

/// The valence in eight steps.
fn mood(score: &Score) -> u64 {
    ((score.valence.clamp(-1.0, 1.0) + 1.0) * 3.999) as u64
}

/// Whether the text is punctuated like writing, cut by spaces, or runs on;
/// and how long it is.
fn style(text: &str) -> u64 {
    let kind = if text.contains([',', '。', '!', '?', '.']) {
        0
    } else if text.contains(' ') {
        1
    } else {
        2
    };
    let length = match text.len() / 3 {
        0..=8 => 0,
        9..=20 => 1,
        21..=50 => 2,
        _ => 3,
    };
    3 * length + kind
}

/// The clause of each character.
fn clauses(text: &str) -> Vec<Clause> {
    let mut clauses = Vec::new();
    let mut order = 0;
    for clause in text.split_inclusive(is_clause_end) {
        let length = clause.chars().count();
        let negates = clause.contains(['没', '不', '无', '未']);
        let asks = clause.contains(['吗', '么', '?', '呢', '谁', '哪']) || clause.contains("什么");
        let supposes = ["如果", "要是", "万一", "的话", "会不会"]
            .iter()
            .any(|word| clause.contains(word));
        let kind = u64::from(negates) + 2 * u64::from(asks) + 4 * u64::from(supposes);
        for at in 0..length {
            let from_start = at.min(5) as u64;
            let to_end = (length - at).min(5) as u64;
            clauses.push(Clause {
                from_start,
                to_end,
                kind,
                order,
            });
        }
        order = (order + 1).min(6);
    }
    clauses
}

fn is_clause_end(character: char) -> bool {
    matches!(
        character,
        ',' | '。' | '!' | '?' | ';' | '.' | '、' | ':' | '~' | '…' | ' ' | '\n'
    )
}

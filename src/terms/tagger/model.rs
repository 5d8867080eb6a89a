//! The trained weights and how a turn is decoded with them.

use std::ops::Range;
use std::sync::Arc;

use bytes::Buf as _;

use super::super::finder::TurnText;
use super::chances::{Chances, Choice};
use super::features::{Extractor, Features};
use crate::call::Span;
use crate::segment::Word;
use crate::sentiment::MarkedPhrase;
use crate::terms::category::Category;
use crate::terms::lexicon::{Lexicon, Match};
use crate::terms::pattern::is_numeral;

/// Trained by `models/training/term_train.rs`. Little-endian: `CHT3`, u32 bits of
/// the tag table, u32 bits of the category table, two times the f32
/// bias and least of a choice, f32 share of the model's phrases,
/// 5 × 5 f32 transitions, f32 scale and 2^bits × 5 i8 of the tag table, then
/// 10 f32 biases, f32 scale and 2^bits × 10 i8 of the category table.
const WEIGHTS: &[u8] = include_bytes!("weights.bin");
const MAGIC: &[u8] = b"CHT3";

/// Tags of a character: out of any phrase, or the first, an inner, the last,
/// or the only one of a phrase.
pub(super) const TAGS: usize = 5;
pub(super) const OUT: usize = 0;
pub(super) const FIRST: usize = 1;
pub(super) const INNER: usize = 2;
pub(super) const LAST: usize = 3;
pub(super) const ONLY: usize = 4;
/// Tags before which no phrase is open any more.
pub(super) const ENDS: [usize; 3] = [OUT, LAST, ONLY];
/// Characters of the longest phrase: none of those a reader marked is longer.
pub(super) const LONGEST: usize = 12;
/// Characters of the shortest phrase: one alone tells a reader nothing.
const SHORTEST: usize = 2;
const CATEGORIES: usize = Category::ALL.len();

/// A linear-chain conditional random field over hashed features (Lafferty et
/// al. 2001), and a linear classifier of the phrases it finds.
pub(in crate::terms) struct Tagger {
    lexicon: Arc<Lexicon>,
    tag_bits: u32,
    kind_bits: u32,
    /// exp of the transitions' scores.
    steps: [[f32; TAGS]; TAGS],
    /// How phrases are chosen where the model marks none, and where it does.
    alone: Choice,
    joined: Choice,
    /// What the model's phrases count beside the field's, 0..1.
    marked_share: f32,
    tag_scale: f32,
    tags: Vec<u8>,
    kind_bias: [f32; CATEGORIES],
    kind_scale: f32,
    kinds: Vec<u8>,
}

/// A phrase the tagger takes for a complaint.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::terms) struct Tagged {
    /// Bytes of the normalised text.
    pub(in crate::terms) range: Range<usize>,
    /// What it is about.
    pub(in crate::terms) category: Category,
}

impl Tagger {
    /// The tagger in the binary. Its features look into the built-in lexicon,
    /// with which it was trained, whatever lexicon the user gives.
    ///
    /// `None` only if the weight file is damaged, which a test rules out.
    pub(in crate::terms) fn built_in(lexicon: Arc<Lexicon>) -> Option<Self> {
        Self::read(lexicon, WEIGHTS)
    }

    /// A tagger with the weights of a file; `None` where it is none.
    pub(in crate::terms) fn read(lexicon: Arc<Lexicon>, weights: &[u8]) -> Option<Self> {
        let mut bytes = weights.strip_prefix(MAGIC)?;
        let bytes = &mut bytes;
        let tag_bits = bytes.try_get_u32_le().ok()?;
        let kind_bits = bytes.try_get_u32_le().ok()?;
        let alone = Choice::read(bytes)?;
        let joined = Choice::read(bytes)?;
        let marked_share = bytes.try_get_f32_le().ok()?;
        let mut steps = [[0.0; TAGS]; TAGS];
        for weight in steps.iter_mut().flatten() {
            *weight = bytes.try_get_f32_le().ok()?.exp();
        }
        let tag_scale = bytes.try_get_f32_le().ok()?;
        let tags = bytes.split_off(..TAGS.checked_shl(tag_bits)?)?.to_vec();
        let mut kind_bias = [0.0; CATEGORIES];
        for weight in &mut kind_bias {
            *weight = bytes.try_get_f32_le().ok()?;
        }
        let kind_scale = bytes.try_get_f32_le().ok()?;
        let kinds = bytes
            .split_off(..CATEGORIES.checked_shl(kind_bits)?)?
            .to_vec();
        Some(Self {
            lexicon,
            tag_bits,
            kind_bits,
            steps,
            alone,
            joined,
            marked_share,
            tag_scale,
            tags,
            kind_bias,
            kind_scale,
            kinds,
        })
    }

    /// The complaint phrases of a turn, in order. `matches` are those of the
    /// built-in lexicon, where they are known already.
    pub(in crate::terms) fn tag(
        &self,
        turn: &TurnText<'_>,
        matches: Option<&[Match]>,
    ) -> Vec<Tagged> {
        let (text, words, score) = (turn.normalised.text(), turn.words, turn.score);
        let extractor = Extractor::new(&self.lexicon, self.tag_bits);
        let features = match matches {
            Some(matches) => extractor.features_beside(text, words, score, matches),
            None => extractor.features(text, words, score),
        };
        let choice = match turn.marked {
            None => self.alone,
            Some(_) => self.joined,
        };
        let weights: Vec<[f32; TAGS]> = self
            .emissions(&features, choice.bias)
            .into_iter()
            .map(|scores| scores.map(f32::exp))
            .collect();
        let mut chances = Chances::new(&weights, &self.steps);
        let marked = placed(turn, &features.offsets);
        if turn.marked.is_some() {
            let others = marked
                .iter()
                .map(|(phrase, marked)| (phrase, marked.chance));
            chances.mix(others, self.marked_share);
        }
        let allowed = phrases_of_words(words, &features.offsets, text);
        let chosen = chances.choose(&allowed, choice);
        let tagged = |phrase: Range<usize>| Tagged {
            range: features.offsets[phrase.start]..features.offsets[phrase.end],
            category: category_of_model(&marked, &phrase)
                .unwrap_or_else(|| self.category(&features, phrase.start, phrase.end)),
        };
        chosen.into_iter().map(tagged).collect()
    }

    /// Each character's score of each tag, with a bias against `Out`.
    fn emissions(&self, features: &Features, bias: f32) -> Vec<[f32; TAGS]> {
        let mut start = 0;
        let emission = |&end: &usize| {
            let mut sums = [0_i32; TAGS];
            for &index in &features.indices[start..end] {
                add(&mut sums, &self.tags[index as usize * TAGS..][..TAGS]);
            }
            start = end;
            let mut scores = sums.map(|sum| sum as f32 * self.tag_scale);
            scores[OUT] -= bias;
            scores
        };
        features.ends.iter().map(emission).collect()
    }

    /// The category of the characters `first..end`.
    fn category(&self, features: &Features, first: usize, end: usize) -> Category {
        let from = first
            .checked_sub(1)
            .map_or(0, |before| features.ends[before]);
        let mut sums = [0_i32; CATEGORIES];
        for &index in &features.indices[from..features.ends[end - 1]] {
            let row = (index >> (self.tag_bits - self.kind_bits)) as usize;
            add(&mut sums, &self.kinds[row * CATEGORIES..][..CATEGORIES]);
        }
        let scale = self.kind_scale / (end - first) as f32;
        let score = |category: Category| {
            sums[category as usize] as f32 * scale + self.kind_bias[category as usize]
        };
        Category::ALL
            .into_iter()
            .max_by(|&a, &b| score(a).total_cmp(&score(b)))
            .unwrap_or(Category::Other)
    }
}

/// The characters that bytes of a text are, by the offset of each character.
fn characters(bytes: &Range<usize>, offsets: &[usize]) -> Range<usize> {
    let at = |byte: usize| offsets.binary_search(&byte).unwrap_or_else(|next| next);
    at(bytes.start)..at(bytes.end)
}

/// The phrases that the model marks, as characters of the normalised text.
fn placed<'a>(turn: &TurnText<'a>, offsets: &[usize]) -> Vec<(Range<usize>, &'a MarkedPhrase)> {
    let place = |marked: &'a MarkedPhrase| {
        let raw = Span(marked.start as usize, marked.end as usize);
        let bytes = turn.normalised.bytes_of(raw);
        (characters(&bytes, offsets), marked)
    };
    turn.marked.into_iter().flatten().map(place).collect()
}

/// What the model says a phrase is about: the category of the most probable
/// phrase in it or around it.
fn category_of_model(
    marked: &[(Range<usize>, &MarkedPhrase)],
    phrase: &Range<usize>,
) -> Option<Category> {
    let matches = |other: &Range<usize>| {
        let inside = phrase.start <= other.start && other.end <= phrase.end;
        inside || other.start <= phrase.start && phrase.end <= other.end
    };
    let best = marked
        .iter()
        .filter(|(place, _)| matches(place))
        .max_by(|a, b| a.1.chance.total_cmp(&b.1.chance))?;
    Category::from_name(&best.1.category)
}

/// Whether a word can tell of a complaint: 你们, 又, 现在 by themselves do not.
fn tells(word: &Word) -> bool {
    !word
        .tag
        .starts_with(['r', 'd', 't', 'u', 'p', 'c', 'f', 'y', 'e', 'o', 'x'])
}

/// Whether a number goes on over a place in a text: between 四十 and 一, which the
/// segmenter cuts into 四十 and 一它 now and then.
fn is_within_number(text: &str, at: usize) -> bool {
    let (before, after) = text.split_at(at);
    before.chars().next_back().is_some_and(is_numeral)
        && after.chars().next().is_some_and(is_numeral)
}

/// The phrases of whole words and whole numbers in one clause, of [`SHORTEST`] to
/// [`LONGEST`] characters: of characters, not bytes.
fn phrases_of_words(words: &[Word], offsets: &[usize], text: &str) -> Vec<Range<usize>> {
    let places: Vec<Range<usize>> = words
        .iter()
        .map(|word| characters(&word.range, offsets))
        .collect();
    let ends_clause = |word: &Word| {
        text[word.range.clone()]
            .chars()
            .all(|c| !c.is_alphanumeric())
    };
    let mut phrases = Vec::new();
    for (first, word) in places.iter().enumerate() {
        if is_within_number(text, words[first].range.start) {
            continue;
        }
        for (last, end) in places.iter().enumerate().skip(first) {
            let phrase = word.start..end.end;
            if phrase.len() > LONGEST || ends_clause(&words[last]) {
                break;
            }
            if phrase.len() >= SHORTEST
                && words[first..=last].iter().any(tells)
                && !is_within_number(text, words[last].range.end)
            {
                phrases.push(phrase);
            }
        }
    }
    phrases
}

fn add<const N: usize>(sums: &mut [i32; N], row: &[u8]) {
    for (sum, &weight) in sums.iter_mut().zip(row) {
        *sum += i32::from(weight.cast_signed());
    }
}

impl Choice {
    /// Takes a choice from the head of a weight file.
    fn read(bytes: &mut &[u8]) -> Option<Self> {
        Some(Self {
            bias: bytes.try_get_f32_le().ok()?,
            least: bytes.try_get_f32_le().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::Segmenter;
    use crate::sentiment::Score;
    use crate::text::Normalised;

    fn tagged(text: &str, valence: f32) -> Vec<(String, Category)> {
        let (segmenter, _) = Segmenter::new(&[]).unwrap();
        let score = Score {
            valence,
            ..Score::NEUTRAL
        };
        let tagger = Tagger::built_in(Arc::new(Lexicon::built_in())).unwrap();
        let normalised = Normalised::new(text);
        let turn = TurnText {
            normalised: &normalised,
            words: &segmenter.words(text),
            score: &score,
            marked: None,
            raw: text,
        };
        let found = tagger.tag(&turn, None);
        found
            .into_iter()
            .map(|tagged| (text[tagged.range].to_owned(), tagged.category))
            .collect()
    }

    #[test]
    fn complaints_are_found_with_their_category() {
        let found = tagged("你们客服态度太差了,宽带断了三天都没人修", -0.9);
        assert!(
            found.iter().any(
                |(phrase, category)| phrase.contains("态度") && *category == Category::Attitude
            ),
            "{found:?}"
        );
        assert!(found.len() >= 2, "{found:?}");
    }

    #[test]
    fn no_phrase_ends_within_a_number() {
        let word = |range: Range<usize>| Word {
            range,
            tag: "v".to_owned(),
        };
        // 扣了|百分之四十|一它充
        let text = "扣了百分之四十一它充";
        let words = [word(0..6), word(6..21), word(21..30)];
        let offsets: Vec<usize> = (0..=10).map(|character| 3 * character).collect();
        let phrases = phrases_of_words(&words, &offsets, text);
        assert_eq!(phrases, [0..2, 0..10, 2..10]);
    }

    #[test]
    fn courtesies_and_empty_texts_hold_none() {
        assert_eq!(tagged("好的谢谢你", 0.6), []);
        assert_eq!(tagged("", 0.0), []);
    }
}

//! The trained weights and how a turn is decoded with them.

use std::ops::Range;
use std::sync::Arc;

use bytes::Buf as _;

use super::super::finder::TurnText;
use super::chances::Chances;
use super::features::{Extractor, Features};
use super::passage::{Passage, passages};
use crate::call::Span;
use crate::sentiment::MarkedPhrase;
use crate::terms::category::Category;
use crate::terms::lexicon::{Lexicon, Match};
use crate::terms::lies_within;

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
const CATEGORIES: usize = Category::ALL.len();
/// What the model's word on the category counts beside that of the phrase's
/// characters, 0..1.
const MODEL_CATEGORY: f32 = 0.5;

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

/// How the passages of a turn are chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Choice {
    /// What the scores of characters out of any phrase are lowered by.
    bias: f32,
    /// How many of a reader's phrases must be expected in a passage, at least.
    least: f32,
}

/// A passage that the tagger takes for a complaint.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::terms) struct Tagged {
    /// Bytes of the normalised text.
    pub(in crate::terms) range: Range<usize>,
    /// The phrase in it that names the complaint best.
    pub(in crate::terms) core: Range<usize>,
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

    /// The passages of a turn that hold a complaint, in order. `matches` are those of the
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
        let bytes =
            |phrase: &Range<usize>| features.offsets[phrase.start]..features.offsets[phrase.end];
        passages(&chances, words, &features.offsets, text, choice.least)
            .into_iter()
            .map(|passage| Tagged {
                range: bytes(&passage.range),
                core: bytes(&passage.core),
                category: self.category(&features, &marked, &passage),
            })
            .collect()
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

    /// What a passage is about: of the categories of the phrases that the model
    /// marks in it or around it, and of those of its core, the most probable.
    fn category(
        &self,
        features: &Features,
        marked: &[(Range<usize>, &MarkedPhrase)],
        passage: &Passage,
    ) -> Category {
        let mut chances = self.categories(features, &passage.core);
        let of_model = categories_of_model(marked, &passage.range);
        let sum: f32 = of_model.iter().sum();
        if sum > 0.0 {
            for (chance, of_model) in chances.iter_mut().zip(of_model) {
                *chance += (of_model / sum - *chance) * MODEL_CATEGORY;
            }
        }
        Category::ALL
            .into_iter()
            .max_by(|&a, &b| chances[a as usize].total_cmp(&chances[b as usize]))
            .unwrap_or(Category::Other)
    }

    /// The probability of each category, given the characters of a phrase.
    fn categories(&self, features: &Features, phrase: &Range<usize>) -> [f32; CATEGORIES] {
        let from = phrase
            .start
            .checked_sub(1)
            .map_or(0, |before| features.ends[before]);
        let mut sums = [0_i32; CATEGORIES];
        for &index in &features.indices[from..features.ends[phrase.end - 1]] {
            let row = (index >> (self.tag_bits - self.kind_bits)) as usize;
            add(&mut sums, &self.kinds[row * CATEGORIES..][..CATEGORIES]);
        }
        let scale = self.kind_scale / phrase.len() as f32;
        let mut scores = self.kind_bias;
        for (score, sum) in scores.iter_mut().zip(sums) {
            *score += sum as f32 * scale;
        }
        let most = scores.iter().copied().fold(f32::MIN, f32::max);
        let chances = scores.map(|score| (score - most).exp());
        let sum: f32 = chances.iter().sum();
        chances.map(|chance| chance / sum)
    }
}

/// The characters that bytes of a text are, by the offset of each character.
pub(super) fn characters(bytes: &Range<usize>, offsets: &[usize]) -> Range<usize> {
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

/// What the model says a passage is about: the probability of the phrases of each
/// category in it or around it.
fn categories_of_model(
    marked: &[(Range<usize>, &MarkedPhrase)],
    passage: &Range<usize>,
) -> [f32; CATEGORIES] {
    let mut chances = [0.0; CATEGORIES];
    for (place, phrase) in marked {
        let inside = lies_within(place, passage);
        let around = lies_within(passage, place);
        let category = Category::from_name(&phrase.category);
        if let Some(category) = category.filter(|_| inside || around) {
            chances[category as usize] += phrase.chance;
        }
    }
    chances
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
    fn courtesies_and_empty_texts_hold_none() {
        assert_eq!(tagged("好的谢谢你", 0.6), []);
        assert_eq!(tagged("", 0.0), []);
    }
}

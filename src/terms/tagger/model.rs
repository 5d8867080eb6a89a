//! The trained weights and how a turn is decoded with them.

use std::ops::Range;
use std::sync::Arc;

use super::features::{Extractor, Features};
use crate::segment::Word;
use crate::sentiment::Score;
use crate::terms::category::Category;
use crate::terms::lexicon::{Lexicon, Match};

/// Trained by `models/training/term_train.rs`. Little-endian: `CHT1`, u32 bits of
/// the tag table, u32 bits of the category table, f32 bias against `Out`,
/// 5 × 5 f32 transitions, f32 scale and 2^bits × 5 i8 of the tag table, then
/// 10 f32 biases, f32 scale and 2^bits × 10 i8 of the category table.
const WEIGHTS: &[u8] = include_bytes!("weights.bin");
const MAGIC: &[u8] = b"CHT1";

/// Tags of a character: out of any phrase, or the first, an inner, the last,
/// or the only one of a phrase.
const TAGS: usize = 5;
const OUT: usize = 0;
const FIRST: usize = 1;
const INNER: usize = 2;
const LAST: usize = 3;
const ONLY: usize = 4;
/// Tags before which no phrase is open any more.
const ENDS: [usize; 3] = [OUT, LAST, ONLY];
/// Characters of the longest phrase: none of those a reader marked is longer.
const LONGEST: usize = 12;
const CATEGORIES: usize = Category::ALL.len();
/// Score of what cannot be.
const NEVER: f32 = -1.0e4;

/// A linear-chain conditional random field over hashed features (Lafferty et
/// al. 2001), and a linear classifier of the phrases it finds.
pub(in crate::terms) struct Tagger {
    lexicon: Arc<Lexicon>,
    tag_bits: u32,
    kind_bits: u32,
    bias: f32,
    transitions: [[f32; TAGS]; TAGS],
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
        let mut bytes = Reader(weights.strip_prefix(MAGIC)?);
        let (tag_bits, kind_bits, bias) = (bytes.whole()?, bytes.whole()?, bytes.number()?);
        let mut transitions = [[0.0; TAGS]; TAGS];
        for weight in transitions.iter_mut().flatten() {
            *weight = bytes.number()?;
        }
        let tag_scale = bytes.number()?;
        let tags = bytes.take(TAGS.checked_shl(tag_bits)?)?.to_vec();
        let mut kind_bias = [0.0; CATEGORIES];
        for weight in &mut kind_bias {
            *weight = bytes.number()?;
        }
        let kind_scale = bytes.number()?;
        let kinds = bytes.take(CATEGORIES.checked_shl(kind_bits)?)?.to_vec();
        Some(Self {
            lexicon,
            tag_bits,
            kind_bits,
            bias,
            transitions,
            tag_scale,
            tags,
            kind_bias,
            kind_scale,
            kinds,
        })
    }

    /// The complaint phrases of a normalised text that `words` cover, in order.
    /// `matches` are those of the built-in lexicon, where they are known already.
    pub(in crate::terms) fn tag(
        &self,
        text: &str,
        words: &[Word],
        score: &Score,
        matches: Option<&[Match]>,
    ) -> Vec<Tagged> {
        let extractor = Extractor::new(&self.lexicon, self.tag_bits);
        let features = match matches {
            Some(matches) => extractor.features_beside(text, words, score, matches),
            None => extractor.features(text, words, score),
        };
        let tags = self.decode(&self.emissions(&features));
        let mut found = Vec::new();
        let mut first = 0;
        for (at, &tag) in tags.iter().enumerate() {
            if tag == FIRST || tag == ONLY {
                first = at;
            }
            if tag == LAST || tag == ONLY {
                let range = features.offsets[first]..features.offsets[at + 1];
                found.push(Tagged {
                    range,
                    category: self.category(&features, first, at + 1),
                });
            }
        }
        found
    }

    /// Each character's score of each tag.
    fn emissions(&self, features: &Features) -> Vec<[f32; TAGS]> {
        let mut start = 0;
        let emission = |&end: &usize| {
            let mut sums = [0_i32; TAGS];
            for &index in &features.indices[start..end] {
                add(&mut sums, &self.tags[index as usize * TAGS..][..TAGS]);
            }
            start = end;
            let mut scores = sums.map(|sum| sum as f32 * self.tag_scale);
            scores[OUT] -= self.bias;
            scores
        };
        features.ends.iter().map(emission).collect()
    }

    /// The best sequence of tags in which no phrase is longer than [`LONGEST`]
    /// characters (Viterbi over phrases instead of tags).
    fn decode(&self, emissions: &[[f32; TAGS]]) -> Vec<usize> {
        // best[k][tag]: of the first k characters, the last of which has the tag.
        let mut best = vec![[NEVER; TAGS]; emissions.len() + 1];
        let mut back = vec![[Step::default(); TAGS]; emissions.len() + 1];
        // How a phrase of several characters can begin after the first k.
        let mut begun = Vec::with_capacity(emissions.len());
        for end in 1..=emissions.len() {
            begun.push(self.enter(&best, end - 1, FIRST));
            for tag in [OUT, ONLY] {
                let (score, before) = self.enter(&best, end - 1, tag);
                best[end][tag] = score + emissions[end - 1][tag];
                back[end][tag] = Step { length: 1, before };
            }
            let mut inner = 0.0;
            for length in 2..=LONGEST.min(end) {
                let start = end - length;
                let middle = match length {
                    2 => self.transitions[FIRST][LAST],
                    3.. => {
                        inner += emissions[start + 1][INNER];
                        let turns = (length - 3) as f32 * self.transitions[INNER][INNER];
                        self.transitions[FIRST][INNER]
                            + inner
                            + turns
                            + self.transitions[INNER][LAST]
                    }
                    _ => NEVER,
                };
                let (entered, before) = begun[start];
                let score = entered + emissions[start][FIRST] + middle + emissions[end - 1][LAST];
                if score > best[end][LAST] {
                    best[end][LAST] = score;
                    back[end][LAST] = Step { length, before };
                }
            }
        }
        spelled_out(&best, &back)
    }

    /// The best score with which `tag` follows the first `at` characters, and
    /// the tag before it.
    fn enter(&self, best: &[[f32; TAGS]], at: usize, tag: usize) -> (f32, usize) {
        if at == 0 {
            return (0.0, OUT);
        }
        ENDS.into_iter()
            .map(|before| (best[at][before] + self.transitions[before][tag], before))
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .unwrap_or((NEVER, OUT))
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

/// How the best sequence came to a tag: so many characters, after which tag.
#[derive(Debug, Clone, Copy, Default)]
struct Step {
    length: usize,
    before: usize,
}

/// The tags of the best sequence, one a character.
fn spelled_out(best: &[[f32; TAGS]], back: &[[Step; TAGS]]) -> Vec<usize> {
    let mut end = best.len() - 1;
    let mut tags = vec![OUT; end];
    let last = ENDS
        .into_iter()
        .max_by(|&a, &b| best[end][a].total_cmp(&best[end][b]));
    let mut tag = last.unwrap_or(OUT);
    while end > 0 {
        let Step { length, before } = back[end][tag];
        let start = end - length.max(1);
        if tag == LAST {
            tags[start..end].fill(INNER);
            tags[start] = FIRST;
        }
        tags[end - 1] = tag;
        (end, tag) = (start, before);
    }
    tags
}

fn add<const N: usize>(sums: &mut [i32; N], row: &[u8]) {
    for (sum, &weight) in sums.iter_mut().zip(row) {
        *sum += i32::from(weight.cast_signed());
    }
}

/// Takes a weight file apart.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn whole(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn number(&mut self) -> Option<f32> {
        Some(f32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::Segmenter;

    fn tagged(text: &str, valence: f32) -> Vec<(String, Category)> {
        let (segmenter, _) = Segmenter::new(&[]).unwrap();
        let score = Score {
            valence,
            ..Score::NEUTRAL
        };
        let tagger = Tagger::built_in(Arc::new(Lexicon::built_in())).unwrap();
        let found = tagger.tag(text, &segmenter.words(text), &score, None);
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

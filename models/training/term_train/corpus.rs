//! The labelled turns as the tagger sees them.

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use callheat::call::Speaker;
use callheat::eval::{GoldCall, GoldTerm, parse_gold};
use callheat::segment::{Segmenter, Word};
use callheat::sentiment::{MarkedPhrases, Reading, Score, Scorer};
use callheat::terms::Lexicon;
use callheat::terms::tagger::{Extractor, Features};
use callheat::text::Normalised;

use crate::{Gold, Random, TAG_BITS};

/// Tags of a character: out of any phrase; its first, an inner, its last, or
/// its only one.
pub const TAGS: usize = 5;

/// A labelled customer turn.
pub struct Turn {
    pub call: String,
    pub index: usize,
    pub raw: String,
    pub normalised: Normalised,
    pub words: Vec<Word>,
    /// With its valence blurred.
    pub score: Score,
    pub marked: Option<MarkedPhrases>,
    pub features: Features,
    pub tags: Vec<u8>,
    /// First and last character and category of each phrase.
    pub spans: Vec<(usize, usize, usize)>,
    /// Whether it is of a telephone call.
    pub spoken: bool,
}

/// The labelled turns, and the gold files whole.
pub struct Corpus {
    pub turns: Vec<Turn>,
    pub gold: Vec<(String, Gold)>,
}

impl Corpus {
    pub fn read(
        scorer: &Scorer,
        gold: &[&Path],
        lexicon: &Lexicon,
        segmenter: &Segmenter,
        blur: f64,
    ) -> Result<Self, Box<dyn Error>> {
        let mut random = Random(7);
        let extractor = Extractor::new(lexicon, TAG_BITS);
        let mut corpus = Self {
            turns: Vec::new(),
            gold: Vec::new(),
        };
        for path in gold {
            let mut calls = Gold::new();
            for line in BufReader::new(File::open(path)?).lines() {
                let call = parse_gold(&line?)?;
                let readings = readings(scorer, &call)?;
                for (index, turn) in call.turns.iter().enumerate() {
                    let (Some(terms), Speaker::Customer) = (&turn.terms, &turn.speaker) else {
                        continue;
                    };
                    let Reading { score, phrases, .. } = &readings[index];
                    let valence = f64::from(score.valence) + blur * random.normal();
                    let score = Score {
                        valence: valence.clamp(-1.0, 1.0) as f32,
                        ..Score::NEUTRAL
                    };
                    let normalised = Normalised::new(&turn.text);
                    let words = segmenter.words(normalised.text());
                    let features = extractor.features(normalised.text(), &words, &score);
                    let (tags, spans) = labels(&turn.text, &normalised, &features, terms);
                    corpus.turns.push(Turn {
                        call: call.call_id.clone(),
                        index,
                        raw: turn.text.clone(),
                        normalised,
                        words,
                        score,
                        marked: phrases.clone(),
                        features,
                        tags,
                        spans,
                        spoken: call.risk.is_some(),
                    });
                }
                calls.insert(call.call_id.clone(), call);
            }
            corpus.gold.push((path.display().to_string(), calls));
        }
        Ok(corpus)
    }
}

/// What the model says of a call's turns.
fn readings(scorer: &Scorer, call: &GoldCall) -> Result<Vec<Reading>, Box<dyn Error>> {
    let texts = call.turns.iter().map(|turn| turn.text.as_str());
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    Ok(runtime.block_on(scorer.read_all(texts))?)
}

/// The tags of a turn's characters and its phrases; the longest go first, and
/// what overlaps them is left out.
fn labels(
    raw: &str,
    normalised: &Normalised,
    features: &Features,
    terms: &[GoldTerm],
) -> (Vec<u8>, Vec<(usize, usize, usize)>) {
    let count = features.ends.len();
    let origins: Vec<usize> = (0..count)
        .map(|at| {
            normalised
                .raw_span(features.offsets[at]..features.offsets[at + 1])
                .0
        })
        .collect();
    let mut tags = vec![0; count];
    let mut spans = Vec::new();
    let mut terms: Vec<&GoldTerm> = terms.iter().collect();
    terms.sort_by_key(|term| std::cmp::Reverse(term.term.chars().count()));
    for term in terms {
        let Some(at) = raw.find(&term.term) else {
            continue;
        };
        let start = raw[..at].chars().count();
        let end = start + term.term.chars().count();
        let inside: Vec<usize> = (0..count)
            .filter(|&at| (start..end).contains(&origins[at]))
            .collect();
        let (Some(&first), Some(&last)) = (inside.first(), inside.last()) else {
            continue;
        };
        if tags[first..=last].iter().any(|&tag| tag > 0) {
            continue;
        }
        tags[first..=last].fill(2);
        if first == last {
            tags[first] = 4;
        } else {
            (tags[first], tags[last]) = (1, 3);
        }
        spans.push((first, last, term.category as usize));
    }
    (tags, spans)
}

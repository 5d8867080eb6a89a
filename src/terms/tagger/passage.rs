//! Which passages of a turn to report, given how probable each phrase is.
//!
//! The best sequence of tags is a poor answer where many phrases are possible
//! and none is probable: it names none of them. Readers agree on which clause
//! holds a complaint far better than on which of its words to underline, and a
//! reviewer wants it whole: 充着充着自己就停了 rather than 自己就. So a passage is
//! worth as many of a reader's phrases as are expected in it (minimum Bayes
//! risk), and of those worth about the same the shortest is reported. The phrase
//! in it that agrees best with a reader's is its core, by which it is counted.

use std::ops::Range;

use super::chances::Chances;
use super::model::{LONGEST, characters};
use crate::segment::Word;
use crate::terms::pattern::is_numeral;

/// Characters of the longest passage.
const WIDEST: usize = 20;
/// Characters of the shortest one: one alone tells a reader nothing.
const SHORTEST: usize = 2;
/// A passage may hold this much less than the one of its clause that holds most,
/// if it is shorter.
const ENOUGH: f32 = 0.97;

/// A passage that holds a complaint, in characters of the text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Passage {
    pub(super) range: Range<usize>,
    /// The phrase in it that names the complaint best.
    pub(super) core: Range<usize>,
}

/// A word of a clause.
struct Place {
    /// Characters of the text.
    range: Range<usize>,
    tells: bool,
    /// Whether a phrase may start, and may end, with it.
    may_start: bool,
    may_end: bool,
}

/// The passages of a turn in which at least `least` of a reader's phrases are
/// expected, in order, not overlapping. A passage has whole words and whole
/// numbers of one clause.
pub(super) fn passages(
    chances: &Chances,
    words: &[Word],
    offsets: &[usize],
    text: &str,
    least: f32,
) -> Vec<Passage> {
    let mut found = Vec::new();
    for clause in words.split(|word| is_pause(&text[word.range.clone()])) {
        let (Some(first), Some(last)) = (clause.first(), clause.last()) else {
            continue;
        };
        let whole = characters(&(first.range.start..last.range.end), offsets);
        if chances.expected(&whole) >= least {
            found.extend(of_clause(chances, &places(clause, offsets, text), least));
        }
    }
    found
}

/// The words of a clause, and what may be done with each.
fn places(clause: &[Word], offsets: &[usize], text: &str) -> Vec<Place> {
    let last = clause.len() - 1;
    clause
        .iter()
        .enumerate()
        .map(|(at, word)| Place {
            range: characters(&word.range, offsets),
            tells: tells(word),
            may_start: (at == 0 || !hangs_on(word)) && !is_within_number(text, word.range.start),
            may_end: (at == last || !leads_on(word)) && !is_within_number(text, word.range.end),
        })
        .collect()
}

/// The passages of one clause.
fn of_clause(chances: &Chances, clause: &[Place], least: f32) -> Vec<Passage> {
    let mut open: Vec<(Range<usize>, f32)> = phrases(clause, WIDEST)
        .into_iter()
        .map(|range| (range.clone(), chances.expected(&range)))
        .filter(|(_, expected)| *expected >= least)
        .collect();
    let mut found: Vec<Passage> = Vec::new();
    while let Some(most) = open
        .iter()
        .map(|(_, expected)| *expected)
        .max_by(f32::total_cmp)
    {
        // Of equals the first: they come in the order of the text.
        let best = open
            .iter()
            .filter(|(_, expected)| *expected >= ENOUGH * most)
            .min_by(|(a, of_a), (b, of_b)| a.len().cmp(&b.len()).then(of_b.total_cmp(of_a)))
            .map(|(range, _)| range.clone());
        let Some(range) = best else { break };
        open.retain(|(other, _)| other.end <= range.start || range.end <= other.start);
        found.push(Passage {
            core: core(chances, clause, &range),
            range,
        });
    }
    found.sort_by_key(|passage| passage.range.start);
    found
}

/// The phrase of a passage that agrees best with what a reader would mark; of
/// equals the first.
fn core(chances: &Chances, clause: &[Place], passage: &Range<usize>) -> Range<usize> {
    let within =
        |place: &&Place| passage.start <= place.range.start && place.range.end <= passage.end;
    let first = clause.iter().take_while(|place| !within(place)).count();
    let count = clause.iter().filter(within).count();
    let mut best = (0.0, passage.clone());
    for phrase in phrases(&clause[first..first + count], LONGEST) {
        let agreement = chances.agreement(&phrase);
        if agreement > best.0 {
            best = (agreement, phrase);
        }
    }
    best.1
}

/// The phrases of at least [`SHORTEST`] and at most `longest` characters, in the
/// order of the text, the shorter first.
fn phrases(places: &[Place], longest: usize) -> Vec<Range<usize>> {
    let mut phrases = Vec::new();
    for (first, start) in places
        .iter()
        .enumerate()
        .filter(|(_, place)| place.may_start)
    {
        let mut tells = false;
        for end in &places[first..] {
            let phrase = start.range.start..end.range.end;
            if phrase.len() > longest {
                break;
            }
            tells |= end.tells;
            if tells && end.may_end && phrase.len() >= SHORTEST {
                phrases.push(phrase);
            }
        }
    }
    phrases
}

/// Whether a word is a pause: a space, punctuation.
fn is_pause(word: &str) -> bool {
    word.chars().all(|c| !c.is_alphanumeric())
}

/// Whether a word can tell of a complaint: 你们, 又, 现在 by themselves do not.
fn tells(word: &Word) -> bool {
    !word
        .tag
        .starts_with(['r', 'd', 't', 'u', 'p', 'c', 'f', 'y', 'e', 'o', 'x'])
}

/// Whether a word belongs to what follows it, so that no passage ends with it
/// within a clause: 都, 被, 但是, 你们.
fn leads_on(word: &Word) -> bool {
    word.tag.starts_with(['d', 'p', 'c', 'r'])
}

/// Whether a word belongs to what stands before it: 了, 吗.
fn hangs_on(word: &Word) -> bool {
    word.tag.starts_with(['u', 'y'])
}

/// Whether a number goes on over a place in a text: between 四十 and 一, which the
/// segmenter cuts into 四十 and 一它 now and then.
fn is_within_number(text: &str, at: usize) -> bool {
    let (before, after) = text.split_at(at);
    before.chars().next_back().is_some_and(is_numeral)
        && after.chars().next().is_some_and(is_numeral)
}

#[cfg(test)]
mod tests {
    use super::super::model::TAGS;
    use super::*;

    /// Words of `text`, cut at `|`, with their tags after `/`; and the text.
    fn cut(text: &str) -> (String, Vec<Word>) {
        let mut plain = String::new();
        let mut words = Vec::new();
        for part in text.split('|') {
            let (word, tag) = part.rsplit_once('/').unwrap();
            let start = plain.len();
            plain.push_str(word);
            words.push(Word {
                range: start..plain.len(),
                tag: tag.to_owned(),
            });
        }
        (plain, words)
    }

    /// The passages and their cores, where phrases have these probabilities.
    fn found(text: &str, phrases: &[(&str, f32)]) -> Vec<(String, String)> {
        let (text, words) = cut(text);
        let offsets: Vec<usize> = text
            .char_indices()
            .map(|(at, _)| at)
            .chain([text.len()])
            .collect();
        let length = offsets.len() - 1;
        let mut chances = Chances::new(&vec![[1.0; TAGS]; length], &[[1.0; TAGS]; TAGS]);
        let placed: Vec<(Range<usize>, f32)> = phrases
            .iter()
            .map(|(phrase, chance)| {
                let start = text.find(phrase).unwrap();
                let bytes = start..start + phrase.len();
                (characters(&bytes, &offsets), *chance)
            })
            .collect();
        chances.mix(placed.iter().map(|(place, chance)| (place, *chance)), 1.0);
        passages(&chances, &words, &offsets, &text, 0.4)
            .into_iter()
            .map(|passage| {
                [passage.range, passage.core]
                    .map(|range| text[offsets[range.start]..offsets[range.end]].to_owned())
                    .into()
            })
            .collect()
    }

    fn pair(passage: &str, core: &str) -> (String, String) {
        (passage.to_owned(), core.to_owned())
    }

    #[test]
    fn doubtful_phrases_of_a_clause_make_one_passage() {
        let phrases = [("自己就停了", 0.2), ("停了", 0.15), ("充着充着自己", 0.1)];
        assert_eq!(
            found("充着充着/v|自己/n|就/d|停/v|了/ul|,/x|好/a", &phrases),
            [pair("充着充着自己就停了", "自己就停了")]
        );
        // By itself none of them is likely enough.
        assert_eq!(found("自己/n|就/d|停/v|了/ul", &phrases[..0]), []);
        assert_eq!(found("自己/n|就/d|停/v|了/ul", &phrases[..1]), []);
    }

    #[test]
    fn what_adds_nothing_is_left_out() {
        let text = "我/r|跟/p|你/r|说/v|他们/r|乱扣费/n|你/r|听见/v|没有/v";
        assert_eq!(found(text, &[("乱扣费", 0.9)]), [pair("乱扣费", "乱扣费")]);
    }

    #[test]
    fn a_passage_neither_crosses_a_pause_nor_ends_on_a_word_that_leads_on() {
        let text = "没人/n|管/v| /x|退款/n|都/d|不/d|给/v|谢谢/v";
        assert_eq!(
            found(text, &[("没人管", 0.5), ("退款都不", 0.6)]),
            [pair("没人管", "没人管"), pair("退款都不给", "退款都不给")]
        );
    }

    #[test]
    fn no_passage_ends_within_a_number() {
        let text = "扣/v|了/ul|百分之四十/m|一它/m|充/v";
        assert_eq!(
            found(text, &[("扣了百分之四十", 0.9)]),
            [pair("扣了百分之四十一它", "扣了百分之四十一它")]
        );
    }

    #[test]
    fn two_complaints_of_a_long_clause_are_two_passages() {
        let text = "上个月/t|多扣/v|了/ul|三十块钱/m|我/r|打/v|了/ul|好几次/m|电话/n|\
                    你们/r|那边/r|一直/d|没有人/n|接/v";
        assert_eq!(
            found(text, &[("多扣了三十块钱", 0.9), ("一直没有人接", 0.8)]),
            [
                pair("多扣了三十块钱", "多扣了三十块钱"),
                pair("一直没有人接", "一直没有人接")
            ]
        );
    }
}

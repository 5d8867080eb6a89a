//! Which passages of a turn to report, given how probable each phrase is.
//!
//! The best sequence of tags is a poor answer where many phrases are possible
//! and none is probable: it names none of them. Readers agree on which clause
//! holds a complaint far better than on which of its words to underline, and a
//! reviewer wants it whole: 充着充着自己就停了 rather than 自己就. So a passage is
//! worth as many of a reader's phrases as are expected in it (minimum Bayes
//! risk), and of those worth about the same the shortest is reported that begins
//! and ends where one would pause. The phrase in it that agrees best with a
//! reader's is its core, by which it is counted.

use std::ops::Range;

use super::chances::Chances;
use super::model::{LONGEST, characters};
use crate::segment::Word;
use crate::terms::lies_within;
use crate::terms::pattern::is_numeral;

/// Characters of the longest passage.
const WIDEST: usize = 20;
/// Characters of the shortest one: one alone tells a reader nothing.
const SHORTEST: usize = 2;
/// A passage may hold this much of what the one of its clause holds that holds
/// most, if it is shorter.
const ENOUGH: f32 = 0.9;
/// How many characters longer a passage may be to begin, or to end, where one
/// would pause.
const AWKWARD: usize = 3;

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
    start: Edge,
    end: Edge,
}

/// How fit the start or the end of a word is to be that of a phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edge {
    /// One would pause there.
    Pause,
    /// Nobody would.
    Awkward,
    /// No phrase starts or ends there.
    Never,
}

impl Edge {
    fn of(would_pause: bool, belongs_beyond: bool, is_within_number: bool) -> Self {
        match (would_pause, belongs_beyond, is_within_number) {
            (_, _, true) | (false, true, _) => Self::Never,
            (true, _, _) => Self::Pause,
            (false, false, _) => Self::Awkward,
        }
    }
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
    let pauses = |before: Option<&Word>, after: Option<&Word>| match (before, after) {
        (Some(before), Some(after)) => would_pause(before, after, text),
        _ => true,
    };
    clause
        .iter()
        .enumerate()
        .map(|(at, word)| {
            let before = at.checked_sub(1).map(|at| &clause[at]);
            Place {
                range: characters(&word.range, offsets),
                tells: tells(word),
                start: Edge::of(
                    pauses(before, Some(word)),
                    hangs_on(word),
                    is_within_number(text, word.range.start),
                ),
                end: Edge::of(
                    pauses(Some(word), clause.get(at + 1)),
                    leads_on(word),
                    is_within_number(text, word.range.end),
                ),
            }
        })
        .collect()
}

/// The passages of one clause.
fn of_clause(chances: &Chances, clause: &[Place], least: f32) -> Vec<Passage> {
    let phrases = phrases(clause);
    let mut open: Vec<(&Phrase, f32)> = phrases
        .iter()
        .map(|phrase| (phrase, chances.expected(&phrase.range)))
        .filter(|(_, expected)| *expected >= least)
        .collect();
    let mut found: Vec<Passage> = Vec::new();
    while let Some(range) = best(&open) {
        open.retain(|(other, _)| other.range.end <= range.start || range.end <= other.range.start);
        found.push(Passage {
            core: core(chances, &phrases, &range),
            range,
        });
    }
    found.sort_by_key(|passage| passage.range.start);
    found
}

/// The phrase to report first, of those with what is expected in each; of
/// equals the first.
fn best(open: &[(&Phrase, f32)]) -> Option<Range<usize>> {
    let expected = open.iter().map(|(_, expected)| *expected);
    let most = expected.max_by(f32::total_cmp)?;
    open.iter()
        .filter(|(_, expected)| *expected >= ENOUGH * most)
        .min_by(|(a, of_a), (b, of_b)| a.cost().cmp(&b.cost()).then(of_b.total_cmp(of_a)))
        .map(|(phrase, _)| phrase.range.clone())
}

/// The phrase of a passage that agrees best with what a reader would mark; of
/// equals the first.
fn core(chances: &Chances, phrases: &[Phrase], passage: &Range<usize>) -> Range<usize> {
    let ranges = phrases.iter().map(|phrase| &phrase.range);
    let mut best = (0.0, passage);
    for range in ranges.filter(|range| range.len() <= LONGEST && lies_within(range, passage)) {
        let agreement = chances.agreement(range);
        if agreement > best.0 {
            best = (agreement, range);
        }
    }
    best.1.clone()
}

/// A run of words.
struct Phrase {
    range: Range<usize>,
    /// How many of its ends are where nobody would pause.
    awkward: usize,
}

impl Phrase {
    /// What speaks against it, in characters.
    fn cost(&self) -> usize {
        self.range.len() + AWKWARD * self.awkward
    }
}

/// The phrases of [`SHORTEST`] to [`WIDEST`] characters, in the order of the
/// text, the shorter first.
fn phrases(places: &[Place]) -> Vec<Phrase> {
    let mut phrases = Vec::new();
    for (first, start) in places
        .iter()
        .enumerate()
        .filter(|(_, place)| place.start != Edge::Never)
    {
        let mut tells = false;
        for end in &places[first..] {
            let range = start.range.start..end.range.end;
            if range.len() > WIDEST {
                break;
            }
            tells |= end.tells;
            if tells && end.end != Edge::Never && range.len() >= SHORTEST {
                phrases.push(Phrase {
                    range,
                    awkward: [start.start, end.end]
                        .into_iter()
                        .filter(|&edge| edge == Edge::Awkward)
                        .count(),
                });
            }
        }
    }
    phrases
}

/// Whether a word is a pause: a space, punctuation.
fn is_pause(word: &str) -> bool {
    word.chars().all(|c| !c.is_alphanumeric())
}

/// Whether one would pause between two words of a transcript without
/// punctuation: after a particle that closes a sentence, or after one that may,
/// where a pronoun, a conjunction or a time begins the next.
fn would_pause(before: &Word, after: &Word, text: &str) -> bool {
    let word = &text[before.range.clone()];
    let closes = before.tag.starts_with('y') || "啊吗呢吧呀嘛啦".contains(word);
    let may_close = before.tag.starts_with("ul") || "了过哦".contains(word);
    let opens = after.tag.starts_with(['r', 'c', 't'])
        || ["又", "还", "也", "都"].contains(&&text[after.range.clone()]);
    closes || may_close && opens || word == "的" && after.tag.starts_with('r')
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
        let text = "没人/n|管/v| /x|退款/n|都/d|不/d|给/v|谢谢/v|你/r|啊/y";
        assert_eq!(
            found(text, &[("没人管", 0.5), ("退款都不", 0.6)]),
            [pair("没人管", "没人管"), pair("退款都不给", "退款都不给")]
        );
    }

    #[test]
    fn a_passage_prefers_to_begin_and_end_where_one_would_pause() {
        let text = "你们/r|就/d|这样/r|吗/y|车/n|司机/n|绕路/v|还/d|骂人/v|了/ul|我/r|要/v|投诉/v";
        assert_eq!(
            found(text, &[("绕路还骂人", 0.9)]),
            [pair("车司机绕路还骂人了", "绕路还骂人")]
        );
    }

    #[test]
    fn no_passage_ends_within_a_number() {
        let text = "扣/v|了/ul|百分之四十/m|一它/m|充/v|了/ul|好久/n";
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
                pair("上个月多扣了三十块钱", "多扣了三十块钱"),
                pair("一直没有人接", "一直没有人接")
            ]
        );
    }
}

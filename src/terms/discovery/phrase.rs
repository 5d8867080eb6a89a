//! Which runs of words can be a phrase.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::segment::Word;

/// Longest phrase in words and in characters.
const MOST_WORDS: usize = 4;
const MOST_CHARACTERS: usize = 12;
/// Tags of words that name or tell; jieba gives `x` and `eng` to words that it
/// does not know, such as the names of new products and fees.
const TELLING: [&str; 7] = ["n", "v", "a", "i", "l", "x", "eng"];

/// The phrases of a turn that discovery would consider, each once.
pub fn phrases<'a>(text: &'a str, words: &[Word]) -> BTreeSet<&'a str> {
    let runs = word_runs(text, words).map(|range| &words[range]);
    runs.filter(|words| is_phrase(text, words))
        .map(|words| text_of(text, words))
        .collect()
}

/// Runs of adjoining words without punctuation or long numbers between them.
pub(super) fn word_runs<'a>(
    text: &'a str,
    words: &'a [Word],
) -> impl Iterator<Item = Range<usize>> + 'a {
    let starts = (0..words.len()).filter(|&start| !in_mention(text, words[start].range.start));
    starts.flat_map(move |start| {
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

/// The text of adjoining words; there is at least one.
pub(super) fn text_of<'a>(text: &'a str, words: &[Word]) -> &'a str {
    let start = words.first().map_or(0, |word| word.range.start);
    let end = words.last().map_or(start, |word| word.range.end);
    &text[start..end]
}

/// Whether the words can stand alone as a phrase: no function word at either
/// end, and something that names or tells.
pub(super) fn is_phrase(text: &str, words: &[Word]) -> bool {
    let [first, .., last] = words else {
        return words.first().is_some_and(|word| stands_alone(text, word));
    };
    let content = words
        .iter()
        .any(|word| word.range.len() >= 6 && tells(word));
    content && opens(text, first) && closes(last)
}

fn stands_alone(text: &str, word: &Word) -> bool {
    let name = matches!(word.tag.as_str(), "nr" | "ns" | "nrt" | "nrfg");
    !name && tells(word) && text[word.range.clone()].chars().count() >= 2
}

fn tells(word: &Word) -> bool {
    TELLING.iter().any(|tag| word.tag.starts_with(tag))
}

/// Whether the words only name known things (电话, 客服电话): that alone is no
/// complaint, however often it is said.
pub(super) fn is_bare(words: &[Word]) -> bool {
    words
        .iter()
        .all(|word| word.tag.starts_with('n') && !word.tag.starts_with("nz"))
}

/// Whether jieba does not know the word: a new product, fee or fault.
pub(super) fn is_unknown(word: &Word) -> bool {
    word.range.len() >= 6 && word.tag == "x"
}

/// Whether the text before a phrase makes it part of a name in an address (@…).
fn in_mention(text: &str, start: usize) -> bool {
    let before = text[..start].trim_end_matches(|c: char| c.is_alphanumeric() || c == '_');
    before.ends_with('@')
}

fn opens(text: &str, word: &Word) -> bool {
    if word.tag == "e" {
        return false;
    }
    let negates = matches!(
        &text[word.range.clone()],
        "不" | "没" | "没有" | "无" | "未" | "无法" | "乱" | "又"
    );
    negates
        || !word.tag.starts_with([
            'u', 'p', 'c', 'r', 'y', 'm', 'q', 'o', 'w', 'd', 't', 'f', 'z', 'k',
        ])
}

fn closes(word: &Word) -> bool {
    word.tag != "e"
        && !word
            .tag
            .starts_with(['u', 'p', 'c', 'r', 'y', 'm', 'q', 'o', 'w', 'd', 'k', 'h'])
}

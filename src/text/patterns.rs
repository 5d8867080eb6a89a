//! Which of many regular expressions can match a text at all.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, BuildError};
use regex::Regex;
use regex_syntax::hir::Hir;
use regex_syntax::hir::literal::{ExtractKind, Extractor, Seq};

/// Longest part of a beginning or end that is looked for, in bytes.
const LONGEST: usize = 12;
/// Most beginnings, or ends, that a pattern is known by.
const MOST: usize = 2000;

/// What patterns begin and end with, so that one search of a text rules out most
/// of them. A search for many words at once is far faster than one for many
/// patterns, whose states multiply.
#[derive(Debug)]
pub(crate) struct PatternIndex {
    words: AhoCorasick,
    /// Of each word, the patterns that it begins or ends.
    uses: Vec<Vec<Use>>,
    /// Of each pattern, the sides by which it is known.
    sides: Vec<u8>,
}

/// A side of a pattern, as a bit of those by which it is known.
#[derive(Debug, Clone, Copy)]
struct Use {
    pattern: usize,
    side: u8,
}

impl PatternIndex {
    /// Learns patterns, numbered in their order.
    ///
    /// Fails where their words together are too many for one search.
    pub fn new<'a>(patterns: impl IntoIterator<Item = &'a Regex>) -> Result<Self, Box<BuildError>> {
        let mut uses: BTreeMap<Vec<u8>, Vec<Use>> = BTreeMap::new();
        let mut sides = Vec::new();
        for (pattern, regex) in patterns.into_iter().enumerate() {
            let mut known = 0;
            let parsed = regex_syntax::parse(regex.as_str()).ok();
            for (side, kind) in [(1, ExtractKind::Prefix), (2, ExtractKind::Suffix)] {
                let words = parsed.as_ref().and_then(|parsed| ends(parsed, kind));
                for word in words.unwrap_or_default() {
                    known |= side;
                    uses.entry(word).or_default().push(Use { pattern, side });
                }
            }
            sides.push(known);
        }
        Ok(Self {
            words: AhoCorasick::new(uses.keys()).map_err(Box::new)?,
            uses: uses.into_values().collect(),
            sides,
        })
    }

    /// For each pattern, whether it may match; where it may not, it does not.
    pub fn may_match(&self, text: &str) -> Vec<bool> {
        let mut missing = self.sides.clone();
        for found in self.words.find_overlapping_iter(text) {
            for Use { pattern, side } in &self.uses[found.pattern().as_usize()] {
                missing[*pattern] &= !side;
            }
        }
        missing.into_iter().map(|sides| sides == 0).collect()
    }
}

/// The words of which one begins, or ends, every match of a pattern; `None` where
/// a match may begin or end with anything.
fn ends(pattern: &Hir, kind: ExtractKind) -> Option<Vec<Vec<u8>>> {
    let are_first = kind.is_prefix();
    let mut words: Seq = Extractor::new()
        .kind(kind)
        .limit_class(64)
        .limit_total(MOST)
        .extract(pattern);
    if are_first {
        words.keep_first_bytes(LONGEST);
    } else {
        words.keep_last_bytes(LONGEST);
    }
    words.sort();
    words.dedup();
    let words = words.literals()?;
    let words: Vec<Vec<u8>> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
    words.iter().all(|word| !word.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATTERNS: [&str; 9] = [
        "律师|起诉",
        "(?:去|找).{0,10}(?:工信|消协)[部局]?",
        "^投诉$",
        "[1一][2二].",
        ".{2}",
        "[^退]款",
        "(?:不会|没有)+去",
        "",
        "告(?:[^诉知]|$)",
    ];

    fn index(patterns: &[Regex]) -> PatternIndex {
        PatternIndex::new(patterns).unwrap()
    }

    fn patterns() -> Vec<Regex> {
        PATTERNS.map(|pattern| Regex::new(pattern).unwrap()).into()
    }

    #[test]
    fn what_lacks_a_beginning_or_an_end_is_ruled_out() {
        let found = index(&patterns()).may_match("我要去工信部");
        assert_eq!(
            found,
            [false, true, false, false, true, false, false, true, false]
        );
        assert!(!index(&patterns()).may_match("我要去问问")[1]);
    }

    proptest::proptest! {
        #[test]
        fn what_matches_is_never_ruled_out(text in "[律师起诉去找工信消协部局投12一二退款不会没有告知好a ]{0,12}") {
            let patterns = patterns();
            let may = index(&patterns).may_match(&text);
            for (pattern, may) in patterns.iter().zip(may) {
                assert!(may || !pattern.is_match(&text), "{pattern} in {text}");
            }
        }
    }
}

//! The small pattern language of the lexicon's variants.
//!
//! | written | matches |
//! |---|---|
//! | `扣费` | these characters |
//! | `(乱\|瞎\|)` | one of the alternatives; an empty one makes the group optional |
//! | `…` | up to ten characters of the same sentence |
//! | `N` | a number in any form: `3`, `三`, `十几`, `好几` |
//! | `<not>` | one of the alternatives of the class `@not` |
//!
//! Each pattern has an anchor, a group of plain strings that is looked up by
//! Aho–Corasick; the rest is matched outwards from there.

mod group;
mod numeral;

use std::collections::BTreeMap;

use group::{Atom, Group, atoms};
pub(super) use numeral::is_numeral;

/// A pattern with more alternatives in all is a mistake rather than a variant.
const MOST_ALTERNATIVES: usize = 2_000;

/// Named groups of alternatives, defined by `@name` lines.
pub(super) type Classes = BTreeMap<String, Vec<String>>;

/// A variant, ready to be matched.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    groups: Vec<Group>,
    anchor: usize,
}

impl Pattern {
    /// Parses a variant; the error says what is wrong with it.
    pub(super) fn parse(variant: &str, classes: &Classes) -> Result<Self, String> {
        let mut groups = Vec::new();
        let mut rest = variant;
        while let Some(first) = rest.chars().next() {
            let (group, used) = match first {
                '(' | '<' => parse_group(rest, first, classes)?,
                ')' | '>' | '|' => return Err(format!("`{variant}` has a stray `{first}`")),
                _ => {
                    let end = rest.find(['(', '<', ')', '>', '|']).unwrap_or(rest.len());
                    groups.extend(
                        atoms(&rest[..end])
                            .into_iter()
                            .map(|atom| Group::new([vec![atom]])),
                    );
                    rest = &rest[end..];
                    continue;
                }
            };
            groups.push(group);
            rest = &rest[used..];
        }
        let alternatives: usize = groups.iter().map(Group::len).sum();
        if alternatives > MOST_ALTERNATIVES {
            return Err(format!(
                "`{variant}` has {alternatives} alternatives, more than {MOST_ALTERNATIVES}"
            ));
        }
        let anchor = choose_anchor(&groups).ok_or_else(|| {
            format!("`{variant}` has no part of plain text that is always there; give it one")
        })?;
        Ok(Self { groups, anchor })
    }

    /// The strings one of which is in every match.
    pub(super) fn anchors(&self) -> impl Iterator<Item = &str> {
        self.groups[self.anchor]
            .by_first
            .iter()
            .map(|(_, text)| text.as_str())
    }

    /// The longest match around an anchor found at `start..end` of `text`
    /// (byte offsets on character boundaries).
    pub(super) fn extend(&self, text: &str, start: usize, end: usize) -> Option<(usize, usize)> {
        let last = forward(&self.groups[self.anchor + 1..], text, end)?;
        let first = backward(&self.groups[..self.anchor], text, start)?;
        Some((first, last))
    }
}

/// The group or class that `rest` starts with, and its length in bytes.
fn parse_group(rest: &str, open: char, classes: &Classes) -> Result<(Group, usize), String> {
    let close = if open == '(' { ')' } else { '>' };
    let end = rest
        .find(close)
        .ok_or_else(|| format!("`{rest}` lacks a `{close}`"))?;
    let inside = &rest[1..end];
    if inside.contains(['(', '<']) {
        return Err(format!("`{rest}` has a group within a group"));
    }
    let alternatives: Vec<Vec<Atom>> = if open == '(' {
        inside.split('|').map(atoms).collect()
    } else {
        let class = classes.get(inside);
        let class = class.ok_or_else(|| {
            format!("the class `<{inside}>` is not defined above; add a line `@{inside}`")
        })?;
        class.iter().map(|alternative| atoms(alternative)).collect()
    };
    Ok((Group::new(alternatives), end + close.len_utf8()))
}

/// The group of plain texts only whose shortest one is longest: the rarest.
fn choose_anchor(groups: &[Group]) -> Option<usize> {
    let best = (0..groups.len()).max_by_key(|&at| {
        let group = &groups[at];
        (
            group.shortest(),
            std::cmp::Reverse(group.len()),
            std::cmp::Reverse(at),
        )
    })?;
    (groups[best].shortest() > 0).then_some(best)
}

/// The farthest end of a match of `groups` that starts at `at`.
fn forward(groups: &[Group], text: &str, at: usize) -> Option<usize> {
    let Some((group, rest)) = groups.split_first() else {
        return Some(at);
    };
    let mut farthest = None;
    group.ends(text, at, |end| {
        farthest = farthest.max(forward(rest, text, end));
    });
    farthest
}

/// The earliest start of a match of `groups` that ends at `at`.
fn backward(groups: &[Group], text: &str, at: usize) -> Option<usize> {
    let Some((group, rest)) = groups.split_last() else {
        return Some(at);
    };
    let mut earliest: Option<usize> = None;
    group.starts(text, at, |start| {
        if let Some(start) = backward(rest, text, start) {
            earliest = Some(earliest.map_or(start, |known| known.min(start)));
        }
    });
    earliest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn longest(variant: &str, text: &str) -> Option<String> {
        let classes = Classes::from([("not".to_owned(), vec!["没".to_owned(), "还没".to_owned()])]);
        let pattern = Pattern::parse(variant, &classes).unwrap();
        let found = pattern.anchors().flat_map(|anchor| {
            text.match_indices(anchor)
                .filter_map(|(at, _)| pattern.extend(text, at, at + anchor.len()))
                .collect::<Vec<_>>()
        });
        found
            .max_by_key(|(start, end)| end - start)
            .map(|(start, end)| text[start..end].to_owned())
    }

    #[test]
    fn groups_gaps_numbers_and_classes_match() {
        assert_eq!(
            longest("(乱|瞎)扣(费|钱|)", "你们乱扣钱").as_deref(),
            Some("乱扣钱")
        );
        assert_eq!(
            longest("扣…费", "又扣了我一笔服务费").as_deref(),
            Some("扣了我一笔服务费")
        );
        assert_eq!(
            longest("打了N次", "我打了十几次").as_deref(),
            Some("打了十几次")
        );
        assert_eq!(longest("N天了", "都15天了").as_deref(), Some("15天了"));
        assert_eq!(
            longest("<not>到账", "钱还没到账").as_deref(),
            Some("还没到账")
        );
    }

    #[test]
    fn a_gap_stays_in_its_sentence() {
        assert_eq!(longest("扣…费", "扣了。服务费"), None);
    }

    #[test]
    fn mistakes_are_named() {
        let classes = Classes::new();
        for wrong in ["(乱|瞎扣费", "乱)扣", "N…N", "<nobody>扣", "(费|)"] {
            assert!(Pattern::parse(wrong, &classes).is_err(), "{wrong}");
        }
    }
}

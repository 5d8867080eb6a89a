//! The small pattern language of the lexicon's variants.
//!
//! | written | matches |
//! |---|---|
//! | `扣费` | these characters |
//! | `(乱\|瞎\|)` | one of the alternatives; an empty one makes the group optional |
//! | `…` | up to [`GAP`] characters of the same sentence |
//! | `N` | a number in any form: `3`, `三`, `十几`, `好几` |
//! | `<not>` | one of the alternatives of the class `@not` |
//!
//! Each pattern has an anchor, a group of plain strings that is looked up by
//! Aho–Corasick; the rest is matched outwards from there.

use std::collections::BTreeMap;

/// Most characters that `…` stands for.
const GAP: usize = 10;
/// Most characters of a number.
const NUMBER: usize = 8;
/// A pattern with more alternatives in all is a mistake rather than a variant.
const MOST_ALTERNATIVES: usize = 2_000;

/// Named groups of alternatives, defined by `@name` lines.
pub(super) type Classes = BTreeMap<String, Vec<String>>;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Atom {
    Text(String),
    Number,
    Gap,
}

/// One place of a pattern: any of its alternatives.
#[derive(Debug, Clone, Default)]
struct Group {
    /// Whether nothing at all will do.
    optional: bool,
    /// Plain alternatives by their first character.
    by_first: Vec<(char, String)>,
    /// The same by their last character.
    by_last: Vec<(char, String)>,
    /// Alternatives with numbers or gaps.
    mixed: Vec<Vec<Atom>>,
}

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

fn atoms(written: &str) -> Vec<Atom> {
    let mut atoms = Vec::new();
    for character in written.chars() {
        match (character, atoms.last_mut()) {
            ('N', _) => atoms.push(Atom::Number),
            ('…', _) => atoms.push(Atom::Gap),
            (_, Some(Atom::Text(text))) => text.push(character),
            _ => atoms.push(Atom::Text(character.to_string())),
        }
    }
    atoms
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

impl Group {
    fn new(alternatives: impl IntoIterator<Item = Vec<Atom>>) -> Self {
        let mut group = Self::default();
        for alternative in alternatives {
            match alternative.as_slice() {
                [] => group.optional = true,
                [Atom::Text(text)] => {
                    group
                        .by_first
                        .extend(text.chars().next().map(|first| (first, text.clone())));
                    group
                        .by_last
                        .extend(text.chars().next_back().map(|last| (last, text.clone())));
                }
                _ => group.mixed.push(alternative),
            }
        }
        group.by_first.sort();
        group.by_first.dedup();
        group.by_last.sort();
        group.by_last.dedup();
        group
    }

    fn len(&self) -> usize {
        self.by_first.len() + self.mixed.len() + usize::from(self.optional)
    }

    /// Bytes that every match has at least, as far as plain texts tell.
    fn shortest(&self) -> usize {
        if self.optional || !self.mixed.is_empty() {
            return 0;
        }
        self.by_first
            .iter()
            .map(|(_, text)| text.len())
            .min()
            .unwrap_or(0)
    }

    /// Calls `each` with every end of a match that starts at `at`.
    fn ends(&self, text: &str, at: usize, mut each: impl FnMut(usize)) {
        let rest = &text[at..];
        if let Some(first) = rest.chars().next() {
            for (_, plain) in starting_with(&self.by_first, first) {
                if rest.starts_with(plain.as_str()) {
                    each(at + plain.len());
                }
            }
        }
        for alternative in &self.mixed {
            run_forward(alternative, text, at)
                .into_iter()
                .for_each(&mut each);
        }
        if self.optional {
            each(at);
        }
    }

    /// Calls `each` with every start of a match that ends at `at`.
    fn starts(&self, text: &str, at: usize, mut each: impl FnMut(usize)) {
        let before = &text[..at];
        if let Some(last) = before.chars().next_back() {
            for (_, plain) in starting_with(&self.by_last, last) {
                if before.ends_with(plain.as_str()) {
                    each(at - plain.len());
                }
            }
        }
        for alternative in &self.mixed {
            run_backward(alternative, text, at)
                .into_iter()
                .for_each(&mut each);
        }
        if self.optional {
            each(at);
        }
    }
}

/// The entries of a sorted list with a key.
fn starting_with(sorted: &[(char, String)], key: char) -> &[(char, String)] {
    let from = sorted.partition_point(|(other, _)| *other < key);
    let to = from + sorted[from..].partition_point(|(other, _)| *other == key);
    &sorted[from..to]
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

fn run_forward(atoms: &[Atom], text: &str, at: usize) -> Vec<usize> {
    let mut ends = vec![at];
    for atom in atoms {
        ends = ends
            .into_iter()
            .flat_map(|at| step_forward(atom, text, at))
            .collect();
        if ends.is_empty() {
            break;
        }
    }
    ends
}

fn run_backward(atoms: &[Atom], text: &str, at: usize) -> Vec<usize> {
    let mut starts = vec![at];
    for atom in atoms.iter().rev() {
        starts = starts
            .into_iter()
            .flat_map(|at| step_backward(atom, text, at))
            .collect();
        if starts.is_empty() {
            break;
        }
    }
    starts
}

fn step_forward(atom: &Atom, text: &str, at: usize) -> Vec<usize> {
    let rest = &text[at..];
    match atom {
        Atom::Text(wanted) => rest
            .starts_with(wanted.as_str())
            .then_some(at + wanted.len())
            .into_iter()
            .collect(),
        Atom::Number => reach(rest.chars(), NUMBER, is_numeral)
            .skip(1)
            .map(|length| at + length)
            .collect(),
        Atom::Gap => reach(rest.chars(), GAP, within_sentence)
            .map(|length| at + length)
            .collect(),
    }
}

fn step_backward(atom: &Atom, text: &str, at: usize) -> Vec<usize> {
    let before = &text[..at];
    match atom {
        Atom::Text(wanted) => before
            .ends_with(wanted.as_str())
            .then(|| at - wanted.len())
            .into_iter()
            .collect(),
        Atom::Number => reach(before.chars().rev(), NUMBER, is_numeral)
            .skip(1)
            .map(|length| at - length)
            .collect(),
        Atom::Gap => reach(before.chars().rev(), GAP, within_sentence)
            .map(|length| at - length)
            .collect(),
    }
}

/// Lengths in bytes of the runs of 0, 1, … `most` characters that are all `allowed`.
fn reach(
    characters: impl Iterator<Item = char>,
    most: usize,
    allowed: fn(char) -> bool,
) -> impl Iterator<Item = usize> {
    let lengths = characters
        .take_while(move |&character| allowed(character))
        .take(most)
        .scan(0, |sum, character| {
            *sum += character.len_utf8();
            Some(*sum)
        });
    std::iter::once(0).chain(lengths)
}

fn within_sentence(character: char) -> bool {
    !matches!(character, '。' | '!' | '?' | ';' | '\n' | '.')
}

/// Characters of numbers as people say and write them.
pub(super) fn is_numeral(character: char) -> bool {
    character.is_ascii_digit()
        || matches!(
            character,
            '零' | '〇'
                | '一'
                | '二'
                | '两'
                | '三'
                | '四'
                | '五'
                | '六'
                | '七'
                | '八'
                | '九'
                | '十'
                | '百'
                | '千'
                | '万'
                | '亿'
                | '几'
                | '半'
                | '俩'
                | '幺'
                | '数'
        )
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

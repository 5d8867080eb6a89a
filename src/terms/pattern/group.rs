//! One place of a pattern: its alternatives, and where they match.

use super::numeral::is_numeral;

/// Most characters that `…` stands for.
const GAP: usize = 10;
/// Most characters of a number.
const NUMBER: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Atom {
    Text(String),
    Number,
    Gap,
}

/// One place of a pattern: any of its alternatives.
#[derive(Debug, Clone, Default)]
pub(super) struct Group {
    /// Whether nothing at all will do.
    optional: bool,
    /// Plain alternatives by their first character.
    pub(super) by_first: Vec<(char, String)>,
    /// The same by their last character.
    by_last: Vec<(char, String)>,
    /// Alternatives with numbers or gaps.
    mixed: Vec<Vec<Atom>>,
}

pub(super) fn atoms(written: &str) -> Vec<Atom> {
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

impl Group {
    pub(super) fn new(alternatives: impl IntoIterator<Item = Vec<Atom>>) -> Self {
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

    pub(super) fn len(&self) -> usize {
        self.by_first.len() + self.mixed.len() + usize::from(self.optional)
    }

    /// Bytes that every match has at least, as far as plain texts tell.
    pub(super) fn shortest(&self) -> usize {
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
    pub(super) fn ends(&self, text: &str, at: usize, mut each: impl FnMut(usize)) {
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
    pub(super) fn starts(&self, text: &str, at: usize, mut each: impl FnMut(usize)) {
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

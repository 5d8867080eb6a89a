//! The complaint lexicon: a data file that a user can replace.
//!
//! One entry a line, four fields separated by tabs; the last two may be left
//! out:
//!
//! ```text
//! term <TAB> category <TAB> weight 0..1 <TAB> variants separated by spaces
//! ```
//!
//! The term itself is a variant too. Variants are written in the language of
//! [`super::pattern`]. Lines that start with `#` are comments; a line
//! `@name <TAB> a|b|c` defines a class for the lines after it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;

use super::category::Category;
use super::pattern::{Classes, Pattern};
use crate::segment::BadLine;

/// The lexicon in the binary, one file a category.
const BUILT_IN: [(&str, &str); 10] = [
    ("fee.tsv", include_str!("lexicon/fee.tsv")),
    ("delay.tsv", include_str!("lexicon/delay.tsv")),
    ("attitude.tsv", include_str!("lexicon/attitude.tsv")),
    ("quality.tsv", include_str!("lexicon/quality.tsv")),
    ("refund.tsv", include_str!("lexicon/refund.tsv")),
    ("promise.tsv", include_str!("lexicon/promise.tsv")),
    ("access.tsv", include_str!("lexicon/access.tsv")),
    ("safety.tsv", include_str!("lexicon/safety.tsv")),
    ("process.tsv", include_str!("lexicon/process.tsv")),
    ("other.tsv", include_str!("lexicon/other.tsv")),
];
/// Weight of an entry that names none.
const DEFAULT_WEIGHT: f32 = 0.7;
/// A match of fewer characters says too little.
const SHORTEST: usize = 2;

/// One complaint with all its variants.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Canonical form, shown when the complaint is counted; `N` stands for a number.
    pub term: String,
    /// What the complaint is about.
    pub category: Category,
    /// How grave it is, 0..1.
    pub weight: f32,
}

/// Where an entry matches a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Match {
    /// Bytes of the normalised text.
    pub(super) range: Range<usize>,
    /// Index of the entry.
    pub(super) entry: usize,
}

/// Complaint terms by category, compiled for matching.
pub struct Lexicon {
    entries: Vec<Entry>,
    patterns: Vec<(Pattern, usize)>,
    anchors: AhoCorasick,
    /// For each anchor of the automaton: the patterns it belongs to.
    owners: Vec<Vec<usize>>,
    built_in: bool,
}

/// Why a lexicon could not be used.
#[derive(Debug, thiserror::Error)]
pub enum LexiconError {
    /// The file cannot be read.
    #[error("cannot read the lexicon {path}: {source}; give --lexicon a readable UTF-8 file")]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// No line of the file is an entry.
    #[error(
        "the lexicon {path} has no usable entry; write `term<TAB>category<TAB>weight<TAB>variants` lines"
    )]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The automaton cannot be built, for instance because the lexicon is huge.
    #[error("the lexicon {path} cannot be compiled: {source}; make it smaller")]
    Compile {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: aho_corasick::BuildError,
    },
}

impl Lexicon {
    /// The lexicon in the binary.
    pub fn built_in() -> Self {
        let mut draft = Draft::default();
        for (name, text) in BUILT_IN {
            draft.read(Path::new(name), text);
        }
        debug_assert!(
            draft.bad.is_empty(),
            "the built-in lexicon has bad lines: {:?}",
            draft.bad
        );
        let lexicon = draft.compile().unwrap_or_else(|_| Self::empty());
        Self {
            built_in: true,
            ..lexicon
        }
    }

    /// Reads a lexicon that replaces the built-in one. Bad lines are left out
    /// and returned with their numbers.
    pub fn load(path: &Path) -> Result<(Self, Vec<BadLine>), LexiconError> {
        let read = |source| LexiconError::Read {
            path: path.to_owned(),
            source,
        };
        let text = std::fs::read_to_string(path).map_err(read)?;
        let mut draft = Draft::default();
        draft.read(path, text.trim_start_matches('\u{feff}'));
        if draft.entries.is_empty() {
            return Err(LexiconError::Empty {
                path: path.to_owned(),
            });
        }
        let bad = std::mem::take(&mut draft.bad);
        let compile = |source| LexiconError::Compile {
            path: path.to_owned(),
            source,
        };
        Ok((draft.compile().map_err(compile)?, bad))
    }

    /// Whether this is the lexicon in the binary.
    pub fn is_built_in(&self) -> bool {
        self.built_in
    }

    /// The entries, in the order of the file.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// All matches in a normalised text, the longest of each pattern and
    /// anchor, ordered by start, then longest first.
    pub(super) fn matches(&self, text: &str) -> Vec<Match> {
        let mut found = BTreeSet::new();
        for anchor in self.anchors.find_overlapping_iter(text) {
            for &pattern in &self.owners[anchor.pattern().as_usize()] {
                let (pattern, entry) = &self.patterns[pattern];
                if let Some((start, end)) = pattern.extend(text, anchor.start(), anchor.end())
                    && text[start..end].chars().count() >= SHORTEST
                {
                    found.insert((start, usize::MAX - end, *entry));
                }
            }
        }
        found
            .into_iter()
            .map(|(start, end, entry)| Match {
                range: start..usize::MAX - end,
                entry,
            })
            .collect()
    }

    fn empty() -> Self {
        let anchors = AhoCorasick::new(Vec::<String>::new());
        let anchors = anchors.expect("an automaton without patterns always builds");
        Self {
            entries: Vec::new(),
            patterns: Vec::new(),
            anchors,
            owners: Vec::new(),
            built_in: true,
        }
    }
}

/// A lexicon being read.
#[derive(Default)]
struct Draft {
    classes: Classes,
    entries: Vec<Entry>,
    patterns: Vec<(Pattern, usize)>,
    bad: Vec<BadLine>,
}

impl Draft {
    fn read(&mut self, path: &Path, text: &str) {
        for (index, line) in text.lines().enumerate() {
            let line = line.trim_end();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Err(reason) = self.read_line(line) {
                self.bad.push(BadLine {
                    path: path.to_owned(),
                    line: index + 1,
                    reason,
                });
            }
        }
    }

    fn read_line(&mut self, line: &str) -> Result<(), String> {
        let fields: Vec<&str> = line.split('\t').map(str::trim).collect();
        if let Some(name) = fields[0].strip_prefix('@') {
            let [_, alternatives] = fields[..] else {
                return Err("a class has two fields; write `@name<TAB>a|b|c`".to_owned());
            };
            let alternatives = alternatives.split('|').map(str::to_owned).collect();
            self.classes.insert(name.to_owned(), alternatives);
            return Ok(());
        }
        let (entry, variants) = parse_entry(&fields)?;
        let written = std::iter::once(fields[0]).chain(variants.split_whitespace());
        let patterns: Vec<Pattern> = written
            .map(|variant| Pattern::parse(variant, &self.classes))
            .collect::<Result<_, _>>()?;
        let index = self.entries.len();
        self.entries.push(entry);
        self.patterns
            .extend(patterns.into_iter().map(|pattern| (pattern, index)));
        Ok(())
    }

    fn compile(self) -> Result<Lexicon, aho_corasick::BuildError> {
        let mut owners: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, (pattern, _)) in self.patterns.iter().enumerate() {
            for anchor in pattern.anchors() {
                owners.entry(anchor).or_default().push(index);
            }
        }
        let anchors = AhoCorasick::new(owners.keys())?;
        let owners = owners.into_values().collect();
        Ok(Lexicon {
            entries: self.entries,
            patterns: self.patterns,
            anchors,
            owners,
            built_in: false,
        })
    }
}

/// Checks the fields of an entry line; returns it with its variants.
fn parse_entry<'a>(fields: &[&'a str]) -> Result<(Entry, &'a str), String> {
    let (term, category, weight, variants) = match *fields {
        [term, category] => (term, category, "", ""),
        [term, category, weight] => (term, category, weight, ""),
        [term, category, weight, variants] => (term, category, weight, variants),
        _ => {
            let count = fields.len();
            return Err(format!(
                "{count} tab-separated fields where 2 to 4 are wanted; write `term<TAB>category<TAB>weight<TAB>variants`"
            ));
        }
    };
    if term.chars().count() < SHORTEST {
        return Err(format!("the term must have at least {SHORTEST} characters"));
    }
    let category = Category::from_name(category).ok_or_else(|| {
        let names: Vec<&str> = Category::ALL
            .iter()
            .map(|category| category.name())
            .collect();
        format!("unknown category; use one of {}", names.join(", "))
    })?;
    let weight = if weight.is_empty() {
        Ok(DEFAULT_WEIGHT)
    } else {
        weight.parse()
    };
    match weight {
        Ok(weight) if (0.0..=1.0).contains(&weight) => Ok((
            Entry {
                term: term.to_owned(),
                category,
                weight,
            },
            variants,
        )),
        _ => Err("the weight is no number between 0 and 1".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn every_category_has_hundreds_of_forms_and_no_bad_line() {
        let mut draft = Draft::default();
        for (name, text) in BUILT_IN {
            draft.read(Path::new(name), text);
        }
        assert_eq!(draft.bad, []);
        for category in Category::ALL {
            let forms: usize = draft
                .patterns
                .iter()
                .filter(|(_, entry)| draft.entries[*entry].category == category)
                .map(|(pattern, _)| pattern.anchors().count())
                .sum();
            assert!(forms >= 200, "{}: {forms}", category.name());
        }
    }

    #[test]
    fn a_replacement_is_read_and_its_bad_lines_are_named() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(
            file,
            "# mine\n白屏\tquality\t0.9\t屏幕(发白|全白)\n坏\tquality\n扣费\tmoney\n扣费\tfee\t7"
        )
        .unwrap();
        let (lexicon, bad) = Lexicon::load(file.path()).unwrap();
        assert_eq!(
            bad.iter().map(|bad| bad.line).collect::<Vec<_>>(),
            [3, 4, 5]
        );
        let text = "升级以后屏幕全白";
        let found = lexicon.matches(text);
        assert_eq!(found.len(), 1);
        assert_eq!(&text[found[0].range.clone()], "屏幕全白");
        assert_eq!(lexicon.entries()[found[0].entry].term, "白屏");
    }

    #[test]
    fn a_file_without_entries_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(matches!(
            Lexicon::load(file.path()),
            Err(LexiconError::Empty { .. })
        ));
    }
}

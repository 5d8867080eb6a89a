//! Third stage: jieba words with part of speech, under a domain dictionary.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jieba_rs::Jieba;

/// Domain words that jieba's general dictionary cuts apart; jieba's own format
/// (`word frequency tag`).
const DOMAIN_DICTIONARY: &str = include_str!("domain.dict");

/// One word of a normalised text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Byte range in the normalised text.
    pub range: Range<usize>,
    /// Part of speech in jieba's tag set (`n`, `v`, `vn`, `a`, …).
    pub tag: String,
}

/// Cuts normalised text into words. Cheap to clone, shared by all threads.
#[derive(Clone)]
pub struct Segmenter {
    jieba: Arc<Jieba>,
}

/// Why a dictionary could not be used.
#[derive(Debug, thiserror::Error)]
pub enum DictionaryError {
    /// The file cannot be read.
    #[error(
        "cannot read the user dictionary {path}: {source}; give --user-dict a readable UTF-8 file"
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
}

/// A line of a user dictionary that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// The dictionary.
    pub path: PathBuf,
    /// 1-based line number.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl Segmenter {
    /// Builds the segmenter from jieba's dictionary, the domain dictionary and
    /// the user's own files (one word a line: `word [frequency] [tag]`, `#`
    /// comments). Bad lines are left out and returned.
    pub fn new(user_dictionaries: &[PathBuf]) -> Result<(Self, Vec<BadLine>), DictionaryError> {
        let mut segmenter = Self {
            jieba: Arc::new(Jieba::new()),
        };
        segmenter.add_words(DOMAIN_DICTIONARY, Path::new("domain.dict"));
        let mut bad = Vec::new();
        for path in user_dictionaries {
            let read = |source| DictionaryError::Read {
                path: path.clone(),
                source,
            };
            let text = std::fs::read_to_string(path).map_err(read)?;
            bad.extend(segmenter.add_words(&text, path));
        }
        Ok((segmenter, bad))
    }

    /// Adds the words of a dictionary given as text; `path` stands in the bad
    /// lines, which are left out and returned.
    pub fn add_words(&mut self, dictionary: &str, path: &Path) -> Vec<BadLine> {
        let jieba = Arc::make_mut(&mut self.jieba);
        let mut bad = Vec::new();
        let lines = dictionary.trim_start_matches('\u{feff}').lines();
        for (index, line) in lines.enumerate() {
            match parse_line(line) {
                Ok(Some(entry)) => {
                    jieba.add_word(entry.word, entry.frequency, entry.tag);
                }
                Ok(None) => {}
                Err(reason) => bad.push(BadLine {
                    path: path.to_owned(),
                    line: index + 1,
                    reason,
                }),
            }
        }
        bad
    }

    /// The words of a normalised text, in order, covering all of it.
    pub fn words(&self, text: &str) -> Vec<Word> {
        let mut at = 0;
        let tagged = self.jieba.tag(text, true);
        tagged
            .into_iter()
            .map(|token| {
                let range = at..at + token.word.len();
                at = range.end;
                Word {
                    range,
                    tag: token.tag.to_owned(),
                }
            })
            .collect()
    }
}

/// The highest frequency of a word: jieba adds all up, and its commonest word
/// has under a million.
const MOST_FREQUENT: usize = 1_000_000_000;

struct Entry<'a> {
    word: &'a str,
    frequency: Option<usize>,
    tag: Option<&'a str>,
}

/// Reads `word [frequency] [tag]`; `None` for a blank line or a comment.
fn parse_line(line: &str) -> Result<Option<Entry<'_>>, String> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (frequency, tag) = match fields[1..] {
        [] => (None, None),
        [one] => one
            .parse()
            .map_or((None, Some(one)), |frequency| (Some(frequency), None)),
        [frequency, tag] => {
            match frequency.parse() {
                Ok(frequency) => (Some(frequency), Some(tag)),
                Err(_) => {
                    return Err("the second field is no frequency (a whole number); write `word frequency tag`".to_owned());
                }
            }
        }
        _ => {
            let count = fields.len();
            return Err(format!(
                "{count} fields where at most 3 are allowed; write `word frequency tag`"
            ));
        }
    };
    if tag.is_some_and(|tag| !tag.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
        return Err(
            "the part-of-speech tag is not made of ASCII letters; write `word frequency tag`"
                .to_owned(),
        );
    }
    if frequency.is_some_and(|frequency| frequency > MOST_FREQUENT) {
        return Err(format!(
            "the frequency is above {MOST_FREQUENT}; write a number like that of a common word, such as 1000"
        ));
    }
    Ok(Some(Entry {
        word: fields[0],
        frequency,
        tag,
    }))
}

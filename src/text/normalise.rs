use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, OnceLock};

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;
use unicode_normalization::UnicodeNormalization;

use crate::call::Span;

/// A turn's text, normalised for matching, with a map to the raw text.
///
/// Each raw character is converted by itself, so that every normalised
/// character has exactly one raw origin: compatibility forms are folded (NFKC:
/// `Ａ` → `A`, `：` → `:`), letters become lower case, and traditional
/// characters become simplified ones (`費` → `费`). Fillers and pauses stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normalised {
    text: String,
    /// For each byte of `text`: index of the raw character it came from.
    origin: Vec<u32>,
}

impl Normalised {
    /// Normalises one turn.
    pub fn new(raw: &str) -> Self {
        let mut text = String::with_capacity(raw.len());
        let mut origin = Vec::with_capacity(raw.len());
        for (index, character) in raw.chars().enumerate() {
            push_folded(character, &mut text);
            origin.resize(text.len(), index as u32);
        }
        Self { text, origin }
    }

    /// The normalised text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The raw characters that a byte range of [`Self::text`] came from.
    /// The range must be non-empty and lie within the text.
    pub fn raw_span(&self, bytes: Range<usize>) -> Span {
        let first = self.origin[bytes.start] as usize;
        let last = self.origin[bytes.end - 1] as usize;
        Span(first, last + 1)
    }
}

/// The text with traditional characters as simplified ones, otherwise as it is:
/// what a model trained on simplified text should read.
pub fn simplified(raw: &str) -> String {
    raw.chars().map(simplified_character).collect()
}

/// Appends the normalised form of one character; nothing for a character that
/// only formats (zero-width space, direction marks, byte-order mark).
fn push_folded(character: char, out: &mut String) {
    if character.is_ascii() {
        out.push(character.to_ascii_lowercase());
    } else if !is_format_character(character) {
        for folded in std::iter::once(character).nfkc() {
            out.extend(simplified_character(folded).to_lowercase());
        }
    }
}

fn is_format_character(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Traditional → simplified for one character, by OpenCC's own tables.
/// Conversions are remembered: calls repeat a few thousand characters.
fn simplified_character(character: char) -> char {
    static CONVERTER: OnceLock<Option<OpenCC>> = OnceLock::new();
    static KNOWN: OnceLock<Mutex<HashMap<char, char>>> = OnceLock::new();
    if !matches!(character, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
    {
        return character;
    }
    let known = KNOWN.get_or_init(Mutex::default);
    let mut known = known
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    *known.entry(character).or_insert_with(|| {
        let converter = CONVERTER.get_or_init(|| OpenCC::from_config(BuiltinConfig::T2s).ok());
        let Some(converter) = converter else {
            return character;
        };
        let converted = converter.convert(character.encode_utf8(&mut [0; 4]));
        let mut characters = converted.chars();
        match (characters.next(), characters.next()) {
            (Some(one), None) => one,
            _ => character,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_full_width_case_and_traditional_forms() {
        assert_eq!(
            Normalised::new("ＡＢＣ１２３：亂扣費").text(),
            "abc123:乱扣费"
        );
    }

    #[test]
    fn spans_point_at_the_raw_characters() {
        let raw = "㎡亂\u{200b}扣費了";
        let normalised = Normalised::new(raw);
        assert_eq!(normalised.text(), "m2乱扣费了");
        let at = normalised.text().find("乱扣费").unwrap();
        let Span(start, end) = normalised.raw_span(at..at + "乱扣费".len());
        let picked: String = raw.chars().skip(start).take(end - start).collect();
        assert_eq!(picked, "亂\u{200b}扣費");
    }
}

use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

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

    /// The byte range of [`Self::text`] that came from raw characters; empty
    /// where they left nothing.
    pub fn bytes_of(&self, raw: Span) -> Range<usize> {
        let before = |end: usize| self.origin.partition_point(|&at| (at as usize) < end);
        before(raw.0)..before(raw.1)
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

/// The Chinese characters of the basic plane: what calls are written in.
const COMMON: Range<u32> = 0x3400..0xa000;

/// Traditional → simplified for one character. Conversions of common
/// characters are remembered: calls repeat a few thousand of them, and many
/// threads ask at once, so nobody waits for a lock.
fn simplified_character(character: char) -> char {
    /// 0 where the conversion is not known yet.
    static KNOWN: [AtomicU32; (COMMON.end - COMMON.start) as usize] =
        [const { AtomicU32::new(0) }; (COMMON.end - COMMON.start) as usize];
    let code = u32::from(character);
    if !COMMON.contains(&code) {
        return match character {
            '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}' => converted(character),
            _ => character,
        };
    }
    let known = &KNOWN[(code - COMMON.start) as usize];
    if let Some(known) = char::from_u32(known.load(Ordering::Relaxed)).filter(|&c| c != '\0') {
        return known;
    }
    let converted = converted(character);
    known.store(converted.into(), Ordering::Relaxed);
    converted
}

/// Traditional → simplified by OpenCC's own tables.
fn converted(character: char) -> char {
    static CONVERTER: OnceLock<Option<OpenCC>> = OnceLock::new();
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
    fn raw_characters_are_found_again_in_the_text() {
        let normalised = Normalised::new("㎡亂\u{200b}扣費了");
        assert_eq!(&normalised.text()[normalised.bytes_of(Span(0, 2))], "m2乱");
        assert_eq!(&normalised.text()[normalised.bytes_of(Span(2, 5))], "扣费");
        assert!(normalised.bytes_of(Span(2, 3)).is_empty());
        assert_eq!(&normalised.text()[normalised.bytes_of(Span(5, 99))], "了");
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

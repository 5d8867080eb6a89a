use std::ops::Range;

use super::{Kind, Said};
use crate::call::Speaker;
use crate::text::Normalised;

/// Stands for every byte of what is already known or already a placeholder.
pub(super) const HIDDEN: char = '\u{1}';

/// A turn on its way through the recognisers: normalised text in which what was
/// found, and placeholders of an earlier redaction, are hidden. Hidden parts
/// end every context, so that they neither introduce nor continue anything.
pub(super) struct Line {
    normalised: Normalised,
    text: String,
    speaker: Speaker,
    found: Vec<(Range<usize>, Kind)>,
}

impl Line {
    pub(super) fn new(said: &Said<'_>) -> Self {
        let normalised = Normalised::new(said.text);
        let text = normalised.text().replace(HIDDEN, " ");
        let mut line = Self {
            normalised,
            text,
            speaker: said.speaker,
            found: Vec::new(),
        };
        if line.text.contains('[') {
            line.hide_placeholders();
        }
        line
    }

    fn hide_placeholders(&mut self) {
        for kind in Kind::ALL {
            // Normalised text is in lower case.
            let placeholder = kind.placeholder().to_lowercase();
            while let Some(at) = self.text.find(&placeholder) {
                self.hide(at..at + placeholder.len());
            }
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn speaker(&self) -> Speaker {
        self.speaker
    }

    /// Takes a piece, where it is free, and hides it. A raw character that became
    /// several normalised ones (`㎡`) goes as a whole, as it does from the raw text.
    pub(super) fn take(&mut self, range: Range<usize>, kind: Kind) -> bool {
        if range.is_empty() {
            return false;
        }
        let range = self.normalised.bytes_of(self.normalised.raw_span(range));
        let free = !self.text[range.clone()].contains(HIDDEN);
        if free {
            self.hide(range.clone());
            self.found.push((range, kind));
        }
        free
    }

    fn hide(&mut self, range: Range<usize>) {
        let hidden = HIDDEN.to_string().repeat(range.len());
        self.text.replace_range(range, &hidden);
    }

    /// How many pieces were taken.
    pub(super) fn taken(&self) -> usize {
        self.found.len()
    }

    /// The pieces in the raw text, in order.
    pub(super) fn pieces(mut self) -> Vec<super::Piece> {
        self.found.sort_by_key(|(range, _)| range.start);
        let piece = |(range, kind)| super::Piece {
            kind,
            span: self.normalised.raw_span(range),
        };
        self.found.into_iter().map(piece).collect()
    }
}

/// The last `most` characters before a place, none of them hidden.
pub(super) fn before(text: &str, at: usize, most: usize) -> &str {
    let start = text[..at]
        .char_indices()
        .rev()
        .take_while(|(_, character)| *character != HIDDEN)
        .take(most)
        .last()
        .map_or(at, |(start, _)| start);
    &text[start..at]
}

/// The first `most` characters after a place, none of them hidden.
pub(super) fn after(text: &str, at: usize, most: usize) -> &str {
    let rest = &text[at..];
    let end = rest
        .char_indices()
        .take_while(|(_, character)| *character != HIDDEN)
        .take(most)
        .last()
        .map_or(0, |(start, character)| start + character.len_utf8());
    &rest[..end]
}

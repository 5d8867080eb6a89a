//! Personal data in what was said: numbers, names, addresses, in every form in
//! which a recogniser writes speech.
//!
//! [`find`] reads a whole call, because numbers are read in pieces over several
//! turns and asked for a turn before. [`Shown`] is a text with placeholders in
//! place of the pieces and a map for the spans of findings.
//!
//! Recall goes before precision: of an unclear long number the number goes.
//! Amounts, dates, durations, model names and the public numbers of services
//! (10086, 12315, 95588, 400-…) stay. Time is linear in the length of the call:
//! every look around is bounded.

mod address;
mod cues;
mod email;
mod handles;
mod identifiers;
mod kind;
mod line;
mod memory;
mod names;
mod numbers;
mod numerals;
mod plate;
mod quantities;
mod shapes;
mod shown;
mod spelled;
mod streams;
mod surnames;

pub use identifiers::{shown_identifier, shown_value};
pub use kind::Kind;
pub use shown::Shown;

use crate::call::{Span, Speaker};
use line::Line;

/// Passes over a call. What is found is hidden from the next pass; two or three
/// are the rule, and the last finds nothing.
const MOST_PASSES: usize = 12;

/// A turn as personal data is looked for in it.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// Who speaks.
    pub speaker: Speaker,
    /// The raw text.
    pub text: &'a str,
}

/// A piece of personal data in a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// What it is.
    pub kind: Kind,
    /// Where it stands in the raw text.
    pub span: Span,
}

/// The personal data of a call: for each turn its pieces, ordered by place, not
/// overlapping.
pub fn find(turns: &[Said<'_>]) -> Vec<Vec<Piece>> {
    let mut lines: Vec<Line> = turns.iter().map(Line::new).collect();
    let mut memory = memory::Memory::default();
    let mut is_new = vec![true; lines.len()];
    for _ in 0..MOST_PASSES {
        let before: Vec<usize> = lines.iter().map(Line::taken).collect();
        // These look at one turn only, so where nothing was found they find nothing again.
        for (line, _) in lines.iter_mut().zip(&is_new).filter(|(_, new)| **new) {
            email::take(line);
            plate::take(line);
            handles::take(line);
            address::take(line);
        }
        numbers::take(&mut lines, &mut memory);
        names::take(&mut lines, &mut memory);
        let after = lines.iter().map(Line::taken);
        is_new = after
            .zip(&before)
            .map(|(after, before)| after != *before)
            .collect();
        if !is_new.contains(&true) {
            break;
        }
    }
    lines.into_iter().map(Line::pieces).collect()
}

/// The personal data of a single text.
pub fn find_in(text: &str) -> Vec<Piece> {
    let said = Said {
        speaker: Speaker::Unknown,
        text,
    };
    find(&[said]).pop().unwrap_or_default()
}

/// A single text with placeholders.
pub fn shown(text: &str) -> String {
    Shown::new(text, &find_in(text)).into_text()
}

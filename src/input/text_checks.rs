//! Oddities of what is said.

use super::checks::Notes;

/// A run of one repeated character or phrase of this length is a recogniser's fault.
const LONGEST_RUN: usize = 100;

/// The text of one turn, cut to the limit; what is odd about it goes to the notes.
pub fn of_turn(index: usize, text: Option<String>, limit: usize, notes: &mut Notes) -> String {
    let Some(mut text) = text else {
        notes.add("missing_text", index, "the turn has no text");
        return String::new();
    };
    if text.trim().is_empty() {
        notes.add("empty_text", index, "the turn's text is empty");
    }
    if let Some((at, _)) = text.char_indices().nth(limit) {
        text.truncate(at);
        notes.add(
            "turn_cut",
            index,
            "the turn is longer than the maximum and was cut",
        );
    }
    remark(index, &text, notes);
    text
}

/// Marks of a recogniser in trouble.
fn remark(index: usize, text: &str, notes: &mut Notes) {
    if ["[UNK]", "<unk>", "[unk]", "<UNK>"]
        .iter()
        .any(|mark| text.contains(mark))
    {
        notes.add(
            "unknown_tokens",
            index,
            "the recogniser left words out as [UNK]",
        );
    }
    if text.contains('\u{FFFD}') {
        notes.add(
            "damaged_text",
            index,
            "the text has characters that were lost before it came here",
        );
    }
    if has_pause_mark(text) {
        notes.add("pause_marks", index, "the text has _ as a mark of a pause");
    }
    if has_long_run(text) {
        notes.add(
            "repeated_characters",
            index,
            "the text repeats itself in a way that people do not",
        );
    }
}

/// `_` beside a Chinese character or alone; not the one in an identifier.
fn has_pause_mark(text: &str) -> bool {
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let after = chars.peek().copied().unwrap_or(' ');
        if c == '_' && !before.is_ascii_alphanumeric() && !after.is_ascii_alphanumeric() {
            return true;
        }
        before = c;
    }
    false
}

/// The same one to four characters over and over.
fn has_long_run(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    (1..=4).any(|period| {
        let mut run = 0;
        chars
            .iter()
            .zip(chars.iter().skip(period))
            .any(|(earlier, later)| {
                run = if earlier == later { run + 1 } else { 0 };
                run + period >= LONGEST_RUN
            })
    })
}

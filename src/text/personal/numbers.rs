//! Decides which streams of digits are personal, and of what kind.

use super::Kind;
use super::cues;
use super::line::Line;
use super::memory::Memory;
use super::quantities;
use super::shapes;
use super::streams::{Part, Stream, streams};

/// A number that nothing explains is long enough to be somebody's from here on:
/// in one group, and in several.
const LONG_GROUP: usize = 7;
const LONG_NUMBER: usize = 11;
/// Longest digit string that is looked at as one number.
const LONGEST: usize = 24;
/// A group of a read-back.
const READ_BACK: usize = 4;

/// Takes all personal numbers of a call.
pub(super) fn take(lines: &mut [Line], memory: &mut Memory) {
    let streams = streams(lines);
    let mut left = Vec::new();
    for stream in streams {
        let cue = cue(lines, &stream);
        let mut found = classify(&stream, cue);
        if found.is_empty() {
            found.extend(first_piece(lines, &stream));
        }
        for number in &found {
            let parts = &stream.parts[number.first..=number.last];
            let digits: String = parts.iter().map(|p| p.group.digits.as_str()).collect();
            memory.add_number(&digits, number.kind);
            take_parts(lines, parts, number.kind);
        }
        left.extend(
            stream
                .parts
                .into_iter()
                .enumerate()
                .filter(|(place, _)| !found.iter().any(|n| (n.first..=n.last).contains(place)))
                .map(|(_, part)| part),
        );
    }
    take_read_backs(lines, memory, &left);
}

/// A few digits that are all of a turn, and what was asked for: the first piece
/// of a number whose others were not heard.
fn first_piece(lines: &[Line], stream: &Stream) -> Option<Number> {
    let kind = stream.asked?;
    let digits = stream.digits();
    let said: usize = stream.parts.iter().map(|p| p.group.digits.len()).sum();
    let bare = |part: &Part| super::numerals::says_at_most(said, lines[part.turn].text());
    let is_piece =
        digits.len() >= 3 && !shapes::is_public(&digits) && stream.parts.iter().all(bare);
    is_piece.then_some(Number {
        kind,
        first: 0,
        last: stream.parts.len().saturating_sub(1),
    })
}

/// A part of a stream that is a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Number {
    kind: Kind,
    first: usize,
    last: usize,
}

/// What the words around the stream's first group, or those after its last, or
/// the question before it, say it is.
fn cue(lines: &[Line], stream: &Stream) -> Option<Kind> {
    let (first, last) = (stream.parts.first()?, stream.parts.last()?);
    let length = stream.digits().len();
    let text = lines[first.turn].text();
    let before = cues::ahead(text, first.group.range.start, length);
    let after = || cues::behind(lines[last.turn].text(), last.group.range.end);
    // A short answer to a question is little more than the number.
    let said: usize = stream
        .parts
        .iter()
        .map(|part| part.group.digits.len())
        .sum();
    let bare = length >= 5 || super::numerals::says_at_most(said + 10, text);
    before.or_else(after).or(stream.asked.filter(|_| bare))
}

/// The numbers in a stream.
fn classify(stream: &Stream, cue: Option<Kind>) -> Vec<Number> {
    let parts = &stream.parts;
    let digits = stream.digits();
    let whole = |kind| {
        vec![Number {
            kind,
            first: 0,
            last: parts.len() - 1,
        }]
    };
    if parts.is_empty() || shapes::is_public(&digits) && !may_be_public_by_chance(&digits, cue) {
        return Vec::new();
    }
    // A number that is called an order is one, whatever its digits look like.
    let named = cue.filter(|kind| is_reference(Some(*kind)));
    if let Some(kind) = named
        && digits.len() != 11
        && (kind.fewest_digits()..=LONGEST).contains(&digits.len())
        && !(kind == Kind::Account && shapes::of(&digits).is_some())
    {
        return whole(kind);
    }
    let mut found = shaped(parts);
    if found.is_empty()
        && let Some(kind) = without_repeats(parts).as_deref().and_then(shapes::of)
    {
        return whole(kind);
    }
    if found.is_empty() {
        return unshaped(parts, &digits, cue).map(whole).unwrap_or_default();
    }
    add_left_over(parts, &mut found);
    found
}

/// Whether digits like those of a service are somebody's nevertheless: a code, or
/// a longer number that is called an order.
fn may_be_public_by_chance(digits: &str, cue: Option<Kind>) -> bool {
    matches!(cue, Some(Kind::Code | Kind::Tail)) || digits.len() > 5 && is_reference(cue)
}

/// Whether the words name a kind whose digits have no shape of their own.
fn is_reference(cue: Option<Kind>) -> bool {
    matches!(
        cue,
        Some(
            Kind::Order
                | Kind::Account
                | Kind::Qq
                | Kind::Code
                | Kind::BankCard
                | Kind::Identity
                | Kind::Document
                | Kind::Tail
        )
    )
}

/// Numbers by shape, from the left: at each group the likeliest.
fn shaped(parts: &[Part]) -> Vec<Number> {
    let rank = |kind| match kind {
        Kind::Identity => 0,
        Kind::Mobile => 1,
        Kind::BankCard => 2,
        _ => 3,
    };
    let mut found = Vec::new();
    let mut first = 0;
    while first < parts.len() {
        let mut digits = String::new();
        let mut best: Option<Number> = None;
        for (last, part) in parts.iter().enumerate().skip(first) {
            digits.push_str(&part.group.digits);
            if digits.len() > LONGEST {
                break;
            }
            let Some(kind) = shapes::of(&digits) else {
                continue;
            };
            // A landline number of seven digits may go on to eight.
            let longer = kind == Kind::Landline;
            if best.is_none_or(|best| rank(kind) < rank(best.kind) || longer && best.kind == kind) {
                best = Some(Number { kind, first, last });
            }
        }
        first = best.map_or(first + 1, |number| number.last + 1);
        found.extend(best);
    }
    found
}

/// The digits without groups said twice, if there are such.
fn without_repeats(parts: &[Part]) -> Option<String> {
    let mut kept: Vec<&str> = Vec::new();
    for part in parts {
        if kept.last() != Some(&part.group.digits.as_str()) {
            kept.push(&part.group.digits);
        }
    }
    (kept.len() < parts.len()).then(|| kept.concat())
}

/// A number without a shape, by its length and what is said of it.
fn unshaped(parts: &[Part], digits: &str, cue: Option<Kind>) -> Option<Kind> {
    let length = digits.len();
    let longest = parts.iter().map(|part| part.group.digits.len()).max()?;
    let years = parts.iter().all(|part| {
        let digits = &part.group.digits;
        quantities::is_year(digits) || quantities::is_written_date(digits)
    });
    if years || cue == Some(Kind::Number) && length < LONG_NUMBER {
        return None;
    }
    if let Some(kind) = cue.filter(|kind| *kind != Kind::Number)
        && length >= kind.fewest_digits()
    {
        return Some(kind);
    }
    (longest >= LONG_GROUP
        || length >= LONG_NUMBER && longest >= 2
        || length >= LONG_NUMBER && parts.len() >= LONG_NUMBER)
        .then_some(Kind::Number)
}

/// What was read in one breath with a number belongs to it: a first attempt, a
/// part said twice.
fn add_left_over(parts: &[Part], found: &mut Vec<Number>) {
    let Some(kind) = found.first().map(|number| number.kind) else {
        return;
    };
    let is_left = |place: &usize| {
        !found
            .iter()
            .any(|number| (number.first..=number.last).contains(place))
    };
    let left: Vec<usize> = (0..parts.len()).filter(is_left).collect();
    for place in left {
        if parts[place].group.digits.len() >= 3 {
            found.push(Number {
                kind,
                first: place,
                last: place,
            });
        }
    }
}

/// Takes each turn's groups of a number as one piece, with the pauses between
/// them.
fn take_parts(lines: &mut [Line], parts: &[Part], kind: Kind) {
    for turn in parts.chunk_by(|a, b| a.turn == b.turn) {
        let (Some(first), Some(last)) = (turn.first(), turn.last()) else {
            continue;
        };
        let line = &mut lines[first.turn];
        let range = with_prefix(line.text(), first.group.range.start, kind)
            ..with_rest(line.text(), last.group.range.end);
        if !line.take(range, kind) {
            for part in turn {
                line.take(part.group.range.clone(), kind);
            }
        }
    }
}

/// The start of a number, with a plus sign or the letters that belong to it.
fn with_prefix(text: &str, start: usize, kind: Kind) -> usize {
    let bytes = text.as_bytes();
    let mut at = start;
    if at > 0 && bytes[at - 1] == b'+' {
        return at - 1;
    }
    while at > 0 && bytes[at - 1].is_ascii_alphanumeric() {
        at -= 1;
    }
    // s f 一三八…: letters spelled out before the digits of an order.
    while at > 1
        && matches!(
            kind,
            Kind::Order | Kind::Account | Kind::Document | Kind::WeChat
        )
        && bytes[at - 1] == b' '
        && bytes[at - 2].is_ascii_lowercase()
        && (at == 2 || !bytes[at - 3].is_ascii_alphanumeric())
    {
        at -= 2;
    }
    at
}

/// The end of a number, with the letters that adjoin it.
fn with_rest(text: &str, end: usize) -> usize {
    let rest = text[end..].bytes();
    end + rest.take_while(u8::is_ascii_alphanumeric).count()
}

/// Takes groups that repeat a part of a number of the call, and first attempts
/// that a number beside them corrects.
fn take_read_backs(lines: &mut [Line], memory: &Memory, left: &[Part]) {
    for part in left {
        let digits = &part.group.digits;
        let line = &lines[part.turn];
        let attempt = digits.len() >= 3
            && (part.group.spoken || digits.len() >= READ_BACK)
            && !shapes::is_public(digits)
            && stands_beside(line.text(), part);
        let known = memory
            .number_with(digits)
            .filter(|_| !shapes::is_public(digits) && !quantities::is_year(digits));
        let said = line.text()[part.group.range.clone()].chars().count();
        let repeats = digits.len() >= READ_BACK
            || digits.len() == 3 && super::numerals::says_at_most(said + 6, line.text());
        let kind = known.filter(|_| repeats);
        if let Some(kind) = kind.or(attempt.then_some(Kind::Number)) {
            lines[part.turn].take(part.group.range.clone(), kind);
        }
    }
}

/// Whether a number was taken a few characters after the group: 一三八…不对….
fn stands_beside(text: &str, part: &Part) -> bool {
    let rest = &text[part.group.range.end..];
    let gap: String = rest
        .chars()
        .take(6)
        .take_while(|character| *character != super::line::HIDDEN)
        .collect();
    let reached = rest[gap.len()..].starts_with(super::line::HIDDEN);
    let taken_back = ["不对", "不是", "错", "哦不", "啊不", "重来", "等等"]
        .iter()
        .any(|word| gap.contains(word));
    reached && (taken_back || super::numerals::says_at_most(0, &gap))
}

//! Numbers over several turns: the groups of a number that is read in pieces,
//! with the other side's "mhm" and read-back between them.

use std::ops::Range;

use super::Kind;
use super::cues;
use super::line::Line;
use super::numerals::{self, Group, Run};
use crate::call::Speaker;

/// Most characters of a turn that does not interrupt a number.
const MOST_OF_A_NOD: usize = 8;
/// Most turns between two pieces of a number.
const MOST_BETWEEN: usize = 4;
/// Most digits of a number in pieces.
const MOST_DIGITS: usize = 40;
/// How many turns long a question waits for its answer.
const ANSWER_WITHIN: usize = 8;

/// A group in a turn.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub turn: usize,
    pub group: Group,
}

/// The groups of one number, as far as one can tell.
#[derive(Debug, Clone, Default)]
pub(super) struct Stream {
    pub parts: Vec<Part>,
    /// What the turn before asked for.
    pub asked: Option<Kind>,
}

impl Stream {
    pub(super) fn digits(&self) -> String {
        let groups = self.parts.iter().map(|part| part.group.digits.as_str());
        groups.collect()
    }

    fn of(turn: usize, run: Run, asked: Option<Kind>) -> Self {
        let parts = run.into_iter().map(|group| Part { turn, group });
        Self {
            parts: parts.collect(),
            asked,
        }
    }
}

/// A number whose last piece ended its turn.
struct Open {
    stream: Stream,
    last_turn: usize,
}

/// What has been asked for, by whom, when.
struct Question {
    kind: Kind,
    speaker: Speaker,
    turn: usize,
}

/// All streams of a call, in no particular order.
pub(super) fn streams(lines: &[Line]) -> Vec<Stream> {
    let mut done = Vec::new();
    let mut open: [Option<Open>; 3] = [None, None, None];
    let mut question: Option<Question> = None;
    for (turn, line) in lines.iter().enumerate() {
        let text = line.text();
        let mut runs = numerals::runs(text);
        let place = line.speaker() as usize;
        for slot in &mut open {
            let goes_on = slot
                .as_ref()
                .is_some_and(|slot| goes_on(slot, turn, line, &runs));
            if !goes_on {
                done.extend(slot.take().map(|open| open.stream));
            }
        }
        let asked = question
            .as_ref()
            .filter(|asked| {
                turn - asked.turn <= ANSWER_WITHIN
                    && (asked.speaker != line.speaker() || line.speaker() == Speaker::Unknown)
            })
            .map(|question| question.kind);
        let mut continued = None;
        if let Some(slot) = open[place].take() {
            if runs
                .first()
                .is_some_and(|run| is_lead(text, run) && fits(&slot.stream, run))
            {
                let mut stream = slot.stream;
                let first = runs.remove(0);
                let end = last_end(&first);
                stream.parts.extend(Stream::of(turn, first, None).parts);
                continued = Some((stream, end));
            } else if runs.is_empty() {
                open[place] = Some(slot);
            } else {
                done.push(slot.stream);
            }
        }
        let streams = continued.into_iter().chain(runs.into_iter().map(|run| {
            let end = last_end(&run);
            (Stream::of(turn, run, asked), end)
        }));
        for (stream, end) in streams {
            if numerals::says_at_most(0, &text[end..]) {
                open[place] = Some(Open {
                    stream,
                    last_turn: turn,
                });
            } else {
                done.push(stream);
            }
        }
        if let Some(kind) = cues::asked(text) {
            question = Some(Question {
                kind,
                speaker: line.speaker(),
                turn,
            });
        }
    }
    done.extend(open.into_iter().flatten().map(|open| open.stream));
    done
}

/// Whether a number stays open over a turn: its next piece, a nod, or its
/// digits read back.
fn goes_on(open: &Open, turn: usize, line: &Line, runs: &[Run]) -> bool {
    if turn - open.last_turn > MOST_BETWEEN {
        return false;
    }
    let text = line.text();
    let Some(first) = runs.first() else {
        return numerals::says_at_most(MOST_OF_A_NOD, text);
    };
    if is_lead(text, first) {
        return true;
    }
    let known = open.stream.digits();
    let read_back = runs.iter().all(|run| known.contains(&digits(run)));
    read_back && numerals::says_at_most(spoken_length(text, runs) + MOST_OF_A_NOD, text)
}

fn is_lead(text: &str, run: &Run) -> bool {
    let start = run.first().map_or(0, |group| group.range.start);
    numerals::says_at_most(1, &text[..start])
}

fn fits(stream: &Stream, run: &Run) -> bool {
    let groups = stream.parts.iter().map(|part| &part.group);
    let digits: usize = groups.chain(run).map(|group| group.digits.len()).sum();
    digits <= MOST_DIGITS
}

fn last_end(run: &Run) -> usize {
    run.last().map_or(0, |group| group.range.end)
}

fn digits(run: &Run) -> String {
    run.iter().map(|group| group.digits.as_str()).collect()
}

fn spoken_length(text: &str, runs: &[Run]) -> usize {
    let ranges: Vec<Range<usize>> = runs.iter().flatten().map(|g| g.range.clone()).collect();
    ranges
        .into_iter()
        .map(|range| text[range].chars().count())
        .sum()
}

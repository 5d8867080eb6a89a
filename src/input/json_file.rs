//! Calls in JSON: one document, JSON Lines, or an array, of any vendor's form,
//! bare or wrapped in what a service put around it.

use serde_json::Value;

use super::encoding::Decoded;
use super::error::Problem;
use super::file::{Found, Outcome, Outcomes};
use super::format::{Format, Reader};
use super::json;
use super::lines::{Elements, Lines, Piece, whole};
use super::meta;

/// How deep a call may be wrapped.
const WRAPPERS: usize = 5;
/// Elements of an array looked at to see whether they are calls or turns.
const ELEMENTS: usize = 50;

/// How the calls of a file are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// One value a line.
    Lines,
    /// An array of calls.
    Elements,
    /// One value.
    Document,
}

/// Whether the beginning of a file is JSON.
pub fn recognises(sample: &str) -> bool {
    let text = sample.trim_start();
    let inner = text.get(1..).unwrap_or_default().trim_start();
    match text.chars().next() {
        Some('{') => true,
        // A text may begin with [00:12] or [SPEAKER_00].
        Some('[') => inner.is_empty() || inner.starts_with(['{', '[', ']', '"']),
        _ => {
            let lines: Vec<&str> = text.lines().collect();
            let objects = lines.iter().filter(|line| line.starts_with("{\"")).count();
            objects > 0 && objects * 2 >= lines.len()
        }
    }
}

/// The calls of a JSON file, in `forced` format if there is one.
pub fn calls(mut decoded: Decoded, forced: Option<Format>) -> Result<Outcomes, Problem> {
    let encoding = decoded.encoding;
    match layout(&decoded.sample, decoded.complete, forced) {
        Layout::Lines => Ok(pieces(Lines::new(decoded.reader, encoding), forced)),
        Layout::Elements => Ok(pieces(Elements::new(decoded.reader, encoding), forced)),
        Layout::Document => {
            let text = whole(&mut decoded.reader, encoding)?;
            Ok(document(text, forced))
        }
    }
}

fn layout(sample: &str, complete: bool, forced: Option<Format>) -> Layout {
    let mut lines: Vec<&str> = sample
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    if !complete {
        if let (1, Some(line)) = (lines.len(), lines.first()) {
            return if line.starts_with('[') {
                elements(sample, complete, forced)
            } else {
                Layout::Lines
            };
        }
        lines.pop();
    }
    let opens = |line: &&str| line.starts_with('{') || line.starts_with('[');
    let values = lines
        .iter()
        .filter(|line| opens(line) && json::parse(line, 1).is_ok())
        .count();
    let many = lines.len() > 1
        && (values * 2 >= lines.len() || lines.iter().all(|line| line.starts_with('{')));
    let first_of_many = !complete && lines.len() == 1 && values == 1;
    if many || first_of_many {
        return Layout::Lines;
    }
    if sample.trim_start().starts_with('[') {
        elements(sample, complete, forced)
    } else {
        Layout::Document
    }
}

/// An array of calls is read element by element; an array of turns is one call.
fn elements(sample: &str, complete: bool, forced: Option<Format>) -> Layout {
    let pieces: Vec<Piece> = Elements::new(sample.as_bytes(), "")
        .take(ELEMENTS)
        .collect();
    let cut = |(_, piece): &Piece| matches!(piece, Err(Problem::TruncatedJson { .. }));
    let values: Vec<Value> = pieces
        .iter()
        .filter_map(|(line, piece)| json::parse(piece.as_ref().ok()?, *line).ok())
        .collect();
    if values.is_empty() {
        let one_large = !complete && pieces.first().is_some_and(cut);
        return if one_large {
            Layout::Elements
        } else {
            Layout::Document
        };
    }
    if values
        .iter()
        .any(|value| find(value, &[], 0, forced, 1).is_some())
        && recognised(&Value::Array(values), forced).is_none()
    {
        return Layout::Elements;
    }
    Layout::Document
}

/// The calls of lines or elements, each on its own.
fn pieces(
    pieces: impl Iterator<Item = Piece> + Send + 'static,
    forced: Option<Format>,
) -> Outcomes {
    let read = move |(line, piece): Piece| {
        let outcomes = match piece {
            Ok(text) if text.trim().is_empty() => Vec::new(),
            Ok(text) => match json::parse(text.trim().trim_end_matches(','), line) {
                Ok(value) => in_value(&value, forced, line),
                Err(problem) => vec![Err((Some(line), problem))],
            },
            Err(problem) => vec![Err((Some(line), problem))],
        };
        outcomes.into_iter()
    };
    Box::new(pieces.flat_map(read))
}

/// One document; when it is none, whatever single values or lines it holds.
fn document(text: String, forced: Option<Format>) -> Outcomes {
    let problem = match json::parse(&text, 1) {
        Ok(value) => return Box::new(in_value(&value, forced, 1).into_iter()),
        Err(problem) => problem,
    };
    if let Some(outcomes) = concatenated(&text, forced) {
        return Box::new(outcomes.into_iter());
    }
    let readable = |line: &str| {
        json::parse(line, 1).is_ok_and(|value| find(&value, &[], 0, forced, 1).is_some())
    };
    if text.lines().any(readable) {
        let lines = Lines::new(std::io::Cursor::new(text), "UTF-8");
        return pieces(lines, forced);
    }
    Box::new(std::iter::once(Err((None, problem))))
}

/// Several documents one after the other, each over several lines.
fn concatenated(text: &str, forced: Option<Format>) -> Option<Vec<Outcome>> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let mut outcomes = Vec::new();
    let mut line = 1;
    let mut counted = 0;
    while let Some(value) = stream.next() {
        let value = match value {
            Ok(value) => value,
            Err(_) if outcomes.is_empty() => return None,
            Err(error) => {
                let reason = "what follows the calls above is not JSON".to_owned();
                outcomes.push(Err((
                    None,
                    Problem::NotJson {
                        reason,
                        line: error.line() as u64,
                        column: error.column(),
                    },
                )));
                break;
            }
        };
        let end = stream.byte_offset();
        let passed = text.get(counted..end).unwrap_or_default();
        let leading = passed.len() - passed.trim_start().len();
        let breaks = |part: &str| part.matches('\n').count() as u64;
        line += breaks(passed.get(..leading).unwrap_or_default());
        outcomes.extend(find(&value, &[], 0, forced, line)?);
        line += breaks(passed.get(leading..).unwrap_or_default());
        counted = end;
    }
    Some(outcomes)
}

/// The calls of one value.
pub(super) fn in_value(value: &Value, forced: Option<Format>, line: u64) -> Vec<Outcome> {
    if let Some(outcomes) = find(value, &[], 0, forced, line) {
        return outcomes;
    }
    match forced.map(|format| (format, format.reader())) {
        Some((format, Reader::Json(_))) => vec![read(value, &[], format, line)],
        _ => vec![Err((Some(line), Problem::UnknownFormat))],
    }
}

/// Looks for a call in the value, then in what it wraps.
fn find(
    value: &Value,
    around: &[&Value],
    depth: usize,
    forced: Option<Format>,
    line: u64,
) -> Option<Vec<Outcome>> {
    if let Some(format) = recognised(value, forced) {
        return Some(vec![read(value, around, format, line)]);
    }
    if depth == WRAPPERS {
        return None;
    }
    match value {
        Value::Array(list) => each(list, around, depth + 1, forced, line),
        Value::Object(map) => {
            let mut around = around.to_vec();
            around.insert(0, value);
            map.values().find_map(|inner| {
                let inner = json::embedded(inner);
                let nested = inner.is_object() || inner.is_array();
                nested
                    .then(|| find(&inner, &around, depth + 1, forced, line))
                    .flatten()
            })
        }
        _ => None,
    }
}

/// The calls of a list, if there is one; what is none in it is an error.
fn each(
    list: &[Value],
    around: &[&Value],
    depth: usize,
    forced: Option<Format>,
    line: u64,
) -> Option<Vec<Outcome>> {
    let found: Vec<_> = list
        .iter()
        .map(|item| find(item, around, depth, forced, line))
        .collect();
    if found.iter().all(Option::is_none) {
        return None;
    }
    let unknown = || vec![Err((Some(line), Problem::UnknownFormat))];
    Some(
        found
            .into_iter()
            .flat_map(|calls| calls.unwrap_or_else(unknown))
            .collect(),
    )
}

fn recognised(value: &Value, forced: Option<Format>) -> Option<Format> {
    match forced.map(|format| (format, format.reader())) {
        None => Format::of_json(value),
        Some((format, Reader::Json(reader))) => reader.recognises(value).then_some(format),
        Some(_) => None,
    }
}

fn read(value: &Value, around: &[&Value], format: Format, line: u64) -> Outcome {
    let Reader::Json(reader) = format.reader() else {
        return Err((Some(line), Problem::UnknownFormat));
    };
    let mut transcript = reader
        .read(value)
        .map_err(|problem| (Some(line), problem))?;
    let mut objects = vec![value];
    objects.extend(around);
    let (id, meta) = meta::collect(&objects, format == Format::Native, reader.not_meta());
    transcript.id = transcript.id.or(id);
    for (name, value) in meta {
        transcript.meta.entry(name).or_insert(value);
    }
    Ok(Found {
        format,
        transcript,
        line: Some(line),
    })
}

//! Reading vendors' JSON leniently: names in any letter case, numbers as
//! strings, JSON inside strings, and Python's `NaN`.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::error::Problem;
use super::names::same_name;

/// The value under `name`, whatever the letter case and with or without
/// underscores (`BeginTime` = `begin_time`); null counts as absent.
pub fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    in_map(value.as_object()?, name)
}

/// As [`field`], within an object.
pub fn in_map<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    map.get(name)
        .or_else(|| {
            map.iter()
                .find(|(key, _)| same_name(key, name))
                .map(|(_, value)| value)
        })
        .filter(|value| !value.is_null())
}

/// The first of several fields that is there.
pub fn first<'a>(value: &'a Value, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| field(value, name))
}

/// A field that is a list.
pub fn list<'a>(value: &'a Value, name: &str) -> Option<&'a [Value]> {
    field(value, name)?.as_array().map(Vec::as_slice)
}

/// Whether a list is empty or has an element with one of the fields.
pub fn any_has(list: &[Value], names: &[&str]) -> bool {
    list.iter().any(|item| first(item, names).is_some())
}

/// A string or number (or boolean) as text.
pub fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// The value itself, or the JSON inside it when it is a string that holds some.
pub fn embedded(value: &Value) -> Cow<'_, Value> {
    let inner = value
        .as_str()
        .map(str::trim)
        .filter(|text| text.starts_with(['{', '[']))
        .and_then(|text| serde_json::from_str(text).ok());
    inner.map_or(Cow::Borrowed(value), Cow::Owned)
}

/// Parses JSON that begins at `first_line` of its file. Python's bare `NaN` and
/// `Infinity`, which some recognisers write, count as null.
pub fn parse(text: &str, first_line: u64) -> Result<Value, Problem> {
    let error = match serde_json::from_str(text) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    if let Some(cleaned) = without_nan(text)
        && let Ok(value) = serde_json::from_str(&cleaned)
    {
        return Ok(value);
    }
    Err(syntax(&error, first_line))
}

/// What is wrong with JSON, without any of its content: the reader's own words
/// quote values of another type than was expected.
pub fn json_fault(error: &serde_json::Error) -> String {
    let said = error.to_string();
    if !error.is_data() || said.starts_with("missing field") {
        return said;
    }
    // What was expected is named last, after what was found.
    match said.rsplit_once(", expected ") {
        Some((_, expected)) => format!("found something else than {expected}"),
        None => "a value of another type or form than expected".to_owned(),
    }
}

/// A syntax error at its line of the file.
fn syntax(error: &serde_json::Error, first_line: u64) -> Problem {
    let line = first_line + (error.line() as u64).saturating_sub(1);
    let column = error.column();
    if error.is_eof() {
        return Problem::TruncatedJson { line, column };
    }
    let full = error.to_string();
    let reason = full
        .split(" at line ")
        .next()
        .unwrap_or("syntax error")
        .to_owned();
    Problem::NotJson {
        reason,
        line,
        column,
    }
}

/// The text with bare `NaN`, `Infinity` and `-Infinity` as `null`, or `None`
/// when there are none.
fn without_nan(text: &str) -> Option<String> {
    if !text.contains("NaN") && !text.contains("Infinity") {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut quoted = false;
    while let Some(c) = rest.chars().next() {
        if !quoted {
            let bare = ["NaN", "-Infinity", "Infinity"]
                .iter()
                .find(|word| rest.starts_with(**word));
            if let Some(word) = bare {
                out.push_str("null");
                rest = rest.get(word.len()..).unwrap_or_default();
                continue;
            }
        }
        let escape = quoted && c == '\\';
        quoted ^= c == '"';
        let length = if escape {
            1 + rest.chars().nth(1).map_or(0, char::len_utf8)
        } else {
            c.len_utf8()
        };
        let (taken, tail) = rest.split_at(length);
        out.push_str(taken);
        rest = tail;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_found_in_any_spelling() {
        let value = json!({"begin_time": 3, "Text": null});
        assert_eq!(field(&value, "BeginTime"), Some(&json!(3)));
        assert_eq!(field(&value, "text"), None);
        assert_eq!(field(&json!([1]), "text"), None);
    }

    #[test]
    fn python_nan_is_null_but_not_inside_strings() {
        let value = parse(r#"{"score": NaN, "text": "a\" NaN", "x": -Infinity}"#, 1).unwrap();
        assert_eq!(value, json!({"score": null, "text": "a\" NaN", "x": null}));
    }

    #[test]
    fn errors_name_the_line_of_the_file_and_tell_truncation() {
        assert!(matches!(
            parse("{\n\"a\":", 5),
            Err(Problem::TruncatedJson { line: 6, .. })
        ));
        assert!(matches!(
            parse("{\"a\" 1}", 5),
            Err(Problem::NotJson {
                line: 5,
                column: 6,
                ..
            })
        ));
        let deep = "[".repeat(100_000);
        assert!(parse(&deep, 1).is_err());
    }
}

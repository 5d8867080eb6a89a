//! Reads a written heatmap back, one call in memory at a time.

use std::fmt;
use std::io::{BufReader, Read};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::PageError;
use crate::input::json_fault;

const SCHEMA: &str = "callheat/1";

/// Hands each call of a heatmap to `push`, and returns what remains of the
/// heatmap, serialised. Reads both formats: one object with all calls, or one
/// call a line with the rest in the last line.
pub fn read_heatmap(
    input: impl Read,
    mut push: impl FnMut(&[u8]) -> Result<(), PageError>,
) -> Result<Vec<u8>, PageError> {
    let mut json = serde_json::Deserializer::from_reader(BufReader::new(input));
    let mut rest = None;
    let mut failure = None;
    while let Err(more) = json.end() {
        if rest.is_some() {
            return Err(fault(&more));
        }
        let sink = Sink {
            push: &mut push,
            failure: &mut failure,
        };
        let object = json.deserialize_map(sink).map_err(|error| fault(&error));
        if let Some(failure) = failure.take() {
            return Err(failure);
        }
        let object = object?;
        if object.contains_key("schema") {
            rest = Some(object);
        } else if object.contains_key("call_id") {
            push(&serde_json::to_vec(&object).map_err(|error| fault(&error))?)?;
        } else {
            return Err(PageError::Schema {
                found: "missing".to_owned(),
            });
        }
    }
    let rest = rest.ok_or_else(|| PageError::Schema {
        found: "missing".to_owned(),
    })?;
    match rest.get("schema") {
        Some(Value::String(schema)) if schema == SCHEMA => {}
        other => {
            let found = match other {
                Some(Value::String(name)) if name.starts_with("callheat/") => name.clone(),
                Some(_) => "of another program".to_owned(),
                None => "missing".to_owned(),
            };
            return Err(PageError::Schema { found });
        }
    }
    serde_json::to_vec(&rest).map_err(|error| fault(&error))
}

fn fault(error: &serde_json::Error) -> PageError {
    PageError::Json(json_fault(error))
}

/// Takes one object; the elements of its `calls` go straight to `push`.
struct Sink<'a, P> {
    push: &'a mut P,
    /// What `push` said when it failed; JSON's own errors cannot carry it.
    failure: &'a mut Option<PageError>,
}

impl<'de, P: FnMut(&[u8]) -> Result<(), PageError>> Visitor<'de> for Sink<'_, P> {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of schema callheat/1")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut rest = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            if key == "calls" {
                access.next_value_seed(Calls(&mut self))?;
            } else {
                rest.insert(key, access.next_value()?);
            }
        }
        Ok(rest)
    }
}

/// The value of `calls`: an array, or null in the last line of JSON Lines.
struct Calls<'s, 'a, P>(&'s mut Sink<'a, P>);

impl<'de, P: FnMut(&[u8]) -> Result<(), PageError>> DeserializeSeed<'de> for Calls<'_, '_, P> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, P: FnMut(&[u8]) -> Result<(), PageError>> Visitor<'de> for Calls<'_, '_, P> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of calls, or null")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        while let Some(call) = access.next_element::<Box<RawValue>>()? {
            if let Err(failure) = (self.0.push)(&compact(call.get())) {
                *self.0.failure = Some(failure);
                return Err(A::Error::custom("a call could not be taken"));
            }
        }
        Ok(())
    }
}

/// Drops the white space between the tokens of valid JSON.
fn compact(json: &str) -> Vec<u8> {
    let mut compact = Vec::with_capacity(json.len());
    let mut in_text = false;
    let mut escaped = false;
    for &byte in json.as_bytes() {
        if in_text {
            in_text = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
        } else if byte.is_ascii_whitespace() {
            continue;
        } else {
            in_text = byte == b'"';
        }
        compact.push(byte);
    }
    compact
}

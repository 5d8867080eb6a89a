//! iFlytek lfasr v2: `content.orderResult` is a JSON string whose `lattice[]`
//! has each sentence as a JSON string `json_1best` (`lattice2`: as an object).
//! `lattice` is the smoothed result and is preferred.

use serde_json::Value;

use crate::input::error::Problem;
use crate::input::format::JsonFormat;
use crate::input::json;
use crate::input::times::{Unit, clock};
use crate::input::transcript::{Transcript, Utterance, join};

/// The reader of lfasr v2.
pub struct LfasrV2;

impl JsonFormat for LfasrV2 {
    fn recognises(&self, value: &Value) -> bool {
        json::field(value, "orderResult").is_some()
            || json::first(value, &["lattice", "lattice2"]).is_some_and(Value::is_array)
    }

    fn read(&self, value: &Value) -> Result<Transcript, Problem> {
        let order = json::field(value, "orderResult").map(json::embedded);
        let result = order.as_deref().unwrap_or(value);
        if result.is_string() {
            return Err(Problem::Shape {
                format: "iflytek_v2",
                field: "orderResult",
                expected: "a string of JSON (or it is still empty: query the order again)",
            });
        }
        let lattice = ["lattice", "lattice2"]
            .iter()
            .filter_map(|name| json::list(result, name))
            .find(|list| !list.is_empty());
        let utterances = lattice
            .unwrap_or_default()
            .iter()
            .filter_map(sentence)
            .collect();
        Ok(Transcript {
            utterances,
            ..Transcript::default()
        })
    }
}

fn sentence(item: &Value) -> Option<Utterance> {
    let best = json::embedded(json::field(item, "json_1best")?);
    let st = json::field(&best, "st")?;
    let time = |name, outer| {
        clock(
            json::field(st, name).or_else(|| json::field(item, outer)),
            Unit::Millis,
        )
    };
    let (start, end) = (time("bg", "begin"), time("ed", "end"));
    Some(
        Utterance::of(Some(words(st)))
            .by(json::text(json::field(st, "rl")))
            .at(start, end),
    )
}

/// The best candidate of each word; `wp` = g marks a segment end, not a word.
fn words(st: &Value) -> String {
    let mut text = String::new();
    let lists = |value, name| json::list(value, name).unwrap_or_default().iter();
    for ws in lists(st, "rt").flat_map(|rt| lists(rt, "ws")) {
        let Some(best) = lists(ws, "cw").next() else {
            continue;
        };
        let segment_end = json::text(json::field(best, "wp")).is_some_and(|kind| kind == "g");
        if let (false, Some(word)) = (segment_end, json::text(json::field(best, "w"))) {
            join(&mut text, &word);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::transcript::Clock;
    use serde_json::json;

    #[test]
    fn unpacks_the_strings_within_strings() {
        let st = json!({"st": {"bg": "1200", "ed": "3600", "rl": "1", "rt": [{"ws": [
            {"cw": [{"w": "你好", "wp": "n"}, {"w": "您好", "wp": "n"}]},
            {"cw": [{"w": "。", "wp": "p"}]},
            {"cw": [{"w": "x", "wp": "g"}]}]}]}});
        let quoted = json!({"lattice": [{"json_1best": st.to_string()}]}).to_string();
        let plain = json!({"lattice2": [{"json_1best": st, "spk": "段落-0"}]});
        let call = json!({"orderInfo": {"orderId": "o1"}, "orderResult": quoted});
        assert!(LfasrV2.recognises(&call) && LfasrV2.recognises(&plain));
        let read = LfasrV2.read(&call).unwrap();
        assert_eq!(read, LfasrV2.read(&plain).unwrap());
        let turn = &read.utterances[0];
        assert_eq!(turn.text.as_deref(), Some("你好。"));
        assert_eq!(turn.voice.label.as_deref(), Some("1"));
        assert_eq!(turn.start, Clock::At(1200.0));
    }
}

//! iFlytek lfasr v1: `data` is a JSON string of `[{"bg","ed","onebest","speaker"}]`,
//! times in milliseconds as strings.

use serde_json::Value;

use crate::input::error::Problem;
use crate::input::format::JsonFormat;
use crate::input::json;
use crate::input::times::{Unit, clock};
use crate::input::transcript::{Transcript, Utterance};

/// The reader of lfasr v1.
pub struct Lfasr;

impl JsonFormat for Lfasr {
    fn recognises(&self, value: &Value) -> bool {
        sentences(value).is_some()
    }

    fn read(&self, value: &Value) -> Result<Transcript, Problem> {
        let list = sentences(value).unwrap_or_default();
        let utterances = list.iter().map(sentence).collect();
        Ok(Transcript {
            utterances,
            ..Transcript::default()
        })
    }
}

fn sentences(value: &Value) -> Option<Vec<Value>> {
    let list = if value.is_array() {
        value
    } else {
        json::field(value, "data")?
    };
    let list = json::embedded(list);
    let list = list.as_array()?;
    let empty = list.is_empty() && json::field(value, "err_no").is_some();
    (empty || json::any_has(list, &["onebest"])).then(|| list.clone())
}

fn sentence(item: &Value) -> Utterance {
    Utterance::of(json::text(json::field(item, "onebest")))
        .by(json::text(json::field(item, "speaker")))
        .at(
            clock(json::field(item, "bg"), Unit::Millis),
            clock(json::field(item, "ed"), Unit::Millis),
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::transcript::Clock;
    use serde_json::json;

    #[test]
    fn data_may_be_a_string_or_a_list() {
        let rows = r#"[{"bg":"0","ed":"10","onebest":"大家好,","speaker":"1"}]"#;
        let quoted = json!({"ok": 0, "err_no": 0, "failed": null, "data": rows});
        let plain = json!({"ok": 0, "data": serde_json::from_str::<Value>(rows).unwrap()});
        assert!(Lfasr.recognises(&quoted) && Lfasr.recognises(&plain));
        let read = Lfasr.read(&quoted).unwrap();
        assert_eq!(read, Lfasr.read(&plain).unwrap());
        assert_eq!(read.utterances[0].end, Clock::At(10.0));
    }
}

//! Huawei Cloud SIS: `segments[]` with `start_time`, `end_time` and
//! `result.text`, `result.analysis_info.role`.

use serde_json::Value;

use crate::input::error::Problem;
use crate::input::format::JsonFormat;
use crate::input::json;
use crate::input::times::{Unit, clock};
use crate::input::transcript::{Transcript, Utterance, sort_by_start};

/// The Huawei reader.
pub struct Huawei;

impl JsonFormat for Huawei {
    fn recognises(&self, value: &Value) -> bool {
        segments(value).is_some()
    }

    fn read(&self, value: &Value) -> Result<Transcript, Problem> {
        let mut utterances: Vec<_> = segments(value)
            .unwrap_or_default()
            .iter()
            .map(segment)
            .collect();
        sort_by_start(&mut utterances);
        Ok(Transcript {
            utterances,
            ..Transcript::default()
        })
    }

    /// The times of the recognition task, not of the call.
    fn not_meta(&self) -> &'static [&'static str] {
        &["createtime", "starttime", "finishtime", "audioduration"]
    }
}

fn segments(value: &Value) -> Option<&[Value]> {
    let list = json::list(value, "segments").or_else(|| value.as_array().map(Vec::as_slice))?;
    let own = |item: &Value| {
        json::field(item, "result").is_some_and(|result| json::field(result, "text").is_some())
            && json::field(item, "start_time").is_some()
    };
    let empty = list.is_empty() && json::first(value, &["job_id", "finish_time"]).is_some();
    (empty || list.iter().any(own)).then_some(list)
}

fn segment(item: &Value) -> Utterance {
    let result = json::field(item, "result").unwrap_or(&Value::Null);
    let analysis = json::field(result, "analysis_info")
        .or_else(|| json::field(item, "analysis_info"))
        .unwrap_or(&Value::Null);
    Utterance::of(json::text(json::field(result, "text")))
        .by(json::text(json::field(analysis, "role")))
        .at(
            clock(json::field(item, "start_time"), Unit::Millis),
            clock(json::field(item, "end_time"), Unit::Millis),
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::transcript::Clock;
    use serde_json::json;

    #[test]
    fn the_role_stands_in_the_analysis() {
        let call = json!({"status": "FINISHED", "start_time": "2024-05-01T10:00:00Z", "segments": [
            {"start_time": 10, "end_time": 90,
             "result": {"text": "您好", "analysis_info": {"role": "AGENT", "emotion": "NORMAL"}}}]});
        assert!(Huawei.recognises(&call));
        let turn = &Huawei.read(&call).unwrap().utterances[0];
        assert_eq!(turn.voice.label.as_deref(), Some("AGENT"));
        assert_eq!(turn.start, Clock::At(10.0));
    }
}

//! Calls as services and companies wrap them: in answers, lists, lines and
//! strings of JSON, several in one file.

use std::fmt::Write as _;
use std::fs;

use callheat::call::{Call, Speaker};
use callheat::input::{InputError, InputOptions, InputPath, read};
use serde_json::{Value, json};

const GREETING: &str = "您好，工号三零一，请问有什么可以帮您";
const COMPLAINT: &str = "我要投诉你们公司";

fn read_text(name: &str, text: &str) -> Vec<Result<Call, InputError>> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    fs::write(&path, text).expect("write");
    read(&[InputPath::from(path)], &InputOptions::default()).collect()
}

fn good(name: &str, text: &str) -> Vec<Call> {
    read_text(name, text)
        .into_iter()
        .map(|call| call.unwrap_or_else(|error| panic!("{name}: {error}")))
        .collect()
}

fn ids(calls: &[Call]) -> Vec<&str> {
    calls.iter().map(|call| call.id.as_str()).collect()
}

fn native(id: &str) -> Value {
    json!({"call_id": id, "turns": [
        {"speaker": "agent", "text": GREETING}, {"speaker": "customer", "text": COMPLAINT}]})
}

fn tencent() -> Value {
    json!([{"FinalSentence": GREETING, "StartMs": 0, "EndMs": 3000, "SpeakerId": 1},
           {"FinalSentence": COMPLAINT, "StartMs": 3200, "EndMs": 4000, "SpeakerId": 0}])
}

fn assert_shared(call: &Call, format: &str) {
    assert_eq!(call.source.format, format);
    let said: Vec<_> = call
        .turns
        .iter()
        .map(|turn| (turn.speaker, turn.text.as_str()))
        .collect();
    assert_eq!(
        said,
        [(Speaker::Agent, GREETING), (Speaker::Customer, COMPLAINT)]
    );
}

#[test]
fn one_vendor_object_a_line() {
    let line = |id: u64| json!({"Data": {"TaskId": id, "ResultDetail": tencent()}}).to_string();
    let calls = good("day.jsonl", &format!("{}\n\n{}\n", line(7), line(8)));
    assert_eq!(ids(&calls), ["7", "8"]);
    for call in &calls {
        assert_shared(call, "tencent");
    }
}

#[test]
fn details_as_a_string_and_bare_lists() {
    let callback =
        json!({"code": 0, "audioUrl": "https://a/1.wav", "resultDetail": tencent().to_string()});
    let calls = good("a.json", &callback.to_string());
    assert_shared(&calls[0], "tencent");
    assert_eq!(calls[0].meta["audio_uri"], "https://a/1.wav");
    assert_shared(&good("b.json", &tencent().to_string())[0], "tencent");
    let aliyun = json!({"Sentences": [
        {"BeginTime": "0", "EndTime": "900", "Text": GREETING, "ChannelId": "1"},
        {"BeginTime": "1000", "EndTime": "1900", "Text": COMPLAINT, "ChannelId": "0"}]});
    let calls = good(
        "c.json",
        &json!({"TaskId": "t", "Result": aliyun.to_string()}).to_string(),
    );
    assert_shared(&calls[0], "aliyun");
    assert_eq!(calls[0].id, "c");
}

#[test]
fn a_company_record_around_a_vendor_answer() {
    let record = json!({"call_id": "r1", "agent_id": "301", "queue": "售后", "asr": {"Response": {"Data": {"ResultDetail": tencent()}}}});
    let calls = good("a.json", &record.to_string());
    assert_shared(&calls[0], "tencent");
    assert_eq!(calls[0].id, "r1");
    assert_eq!(
        (&calls[0].meta["agent_id"], &calls[0].meta["queue"]),
        (&json!("301"), &json!("售后"))
    );
}

#[test]
fn a_list_of_calls_within_an_answer() {
    let answer = json!({"code": 0, "data": {"calls": [native("a"), {"call_id": "b", "turns": []}, native("c")]}});
    let items = read_text("a.json", &answer.to_string());
    let calls: Vec<_> = items
        .iter()
        .filter_map(|item| item.as_ref().ok().cloned())
        .collect();
    assert_eq!(ids(&calls), ["a", "c"]);
    assert!(
        calls[0].meta.is_empty(),
        "the answer's code says nothing of the call"
    );
    let error = items
        .iter()
        .find_map(|item| item.as_ref().err())
        .expect("an error");
    assert!(error.to_string().contains("the call b has no turns"));
}

#[test]
fn documents_one_after_the_other() {
    let pretty = |id| serde_json::to_string_pretty(&native(id)).expect("JSON");
    let calls = good("a.json", &format!("{}\n{}\n", pretty("a"), pretty("b")));
    assert_eq!(ids(&calls), ["a", "b"]);
}

#[test]
fn a_bare_list_of_turns_is_one_call() {
    let calls = good("早班.json", &native("x")["turns"].to_string());
    assert_eq!(ids(&calls), ["早班"]);
    assert_shared(&calls[0], "native");
}

/// The format is recognised from a sample of the file; calls larger than that
/// must be found all the same.
#[test]
fn calls_larger_than_the_sample() {
    let large = |id: &str, size: usize| {
        let turn = json!({"speaker": "agent", "text": "好".repeat(500)});
        json!({"call_id": id, "turns": vec![turn; size / 1500]})
    };
    for size in [40_000, 100_000] {
        let (a, b) = (large("a", size), large("b", size));
        assert_eq!(
            ids(&good("l.jsonl", &format!("{a}\n{b}\n"))),
            ["a", "b"],
            "{size}"
        );
        assert_eq!(
            ids(&good("l.json", &format!("[{a},{b}]"))),
            ["a", "b"],
            "{size}"
        );
        let pretty = serde_json::to_string_pretty(&a).expect("JSON");
        assert_eq!(ids(&good("p.json", &pretty)), ["a"], "{size}");
    }
}

#[test]
fn tables_larger_than_the_sample() {
    let rows = |calls: &[&str]| -> String {
        let mut text = "call_id,speaker,text\n".to_owned();
        for id in calls {
            for turn in 0..400 {
                let said = "好".repeat(60);
                writeln!(text, "{id},agent,第{turn}句{said}").expect("a string");
            }
        }
        text
    };
    let calls = good("t.csv", &rows(&["a", "b", "c"]));
    assert_eq!(ids(&calls), ["a", "b", "c"]);
    let calls = good("t.csv", &rows(&["a", "b", "a"]));
    assert_eq!(ids(&calls), ["a", "b"]);
    assert_eq!(calls[0].turns.len(), 800);
}

//! What leaves the program: no personal data where it is redacted, nothing to a
//! network, no words in messages.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use base64::Engine as _;
use serde_json::{Value, json};

/// A call in which every kind is told; and how each piece was said.
const TURNS: [(&str, &str); 10] = [
    ("agent", "您好，请报一下您的手机号"),
    ("customer", "幺三八"),
    ("agent", "嗯"),
    ("customer", "零零一三"),
    ("agent", "好"),
    ("customer", "八零零零"),
    (
        "customer",
        "我叫章敏，立早章，身份证330106198001011234，你们乱扣费",
    ),
    (
        "customer",
        "卡号6222 0200 1234 5678，邮箱zhangmin艾特qq点com，住西湖区文三路一百二十八号，车牌浙A88668",
    ),
    (
        "customer",
        "订单号20831234567，微信号wx_zhang88，QQ号12345678，再不退我打12315投诉你们",
    ),
    ("agent", "章女士别着急，我给您回电13800138000"),
];

const SECRETS: [&str; 13] = [
    "幺三八",
    "零零一三",
    "八零零零",
    "章敏",
    "立早章",
    "330106",
    "6222",
    "zhangmin",
    "文三路",
    "88668",
    "20831234567",
    "wx_zhang88",
    "13800138000",
];

fn call() -> String {
    let turns: Vec<Value> = TURNS
        .iter()
        .map(|(speaker, text)| json!({"speaker": speaker, "text": text}))
        .collect();
    json!({"call_id": "13800138000_20240506", "meta": {"caller": "13800138000", "customer_name": "章敏", "agent_id": "8021"}, "turns": turns}).to_string()
}

fn callheat(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_callheat"))
        .args(arguments)
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// All data blocks of a page, decoded.
fn decoded(page: &str) -> String {
    let mut all = String::new();
    for block in page.split("x-callheat\" data-block=\"").skip(1) {
        let (_, text) = block.split_once('>').unwrap();
        let (text, _) = text.split_once('<').unwrap();
        let deflated = base64::engine::general_purpose::STANDARD
            .decode(text)
            .unwrap();
        flate2::read::DeflateDecoder::new(deflated.as_slice())
            .read_to_string(&mut all)
            .unwrap();
    }
    all
}

fn assert_private(what: &str, text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{what} tells {secret}");
    }
    assert!(text.contains("[手机号]"), "{what} has no placeholder");
}

#[test]
fn pages_tables_and_the_summary_are_redacted_and_json_is_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let input = at("13800138000_20240506.json");
    fs::write(&input, call()).unwrap();
    let (raw, table, page) = (at("raw.json"), at("turns.csv"), at("page.html"));
    let run = callheat(&[
        "analyze",
        "--runtime",
        "rten",
        path(&input),
        "-o",
        path(&raw),
        "--csv",
        path(&table),
        "--html",
        path(&page),
    ]);
    assert_eq!(
        run.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    assert_private("the table", &fs::read_to_string(&table).unwrap());
    assert_private("the page", &decoded(&fs::read_to_string(&page).unwrap()));
    assert_private("the summary", &String::from_utf8(run.stdout).unwrap());

    let json = fs::read_to_string(&raw).unwrap();
    for secret in SECRETS {
        assert!(json.contains(secret), "plain JSON is as it was: {secret}");
    }
    // Examples name calls, and the plain JSON names them as the input does.
    let mut heatmap: Value = serde_json::from_str(&json).unwrap();
    let terms = heatmap["terms"].as_array_mut().unwrap();
    assert!(!terms.is_empty());
    for term in terms {
        term.as_object_mut().unwrap().remove("examples").unwrap();
        for secret in SECRETS {
            assert!(!term.to_string().contains(secret), "{term} tells {secret}");
        }
    }

    let later = at("later.html");
    let run = callheat(&["report", path(&raw), "-o", path(&later)]);
    assert_eq!(
        run.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    assert_private(
        "the later page",
        &decoded(&fs::read_to_string(&later).unwrap()),
    );

    for format in ["json", "jsonl"] {
        let run = callheat(&[
            "analyze",
            "--runtime",
            "rten",
            "-q",
            path(&input),
            "--redact",
            "--format",
            format,
        ]);
        assert_private(format, &String::from_utf8(run.stdout).unwrap());
    }
    let open = at("open.html");
    let run = callheat(&["report", path(&raw), "--no-redact", "-o", path(&open)]);
    assert_eq!(run.status.code(), Some(0));
    assert!(decoded(&fs::read_to_string(&open).unwrap()).contains("章敏"));
    let run = callheat(&["analyze", "--redact", "--no-redact", path(&input)]);
    assert_eq!(run.status.code(), Some(3));
}

#[test]
fn findings_stay_and_their_spans_fit_the_redacted_text() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("call.json");
    fs::write(&input, call()).unwrap();
    let outcome = |redact: &[&str]| -> Value {
        let arguments = [
            &[
                "analyze",
                "--runtime",
                "rten",
                "-q",
                "--words",
                path(&input),
            ],
            redact,
        ]
        .concat();
        serde_json::from_slice(&callheat(&arguments).stdout).unwrap()
    };
    let (raw, shown) = (outcome(&[]), outcome(&["--redact"]));
    let (raw, shown) = (&raw["calls"][0], &shown["calls"][0]);
    assert_eq!(raw["escalation"]["risk"], shown["escalation"]["risk"]);
    assert_eq!(raw["heatmap"], shown["heatmap"]);
    let mut terms = 0;
    for (before, turn) in raw["turns"]
        .as_array()
        .unwrap()
        .iter()
        .zip(shown["turns"].as_array().unwrap())
    {
        assert_eq!(before["valence"], turn["valence"]);
        assert_eq!(before["signals"], turn["signals"]);
        let text: Vec<char> = turn["text"].as_str().unwrap().chars().collect();
        let quoted = |span: &Value| -> String {
            let place = |index: usize| span[index].as_u64().unwrap() as usize;
            text[place(0)..place(1)].iter().collect()
        };
        for term in turn["terms"].as_array().unwrap() {
            assert_eq!(quoted(&term["span"]), term["term"].as_str().unwrap());
            terms += 1;
        }
        for word in turn["words"].as_array().unwrap() {
            assert!(!quoted(&word["span"]).is_empty());
        }
    }
    assert!(terms > 0, "the call has complaint terms");
}

#[test]
fn live_events_are_redacted_when_asked() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_callheat"))
        .args(["stream", "--redact", "--quiet", "--runtime", "rten"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for (speaker, text) in TURNS {
        writeln!(
            stdin,
            "{}",
            json!({"call_id": "13800138000-1", "speaker": speaker, "text": text})
        )
        .unwrap();
    }
    drop(stdin);
    let run = child.wait_with_output().unwrap();
    let events = String::from_utf8(run.stdout).unwrap();
    assert!(events.lines().count() > TURNS.len());
    let last = events.lines().last().unwrap();
    assert_private("the call event", last);
    // A first piece is asked for, so it is known without the rest.
    assert_private("the stream", &events);
}

#[cfg(target_os = "linux")]
#[test]
fn the_work_is_done_without_a_network() {
    let possible = Command::new("unshare")
        .args(["-rn", "true"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !possible {
        eprintln!("NOT TRIED: this machine permits no empty network namespace (unshare -rn)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("call.json");
    fs::write(&input, call()).unwrap();
    let arguments = ["analyze", "-q", path(&input)];
    let alone = Command::new("unshare")
        .arg("-rn")
        .arg(env!("CARGO_BIN_EXE_callheat"))
        .args(arguments)
        .output()
        .unwrap();
    assert_eq!(
        alone.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&alone.stderr)
    );
    assert!(
        alone.stdout == callheat(&arguments).stdout,
        "a network changes the result"
    );
}

#[test]
fn messages_quote_nothing_of_a_call() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "王小明电话一三八零零零零一二三四";
    let cases = [
        (
            "turns.json",
            json!({"call_id": "c", "turns": secret}).to_string(),
        ),
        (
            "text.json",
            json!({"call_id": "c", "turns": [{"speaker": "agent", "text": {"a": secret}}]})
                .to_string(),
        ),
        (
            "cut.json",
            format!("{{\"call_id\":\"c\",\"turns\":[{{\"text\":\"{secret}"),
        ),
        (
            "bad.jsonl",
            format!("{secret}\n{{\"turns\": \"{secret}\"}}\n"),
        ),
    ];
    for (name, content) in cases {
        let file = folder.path().join(name);
        fs::write(&file, content).unwrap();
        for command in [
            vec!["analyze", "--runtime", "rten", path(&file)],
            vec!["eval", "--runtime", "rten", path(&file)],
            vec!["report", path(&file), "-o", "-"],
        ] {
            let run = callheat(&command);
            let stderr = String::from_utf8_lossy(&run.stderr);
            assert!(
                !stderr.contains("王小明") && !stderr.contains("一三八"),
                "{command:?}: {stderr}"
            );
        }
    }
    // A heatmap whose values have other shapes than the schema says.
    for wrong in [
        json!({"schema": "callheat/1", "calls": [{"call_id": "c", "turns": secret}]}),
        json!({"schema": secret, "calls": []}),
        json!({"schema": "callheat/1", "bins": secret, "calls": []}),
        json!({"call_id": [secret]}),
    ] {
        let file = folder.path().join("heatmap.json");
        fs::write(&file, wrong.to_string()).unwrap();
        for redact in [&[][..], &["--no-redact"]] {
            let run = callheat(&[&["report", path(&file), "-o", "-"], redact].concat());
            let stderr = String::from_utf8_lossy(&run.stderr);
            assert!(!stderr.contains("王小明"), "{stderr}");
        }
    }
}

/// What the schema's first version has, and no field that came later.
#[test]
fn a_heatmap_of_the_barest_form_becomes_a_redacted_page() {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("h.json"), folder.path().join("h.html"));
    let turn = json!({"index": 0, "speaker": "customer", "start_ms": null, "end_ms": null,
        "text": "又乱扣费，我电话13800138000", "label": "negative", "valence": -0.8,
        "probabilities": {"negative": 0.8, "neutral": 0.1, "positive": 0.1},
        "terms": [{"term": "乱扣费", "category": "fee", "span": [1, 4]}], "signals": []});
    let mut later = turn.clone();
    later["index"] = json!(1);
    later["text"] = json!("又乱扣费");
    let call = json!({"call_id": "c", "source": {"path": "c.json", "format": "native"}, "meta": {},
        "duration_ms": null, "turns": [turn, later],
        "heatmap": [{"speaker": "customer", "cells": [{"bin": 0, "valence": -0.8, "turns": 1, "complaints": {"fee": 1}}]}],
        "turning_points": [{"turn": 0, "direction": "deterioration", "from": 0.0, "to": -0.8, "confidence": 0.9,
            "confirmed_at": 0, "trigger": {"turn": 0, "speaker": "agent"}}],
        "complaint_terms": [{"term": "乱扣费", "category": "fee", "count": 1, "turns": [0]}],
        "escalation": {"risk": 0.2, "level": "medium", "reasons": [{"signal": "churn", "turn": 0, "text": "又乱扣费"}]},
        "timing": {"talk_ratio": null, "silences": null, "interruptions": null, "chars_per_minute": null},
        "warnings": []});
    let heatmap = json!({"schema": "callheat/1", "generator": {"name": "callheat", "version": "0"},
        "model": {"name": "m", "sha256": "00", "labels": ["negative", "neutral", "positive"], "runtime": "rten"},
        "bins": 1, "calls": [call],
        "terms": [{"term": "乱扣费", "category": "fee", "count": 1, "calls": 1, "keyness": 1.0, "discovered": false,
            "examples": [{"call_id": "c", "turn": 0}]}],
        "heatmap": {"customer": [-0.8], "complaints": {"fee": [1]}},
        "summary": {"calls": 1, "failed": 0, "turns": 1, "levels": {"low": 0, "medium": 1, "high": 0}}});
    fs::write(&input, heatmap.to_string()).unwrap();
    let run = callheat(&["report", path(&input), "-o", path(&output)]);
    assert_eq!(
        run.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    let page = decoded(&fs::read_to_string(&output).unwrap());
    assert!(
        page.contains("乱扣费") && page.contains("[手机号]"),
        "{page}"
    );
    assert!(!page.contains("13800138000"));
    assert!(
        !page.contains(r#""term":"""#),
        "a term lost its name: {page}"
    );
    assert!(page.contains(r#""share_of_calls":1"#), "{page}");
}

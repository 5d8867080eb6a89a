use std::io::Read as _;

use base64::Engine as _;
use serde_json::{Value, json};

use super::*;

fn call(id: &str, risk: f64, text: &str) -> Value {
    json!({
        "call_id": id,
        "meta": { "agent_id": 7, "queue": "宽带", "started_at": "2026-03-02T10:00:00+08:00" },
        "duration_ms": 60_000,
        "turns": [{ "index": 0, "speaker": "customer", "text": text, "signals": ["regulator"] }],
        "heatmap": [{ "speaker": "customer", "cells": [
            { "bin": 2, "valence": -0.5, "turns": 1, "complaints": { "fee": 2 } }
        ] }],
        "turning_points": [],
        "complaint_terms": [{ "term": "乱扣费", "category": "fee", "count": 2, "turns": [0] }],
        "escalation": { "risk": risk, "level": "high", "reasons": [] },
    })
}

fn heatmap(calls: &[Value]) -> Value {
    json!({ "schema": "callheat/1", "bins": 20, "calls": calls, "summary": { "calls": calls.len() } })
}

fn page_of(input: &str, options: PageOptions) -> Result<String, PageError> {
    let mut page = Vec::new();
    write_page(input.as_bytes(), options, None, &mut page)?;
    Ok(String::from_utf8(page).unwrap())
}

/// The decoded blocks of one kind, in order.
fn blocks(page: &str, kind: &str) -> Vec<Value> {
    let start = format!(r#"data-block="{kind}">"#);
    page.split(&start)
        .skip(1)
        .map(|rest| {
            let (text, _) = rest.split_once('<').unwrap();
            let deflated = base64::engine::general_purpose::STANDARD
                .decode(text)
                .unwrap();
            let mut json = String::new();
            flate2::read::DeflateDecoder::new(deflated.as_slice())
                .read_to_string(&mut json)
                .unwrap();
            serde_json::from_str(&json).unwrap()
        })
        .collect()
}

fn ids(page: &str) -> Vec<String> {
    blocks(page, "calls")
        .iter()
        .flat_map(|block| block.as_array().unwrap().clone())
        .map(|call| call["call_id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_call_stands_in_the_page_unchanged() {
    let calls = [call("a", 0.2, "你好"), call("b", 0.9, "\"乱 扣\\ 费\" \\")];
    let text = serde_json::to_string_pretty(&heatmap(&calls)).unwrap();
    let page = page_of(&text, PageOptions::default()).unwrap();
    assert_eq!(blocks(&page, "calls"), vec![json!(calls)]);
    let batch = &blocks(&page, "batch")[0];
    assert_eq!(batch["heatmap"]["summary"]["calls"], 2);
    assert_eq!(batch["heatmap"].get("calls"), None);
    assert_eq!(batch["blocks"], json!([[0, 1]]));
}

#[test]
fn the_overview_has_the_columns_of_every_call() {
    let text = heatmap(&[call("a", 0.25, "你好")]).to_string();
    let overview = &blocks(&page_of(&text, PageOptions::default()).unwrap(), "overview")[0];
    assert_eq!(overview["id"], json!(["a"]));
    assert_eq!(overview["agent"], json!(["7"]));
    assert_eq!(overview["queue"], json!(["宽带"]));
    assert_eq!(overview["risk"], json!([0.25]));
    assert_eq!(overview["lowest"], json!([-50]));
    assert_eq!(overview["signals"], json!([["regulator"]]));
    assert_eq!(overview["terms"], json!([["乱扣费", "fee"]]));
    assert_eq!(overview["counts"], json!([[0, 2]]));
    assert_eq!(overview["cells"], json!([[null, null, -50]]));
    assert_eq!(overview["complaints"], json!([[2, 2]]));
}

#[test]
fn json_lines_give_the_same_page_as_json() {
    let calls = [call("a", 0.2, "你好"), call("b", 0.9, "再见")];
    let whole = heatmap(&calls);
    let mut last = whole.clone();
    last["calls"] = Value::Null;
    let lines = format!("{}\n{}\n{last}\n", calls[0], calls[1]);
    let options = PageOptions::default();
    assert_eq!(
        page_of(&lines, options).unwrap(),
        page_of(&whole.to_string(), options).unwrap()
    );
}

#[test]
fn a_larger_batch_keeps_the_worst_calls_and_every_row() {
    // Texts that deflate poorly, so that the calls fill several blocks.
    let filler = |seed: u64| -> String {
        (0..20_000_u64)
            .map(|i| char::from(b'a' + ((seed * 7_919 + i * i * 31 + i * seed) % 26) as u8))
            .collect()
    };
    let calls: Vec<Value> = (0..60_u32)
        .map(|i| {
            call(
                &format!("c{i}"),
                f64::from(i * 37 % 60) / 60.0,
                &filler(u64::from(i)),
            )
        })
        .collect();
    let options = PageOptions {
        detailed_calls: 5,
        ..PageOptions::default()
    };
    let page = page_of(&heatmap(&calls).to_string(), options).unwrap();
    let mut worst: Vec<u32> = (0..60).collect();
    worst.sort_by_key(|i| std::cmp::Reverse(i * 37 % 60));
    worst.truncate(5);
    worst.sort_unstable();
    let expected: Vec<String> = worst.iter().map(|i| format!("c{i}")).collect();
    assert_eq!(ids(&page), expected);
    let batch = &blocks(&page, "batch")[0];
    assert_eq!(
        (&batch["calls"], &batch["detailed"]),
        (&json!(60), &json!(5))
    );
    assert_eq!(batch["blocks"], json!([worst]));
    assert_eq!(
        blocks(&page, "overview")[0]["id"].as_array().unwrap().len(),
        60
    );
}

#[test]
fn no_text_of_a_call_reaches_the_markup() {
    let hostile = "</script><script>alert(1)</script><!--";
    let text = heatmap(&[call(hostile, 0.5, hostile)]).to_string();
    let page = page_of(&text, PageOptions::default()).unwrap();
    assert!(!page.contains("alert(1)"));
    assert_eq!(ids(&page), [hostile]);
}

#[test]
fn equal_input_gives_an_equal_page() {
    let text = heatmap(&[call("a", 0.5, "你好")]).to_string();
    let page = |options| page_of(&text, options).unwrap();
    assert_eq!(page(PageOptions::default()), page(PageOptions::default()));
    let english = PageOptions {
        language: Language::English,
        ..PageOptions::default()
    };
    assert!(page(english).contains(r#"<html lang="en">"#));
}

#[test]
fn the_batch_is_named_by_its_texts_not_by_its_scores() {
    let name = |calls: &[Value]| {
        let page = page_of(&heatmap(calls).to_string(), PageOptions::default()).unwrap();
        blocks(&page, "batch")[0]["batch"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        name(&[call("a", 0.1, "你好")]),
        name(&[call("a", 0.9, "你好")])
    );
    assert_ne!(
        name(&[call("a", 0.1, "你好")]),
        name(&[call("a", 0.1, "您好")])
    );
}

#[test]
fn what_is_no_heatmap_is_named() {
    let error = |text: &str| {
        page_of(text, PageOptions::default())
            .unwrap_err()
            .to_string()
    };
    assert!(error("").contains("schema is missing"));
    assert!(error("not json").contains("not a heatmap"));
    assert!(error("[1, 2]").contains("an object of schema callheat/1"));
    assert!(error(r#"{"schema":"callheat/2","calls":[]}"#).contains("callheat/2"));
    assert!(error(r#"{"turns":[]}"#).contains("schema is missing"));
    assert!(error(r#"{"schema":"callheat/1","calls":[{"call_id":"#).contains("not a heatmap"));
    let second = r#"{"schema":"callheat/1","calls":[{"call_id":"a"},{"call_id":5}]}"#;
    assert!(error(second).contains("call 2 is not a call"));
}

#[test]
fn an_empty_batch_has_a_page() {
    let page = page_of(&heatmap(&[]).to_string(), PageOptions::default()).unwrap();
    assert!(blocks(&page, "overview").is_empty());
    assert_eq!(blocks(&page, "batch")[0]["calls"], 0);
}

#[test]
fn modules_become_one_script() {
    let modules = [
        "import {\n  a,\n  b\n} from \"./a.js\";\nexport const c = a;\n",
        "let d;\n",
    ];
    assert_eq!(
        assembly::bundle(&modules),
        "\"use strict\";\n(() => {\nconst c = a;\nlet d;\n})();\n"
    );
}

#[test]
fn the_page_has_no_place_left_open_and_asks_for_nothing() {
    let page = page_of(&heatmap(&[]).to_string(), PageOptions::default()).unwrap();
    assert!(!page.contains("{{") && !page.contains("<!-- "));
    assert_eq!(page.matches("</script>").count(), 2);
    for attribute in ["src=", "href=\"http", "@import", "url(http"] {
        assert!(!page.contains(attribute), "{attribute}");
    }
}

/// One scope holds all modules: a name given twice would be silently replaced.
#[test]
fn no_two_modules_share_a_name() {
    let mut names: Vec<&str> = assembly::MODULES
        .iter()
        .flat_map(|module| module.lines())
        .filter_map(|line| {
            let line = line.strip_prefix("export ").unwrap_or(line);
            let line = line.strip_prefix("async ").unwrap_or(line);
            let (kind, rest) = line.split_once(' ')?;
            ["function", "class", "const", "let"]
                .contains(&kind)
                .then_some(rest)
        })
        .filter_map(|rest| {
            rest.split(|c: char| !c.is_alphanumeric() && c != '_')
                .next()
        })
        .collect();
    assert!(names.len() > 50);
    names.sort_unstable();
    let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

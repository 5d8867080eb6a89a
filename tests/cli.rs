//! The program as its users run it: the real binary, the real model, real files.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn fixtures(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name)
}

fn callheat() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callheat"));
    // The built-in runtime everywhere, so that results do not depend on the machine.
    command.env_remove("ORT_DYLIB_PATH").env("NO_COLOR", "1");
    command
}

fn analyze(arguments: &[&str]) -> Output {
    callheat()
        .arg("analyze")
        .args(["--runtime", "rten"])
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn the_output_fits_the_schema_and_is_equal_byte_for_byte() {
    let calls = fixtures("calls");
    let first = analyze(&[path(&calls)]);
    assert_eq!(first.status.code(), Some(0), "{}", text(&first.stderr));
    let schema = callheat().arg("schema").output().unwrap();
    let validator = jsonschema::validator_for(&json(&schema.stdout)).unwrap();
    let heatmap = json(&first.stdout);
    let errors: Vec<String> = validator
        .iter_errors(&heatmap)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    assert_eq!(heatmap["schema"], "callheat/1");
    assert!(heatmap["calls"].as_array().unwrap().len() >= 12);
    assert!(
        !validator.is_valid(&serde_json::json!({"schema": "callheat/1"})),
        "the schema accepts anything"
    );

    let again = analyze(&[path(&calls), "--threads", "3"]);
    assert!(first.stdout == again.stdout, "two runs differ");
}

#[test]
fn jsonl_holds_the_same_calls_and_the_rest_as_its_last_line() {
    let calls = fixtures("calls");
    let whole = json(&analyze(&[path(&calls)]).stdout);
    let lines = text(&analyze(&[path(&calls), "--format", "jsonl"]).stdout);
    let mut lines: Vec<Value> = lines.lines().map(|line| json(line.as_bytes())).collect();
    let mut rest = lines.pop().unwrap();
    assert!(rest["calls"].is_null());
    rest["calls"] = Value::Array(lines);
    assert_eq!(rest, whole);
}

#[test]
fn csv_opens_in_excel_with_one_row_a_turn() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("turns.csv");
    let json_out = folder.path().join("heatmap.json");
    let calls = fixtures("calls");
    let run = analyze(&[path(&calls), "--csv", path(&out), "-o", path(&json_out)]);
    assert_eq!(run.status.code(), Some(0));
    let bytes = fs::read(&out).unwrap();
    assert!(bytes.starts_with(b"\xef\xbb\xbfcall_id,turn,"));
    let rows = csv::Reader::from_reader(&bytes[3..]).into_records().count();
    assert_eq!(
        rows as u64,
        json(&fs::read(&json_out).unwrap())["summary"]["turns"]
            .as_u64()
            .unwrap()
    );
    let left: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), 2, "temporary files are left: {left:?}");
}

#[test]
fn every_broken_input_is_named_and_every_good_call_comes_out() {
    let (broken, calls) = (fixtures("broken"), fixtures("calls"));
    let good = json(&analyze(&[path(&calls)]).stdout);
    let run = analyze(&[path(&broken), path(&calls), "/nowhere/at-all.json"]);
    assert_eq!(run.status.code(), Some(2));
    let heatmap = json(&run.stdout);
    let ids = |heatmap: &Value| -> BTreeSet<String> {
        heatmap["calls"]
            .as_array()
            .unwrap()
            .iter()
            .map(|call| call["call_id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert!(ids(&heatmap).is_superset(&ids(&good)));
    let failures = heatmap["failures"].as_array().unwrap();
    assert_eq!(
        failures.len() as u64,
        heatmap["summary"]["failed"].as_u64().unwrap()
    );
    let stderr = text(&run.stderr);
    for name in [
        "bad-line.jsonl:2",
        "truncated.json",
        "empty.json",
        "noise.bin",
        "unknown.json",
        "at-all.json",
    ] {
        assert!(stderr.contains(name), "{name} is not named in:\n{stderr}");
    }
    assert!(!stderr.contains("panicked"), "{stderr}");
}

#[test]
fn the_binary_alone_works_in_an_empty_folder() {
    let folder = tempfile::tempdir().unwrap();
    let alone = folder.path().join("callheat");
    fs::copy(env!("CARGO_BIN_EXE_callheat"), &alone).unwrap();
    let mut child = Command::new(&alone)
        .args(["analyze", "-"])
        .current_dir(folder.path())
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let call = r#"{"call_id":"c1","turns":[{"speaker":"agent","text":"您好"},{"speaker":"customer","text":"你们又乱扣费，我要去工信部投诉"}]}"#;
    child
        .stdin
        .take()
        .unwrap()
        .write_all(call.as_bytes())
        .unwrap();
    let run = child.wait_with_output().unwrap();
    assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
    let heatmap = json(&run.stdout);
    let turn = &heatmap["calls"][0]["turns"][1];
    assert_eq!(turn["label"], "negative");
    assert_eq!(turn["signals"][0], "regulator");
    assert!(
        text(&run.stderr).contains("rten"),
        "which runtime runs is said"
    );
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing else is written"
    );
}

#[test]
fn wrong_options_and_models_end_with_status_3_and_say_what_to_do() {
    let calls = fixtures("calls");
    let folder = tempfile::tempdir().unwrap();
    let corrupt = folder.path().join("corrupt");
    fs::create_dir(&corrupt).unwrap();
    fs::write(corrupt.join("model.onnx"), b"this is no graph").unwrap();
    fs::write(corrupt.join("tokenizer.json"), b"{}").unwrap();
    fs::write(
        corrupt.join("config.json"),
        br#"{"id2label":{"0":"negative","1":"positive"}}"#,
    )
    .unwrap();
    let output = folder.path().join("no/such/folder/heatmap.json");
    for (arguments, said) in [
        (vec!["--no-such-option"], "--no-such-option"),
        (vec!["--model", "/nowhere"], "optimum-cli"),
        (vec!["--model", path(&corrupt)], "model.onnx"),
        (vec!["--lexicon", "/nowhere.tsv"], "/nowhere.tsv"),
        (vec!["--user-dict", "/nowhere.txt"], "/nowhere.txt"),
        (vec!["--input-format", "wordperfect"], "wordperfect"),
        (vec!["-o", path(&output)], "heatmap.json"),
    ] {
        let run = analyze(&[&[path(&calls)], arguments.as_slice()].concat());
        let stderr = text(&run.stderr);
        assert_eq!(run.status.code(), Some(3), "{arguments:?}: {stderr}");
        assert!(
            stderr.contains(said),
            "{arguments:?} does not say {said}: {stderr}"
        );
        assert!(!stderr.contains("panicked"), "{stderr}");
    }
    let run = callheat()
        .args([
            "analyze",
            path(&calls),
            "--runtime",
            "ort",
            "--ort-lib",
            "/nowhere.so",
        ])
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(3));
    assert!(
        text(&run.stderr).contains("pip install"),
        "{}",
        text(&run.stderr)
    );
}

#[test]
fn fail_on_a_level_ends_with_status_1() {
    let calls = fixtures("calls");
    assert_eq!(
        analyze(&[path(&calls), "--fail-on", "high"]).status.code(),
        Some(1)
    );
    let folder = tempfile::tempdir().unwrap();
    let calm = folder.path().join("calm.txt");
    fs::write(&calm, "客服：您好，请问有什么可以帮您\n客户：我想查一下话费余额\n客服：您的余额是五十元\n客户：好的谢谢\n").unwrap();
    assert_eq!(
        analyze(&[path(&calm), "--fail-on", "high"]).status.code(),
        Some(0)
    );
}

#[test]
fn bad_lines_of_a_dictionary_are_named_with_their_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let dictionary = folder.path().join("words.txt");
    fs::write(
        &dictionary,
        "携号转网 2000 v\n\n# a comment\n橙分期 many n\n畅越卡\n靓号 18446744073709551615 n\n",
    )
    .unwrap();
    let run = analyze(&[path(&fixtures("calls")), "--user-dict", path(&dictionary)]);
    assert_eq!(run.status.code(), Some(0));
    let stderr = text(&run.stderr);
    for line in ["words.txt:4: ", "words.txt:6: "] {
        assert!(stderr.contains(line), "{stderr}");
    }
    assert!(
        !stderr.contains("words.txt:1: ") && !stderr.contains("words.txt:5: "),
        "{stderr}"
    );
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let mut child = callheat()
        .args(["analyze", "--runtime", "rten", path(&fixtures("calls"))])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let run = child.wait_with_output().unwrap();
    assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
    assert!(!text(&run.stderr).contains("panicked"));
}

#[cfg(unix)]
#[test]
fn a_killed_run_leaves_no_file_under_the_final_name() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("heatmap.json");
    let mut child = callheat()
        .args(["analyze", "--runtime", "rten", "-", "-o", path(&out)])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let call = r#"{"call_id":"c1","turns":[{"speaker":"customer","text":"还没有解决"}]}"#;
    writeln!(stdin, "{call}").unwrap();
    stdin.flush().unwrap();
    // The input stays open, so the run cannot have ended.
    std::thread::sleep(std::time::Duration::from_millis(1500));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!out.exists());
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_cleanly_with_what_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("heatmap.json");
    let mut child = callheat()
        .args(["analyze", "--runtime", "rten", "-", "-o", path(&out)])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // More than the reader looks at to recognise the format; the pipe stays open.
    for number in 0..4000 {
        writeln!(
            stdin,
            r#"{{"call_id":"c{number}","turns":[{{"speaker":"customer","text":"还没有解决"}}]}}"#
        )
        .unwrap();
    }
    stdin.flush().unwrap();
    std::thread::sleep(std::time::Duration::from_secs(4));
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let run = child.wait_with_output().unwrap();
    assert_eq!(run.status.code(), Some(2), "{}", text(&run.stderr));
    let heatmap = json(&fs::read(&out).unwrap());
    assert_eq!(heatmap["summary"]["interrupted"], true);
    assert!(heatmap["summary"]["calls"].as_u64().unwrap() >= 100);
    drop(stdin);
}

#[test]
fn the_page_is_one_file_and_the_same_from_either_command() {
    let folder = tempfile::tempdir().unwrap();
    let (heatmap, direct, later) = (
        folder.path().join("h.json"),
        folder.path().join("direct.html"),
        folder.path().join("later.html"),
    );
    let run = analyze(&[
        path(&fixtures("calls")),
        "-o",
        path(&heatmap),
        "--html",
        path(&direct),
    ]);
    assert_eq!(run.status.code(), Some(0));
    let report = callheat()
        .args(["report", path(&heatmap), "-o", path(&later)])
        .output()
        .unwrap();
    assert_eq!(report.status.code(), Some(0), "{}", text(&report.stderr));
    let page = text(&fs::read(&later).unwrap());
    assert!(page.starts_with("<!doctype html>") && page.contains("Content-Security-Policy"));
    assert!(
        !page.contains("http://") || !page.contains("src=\"http"),
        "the page asks for nothing from a network"
    );
    let blocks = |page: &str| page.matches("data-block=").count();
    assert!(blocks(&page) >= 3);
    assert_eq!(blocks(&text(&fs::read(&direct).unwrap())), blocks(&page));
}

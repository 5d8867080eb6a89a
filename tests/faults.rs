//! What goes wrong around a batch: the disk, the input, the model, the terminal.
//! Each fault is real, costs nothing but what it hits, and is named.

#![cfg(target_os = "linux")]

mod generated;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::{FileTypeExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use generated::{analyze, calls, calls_file, names};
use serde_json::Value;

fn stderr(run: &Output) -> String {
    let stderr = String::from_utf8(run.stderr.clone()).unwrap();
    assert!(!stderr.contains("panicked"), "{stderr}");
    stderr
}

fn heatmap(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn signal(name: &str, pid: u32) {
    let sent = Command::new("kill").args([name, &pid.to_string()]).status();
    assert!(sent.unwrap().success());
}

/// Runs `analyze` with these arguments in a shell that first sets a limit.
fn limited(limit: &str, arguments: &[&str]) -> Output {
    let analyze = analyze();
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{limit}; exec \"$@\""), "sh"]);
    shell.arg(analyze.get_program()).args(analyze.get_args());
    shell.args(arguments).output().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_full_disk_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let input = calls_file(folder.path(), 2);
    let run = analyze()
        .arg(&input)
        .args(["-o", "/dev/full"])
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(3));
    let said = stderr(&run);
    assert!(said.contains("cannot write /dev/full"), "{said}");
    let device = fs::metadata("/dev/full").unwrap().file_type();
    assert!(device.is_char_device(), "the device is still one");
}

#[test]
fn a_file_that_may_not_grow_leaves_nothing_and_the_run_can_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let input = calls_file(folder.path(), 60);
    let out = folder.path().join("out");
    fs::create_dir(&out).unwrap();
    let (output, whole) = (out.join("heatmap.json"), folder.path().join("whole.json"));
    assert!(
        analyze()
            .arg(&input)
            .arg("-o")
            .arg(&whole)
            .status()
            .unwrap()
            .success()
    );
    // 80 blocks of 512 or of 1024 bytes: less than the output, more than the journal.
    let arguments = [text(&input), "--resume", "-o", text(&output)];
    let run = limited("ulimit -f 80", &arguments);
    let said = stderr(&run);
    assert_eq!(run.status.code(), Some(3), "{said}");
    assert!(
        said.contains("heatmap.json") && said.contains("too large"),
        "{said}"
    );
    assert_eq!(names(&out), [".heatmap.json.callheat-journal"]);
    let run = limited("true", &arguments);
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    assert!(!stderr(&run).contains(" 0 calls taken"), "{}", stderr(&run));
    assert!(fs::read(&output).unwrap() == fs::read(&whole).unwrap());
}

#[test]
fn a_folder_that_takes_no_file_is_known_before_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let input = calls_file(folder.path(), 1);
    // Not even root may create a file there.
    for flag in ["-o", "--csv", "--html"] {
        let run = analyze()
            .arg(&input)
            .args([flag, "/proc/heatmap.json"])
            .output()
            .unwrap();
        let said = stderr(&run);
        assert_eq!(run.status.code(), Some(3), "{said}");
        assert!(
            said.contains("/proc/heatmap.json") && said.contains("is writable"),
            "{said}"
        );
    }
    let run = analyze()
        .arg(&input)
        .args(["--resume", "-o", "/proc/heatmap.json"])
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(3));
    assert!(
        stderr(&run).contains("cannot use the journal"),
        "{}",
        stderr(&run)
    );
}

#[test]
fn an_output_folder_that_goes_away_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    fs::create_dir(&out).unwrap();
    let mut child = analyze()
        .arg("-")
        .arg("-o")
        .arg(out.join("heatmap.json"))
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(calls(1).as_bytes()).unwrap();
    // The model is named once everything is loaded; the outputs are opened next.
    let mut said = BufReader::new(child.stderr.take().unwrap());
    said.read_line(&mut String::new()).unwrap();
    thread::sleep(Duration::from_millis(300));
    fs::remove_dir_all(&out).unwrap();
    drop(stdin);
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(3), "{rest}");
    assert!(
        rest.contains("cannot write") && rest.contains("heatmap.json"),
        "{rest}"
    );
}

/// Begins a batch on a large file and waits until calls of it are scored.
fn reading(folder: &Path) -> (std::process::Child, PathBuf, PathBuf) {
    let input = calls_file(folder, 400);
    let output = folder.join("heatmap.json");
    let child = analyze()
        .arg(&input)
        .arg("--resume")
        .arg("-o")
        .arg(&output)
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let journal = folder.join(".heatmap.json.callheat-journal");
    while fs::metadata(&journal).map_or(0, |meta| meta.len()) < 1000 {
        thread::sleep(Duration::from_millis(2));
    }
    (child, input, output)
}

#[test]
fn input_that_is_cut_while_it_is_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (child, input, output) = reading(folder.path());
    fs::File::options()
        .write(true)
        .open(&input)
        .unwrap()
        .set_len(1000)
        .unwrap();
    let run = child.wait_with_output().unwrap();
    assert_eq!(run.status.code(), Some(2));
    assert!(
        stderr(&run).contains("400.jsonl: was changed while it was read"),
        "{}",
        stderr(&run)
    );
    let heatmap = heatmap(&output);
    let analysed = heatmap["summary"]["calls"].as_u64().unwrap();
    assert!((1..400).contains(&analysed), "{analysed}");
}

#[test]
fn input_that_is_removed_while_it_is_read_is_read_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let (child, input, output) = reading(folder.path());
    fs::remove_file(&input).unwrap();
    let run = child.wait_with_output().unwrap();
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    assert_eq!(heatmap(&output)["summary"]["calls"], 400);
}

#[test]
fn a_pipe_by_name_is_read_and_one_that_nobody_writes_can_be_left() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let output = folder.path().join("heatmap.json");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let start = || {
        analyze()
            .arg(&pipe)
            .arg("-o")
            .arg(&output)
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    let child = start();
    fs::write(&pipe, calls(3)).unwrap();
    let run = child.wait_with_output().unwrap();
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    assert_eq!(heatmap(&output)["summary"]["calls"], 3);

    let mut child = start();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    said.read_line(&mut String::new()).unwrap();
    thread::sleep(Duration::from_millis(500));
    signal("-TERM", child.id());
    assert_eq!(child.wait().unwrap().code(), Some(2));
    assert_eq!(heatmap(&output)["summary"]["interrupted"], true);
}

#[test]
fn a_link_that_leads_back_costs_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("heatmap.json");
    let calls = folder.path().join("calls");
    fs::create_dir(&calls).unwrap();
    calls_file(&calls, 2);
    symlink(&calls, calls.join("loop")).unwrap();
    symlink(calls.join("b"), calls.join("a")).unwrap();
    symlink(calls.join("a"), calls.join("b")).unwrap();
    let run = analyze()
        .arg(&calls)
        .arg("-o")
        .arg(&output)
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(2));
    assert!(
        stderr(&run).contains("loop: the symbolic link leads back"),
        "{}",
        stderr(&run)
    );
    let heatmap = heatmap(&output);
    assert_eq!(heatmap["summary"]["calls"], 2);
    assert_eq!(heatmap["summary"]["failed"], 3, "{}", stderr(&run));
}

#[test]
fn ten_thousand_files_need_few_open_ones() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("heatmap.json");
    let calls = folder.path().join("calls");
    fs::create_dir(&calls).unwrap();
    for number in 0..10_000 {
        let file = calls.join(format!("{number}.txt"));
        fs::write(file, "客服：您好\n客户：我要投诉你们\n").unwrap();
    }
    let run = limited("ulimit -n 64", &[text(&calls), "-o", text(&output)]);
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    let heatmap = heatmap(&output);
    assert_eq!(heatmap["summary"]["calls"], 10_000);
    assert_eq!(heatmap["summary"]["turns"], 20_000);
}

#[test]
fn a_model_that_fails_on_one_text_costs_that_call_only() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("calls.jsonl");
    let output = folder.path().join("heatmap.json");
    let mut lines = String::new();
    for number in 0..50 {
        let word = if number % 10 == 7 {
            "坏崩坏"
        } else {
            "坏坏好"
        };
        let call = format!(
            r#"{{"call_id":"m{number}","turns":[{{"speaker":"customer","text":"{word}{}"}}]}}"#,
            "嗯".repeat(number % 5)
        );
        lines += &call;
        lines += "\n";
    }
    fs::write(&input, lines).unwrap();
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/models/failing");
    for threads in ["1", "4"] {
        let run = analyze()
            .arg(&input)
            .args(["--model", model, "--threads", threads, "-o"])
            .arg(&output)
            .output()
            .unwrap();
        assert_eq!(run.status.code(), Some(2), "{}", stderr(&run));
        assert!(
            stderr(&run).contains("call m7: the model failed"),
            "{}",
            stderr(&run)
        );
        let heatmap = heatmap(&output);
        assert_eq!(heatmap["summary"]["calls"], 45);
        assert_eq!(heatmap["summary"]["failed"], 5);
        let failures = heatmap["failures"].to_string();
        assert!(
            !failures.contains('崩'),
            "a message quotes no text: {failures}"
        );
    }
}

#[test]
fn an_absurd_turn_is_cut_and_needs_bounded_memory() {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (
        folder.path().join("absurd.json"),
        folder.path().join("h.json"),
    );
    let text_of = |megabytes: usize| "我要投诉".repeat(megabytes * (1 << 20) / 12);
    let call = |text: &str| {
        format!(r#"{{"call_id":"a","turns":[{{"speaker":"customer","text":"{text}"}}]}}"#)
    };
    fs::write(&input, call(&text_of(40))).unwrap();
    let run = limited(
        "ulimit -v 2500000",
        &[text(&input), "--threads", "2", "-o", text(&output)],
    );
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    let analysed = heatmap(&output);
    let turn = analysed["calls"][0]["turns"][0]["text"].as_str().unwrap();
    assert_eq!(turn.chars().count(), 20_000);
    assert!(
        analysed["calls"][0]["warnings"]
            .to_string()
            .contains("turn_cut")
    );
    // One call beyond what is held at all is refused by name.
    fs::write(&input, call(&text_of(70))).unwrap();
    let run = limited(
        "ulimit -v 2500000",
        &[text(&input), "--threads", "2", "-o", text(&output)],
    );
    assert_eq!(run.status.code(), Some(2), "{}", stderr(&run));
    assert!(
        stderr(&run).contains("longer than 64 MiB"),
        "{}",
        stderr(&run)
    );
}

#[test]
fn interrupted_twice_it_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    fs::create_dir(&out).unwrap();
    let input = calls_file(folder.path(), 400);
    let mut child = analyze()
        .arg(&input)
        .args([
            "--csv",
            text(&out.join("turns.csv")),
            "--html",
            text(&out.join("page.html")),
        ])
        .arg("-o")
        .arg(out.join("heatmap.json"))
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    said.read_line(&mut String::new()).unwrap();
    thread::sleep(Duration::from_millis(300));
    // The second signal comes while what was read is finished, or after that.
    signal("-INT", child.id());
    thread::sleep(Duration::from_millis(20));
    let _ = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .output();
    match child.wait().unwrap().code() {
        Some(130) => assert_eq!(names(&out), [""; 0]),
        Some(2) => assert_eq!(names(&out), ["heatmap.json", "page.html", "turns.csv"]),
        other => panic!("status {other:?}"),
    }
}

fn stream() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callheat"));
    command
        .args(["stream", "--runtime", "rten"])
        .env_remove("ORT_DYLIB_PATH")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

#[test]
fn a_stream_whose_reader_goes_away_ends_quietly() {
    let mut child = stream().spawn().unwrap();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    for number in 0..200 {
        let line = format!(r#"{{"call_id":"c","speaker":"customer","text":"第{number}次投诉"}}"#);
        if writeln!(stdin, "{line}").is_err() {
            break;
        }
    }
    let run = child.wait_with_output().unwrap();
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
}

#[test]
fn a_live_line_without_an_end_is_named_and_the_stream_goes_on() {
    let mut child = stream().spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = thread::spawn(move || {
        write!(stdin, r#"{{"call_id":"c","speaker":"customer","text":""#).unwrap();
        let chunk = "投诉".repeat(10_000);
        for _ in 0..500 {
            stdin.write_all(chunk.as_bytes()).unwrap();
        }
        writeln!(stdin, "\"}}").unwrap();
        writeln!(
            stdin,
            r#"{{"call_id":"c","speaker":"customer","text":"我要退款"}}"#
        )
        .unwrap();
    });
    let run = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    let events: Vec<Value> = run
        .stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    let errors: Vec<&Value> = events
        .iter()
        .filter(|event| event["event"] == "error")
        .collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0]["line"], 1);
    assert!(
        errors[0]["reason"]
            .as_str()
            .unwrap()
            .contains("longer than 1 MiB")
    );
    let turns: Vec<&Value> = events
        .iter()
        .filter(|event| event["event"] == "turn")
        .collect();
    assert_eq!(turns.len(), 1);
    assert_eq!(turns[0]["turn"]["text"], "我要退款");
}

#[test]
fn a_stream_told_to_end_finishes_what_was_read() {
    let mut child = stream().spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut events = BufReader::new(child.stdout.take().unwrap()).lines();
    writeln!(
        stdin,
        r#"{{"call_id":"c","speaker":"customer","text":"我要退款"}}"#
    )
    .unwrap();
    stdin.flush().unwrap();
    let first = events.next().unwrap().unwrap();
    assert!(first.contains(r#""event":"turn""#), "{first}");
    signal("-TERM", child.id());
    let rest: Vec<String> = events.map(Result::unwrap).collect();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(
        rest.iter().any(|event| event.contains(r#""event":"call""#)),
        "{rest:?}"
    );
    drop(stdin);
}

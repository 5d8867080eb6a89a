//! Latency of `callheat stream`: from a turn's line written to its `turn` event
//! read, with many calls interleaved at a steady rate.
//!
//! `cargo bench --bench latency`; `-- CALLS TURNS_PER_SECOND SECONDS` for
//! another load than 200, 50 and 30. Every text is distinct, so that each turn
//! runs the model. State the machine beside any figure you quote.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use callheat::input::{self, InputOptions, InputPath};
use serde_json::{Value, json};

/// Turns before the clock counts: the sessions' first runs allocate.
const WARM_UP: usize = 50;

type Sent = Arc<Mutex<HashMap<(String, u64), Instant>>>;

fn main() {
    let numbers: Vec<usize> = std::env::args()
        .filter_map(|argument| argument.parse().ok())
        .collect();
    let [calls, rate, seconds] = match numbers[..] {
        [calls, rate, seconds] => [calls, rate, seconds],
        _ => [200, 50, 30],
    };
    let texts = texts();
    let mut child = Command::new(env!("CARGO_BIN_EXE_callheat"))
        .args(["stream", "--events", "turn"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary");
    let mut stdin = child.stdin.take().expect("a pipe");
    let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    let sent: Sent = Arc::default();
    let reader = {
        let sent = Arc::clone(&sent);
        thread::spawn(move || latencies(stdout, &sent))
    };
    let turns = rate * seconds + WARM_UP;
    let started = Instant::now();
    for number in 0..turns {
        let due = Duration::from_secs_f64(number as f64 / rate as f64);
        thread::sleep(due.saturating_sub(started.elapsed()));
        let (speaker, text) = &texts[number % texts.len()];
        let (call_id, turn) = (format!("call-{}", number % calls), (number / calls) as u64);
        let line =
            json!({"call_id": call_id, "speaker": speaker, "text": format!("{text}{number}")});
        let mut line = line.to_string();
        line.push('\n');
        let key = (call_id, turn);
        sent.lock().expect("no panic").insert(key, Instant::now());
        stdin.write_all(line.as_bytes()).expect("callheat reads");
    }
    drop(stdin);
    let mut latencies = reader.join().expect("no panic");
    assert!(child.wait().expect("it ends").success());
    assert_eq!(latencies.len(), turns, "an event for every turn");
    latencies.drain(..WARM_UP);
    latencies.sort_unstable();
    let at = |share: f64| {
        let index = ((latencies.len() - 1) as f64 * share).round() as usize;
        latencies[index].as_secs_f64() * 1e3
    };
    println!(
        "{calls} calls, {rate} turns/s for {seconds} s: median {:.1} ms, p90 {:.1} ms, p99 {:.1} ms, most {:.1} ms",
        at(0.5),
        at(0.9),
        at(0.99),
        at(1.0)
    );
}

/// Waits for every event; the latencies in the order of the events.
fn latencies(stdout: impl BufRead, sent: &Sent) -> Vec<Duration> {
    let mut latencies = Vec::new();
    for line in stdout.lines() {
        let line = line.expect("UTF-8");
        let now = Instant::now();
        let event: Value = serde_json::from_str(&line).expect("JSON");
        let call_id = event["call_id"].as_str().expect("an identifier").to_owned();
        let turn = event["turn"]["index"].as_u64().expect("an index");
        let written = sent.lock().expect("no panic")[&(call_id, turn)];
        latencies.push(now - written);
    }
    latencies
}

fn texts() -> Vec<(Value, String)> {
    let fixtures = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/calls"));
    input::read(&[InputPath::from(fixtures)], &InputOptions::default())
        .filter_map(Result::ok)
        .flat_map(|call| call.turns)
        .map(|turn| (json!(turn.speaker), turn.text))
        .collect()
}

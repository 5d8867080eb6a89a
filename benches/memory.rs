//! Memory does not grow with the number of calls: the peak of `analyze` on
//! 100,000 calls stays within 1.3 × of that on 5,000 (Linux).
//!
//! `cargo bench --bench memory`; `-- 20000` for another large batch. The calls
//! repeat the fixtures, so that most scores come from memory and the run is
//! limited by everything but the model.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use callheat::input::{self, InputOptions, InputPath};
use serde_json::{Value, json};

const SMALL: usize = 5_000;
const LIMIT: f64 = 1.3;

fn main() {
    let large = std::env::args()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(100_000);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (small_peak, _) = measure(folder.path(), SMALL);
    let (large_peak, _) = measure(folder.path(), large);
    let ratio = large_peak as f64 / small_peak as f64;
    println!("peak of {large} calls / peak of {SMALL} calls = {ratio:.2} (limit {LIMIT})");
    assert!(ratio <= LIMIT, "memory grows with the number of calls");
}

/// Peak resident memory in KiB and seconds of `analyze` on so many calls.
fn measure(folder: &Path, calls: usize) -> (u64, f64) {
    let input = folder.join(format!("{calls}.jsonl"));
    write_calls(&input, calls);
    let output = folder.join("heatmap.jsonl");
    let started = Instant::now();
    // GNU time is not everywhere; the kernel's own account of a finished child is.
    let script = "import resource,subprocess,sys\n\
        code=subprocess.call(sys.argv[1:])\n\
        print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n\
        sys.exit(code)";
    let run = Command::new("python3")
        .args([
            "-c",
            script,
            env!("CARGO_BIN_EXE_callheat"),
            "analyze",
            "--quiet",
            "--format",
            "jsonl",
            "-o",
        ])
        .arg(&output)
        .arg(&input)
        .output()
        .expect("python3 measures the memory");
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    let seconds = started.elapsed().as_secs_f64();
    let peak: u64 = String::from_utf8_lossy(&run.stdout)
        .trim()
        .parse()
        .expect("a number");
    println!("{calls} calls: peak {} MiB, {seconds:.1} s", peak / 1024);
    (peak, seconds)
}

fn write_calls(path: &Path, calls: usize) {
    let fixtures = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/calls"));
    let read = input::read(&[InputPath::from(fixtures)], &InputOptions::default());
    let turns: Vec<Value> = read
        .filter_map(Result::ok)
        .map(|call| {
            let turns = call
                .turns
                .iter()
                .map(|turn| json!({"speaker": turn.speaker, "text": turn.text}));
            Value::Array(turns.collect())
        })
        .collect();
    let mut out = BufWriter::new(File::create(path).expect("a temporary file"));
    for number in 0..calls {
        let call =
            json!({"call_id": format!("call-{number}"), "turns": turns[number % turns.len()]});
        writeln!(out, "{call}").expect("space for the calls");
    }
    out.flush().expect("space for the calls");
}

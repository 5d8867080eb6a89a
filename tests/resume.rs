//! `--resume`: whatever stops a batch, the same command goes on where it was,
//! and the output is that of an uninterrupted run to the byte.

#![cfg(unix)]

mod generated;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use generated::{analyze, calls_file, names};

const CALLS: usize = 40;
/// Of a record: key, number of turns and size of its body; and its checksum.
const HEAD_BYTES: usize = 16 + 4 + 4;
const CHECKSUM_BYTES: usize = 8;
const KILLS: usize = 20;

/// SplitMix64: the moments are random, and the same in every run of the test.
struct Moments(u64);

impl Moments {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

struct Batch {
    input: PathBuf,
    output: PathBuf,
    journal: PathBuf,
}

impl Batch {
    fn new(folder: &Path) -> Self {
        Self {
            input: calls_file(folder, CALLS),
            output: folder.join("out/heatmap.json"),
            journal: folder.join("out/.heatmap.json.callheat-journal"),
        }
    }

    fn command(&self) -> Command {
        let mut command = analyze();
        command
            .arg(&self.input)
            .arg("--resume")
            .arg("-o")
            .arg(&self.output)
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command
    }

    fn start(&self) -> Child {
        self.command().spawn().unwrap()
    }

    /// Calls of which the journal holds the whole record.
    fn journalled(&self) -> usize {
        let Ok(bytes) = fs::read(&self.journal) else {
            return 0;
        };
        let Some(header) = bytes.iter().position(|byte| *byte == b'\n') else {
            return 0;
        };
        let mut left = &bytes[header + 1..];
        let mut records = 0;
        while let Some((head, rest)) = left.split_at_checked(HEAD_BYTES) {
            let size = u32::from_le_bytes(head[HEAD_BYTES - 4..].try_into().unwrap());
            let Some((_, rest)) = rest.split_at_checked(size as usize + CHECKSUM_BYTES) else {
                break;
            };
            left = rest;
            records += 1;
        }
        records
    }
}

/// What a run says of itself: calls taken from the journal, calls scored.
fn counts(stderr: &[u8]) -> (usize, usize) {
    let stderr = String::from_utf8_lossy(stderr);
    let line = stderr
        .lines()
        .find(|line| line.contains("taken from the journal"))
        .unwrap_or_else(|| panic!("no counts in: {stderr}"));
    let numbers: Vec<usize> = line
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    (numbers[0], numbers[1])
}

/// The output of a run that nothing disturbs, and how long it takes.
fn undisturbed(batch: &Batch) -> (Vec<u8>, Duration) {
    let output = batch.input.with_extension("undisturbed.json");
    let started = Instant::now();
    let run = analyze()
        .arg(&batch.input)
        .arg("-o")
        .arg(&output)
        .output()
        .unwrap();
    assert!(run.status.success());
    (fs::read(output).unwrap(), started.elapsed())
}

#[test]
fn killed_at_random_moments_it_goes_on_and_ends_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let batch = Batch::new(folder.path());
    fs::create_dir(folder.path().join("out")).unwrap();
    let (expected, whole_run) = undisturbed(&batch);
    let mut moments = Moments(20_240_506);
    let (mut kills, mut in_the_middle, mut finished) = (0, 0, 0);
    while kills < KILLS || finished == 0 {
        let before = batch.journalled();
        let mut child = batch.start();
        if kills < KILLS {
            let moment = moments.below(whole_run.as_micros() as u64);
            thread::sleep(Duration::from_micros(moment));
            if child.try_wait().unwrap().is_none() {
                child.kill().unwrap();
            }
        }
        let run = child.wait_with_output().unwrap();
        if run.status.success() {
            let (recalled, scored) = counts(&run.stderr);
            assert_eq!(recalled, before, "finished calls were scored again");
            assert_eq!(recalled + scored, CALLS);
            assert!(
                fs::read(&batch.output).unwrap() == expected,
                "the outputs differ"
            );
            assert_eq!(names(&folder.path().join("out")), ["heatmap.json"]);
            fs::remove_file(&batch.output).unwrap();
            finished += 1;
            continue;
        }
        assert_eq!(
            run.status.code(),
            None,
            "{}",
            String::from_utf8_lossy(&run.stderr)
        );
        kills += 1;
        let after = batch.journalled();
        assert!(after >= before, "a killed run lost what was there");
        in_the_middle += usize::from(after > 0 && after < CALLS);
        if let Ok(output) = fs::read(&batch.output) {
            // Killed between giving the output its name and taking the journal away.
            assert!(output == expected, "only a whole output has the name");
            fs::remove_file(&batch.output).unwrap();
        }
        let left = names(&folder.path().join("out"));
        assert!(
            left.iter().all(|name| name.ends_with("-journal")),
            "{left:?}"
        );
    }
    eprintln!(
        "{kills} kills, {in_the_middle} of them in the middle of the batch, {finished} runs finished"
    );
    assert!(
        in_the_middle >= 5,
        "only {in_the_middle} kills struck while calls were scored"
    );
}

#[test]
fn an_interrupted_run_goes_on_too() {
    let folder = tempfile::tempdir().unwrap();
    let batch = Batch::new(folder.path());
    fs::create_dir(folder.path().join("out")).unwrap();
    let (expected, _) = undisturbed(&batch);
    let child = batch.start();
    while batch.journalled() < 3 {
        thread::sleep(Duration::from_millis(2));
    }
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    let run = child.wait_with_output().unwrap();
    assert_eq!(run.status.code(), Some(2));
    let (_, scored) = counts(&run.stderr);
    assert!(batch.journal.exists() && scored < CALLS);
    let run = batch.command().output().unwrap();
    assert_eq!(run.status.code(), Some(0));
    assert_eq!(counts(&run.stderr), (scored, CALLS - scored));
    assert!(fs::read(&batch.output).unwrap() == expected);
    assert!(!batch.journal.exists());
}

#[test]
fn calls_changed_since_are_scored_anew_and_the_others_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let batch = Batch::new(folder.path());
    fs::create_dir(folder.path().join("out")).unwrap();
    let mut child = batch.start();
    while batch.journalled() < 20 {
        thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let journalled = batch.journalled();
    let text = fs::read_to_string(&batch.input).unwrap();
    let changed = text.replacen("我第0次", "我第零次", 1);
    assert_ne!(text, changed);
    fs::write(&batch.input, changed).unwrap();
    let (expected, _) = undisturbed(&batch);
    let run = batch.command().output().unwrap();
    assert_eq!(run.status.code(), Some(0));
    assert_eq!(
        counts(&run.stderr),
        (journalled - 1, CALLS - journalled + 1)
    );
    assert!(fs::read(&batch.output).unwrap() == expected);
}

#[test]
fn another_model_or_no_file_to_write_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let batch = Batch::new(folder.path());
    fs::create_dir(folder.path().join("out")).unwrap();
    let mut child = batch.start();
    while batch.journalled() < 1 {
        thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/models/failing");
    let run = batch.command().args(["--model", model]).output().unwrap();
    let stderr = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(3), "{stderr}");
    assert!(
        stderr.contains("begun with the model callheat-zh-small"),
        "{stderr}"
    );
    assert!(batch.journalled() >= 1, "the journal is still there");

    let run = analyze()
        .arg(&batch.input)
        .arg("--resume")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(3), "{stderr}");
    assert!(stderr.contains("add -o heatmap.json"), "{stderr}");
}

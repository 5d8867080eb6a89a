use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, bail};
use callheat::eval::{LabelledSet, ModelRun, compare_models, model_table};
use callheat::sentiment::ScorerOptions;

use super::args::ModelEvalArgs;
use super::load;
use crate::cli::Exit;
use crate::cli::args::{RunArgs, RuntimeArg};
use crate::cli::setup;

/// Texts scored before the clock starts.
const WARM_UP: usize = 64;

/// Measures the models side by side.
pub fn run(args: &ModelEvalArgs) -> anyhow::Result<Exit> {
    let (set, unreadable) = read(args)?;
    if set.texts().is_empty() {
        bail!("no labelled text in the data; `callheat model eval --help` lists the forms");
    }
    let default = [PathBuf::from(super::DEFAULT)];
    let folders = if args.folders.is_empty() {
        default.as_slice()
    } else {
        &args.folders
    };
    if args.only_scores {
        let [folder] = folders else {
            bail!("--only-scores takes one model");
        };
        let scored = score(&set, folder, &args.run)?;
        serde_json::to_writer(io::stdout().lock(), &scored)?;
        return Ok(Exit::Success);
    }
    let runs = folders
        .iter()
        .map(|folder| score_apart(args, folder, set.texts().len()))
        .collect::<anyhow::Result<Vec<ModelRun>>>()?;
    let comparison = compare_models(&set, &runs);
    let mut out = io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &comparison)?;
        writeln!(out)?;
    } else {
        write!(out, "{}", model_table(&comparison))?;
    }
    Ok(if unreadable > 0 {
        Exit::SomeInputFailed
    } else {
        Exit::Success
    })
}

/// The texts, and how many lines could not be read.
fn read(args: &ModelEvalArgs) -> anyhow::Result<(LabelledSet, usize)> {
    let mut set = LabelledSet::default();
    let mut unreadable = 0;
    for path in &args.data {
        let bytes = fs::read(path)
            .with_context(|| format!("cannot read {}; check the path", path.display()))?;
        let text = String::from_utf8_lossy(&bytes);
        for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            if let Err(error) = set.push_line(line) {
                unreadable += 1;
                // The process that only scores reads the same lines again.
                if !args.only_scores {
                    let path = path.display();
                    let _ = writeln!(
                        io::stderr(),
                        "callheat: {path}:{}: {error}; the line is left out",
                        index + 1
                    );
                }
            }
        }
    }
    Ok((set, unreadable))
}

/// Scores all texts in a process of its own, whose memory can be told.
fn score_apart(args: &ModelEvalArgs, folder: &Path, texts: usize) -> anyhow::Result<ModelRun> {
    let program = std::env::current_exe().context("cannot find this program to start it again")?;
    let mut command = Command::new(program);
    command.args(["model", "eval", "--only-scores"]);
    for path in &args.data {
        command.arg("--data").arg(path);
    }
    let run = &args.run;
    let runtime = match run.runtime {
        RuntimeArg::Auto => "auto",
        RuntimeArg::Ort => "ort",
        RuntimeArg::Rten => "rten",
    };
    command.args(["--runtime", runtime]);
    if run.device == crate::cli::args::DeviceArg::Cuda {
        command.args(["--device", "cuda"]);
    }
    if let Some(library) = &run.ort_lib {
        command.arg("--ort-lib").arg(library);
    }
    for (name, number) in [
        ("--threads", run.threads),
        ("--batch-tokens", run.batch_tokens),
    ] {
        if let Some(number) = number {
            command.args([name, &number.to_string()]);
        }
    }
    let output = command
        .arg("--")
        .arg(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start the process that scores")?;
    if !output.status.success() {
        bail!(
            "{} was not measured; see the message above, and `callheat model check {0}`",
            folder.display()
        );
    }
    let run: ModelRun = serde_json::from_slice(&output.stdout)
        .context("the process that scores did not answer; run the command again")?;
    if run.scores.len() != texts {
        bail!("the data changed while it was read; run the command again");
    }
    Ok(run)
}

fn score(set: &LabelledSet, folder: &Path, args: &RunArgs) -> anyhow::Result<ModelRun> {
    let model = load(folder)?;
    let bytes = model.size();
    // Every text has to be run, not remembered.
    let options = ScorerOptions {
        cached_texts: 1,
        ..ScorerOptions::default()
    };
    let threads = args.threads.unwrap_or(options.threads).get();
    let scorer = setup::start(&model, args, options)?;
    drop(model);
    let runtime = tokio::runtime::Runtime::new().context("cannot start the worker threads")?;
    let texts = || set.texts().iter().map(|labelled| labelled.text.as_str());
    let (scores, seconds) = runtime.block_on(async {
        scorer.score_all(texts().take(WARM_UP)).await?;
        let started = Instant::now();
        let scores = scorer.score_all(texts()).await?;
        anyhow::Ok((scores, started.elapsed().as_secs_f64()))
    })?;
    Ok(ModelRun {
        folder: folder.display().to_string(),
        info: scorer.info().clone(),
        bytes,
        threads,
        seconds,
        peak_bytes: peak_memory(),
        scores,
    })
}

/// Peak resident memory of this process, where the system says it (Linux).
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

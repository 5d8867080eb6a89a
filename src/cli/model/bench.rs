use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::Context as _;
use callheat::eval::{Machine, Speed, measure_speed};
use callheat::sentiment::{Device, Model, ModelError, RuntimeChoice, runtime};
use serde::Serialize;

use super::args::BenchArgs;
use super::load;
use crate::cli::Exit;

#[derive(Serialize)]
struct Bench {
    machine: Machine,
    models: Vec<ModelBench>,
}

#[derive(Serialize)]
struct ModelBench {
    folder: String,
    name: String,
    runtimes: Vec<RuntimeBench>,
}

#[derive(Serialize)]
struct RuntimeBench {
    runtime: String,
    speeds: Vec<Speed>,
}

/// Times every model on every runtime there is.
pub fn run(args: &BenchArgs) -> anyhow::Result<Exit> {
    let default = [PathBuf::from(super::DEFAULT)];
    let folders = if args.folders.is_empty() {
        default.as_slice()
    } else {
        &args.folders
    };
    let mut bench = Bench {
        machine: Machine::this(),
        models: Vec::new(),
    };
    for folder in folders {
        let measured = measure(args, folder).with_context(|| folder.display().to_string())?;
        bench.models.push(measured);
    }
    let mut out = io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &bench)?;
        writeln!(out)?;
    } else {
        write!(out, "{}", table(&bench))?;
    }
    Ok(Exit::Success)
}

fn measure(args: &BenchArgs, folder: &Path) -> anyhow::Result<ModelBench> {
    let model = load(folder)?;
    let threads = args.threads.or(thread::available_parallelism().ok());
    let threads = threads.map_or(1, usize::from);
    let choices = match args.runtime.into() {
        RuntimeChoice::Auto => vec![RuntimeChoice::OnnxRuntime, RuntimeChoice::Rten],
        one => vec![one],
    };
    let mut runtimes = Vec::new();
    let mut failure = None;
    for choice in choices {
        match time(args, &model, choice, threads) {
            Ok(measured) => runtimes.push(measured),
            Err(error) => {
                if !matches!(error.downcast_ref(), Some(ModelError::NoOnnxRuntime { .. })) {
                    let _ = writeln!(io::stderr(), "callheat: {}: {error}", folder.display());
                }
                failure = Some(error);
            }
        }
    }
    match (runtimes.is_empty(), failure) {
        (true, Some(error)) => Err(error),
        _ => Ok(ModelBench {
            folder: folder.display().to_string(),
            name: model.config().name.clone(),
            runtimes,
        }),
    }
}

fn time(
    args: &BenchArgs,
    model: &Model,
    choice: RuntimeChoice,
    threads: usize,
) -> anyhow::Result<RuntimeBench> {
    let runtime = runtime::open(model, choice, args.ort_lib.clone(), Device::Cpu)?;
    let speeds = measure_speed(model, runtime.as_ref(), threads, args.seconds)?;
    Ok(RuntimeBench {
        runtime: runtime.name().to_owned(),
        speeds,
    })
}

fn table(bench: &Bench) -> String {
    let machine = &bench.machine;
    let mut out = format!(
        "{}, {} cores, {}; turns/s, warmed, one-thread sessions{}\n",
        machine.processor,
        machine.cores,
        machine.system,
        if machine.optimised {
            ""
        } else {
            " (debug build: the figures are too low)"
        }
    );
    for model in &bench.models {
        for measured in &model.runtimes {
            let _ = writeln!(
                out,
                "\n{} ({}) on {}",
                model.name, model.folder, measured.runtime
            );
            let threads = measured.speeds.first().map_or(1, |speed| speed.threads);
            let _ = writeln!(
                out,
                "  {:>6} {:>6} {:>12} {:>12}",
                "tokens",
                "batch",
                "1 thread",
                format!("{threads} threads")
            );
            for speed in &measured.speeds {
                let _ = writeln!(
                    out,
                    "  {:>6} {:>6} {:>12.1} {:>12.1}",
                    speed.tokens, speed.batch, speed.one_thread, speed.all_threads
                );
            }
        }
    }
    out
}

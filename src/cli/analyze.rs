use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use callheat::heatmap::{Generator, LevelCounts, Summary};
use callheat::input::{self, InputPath};
use callheat::pipeline::{Analyser, BatchOptions, Journal, JournalCounts, JournalOwner, run_batch};
use callheat::report::html::PageOptions;
use callheat::report::{
    BatchHead, CsvReport, Destination, JsonLinesReport, JsonReport, PageReport, RedactedReport,
    Report, TerminalReport, paint_is_wanted,
};

use super::Exit;
use super::args::{AnalyzeArgs, OutputFormat, RiskLevel};
use super::interrupt::stop_on_interrupt;
use super::progress::TerminalProgress;
use super::setup;

/// Analyses transcripts and writes the reports asked for.
pub fn run(args: &AnalyzeArgs) -> anyhow::Result<Exit> {
    let input_options = setup::input_options(&args.input)?;
    let analyser = Arc::new(setup::analyser(&args.model, &args.findings, args.quiet)?);
    let journal = journal(args, &analyser)?;
    let reports = reports(args, &analyser)?;
    let inputs: Vec<InputPath> = args
        .inputs
        .iter()
        .map(|path| InputPath::from(path.clone()))
        .collect();
    let reader = input::read(&inputs, &input_options);
    let mut progress = TerminalProgress::new(args.quiet, &inputs, reader.progress());
    let runtime = tokio::runtime::Runtime::new().context("cannot start the worker threads")?;
    let tail = runtime.block_on(async {
        let options = BatchOptions {
            stop: stop_on_interrupt(),
            journal: journal.clone(),
        };
        run_batch(analyser, reader, reports, &mut progress, &options).await
    });
    // The reading thread may wait for a pipe that never ends.
    runtime.shutdown_background();
    progress.finish();
    if let Some(journal) = &journal {
        tell_counts(journal, args.quiet);
    }
    let tail = tail.with_context(|| format!("cannot write {}", named_outputs(args)))?;
    if let Some(journal) = journal.filter(|_| !tail.summary.interrupted) {
        journal.remove()?;
    }
    Ok(exit(&tail.summary, args.fail_on))
}

/// The journal of `--resume`, beside the first output that is a file.
fn journal(args: &AnalyzeArgs, analyser: &Analyser) -> anyhow::Result<Option<Arc<Journal>>> {
    if !args.resume {
        return Ok(None);
    }
    let output = [&args.output, &args.csv, &args.html]
        .into_iter()
        .flatten()
        .find(|path| *path != Path::new("-"))
        .context("--resume needs an output file to keep its journal beside; add -o heatmap.json")?;
    let scorer = analyser.scorer();
    let info = scorer.info();
    let owner = JournalOwner {
        callheat: Generator::this().version,
        model: info.name.clone(),
        sha256: info.sha256.clone(),
        runtime: format!("{} on {:?}", info.runtime, args.model.run.device),
        settings: scorer.settings().to_owned(),
    };
    let journal = Journal::open(&Journal::path_beside(output), &owner)?;
    Ok(Some(Arc::new(journal)))
}

fn tell_counts(journal: &Journal, quiet: bool) {
    let JournalCounts { recalled, recorded } = journal.counts();
    if !quiet {
        let _ = writeln!(
            io::stderr(),
            "callheat: {recalled} calls taken from the journal, {recorded} scored"
        );
    }
}

fn exit(summary: &Summary, fail_on: Option<RiskLevel>) -> Exit {
    let LevelCounts { medium, high, .. } = summary.levels;
    let reached = match fail_on {
        Some(RiskLevel::Medium) => medium + high > 0,
        Some(RiskLevel::High) => high > 0,
        None => false,
    };
    if summary.failed > 0 || summary.interrupted {
        Exit::SomeInputFailed
    } else if reached {
        Exit::LevelReached
    } else {
        Exit::Success
    }
}

fn named_outputs(args: &AnalyzeArgs) -> String {
    let named = [&args.output, &args.csv, &args.html]
        .into_iter()
        .flatten()
        .map(|path| path.display().to_string());
    let named: Vec<String> = named.collect();
    if named.is_empty() {
        "to standard output".to_owned()
    } else {
        named.join(", ")
    }
}

/// Opens every output before the work starts, so that a wrong path is known at once.
fn reports(args: &AnalyzeArgs, analyser: &Analyser) -> anyhow::Result<Vec<Box<dyn Report>>> {
    let head = BatchHead {
        generator: Generator::this(),
        model: analyser.scorer().info().clone(),
        bins: analyser.stages().options.bins,
    };
    let shown_to_people = !args.privacy.no_redact;
    let mut reports = Reports::default();
    let only_stdout = args.output.is_none() && args.csv.is_none() && args.html.is_none();
    let stdout = PathBuf::from("-");
    let output = if only_stdout {
        Some(&stdout)
    } else {
        args.output.as_ref()
    };
    if let Some(path) = output {
        let destination = Destination::create(path)?;
        let report: Box<dyn Report> = match args.format {
            OutputFormat::Json => Box::new(JsonReport::begin(destination, &head)?),
            OutputFormat::Jsonl => Box::new(JsonLinesReport::begin(destination, &head)),
        };
        reports.add(args.privacy.redact, report);
    }
    if let Some(path) = &args.csv {
        let report = CsvReport::begin(Destination::create(path)?)?;
        reports.add(shown_to_people, Box::new(report));
    }
    let language = args.lang.into();
    if let Some(path) = &args.html {
        let options = PageOptions {
            language,
            ..PageOptions::default()
        };
        let report = PageReport::begin(Destination::create(path)?, &head, options)?;
        reports.add(shown_to_people, Box::new(report));
    }
    let stdout_is_taken = [output, args.csv.as_ref(), args.html.as_ref()]
        .into_iter()
        .flatten()
        .any(|path| path == Path::new("-"));
    if args.quiet {
        // No summary.
    } else if stdout_is_taken {
        let paint = paint_is_wanted(&io::stderr());
        let report = TerminalReport::new(io::stderr(), &head, language, paint);
        reports.add(shown_to_people, Box::new(report));
    } else {
        let paint = paint_is_wanted(&io::stdout());
        let report = TerminalReport::new(io::stdout(), &head, language, paint);
        reports.add(shown_to_people, Box::new(report));
    }
    Ok(reports.all())
}

/// Reports of results as they are, and of results with placeholders in place of
/// personal data.
#[derive(Default)]
struct Reports {
    raw: Vec<Box<dyn Report>>,
    redacted: Vec<Box<dyn Report>>,
}

impl Reports {
    fn add(&mut self, is_redacted: bool, report: Box<dyn Report>) {
        if is_redacted {
            self.redacted.push(report);
        } else {
            self.raw.push(report);
        }
    }

    fn all(mut self) -> Vec<Box<dyn Report>> {
        if !self.redacted.is_empty() {
            self.raw.push(Box::new(RedactedReport::new(self.redacted)));
        }
        self.raw
    }
}

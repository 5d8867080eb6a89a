use std::io::{self, Write};
use std::path::Path;
use std::thread::ScopedJoinHandle;

use callheat::escalation::{RiskModel, SignalFinder};
use callheat::input::{Format, InputOptions};
use callheat::pipeline::{Analyser, AnalyserOptions, Stages};
use callheat::segment::Segmenter;
use callheat::sentiment::{Batching, Device, Model, Scorer, ScorerOptions, runtime};
use callheat::terms::{Category, Lexicon, TermFinder};
use callheat::timing::TimingOptions;

use super::args::{DeviceArg, FindingArgs, InputArgs, ModelArgs, RunArgs};

/// The options for reading.
pub fn input_options(args: &InputArgs) -> anyhow::Result<InputOptions> {
    let format = args
        .input_format
        .as_deref()
        .map(str::parse::<Format>)
        .transpose()?;
    Ok(InputOptions {
        format,
        agent_speaker: args.agent_speaker.clone(),
        agent_channel: args.agent_channel.clone(),
        ..InputOptions::default()
    })
}

/// Loads the model, the words and the other stages' data at the same time: each
/// takes a noticeable part of a second.
pub fn analyser(
    model: &ModelArgs,
    findings: &FindingArgs,
    quiet: bool,
) -> anyhow::Result<Analyser> {
    std::thread::scope(|scope| {
        let segmenter = scope.spawn(|| segmenter(findings));
        let stages = scope.spawn(|| stages(findings, || joined(segmenter)));
        let scorer = scorer(model);
        let stages = joined(stages);
        let scorer = scorer?;
        if !quiet {
            let info = scorer.info();
            let _ = writeln!(
                io::stderr(),
                "callheat: model {} on {}",
                info.name,
                info.runtime
            );
        }
        Ok(Analyser::new(scorer, stages?))
    })
}

fn scorer(args: &ModelArgs) -> anyhow::Result<Scorer> {
    let model = match &args.model {
        Some(folder) => Model::from_folder(folder)?,
        None => Model::built_in()?,
    };
    start(&model, &args.run, ScorerOptions::default())
}

/// Opens a model as the options say; `defaults` holds where they say nothing.
pub fn start(model: &Model, args: &RunArgs, defaults: ScorerOptions) -> anyhow::Result<Scorer> {
    let device = match args.device {
        DeviceArg::Cpu => Device::Cpu,
        DeviceArg::Cuda => Device::Cuda,
    };
    check_categories(model)?;
    let runtime = runtime::open(model, args.runtime.into(), args.ort_lib.clone(), device)?;
    let batching = args
        .batch_tokens
        .map_or(Batching::Single, |tokens| Batching::Padded {
            max_tokens: tokens.get(),
        });
    let options = ScorerOptions {
        threads: args.threads.unwrap_or(defaults.threads),
        batching,
        ..defaults
    };
    Ok(Scorer::start(model, runtime, options)?)
}

fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    match thread.join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

fn segmenter(args: &FindingArgs) -> anyhow::Result<Segmenter> {
    let (segmenter, bad_words) = Segmenter::new(&args.user_dict)?;
    for bad in &bad_words {
        report_bad_line(&bad.path, bad.line, &bad.reason);
    }
    Ok(segmenter)
}

/// All stages after scoring; the segmenter is waited for last.
fn stages(
    args: &FindingArgs,
    segmenter: impl FnOnce() -> anyhow::Result<Segmenter>,
) -> anyhow::Result<Stages> {
    let lexicon = match &args.lexicon {
        Some(path) => {
            let (lexicon, bad_entries) = Lexicon::load(path)?;
            for bad in &bad_entries {
                report_bad_line(&bad.path, bad.line, &bad.reason);
            }
            lexicon
        }
        None => Lexicon::built_in(),
    };
    let signals = match &args.signals {
        Some(path) => SignalFinder::from_file(path)?,
        None => SignalFinder::default(),
    };
    let timing = TimingOptions {
        silence_ms: args.silence,
        ..TimingOptions::default()
    };
    let options = AnalyserOptions {
        bins: args.bins.get() as usize,
        words: args.words,
        context: !args.no_context,
        timing,
        ..AnalyserOptions::default()
    };
    let terms = TermFinder::new(lexicon);
    Ok(Stages {
        segmenter: segmenter()?,
        terms,
        signals,
        risk: RiskModel::default(),
        options,
    })
}

/// A model may mark complaint phrases; what they are about must be known here.
fn check_categories(model: &Model) -> anyhow::Result<()> {
    let phrases = model.config().phrases.iter();
    let unknown = phrases
        .flat_map(|phrases| &phrases.categories)
        .find(|name| Category::from_name(name).is_none());
    match unknown {
        None => Ok(()),
        Some(unknown) => Err(anyhow::anyhow!(
            "{}: phrases.categories names `{unknown}`; use {}",
            model.path("callheat.toml").display(),
            Category::ALL.map(Category::name).join(", ")
        )),
    }
}

fn report_bad_line(path: &Path, line: usize, reason: &str) {
    let path = path.display();
    let _ = writeln!(
        io::stderr(),
        "callheat: {path}:{line}: {reason}; the line is left out"
    );
}

use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use callheat::heatmap::Event;
use callheat::report::Language;
use callheat::sentiment::RuntimeChoice;
use clap::{Parser, Subcommand, ValueEnum};

use super::model::ModelCommand;

/// Reads Chinese call-centre transcripts (客服通话转写) and finds the customer's
/// emotion over the call, turning points (情绪拐点), complaint terms (投诉词) and
/// escalation risk (升级风险). Nothing leaves this machine.
#[derive(Debug, Parser)]
#[command(name = "callheat", version, about)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Analyse transcripts and write the heatmap.
    #[command(after_help = EXIT_STATUS)]
    Analyze(Box<AnalyzeArgs>),
    /// Follow live calls: one turn a line on standard input, one event a line
    /// on standard output.
    #[command(after_help = STREAM_INPUT)]
    Stream(Box<StreamArgs>),
    /// Make the reviewer's page from a heatmap that `analyze` wrote.
    Report(ReportArgs),
    /// Check, measure and time sentiment models: swap one in a minute.
    #[command(subcommand)]
    Model(ModelCommand),
    /// Measure the findings against gold labels.
    #[command(after_help = GOLD_FORMS)]
    Eval(Box<EvalArgs>),
    /// Print the JSON Schema of the output.
    Schema,
}

const GOLD_FORMS: &str = "\
Gold calls are native JSON Lines with labels beside what is labelled: valence (-2..2), terms, escalation per turn, \
turning_points, risk, satisfaction per call; what has no label is not measured. Of a review export, what was accepted or \
corrected is gold, what was missed is added, and what was rejected is gold for not being there; a kind of finding counts \
where all of it has a verdict (terms and signals: in the turn; turning points: in the call). \
Exit status: 0; 2 some lines could not be read; 3 nothing could be measured.";

const EXIT_STATUS: &str = "\
Exit status: 0 all calls analysed; 1 --fail-on reached; 2 some input could not be read \
(the rest is there); 3 nothing could be done.";

/// Arguments of `analyze`.
#[derive(Debug, clap::Args)]
pub struct AnalyzeArgs {
    /// Files, folders (recursive), or - for native JSONL on standard input
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,

    /// Write the heatmap here (- for standard output). Without -o, --csv and
    /// --html it goes to standard output and the summary to standard error
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Write one row a turn, for Excel
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,

    /// Write the page that a reviewer opens in a browser
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// json: one object; jsonl: one call a line, the rest as the last line
    #[arg(long, value_enum, default_value_t = OutputFormat::Json)]
    pub format: OutputFormat,

    /// Reading the input
    #[command(flatten, next_help_heading = "Input")]
    pub input: InputArgs,

    /// The model
    #[command(flatten, next_help_heading = "Model")]
    pub model: ModelArgs,

    /// Finding
    #[command(flatten, next_help_heading = "Findings")]
    pub findings: FindingArgs,

    /// Privacy
    #[command(flatten, next_help_heading = "Privacy")]
    pub privacy: PrivacyArgs,

    /// Keep a journal beside the output and go on where a stopped run was: after
    /// a crash, give the same command again. Needs a named output file
    #[arg(long)]
    pub resume: bool,

    /// End with status 1 when a call reaches this risk level
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub fail_on: Option<RiskLevel>,

    /// Language of the summary and the page
    #[arg(long, value_enum, default_value_t = Lang::Zh)]
    pub lang: Lang,

    /// No progress, no notes, no summary; errors stay
    #[arg(short, long)]
    pub quiet: bool,
}

/// Arguments of `eval`.
#[derive(Debug, clap::Args)]
pub struct EvalArgs {
    /// Calls with gold labels, native JSON Lines, or the page's review exports
    #[arg(required = true, value_name = "GOLD")]
    pub gold: Vec<PathBuf>,

    /// The heatmap that was reviewed, JSON or JSONL; a review export needs it,
    /// because it names turns without holding their calls
    #[arg(long, value_name = "FILE")]
    pub heatmap: Option<PathBuf>,

    /// Print the figures as JSON
    #[arg(long)]
    pub json: bool,

    /// The model
    #[command(flatten, next_help_heading = "Model")]
    pub model: ModelArgs,

    /// Finding
    #[command(flatten, next_help_heading = "Findings")]
    pub findings: FindingArgs,

    /// No progress, no notes; errors stay
    #[arg(short, long)]
    pub quiet: bool,
}

/// Arguments of `report`.
#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    /// A heatmap, JSON or JSONL; - for standard input
    #[arg(value_name = "HEATMAP")]
    pub heatmap: PathBuf,

    /// The page (- for standard output)
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,

    /// Show personal data as it is; without this, placeholders such as [手机号]
    /// stand in its place
    #[arg(long)]
    pub no_redact: bool,

    /// Language of the page
    #[arg(long, value_enum, default_value_t = Lang::Zh)]
    pub lang: Lang,
}

const STREAM_INPUT: &str = "\
Input lines: {\"call_id\",\"speaker\",\"text\",\"start_ms\"?,\"end_ms\"?,\"meta\"?} and {\"call_id\",\"end\":true}. \
SIGTERM and the end of the input finish the open calls; exit status 0.";

/// Arguments of `stream`.
#[derive(Debug, clap::Args)]
pub struct StreamArgs {
    /// Only these kinds of events [default: all]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "KIND,…")]
    pub events: Vec<EventKind>,

    /// Only what a supervisor must see: turning points, risk changes, signals,
    /// rising terms, errors
    #[arg(long, conflicts_with = "events")]
    pub only_alerts: bool,

    /// jsonl: one JSON object a line; text: for people, coloured on a terminal
    #[arg(long, value_enum, default_value_t = EventFormat::Jsonl)]
    pub format: EventFormat,

    /// Close a call that is silent for so long
    #[arg(long, value_name = "SECONDS", default_value_t = NonZeroU64::new(600).unwrap_or(NonZeroU64::MIN))]
    pub idle_timeout: NonZeroU64,

    /// Window in which complaint terms are watched for a rise
    #[arg(long, value_name = "MINUTES", default_value_t = NonZeroU64::new(10).unwrap_or(NonZeroU64::MIN))]
    pub window: NonZeroU64,

    /// The model
    #[command(flatten, next_help_heading = "Model")]
    pub model: ModelArgs,

    /// Finding
    #[command(flatten, next_help_heading = "Findings")]
    pub findings: FindingArgs,

    /// Put placeholders such as [手机号] in place of personal data. A number read
    /// in pieces is known once enough of it was heard; the call event has it all
    #[arg(long)]
    pub redact: bool,

    /// Language of --format text
    #[arg(long, value_enum, default_value_t = Lang::Zh)]
    pub lang: Lang,

    /// No notes; errors stay
    #[arg(short, long)]
    pub quiet: bool,
}

/// `stream --events`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum EventKind {
    /// A turn was scored
    Turn,
    /// A turning point was confirmed
    TurningPoint,
    /// An escalation signal
    Signal,
    /// The risk's level changed
    Risk,
    /// A complaint term rises
    TermAlert,
    /// A call ended
    Call,
    /// A line could not be read
    Error,
}

impl EventKind {
    /// The kind of an event.
    pub fn of(event: &Event) -> Self {
        match event {
            Event::Turn { .. } => Self::Turn,
            Event::TurningPoint { .. } => Self::TurningPoint,
            Event::Signal { .. } => Self::Signal,
            Event::Risk { .. } => Self::Risk,
            Event::TermAlert { .. } => Self::TermAlert,
            Event::Call { .. } => Self::Call,
            Event::Error { .. } => Self::Error,
        }
    }
}

/// `stream --format`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EventFormat {
    /// One JSON object a line
    Jsonl,
    /// For people
    Text,
}

/// What is shown of personal data.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct PrivacyArgs {
    /// Put placeholders such as [手机号] in place of personal data (numbers,
    /// names, addresses, e-mail) in every output, JSON too. By default in HTML,
    /// CSV and the summary
    #[arg(long, conflicts_with = "no_redact")]
    pub redact: bool,

    /// Show personal data as it is in every output
    #[arg(long)]
    pub no_redact: bool,
}

/// How the input is read.
#[derive(Debug, clap::Args)]
pub struct InputArgs {
    /// Read every file as this format instead of recognising it by its content
    #[arg(long, value_name = "FORMAT")]
    pub input_format: Option<String>,

    /// The speaker name or number in the input that is the agent (坐席)
    #[arg(long, value_name = "SPEAKER")]
    pub agent_speaker: Option<String>,

    /// The channel number in the input that is the agent's
    #[arg(long, value_name = "CHANNEL")]
    pub agent_channel: Option<String>,
}

/// Which model runs.
#[derive(Debug, clap::Args)]
pub struct ModelArgs {
    /// A model folder: model.onnx, tokenizer.json, config.json [default: the built-in model]
    #[arg(long, value_name = "DIR")]
    pub model: Option<PathBuf>,

    /// How it runs
    #[command(flatten)]
    pub run: RunArgs,
}

/// How a model runs.
#[derive(Debug, Clone, clap::Args)]
pub struct RunArgs {
    /// auto takes ONNX Runtime where its library is found, else the built-in rten
    #[arg(long, value_enum, default_value_t = RuntimeArg::Auto)]
    pub runtime: RuntimeArg,

    /// ONNX Runtime's shared library [default: ORT_DYLIB_PATH, beside the
    /// executable, or the active Python environment's onnxruntime wheel]
    #[arg(long, value_name = "FILE")]
    pub ort_lib: Option<PathBuf>,

    /// Where the model runs
    #[arg(long, value_enum, default_value_t = DeviceArg::Cpu)]
    pub device: DeviceArg,

    /// One-thread model sessions [default: one a core]
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,

    /// Let waiting texts share a run of at most this many tokens. Faster for
    /// large fp32 models and on a GPU, but the last digits of a score may move
    /// with its batch-mates; dynamically quantised models always run singly
    #[arg(long, value_name = "TOKENS")]
    pub batch_tokens: Option<NonZeroUsize>,
}

/// What counts as a finding.
#[derive(Debug, clap::Args)]
pub struct FindingArgs {
    /// A lexicon of complaint terms instead of the built-in one
    #[arg(long, value_name = "FILE")]
    pub lexicon: Option<PathBuf>,

    /// A list of escalation signals instead of the built-in one
    #[arg(long, value_name = "FILE")]
    pub signals: Option<PathBuf>,

    /// Words for the segmenter, one `word [frequency] [tag]` a line; may be repeated
    #[arg(long, value_name = "FILE")]
    pub user_dict: Vec<PathBuf>,

    /// Longer gaps without speech are silences (静默)
    #[arg(long, value_name = "MS", default_value_t = 5_000)]
    pub silence: u64,

    /// Bins of each heatmap
    #[arg(long, value_name = "N", default_value_t = NonZeroU32::new(20).unwrap_or(NonZeroU32::MIN))]
    pub bins: NonZeroU32,

    /// Score each turn by its own words, not in the light of what the customer
    /// said before
    #[arg(long)]
    pub no_context: bool,

    /// Add each turn's words with part of speech
    #[arg(long)]
    pub words: bool,
}

/// `--format`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// One object
    Json,
    /// One call a line
    Jsonl,
}

/// `--runtime`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RuntimeArg {
    /// ONNX Runtime where found, else rten
    Auto,
    /// ONNX Runtime, or an error
    Ort,
    /// The built-in runtime
    Rten,
}

impl From<RuntimeArg> for RuntimeChoice {
    fn from(runtime: RuntimeArg) -> Self {
        match runtime {
            RuntimeArg::Auto => Self::Auto,
            RuntimeArg::Ort => Self::OnnxRuntime,
            RuntimeArg::Rten => Self::Rten,
        }
    }
}

/// `--device`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DeviceArg {
    /// The processor
    Cpu,
    /// The first NVIDIA GPU, through ONNX Runtime
    Cuda,
}

/// `--fail-on`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RiskLevel {
    /// medium or high
    Medium,
    /// high
    High,
}

/// `--lang`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// 中文
    Zh,
    /// English
    En,
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::Zh => Self::Chinese,
            Lang::En => Self::English,
        }
    }
}

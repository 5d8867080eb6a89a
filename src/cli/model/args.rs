use std::path::PathBuf;

use clap::Subcommand;

use crate::cli::args::{RunArgs, RuntimeArg};

/// The commands under `model`.
#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    /// Say whether a model folder fits, and what to mend.
    #[command(after_help = CHECK_STATUS)]
    Check(CheckArgs),
    /// Measure models side by side on labelled texts.
    #[command(after_help = EVAL_DATA)]
    Eval(Box<ModelEvalArgs>),
    /// Time models by batch and length, on both runtimes.
    Bench(BenchArgs),
}

const CHECK_STATUS: &str = "\
Runs Chinese probe sentences on both runtimes where ONNX Runtime is found. Exit status: 0 the model fits (notes may \
stand beside it); 3 it cannot be used, with everything that has to be mended: the line for callheat.toml, or the file to add.";

const EVAL_DATA: &str = "\
Data, one JSON object a line, in any mixture: {\"text\",\"label\",\"valence\"?} with label negative|neutral|positive; \
calls in native form with `valence` (-2..2) on the customer's turns; or the page's review export, whose accepted and \
corrected turns count. Where the data holds only negative and positive, the higher of these two counts. \
Each model runs in a process of its own, so its memory is its own. The difference to the first model has a 95 % interval \
of a paired bootstrap with a fixed seed; turns of a call are resampled together. \
Exit status: 0; 2 some lines could not be read (the rest is measured); 3 a model cannot be used.";

/// Arguments of `model check`.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// Model folders, or `default` for the built-in model
    #[arg(required = true, value_name = "DIR")]
    pub folders: Vec<PathBuf>,

    /// auto checks the built-in rten, and ONNX Runtime where its library is found
    #[arg(long, value_enum, default_value_t = RuntimeArg::Auto)]
    pub runtime: RuntimeArg,

    /// ONNX Runtime's shared library [default: searched for as in `analyze`]
    #[arg(long, value_name = "FILE")]
    pub ort_lib: Option<PathBuf>,

    /// One JSON object a model and line
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `model eval`.
#[derive(Debug, clap::Args)]
pub struct ModelEvalArgs {
    /// Labelled texts, gold calls or review exports; may be repeated
    #[arg(long, required = true, value_name = "FILE")]
    pub data: Vec<PathBuf>,

    /// Model folders, or `default` for the built-in model; the others are
    /// compared with the first [default: default]
    #[arg(value_name = "DIR")]
    pub folders: Vec<PathBuf>,

    /// Print the figures as JSON
    #[arg(long)]
    pub json: bool,

    /// How the models run
    #[command(flatten, next_help_heading = "Model")]
    pub run: RunArgs,

    /// Score with one model and print what the comparison needs
    #[arg(long, hide = true)]
    pub only_scores: bool,
}

/// Arguments of `model bench`.
#[derive(Debug, clap::Args)]
pub struct BenchArgs {
    /// Model folders, or `default` for the built-in model [default: default]
    #[arg(value_name = "DIR")]
    pub folders: Vec<PathBuf>,

    /// auto times the built-in rten, and ONNX Runtime where its library is found
    #[arg(long, value_enum, default_value_t = RuntimeArg::Auto)]
    pub runtime: RuntimeArg,

    /// ONNX Runtime's shared library [default: searched for as in `analyze`]
    #[arg(long, value_name = "FILE")]
    pub ort_lib: Option<PathBuf>,

    /// Threads of the second column [default: one a core]
    #[arg(long, value_name = "N")]
    pub threads: Option<std::num::NonZeroUsize>,

    /// Seconds for each figure
    #[arg(long, value_name = "SECONDS", default_value_t = 0.5, value_parser = seconds)]
    pub seconds: f64,

    /// Print the figures as JSON
    #[arg(long)]
    pub json: bool,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= 3600.0 => Ok(seconds),
        _ => Err("give a number of seconds above 0, at most 3600".to_owned()),
    }
}

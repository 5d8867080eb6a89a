//! `callheat`: Chinese call transcripts in, an emotion heatmap out.

use std::process::ExitCode;

mod cli;

fn main() -> ExitCode {
    cli::run().into()
}

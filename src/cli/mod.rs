//! The command line: arguments → commands → exit status.

mod analyze;
mod args;
mod eval;
mod interrupt;
mod model;
mod progress;
mod report;
mod setup;
mod stream;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;

use args::{Args, Command};
use callheat::report::json_schema;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All calls analysed.
    Success,
    /// `--fail-on` reached.
    LevelReached,
    /// Some input could not be read; the rest is there.
    SomeInputFailed,
    /// Nothing could be done.
    Failed,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Success => 0,
            Exit::LevelReached => 1,
            Exit::SomeInputFailed => 2,
            Exit::Failed => 3,
        })
    }
}

/// Runs the command line of this process.
pub fn run() -> Exit {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // clap would exit with 2, which here means something else.
            let _ = error.print();
            return if error.use_stderr() {
                Exit::Failed
            } else {
                Exit::Success
            };
        }
    };
    interrupt::outlive_size_limit();
    let result = match args.command {
        Command::Analyze(args) => analyze::run(&args),
        Command::Stream(args) => stream::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Model(command) => model::run(&command),
        Command::Eval(args) => eval::run(&args),
        Command::Schema => print_schema(),
    };
    result.unwrap_or_else(|error| {
        if is_broken_pipe(&error) {
            return Exit::Success;
        }
        let _ = writeln!(io::stderr(), "callheat: {error:#}");
        Exit::Failed
    })
}

fn print_schema() -> anyhow::Result<Exit> {
    let schema = serde_json::to_string_pretty(&json_schema())?;
    writeln!(io::stdout(), "{schema}").context("cannot write to standard output")?;
    Ok(Exit::Success)
}

/// The reader of a pipe went away (`callheat … | head`): nothing is wrong.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let is_broken = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    error
        .chain()
        .any(|cause| cause.downcast_ref::<io::Error>().is_some_and(is_broken))
}

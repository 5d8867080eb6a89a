//! `callheat model`: a sentiment model by itself.

mod args;
mod bench;
mod check;
mod eval;

use std::path::Path;

use callheat::sentiment::{Model, ModelError};

pub use args::ModelCommand;

use super::Exit;

/// The word for the model inside the binary.
const DEFAULT: &str = "default";

/// Runs one of the commands.
pub fn run(command: &ModelCommand) -> anyhow::Result<Exit> {
    match command {
        ModelCommand::Check(args) => check::run(args),
        ModelCommand::Eval(args) => eval::run(args),
        ModelCommand::Bench(args) => bench::run(args),
    }
}

fn is_default(folder: &Path) -> bool {
    folder == Path::new(DEFAULT)
}

fn load(folder: &Path) -> Result<Model, ModelError> {
    if is_default(folder) {
        Model::built_in()
    } else {
        Model::from_folder(folder)
    }
}

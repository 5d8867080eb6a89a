use std::io::{self, Write};

use callheat::sentiment::check::{CheckOptions, check, table};

use super::args::CheckArgs;
use super::is_default;
use crate::cli::Exit;

/// Checks every folder and says what to mend.
pub fn run(args: &CheckArgs) -> anyhow::Result<Exit> {
    let options = CheckOptions {
        runtime: args.runtime.into(),
        ort_lib: args.ort_lib.clone(),
    };
    let mut all_fit = true;
    let mut out = io::stdout().lock();
    for (index, folder) in args.folders.iter().enumerate() {
        let found = check((!is_default(folder)).then_some(folder.as_path()), &options);
        all_fit &= found.fits;
        if args.json {
            serde_json::to_writer(&mut out, &found)?;
            writeln!(out)?;
        } else {
            if index > 0 {
                writeln!(out)?;
            }
            write!(out, "{}", table(&found))?;
        }
    }
    Ok(if all_fit { Exit::Success } else { Exit::Failed })
}

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use anyhow::Context as _;
use callheat::report::Destination;
use callheat::report::html::{PageOptions, write_page};

use super::Exit;
use super::args::ReportArgs;

/// Makes the page of a heatmap.
pub fn run(args: &ReportArgs) -> anyhow::Result<Exit> {
    let path = &args.heatmap;
    let heatmap: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        let file = File::open(path)
            .with_context(|| format!("cannot read {}; check the path", path.display()))?;
        Box::new(BufReader::new(file))
    };
    let options = PageOptions {
        language: args.lang.into(),
        ..PageOptions::default()
    };
    let page = write_page(heatmap, options, Destination::create(&args.output)?)
        .with_context(|| path.display().to_string())?;
    page.finish()
        .with_context(|| format!("cannot write {}", args.output.display()))?;
    Ok(Exit::Success)
}

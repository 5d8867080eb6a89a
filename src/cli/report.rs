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
        redact: !args.no_redact,
        ..PageOptions::default()
    };
    let destination = Destination::create(&args.output)?;
    let folder = destination.folder().map(Path::to_owned);
    let page = write_page(heatmap, options, folder.as_deref(), destination)
        .with_context(|| path.display().to_string())?;
    page.finish()
        .with_context(|| format!("cannot write {}", args.output.display()))?;
    Ok(Exit::Success)
}

use std::io;
use std::path::Path;

use super::html::{PageError, PageOptions, PageWriter};
use super::{BatchHead, BatchTail, Destination, Report};
use crate::heatmap::CallReport;

/// The reviewer's page, written while the calls come in.
pub struct PageReport {
    page: PageWriter<Destination>,
    head: BatchHead,
}

impl PageReport {
    /// Writes the head of the page.
    pub fn begin(out: Destination, head: &BatchHead, options: PageOptions) -> io::Result<Self> {
        let folder = out.folder().map(Path::to_owned);
        let page = PageWriter::spilling_to(folder.as_deref(), out, options).map_err(into_io)?;
        Ok(Self {
            page,
            head: head.clone(),
        })
    }
}

impl Report for PageReport {
    fn push(&mut self, call: &CallReport) -> io::Result<()> {
        let json = serde_json::to_vec(call)?;
        self.page.push_call(&json).map_err(into_io)
    }

    fn finish(self: Box<Self>, tail: &BatchTail) -> io::Result<()> {
        let mut rest = Vec::new();
        super::json::write_rest(&mut rest, &self.head, tail)?;
        self.page.finish(&rest).map_err(into_io)?.finish()
    }
}

fn into_io(error: PageError) -> io::Error {
    match error {
        PageError::Write(error) => error,
        other => io::Error::other(other),
    }
}

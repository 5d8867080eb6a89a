//! The page a reviewer opens: one HTML file with everything in it, which asks
//! nothing of a network or a server.
//!
//! The sources of the page are the files of `src/report/page`; this module puts
//! them and the data of a batch together. The data stands in the page as blocks
//! of JSON, deflated and in base64, so that no text of a transcript can be read
//! as markup and a large batch is decoded only where the reviewer looks:
//!
//! - *overview blocks*: a few columns of every call (see `index`);
//! - *call blocks*: the calls themselves, as `callheat/1` has them, some dozens
//!   a block; in a large batch only of the calls with the highest risk;
//! - one *batch block*: everything else of the heatmap, and which call stands in
//!   which block.
//!
//! [`PageWriter`] takes the calls one by one. Memory does not grow with them:
//! call blocks wait in an unnamed temporary file until it is known which calls
//! are the worst.

mod assembly;
mod blocks;
mod index;
mod reader;

use std::io::{self, Read, Write};
use std::path::Path;

use serde::Serialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::Language;
use crate::heatmap::{CallReport, Heatmap, Redactor};
use crate::input::json_fault;
use blocks::CallBlocks;
use index::{CallRow, OverviewColumns};
pub use reader::read_heatmap;

/// How the page is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageOptions {
    /// Language in which the page opens.
    pub language: Language,
    /// How many calls can be opened on the page. Of a larger batch, every call
    /// stands in the overview, and those with the highest risk can be opened;
    /// the page says so.
    pub detailed_calls: usize,
    /// Whether [`write_page`] puts placeholders in place of personal data.
    pub redact: bool,
}

impl Default for PageOptions {
    fn default() -> Self {
        Self {
            language: Language::default(),
            detailed_calls: 5_000,
            redact: false,
        }
    }
}

/// Why a page could not be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PageError {
    /// The page could not be written, or the temporary file failed.
    #[error("cannot write the page: {0}; check the free space there and of the temporary folder")]
    Write(#[from] io::Error),
    /// A call is not JSON, or not a call of `callheat/1`.
    #[error(
        "call {number} is not a call of schema callheat/1: {problem}; write the heatmap again with `callheat analyze`"
    )]
    Call {
        /// Position in the batch, counted from 1.
        number: usize,
        /// What the JSON reader says.
        problem: String,
    },
    /// What remains of the heatmap beside its calls cannot be read.
    #[error("the batch's own part of the heatmap is not JSON: {0}")]
    Batch(String),
    /// The input is not JSON.
    #[error(
        "not a heatmap: {0}; give a file written by `callheat analyze`, as JSON or as JSON Lines"
    )]
    Json(String),
    /// The input is JSON of another kind or version.
    #[error(
        "schema is {found}, this version reads callheat/1; analyse the calls again with `callheat analyze`"
    )]
    Schema {
        /// What the input says of itself.
        found: String,
    },
}

/// Writes a page call by call.
///
/// ```
/// use callheat::report::html::{PageOptions, PageWriter};
///
/// let mut page = Vec::new();
/// let mut writer = PageWriter::new(&mut page, PageOptions::default())?;
/// writer.push_call(br#"{"call_id":"c1","turns":[]}"#)?;
/// writer.finish(br#"{"schema":"callheat/1","bins":20}"#)?;
/// assert!(page.starts_with(b"<!doctype html>"));
/// # Ok::<(), callheat::report::html::PageError>(())
/// ```
pub struct PageWriter<W: Write> {
    out: W,
    columns: OverviewColumns,
    blocks: CallBlocks,
    calls: usize,
    fingerprint: Sha256,
}

/// What the batch block holds beside the heatmap's own part.
#[derive(Serialize)]
struct BatchBlock<'a> {
    /// Names the batch in the browser's storage: a hash of the calls' texts, so
    /// that a review outlives a better model.
    batch: String,
    calls: usize,
    detailed: usize,
    /// The calls (by position) of each call block.
    blocks: Vec<Vec<usize>>,
    heatmap: &'a RawValue,
}

impl<W: Write> PageWriter<W> {
    /// Writes the head of the page and makes ready for calls, which wait in the
    /// system's temporary folder.
    pub fn new(out: W, options: PageOptions) -> Result<Self, PageError> {
        Self::spilling_to(None, out, options)
    }

    /// The same; the calls wait in an unnamed file in `folder`.
    pub fn spilling_to(
        folder: Option<&Path>,
        mut out: W,
        options: PageOptions,
    ) -> Result<Self, PageError> {
        assembly::write_head(&mut out, options.language)?;
        Ok(Self {
            out,
            columns: OverviewColumns::default(),
            blocks: CallBlocks::new(options.detailed_calls, folder)?,
            calls: 0,
            fingerprint: Sha256::new(),
        })
    }

    /// Adds the next call: one object of the heatmap's `calls`, serialised.
    pub fn push_call(&mut self, json: &[u8]) -> Result<(), PageError> {
        let row: CallRow<'_> = serde_json::from_slice(json).map_err(|source| PageError::Call {
            number: self.calls + 1,
            problem: json_fault(&source),
        })?;
        row.hash_into(&mut self.fingerprint);
        self.blocks
            .push(self.calls, row.risk(), row.lowest(), json)?;
        self.columns.push(self.calls, &row);
        self.calls += 1;
        if self.columns.is_full() {
            self.write_columns()?;
        }
        Ok(())
    }

    /// Adds what remains of the heatmap (`schema`, `generator`, `model`, `bins`,
    /// `terms`, `heatmap`, `summary`, `failures`, …; `calls` absent or null) and
    /// ends the page. Returns what it was written to.
    pub fn finish(mut self, rest: &[u8]) -> Result<W, PageError> {
        let heatmap: &RawValue =
            serde_json::from_slice(rest).map_err(|error| PageError::Batch(json_fault(&error)))?;
        if !self.columns.is_empty() {
            self.write_columns()?;
        }
        let blocks = self.blocks.write(&mut self.out)?;
        let batch = BatchBlock {
            batch: hex_prefix(&self.fingerprint.finalize()),
            calls: self.calls,
            detailed: blocks.iter().map(Vec::len).sum(),
            blocks,
            heatmap,
        };
        let json = serde_json::to_vec(&batch).map_err(io::Error::from)?;
        blocks::write_block(&mut self.out, "batch", &blocks::deflate(&json)?)?;
        assembly::write_tail(&mut self.out)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn write_columns(&mut self) -> Result<(), PageError> {
        let json = serde_json::to_vec(&self.columns).map_err(io::Error::from)?;
        self.columns = OverviewColumns::default();
        blocks::write_block(&mut self.out, "overview", &blocks::deflate(&json)?)?;
        Ok(())
    }
}

/// Writes the page of a heatmap that `callheat analyze` wrote before, in either
/// of its formats (JSON or JSON Lines), one call in memory at a time.
/// The calls wait in an unnamed file in `folder`, else in the temporary folder.
/// Returns what it was written to.
pub fn write_page<W: Write>(
    heatmap: impl Read,
    options: PageOptions,
    folder: Option<&Path>,
    out: W,
) -> Result<W, PageError> {
    let mut writer = PageWriter::spilling_to(folder, out, options)?;
    if !options.redact {
        let rest = reader::read_heatmap(heatmap, |call| writer.push_call(call))?;
        return writer.finish(&rest);
    }
    let mut redactor = Redactor::default();
    let mut number = 0;
    let rest = reader::read_heatmap(heatmap, |call| {
        number += 1;
        let mut call: CallReport =
            serde_json::from_slice(call).map_err(|error| PageError::Call {
                number,
                problem: json_fault(&error),
            })?;
        for term in call.turns.iter_mut().flat_map(|turn| &mut turn.terms) {
            // Absent in heatmaps that something else wrote: counted as it is said.
            if term.canonical.is_empty() {
                term.canonical.clone_from(&term.term);
            }
        }
        let shown = serde_json::to_vec(&redactor.call(&call)).map_err(io::Error::from)?;
        writer.push_call(&shown)
    })?;
    let mut rest: Heatmap =
        serde_json::from_slice(&rest).map_err(|error| PageError::Json(json_fault(&error)))?;
    for term in &mut rest.terms {
        // Absent in heatmaps that something else wrote.
        if term.share_of_calls == 0.0 {
            term.share_of_calls = term.calls as f64 / rest.summary.calls.max(1) as f64;
        }
    }
    let shown = serde_json::to_vec(&redactor.heatmap(rest)).map_err(io::Error::from)?;
    writer.finish(&shown)
}

/// The first 16 bytes, in hexadecimal: enough to tell batches apart.
fn hex_prefix(hash: &[u8]) -> String {
    use std::fmt::Write as _;
    hash.iter().take(16).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;

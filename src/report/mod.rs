//! Last stage before the reader: results as JSON, JSONL, CSV, a page and a
//! terminal summary. A report sees only results, one call at a time, so its
//! memory does not grow with the batch.

mod csv;
mod event_text;
mod file;
pub mod html;
mod json;
mod language;
mod page_report;
mod partial;
mod redacted;
mod schema;
mod terminal;

pub use csv::CsvReport;
pub use event_text::EventPrinter;
pub use file::{Destination, OutputError};
pub use json::{JsonLinesReport, JsonReport};
pub use language::Language;
pub use page_report::PageReport;
pub use redacted::RedactedReport;
pub use schema::json_schema;
pub use terminal::{TerminalReport, paint_is_wanted};

use std::io;

use crate::heatmap::{BatchHeatmap, CallReport, Failure, Generator, Summary};
use crate::sentiment::{ModelInfo, ScoreCounts};
use crate::terms::BatchTerm;

/// What is known before the first call.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchHead {
    /// What writes the report.
    pub generator: Generator,
    /// The sentiment model.
    pub model: ModelInfo,
    /// Bins of every heatmap.
    pub bins: usize,
}

/// What is known after the last call.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchTail {
    /// High-frequency complaint terms.
    pub terms: Vec<BatchTerm>,
    /// The batch's heatmap.
    pub heatmap: BatchHeatmap,
    /// Counts.
    pub summary: Summary,
    /// What could not be read or analysed.
    pub failures: Vec<Failure>,
    /// How many texts were scored, and how many of them from memory. For
    /// people only: how threads meet may move it, so no file holds it.
    pub scored: ScoreCounts,
}

/// A report that is written while the calls come in.
pub trait Report {
    /// Takes the next call, in the order of the input.
    fn push(&mut self, call: &CallReport) -> io::Result<()>;
    /// Writes what follows the calls and puts the report in its place.
    fn finish(self: Box<Self>, tail: &BatchTail) -> io::Result<()>;
}

//! Ninth stage: everything found about a call as one [`CallReport`], and about
//! the batch as one [`Heatmap`].

mod batch;
mod call_report;
mod event;
mod lanes;
mod redact;
mod redact_live;
mod shown_ids;

pub use batch::{
    BatchFold, BatchHeatmap, Failure, Generator, Heatmap, LevelCounts, SCHEMA, Summary,
};
pub use call_report::{
    CallReport, ComplaintTerm, Probabilities, SignalSpan, TermSpan, TurnReport, WordReport, rounded,
};
pub use event::Event;
pub use lanes::{Cell, Lane, lanes};
pub use redact::Redactor;
pub use redact_live::LiveRedactor;

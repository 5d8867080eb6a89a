//! The stages put together: [`Analyser`] takes one call through all of them,
//! [`run_batch`] a stream of calls in order, [`run_live`] many calls turn by
//! turn; both with back-pressure.

mod analyser;
mod batch;
mod call_fold;
mod journal;
mod live;
mod live_call;

pub use analyser::{Analysed, Analyser, AnalyserOptions, Stages};
pub use batch::{BatchOptions, Progress, run_batch};
pub use call_fold::{CallFold, Finding};
pub use journal::{Journal, JournalCounts, JournalError, JournalOwner};
pub use live::{LiveOptions, run_live};

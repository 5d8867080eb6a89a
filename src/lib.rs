//! Chinese call-centre transcripts in, an emotion heatmap out.
//!
//! The modules stand in the order of the pipeline, and each uses only those
//! before it; [`pipeline`] alone knows them all:
//!
//! [`call`] the nouns · [`input`] files → calls · [`text`] normalised text ·
//! [`segment`] words · [`sentiment`] scores · [`terms`] complaint terms ·
//! [`arc`] level and turning points · [`escalation`] signals and risk ·
//! [`timing`] silence and interruption · [`heatmap`] the results ·
//! [`report`] JSON, CSV, page, terminal · [`pipeline`] all of it in one stream ·
//! [`eval`] findings against gold labels.

pub mod arc;
pub mod call;
pub mod escalation;
pub mod eval;
pub mod heatmap;
pub mod input;
pub mod pipeline;
pub mod report;
pub mod segment;
pub mod sentiment;
pub mod terms;
pub mod text;
pub mod timing;

//! Chinese call-centre transcripts in, an emotion heatmap out.
//!
//! The modules stand in the order of the pipeline, and each uses only those
//! before it; [`pipeline`] alone knows them all.

pub mod arc;
pub mod call;
pub mod escalation;
pub mod report;
pub mod segment;
pub mod sentiment;
pub mod terms;
pub mod text;

//! Sixth stage: the customer's emotional level over the call, and its turning
//! points (情绪拐点). A fold: [`ArcTracker::push`] each turn, then
//! [`ArcTracker::finish`].
//!
//! The level of a turn comes from the model's score and from cues in the wording
//! around it (`cues.tsv`: the customer's words, the agent's before, the agent's
//! answer); whether the level shifted, from a regression over the levels around
//! a turn (`arc.json`). Both files are fitted on labelled calls by
//! `models/training/arc.py`, which also measures them.

mod agent;
mod backchannel;
mod causes;
mod course;
mod cues;
mod detector;
mod levels;
mod model;
mod tracker;

pub use backchannel::is_backchannel;
pub use course::{Course, Lowest};
pub use tracker::{ArcOptions, ArcTracker, ArcTurn};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::call::Speaker;

/// The emotional course of a call.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Arc {
    /// Shifts of level that last, in order.
    pub turning_points: Vec<TurningPoint>,
    /// The level over the whole call: what a steady decline without a turning
    /// point shows in.
    pub course: Course,
}

/// Which way the level shifts.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// 恶化
    Deterioration,
    /// 好转
    Recovery,
}

/// A shift of the customer's emotional level to a new level that lasts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TurningPoint {
    /// Index of the customer turn at which the new level began.
    pub turn: usize,
    /// Which way.
    pub direction: Direction,
    /// Level before, −1..1.
    pub from: f32,
    /// Level after, −1..1.
    pub to: f32,
    /// How sure, 0..1.
    pub confidence: f32,
    /// Index of the customer turn that confirmed it; never before `turn`.
    pub confirmed_at: usize,
    /// What happened just before; absent when nothing did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<Trigger>,
}

/// What stands just before a turning point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trigger {
    /// The turn that triggered the shift.
    pub turn: usize,
    /// Who speaks it.
    pub speaker: Speaker,
    /// What kind of event it was, when one was recognised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<Event>,
}

/// An event of the conversation that can turn a mood.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The customer is put on hold or waits in silence (等待).
    Hold,
    /// The agent speaks over the customer (抢话).
    Interruption,
    /// The agent refuses what was asked (拒绝).
    Refusal,
    /// The agent apologises or solves the matter (道歉、解决).
    Resolution,
}

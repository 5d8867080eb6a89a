use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call_report::{CallReport, TurnReport};
use crate::arc::TurningPoint;
use crate::call::Span;
use crate::escalation::{Escalation, Signal};
use crate::terms::TermAlert;

/// What becomes known, as soon as it is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A turn was scored.
    Turn {
        /// The call.
        call_id: String,
        /// The turn.
        turn: TurnReport,
    },
    /// A turning point was confirmed.
    TurningPoint {
        /// The call.
        call_id: String,
        /// The point.
        point: TurningPoint,
    },
    /// The customer gave an escalation signal.
    Signal {
        /// The call.
        call_id: String,
        /// The turn it stands in.
        turn: usize,
        /// Its kind.
        signal: Signal,
        /// Characters of the turn's text.
        span: Span,
    },
    /// The risk's level changed.
    Risk {
        /// The call.
        call_id: String,
        /// The turn that changed it.
        turn: usize,
        /// The risk with its reasons.
        escalation: Escalation,
    },
    /// More calls than usual complain of a term.
    TermAlert {
        /// The alert.
        alert: TermAlert,
    },
    /// A call ended.
    Call {
        /// What `analyze` would say of it.
        report: Box<CallReport>,
    },
    /// A line could not be read, or a turn not be scored.
    Error {
        /// 1-based line of the input, where one is concerned.
        line: Option<u64>,
        /// What is wrong and what to do.
        reason: String,
    },
}

//! What stands just before a customer's turn and may have turned the mood.

use super::agent::AgentAct;
use super::{ArcOptions, ArcTurn, Event, Trigger};
use crate::call::Speaker;

/// Follows the agent's turns, the waits and the interruptions since the
/// customer's last turn.
#[derive(Debug, Clone, Default)]
pub(super) struct Causes {
    /// End of the latest turn with times, and who spoke it.
    last_end: Option<(u64, Speaker)>,
    /// The agent's turns since the customer's last, with the wait or the
    /// interruption at each.
    agent: Vec<(usize, AgentAct, Option<Event>)>,
    wait: Option<Event>,
}

impl Causes {
    /// Takes the next turn of either side.
    pub fn note(&mut self, turn: &ArcTurn<'_>, options: &ArcOptions) {
        let event = self.between(turn, options);
        if turn.turn.speaker == Speaker::Agent {
            let act = AgentAct::of(turn.text.text());
            self.agent.push((turn.index, act, event));
        } else {
            self.wait = event;
        }
    }

    /// The most telling cause of a shift downwards or upwards: the agent's
    /// latest turn that did something of the kind, else its latest turn with
    /// the wait or interruption before the shift.
    pub fn likeliest(&self, downwards: bool) -> Option<Trigger> {
        let trigger = |turn, event| Trigger {
            turn,
            speaker: Speaker::Agent,
            event,
        };
        let latest_first = || self.agent.iter().rev();
        let acted = latest_first()
            .find_map(|&(turn, act, _)| Some(trigger(turn, Some(act.event(downwards)?))));
        acted.or_else(|| {
            let &(turn, _, _) = self.agent.last()?;
            let event = latest_first().find_map(|&(_, _, event)| event);
            Some(trigger(turn, event.or(self.wait).filter(|_| downwards)))
        })
    }

    /// Starts anew after a customer's turn.
    pub fn forget(&mut self) {
        self.agent.clear();
        self.wait = None;
    }

    /// Hold or interruption between the turn before and this one.
    fn between(&mut self, turn: &ArcTurn<'_>, options: &ArcOptions) -> Option<Event> {
        let (start, end) = (turn.turn.start_ms?, turn.turn.end_ms?);
        let before = self.last_end.replace((end.max(start), turn.turn.speaker));
        let (last_end, speaker) = before?;
        if start > last_end.saturating_add(options.hold_ms) {
            return Some(Event::Hold);
        }
        let broke_in = last_end >= start.saturating_add(options.overlap_ms);
        (broke_in && speaker == Speaker::Customer && turn.turn.speaker == Speaker::Agent)
            .then_some(Event::Interruption)
    }
}

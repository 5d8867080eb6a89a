use std::collections::HashMap;

use super::call_report::TurnReport;
use super::event::Event;
use super::redact::{Redactor, escalation_shown, said, turn_shown};
use crate::call::Span;
use crate::text::personal::{self, Said, Shown, shown_identifier};

/// Turns of a call before the present one that say what its numbers are.
const CONTEXT: usize = 12;

/// Shows live events with placeholders in place of personal data. A turn is
/// shown with what the turns before it tell: the first piece of a number that
/// later turns go on with can be known only in the `call` event at the end.
#[derive(Debug, Clone, Default)]
pub struct LiveRedactor {
    redactor: Redactor,
    calls: HashMap<String, Vec<Heard>>,
}

#[derive(Debug, Clone)]
struct Heard {
    raw: TurnReport,
    shown: Shown,
}

impl LiveRedactor {
    /// The event as it is shown.
    pub fn event(&mut self, event: Event) -> Event {
        match event {
            Event::Turn { call_id, turn } => {
                let turn = self.turn(&call_id, turn);
                let call_id = self.redactor.id(&call_id);
                Event::Turn { call_id, turn }
            }
            Event::TurningPoint { call_id, point } => Event::TurningPoint {
                call_id: self.redactor.id(&call_id),
                point,
            },
            Event::Signal {
                call_id,
                turn,
                signal,
                span,
            } => Event::Signal {
                span: self.span(&call_id, turn, span),
                call_id: self.redactor.id(&call_id),
                turn,
                signal,
            },
            Event::Risk {
                call_id,
                turn,
                escalation,
            } => {
                let heard = self.calls.get(&call_id);
                let text_of = |turn: usize| {
                    let heard = heard?.iter().find(|heard| heard.raw.index == turn)?;
                    Some(heard.shown.text().to_owned())
                };
                Event::Risk {
                    escalation: escalation_shown(&escalation, text_of),
                    call_id: self.redactor.id(&call_id),
                    turn,
                }
            }
            Event::TermAlert { mut alert } => {
                alert.term = personal::shown(&alert.term);
                Event::TermAlert { alert }
            }
            Event::Call { report } => {
                self.calls.remove(&report.call_id);
                Event::Call {
                    report: Box::new(self.redactor.call(&report)),
                }
            }
            Event::Error { line, reason } => Event::Error {
                line,
                reason: shown_identifier(&reason),
            },
        }
    }

    fn turn(&mut self, call_id: &str, turn: TurnReport) -> TurnReport {
        let heard = self.calls.entry(call_id.to_owned()).or_default();
        // A call closed for idleness begins anew under the same name.
        if heard
            .last()
            .is_some_and(|last| last.raw.index >= turn.index)
        {
            heard.clear();
        }
        let context = &heard[heard.len().saturating_sub(CONTEXT)..];
        let window: Vec<Said<'_>> = context
            .iter()
            .map(|heard| said(&heard.raw))
            .chain([said(&turn)])
            .collect();
        let pieces = personal::find(&window).pop().unwrap_or_default();
        let shown = Shown::new(&turn.text, &pieces);
        let report = turn_shown(&turn, &shown);
        heard.push(Heard { raw: turn, shown });
        report
    }

    fn span(&self, call_id: &str, turn: usize, span: Span) -> Span {
        let heard = self.calls.get(call_id);
        heard
            .and_then(|heard| heard.iter().find(|heard| heard.raw.index == turn))
            .map_or(span, |heard| heard.shown.span(span))
    }
}

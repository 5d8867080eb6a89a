use std::io::{self, Write};

use super::Language;
use crate::arc::Direction;
use crate::escalation::Level;
use crate::heatmap::Event;
use crate::sentiment::Label;

/// Writes live events as lines for people, who count turns from 1.
#[derive(Debug, Clone, Copy)]
pub struct EventPrinter {
    language: Language,
    paint: bool,
}

impl EventPrinter {
    /// Lines in this language, painted if wanted.
    pub fn new(language: Language, paint: bool) -> Self {
        Self { language, paint }
    }

    /// Writes one event as one line.
    pub fn print(self, event: &Event, out: &mut impl Write) -> io::Result<()> {
        let line = match event {
            Event::Turn { call_id, turn } => {
                let code = match turn.label {
                    Label::Negative => "31",
                    Label::Neutral => "0",
                    Label::Positive => "34",
                };
                let speaker = match turn.speaker {
                    crate::call::Speaker::Agent => self.language.pick("坐席", "agent"),
                    crate::call::Speaker::Customer => self.language.pick("客户", "customer"),
                    crate::call::Speaker::Unknown => "?",
                };
                let valence = self.painted(code, &format!("{:+.2}", turn.valence));
                format!("{call_id}  {valence}  {speaker}  {}", visible(&turn.text))
            }
            Event::TurningPoint { call_id, point } => {
                let (code, way) = match point.direction {
                    Direction::Deterioration => {
                        ("1;31", self.language.pick("▼ 情绪恶化", "▼ deterioration"))
                    }
                    Direction::Recovery => ("1;34", self.language.pick("▲ 情绪好转", "▲ recovery")),
                };
                let way = self.painted(code, way);
                format!(
                    "{call_id}  {way}  #{}  {:+.2} → {:+.2}",
                    point.turn + 1,
                    point.from,
                    point.to
                )
            }
            Event::Signal {
                call_id,
                turn,
                signal,
                ..
            } => {
                let kind =
                    self.painted("1;35", self.language.pick(signal.chinese(), signal.name()));
                format!("{call_id}  ⚑ {kind}  #{}", turn + 1)
            }
            Event::Risk {
                call_id,
                turn,
                escalation,
            } => {
                let (code, level) = match escalation.level {
                    Level::High => ("1;31", self.language.pick("高", "high")),
                    Level::Medium => ("33", self.language.pick("中", "medium")),
                    Level::Low => ("32", self.language.pick("低", "low")),
                };
                let level = self.painted(code, level);
                let risk = self.language.pick("升级风险", "risk");
                format!(
                    "{call_id}  {risk} {level} {:.2}  #{}",
                    escalation.risk,
                    turn + 1
                )
            }
            Event::TermAlert { alert } => {
                let rising =
                    self.painted("1;33", self.language.pick("↗ 投诉词上升", "↗ rising term"));
                let category = self
                    .language
                    .pick(alert.category.chinese(), alert.category.name());
                let minutes = alert.window_ms / 60_000;
                let calls = match self.language {
                    Language::Chinese => {
                        format!("{minutes} 分钟内 {}/{} 通", alert.calls, alert.window_calls)
                    }
                    Language::English => format!(
                        "{} of {} calls in {minutes} min",
                        alert.calls, alert.window_calls
                    ),
                };
                format!("{rising}  {}  {category}  {calls}", visible(&alert.term))
            }
            Event::Call { report } => {
                let ended = self.language.pick("通话结束", "call ended");
                format!("{}  {ended}  {:.2}", report.call_id, report.escalation.risk)
            }
            Event::Error { line, reason } => {
                let place = line.map(|line| format!("-:{line}: ")).unwrap_or_default();
                self.painted("31", &format!("{place}{reason}"))
            }
        };
        writeln!(out, "{line}")
    }

    fn painted(self, code: &str, text: &str) -> String {
        if self.paint {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// A text that cannot steer the terminal.
fn visible(text: &str) -> String {
    text.chars()
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect()
}

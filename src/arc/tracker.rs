use super::agent::AgentAct;
use super::backchannel::is_backchannel;
use super::course::{Course, round};
use super::{Arc, Direction, Event, Trigger, TurningPoint};
use crate::call::{Speaker, Turn};
use crate::sentiment::Score;
use crate::terms::TermHit;
use crate::text::Normalised;

/// What the arc takes from a turn.
#[derive(Debug, Clone, Copy)]
pub struct ArcTurn<'a> {
    /// Index of the turn in the call.
    pub index: usize,
    /// The turn as it was read.
    pub turn: &'a Turn,
    /// Its normalised text.
    pub text: &'a Normalised,
    /// Its score.
    pub score: Score,
    /// Complaint terms found in it.
    pub terms: &'a [TermHit],
    /// How many escalation signals were found in it.
    pub signals: usize,
}

/// What counts as a turning point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ArcOptions {
    /// Smallest shift of level, in −1..1: 1.5 of the five levels are 0.75.
    pub shift: f32,
    /// How many turns before the shift make the level before it.
    pub memory: usize,
    /// Longer waits before a turn count as a hold, in milliseconds.
    pub hold_ms: u64,
    /// Longer overlaps count as an interruption, in milliseconds.
    pub overlap_ms: u64,
}

impl Default for ArcOptions {
    fn default() -> Self {
        Self {
            shift: 0.6,
            memory: 4,
            hold_ms: 5_000,
            overlap_ms: 300,
        }
    }
}

/// A shift that the next customer turn may confirm.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    turn: usize,
    valence: f32,
    trigger: Option<Trigger>,
}

/// The fold behind [`Arc`].
#[derive(Debug, Clone)]
pub struct ArcTracker {
    options: ArcOptions,
    /// Valences of the customer's turns since the last shift, latest last.
    settled: Vec<f32>,
    candidate: Option<Candidate>,
    cause: Option<Trigger>,
    cause_act: AgentAct,
    last_end: Option<(u64, Speaker)>,
    levels: Vec<(usize, f32)>,
    points: Vec<TurningPoint>,
}

impl ArcTracker {
    /// An empty call.
    pub fn new(options: ArcOptions) -> Self {
        Self {
            options,
            settled: Vec::new(),
            candidate: None,
            cause: None,
            cause_act: AgentAct::default(),
            last_end: None,
            levels: Vec::new(),
            points: Vec::new(),
        }
    }

    /// Takes the next turn, and tells a turning point as soon as this turn
    /// confirms it.
    pub fn push(&mut self, turn: &ArcTurn<'_>) -> Option<TurningPoint> {
        let wait = self.note_times(turn);
        match turn.turn.speaker {
            Speaker::Agent => {
                self.note_agent(turn, wait);
                None
            }
            Speaker::Customer if !is_backchannel(turn.text.text()) => {
                self.note_customer(turn, wait)
            }
            Speaker::Customer | Speaker::Unknown => None,
        }
    }

    /// The customer's level after the turns so far, −1..1; `None` before the
    /// first customer turn that carries evidence.
    pub fn level(&self) -> Option<f32> {
        self.levels.last().map(|&(_, level)| level)
    }

    /// The call's arc.
    pub fn finish(self) -> Arc {
        Arc {
            course: Course::of(&self.levels),
            turning_points: self.points,
        }
    }

    /// Hold or interruption between the turn before and this one.
    fn note_times(&mut self, turn: &ArcTurn<'_>) -> Option<Event> {
        let (start, end) = (turn.turn.start_ms?, turn.turn.end_ms?);
        let before = self.last_end.replace((end.max(start), turn.turn.speaker));
        let (last_end, speaker) = before?;
        if start > last_end.saturating_add(self.options.hold_ms) {
            return Some(Event::Hold);
        }
        let broke_in = last_end >= start.saturating_add(self.options.overlap_ms);
        (broke_in && speaker == Speaker::Customer && turn.turn.speaker == Speaker::Agent)
            .then_some(Event::Interruption)
    }

    fn note_agent(&mut self, turn: &ArcTurn<'_>, wait: Option<Event>) {
        self.cause_act = AgentAct::of(turn.text.text());
        self.cause = Some(Trigger {
            turn: turn.index,
            speaker: Speaker::Agent,
            event: wait,
        });
    }

    fn note_customer(&mut self, turn: &ArcTurn<'_>, wait: Option<Event>) -> Option<TurningPoint> {
        let valence = turn.score.valence;
        let confirmed = self.confirm(turn.index, valence);
        self.candidate = self.candidate_at(turn, wait);
        self.cause = None;
        self.settled.push(valence);
        let level = self.settled_level();
        self.levels.push((turn.index, level));
        self.points.extend(confirmed);
        confirmed
    }

    fn settled_level(&self) -> f32 {
        let recent = &self.settled[self.settled.len().saturating_sub(self.options.memory)..];
        recent.iter().sum::<f32>() / recent.len().max(1) as f32
    }

    /// Whether the level before and this turn could be a shift.
    fn candidate_at(&self, turn: &ArcTurn<'_>, wait: Option<Event>) -> Option<Candidate> {
        if self.settled.is_empty() {
            return None;
        }
        let valence = turn.score.valence;
        let shift = valence - self.settled_level();
        let downwards = shift < 0.0;
        let trigger = self.cause.map(|cause| Trigger {
            event: self.cause_act.event(downwards).or(cause.event).or(wait),
            ..cause
        });
        (shift.abs() >= self.options.shift / 2.0).then_some(Candidate {
            turn: turn.index,
            valence,
            trigger,
        })
    }

    /// The candidate, if the level holds in this turn too.
    fn confirm(&mut self, index: usize, valence: f32) -> Option<TurningPoint> {
        let candidate = self.candidate.take()?;
        let before: Vec<f32> = self.settled[..self.settled.len() - 1].to_vec();
        let recent = &before[before.len().saturating_sub(self.options.memory)..];
        let from = recent.iter().sum::<f32>() / recent.len().max(1) as f32;
        let to = f32::midpoint(candidate.valence, valence);
        let lasts = |low: bool| {
            if low {
                candidate.valence < -0.25 && valence < -0.25
            } else {
                candidate.valence > -0.15 && valence > -0.15 && from < 0.25
            }
        };
        let shift = to - from;
        if shift.abs() < self.options.shift || !lasts(shift < 0.0) {
            return None;
        }
        self.settled = vec![candidate.valence];
        Some(TurningPoint {
            turn: candidate.turn,
            direction: if shift < 0.0 {
                Direction::Deterioration
            } else {
                Direction::Recovery
            },
            from: round(from),
            to: round(to),
            confidence: round((shift.abs() / 1.5).min(1.0)),
            confirmed_at: index,
            trigger: candidate.trigger,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arc(turns: &[(Speaker, &str, f32)]) -> Arc {
        let mut tracker = ArcTracker::new(ArcOptions::default());
        for (index, &(speaker, text, valence)) in turns.iter().enumerate() {
            let turn = Turn {
                speaker,
                start_ms: None,
                end_ms: None,
                text: text.to_owned(),
            };
            tracker.push(&ArcTurn {
                index,
                turn: &turn,
                text: &Normalised::new(text),
                score: Score {
                    valence,
                    ..Score::NEUTRAL
                },
                terms: &[],
                signals: 0,
            });
        }
        tracker.finish()
    }

    #[test]
    fn a_lasting_drop_is_a_turning_point_with_its_trigger() {
        use Speaker::{Agent, Customer};
        let found = arc(&[
            (Customer, "我想退一下那个会员", 0.0),
            (Agent, "请问您的手机号", 0.0),
            (Customer, "就是打进来这个号", 0.0),
            (Agent, "这个按规定退不了的", 0.0),
            (Customer, "凭什么退不了我根本没用过", -0.9),
            (Agent, "系统就是这样", 0.0),
            (Customer, "嗯", 0.0),
            (Customer, "你们太过分了", -0.9),
        ]);
        let [point] = found.turning_points.as_slice() else {
            panic!("{:?}", found.turning_points);
        };
        assert_eq!((point.turn, point.confirmed_at), (4, 7));
        assert_eq!(point.direction, Direction::Deterioration);
        let trigger = Trigger {
            turn: 3,
            speaker: Agent,
            event: Some(Event::Refusal),
        };
        assert_eq!(point.trigger, Some(trigger));
    }

    #[test]
    fn a_passing_outburst_is_none() {
        use Speaker::Customer;
        let found = arc(&[
            (Customer, "我想问下账单", 0.0),
            (Customer, "这么贵", -0.9),
            (Customer, "哦那是我看错了", 0.1),
            (Customer, "那就这样", 0.0),
        ]);
        assert_eq!(found.turning_points, vec![]);
    }
}

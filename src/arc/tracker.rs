use super::backchannel::is_backchannel;
use super::causes::Causes;
use super::course::{Course, round};
use super::cues::{KnownGrams, LevelLogits, Role};
use super::detector::{Observed, Pending, smoothed};
use super::model::MODEL;
use super::{Arc, Trigger, TurningPoint};
use crate::call::{Speaker, Turn};
use crate::sentiment::Score;
use crate::text::{Cleaned, Normalised};

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
}

/// What counts as an event between turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArcOptions {
    /// Longer waits before a turn count as a hold, in milliseconds.
    pub hold_ms: u64,
    /// Longer overlaps count as an interruption, in milliseconds.
    pub overlap_ms: u64,
}

impl Default for ArcOptions {
    fn default() -> Self {
        Self {
            hold_ms: 5_000,
            overlap_ms: 300,
        }
    }
}

/// The customer's latest turn that carries evidence; its level settles once the
/// agent has answered.
#[derive(Debug, Clone)]
struct Latest {
    index: usize,
    text: KnownGrams,
    parts: [LevelLogits; 3],
    score: Score,
    /// What may have caused a shift down, and up, at this turn.
    triggers: [Option<Trigger>; 2],
}

/// The fold behind [`Arc`].
///
/// Backchannels (嗯, 对, 好 …) carry no evidence and are passed over. Every
/// other customer turn gets a level from its score and the wording around it;
/// when the next such turn comes, the detector decides whether the level
/// shifted at the one before. So a turning point is known one customer turn
/// after it began, in a finished file as in a running call.
#[derive(Debug, Clone)]
pub struct ArcTracker {
    options: ArcOptions,
    causes: Causes,
    /// What the agent has said since the customer's latest turn.
    answer: Cleaned,
    latest: Option<Latest>,
    observed: Vec<Observed>,
    pending: Pending,
    levels: Vec<(usize, f32)>,
    points: Vec<TurningPoint>,
}

impl ArcTracker {
    /// An empty call.
    pub fn new(options: ArcOptions) -> Self {
        Self {
            options,
            causes: Causes::default(),
            answer: Cleaned::default(),
            latest: None,
            observed: Vec::new(),
            pending: Pending::default(),
            levels: Vec::new(),
            points: Vec::new(),
        }
    }

    /// Takes the next turn, and tells a turning point as soon as this turn
    /// confirms it.
    pub fn push(&mut self, turn: &ArcTurn<'_>) -> Option<TurningPoint> {
        self.causes.note(turn, &self.options);
        match turn.turn.speaker {
            Speaker::Agent => {
                self.answer.push(turn.text.text());
                None
            }
            Speaker::Customer if !is_backchannel(turn.text.text()) => self.push_customer(turn),
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

    fn push_customer(&mut self, turn: &ArcTurn<'_>) -> Option<TurningPoint> {
        let agent = MODEL.cues.known(&std::mem::take(&mut self.answer));
        self.settle_latest(MODEL.cues.of(Role::Answer, &agent));
        let latest = self.latest_of(turn, &agent);
        let observed = Observed {
            level: MODEL.now.level(&latest.parts, &turn.score),
            length: turn.turn.text.chars().count(),
            question: turn.turn.text.contains(['?', '？']),
        };
        let point = self.confirm(&observed, turn.index);
        self.observed.push(observed);
        self.levels
            .push((turn.index, smoothed(&self.observed) / 2.0));
        self.latest = Some(latest);
        self.points.extend(point);
        point
    }

    /// Gives the latest turn its level in the light of the agent's answer.
    fn settle_latest(&mut self, answer: LevelLogits) {
        if let (Some(latest), Some(observed)) = (&self.latest, self.observed.last_mut()) {
            let [own, agent, previous] = latest.parts;
            let parts = [own, agent, previous, answer];
            observed.level = MODEL.settled.level(&parts, &latest.score);
        }
    }

    /// `agent` is what the agent has said since the customer's turn before.
    fn latest_of(&mut self, turn: &ArcTurn<'_>, agent: &KnownGrams) -> Latest {
        let text = MODEL.cues.known(&Cleaned::new(turn.text.text()));
        let previous = self.latest.as_ref().map(|latest| &latest.text);
        let parts = [
            MODEL.cues.of(Role::Own, &text),
            MODEL.cues.of(Role::Agent, agent),
            previous.map_or([0.0; 5], |text| MODEL.cues.of(Role::Previous, text)),
        ];
        let triggers = [true, false].map(|downwards| self.causes.likeliest(downwards));
        self.causes.forget();
        Latest {
            index: turn.index,
            text,
            parts,
            score: turn.score,
            triggers,
        }
    }

    /// Whether the level shifted at the latest turn, this being the next.
    fn confirm(&mut self, next: &Observed, confirmed_at: usize) -> Option<TurningPoint> {
        let latest = self.latest.as_ref()?;
        let (direction, confidence) =
            MODEL
                .detector
                .decide(&self.observed, next, &mut self.pending)?;
        let (shifted, before) = self.observed.split_last()?;
        let to = f32::midpoint(shifted.level.valence, next.level.valence);
        let [down, up] = latest.triggers;
        Some(TurningPoint {
            turn: latest.index,
            direction,
            from: round(smoothed(before) / 2.0),
            to: round(to / 2.0),
            confidence: round(confidence),
            confirmed_at,
            trigger: if direction == super::Direction::Deterioration {
                down
            } else {
                up
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arc::{Direction, Event};

    /// A call as (speaker, text, valence); the probabilities follow the valence.
    const CALL: &[(Speaker, &str, f32)] = &[
        (Speaker::Agent, "您好，请问有什么可以帮您", 0.0),
        (Speaker::Customer, "你好，我想退一下上个月那个会员", 0.0),
        (Speaker::Agent, "请问您的手机号是多少", 0.0),
        (Speaker::Customer, "就是打进来这个号", 0.0),
        (Speaker::Agent, "这个按规定过了时间，退不了的", 0.0),
        (
            Speaker::Customer,
            "凭什么退不了！我根本没用过，你们这不是抢钱吗",
            -0.95,
        ),
        (Speaker::Agent, "系统就是这样规定的，我们也没办法", 0.0),
        (Speaker::Customer, "嗯", 0.0),
        (
            Speaker::Customer,
            "太欺负人了，你们就是骗子，我要投诉你们",
            -0.95,
        ),
        (
            Speaker::Agent,
            "非常抱歉，我马上给您申请全额退款，今天就到账",
            0.4,
        ),
        (Speaker::Customer, "哦真的啊，那太好了谢谢你", 0.9),
        (Speaker::Agent, "应该的，给您添麻烦了", 0.3),
        (Speaker::Customer, "没事没事，谢谢你啊再见", 0.9),
    ];

    fn push_all(tracker: &mut ArcTracker, call: &[(Speaker, &str, f32)]) -> Vec<TurningPoint> {
        let mut told = Vec::new();
        for (index, &(speaker, text, valence)) in call.iter().enumerate() {
            let turn = Turn {
                speaker,
                start_ms: None,
                end_ms: None,
                text: text.to_owned(),
            };
            let score = Score {
                negative: (-valence).max(0.02),
                neutral: 1.0 - valence.abs(),
                positive: valence.max(0.02),
                valence,
            };
            told.extend(tracker.push(&ArcTurn {
                index,
                turn: &turn,
                text: &Normalised::new(text),
                score,
            }));
        }
        told
    }

    #[test]
    fn a_lasting_shift_is_told_with_its_trigger() {
        let mut tracker = ArcTracker::new(ArcOptions::default());
        let told = push_all(&mut tracker, CALL);
        let arc = tracker.finish();
        assert_eq!(told, arc.turning_points);
        let [down, up] = told.as_slice() else {
            panic!("{told:?}");
        };
        assert_eq!((down.turn, down.confirmed_at), (5, 8));
        assert_eq!(down.direction, Direction::Deterioration);
        assert!(down.from > -0.3 && down.to < -0.6, "{down:?}");
        let trigger = |turn, event| Trigger {
            turn,
            speaker: Speaker::Agent,
            event: Some(event),
        };
        assert_eq!(down.trigger, Some(trigger(4, Event::Refusal)));
        assert_eq!((up.turn, up.confirmed_at), (10, 12));
        assert_eq!(up.trigger, Some(trigger(9, Event::Resolution)));
        assert_eq!(arc.course.lowest.map(|lowest| lowest.turn), Some(8));
    }

    #[test]
    fn what_was_told_never_changes_with_later_turns() {
        for end in 0..=CALL.len() {
            let mut short = ArcTracker::new(ArcOptions::default());
            let told = push_all(&mut short, CALL.get(..end).unwrap());
            let mut long = ArcTracker::new(ArcOptions::default());
            let all = push_all(&mut long, CALL);
            assert_eq!(told, all[..told.len()], "{end} turns");
        }
    }

    #[test]
    fn a_passing_outburst_is_no_turning_point() {
        let mut tracker = ArcTracker::new(ArcOptions::default());
        let told = push_all(
            &mut tracker,
            &[
                (Speaker::Customer, "我想问一下账单", 0.0),
                (Speaker::Customer, "哎怎么这么贵啊", -0.9),
                (Speaker::Customer, "哦，那是我看错了", 0.1),
                (Speaker::Customer, "那就按这个办吧", 0.0),
            ],
        );
        assert_eq!(told, vec![]);
        assert_eq!(
            ArcTracker::new(ArcOptions::default()).finish(),
            Arc::default()
        );
    }
}

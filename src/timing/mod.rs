//! Eighth stage: who talks how much, where it is silent (静默), and who speaks
//! over whom (抢话). A fold over the turns as they were read:
//! [`TimingTracker::push`] each, then [`TimingTracker::finish`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::arc::is_backchannel;
use crate::call::{Speaker, Turn};

/// What counts as a silence and as an interruption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimingOptions {
    /// Longer gaps without any speech are silences, in milliseconds.
    pub silence_ms: u64,
    /// Shorter overlaps are no interruptions, in milliseconds: recognisers cut
    /// turns some tenths of a second off.
    pub overlap_ms: u64,
}

impl Default for TimingOptions {
    fn default() -> Self {
        Self {
            silence_ms: 5_000,
            overlap_ms: 300,
        }
    }
}

/// Talk, silence and interruptions of a call. Every field is `None` when the
/// input has no times.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Timing {
    /// Share of the call's duration in which each side speaks.
    pub talk_ratio: Option<BySide>,
    /// Gaps without speech longer than [`TimingOptions::silence_ms`].
    pub silences: Option<Vec<Silence>>,
    /// Turns begun while the other side was still speaking.
    pub interruptions: Option<Vec<Interruption>>,
    /// Characters (without spaces and punctuation) per minute of speech.
    pub chars_per_minute: Option<BySide>,
}

/// One figure for each side; `None` for a side that never speaks.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct BySide {
    /// 坐席
    pub agent: Option<f32>,
    /// 客户
    pub customer: Option<f32>,
}

/// A gap without speech (静默).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Silence {
    /// Where it begins, in milliseconds from the start of the call.
    pub start_ms: u64,
    /// How long it lasts, in milliseconds.
    pub duration_ms: u64,
}

/// A turn begun while the other side was still speaking (抢话).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Interruption {
    /// Index of the turn that broke in.
    pub turn: usize,
    /// Who broke in.
    pub by: Speaker,
    /// How long both spoke, in milliseconds.
    pub overlap_ms: u64,
}

/// What one side has said so far.
#[derive(Debug, Clone, Copy, Default)]
struct Talk {
    turns: usize,
    ms: u64,
    characters: usize,
}

/// The fold behind [`Timing`]. Turns without both times are left out.
#[derive(Debug, Clone)]
pub struct TimingTracker {
    options: TimingOptions,
    /// Turns pushed so far, with or without times.
    next_index: usize,
    timed: usize,
    first_ms: u64,
    /// End of the speech so far, and who was speaking there.
    last: Option<(u64, Speaker)>,
    agent: Talk,
    customer: Talk,
    silences: Vec<Silence>,
    interruptions: Vec<Interruption>,
}

impl TimingTracker {
    /// An empty call.
    pub fn new(options: TimingOptions) -> Self {
        Self {
            options,
            next_index: 0,
            timed: 0,
            first_ms: 0,
            last: None,
            agent: Talk::default(),
            customer: Talk::default(),
            silences: Vec::new(),
            interruptions: Vec::new(),
        }
    }

    /// Takes the next turn of the call.
    pub fn push(&mut self, turn: &Turn) {
        let index = self.next_index;
        self.next_index += 1;
        let (Some(start), Some(end)) = (turn.start_ms, turn.end_ms) else {
            return;
        };
        let end = end.max(start);
        if self.timed == 0 {
            self.first_ms = start;
        }
        self.first_ms = self.first_ms.min(start);
        self.timed += 1;
        self.compare_with_last(index, turn, start, end);
        self.count_talk(turn, end - start);
        if self.last.is_none_or(|(last_end, _)| end >= last_end) {
            self.last = Some((end, turn.speaker));
        }
    }

    /// Records the silence before the turn, or that it broke in. A backchannel
    /// (嗯) spoken into the other's turn interrupts nobody.
    fn compare_with_last(&mut self, index: usize, turn: &Turn, start: u64, end: u64) {
        let Some((last_end, last_speaker)) = self.last else {
            return;
        };
        let gap = start.saturating_sub(last_end);
        if gap > self.options.silence_ms {
            self.silences.push(Silence {
                start_ms: last_end,
                duration_ms: gap,
            });
        }
        let overlap_ms = last_end.min(end).saturating_sub(start);
        let other_side = last_speaker != turn.speaker
            && last_speaker != Speaker::Unknown
            && turn.speaker != Speaker::Unknown;
        if other_side && overlap_ms >= self.options.overlap_ms && !is_backchannel(&turn.text) {
            self.interruptions.push(Interruption {
                turn: index,
                by: turn.speaker,
                overlap_ms,
            });
        }
    }

    fn count_talk(&mut self, turn: &Turn, duration_ms: u64) {
        let talk = match turn.speaker {
            Speaker::Agent => &mut self.agent,
            Speaker::Customer => &mut self.customer,
            Speaker::Unknown => return,
        };
        talk.turns += 1;
        talk.ms += duration_ms;
        talk.characters += turn.text.chars().filter(|c| c.is_alphanumeric()).count();
    }

    /// The call's timing.
    pub fn finish(self) -> Timing {
        let Some((last_ms, _)) = self.last else {
            return Timing::default();
        };
        let duration_ms = last_ms.saturating_sub(self.first_ms);
        let share = |talk: Talk| {
            (talk.turns > 0 && duration_ms > 0)
                .then(|| rounded(talk.ms as f64 / duration_ms as f64, 3))
        };
        let speed = |talk: Talk| {
            (talk.ms > 0).then(|| rounded(talk.characters as f64 * 60_000.0 / talk.ms as f64, 1))
        };
        let by_side = |figure: &dyn Fn(Talk) -> Option<f32>| BySide {
            agent: figure(self.agent),
            customer: figure(self.customer),
        };
        let (talk_ratio, chars_per_minute) = (by_side(&share), by_side(&speed));
        Timing {
            talk_ratio: Some(talk_ratio),
            silences: Some(self.silences),
            interruptions: Some(self.interruptions),
            chars_per_minute: Some(chars_per_minute),
        }
    }
}

fn rounded(value: f64, digits: i32) -> f32 {
    let scale = 10_f64.powi(digits);
    ((value * scale).round() / scale) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(speaker: Speaker, times: Option<(u64, u64)>, text: &str) -> Turn {
        Turn {
            speaker,
            start_ms: times.map(|(start, _)| start),
            end_ms: times.map(|(_, end)| end),
            text: text.to_owned(),
        }
    }

    fn timing(turns: &[Turn]) -> Timing {
        let mut tracker = TimingTracker::new(TimingOptions::default());
        for turn in turns {
            tracker.push(turn);
        }
        tracker.finish()
    }

    #[test]
    fn without_times_everything_is_null() {
        let found = timing(&[
            turn(Speaker::Agent, None, "您好"),
            turn(Speaker::Customer, None, "喂"),
        ]);
        assert_eq!(found, Timing::default());
        let json = serde_json::to_string(&found).unwrap();
        assert_eq!(
            json,
            r#"{"talk_ratio":null,"silences":null,"interruptions":null,"chars_per_minute":null}"#
        );
    }

    #[test]
    fn talk_silence_and_speed_are_measured() {
        let found = timing(&[
            turn(Speaker::Agent, Some((0, 3_000)), "您好，请讲。"),
            turn(Speaker::Customer, Some((4_000, 10_000)), "我的宽带断了三天"),
            turn(Speaker::Agent, Some((18_000, 20_000)), "稍等"),
        ]);
        assert_eq!(
            found.talk_ratio,
            Some(BySide {
                agent: Some(0.25),
                customer: Some(0.3)
            })
        );
        assert_eq!(
            found.silences,
            Some(vec![Silence {
                start_ms: 10_000,
                duration_ms: 8_000
            }])
        );
        assert_eq!(
            found.chars_per_minute,
            Some(BySide {
                agent: Some(72.0),
                customer: Some(80.0)
            })
        );
        assert_eq!(found.interruptions, Some(vec![]));
    }

    #[test]
    fn only_content_of_the_other_side_interrupts() {
        let found = timing(&[
            turn(
                Speaker::Agent,
                Some((0, 6_000)),
                "这个费用是系统自动扣的您当时",
            ),
            turn(Speaker::Customer, Some((2_000, 2_500)), "嗯嗯"),
            turn(Speaker::Customer, Some((5_200, 9_000)), "我没有同意过"),
            turn(Speaker::Customer, Some((8_000, 9_500)), "从来没有"),
            turn(Speaker::Agent, Some((9_400, 9_900)), "好的我查"),
        ]);
        assert_eq!(
            found.interruptions,
            Some(vec![Interruption {
                turn: 2,
                by: Speaker::Customer,
                overlap_ms: 800
            }])
        );
    }

    #[test]
    fn reversed_and_unordered_times_do_no_harm() {
        let found = timing(&[
            turn(Speaker::Customer, Some((9_000, 2_000)), "喂"),
            turn(Speaker::Agent, Some((1_000, 1_000)), "您好"),
        ]);
        assert_eq!(found.silences, Some(vec![]));
        assert_eq!(found.chars_per_minute, Some(BySide::default()));
    }
}

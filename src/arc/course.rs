use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The customer's level over the whole call. All levels lie in −1..1; every
/// field is `None` when no customer turn carried evidence.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Course {
    /// Mean level.
    pub mean: Option<f32>,
    /// Level at the end.
    pub last: Option<f32>,
    /// Change of level from the first turn to the last along the least-squares
    /// line, −2..2: below zero where the call goes downhill.
    pub trend: Option<f32>,
    /// Where the level was lowest.
    pub lowest: Option<Lowest>,
}

/// The lowest point of a call.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Lowest {
    /// Index of the customer turn.
    pub turn: usize,
    /// Level there, −1..1.
    pub level: f32,
}

impl Course {
    /// Sums up the levels after each customer turn that carried evidence:
    /// pairs of turn index and level, in order.
    pub(super) fn of(levels: &[(usize, f32)]) -> Self {
        let Some(&(_, last)) = levels.last() else {
            return Self::default();
        };
        let mean = levels.iter().map(|&(_, level)| level).sum::<f32>() / levels.len() as f32;
        let lowest = levels
            .iter()
            .copied()
            .reduce(|low, next| if next.1 < low.1 { next } else { low })
            .map(|(turn, level)| Lowest {
                turn,
                level: round(level),
            });
        Self {
            mean: Some(round(mean)),
            last: Some(round(last)),
            trend: Some(round(slope(levels, mean) * (levels.len() - 1) as f32)),
            lowest,
        }
    }
}

/// Least-squares slope of the level by step; 0 for a single level.
fn slope(levels: &[(usize, f32)], mean: f32) -> f32 {
    let middle = (levels.len() - 1) as f32 / 2.0;
    let (mut products, mut squares) = (0.0, 0.0);
    for (step, (_, level)) in levels.iter().enumerate() {
        let offset = step as f32 - middle;
        products += offset * (level - mean);
        squares += offset * offset;
    }
    if squares > 0.0 {
        products / squares
    } else {
        0.0
    }
}

/// Three decimals: finer differences mean nothing and only lengthen the output.
pub(super) fn round(level: f32) -> f32 {
    (level * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_decline_shows_in_the_trend() {
        let levels: Vec<_> = (0..5).map(|i| (2 * i, 0.2 - 0.2 * i as f32)).collect();
        let course = Course::of(&levels);
        assert_eq!(course.trend, Some(-0.8));
        assert_eq!(course.last, Some(-0.6));
        assert_eq!(
            course.lowest,
            Some(Lowest {
                turn: 8,
                level: -0.6
            })
        );
        assert_eq!(course.mean, Some(-0.2));
    }

    #[test]
    fn one_turn_has_no_trend_and_none_has_nothing() {
        assert_eq!(Course::of(&[(1, -0.5)]).trend, Some(0.0));
        assert_eq!(Course::of(&[]), Course::default());
    }
}

use schemars::JsonSchema;
use serde::Serialize;

use super::statistics::{Counts, round};
use super::{Evaluated, Matches};
use crate::arc::Direction;

/// Turning points: one-to-one, the same direction, at most one customer turn
/// apart.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Points {
    /// Calls with labels.
    pub calls: usize,
    /// Precision, recall, F1.
    pub matches: Matches,
    /// Mean distance of the matched ones, in customer turns.
    pub mean_distance: Option<f64>,
    /// The calls with points missed or wrongly found, worst first.
    pub errors: Vec<CallErrors>,
}

/// What went wrong in one call; indices into its turns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CallErrors {
    /// The call.
    pub call_id: String,
    /// Labelled but not found.
    pub missed: Vec<(usize, Direction)>,
    /// Found but not labelled.
    pub wrong: Vec<(usize, Direction)>,
}

/// A matched call: counts, distances, errors.
struct Matched {
    counts: Counts,
    distances: Vec<usize>,
    errors: CallErrors,
}

pub(super) fn measure(calls: &[Evaluated]) -> Option<Points> {
    let matched: Vec<Matched> = calls.iter().filter_map(match_call).collect();
    if matched.is_empty() {
        return None;
    }
    let counts: Vec<Counts> = matched.iter().map(|call| call.counts).collect();
    let distances: Vec<usize> = matched
        .iter()
        .flat_map(|call| call.distances.iter().copied())
        .collect();
    let mut errors: Vec<CallErrors> = matched
        .into_iter()
        .map(|call| call.errors)
        .filter(|errors| errors.count() > 0)
        .collect();
    errors.sort_by_key(|errors| std::cmp::Reverse(errors.count()));
    Some(Points {
        calls: counts.len(),
        matches: Matches::of(&counts),
        mean_distance: (!distances.is_empty())
            .then(|| round(distances.iter().sum::<usize>() as f64 / distances.len() as f64)),
        errors,
    })
}

impl CallErrors {
    fn count(&self) -> usize {
        self.missed.len() + self.wrong.len()
    }
}

/// Each found point, in order, takes the nearest free gold point.
fn match_call(call: &Evaluated) -> Option<Matched> {
    let customer = call.gold.customer_turns();
    let place = |turn: usize| customer.binary_search(&turn).unwrap_or_else(|next| next);
    let mut open: Vec<(usize, Direction)> = call
        .gold
        .turning_points
        .as_ref()?
        .iter()
        .map(|point| (point.turn, point.direction))
        .collect();
    let mut counts = Counts {
        gold: open.len(),
        ..Counts::default()
    };
    let (mut distances, mut wrong) = (Vec::new(), Vec::new());
    for point in &call.found.turning_points {
        counts.found += 1;
        let nearest = open
            .iter()
            .enumerate()
            .filter(|(_, gold)| gold.1 == point.direction)
            .map(|(index, gold)| (place(gold.0).abs_diff(place(point.turn)), index))
            .filter(|&(distance, _)| distance <= 1)
            .min();
        if let Some((distance, index)) = nearest {
            counts.matched += 1;
            distances.push(distance);
            open.remove(index);
        } else {
            wrong.push((point.turn, point.direction));
        }
    }
    Some(Matched {
        counts,
        distances,
        errors: CallErrors {
            call_id: call.gold.call_id.clone(),
            missed: open,
            wrong,
        },
    })
}

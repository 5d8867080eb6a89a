use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call_report::{TurnReport, rounded};
use crate::call::Speaker;
use crate::terms::Category;

/// The cells of one speaker over the call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Lane {
    /// Whose lane.
    pub speaker: Speaker,
    /// One cell a bin, in order.
    pub cells: Vec<Cell>,
}

/// One bin of a lane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cell {
    /// Position, from 0.
    pub bin: usize,
    /// Mean valence of the speech in the bin, weighted by its characters;
    /// null in an empty cell.
    pub valence: Option<f32>,
    /// Turns that begin in the bin.
    pub turns: usize,
    /// Complaint terms of these turns, by category.
    pub complaints: BTreeMap<Category, usize>,
}

/// One lane for each speaker that speaks, customer first.
///
/// Bins are of equal time when every turn has a start and the call a length,
/// else of equal numbers of turns. A turn's valence colours every bin it
/// reaches into; its count and complaints stand in the bin it begins in.
pub fn lanes(turns: &[TurnReport], duration_ms: Option<u64>, bins: usize) -> Vec<Lane> {
    let places = places(turns, duration_ms, bins);
    [Speaker::Customer, Speaker::Agent, Speaker::Unknown]
        .into_iter()
        .filter(|speaker| turns.iter().any(|turn| turn.speaker == *speaker))
        .map(|speaker| lane(speaker, turns, &places, bins))
        .collect()
}

fn lane(speaker: Speaker, turns: &[TurnReport], places: &[(usize, usize)], bins: usize) -> Lane {
    let mut cells: Vec<Cell> = (0..bins)
        .map(|bin| Cell {
            bin,
            valence: None,
            turns: 0,
            complaints: BTreeMap::new(),
        })
        .collect();
    // For each bin: sum of valence × weight, sum of weights.
    let mut sums = vec![(0.0_f64, 0.0_f64); bins];
    for (turn, (first, last)) in turns
        .iter()
        .zip(places)
        .filter(|(turn, _)| turn.speaker == speaker)
    {
        let share = turn.text.chars().count().max(1) as f64 / (last - first + 1) as f64;
        for (sum, weights) in &mut sums[*first..=*last] {
            *sum += f64::from(turn.valence) * share;
            *weights += share;
        }
        cells[*first].turns += 1;
        for found in &turn.terms {
            *cells[*first].complaints.entry(found.category).or_insert(0) += 1;
        }
    }
    for (cell, (sum, weights)) in cells.iter_mut().zip(sums) {
        cell.valence = (weights > 0.0).then(|| rounded((sum / weights) as f32));
    }
    Lane { speaker, cells }
}

/// First and last bin of each turn.
fn places(turns: &[TurnReport], duration_ms: Option<u64>, bins: usize) -> Vec<(usize, usize)> {
    let last_bin = bins - 1;
    let timed = duration_ms
        .filter(|duration| *duration > 0 && turns.iter().all(|turn| turn.start_ms.is_some()));
    turns
        .iter()
        .enumerate()
        .map(|(position, turn)| {
            let (Some(duration), Some(start)) = (timed, turn.start_ms) else {
                let bin = position * bins / turns.len();
                return (bin, bin);
            };
            let bin = |ms: u64| {
                let bin = u128::from(ms) * bins as u128 / u128::from(duration);
                bin.min(last_bin as u128) as usize
            };
            // The end is exclusive: a turn that ends on a border does not enter the next bin.
            let end = turn
                .end_ms
                .map_or(start, |end| end.saturating_sub(1))
                .max(start);
            (bin(start), bin(end))
        })
        .collect()
}

use schemars::JsonSchema;
use serde::Serialize;

use super::statistics::{bootstrap, spearman};
use super::{Estimate, Evaluated};
use crate::sentiment::Label;

/// Sentiment of the customer's turns against their gold valence.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Turns {
    /// Labelled customer turns.
    pub turns: usize,
    /// Mean F1 of the classes that occur; gold classes by the sign of valence.
    pub macro_f1: Estimate,
    /// Rank correlation of the valences.
    pub spearman: Estimate,
    /// Rows gold, columns found; negative, neutral, positive.
    pub confusion: [[usize; 3]; 3],
}

/// Gold valence, found valence, gold class, found class.
type Pair = (f64, f64, usize, usize);

pub(super) fn measure(calls: &[Evaluated]) -> Option<Turns> {
    let by_call: Vec<Vec<Pair>> = calls.iter().map(pairs).filter(|p| !p.is_empty()).collect();
    let all: Vec<&Vec<Pair>> = by_call.iter().collect();
    (!by_call.is_empty()).then(|| Turns {
        turns: by_call.iter().map(Vec::len).sum(),
        macro_f1: bootstrap(&by_call, |sample| macro_f1(&confusion(sample))),
        spearman: bootstrap(&by_call, |sample| {
            let valences: Vec<_> = sample
                .iter()
                .flat_map(|c| c.iter())
                .map(|p| (p.0, p.1))
                .collect();
            spearman(&valences)
        }),
        confusion: confusion(&all),
    })
}

fn pairs(call: &Evaluated) -> Vec<Pair> {
    let indices = call.gold.customer_turns();
    indices
        .into_iter()
        .filter_map(|index| {
            let gold = f64::from(call.gold.turns.get(index)?.valence?);
            let found = call.found.turns.get(index)?;
            let class = if gold < 0.0 {
                0
            } else {
                1 + usize::from(gold > 0.0)
            };
            Some((gold, f64::from(found.valence), class, class_of(found.label)))
        })
        .collect()
}

fn class_of(label: Label) -> usize {
    match label {
        Label::Negative => 0,
        Label::Neutral => 1,
        Label::Positive => 2,
    }
}

fn confusion(calls: &[&Vec<Pair>]) -> [[usize; 3]; 3] {
    let mut table = [[0; 3]; 3];
    for &(_, _, gold, found) in calls.iter().copied().flatten() {
        table[gold][found] += 1;
    }
    table
}

pub(super) fn macro_f1(table: &[[usize; 3]; 3]) -> Option<f64> {
    let scores: Vec<f64> = (0..3)
        .filter_map(|class| {
            let gold: usize = table[class].iter().sum();
            let found: usize = table.iter().map(|row| row[class]).sum();
            (gold > 0).then(|| 2.0 * table[class][class] as f64 / (gold + found) as f64)
        })
        .collect();
    (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macro_f1_is_the_mean_over_gold_classes() {
        let table = [[3, 1, 0], [0, 4, 0], [0, 0, 0]];
        let expected = f64::midpoint(2.0 * 3.0 / 7.0, 2.0 * 4.0 / 9.0);
        assert!((macro_f1(&table).unwrap() - expected).abs() < 1e-12);
        assert_eq!(macro_f1(&[[0; 3]; 3]), None);
    }
}

//! A model's classes against gold: rows and what is counted over them.

use schemars::JsonSchema;
use serde::Serialize;

use super::labelled::Labelled;
use super::statistics::{round, spearman};
use super::turns::macro_f1;
use crate::sentiment::{Label, Score};

/// Bins of equal width for calibration.
const BINS: usize = 10;
const LABELS: [Label; 3] = [Label::Negative, Label::Neutral, Label::Positive];

/// One class.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ClassFigures {
    /// The class.
    pub label: Label,
    /// Texts of this class.
    pub gold: usize,
    /// Texts put into it.
    pub found: usize,
    /// Of these, rightly.
    pub right: usize,
    /// right / found; null where none was found
    pub precision: Option<f64>,
    /// right / gold; null where there is none
    pub recall: Option<f64>,
    /// Harmonic mean of both.
    pub f1: Option<f64>,
}

/// Texts whose class was chosen with about the same probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct ConfidenceBin {
    /// Mean probability of the chosen class.
    pub confidence: f64,
    /// Share of right ones.
    pub accuracy: f64,
    /// Texts.
    pub texts: usize,
}

/// A text's gold label beside what a model says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    gold: usize,
    found: usize,
    confidence: f64,
    valences: Option<(f64, f64)>,
}

/// Rows of the texts that are resampled together.
pub(super) type Group = Vec<Row>;

pub(super) fn groups(texts: &[Labelled], scores: &[Score], binary: bool) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (text, score) in texts.iter().zip(scores) {
        if groups.len() <= text.group {
            groups.resize_with(text.group + 1, Vec::new);
        }
        if let Some(group) = groups.get_mut(text.group) {
            group.push(row(text, score, binary));
        }
    }
    groups.retain(|group| !group.is_empty());
    groups
}

fn row(text: &Labelled, score: &Score, binary: bool) -> Row {
    let (negative, positive) = (f64::from(score.negative), f64::from(score.positive));
    let (found, confidence) = if binary {
        let label = if positive > negative { 2 } else { 0 };
        let both = negative + positive;
        let share = negative.max(positive) / both;
        (label, if both > 0.0 { share } else { 0.5 })
    } else {
        let found = position(score.label());
        let all = [negative, f64::from(score.neutral), positive];
        (found, all[found])
    };
    Row {
        gold: position(text.label),
        found,
        confidence,
        valences: text
            .valence
            .map(|gold| (f64::from(gold), f64::from(score.valence))),
    }
}

pub(super) fn position(label: Label) -> usize {
    match label {
        Label::Negative => 0,
        Label::Neutral => 1,
        Label::Positive => 2,
    }
}

pub(super) fn has_grades(groups: &[Group]) -> bool {
    groups.iter().flatten().any(|row| row.valences.is_some())
}

pub(super) fn accuracy<'a>(rows: impl Iterator<Item = &'a Row>) -> Option<f64> {
    let (right, all) = rows.fold((0_usize, 0_usize), |(right, all), row| {
        (right + usize::from(row.gold == row.found), all + 1)
    });
    (all > 0).then(|| right as f64 / all as f64)
}

pub(super) fn f1<'a>(rows: impl Iterator<Item = &'a Row>) -> Option<f64> {
    macro_f1(&confusion(rows))
}

pub(super) fn rank<'a>(rows: impl Iterator<Item = &'a Row>) -> Option<f64> {
    let pairs: Vec<(f64, f64)> = rows.filter_map(|row| row.valences).collect();
    spearman(&pairs)
}

pub(super) fn confusion<'a>(rows: impl Iterator<Item = &'a Row>) -> [[usize; 3]; 3] {
    let mut table = [[0; 3]; 3];
    for row in rows {
        table[row.gold][row.found] += 1;
    }
    table
}

pub(super) fn class_figures(class: usize, table: &[[usize; 3]; 3]) -> ClassFigures {
    let gold: usize = table[class].iter().sum();
    let found: usize = table.iter().map(|row| row[class]).sum();
    let right = table[class][class];
    let share = |part: usize, whole: usize| (whole > 0).then(|| round(part as f64 / whole as f64));
    ClassFigures {
        label: LABELS[class],
        gold,
        found,
        right,
        precision: share(right, found),
        recall: share(right, gold),
        f1: share(2 * right, gold + found),
    }
}

/// Expected calibration error (Guo et al. 2017): the bins' distances of
/// confidence and accuracy, weighted by their texts.
pub(super) fn calibration(groups: &[Group]) -> (f64, Vec<ConfidenceBin>) {
    let mut sums = [(0.0, 0_usize, 0_usize); BINS];
    let mut texts = 0_usize;
    for row in groups.iter().flatten() {
        let bin = ((row.confidence * BINS as f64) as usize).min(BINS - 1);
        sums[bin].0 += row.confidence;
        sums[bin].1 += usize::from(row.gold == row.found);
        sums[bin].2 += 1;
        texts += 1;
    }
    let bins: Vec<ConfidenceBin> = sums
        .iter()
        .filter(|(_, _, count)| *count > 0)
        .map(|&(confidence, right, count)| ConfidenceBin {
            confidence: round(confidence / count as f64),
            accuracy: round(right as f64 / count as f64),
            texts: count,
        })
        .collect();
    let distance =
        |(confidence, right, _): &(f64, usize, usize)| (confidence - *right as f64).abs();
    let error: f64 = sums.iter().map(distance).sum();
    (round(error / texts.max(1) as f64), bins)
}

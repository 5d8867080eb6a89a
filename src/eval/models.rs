//! Sentiment models against gold labels, side by side.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::labelled::{Labelled, LabelledSet};
use super::statistics::{Estimate, bootstrap, round, spearman};
use super::turns::macro_f1;
use crate::sentiment::{Label, ModelInfo, Score};

/// Bins of equal width for calibration.
const BINS: usize = 10;
const LABELS: [Label; 3] = [Label::Negative, Label::Neutral, Label::Positive];

/// What a model said of every text, and what it took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelRun {
    /// The folder, or `default`.
    pub folder: String,
    /// The model.
    pub info: ModelInfo,
    /// Bytes of the graph and the weights beside it.
    pub bytes: u64,
    /// One-thread sessions.
    pub threads: usize,
    /// Seconds for all texts, after a warm-up; nothing is remembered.
    pub seconds: f64,
    /// Peak resident memory of a process that does nothing else; null where the
    /// system does not say.
    pub peak_bytes: Option<u64>,
    /// One for each text, in order.
    pub scores: Vec<Score>,
}

/// Figures of several models on the same texts.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ModelComparison {
    /// Texts measured.
    pub texts: usize,
    /// Calls and single texts: what the bootstrap resamples.
    pub groups: usize,
    /// The texts are only negative and positive: of each score the higher of
    /// these two counts.
    pub binary: bool,
    /// Texts by gold class: negative, neutral, positive.
    pub counts: [usize; 3],
    /// One a model, in the order given.
    pub models: Vec<ModelFigures>,
}

/// Figures of one model.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ModelFigures {
    /// The folder, or `default`.
    pub folder: String,
    /// The model.
    pub model: ModelInfo,
    /// Share of texts with the right class.
    pub accuracy: Estimate,
    /// Mean F1 of the classes that occur.
    pub macro_f1: Estimate,
    /// Negative, neutral, positive.
    pub classes: Vec<ClassFigures>,
    /// Rows gold, columns found; negative, neutral, positive.
    pub confusion: [[usize; 3]; 3],
    /// Expected calibration error of the chosen class's probability, ten bins.
    pub calibration_error: f64,
    /// The bins that hold texts.
    pub calibration: Vec<ConfidenceBin>,
    /// Rank correlation of the valences; null without graded labels.
    pub spearman: Option<Estimate>,
    /// Bytes of the graph and the weights beside it.
    pub bytes: u64,
    /// One-thread sessions.
    pub threads: usize,
    /// Texts a second, nothing remembered.
    pub turns_per_second: f64,
    /// Peak resident memory of a process that does nothing else.
    pub peak_bytes: Option<u64>,
    /// This model less the first one; null for the first.
    pub difference: Option<Difference>,
}

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

/// How much better a model is than the first, with 95 % intervals of a paired
/// bootstrap: both are resampled together.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Difference {
    /// The first model's folder.
    pub to: String,
    /// Difference of the accuracies.
    pub accuracy: Estimate,
    /// Difference of the macro-F1.
    pub macro_f1: Estimate,
    /// Difference of the rank correlations; null without graded labels.
    pub spearman: Option<Estimate>,
}

/// A text's gold label beside what a model says.
#[derive(Debug, Clone, Copy)]
struct Row {
    gold: usize,
    found: usize,
    confidence: f64,
    valences: Option<(f64, f64)>,
}

/// Rows of the texts that are resampled together.
type Group = Vec<Row>;

/// Measures the models. Every run has one score for each text of the set.
pub fn compare_models(set: &LabelledSet, runs: &[ModelRun]) -> ModelComparison {
    let binary = set.is_binary();
    let rows: Vec<Vec<Group>> = runs
        .iter()
        .map(|run| groups(set.texts(), &run.scores, binary))
        .collect();
    let mut counts = [0; 3];
    for text in set.texts() {
        counts[position(text.label)] += 1;
    }
    let first = rows.first().zip(runs.first());
    let models = runs
        .iter()
        .zip(&rows)
        .enumerate()
        .map(|(index, (run, rows))| {
            let difference = first
                .filter(|_| index > 0)
                .map(|(first, to)| difference(&to.folder, first, rows));
            figures(run, rows, difference)
        });
    ModelComparison {
        texts: set.texts().len(),
        groups: rows.first().map_or(0, Vec::len),
        binary,
        counts,
        models: models.collect(),
    }
}

fn groups(texts: &[Labelled], scores: &[Score], binary: bool) -> Vec<Group> {
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

fn position(label: Label) -> usize {
    match label {
        Label::Negative => 0,
        Label::Neutral => 1,
        Label::Positive => 2,
    }
}

fn figures(run: &ModelRun, groups: &[Group], difference: Option<Difference>) -> ModelFigures {
    let all: Vec<&Group> = groups.iter().collect();
    let confusion = confusion(all.iter().copied().flatten());
    let (calibration_error, calibration) = calibration(groups);
    ModelFigures {
        folder: run.folder.clone(),
        model: run.info.clone(),
        accuracy: bootstrap(groups, |sample| accuracy(sample.iter().copied().flatten())),
        macro_f1: bootstrap(groups, |sample| f1(sample.iter().copied().flatten())),
        classes: (0..3)
            .map(|class| class_figures(class, &confusion))
            .collect(),
        confusion,
        calibration_error,
        calibration,
        spearman: has_grades(groups)
            .then(|| bootstrap(groups, |sample| rank(sample.iter().copied().flatten()))),
        bytes: run.bytes,
        threads: run.threads,
        turns_per_second: (run.scores.len() as f64 / run.seconds.max(1e-9) * 10.0).round() / 10.0,
        peak_bytes: run.peak_bytes,
        difference,
    }
}

fn difference(to: &str, first: &[Group], other: &[Group]) -> Difference {
    let pairs: Vec<(&Group, &Group)> = first.iter().zip(other).collect();
    let less = |figure: fn(&mut dyn Iterator<Item = &Row>) -> Option<f64>| {
        bootstrap(&pairs, |sample| {
            let of_first = figure(&mut sample.iter().flat_map(|pair| pair.0))?;
            let of_other = figure(&mut sample.iter().flat_map(|pair| pair.1))?;
            Some(of_other - of_first)
        })
    };
    Difference {
        to: to.to_owned(),
        accuracy: less(|rows| accuracy(rows)),
        macro_f1: less(|rows| f1(rows)),
        spearman: has_grades(first).then(|| less(|rows| rank(rows))),
    }
}

fn has_grades(groups: &[Group]) -> bool {
    groups.iter().flatten().any(|row| row.valences.is_some())
}

fn accuracy<'a>(rows: impl Iterator<Item = &'a Row>) -> Option<f64> {
    let (right, all) = rows.fold((0_usize, 0_usize), |(right, all), row| {
        (right + usize::from(row.gold == row.found), all + 1)
    });
    (all > 0).then(|| right as f64 / all as f64)
}

fn f1<'a>(rows: impl Iterator<Item = &'a Row>) -> Option<f64> {
    macro_f1(&confusion(rows))
}

fn rank<'a>(rows: impl Iterator<Item = &'a Row>) -> Option<f64> {
    let pairs: Vec<(f64, f64)> = rows.filter_map(|row| row.valences).collect();
    spearman(&pairs)
}

fn confusion<'a>(rows: impl Iterator<Item = &'a Row>) -> [[usize; 3]; 3] {
    let mut table = [[0; 3]; 3];
    for row in rows {
        table[row.gold][row.found] += 1;
    }
    table
}

fn class_figures(class: usize, table: &[[usize; 3]; 3]) -> ClassFigures {
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
fn calibration(groups: &[Group]) -> (f64, Vec<ConfidenceBin>) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn score(negative: f32, neutral: f32, positive: f32) -> Score {
        Score {
            negative,
            neutral,
            positive,
            valence: positive - negative,
        }
    }

    fn run(folder: &str, scores: Vec<Score>) -> ModelRun {
        ModelRun {
            folder: folder.to_owned(),
            info: ModelInfo {
                name: folder.to_owned(),
                sha256: String::new(),
                labels: LABELS.to_vec(),
                runtime: "rten".to_owned(),
            },
            bytes: 1,
            threads: 1,
            seconds: 2.0,
            peak_bytes: None,
            scores,
        }
    }

    fn set(lines: &[&str]) -> LabelledSet {
        let mut set = LabelledSet::default();
        lines.iter().for_each(|line| set.push_line(line).unwrap());
        set
    }

    #[test]
    fn figures_follow_their_definitions() {
        let set = set(&[
            r#"{"text":"a","label":"negative","valence":-2}"#,
            r#"{"text":"b","label":"neutral","valence":0}"#,
            r#"{"text":"c","label":"positive","valence":1}"#,
            r#"{"text":"d","label":"positive","valence":2}"#,
        ]);
        let good = run(
            "good",
            vec![
                score(0.8, 0.1, 0.1),
                score(0.2, 0.6, 0.2),
                score(0.1, 0.2, 0.7),
                score(0.0, 0.1, 0.9),
            ],
        );
        let poor = run(
            "poor",
            vec![
                score(0.8, 0.1, 0.1),
                score(0.6, 0.4, 0.0),
                score(0.7, 0.2, 0.1),
                score(0.0, 0.1, 0.9),
            ],
        );
        let found = compare_models(&set, &[good, poor]);
        assert_eq!(
            (found.texts, found.groups, found.binary, found.counts),
            (4, 4, false, [1, 1, 2])
        );
        let [good, poor] = found.models.as_slice() else {
            panic!()
        };
        assert!((good.accuracy.value - 1.0).abs() < 1e-9);
        assert!((good.spearman.unwrap().value - 1.0).abs() < 1e-9);
        // 0.2 + 0.4 + 0.3 + 0.1 over four texts.
        assert!(
            (good.calibration_error - 0.25).abs() < 1e-4,
            "{}",
            good.calibration_error
        );
        assert_eq!(poor.confusion, [[1, 0, 0], [1, 0, 0], [1, 0, 1]]);
        let negative = &poor.classes[0];
        assert_eq!((negative.gold, negative.found, negative.right), (1, 3, 1));
        assert_eq!(
            (negative.precision, negative.recall, negative.f1),
            (Some(0.3333), Some(1.0), Some(0.5))
        );
        assert_eq!(poor.classes[1].precision, None);
        assert!((poor.macro_f1.value - round((0.5 + 0.0 + 2.0 / 3.0) / 3.0)).abs() < 1e-9);
        assert!((poor.turns_per_second - 2.0).abs() < 1e-9);
        assert_eq!(good.difference, None);
        let difference = poor.difference.as_ref().unwrap();
        assert!((difference.accuracy.value + 0.5).abs() < 1e-9);
        assert!(difference.accuracy.low <= -0.5 && difference.accuracy.high >= -0.5);
        assert!(difference.spearman.unwrap().value < 0.0);
    }

    #[test]
    fn of_two_classes_the_higher_counts() {
        let set = set(&[
            r#"{"text":"a","label":"negative"}"#,
            r#"{"text":"b","label":"positive"}"#,
        ]);
        let neutral = run("m", vec![score(0.2, 0.7, 0.1), score(0.1, 0.6, 0.3)]);
        let found = compare_models(&set, &[neutral]);
        assert!(found.binary);
        let figures = &found.models[0];
        assert_eq!(figures.confusion, [[1, 0, 0], [0, 0, 0], [0, 0, 1]]);
        assert_eq!(figures.spearman, None);
        // Confidences 2/3 and 3/4, both right.
        assert!((figures.calibration_error - round((1.0 / 3.0 + 0.25) / 2.0)).abs() < 1e-4);
    }
}

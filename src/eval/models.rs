//! Sentiment models against gold labels, side by side.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::classes::{
    ClassFigures, ConfidenceBin, Group, Row, accuracy, calibration, class_figures, confusion, f1,
    groups, has_grades, position, rank,
};
use super::labelled::LabelledSet;
use super::statistics::{Estimate, bootstrap};
use crate::sentiment::{ModelInfo, Score};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::statistics::round;
    use crate::sentiment::Label;

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
                labels: vec![Label::Negative, Label::Neutral, Label::Positive],
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
        for line in lines {
            set.push_line(line).unwrap();
        }
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
                score(0.9, 0.1, 0.0),
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
        assert!((figures.calibration_error - round(f64::midpoint(1.0 / 3.0, 0.25))).abs() < 1e-4);
    }
}

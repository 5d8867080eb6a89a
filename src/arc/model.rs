//! The fitted data the arc rests on.

use std::sync::LazyLock;

use serde::Deserialize;

use super::cues::Cues;
use super::detector::Detector;
use super::levels::Blend;

/// The cues and coefficients that ship with callheat, read once.
pub(super) static MODEL: LazyLock<ArcModel> =
    LazyLock::new(
        || match ArcModel::parse(include_str!("cues.tsv"), include_str!("arc.json")) {
            Ok(model) => model,
            Err(problem) => unreachable!("the built-in data are tested: {problem}"),
        },
    );

/// Everything that `models/training/arc.py` fits.
#[derive(Debug)]
pub(super) struct ArcModel {
    pub cues: Cues,
    /// Levels before the agent's answer is known.
    pub now: Blend,
    /// Levels once it is.
    pub settled: Blend,
    pub detector: Detector,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    levels: Levels,
    detector: Detector,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Levels {
    now: Blend,
    settled: Blend,
}

impl ArcModel {
    fn parse(cues: &str, coefficients: &str) -> Result<Self, String> {
        let file: File = serde_json::from_str(coefficients).map_err(|error| error.to_string())?;
        if !file.levels.now.fits(3) || !file.levels.settled.fits(4) {
            return Err(
                "levels: expected 19 weights a level for now and 24 for settled".to_owned(),
            );
        }
        Ok(Self {
            cues: Cues::parse(cues)?,
            now: file.levels.now,
            settled: file.levels.settled,
            detector: file.detector,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_data_are_sound() {
        ArcModel::parse(include_str!("cues.tsv"), include_str!("arc.json")).unwrap();
    }

    #[test]
    fn a_coefficient_without_a_feature_is_an_error() {
        let file = include_str!("arc.json").replace("\"new_joy\"", "\"new_hope\"");
        let problem = ArcModel::parse("", &file).unwrap_err();
        assert!(problem.contains("new_hope"), "{problem}");
    }
}

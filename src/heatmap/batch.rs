use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call_report::{CallReport, rounded};
use crate::call::Speaker;
use crate::escalation::Level;
use crate::sentiment::ModelInfo;
use crate::terms::{BatchTerm, Category};

/// Name and version of the output's schema.
pub const SCHEMA: &str = "callheat/1";

/// The whole output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Heatmap {
    /// `callheat/1`
    pub schema: String,
    /// What wrote it.
    pub generator: Generator,
    /// The sentiment model.
    pub model: ModelInfo,
    /// Bins of every heatmap.
    pub bins: usize,
    /// The calls, in the order of the input; null in the last line of `--format jsonl`.
    pub calls: Option<Vec<CallReport>>,
    /// High-frequency complaint terms of the batch, by keyness.
    pub terms: Vec<BatchTerm>,
    /// The batch's heatmap.
    pub heatmap: BatchHeatmap,
    /// Counts.
    pub summary: Summary,
    /// What could not be read or analysed.
    #[serde(default)]
    pub failures: Vec<Failure>,
}

/// What wrote the output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Generator {
    /// `callheat`
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Generator {
    /// This build of callheat.
    pub fn this() -> Self {
        Self {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// Mean customer valence and complaint counts by bin, over all calls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BatchHeatmap {
    /// Mean of the calls' customer cells; null where no call has one.
    pub customer: Vec<Option<f32>>,
    /// Complaint terms by category and bin; categories that do not occur are left out.
    pub complaints: BTreeMap<Category, Vec<usize>>,
}

/// Counts of the batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Calls analysed.
    pub calls: usize,
    /// Inputs that could not be read or analysed.
    pub failed: usize,
    /// Turns of the analysed calls.
    pub turns: usize,
    /// Calls by risk level.
    pub levels: LevelCounts,
    /// Whether the run was stopped before all input was read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
}

/// Calls by risk level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct LevelCounts {
    /// 低
    pub low: usize,
    /// 中
    pub medium: usize,
    /// 高
    pub high: usize,
}

/// Something that could not be read or analysed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// The input.
    pub path: String,
    /// 1-based line, where there is one.
    pub line: Option<u64>,
    /// What is wrong and what to do; never quotes the transcript.
    pub reason: String,
}

/// Adds calls up to the batch's heatmap and counts; size independent of their number.
#[derive(Debug, Clone)]
pub struct BatchFold {
    customer: Vec<(f64, usize)>,
    complaints: BTreeMap<Category, Vec<usize>>,
    calls: usize,
    turns: usize,
    levels: LevelCounts,
}

impl BatchFold {
    /// An empty batch of heatmaps with `bins` bins.
    pub fn new(bins: usize) -> Self {
        Self {
            customer: vec![(0.0, 0); bins],
            complaints: BTreeMap::new(),
            calls: 0,
            turns: 0,
            levels: LevelCounts::default(),
        }
    }

    /// Adds one call, whose lanes have the batch's number of bins.
    pub fn push(&mut self, call: &CallReport) {
        self.calls += 1;
        self.turns += call.turns.len();
        match call.escalation.level {
            Level::Low => self.levels.low += 1,
            Level::Medium => self.levels.medium += 1,
            Level::High => self.levels.high += 1,
        }
        let bins = self.customer.len();
        for cell in call
            .heatmap
            .iter()
            .filter(|lane| lane.speaker == Speaker::Customer)
            .flat_map(|lane| &lane.cells)
        {
            if let (Some(valence), Some((sum, count))) =
                (cell.valence, self.customer.get_mut(cell.bin))
            {
                *sum += f64::from(valence);
                *count += 1;
            }
            for (category, count) in &cell.complaints {
                let row = self
                    .complaints
                    .entry(*category)
                    .or_insert_with(|| vec![0; bins]);
                if let Some(total) = row.get_mut(cell.bin) {
                    *total += count;
                }
            }
        }
    }

    /// Number of calls so far.
    pub fn calls(&self) -> usize {
        self.calls
    }

    /// The batch's heatmap and counts.
    pub fn finish(self, failed: usize, interrupted: bool) -> (BatchHeatmap, Summary) {
        let mean =
            |(sum, count): (f64, usize)| (count > 0).then(|| rounded((sum / count as f64) as f32));
        let heatmap = BatchHeatmap {
            customer: self.customer.into_iter().map(mean).collect(),
            complaints: self.complaints,
        };
        let summary = Summary {
            calls: self.calls,
            failed,
            turns: self.turns,
            levels: self.levels,
            interrupted,
        };
        (heatmap, summary)
    }
}

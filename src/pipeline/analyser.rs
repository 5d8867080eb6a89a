use crate::arc::ArcOptions;
use crate::call::Call;
use crate::escalation::{RiskModel, SignalFinder};
use crate::heatmap::CallReport;
use crate::segment::Segmenter;
use crate::sentiment::{Reading, ScoreError, Scorer};
use crate::terms::{CallTerms, TermFinder, started_at};
use crate::timing::TimingOptions;

use super::call_fold::{CallFold, TurnAnalysis};

/// Settings of the stages after scoring.
#[derive(Debug, Clone, Copy)]
pub struct AnalyserOptions {
    /// Bins of each heatmap, at least 1.
    pub bins: usize,
    /// Whether each turn's words stand in the report.
    pub words: bool,
    /// Whether a spoken turn is scored in the light of what the customer said
    /// before, or by its own words.
    pub context: bool,
    /// What counts as silence and interruption.
    pub timing: TimingOptions,
    /// What counts as a turning point.
    pub arc: ArcOptions,
}

impl Default for AnalyserOptions {
    fn default() -> Self {
        Self {
            bins: 20,
            words: false,
            context: true,
            timing: TimingOptions::default(),
            arc: ArcOptions::default(),
        }
    }
}

/// The stages after scoring with their data.
pub struct Stages {
    /// Cuts words.
    pub segmenter: Segmenter,
    /// Finds complaint terms.
    pub terms: TermFinder,
    /// Finds escalation signals.
    pub signals: SignalFinder,
    /// Weighs the risk.
    pub risk: RiskModel,
    /// Settings.
    pub options: AnalyserOptions,
}

/// A call with what the batch's terms need of it.
pub struct Analysed {
    /// Everything about the call.
    pub report: CallReport,
    pub(super) customer: Vec<TurnAnalysis>,
}

impl Analysed {
    /// The call as the batch's terms take it.
    pub fn terms(&self) -> CallTerms<'_> {
        CallTerms {
            call_id: &self.report.call_id,
            started_at: started_at(&self.report.meta),
            turns: self.customer.iter().map(TurnAnalysis::terms).collect(),
        }
    }
}

/// Takes calls through all stages.
pub struct Analyser {
    scorer: Scorer,
    stages: Stages,
}

impl Analyser {
    /// Puts the stages together.
    pub fn new(scorer: Scorer, stages: Stages) -> Self {
        Self { scorer, stages }
    }

    /// The scorer.
    pub fn scorer(&self) -> &Scorer {
        &self.scorer
    }

    /// The stages after scoring.
    pub fn stages(&self) -> &Stages {
        &self.stages
    }

    /// Scores all turns of a call at once, then folds them in order.
    pub async fn analyse(&self, call: Call) -> Result<Analysed, ScoreError> {
        let readings = self.read(&call).await?;
        Ok(self.fold(call, &readings))
    }

    /// What the model says of a call's turns, in order.
    pub(super) async fn read(&self, call: &Call) -> Result<Vec<Reading>, ScoreError> {
        let texts = call.turns.iter().map(|turn| turn.text.as_str());
        self.scorer.read_all(texts).await
    }

    /// Everything after the model; one reading a turn.
    pub(super) fn fold(&self, call: Call, readings: &[Reading]) -> Analysed {
        let mut fold = CallFold::new(&self.stages);
        for (turn, reading) in call.turns.iter().zip(readings) {
            fold.push(turn, reading);
        }
        fold.finish(call.id, call.source, call.meta, call.warnings)
    }
}

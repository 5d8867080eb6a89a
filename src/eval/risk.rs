use schemars::JsonSchema;
use serde::Serialize;

use super::statistics::{auc, bootstrap, round, spearman};
use super::{Estimate, Evaluated};
use crate::escalation::Level;

/// Bins of the calibration table, of equal width.
const BINS: usize = 5;

/// Mean satisfaction at or below which a customer counts as dissatisfied.
const DISSATISFIED: f64 = -0.75;

/// Escalation risk against the labelled levels.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RiskFigures {
    /// Labelled calls.
    pub calls: usize,
    /// How often a high call is given a higher risk than another.
    pub auc_high: Estimate,
    /// How often a call that is not low is given a higher risk than a low one.
    pub auc_medium: Estimate,
    /// Mean distance between the risk and the share of high calls, weighed by
    /// the calls in each bin.
    pub calibration_error: Estimate,
    /// The calibration behind it.
    pub calibration: Vec<Bin>,
    /// Share of calls whose level is right.
    pub level_accuracy: Estimate,
    /// Rows gold, columns found; low, medium, high.
    pub confusion: [[usize; 3]; 3],
}

/// Calls of about the same risk.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Bin {
    /// Calls in the bin.
    pub calls: usize,
    /// Their mean risk.
    pub risk: f64,
    /// How many of them are high, as a share.
    pub high: f64,
}

/// Escalation risk against the customers' satisfaction.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Satisfaction {
    /// Calls with satisfaction.
    pub calls: usize,
    /// Rank correlation of satisfaction with 1 − risk.
    pub spearman: Estimate,
    /// How often a dissatisfied customer (mean ≤ −0.75) is given a higher risk
    /// than another.
    pub auc_dissatisfied: Estimate,
    /// How many are dissatisfied.
    pub dissatisfied: usize,
}

/// Risk, found level, gold level.
type Rated = (f64, Level, Level);

pub(super) fn measure(calls: &[Evaluated]) -> Option<RiskFigures> {
    let rated: Vec<Rated> = calls
        .iter()
        .filter_map(|call| {
            let found = &call.found.escalation;
            Some((f64::from(found.risk), found.level, call.gold.risk?))
        })
        .collect();
    if rated.is_empty() {
        return None;
    }
    let above = |level: Level| {
        bootstrap(&rated, move |sample| {
            auc(&sample
                .iter()
                .map(|r| (r.0, r.2 >= level))
                .collect::<Vec<_>>())
        })
    };
    let mut confusion = [[0; 3]; 3];
    for &(_, found, gold) in &rated {
        confusion[gold as usize][found as usize] += 1;
    }
    Some(RiskFigures {
        calls: rated.len(),
        auc_high: above(Level::High),
        auc_medium: above(Level::Medium),
        calibration_error: bootstrap(&rated, |sample| {
            let bins = bins(sample);
            let error = bins
                .iter()
                .map(|bin| bin.calls as f64 * (bin.risk - bin.high).abs());
            Some(error.sum::<f64>() / sample.len().max(1) as f64)
        }),
        calibration: bins(&rated.iter().collect::<Vec<_>>()),
        level_accuracy: bootstrap(&rated, |sample| {
            let right = sample.iter().filter(|r| r.1 == r.2).count();
            Some(right as f64 / sample.len().max(1) as f64)
        }),
        confusion,
    })
}

fn bins(rated: &[&Rated]) -> Vec<Bin> {
    let mut sums = [(0_usize, 0.0, 0.0); BINS];
    for &&(risk, _, gold) in rated {
        let bin = ((risk * BINS as f64) as usize).min(BINS - 1);
        let (calls, risks, high) = sums[bin];
        sums[bin] = (
            calls + 1,
            risks + risk,
            high + f64::from(u8::from(gold == Level::High)),
        );
    }
    sums.into_iter()
        .filter(|sum| sum.0 > 0)
        .map(|(calls, risk, high)| Bin {
            calls,
            risk: round(risk / calls as f64),
            high: round(high / calls as f64),
        })
        .collect()
}

pub(super) fn measure_satisfaction(calls: &[Evaluated]) -> Option<Satisfaction> {
    let rated: Vec<(f64, f64)> = calls
        .iter()
        .filter_map(|call| {
            let satisfaction = f64::from(call.gold.satisfaction?);
            Some((f64::from(call.found.escalation.risk), satisfaction))
        })
        .collect();
    (!rated.is_empty()).then(|| Satisfaction {
        calls: rated.len(),
        spearman: bootstrap(&rated, |sample| {
            spearman(&sample.iter().map(|r| (1.0 - r.0, r.1)).collect::<Vec<_>>())
        }),
        auc_dissatisfied: bootstrap(&rated, |sample| {
            auc(&sample
                .iter()
                .map(|r| (r.0, r.1 <= DISSATISFIED))
                .collect::<Vec<_>>())
        }),
        dissatisfied: rated.iter().filter(|r| r.1 <= DISSATISFIED).count(),
    })
}

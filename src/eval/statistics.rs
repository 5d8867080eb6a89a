use schemars::JsonSchema;
use serde::Serialize;

/// Bootstrap resamples behind every interval.
const RESAMPLES: usize = 1_000;

/// A figure with its 95 % bootstrap interval over calls.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Estimate {
    /// The figure on all calls.
    pub value: f64,
    /// 2.5th percentile of the resamples.
    pub low: f64,
    /// 97.5th percentile of the resamples.
    pub high: f64,
}

/// Precision, recall and F1 of things found against things labelled.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Matches {
    /// How many the labels hold.
    pub gold: usize,
    /// How many were found.
    pub found: usize,
    /// How many of these match.
    pub matched: usize,
    /// matched / found
    pub precision: Estimate,
    /// matched / gold
    pub recall: Estimate,
    /// Harmonic mean of both.
    pub f1: Estimate,
}

/// Counts of one call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub gold: usize,
    pub found: usize,
    pub matched: usize,
}

impl Counts {
    fn sum<'a>(counts: impl Iterator<Item = &'a Self>) -> Self {
        counts.fold(Self::default(), |a, b| Self {
            gold: a.gold + b.gold,
            found: a.found + b.found,
            matched: a.matched + b.matched,
        })
    }

    fn precision(self) -> Option<f64> {
        ratio(self.matched, self.found)
    }

    fn recall(self) -> Option<f64> {
        ratio(self.matched, self.gold)
    }

    fn f1(self) -> Option<f64> {
        ratio(2 * self.matched, self.gold + self.found)
    }
}

impl Matches {
    /// Sums up the counts by call.
    pub(super) fn of(calls: &[Counts]) -> Self {
        let estimate = |figure: fn(Counts) -> Option<f64>| {
            bootstrap(calls, |sample| figure(Counts::sum(sample.iter().copied())))
        };
        let total = Counts::sum(calls.iter());
        Self {
            gold: total.gold,
            found: total.found,
            matched: total.matched,
            precision: estimate(Counts::precision),
            recall: estimate(Counts::recall),
            f1: estimate(Counts::f1),
        }
    }
}

fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// A figure of the calls with its interval. Resamples in which the figure is
/// undefined are left out; a figure undefined on all calls is 0.
pub(super) fn bootstrap<T>(calls: &[T], figure: impl Fn(&[&T]) -> Option<f64>) -> Estimate {
    let all: Vec<&T> = calls.iter().collect();
    let value = figure(&all).unwrap_or(0.0);
    let mut random = SplitMix(0xca11_bea7);
    let mut resampled: Vec<f64> = (0..RESAMPLES)
        .filter_map(|_| {
            let sample: Vec<&T> = all
                .iter()
                .filter_map(|_| all.get(random.below(all.len())).copied())
                .collect();
            figure(&sample)
        })
        .collect();
    resampled.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = share * resampled.len().saturating_sub(1) as f64;
        resampled
            .get(place.round() as usize)
            .copied()
            .unwrap_or(value)
    };
    Estimate {
        value: round(value),
        low: round(at(0.025)),
        high: round(at(0.975)),
    }
}

/// Four decimals are finer than any interval here.
pub(super) fn round(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same on every machine.
struct SplitMix(u64);

impl SplitMix {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(z ^ (z >> 31)) * bound as u128) >> 64) as usize
    }
}

/// Spearman's rank correlation with mean ranks for ties; `None` where one side
/// does not vary.
pub(super) fn spearman(pairs: &[(f64, f64)]) -> Option<f64> {
    let left = ranks(&pairs.iter().map(|p| p.0).collect::<Vec<_>>());
    let right = ranks(&pairs.iter().map(|p| p.1).collect::<Vec<_>>());
    let mean = f64::midpoint(pairs.len() as f64, 1.0);
    let (mut product, mut squares) = (0.0, (0.0, 0.0));
    for (a, b) in left.iter().zip(&right) {
        let (a, b) = (a - mean, b - mean);
        product += a * b;
        squares.0 += a * a;
        squares.1 += b * b;
    }
    let norm = (squares.0 * squares.1).sqrt();
    (norm > 0.0).then(|| product / norm)
}

/// Area under the ROC curve: how often a positive scores above a negative
/// (Mann–Whitney); `None` without both.
pub(super) fn auc(scored: &[(f64, bool)]) -> Option<f64> {
    let ranks = ranks(&scored.iter().map(|s| s.0).collect::<Vec<_>>());
    let positives = scored.iter().filter(|s| s.1).count() as f64;
    let negatives = scored.len() as f64 - positives;
    let of_positives: f64 = ranks
        .iter()
        .zip(scored)
        .filter(|(_, s)| s.1)
        .map(|(r, _)| r)
        .sum();
    let pairs = positives * negatives;
    (pairs > 0.0).then(|| (of_positives - positives * (positives + 1.0) / 2.0) / pairs)
}

/// Ranks from 1, equal values sharing their mean rank.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<(usize, f64)> = values.iter().copied().enumerate().collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut ranks = vec![0.0; values.len()];
    let mut done = 0;
    for tied in order.chunk_by(|a, b| a.1.total_cmp(&b.1).is_eq()) {
        let rank = done as f64 + f64::midpoint(tied.len() as f64, 1.0);
        for &(index, _) in tied {
            if let Some(slot) = ranks.get_mut(index) {
                *slot = rank;
            }
        }
        done += tied.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spearman_and_auc_follow_their_definitions() {
        let close = |a: Option<f64>, b: f64| assert!((a.unwrap() - b).abs() < 1e-9, "{a:?} {b}");
        close(spearman(&[(1.0, 10.0), (2.0, 20.0), (3.0, 90.0)]), 1.0);
        close(spearman(&[(1.0, 3.0), (2.0, 2.0), (3.0, 1.0)]), -1.0);
        // Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: 4.5 / √(4.5 · 5).
        close(
            spearman(&[(1.0, 1.0), (2.0, 2.0), (2.0, 3.0), (3.0, 4.0)]),
            (0.9_f64).sqrt(),
        );
        assert_eq!(spearman(&[(1.0, 1.0), (1.0, 2.0)]), None);
        close(
            auc(&[(0.1, false), (0.4, true), (0.3, false), (0.9, true)]),
            1.0,
        );
        close(auc(&[(0.5, false), (0.5, true)]), 0.5);
        assert_eq!(auc(&[(0.5, true)]), None);
    }

    #[test]
    fn intervals_hold_the_value_and_repeat() {
        let calls: Vec<Counts> = (0..50)
            .map(|i| Counts {
                gold: 2,
                found: 2,
                matched: usize::from(i % 2 == 0) + 1,
            })
            .collect();
        let measured = Matches::of(&calls);
        assert_eq!(measured.matched, 75);
        assert!((measured.f1.value - 0.75).abs() < 1e-9);
        assert!(measured.f1.low < 0.75 && measured.f1.high > 0.75);
        assert!(measured.f1.high - measured.f1.low < 0.2);
        assert_eq!(measured, Matches::of(&calls));
    }
}

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Category;

/// What counts as a rising complaint term.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RisingOptions {
    /// Length of the window that is watched, in milliseconds.
    pub window_ms: u64,
    /// How many windows before it make the baseline.
    pub baseline_windows: u64,
    /// Fewer calls with the term in the window raise no alert.
    pub min_calls: usize,
    /// Most probable chance of an alert where nothing rises.
    pub significance: f64,
}

impl Default for RisingOptions {
    fn default() -> Self {
        Self {
            window_ms: 600_000,
            baseline_windows: 6,
            min_calls: 3,
            significance: 0.01,
        }
    }
}

/// A complaint term that more calls than usual complain of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TermAlert {
    /// The term under its canonical form.
    pub term: String,
    /// What it is about.
    pub category: Category,
    /// Calls with the term in the window.
    pub calls: usize,
    /// Calls that spoke in the window.
    pub window_calls: usize,
    /// Calls with the term in the baseline before the window.
    pub baseline_calls: usize,
    /// Calls that spoke in the baseline.
    pub baseline_window_calls: usize,
    /// Length of the window, in milliseconds.
    pub window_ms: u64,
    /// Chance of so many calls where the term does not rise, 0..1.
    pub p_value: f64,
}

/// Watches the terms of live calls in a sliding window. Memory is bounded by
/// the calls of the window and its baseline.
#[derive(Debug, Clone)]
pub struct RisingTerms {
    options: RisingOptions,
    /// First time each call spoke, oldest first.
    calls: VecDeque<(u64, u64)>,
    spoke: BTreeSet<u64>,
    /// First time each call used each term, oldest first.
    uses: BTreeMap<(String, Category), VecDeque<(u64, u64)>>,
    /// When each term was last reported.
    reported: BTreeMap<(String, Category), u64>,
    started: Option<u64>,
}

impl RisingTerms {
    /// Nothing heard yet.
    pub fn new(options: RisingOptions) -> Self {
        Self {
            options,
            calls: VecDeque::new(),
            spoke: BTreeSet::new(),
            uses: BTreeMap::new(),
            reported: BTreeMap::new(),
            started: None,
        }
    }

    /// Takes a customer turn of `call` (any number that tells calls apart) with
    /// its terms, at `now` milliseconds of a clock that does not go back.
    ///
    /// A term rises when the calls that use it gather in the window: given all
    /// calls that use it, so many of them would fall into the window with a
    /// probability below `significance` if the share of calls were the same
    /// (one-sided exact binomial test). Nothing rises before one window of
    /// baseline has passed, and a term is reported once a window.
    pub fn push<'t>(
        &mut self,
        now: u64,
        call: u64,
        terms: impl IntoIterator<Item = (&'t str, Category)>,
    ) -> Vec<TermAlert> {
        let started = *self.started.get_or_insert(now);
        self.forget(now);
        if self.spoke.insert(call) {
            self.calls.push_back((now, call));
        }
        let mut alerts = Vec::new();
        for (term, category) in terms {
            let key = (term.to_owned(), category);
            let uses = self.uses.entry(key.clone()).or_default();
            if uses.iter().any(|(_, user)| *user == call) {
                continue;
            }
            uses.push_back((now, call));
            let has_baseline = now.saturating_sub(started) >= 2 * self.options.window_ms;
            let is_fresh = self
                .reported
                .get(&key)
                .is_none_or(|at| now.saturating_sub(*at) >= self.options.window_ms);
            if let Some(alert) = self.alert(now, &key).filter(|_| has_baseline && is_fresh) {
                self.reported.insert(key, now);
                alerts.push(alert);
            }
        }
        alerts
    }

    fn alert(&self, now: u64, key: &(String, Category)) -> Option<TermAlert> {
        let border = now.saturating_sub(self.options.window_ms);
        let split = |times: &VecDeque<(u64, u64)>| {
            let recent = times.iter().filter(|(at, _)| *at > border).count();
            (recent, times.len() - recent)
        };
        let (calls, baseline_calls) = split(self.uses.get(key)?);
        let (window_calls, baseline_window_calls) = split(&self.calls);
        let spoken = window_calls + baseline_window_calls;
        if calls < self.options.min_calls || spoken == 0 {
            return None;
        }
        let share = window_calls as f64 / spoken as f64;
        let p_value = binomial_tail(calls, calls + baseline_calls, share);
        (p_value < self.options.significance).then(|| TermAlert {
            term: key.0.clone(),
            category: key.1,
            calls,
            window_calls,
            baseline_calls,
            baseline_window_calls,
            window_ms: self.options.window_ms,
            p_value,
        })
    }

    fn forget(&mut self, now: u64) {
        let horizon =
            now.saturating_sub(self.options.window_ms * (self.options.baseline_windows + 1));
        while let Some((at, call)) = self.calls.front().copied().filter(|(at, _)| *at < horizon) {
            debug_assert!(at < horizon);
            self.spoke.remove(&call);
            self.calls.pop_front();
        }
        self.uses.retain(|_, uses| {
            while uses.front().is_some_and(|(at, _)| *at < horizon) {
                uses.pop_front();
            }
            !uses.is_empty()
        });
        self.reported.retain(|_, at| *at >= horizon);
    }
}

/// P(X ≥ `at_least`) for X ~ Binomial(`trials`, `share`), summed in logarithms.
fn binomial_tail(at_least: usize, trials: usize, share: f64) -> f64 {
    if share >= 1.0 {
        return 1.0;
    }
    let (yes, no) = (share.ln(), (1.0 - share).ln());
    let mut log_choose = 0.0;
    let mut tail = 0.0;
    for count in 0..=trials {
        if count > 0 {
            log_choose += ((trials - count + 1) as f64).ln() - (count as f64).ln();
        }
        if count >= at_least {
            tail += (log_choose + count as f64 * yes + (trials - count) as f64 * no).exp();
        }
    }
    tail.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000;

    fn watch(burst: bool) -> Vec<TermAlert> {
        let mut rising = RisingTerms::new(RisingOptions::default());
        let mut alerts = Vec::new();
        for call in 0..240 {
            // Four calls a minute for an hour; one in twelve complains of delay.
            let now = call * MINUTE / 4;
            let mut terms = Vec::new();
            if call % 12 == 0 {
                terms.push(("一直没发货", Category::Delay));
            }
            if burst && call > 220 && call % 2 == 0 {
                terms.push(("升级后白屏", Category::Quality));
            }
            alerts.extend(rising.push(now, call, terms));
        }
        alerts
    }

    #[test]
    fn a_burst_is_reported_once_and_a_steady_term_is_not() {
        let alerts = watch(true);
        assert_eq!(alerts.len(), 1, "{alerts:?}");
        assert_eq!(alerts[0].term, "升级后白屏");
        assert!(alerts[0].calls >= 3 && alerts[0].p_value < 0.01);
        assert!(watch(false).is_empty());
    }

    #[test]
    fn the_tail_is_that_of_the_binomial() {
        assert!((binomial_tail(0, 10, 0.3) - 1.0).abs() < 1e-12);
        assert!((binomial_tail(2, 3, 0.5) - 0.5).abs() < 1e-12);
    }
}

use std::io;

use super::{BatchTail, Report};
use crate::heatmap::{CallReport, Redactor};

/// Reports that are given results with placeholders in place of personal data,
/// which is looked for once for all of them.
pub struct RedactedReport {
    inner: Vec<Box<dyn Report>>,
    redactor: Redactor,
}

impl RedactedReport {
    /// Redacts what goes to `inner`.
    pub fn new(inner: Vec<Box<dyn Report>>) -> Self {
        Self {
            inner,
            redactor: Redactor::default(),
        }
    }
}

impl Report for RedactedReport {
    fn push(&mut self, call: &CallReport) -> io::Result<()> {
        let shown = self.redactor.call(call);
        self.inner
            .iter_mut()
            .try_for_each(|report| report.push(&shown))
    }

    fn finish(mut self: Box<Self>, tail: &BatchTail) -> io::Result<()> {
        let terms = self.redactor.terms(&tail.terms);
        let failures = tail
            .failures
            .iter()
            .map(|failure| self.redactor.failure(failure))
            .collect();
        let tail = BatchTail {
            terms,
            failures,
            ..tail.clone()
        };
        self.inner
            .into_iter()
            .try_for_each(|report| report.finish(&tail))
    }
}

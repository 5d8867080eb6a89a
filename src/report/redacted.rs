use std::io;

use super::{BatchTail, Report};
use crate::heatmap::{CallReport, Redactor};

/// A report that is given results with placeholders in place of personal data.
pub struct RedactedReport {
    inner: Box<dyn Report>,
    redactor: Redactor,
}

impl RedactedReport {
    /// Redacts what goes to `inner`.
    pub fn new(inner: Box<dyn Report>) -> Self {
        Self {
            inner,
            redactor: Redactor::default(),
        }
    }
}

impl Report for RedactedReport {
    fn push(&mut self, call: &CallReport) -> io::Result<()> {
        self.inner.push(&self.redactor.call(call))
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
        self.inner.finish(&tail)
    }
}

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use callheat::heatmap::{CallReport, Failure};
use callheat::input::{self, InputPath};
use callheat::pipeline::Progress;
use indicatif::{ProgressBar, ProgressStyle};

/// A progress bar on a terminal, and failures as lines of standard error. The
/// bar is left out where nobody would see it.
pub struct TerminalProgress {
    bar: Option<ProgressBar>,
    read: Arc<input::Progress>,
    total: input::Totals,
    calls: u64,
    turns: u64,
}

impl TerminalProgress {
    /// Progress of a batch whose reading `read` counts.
    pub fn new(quiet: bool, inputs: &[InputPath], read: Arc<input::Progress>) -> Self {
        let is_visible = !quiet && io::stderr().is_terminal();
        let bar = is_visible.then(|| {
            let bar = ProgressBar::new(0);
            let template = "{bar:24} {msg} {elapsed}<{eta}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        // Without a bar nobody sees the total: do not walk the folders twice.
        let total = if is_visible {
            input::totals(inputs)
        } else {
            input::Totals::default()
        };
        let progress = Self {
            bar,
            read,
            total,
            calls: 0,
            turns: 0,
        };
        progress.show();
        progress
    }

    fn show(&self) {
        let Some(bar) = &self.bar else { return };
        let seconds = bar.elapsed().as_secs_f64().max(0.001);
        bar.set_length(self.total.bytes);
        bar.set_position(self.read.bytes_read());
        bar.set_message(format!(
            "{}/{} files, {} calls, {:.0} turns/s",
            self.read.files_done(),
            self.total.files,
            self.calls,
            self.turns as f64 / seconds
        ));
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Progress for TerminalProgress {
    fn call(&mut self, report: &CallReport) {
        self.calls += 1;
        self.turns += report.turns.len() as u64;
        self.show();
    }

    fn failure(&mut self, failure: &Failure) {
        let place = failure
            .line
            .map(|line| format!(":{line}"))
            .unwrap_or_default();
        let line = format!("callheat: {}{place}: {}", failure.path, failure.reason);
        match &self.bar {
            Some(bar) => bar.suspend(|| {
                let _ = writeln!(io::stderr(), "{line}");
            }),
            None => {
                let _ = writeln!(io::stderr(), "{line}");
            }
        }
    }
}

use std::io;
use std::sync::Arc;

use futures::StreamExt;
use futures::stream;
use tokio::sync::{mpsc, watch};
use tokio::task;

use super::analyser::{Analysed, Analyser};
use super::journal::{Journal, JournalError};
use crate::call::Call;
use crate::heatmap::{BatchFold, CallReport, Failure};
use crate::input::InputError;
use crate::report::{BatchTail, Report};
use crate::sentiment::{Reading, ScoreError};
use crate::terms::{BatchOptions as TermOptions, BatchTerms};

/// Calls that may be between reading and writing at once. Enough that the
/// sessions never wait for a short call's neighbours; small enough that memory
/// stays that of a few calls.
const CALLS_IN_FLIGHT: usize = 32;

/// A term of a single call still counts: a batch may be one call.
const BATCH_TERMS: TermOptions = TermOptions {
    most_terms: 200,
    fewest_uses: 1,
};

/// Settings of a batch.
#[derive(Debug, Clone)]
pub struct BatchOptions {
    /// Becomes true to stop the reading; what was read is finished.
    pub stop: watch::Receiver<bool>,
    /// Where the scores of finished calls are kept, and those of a run that
    /// was killed are found.
    pub journal: Option<Arc<Journal>>,
}

/// Is told how the batch goes on.
pub trait Progress {
    /// A call was written.
    fn call(&mut self, report: &CallReport);
    /// Something could not be read or analysed.
    fn failure(&mut self, failure: &Failure);
}

/// Reads, analyses and reports a batch, in the order of the input. A call that
/// fails is remembered and the others go on. Returns the batch's results, which
/// all `reports` have been given too.
pub async fn run_batch<I>(
    analyser: Arc<Analyser>,
    calls: I,
    mut reports: Vec<Box<dyn Report>>,
    progress: &mut dyn Progress,
    options: &BatchOptions,
) -> io::Result<BatchTail>
where
    I: Iterator<Item = Result<Call, InputError>> + Send + 'static,
{
    let bins = analyser.stages().options.bins;
    let scorer = analyser.scorer().clone();
    let before = scorer.counts();
    let mut fold = BatchFold::new(bins);
    let mut terms = BatchTerms::new();
    let mut failures = Vec::new();
    let mut results = Box::pin(
        read_ahead(calls, options.stop.clone())
            .map(|call| analyse(Arc::clone(&analyser), options.journal.clone(), call))
            .buffered(CALLS_IN_FLIGHT),
    );
    while let Some(result) = results.next().await {
        match result {
            Ok(analysed) => {
                let report = &analysed.report;
                fold.push(report);
                terms.push_call(&analysed.terms());
                for sink in &mut reports {
                    sink.push(report)?;
                }
                progress.call(report);
            }
            Err(Fault::Journal(error)) => return Err(io::Error::other(error)),
            Err(Fault::OfCall(failure)) => {
                progress.failure(&failure);
                failures.push(failure);
            }
        }
    }
    let interrupted = *options.stop.borrow();
    let (heatmap, summary) = fold.finish(failures.len(), interrupted);
    let tail = BatchTail {
        terms: terms.finish(&BATCH_TERMS),
        heatmap,
        summary,
        failures,
        scored: scorer.counts().since(before),
    };
    for sink in reports {
        sink.finish(&tail)?;
    }
    Ok(tail)
}

/// Reads on a thread of its own, one call ahead of the analysis. Ends when the
/// input does or `stop` becomes true, also while the thread waits for a pipe.
fn read_ahead<I>(
    calls: I,
    mut stop: watch::Receiver<bool>,
) -> impl stream::Stream<Item = Result<Call, InputError>>
where
    I: Iterator<Item = Result<Call, InputError>> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(1);
    task::spawn_blocking(move || {
        for call in calls {
            if sender.blocking_send(call).is_err() {
                break;
            }
        }
    });
    let stopped = async move {
        if stop.wait_for(|stop| *stop).await.is_err() {
            // Nobody is left who could stop it.
            std::future::pending::<()>().await;
        }
    };
    let received = stream::unfold(receiver, |mut receiver| async move {
        Some((receiver.recv().await?, receiver))
    });
    received.take_until(Box::pin(stopped))
}

/// Why a call has no result.
enum Fault {
    /// It could not be read or analysed; the others go on.
    OfCall(Failure),
    /// Its scores could not be kept: the disk is full, say.
    Journal(JournalError),
}

/// Analyses on a task of its own, so that the words of several calls are cut at once.
async fn analyse(
    analyser: Arc<Analyser>,
    journal: Option<Arc<Journal>>,
    call: Result<Call, InputError>,
) -> Result<Analysed, Fault> {
    let call = call.map_err(|error| {
        Fault::OfCall(Failure {
            reason: error.problem.to_string(),
            path: error.path,
            line: error.line,
        })
    })?;
    let (path, call_id) = (call.source.path.clone(), call.id.clone());
    let failed = |reason: String| {
        Fault::OfCall(Failure {
            path: path.clone(),
            line: None,
            reason: format!("call {call_id}: {reason}"),
        })
    };
    let analysed = task::spawn(async move {
        let readings = readings(&analyser, journal.as_deref(), &call).await?;
        Ok(analyser.fold(call, &readings))
    });
    match analysed.await {
        Ok(Ok(analysed)) => Ok(analysed),
        Ok(Err(Unscored::Model(error))) => Err(failed(error.to_string())),
        Ok(Err(Unscored::Journal(error))) => Err(Fault::Journal(error)),
        Err(_) => Err(failed(
            "the analysis stopped unexpectedly; please report it with the input's shape".to_owned(),
        )),
    }
}

/// Why a call has no scores.
enum Unscored {
    Model(ScoreError),
    Journal(JournalError),
}

/// The call's readings from the journal, else from the model and into the journal.
async fn readings(
    analyser: &Analyser,
    journal: Option<&Journal>,
    call: &Call,
) -> Result<Vec<Reading>, Unscored> {
    if let Some(journal) = journal
        && let Some(readings) = journal.recall(call).map_err(Unscored::Journal)?
    {
        return Ok(readings);
    }
    let readings = analyser.read(call).await.map_err(Unscored::Model)?;
    if let Some(journal) = journal {
        journal.record(call, &readings).map_err(Unscored::Journal)?;
    }
    Ok(readings)
}

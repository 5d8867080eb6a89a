use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::analyser::Analyser;
use super::call_fold::{CallFold, Finding};
use super::live::LiveOptions;
use crate::call::Speaker;
use crate::heatmap::{Event, TurnReport};
use crate::input::{LiveCall, LiveLine};
use crate::terms::{Category, RisingOptions, RisingTerms};

/// A line with its number.
pub(super) struct Numbered {
    pub line: u64,
    pub content: LiveLine,
}

/// The terms of one customer turn on their way to the watch.
pub(super) struct HeardTerms {
    call: u64,
    terms: Vec<(String, Category)>,
}

/// One live call.
pub(super) struct LiveTask {
    pub analyser: Arc<Analyser>,
    pub options: LiveOptions,
    pub events: mpsc::Sender<Event>,
    pub terms: mpsc::Sender<HeardTerms>,
}

impl LiveTask {
    /// Takes turns until the call ends, idles too long or the input closes;
    /// then reports the call. Returns the call's identifier.
    ///
    /// The final report is what [`Analyser::analyse`] says of the whole call,
    /// so that it equals the batch's to the bit; its scores are remembered.
    pub async fn run(self, call_id: String, mut turns: mpsc::Receiver<Numbered>) -> String {
        let mut call = LiveCall::new(call_id.clone());
        let mut fold = CallFold::new(self.analyser.stages());
        while let Ok(Some(Numbered { line, content })) =
            timeout(self.options.idle_timeout, turns.recv()).await
        {
            let ends = content.end;
            if let Some(turn) = call.push(content, &self.options.input) {
                match self.analyser.scorer().read(&turn.text).await {
                    Ok(reading) => {
                        let finding = fold.push(&turn, &reading);
                        if let Some(report) = fold.turns().last() {
                            self.tell(&call_id, report, finding).await;
                        }
                    }
                    Err(error) => self.fail(Some(line), error.to_string()).await,
                }
            }
            if ends {
                break;
            }
        }
        turns.close();
        let settled = call.settle(&self.options.input);
        let event = match settled {
            Ok(call) => match self.analyser.analyse(call).await {
                Ok(analysed) => Event::Call {
                    report: Box::new(analysed.report),
                },
                Err(error) => Event::Error {
                    line: None,
                    reason: format!("call {call_id}: {error}"),
                },
            },
            Err(problem) => Event::Error {
                line: None,
                reason: format!("call {call_id}: {problem}"),
            },
        };
        self.send(event).await;
        call_id
    }

    async fn tell(&self, call_id: &str, report: &TurnReport, finding: Finding) {
        let call_id = || call_id.to_owned();
        let turn = report.index;
        self.send(Event::Turn {
            call_id: call_id(),
            turn: report.clone(),
        })
        .await;
        for found in &report.signal_spans {
            self.send(Event::Signal {
                call_id: call_id(),
                turn,
                signal: found.signal,
                span: found.span,
            })
            .await;
        }
        if let Some(point) = finding.turning_point {
            self.send(Event::TurningPoint {
                call_id: call_id(),
                point,
            })
            .await;
        }
        if let Some(escalation) = finding.escalation {
            self.send(Event::Risk {
                call_id: call_id(),
                turn,
                escalation,
            })
            .await;
        }
        if report.speaker == Speaker::Customer {
            let mut hasher = DefaultHasher::new();
            call_id().hash(&mut hasher);
            let terms = report
                .terms
                .iter()
                .map(|found| (found.canonical.clone(), found.category))
                .collect();
            let _ = self
                .terms
                .send(HeardTerms {
                    call: hasher.finish(),
                    terms,
                })
                .await;
        }
    }

    async fn fail(&self, line: Option<u64>, reason: String) {
        self.send(Event::Error { line, reason }).await;
    }

    /// Waits while the reader is slow; nobody is left to tell when it is gone.
    async fn send(&self, event: Event) {
        let _ = self.events.send(event).await;
    }
}

/// Watches the terms of all calls for those that rise.
pub(super) async fn watch_terms(
    options: RisingOptions,
    mut heard: mpsc::Receiver<HeardTerms>,
    events: mpsc::Sender<Event>,
) {
    let started = Instant::now();
    let mut rising = RisingTerms::new(options);
    while let Some(HeardTerms { call, terms }) = heard.recv().await {
        let now = started.elapsed().as_millis() as u64;
        let terms = terms
            .iter()
            .map(|(term, category)| (term.as_str(), *category));
        for alert in rising.push(now, call, terms) {
            let _ = events.send(Event::TermAlert { alert }).await;
        }
    }
}

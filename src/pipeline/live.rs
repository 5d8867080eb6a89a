//! Live calls: one turn a line in, one event a line out. Each call is a task of
//! its own; every channel is bounded, so that a slow model or a slow reader is
//! felt at standard input and nothing is dropped.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::analyser::Analyser;
use super::live_call::{LiveTask, Numbered, watch_terms};
use crate::heatmap::Event;
use crate::input::{InputOptions, LiveLine};
use crate::terms::RisingOptions;

/// Turns of one call that may wait for the model.
const TURNS_WAITING: usize = 16;
/// Events that may wait for the reader.
const EVENTS_WAITING: usize = 64;

/// Settings of the live mode.
#[derive(Debug, Clone)]
pub struct LiveOptions {
    /// A call without a turn for so long is closed.
    pub idle_timeout: Duration,
    /// What counts as a rising term.
    pub rising: RisingOptions,
    /// How turns are read.
    pub input: InputOptions,
}

/// Takes lines until the channel closes, then ends every call that is open.
/// Events come out in the order they become known; those of one call in the
/// order of its turns.
pub async fn run_live(
    analyser: Arc<Analyser>,
    options: LiveOptions,
    mut lines: mpsc::Receiver<(u64, String)>,
    events: mpsc::Sender<Event>,
) {
    let (terms, heard) = mpsc::channel(EVENTS_WAITING);
    let watch = tokio::spawn(watch_terms(options.rising, heard, events.clone()));
    let mut open: HashMap<String, mpsc::Sender<Numbered>> = HashMap::new();
    let mut calls = JoinSet::new();
    while let Some((line, text)) = lines.recv().await {
        while let Some(Ok(ended)) = calls.try_join_next() {
            // Closed for idleness, and not begun anew since.
            if open.get(&ended).is_some_and(mpsc::Sender::is_closed) {
                open.remove(&ended);
            }
        }
        let content = match LiveLine::parse(&text, line) {
            Ok(content) => content,
            Err(error) => {
                let reason = error.problem.to_string();
                if events
                    .send(Event::Error {
                        line: Some(line),
                        reason,
                    })
                    .await
                    .is_err()
                {
                    break;
                }
                continue;
            }
        };
        let call_id = content.call_id.clone();
        let mut numbered = Numbered { line, content };
        let ends = numbered.content.end;
        if let Some(call) = open.get(&call_id) {
            match call.send(numbered).await {
                Ok(()) => {
                    if ends {
                        open.remove(&call_id);
                    }
                    continue;
                }
                // The call was closed for idleness: the line begins a new one.
                Err(mpsc::error::SendError(line)) => numbered = line,
            }
        }
        if ends && !numbered.content.has_turn() {
            open.remove(&call_id);
            continue;
        }
        let (sender, turns) = mpsc::channel(TURNS_WAITING);
        let task = LiveTask {
            analyser: Arc::clone(&analyser),
            options: options.clone(),
            events: events.clone(),
            terms: terms.clone(),
        };
        calls.spawn(task.run(call_id.clone(), turns));
        let _ = sender.send(numbered).await;
        if ends {
            open.remove(&call_id);
        } else {
            open.insert(call_id, sender);
        }
    }
    drop(open);
    while calls.join_next().await.is_some() {}
    drop(terms);
    let _ = watch.await;
}

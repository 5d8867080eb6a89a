use std::io::{self, BufRead, Read as _, Write};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use callheat::heatmap::{Event, LiveRedactor};
use callheat::input::{InputOptions, LiveLine};
use callheat::pipeline::{LiveOptions, run_live};
use callheat::report::{EventPrinter, paint_is_wanted};
use callheat::terms::RisingOptions;
use tokio::sync::mpsc;

use super::Exit;
use super::args::{EventFormat, EventKind, StreamArgs};
use super::interrupt::interrupted;
use super::setup;

/// Lines read ahead of the calls; a small number, so that a full pipe is felt upstream.
const LINES_WAITING: usize = 64;
/// Events that may wait for standard output.
const EVENTS_WAITING: usize = 64;

/// Reads turns from standard input and writes events until the input ends, or
/// SIGTERM or Ctrl-C asks to finish.
pub fn run(args: &StreamArgs) -> anyhow::Result<Exit> {
    let analyser = Arc::new(setup::analyser(&args.model, &args.findings, args.quiet)?);
    let options = LiveOptions {
        idle_timeout: Duration::from_secs(args.idle_timeout.get()),
        rising: RisingOptions {
            window_ms: args.window.get() * 60_000,
            ..RisingOptions::default()
        },
        input: InputOptions::default(),
    };
    let runtime = tokio::runtime::Runtime::new().context("cannot start the worker threads")?;
    let written = runtime.block_on(async {
        let (events, received) = mpsc::channel(EVENTS_WAITING);
        let live = tokio::spawn(run_live(analyser, options, read_lines(), events));
        let printer = Printer::new(args);
        let written = tokio::task::spawn_blocking(move || printer.print_all(received)).await;
        // A closed pipe ends the work; otherwise the events end when the calls have.
        live.abort();
        written
    });
    runtime.shutdown_background();
    written
        .context("writing the events stopped unexpectedly")?
        .context("cannot write to standard output")?;
    Ok(Exit::Success)
}

/// Numbered lines of standard input until it ends or a signal comes. Bytes that
/// are not UTF-8 are replaced: the line is then named as malformed where it matters.
fn read_lines() -> mpsc::Receiver<(u64, String)> {
    let (sender, lines) = mpsc::channel(LINES_WAITING);
    let (read, mut from_stdin) = mpsc::channel::<(u64, String)>(1);
    std::thread::spawn(move || {
        let mut number = 0;
        let mut bytes = Vec::new();
        let mut stdin = io::stdin().lock();
        while matches!(read_line(&mut stdin, &mut bytes), Ok(length) if length > 0) {
            number += 1;
            let line = String::from_utf8_lossy(&bytes).trim().to_owned();
            bytes.clear();
            if !line.is_empty() && read.blocking_send((number, line)).is_err() {
                break;
            }
        }
    });
    tokio::spawn(async move {
        let mut stop = std::pin::pin!(interrupted());
        loop {
            let line = tokio::select! {
                biased;
                line = from_stdin.recv() => line,
                () = &mut stop => None,
            };
            let Some(line) = line else { break };
            if sender.send(line).await.is_err() {
                break;
            }
        }
    });
    lines
}

/// Reads one line, of one that is too long as much as shows that it is.
fn read_line(input: &mut impl BufRead, bytes: &mut Vec<u8>) -> io::Result<usize> {
    let limit = LiveLine::LONGEST as u64 + 2;
    let length = input.by_ref().take(limit).read_until(b'\n', bytes)?;
    if length as u64 == limit && !bytes.ends_with(b"\n") {
        input.skip_until(b'\n')?;
    }
    Ok(length)
}

/// Writes the events that were asked for, each flushed.
struct Printer {
    kinds: Vec<EventKind>,
    redactor: Option<LiveRedactor>,
    text: Option<EventPrinter>,
}

impl Printer {
    fn new(args: &StreamArgs) -> Self {
        let kinds = if args.only_alerts {
            vec![
                EventKind::TurningPoint,
                EventKind::Risk,
                EventKind::Signal,
                EventKind::TermAlert,
                EventKind::Error,
            ]
        } else {
            args.events.clone()
        };
        let text = (args.format == EventFormat::Text)
            .then(|| EventPrinter::new(args.lang.into(), paint_is_wanted(&io::stdout())));
        let redactor = args.redact.then(LiveRedactor::default);
        Self {
            kinds,
            redactor,
            text,
        }
    }

    fn print_all(mut self, mut events: mpsc::Receiver<Event>) -> io::Result<()> {
        let mut out = io::stdout().lock();
        while let Some(event) = events.blocking_recv() {
            // The redactor hears what is not printed, too.
            let event = match &mut self.redactor {
                Some(redactor) => redactor.event(event),
                None => event,
            };
            if !self.kinds.is_empty() && !self.kinds.contains(&EventKind::of(&event)) {
                continue;
            }
            if let Some(printer) = self.text {
                printer.print(&event, &mut out)?;
            } else {
                serde_json::to_writer(&mut out, &event)?;
                out.write_all(b"\n")?;
            }
            out.flush()?;
        }
        Ok(())
    }
}

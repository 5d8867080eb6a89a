//! Transcripts in, [`Call`]s out: any format of the README, recognised by its
//! content, streamed, every fault named and none of them fatal.
//!
//! ```text
//! discover   what the user names     → files
//! encoding   a file's bytes          → UTF-8
//! format     the beginning of a file → how it is laid out and who reads it
//! formats/*  one record              → Transcript: what the record says
//! speakers, checks                   → Call: who speaks, times in milliseconds, warnings
//! ids                                → identifiers, each used once
//! ```
//! Held in memory: one call (at most 64 MiB of input) and 16 bytes for each
//! identifier. A table whose calls are interleaved is held whole.

mod checks;
mod discover;
mod encoding;
mod error;
mod evidence;
mod file;
mod format;
mod formats;
mod ids;
mod inference;
mod json;
mod json_file;
mod lines;
mod live;
mod meta;
mod names;
mod prefix;
mod roles;
mod speakers;
mod text_checks;
mod time_checks;
mod times;
mod transcript;

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use crate::call::{Call, Source};

pub use discover::{Progress, Totals, totals};
pub use error::{InputError, Problem};
pub use format::{Format, UnknownFormatName};
pub use json::json_fault;
pub use live::{LiveCall, LiveLine};

use discover::Discovery;
use file::{Found, Outcomes, Witness};

/// What the user says about the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputOptions {
    /// The format of every file, in place of recognition by content.
    pub format: Option<Format>,
    /// The label of the agent (`0`, `SPEAKER_00`, 张三), or several with commas;
    /// all others are the customer.
    pub agent_speaker: Option<String>,
    /// The channel of the agent.
    pub agent_channel: Option<String>,
    /// Longest turn in characters; longer ones are cut, with a warning.
    pub max_turn_chars: usize,
}

impl Default for InputOptions {
    fn default() -> Self {
        Self {
            format: None,
            agent_speaker: None,
            agent_channel: None,
            max_turn_chars: 20_000,
        }
    }
}

/// A file, a folder, or standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputPath {
    /// A file or a folder.
    Path(PathBuf),
    /// Standard input, `-`.
    Stdin,
}

impl FromStr for InputPath {
    type Err = Infallible;

    fn from_str(path: &str) -> Result<Self, Infallible> {
        Ok(Self::from(PathBuf::from(path)))
    }
}

impl From<PathBuf> for InputPath {
    fn from(path: PathBuf) -> Self {
        if path.as_os_str() == "-" {
            Self::Stdin
        } else {
            Self::Path(path)
        }
    }
}

impl InputPath {
    fn shown(&self) -> String {
        match self {
            Self::Path(path) => path.to_string_lossy().into_owned(),
            Self::Stdin => "-".to_owned(),
        }
    }
}

/// Reads the inputs, lazily and in a fixed order: as given, folders
/// recursively and sorted by name. A fault costs the call, the line or the row
/// it is in and nothing else.
pub fn read(inputs: &[InputPath], options: &InputOptions) -> Calls {
    let progress = Arc::new(Progress::default());
    Calls {
        discovery: Discovery::new(inputs, Arc::clone(&progress)),
        options: options.clone(),
        current: None,
        seen: ids::Seen::default(),
        progress,
    }
}

/// The stream of calls that [`read`] gives.
pub struct Calls {
    discovery: Discovery,
    options: InputOptions,
    current: Option<Current>,
    seen: ids::Seen,
    progress: Arc<Progress>,
}

/// The file being read.
struct Current {
    path: String,
    outcomes: std::iter::Peekable<Outcomes>,
    witness: Witness,
    position: usize,
}

impl Calls {
    /// Counters that go on while the calls are read.
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    fn next_of_file(&mut self) -> Option<Result<Call, InputError>> {
        let current = self.current.as_mut()?;
        let Some(outcome) = current.outcomes.next() else {
            let read = self.current.take()?;
            self.progress.file_done();
            let changed = || Err(InputError::new(&read.path, None, Problem::Changed));
            return read.witness.is_changed().then(changed);
        };
        current.position += 1;
        let alone = current.position == 1 && current.outcomes.peek().is_none();
        let position = (!alone).then_some(current.position);
        let path = current.path.clone();
        Some(match outcome {
            Ok(found) => self.settle(&path, found, position),
            Err((line, problem)) => Err(InputError::new(&path, line, problem)),
        })
    }

    fn settle(
        &mut self,
        path: &str,
        found: Found,
        position: Option<usize>,
    ) -> Result<Call, InputError> {
        let Found {
            format,
            transcript,
            line,
        } = found;
        let of_task = || meta::task_id(&transcript.meta).filter(|_| position.is_some());
        let id = transcript.id.clone().or_else(of_task);
        let id = id.unwrap_or_else(|| ids::derived(path, position));
        let source = Source {
            path: path.to_owned(),
            format: format.name().to_owned(),
        };
        let mut call = checks::settle(id, source, transcript, &self.options)
            .map_err(|problem| InputError::new(path, line, problem))?;
        let (id, renamed) = self.seen.unique(std::mem::take(&mut call.id));
        call.id = id;
        call.warnings.extend(renamed);
        Ok(call)
    }

    /// Opens the next file; an error when it cannot be.
    fn open_next(&mut self) -> Option<Result<(), InputError>> {
        Some(match self.discovery.next()? {
            Err((path, problem)) => Err(InputError::new(&path, None, problem)),
            Ok(file) => {
                let path = file.shown();
                match file::calls(&file, self.options.format, &self.progress) {
                    Ok((outcomes, witness)) => {
                        self.current = Some(Current {
                            path,
                            outcomes: outcomes.peekable(),
                            witness,
                            position: 0,
                        });
                        Ok(())
                    }
                    Err(problem) => {
                        self.progress.file_done();
                        Err(InputError::new(&path, None, problem))
                    }
                }
            }
        })
    }
}

impl Iterator for Calls {
    type Item = Result<Call, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.next_of_file() {
                return Some(item);
            }
            if let Err(error) = self.open_next()? {
                return Some(Err(error));
            }
        }
    }
}

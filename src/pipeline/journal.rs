//! What a batch has scored so far, on disk, so that a run that was killed goes
//! on where it was.
//!
//! Only scores and the places of phrases are kept, under a hash of the call's texts: they are what takes
//! time, everything else is found anew from the input. So a journal holds no
//! word of a call, input that was changed meanwhile is simply scored, and the
//! output is that of an uninterrupted run to the byte.
//!
//! ```text
//! header   one line of JSON: which model, runtime and version (`JournalOwner`)
//! record   see `record.rs`
//! ```
//! Records are appended as calls are scored. A record that was not written
//! whole fails its checksum and is dropped with what follows it.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::call::Call;
use crate::sentiment::Reading;

use record::{Key, Record, shortened};

mod record;

/// A power cut costs at most what was scored in this time.
const SYNC_EVERY: Duration = Duration::from_secs(1);
/// No header is longer; what is longer is no journal.
const LONGEST_HEADER: u64 = 4096;

/// What the scores depend on beside the texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalOwner {
    /// Version of callheat.
    pub callheat: String,
    /// Name of the model.
    pub model: String,
    /// SHA-256 of its graph.
    pub sha256: String,
    /// The runtime with its version, and the device.
    pub runtime: String,
    /// SHA-256 of tokenizer, configuration and the way texts are batched.
    pub settings: String,
}

/// Why a journal cannot be used. Every message ends with what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// It cannot be read or written.
    #[error(
        "cannot use the journal {path}: {source}; check the folder and its free space, then run the same command again"
    )]
    Io {
        /// The journal.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file is something else.
    #[error("{path} is no journal of callheat; move it away, or name another output")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// It was begun with another model, runtime or version.
    #[error(
        "the journal {path} was begun with {begun}, this run has {now}; run again as before, or delete the journal to begin anew"
    )]
    OtherOwner {
        /// The journal.
        path: PathBuf,
        /// What differs, as the journal has it.
        begun: String,
        /// The same of this run.
        now: String,
    },
    /// Another process writes it.
    #[error("the journal {path} is in use by another run of callheat; wait until that one ends")]
    InUse {
        /// The journal.
        path: PathBuf,
    },
}

/// How many calls were taken from the journal, and how many went into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JournalCounts {
    /// Calls whose scores the journal had.
    pub recalled: u64,
    /// Calls scored in this run.
    pub recorded: u64,
}

/// The journal of one output. Held in memory: 24 bytes for each finished call.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: Mutex<Appended>,
    /// Where the record of each call begins.
    known: HashMap<Key, u64>,
    recalled: AtomicU64,
    recorded: AtomicU64,
}

#[derive(Debug)]
struct Appended {
    file: File,
    /// End of the last whole record.
    end: u64,
    synced: Instant,
}

impl Journal {
    /// The journal's place for an output: hidden beside it, so that a folder
    /// that is input and output at once does not read it as a transcript.
    pub fn path_beside(output: &Path) -> PathBuf {
        let name = output.file_name().unwrap_or_default().to_string_lossy();
        output.with_file_name(format!(".{name}.callheat-journal"))
    }

    /// Opens the journal, or begins one. What was not written whole is dropped.
    pub fn open(path: &Path, owner: &JournalOwner) -> Result<Self, JournalError> {
        let failed = |source| JournalError::Io {
            path: path.to_owned(),
            source,
        };
        let file = open_private(path).map_err(failed)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                return Err(JournalError::InUse {
                    path: path.to_owned(),
                });
            }
            // Some network file systems know no locks; then nobody is kept out.
            Err(TryLockError::Error(_)) | Ok(()) => {}
        }
        let mut reader = BufReader::new(file);
        let mut header = Vec::new();
        reader
            .by_ref()
            .take(LONGEST_HEADER)
            .read_until(b'\n', &mut header)
            .map_err(failed)?;
        let mut known = HashMap::new();
        let mut end = 0;
        if header.ends_with(b"\n") {
            check_owner(path, &header, owner)?;
            end = scan(&mut reader, header.len() as u64, &mut known).map_err(failed)?;
        } else if header.len() as u64 == LONGEST_HEADER || !may_begin_header(&header) {
            return Err(JournalError::Foreign {
                path: path.to_owned(),
            });
        }
        let mut appended = Appended {
            file: reader.into_inner(),
            end,
            synced: Instant::now(),
        };
        appended.file.set_len(end).map_err(failed)?;
        if end == 0 {
            let mut line = serde_json::to_vec(owner).map_err(|error| failed(error.into()))?;
            line.push(b'\n');
            appended.append(&line).map_err(failed)?;
        }
        Ok(Self {
            path: path.to_owned(),
            file: Mutex::new(appended),
            known,
            recalled: AtomicU64::new(0),
            recorded: AtomicU64::new(0),
        })
    }

    /// Number of calls that the journal had when it was opened.
    pub fn calls(&self) -> usize {
        self.known.len()
    }

    /// What was done so far.
    pub fn counts(&self) -> JournalCounts {
        JournalCounts {
            recalled: self.recalled.load(Ordering::Relaxed),
            recorded: self.recorded.load(Ordering::Relaxed),
        }
    }

    /// The readings of a call's turns, if an earlier run has left them.
    pub fn recall(&self, call: &Call) -> Result<Option<Vec<Reading>>, JournalError> {
        let key = key(call);
        let Some(at) = self.known.get(&key) else {
            return Ok(None);
        };
        let mut appended = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let end = appended.end;
        let read = appended.file.seek(SeekFrom::Start(*at)).and_then(|_| {
            let mut record = BufReader::new(&mut appended.file);
            Record::read(&mut record, end - at)
        });
        let readings = match read.map_err(|source| self.failed(source))? {
            Some(Record {
                key: found,
                readings,
                ..
            }) if found == key && readings.len() == call.turns.len() => readings,
            // It was whole when the journal was opened.
            _ => return Ok(None),
        };
        self.recalled.fetch_add(1, Ordering::Relaxed);
        Ok(Some(readings))
    }

    /// Keeps the readings of a call's turns.
    pub fn record(&self, call: &Call, readings: &[Reading]) -> Result<(), JournalError> {
        let record = record::bytes(&key(call), readings);
        let mut appended = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        appended
            .append(&record)
            .map_err(|source| self.failed(source))?;
        self.recorded.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Takes the journal away: the output is whole.
    pub fn remove(&self) -> Result<(), JournalError> {
        std::fs::remove_file(&self.path).map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> JournalError {
        JournalError::Io {
            path: self.path.clone(),
            source,
        }
    }
}

impl Appended {
    /// Appends all of the bytes or nothing.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.end))?;
        if let Err(error) = self.file.write_all(bytes) {
            // A full disk: what stands there in part would fail its checksum anyway.
            let _ = self.file.set_len(self.end);
            return Err(error);
        }
        self.end += bytes.len() as u64;
        if self.synced.elapsed() >= SYNC_EVERY {
            self.file.sync_data()?;
            self.synced = Instant::now();
        }
        Ok(())
    }
}

fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Whether a run may have been killed while it wrote these bytes as its header.
fn may_begin_header(bytes: &[u8]) -> bool {
    let begin = b"{\"callheat\":";
    let shared = bytes.len().min(begin.len());
    bytes.get(..shared) == begin.get(..shared)
}

fn check_owner(path: &Path, header: &[u8], now: &JournalOwner) -> Result<(), JournalError> {
    let Ok(begun) = serde_json::from_slice::<JournalOwner>(header) else {
        return Err(JournalError::Foreign {
            path: path.to_owned(),
        });
    };
    let fields = |owner: &JournalOwner| {
        [
            format!("callheat {}", owner.callheat),
            format!("the model {}", owner.model),
            format!("a model of SHA-256 {}", owner.sha256),
            format!("the runtime {}", owner.runtime),
            format!("the model settings {}", owner.settings),
        ]
    };
    let (before, after) = (fields(&begun), fields(now));
    match before
        .into_iter()
        .zip(after)
        .find(|(begun, now)| begun != now)
    {
        None => Ok(()),
        Some((begun, now)) => Err(JournalError::OtherOwner {
            path: path.to_owned(),
            begun,
            now,
        }),
    }
}

/// Notes where each record begins; returns the end of the last whole one.
fn scan(reader: &mut BufReader<File>, from: u64, known: &mut HashMap<Key, u64>) -> io::Result<u64> {
    let length = reader.get_ref().metadata()?.len();
    let mut end = from;
    while let Some(record) = Record::read(reader, length - end)? {
        known.insert(record.key, end);
        end += record.length;
    }
    Ok(end)
}

fn key(call: &Call) -> Key {
    let mut hash = Sha256::new();
    for turn in &call.turns {
        hash.update((turn.text.len() as u64).to_le_bytes());
        hash.update(&turn.text);
    }
    shortened(hash)
}

#[cfg(test)]
mod tests;

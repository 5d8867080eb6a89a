//! From what the user names to the files that are read.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use walkdir::{DirEntry, WalkDir};

use super::InputPath;
use super::error::Problem;

/// How far the reading is; shared with whoever shows it.
#[derive(Debug, Default)]
pub struct Progress {
    files_found: AtomicU64,
    files_done: AtomicU64,
    bytes_read: AtomicU64,
    all_found: AtomicBool,
}

impl Progress {
    /// Files found so far.
    pub fn files_found(&self) -> u64 {
        self.files_found.load(Ordering::Relaxed)
    }

    /// Files read to their end.
    pub fn files_done(&self) -> u64 {
        self.files_done.load(Ordering::Relaxed)
    }

    /// Bytes read from the files so far.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }

    /// Whether no further file can be found.
    pub fn all_found(&self) -> bool {
        self.all_found.load(Ordering::Relaxed)
    }

    pub(super) fn count_bytes(&self, count: u64) {
        self.bytes_read.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn file_done(&self) {
        self.files_done.fetch_add(1, Ordering::Relaxed);
    }
}

/// Number and size of the files that [`read`](super::read) would read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Number of files.
    pub files: u64,
    /// Their bytes together; pipes and standard input count as none.
    pub bytes: u64,
}

/// Counts the files beforehand, for a progress bar with a known end. What
/// cannot be read is left to [`read`](super::read) to report.
pub fn totals(inputs: &[InputPath]) -> Totals {
    Discovery::new(inputs, Arc::default())
        .filter_map(Result::ok)
        .fold(Totals::default(), |totals, file| {
            let bytes = match &file {
                InputPath::Stdin => 0,
                InputPath::Path(path) => fs::metadata(path).map_or(0, |meta| meta.len()),
            };
            Totals {
                files: totals.files + 1,
                bytes: totals.bytes + bytes,
            }
        })
}

/// A path that could not be entered, and why.
pub type Failure = (String, Problem);

/// The files in a fixed order: inputs as given, folders recursively, sorted by
/// name, without hidden files.
pub struct Discovery {
    inputs: VecDeque<InputPath>,
    folder: Option<Folder>,
    progress: Arc<Progress>,
}

struct Folder {
    path: PathBuf,
    entries: Box<dyn Iterator<Item = walkdir::Result<DirEntry>> + Send>,
    empty: bool,
}

impl Discovery {
    /// Begins to look; nothing is opened yet.
    pub fn new(inputs: &[InputPath], progress: Arc<Progress>) -> Self {
        Self {
            inputs: inputs.to_vec().into(),
            folder: None,
            progress,
        }
    }

    fn found(&self, file: InputPath) -> InputPath {
        self.progress.files_found.fetch_add(1, Ordering::Relaxed);
        file
    }

    /// The next file of the folder being walked.
    fn walk(&mut self) -> Option<Result<InputPath, Failure>> {
        loop {
            let folder = self.folder.as_mut()?;
            match folder.entries.next() {
                None => {
                    let (path, empty) = (shown(&folder.path), folder.empty);
                    self.folder = None;
                    return empty.then_some(Err((path, Problem::EmptyFolder)));
                }
                Some(Ok(entry)) if entry.file_type().is_dir() => {}
                Some(Ok(entry)) => {
                    folder.empty = false;
                    let path = entry.into_path();
                    if !path.is_file() {
                        return Some(Err((shown(&path), Problem::NotAFile)));
                    }
                    return Some(Ok(self.found(InputPath::Path(path))));
                }
                Some(Err(error)) => {
                    folder.empty = false;
                    return Some(Err(failure(&folder.path, error)));
                }
            }
        }
    }
}

fn failure(folder: &Path, error: walkdir::Error) -> Failure {
    let path = shown(error.path().unwrap_or(folder));
    if error.loop_ancestor().is_some() {
        return (path, Problem::LinkLoop);
    }
    match error.into_io_error() {
        Some(error) => (path, Problem::from(error)),
        None => (path, Problem::LinkLoop),
    }
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.depth() > 0 && entry.file_name().to_string_lossy().starts_with('.')
}

fn open_folder(path: PathBuf) -> Folder {
    let entries = WalkDir::new(&path)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| !is_hidden(entry));
    Folder {
        path,
        entries: Box::new(entries),
        empty: true,
    }
}

impl Iterator for Discovery {
    type Item = Result<InputPath, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.walk() {
                return Some(item);
            }
            let Some(input) = self.inputs.pop_front() else {
                self.progress.all_found.store(true, Ordering::Relaxed);
                return None;
            };
            let InputPath::Path(path) = &input else {
                return Some(Ok(self.found(input)));
            };
            match fs::metadata(path) {
                Err(error) => return Some(Err((shown(path), Problem::from(error)))),
                Ok(meta) if meta.is_dir() => self.folder = Some(open_folder(path.clone())),
                Ok(_) => return Some(Ok(self.found(input))),
            }
        }
    }
}

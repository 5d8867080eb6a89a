//! What can be wrong with an input, said so that the reader knows what to do next.

use std::fmt;
use std::io;

use thiserror::Error;

/// One input, or one call of it, that could not be read. Displays as
/// `path:line: what is wrong; what to do next` and never quotes the transcript.
#[derive(Debug, Error)]
pub struct InputError {
    /// Path as it was given or found; `-` for standard input.
    pub path: String,
    /// 1-based line of the file, where one is known.
    pub line: Option<u64>,
    /// What is wrong.
    #[source]
    pub problem: Problem,
}

impl InputError {
    pub(super) fn new(path: &str, line: Option<u64>, problem: Problem) -> Self {
        let line = problem.own_line().or(line);
        Self {
            path: path.to_owned(),
            line,
            problem,
        }
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

/// What is wrong with an input, and what to do about it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Problem {
    /// The path does not exist.
    #[error("no such file or folder; check the path")]
    Missing,
    /// The file or folder exists and cannot be opened or read.
    #[error("cannot be read ({0}); check its permissions and that it is not in use")]
    Unreadable(#[source] io::Error),
    /// The file was written to while it was read.
    #[error(
        "was changed while it was read, so calls of it may be missing or cut; run again when nothing writes to it"
    )]
    Changed,
    /// A symbolic link leads back to a folder that contains it.
    #[error("the symbolic link leads back to a folder above it; remove the link")]
    LinkLoop,
    /// A pipe, socket or device found while walking a folder.
    #[error("is a pipe, socket or device and was not opened; name it directly to read it")]
    NotAFile,
    /// A folder that holds no file.
    #[error("the folder holds no file; give a folder with transcripts")]
    EmptyFolder,
    /// Nothing but white space.
    #[error("is empty; export the transcript again or remove the file")]
    Empty,
    /// Bytes that are no text.
    #[error("is not a text file ({kind}); {advice}")]
    Binary {
        /// What the bytes look like.
        kind: &'static str,
        /// What to do with such a file.
        advice: &'static str,
    },
    /// Text that no supported encoding explains.
    #[error("has bytes that are not valid {encoding}; save the file as UTF-8")]
    Encoding {
        /// The encoding the rest of the file is in.
        encoding: &'static str,
        /// 1-based line of the first bad byte, where known.
        line: Option<u64>,
    },
    /// Not valid JSON.
    #[error("is not valid JSON ({reason}, column {column}); correct or export it again")]
    NotJson {
        /// The parser's reason, without any content.
        reason: String,
        /// 1-based line within the file.
        line: u64,
        /// 1-based column.
        column: usize,
    },
    /// JSON that ends before it is complete.
    #[error("the JSON ends too early (column {column}): the file is cut off; export it again")]
    TruncatedJson {
        /// 1-based line within the file.
        line: u64,
        /// 1-based column.
        column: usize,
    },
    /// No format recognises the content.
    #[error(
        "is no transcript format that callheat knows; name it with --input-format (one of {}) or convert it to native JSON",
        super::format::Format::names()
    )]
    UnknownFormat,
    /// A recogniser's answer that carries a state or an address in place of a transcript.
    #[error("holds the state of a recognition task, not its result; {advice}")]
    TaskState {
        /// Where the result is to be had.
        advice: &'static str,
    },
    /// A call without a single turn.
    #[error("the call{} has no turns; check the export, or remove the call", of(.id.as_deref()))]
    NoTurns {
        /// The call's identifier, when it has one.
        id: Option<String>,
    },
    /// A call none of whose turns has text.
    #[error("no turn of the call{} has text; check which field of the export holds the words", of(.id.as_deref()))]
    NoText {
        /// The call's identifier, when it has one.
        id: Option<String>,
    },
    /// A field that has another shape than the format says.
    #[error(
        "{field} is not {expected}, as the format {format} has it; correct the export, or name another --input-format"
    )]
    Shape {
        /// Name of the format.
        format: &'static str,
        /// Name of the field.
        field: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// A table whose header names no column for the text.
    #[error("the header names no column for the text; call one of the columns `text` (内容, 文本)")]
    NoTextColumn,
    /// A row of a table that cannot be read.
    #[error("the row was left out: {reason}; correct the row")]
    Row {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// One call, line or document beyond the size that is held in memory.
    #[error("is longer than {} MiB in one piece; split it, or write one call per line (JSONL)", limit / (1024 * 1024))]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
}

impl Problem {
    /// The line that the problem itself knows, which is more exact than the
    /// line at which the record began.
    fn own_line(&self) -> Option<u64> {
        match self {
            Self::NotJson { line, .. } | Self::TruncatedJson { line, .. } => Some(*line),
            Self::Encoding { line, .. } => *line,
            _ => None,
        }
    }
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            _ => Self::Unreadable(error),
        }
    }
}

fn of(id: Option<&str>) -> String {
    id.map(|id| format!(" {id}")).unwrap_or_default()
}

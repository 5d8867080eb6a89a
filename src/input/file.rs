//! One file: opened, its encoding and format recognised, its calls read.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use super::InputPath;
use super::discover::Progress;
use super::encoding::{Decoded, decode};
use super::error::Problem;
use super::format::{Format, Reader, TextFormat};
use super::formats::csv;
use super::json_file;
use super::lines::{Lines, whole};
use super::transcript::Transcript;

/// A call that was found.
pub struct Found {
    /// The format it is in.
    pub format: Format,
    /// What it says.
    pub transcript: Transcript,
    /// The line at which it begins.
    pub line: Option<u64>,
}

/// A call, or the line and the reason for which one could not be read.
pub type Outcome = Result<Found, (Option<u64>, Problem)>;

/// The calls of one file, as they are asked for.
pub type Outcomes = Box<dyn Iterator<Item = Outcome> + Send>;

/// Tells at the end of a file whether it is still what it was at the beginning.
pub struct Witness {
    opened: Option<(File, Metadata)>,
}

impl Witness {
    fn of(file: &File) -> io::Result<Self> {
        let meta = file.metadata()?;
        // Pipes and devices have no state to compare.
        let file = meta.is_file().then(|| file.try_clone()).transpose()?;
        Ok(Self {
            opened: file.map(|file| (file, meta)),
        })
    }

    /// Whether the file was written to since it was opened. One that was
    /// removed or replaced can still be read to its end.
    pub fn is_changed(&self) -> bool {
        let Some((file, before)) = &self.opened else {
            return false;
        };
        let state = |meta: &Metadata| (meta.len(), meta.modified().ok());
        file.metadata()
            .is_ok_and(|after| state(&after) != state(before))
    }
}

/// Opens a file and begins to read its calls.
pub fn calls(
    path: &InputPath,
    forced: Option<Format>,
    progress: &Arc<Progress>,
) -> Result<(Outcomes, Witness), Problem> {
    let (input, witness) = open(path)?;
    let decoded = decode(Box::new(Counted {
        input,
        progress: Arc::clone(progress),
    }))?;
    Ok((outcomes(path, decoded, forced)?, witness))
}

fn outcomes(
    path: &InputPath,
    decoded: Decoded,
    forced: Option<Format>,
) -> Result<Outcomes, Problem> {
    if decoded.complete && decoded.sample.trim().is_empty() {
        return Err(Problem::Empty);
    }
    let format = match forced {
        Some(format) => format,
        None if json_file::recognises(&decoded.sample) => return json_file::calls(decoded, None),
        None => Format::of_text(&decoded.sample).ok_or(Problem::UnknownFormat)?,
    };
    match format.reader() {
        Reader::Json(_) => json_file::calls(decoded, Some(format)),
        Reader::Text(reader) => text(decoded, reader, format),
        Reader::Table => table(path, decoded, format),
    }
}

fn open(path: &InputPath) -> io::Result<(Box<dyn Read + Send>, Witness)> {
    match path {
        InputPath::Stdin => Ok((Box::new(io::stdin()), Witness { opened: None })),
        InputPath::Path(path) => {
            let file = File::open(path)?;
            let witness = Witness::of(&file)?;
            Ok((Box::new(file), witness))
        }
    }
}

/// Counts the bytes for the progress bar.
struct Counted {
    input: Box<dyn Read + Send>,
    progress: Arc<Progress>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.progress.count_bytes(count as u64);
        Ok(count)
    }
}

fn text(
    mut decoded: Decoded,
    reader: &dyn TextFormat,
    format: Format,
) -> Result<Outcomes, Problem> {
    let text = whole(&mut decoded.reader, decoded.encoding)?;
    let transcript = reader.read(&text)?;
    Ok(Box::new(std::iter::once(Ok(Found {
        format,
        transcript,
        line: None,
    }))))
}

/// A table is looked through once for interleaved calls, then streamed. What
/// can be read only once, a pipe, is held whole when it is longer than the
/// sample.
fn table(path: &InputPath, decoded: Decoded, format: Format) -> Result<Outcomes, Problem> {
    let encoding = decoded.encoding;
    let interleaved = match path {
        _ if decoded.complete => csv::is_interleaved(Lines::new(
            io::Cursor::new(decoded.sample.clone()),
            encoding,
        )),
        InputPath::Path(path) if Path::is_file(path) => {
            let again = decode(Box::new(File::open(path)?))?;
            csv::is_interleaved(Lines::new(again.reader, encoding))
        }
        _ => true,
    };
    let rows = csv::Table::new(Lines::new(decoded.reader, encoding), interleaved);
    Ok(Box::new(rows.map(move |(line, call)| match call {
        Ok(transcript) => Ok(Found {
            format,
            transcript,
            line: Some(line),
        }),
        Err(problem) => Err((Some(line), problem)),
    })))
}

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::partial::Partial;

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot write {path}: {source}; check that the folder exists, is writable and has space left"
)]
pub struct OutputError {
    /// The report.
    pub path: PathBuf,
    /// The cause.
    pub source: io::Error,
}

/// Where a report goes. A file appears under its name only when it is whole:
/// until then it is a temporary file in the same folder (mode 0600) that goes
/// away when the run ends early.
pub enum Destination {
    /// Standard output.
    Stdout(BufWriter<io::Stdout>),
    /// A pipe or device that is there already.
    Device(BufWriter<File>),
    /// A file.
    File {
        /// The file while it is being written.
        partial: BufWriter<Partial>,
        /// Its name when it is whole.
        path: PathBuf,
    },
}

impl Destination {
    /// Standard output for `-`, else a file.
    pub fn create(path: &Path) -> Result<Self, OutputError> {
        if path == Path::new("-") {
            return Ok(Self::Stdout(BufWriter::new(io::stdout())));
        }
        let failed = |source| OutputError {
            path: path.to_owned(),
            source,
        };
        if path.is_dir() {
            return Err(failed(io::Error::new(
                io::ErrorKind::IsADirectory,
                "it is a folder, name a file in it",
            )));
        }
        // A link stays a link; one that leads nowhere is replaced.
        let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if path.exists() && !path.is_file() {
            let device = File::options().write(true).open(&path).map_err(failed)?;
            return Ok(Self::Device(BufWriter::new(device)));
        }
        let partial = Partial::create(folder_of(&path)).map_err(failed)?;
        Ok(Self::File {
            partial: BufWriter::with_capacity(1 << 16, partial),
            path,
        })
    }

    /// The folder of the file, for what must wait beside it.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::File { path, .. } => Some(folder_of(path)),
            Self::Stdout(_) | Self::Device(_) => None,
        }
    }

    /// Makes everything written durable and gives a file its name.
    pub fn finish(self) -> io::Result<()> {
        match self {
            Self::Stdout(mut stdout) => stdout.flush(),
            Self::Device(mut device) => device.flush(),
            Self::File { partial, path } => {
                let partial = partial
                    .into_inner()
                    .map_err(io::IntoInnerError::into_error)?;
                partial.file().sync_data()?;
                give_usual_permissions(partial.file())?;
                partial.persist(&path)?;
                sync_folder(folder_of(&path));
                Ok(())
            }
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Makes a new name survive a power cut, where the system can.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

/// A finished report is as readable as any file the user creates.
#[cfg(unix)]
fn give_usual_permissions(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    // The umask cannot be asked for without setting it; a probe file shows it.
    let probe = tempfile::Builder::new()
        .permissions(std::fs::Permissions::from_mode(0o666))
        .tempfile()?;
    let mode = probe.as_file().metadata()?.permissions().mode();
    file.set_permissions(std::fs::Permissions::from_mode(mode & 0o666))
}

#[cfg(not(unix))]
fn give_usual_permissions(_: &File) -> io::Result<()> {
    Ok(())
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(stdout) => stdout.write(bytes),
            Self::Device(device) => device.write(bytes),
            Self::File { partial, .. } => partial.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(stdout) => stdout.flush(),
            Self::Device(device) => device.flush(),
            Self::File { partial, .. } => partial.flush(),
        }
    }
}

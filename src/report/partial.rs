//! A file that has no name until it is whole.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file on its way, readable by its owner only. On Linux it has no name at
/// all until [`Partial::persist`], so that nothing of it is left however the
/// run ends, `kill -9` included; elsewhere it is a temporary file that goes
/// away with its owner.
pub enum Partial {
    /// Without a name.
    #[cfg(target_os = "linux")]
    Unnamed {
        /// The file.
        file: File,
        /// Where it will stand.
        folder: PathBuf,
    },
    /// With a temporary name.
    Named(NamedTempFile),
}

impl Partial {
    /// Begins a file in a folder.
    pub fn create(folder: &Path) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        if let Some(file) = linux::unnamed(folder) {
            return Ok(Self::Unnamed {
                file,
                folder: folder.to_owned(),
            });
        }
        let named = tempfile::Builder::new()
            .prefix(".callheat-")
            .suffix(".tmp")
            .tempfile_in(folder)?;
        Ok(Self::Named(named))
    }

    /// The file itself.
    pub fn file(&self) -> &File {
        match self {
            #[cfg(target_os = "linux")]
            Self::Unnamed { file, .. } => file,
            Self::Named(named) => named.as_file(),
        }
    }

    /// Gives the file its name, in place of any other that has it.
    pub fn persist(self, path: &Path) -> io::Result<()> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Unnamed { file, folder } => linux::give_name(&file, &folder, path),
            Self::Named(named) => match named.persist(path) {
                Ok(_) => Ok(()),
                Err(error) => Err(error.error),
            },
        }
    }
}

impl io::Write for Partial {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file().flush()
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::{File, OpenOptions};
    use std::io;
    use std::os::fd::AsRawFd as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    use std::path::{Path, PathBuf};

    use rustix::fs::{AtFlags, CWD, OFlags, linkat};

    /// A file without a name, where the file system can make one and give it a
    /// name later: both are tried, since not all can do the second.
    pub fn unnamed(folder: &Path) -> Option<File> {
        let probe = open(folder).ok()?;
        let name = link(&probe, folder).ok()?;
        std::fs::remove_file(name).ok()?;
        open(folder).ok()
    }

    fn open(folder: &Path) -> io::Result<File> {
        OpenOptions::new()
            .read(true)
            .write(true)
            .mode(0o600)
            .custom_flags(OFlags::TMPFILE.bits().cast_signed())
            .open(folder)
    }

    /// A link cannot take another file's place, so the name comes in two steps.
    pub fn give_name(file: &File, folder: &Path, path: &Path) -> io::Result<()> {
        let name = link(file, folder)?;
        std::fs::rename(&name, path).inspect_err(|_| {
            let _ = std::fs::remove_file(&name);
        })
    }

    /// Links the file under a free temporary name.
    fn link(file: &File, folder: &Path) -> io::Result<PathBuf> {
        let open = format!("/proc/self/fd/{}", file.as_raw_fd());
        let linked = tempfile::Builder::new()
            .prefix(".callheat-")
            .suffix(".tmp")
            .make_in(folder, |name| {
                linkat(CWD, &open, CWD, name, AtFlags::SYMLINK_FOLLOW)?;
                Ok(())
            })?;
        let ((), name) = linked.into_parts();
        name.keep().map_err(|error| error.error)
    }
}

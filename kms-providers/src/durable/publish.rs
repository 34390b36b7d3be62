//! Whole files for everyone to read: signatures, public keys, tokens.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::failpoint::{self, Sites};
use super::flush::Flush;
use super::staged::{Access, Staged};

/// Writes a file that others may read as far as the umask lets them. When this returns it is on disk under its name;
/// when it fails or the process dies there is the whole file, or what was there before.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] unless it may `overwrite`; what the file system reports.
pub fn publish(path: &Path, content: &[u8], overwrite: bool, sites: &'static Sites) -> io::Result<()> {
    let mut file = NewFile::create(path, overwrite, sites)?;
    file.write_all(content)?;
    file.finish()
}

/// A file that is written piece by piece as [`publish`] writes one: it has its name when it is finished, and never was
/// if it is dropped before.
pub struct NewFile {
    staged: Staged,
    path: PathBuf,
    overwrite: bool,
    sites: &'static Sites,
}

impl NewFile {
    /// Begins a file.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] unless it may `overwrite`; what the file system reports.
    pub fn create(path: &Path, overwrite: bool, sites: &'static Sites) -> io::Result<Self> {
        if !overwrite && path.symlink_metadata().is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        failpoint::pass(sites.before_temp)?;
        Ok(Self {
            staged: Staged::create(path, Access::Umask)?,
            path: path.to_owned(),
            overwrite,
            sites,
        })
    }

    /// Gives the file its name. When this returns it is on disk.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] unless it may overwrite; what the file system reports.
    pub fn finish(self) -> io::Result<()> {
        failpoint::pass(self.sites.after_temp_write)?;
        Flush::Now.files([self.staged.file()])?;
        failpoint::pass(self.sites.after_temp_sync)?;
        match self.overwrite {
            true => self.staged.replace(),
            false => self.staged.place(),
        }?;
        failpoint::pass(self.sites.after_rename)?;
        Flush::Now.folders([&*self.path])?;
        failpoint::pass(self.sites.after_dir_sync)
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.staged.file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

//! What is written: a file that gets its name when it is complete.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::error::{At, FileError, FileFault};
use super::pin::Pin;
use super::source::Source;
use crate::durable::{Access, Flush, Sites, Staged, failpoint, keep_mode_and_owner};

/// A file that is to be made, checked as far as that goes before any work.
pub(super) struct Destination {
    path: PathBuf,
    existing: Option<Pin>,
    overwrite: bool,
}

/// A destination's new content under its temporary name.
pub(super) struct Pending {
    destination: Destination,
    staged: Staged,
    /// Permissions that the file gets when it is complete.
    mode: Option<u32>,
}

impl Destination {
    /// A destination at `path`, following a symbolic link to a file that exists.
    ///
    /// # Errors
    /// [`FileFault::Exists`], [`FileFault::SameFile`], [`FileFault::Directory`], [`FileFault::NotRegular`].
    pub(super) fn new(path: &Path, overwrite: bool, source: &Source<'_>) -> Result<Self, FileError> {
        Self::check(path, overwrite, source).at(path)
    }

    fn check(path: &Path, overwrite: bool, source: &Source<'_>) -> Result<Self, FileFault> {
        if path.file_name().is_none() {
            return Err(FileFault::Directory);
        }
        let existing = match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            metadata => Some(metadata?),
        };
        let dangling = existing.is_none() && fs::symlink_metadata(path).is_ok();
        let Some(metadata) = existing else {
            return if dangling && !overwrite {
                Err(FileFault::Exists)
            } else {
                Ok(Self::free(path, overwrite))
            };
        };
        let existing = Pin::from(&metadata);
        if metadata.is_dir() {
            return Err(FileFault::Directory);
        }
        if !metadata.is_file() {
            return Err(FileFault::NotRegular);
        }
        if source.pin().is_some_and(|pin| pin.is_file_of(&existing)) {
            return Err(FileFault::SameFile);
        }
        if !overwrite {
            return Err(FileFault::Exists);
        }
        Ok(Self {
            path: fs::canonicalize(path)?,
            existing: Some(existing),
            overwrite,
        })
    }

    fn free(path: &Path, overwrite: bool) -> Self {
        Self {
            path: path.to_owned(),
            existing: None,
            overwrite,
        }
    }

    /// Makes the temporary file. What is not `secret` is readable as other new files are.
    pub(super) fn begin(self, secret: bool, sites: &Sites) -> Result<Pending, FileError> {
        let access = if secret { Access::Owner } else { Access::Umask };
        let staged = failpoint::pass(sites.before_temp).and_then(|()| Staged::create(&self.path, access));
        let staged = staged.at(&self.path)?;
        let mode = (secret && self.existing.is_none()).then(|| 0o666 & !umask());
        Ok(Pending {
            destination: self,
            staged,
            mode,
        })
    }
}

impl Pending {
    pub(super) fn path(&self) -> &Path {
        &self.destination.path
    }

    pub(super) fn file(&self) -> &File {
        self.staged.file()
    }

    /// Gives the complete file its mode and, where it takes another's place, that one's owner.
    pub(super) fn complete(&self, sites: &Sites) -> Result<(), FileError> {
        self.dress().at(self.path())?;
        failpoint::pass(sites.after_temp_write).at(self.path())
    }

    /// Gives the file its name; durable when the folder is synced.
    pub(super) fn place(&self, sites: &Sites) -> Result<(), FileError> {
        let placed = failpoint::pass(sites.after_temp_sync).and_then(|()| {
            if self.destination.overwrite {
                self.staged.replace()
            } else {
                self.staged.place()
            }
        });
        match placed {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(FileFault::Exists).at(self.path()),
            placed => placed.at(self.path()),
        }?;
        failpoint::pass(sites.after_rename).at(self.path())
    }

    /// Completes, syncs and places one file.
    pub(super) fn finish(self, flush: Flush, sites: &Sites) -> Result<(), FileError> {
        self.complete(sites)?;
        flush.files([self.file()]).at(self.path())?;
        self.place(sites)?;
        flush.folders([self.path()]).at(self.path())?;
        failpoint::pass(sites.after_dir_sync).at(self.path())
    }

    /// Leaves the temporary file for [`super::recover`].
    pub(super) fn leave_for_recovery(self) {
        self.staged.leave();
    }

    pub(super) fn takes_a_place(&self) -> bool {
        self.destination.overwrite
    }

    fn dress(&self) -> Result<(), FileFault> {
        use std::os::unix::fs::PermissionsExt;
        if self.destination.existing.is_some() {
            return keep_mode_and_owner(self.path(), self.file()).map_err(|error| match error.kind() {
                io::ErrorKind::PermissionDenied => FileFault::Owner,
                _ => error.into(),
            });
        }
        if let Some(mode) = self.mode {
            self.file().set_permissions(fs::Permissions::from_mode(mode))?;
        }
        Ok(())
    }
}

/// The process's umask. The call that reads it also sets it, for all threads, so Linux is asked otherwise; where
/// nobody tells, files stay their owner's.
fn umask() -> u32 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    field
        .and_then(|octal| u32::from_str_radix(octal.trim(), 8).ok())
        .unwrap_or(0o077)
}

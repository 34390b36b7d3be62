//! Where bytes come from and go to.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use kms_core::CallerFault;
use kms_core::payload::{SEALED_CHUNK, StreamOptions};

use super::error::{At, FileError, FileFault};
use super::pin::Pin;
use crate::durable::{Access, Flush, Sites, Staged, failpoint, keep_mode_and_owner};

/// Hears the plaintext bytes that are done so far, after each batch.
pub type Progress<'a> = &'a (dyn Fn(u64) + Sync);

/// Where bytes come from.
pub enum Input<'a> {
    /// A file; pipes and devices are read as streams.
    File(&'a Path),
    /// A stream, standard input for instance. It is read to its end.
    Stream(&'a mut (dyn Read + Send)),
}

/// Where bytes go to.
pub enum Output<'a> {
    /// A file, which gets its name only when it is complete.
    File(&'a Path),
    /// A stream, standard output for instance. It is flushed, and a failure can come after bytes were written.
    Stream(&'a mut (dyn Write + Send)),
}

/// When files must be on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Syncing {
    /// Before success is reported: survives power loss.
    #[default]
    Durable,
    /// When the system writes them out: survives the death of the process, not of the machine.
    Lazy,
}

/// An input that is open.
pub(super) enum Source<'a> {
    File { file: File, path: PathBuf, pin: Pin },
    Pipe { file: File, path: PathBuf },
    Stream(&'a mut (dyn Read + Send)),
}

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

impl<'a> Source<'a> {
    pub(super) fn open(input: Input<'a>) -> Result<Self, FileError> {
        let path = match input {
            Input::Stream(stream) => return Ok(Self::Stream(stream)),
            Input::File(path) => path,
        };
        if fs::metadata(path).at(path)?.is_dir() {
            return Err(FileFault::Directory).at(path);
        }
        let file = File::open(path).at(path)?;
        let metadata = file.metadata().at(path)?;
        let path = path.to_owned();
        Ok(if metadata.is_file() {
            let pin = Pin::from(&metadata);
            Self::File { file, path, pin }
        } else {
            Self::Pipe { file, path }
        })
    }

    pub(super) fn pin(&self) -> Option<&Pin> {
        match self {
            Self::File { pin, .. } => Some(pin),
            _ => None,
        }
    }

    pub(super) fn reader(&mut self) -> Box<dyn Read + Send + '_> {
        match self {
            Self::File { file, .. } | Self::Pipe { file, .. } => Box::new(&*file),
            Self::Stream(stream) => Box::new(stream),
        }
    }

    /// Whether the file is in the state in which it was opened; a stream always is.
    pub(super) fn is_unchanged(&self) -> Result<bool, FileError> {
        match self {
            Self::File { file, path, pin } => Ok(Pin::of(file).at(path)? == *pin),
            _ => Ok(true),
        }
    }

    /// Puts this source's name to a failure.
    pub(super) fn name<T, E: Into<FileFault>>(&self, outcome: Result<T, E>) -> Result<T, FileError> {
        match self {
            Self::File { path, .. } | Self::Pipe { path, .. } => outcome.at(path),
            Self::Stream(_) => outcome.map_err(FileError::stream),
        }
    }

    pub(super) fn changed<T>(&self) -> Result<T, FileError> {
        self.name(Err(CallerFault::ChangedMeanwhile))
    }
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

impl Syncing {
    pub(super) fn flush(self) -> Flush {
        match self {
            Self::Durable => Flush::Now,
            Self::Lazy => Flush::Later,
        }
    }
}

impl<'a> From<&'a Path> for Input<'a> {
    fn from(path: &'a Path) -> Self {
        Self::File(path)
    }
}

impl<'a> From<&'a Path> for Output<'a> {
    fn from(path: &'a Path) -> Self {
        Self::File(path)
    }
}

/// `options` for `length` bytes, where that is known: small files need neither threads nor large buffers, whose wiping
/// would cost more than the work.
pub(super) fn fitted(options: &StreamOptions, length: Option<u64>) -> StreamOptions {
    let Some(length) = length.and_then(|length| usize::try_from(length).ok()) else {
        return options.clone();
    };
    let threads = NonZeroUsize::new(length.div_ceil(A_THREADS_WORK)).unwrap_or(NonZeroUsize::MIN);
    let buffer = 2 * (length + SEALED_CHUNK).next_multiple_of(SEALED_CHUNK);
    StreamOptions {
        threads: options.threads.min(threads),
        buffer: options.buffer.min(buffer),
        ..options.clone()
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

/// About what a thread costs to start.
const A_THREADS_WORK: usize = 512 << 10;

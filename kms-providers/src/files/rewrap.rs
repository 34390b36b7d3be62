//! Rewrapping one envelope on disk.

use std::path::Path;
use std::time::Duration;

use kms_core::{Rewrapper, Target};

use super::ends::Syncing;
use super::error::FileError;

/// How [`rewrap_file`] works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RewrapOptions {
    /// Where the new header of an attached envelope goes.
    pub placement: Placement,
    /// When the change must be on disk.
    pub syncing: Syncing,
    /// How long to wait for another process that works on the file.
    pub patience: Duration,
}

/// Where the new header of an attached envelope goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Placement {
    /// A new file that shares the payload's blocks, or for a small payload copies them; where the file system cannot
    /// share and the header keeps its length, in place; else a copy.
    #[default]
    Auto,
    /// A new file, always.
    Beside,
    /// In place with a journal. Files with several hard links need it.
    InPlace,
}

/// How a rewrap of a file ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileOutcome {
    /// Every entry is as wanted already; nothing was written.
    AlreadyCurrent,
    /// The file has a new header.
    Rewrapped(FileRewrapped),
}

/// A file with a new header.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileRewrapped {
    /// How the header was written.
    pub method: Method,
    /// The header's sequence number.
    pub sequence: u64,
    /// Entries and shares that were wrapped anew.
    pub wrapped: usize,
    /// Entries and shares that were dropped. What they copied before stays theirs.
    pub dropped: usize,
}

/// How a header was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// A sidecar or ticket was replaced.
    Replaced,
    /// A new file with a copy of the payload took the place of the old one.
    Copied,
    /// A new file that shares the payload's blocks took the place of the old one.
    Reflinked,
    /// Over the old header, with a journal.
    InPlace,
}

/// Gives the envelope at `path` the recipients that `target` asks for. `path` may be an attached envelope, a sidecar,
/// the payload of one, or a ticket; a symbolic link is followed.
///
/// # Errors
/// [`super::FileFault`]; the file then stands under its old header or, after a crash, is brought to the new one by
/// [`super::recover`].
pub fn rewrap_file(
    rewrapper: &Rewrapper,
    path: &Path,
    target: &Target,
    options: &RewrapOptions,
) -> Result<FileOutcome, FileError> {
    let _ = (rewrapper, path, target, options);
    todo!()
}

impl Default for RewrapOptions {
    fn default() -> Self {
        Self {
            placement: Placement::Auto,
            syncing: Syncing::Durable,
            patience: Duration::from_secs(30),
        }
    }
}

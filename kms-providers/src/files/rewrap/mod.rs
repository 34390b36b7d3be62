//! Rewrapping one envelope on disk (docs/format.md 11).
//!
//! ```text
//! prepare   lock, recover, read, make the new header
//! stage     choose a method, write the new file or the journal under a temporary name
//! commit    sync, put it in place, sync, read back; for one file or a batch of them
//! ```
//!
//! Each file stays locked from its reading to its last sync. The modification time becomes that of the rewrap:
//! kept, it would make backups by size and time skip the new header.

mod commit;
mod prepare;
mod stage;

use std::path::Path;
use std::time::Duration;

use kms_core::{CallerFault, Error, Rewrapper, Target};

pub(super) use commit::commit;
pub(super) use prepare::{Prepared, prepare};
pub(super) use stage::Staging;

use super::ends::Syncing;
use super::error::{FileError, FileFault};

/// How [`rewrap_file`] works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RewrapOptions {
    /// Where the new header goes.
    pub placement: Placement,
    /// When the change must be on disk.
    pub syncing: Syncing,
    /// How long to wait for another process that works on the file.
    pub patience: Duration,
}

/// Where a new header goes.
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
/// [`FileFault`]; the file then stands under its old header or, after a failure in place, is brought to the new one
/// by the next rewrap or [`super::recover`].
pub fn rewrap_file(
    rewrapper: &Rewrapper,
    path: &Path,
    target: &Target,
    options: &RewrapOptions,
) -> Result<FileOutcome, FileError> {
    let mut tries = TRIES;
    loop {
        tries -= 1;
        match rewrap_once(rewrapper, path, target, options) {
            Err(error) if tries > 0 && is_changed_meanwhile(error.fault()) => {}
            outcome => return outcome,
        }
    }
}

fn rewrap_once(
    rewrapper: &Rewrapper,
    path: &Path,
    target: &Target,
    options: &RewrapOptions,
) -> Result<FileOutcome, FileError> {
    match prepare(rewrapper, path, target, options.patience)? {
        Prepared::AlreadyCurrent { .. } => Ok(FileOutcome::AlreadyCurrent),
        Prepared::Change(change) => {
            let staging = Staging::of(*change, options.placement)?;
            let mut outcomes = commit(vec![staging], options.syncing.flush());
            let outcome = outcomes.pop().expect("one outcome for one file");
            Ok(FileOutcome::Rewrapped(outcome?))
        }
    }
}

/// Whether somebody who takes no locks changed the file between its reading and its replacement.
pub(super) fn is_changed_meanwhile(fault: &FileFault) -> bool {
    matches!(fault, FileFault::Envelope(Error::Caller(CallerFault::ChangedMeanwhile)))
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

/// A file that changes under every try belongs to somebody who does not take turns.
const TRIES: usize = 3;

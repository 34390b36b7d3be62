//! What can go wrong: for the writer one of the audit faults of `kms-core`, for the reader more detail.

use std::io;
use std::path::{Path, PathBuf};

use kms_core::AuditFault;

use crate::signing::{KeyTextError, NoteError};

/// Why a log could not be set up, read or proved from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// A file cannot be read or written.
    #[error("{path}: {kind}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        kind: io::ErrorKind,
    },
    /// There is a log already.
    #[error("{0} has an audit log already; open it instead")]
    Exists(PathBuf),
    /// There is no log.
    #[error("{0} has no audit log (no checkpoint); check the folder")]
    NoLog(PathBuf),
    /// A log's name is not one.
    #[error("a log's name is like a URL without scheme: 1 to 255 characters without space, control character or plus")]
    Origin,
    /// A key does not parse.
    #[error("not a key of a log: {0}")]
    Key(#[from] KeyTextError),
    /// The system's random source failed.
    #[error("the system's random source failed; nothing was made")]
    Random,
    /// The checkpoint is not one, or not of the pinned key.
    #[error("the checkpoint does not verify: {0}")]
    Checkpoint(&'static str),
    /// A part of the log is damaged or missing.
    #[error("the log is damaged: {0}; run `kmsctl audit verify`")]
    Damaged(&'static str),
    /// The log does not have the entry or size that was asked for, or no checkpoint covers it yet.
    #[error("the signed log has {size} entries; {asked} is outside")]
    OutOfRange {
        /// What was asked for.
        asked: u64,
        /// The size of the signed tree.
        size: u64,
    },
    /// A proof does not prove what it says.
    #[error("the proof does not hold")]
    Proof,
}

impl From<NoteError> for LogError {
    fn from(error: NoteError) -> Self {
        Self::Checkpoint(match error {
            NoteError::Malformed => "it is not a signed note",
            NoteError::Text => "it cannot be written",
            NoteError::Random => return Self::Random,
            NoteError::Signature => "it is not signed by the expected key",
            NoteError::VerifierKey => "the key to check it with is none",
        })
    }
}

impl LogError {
    /// A failure of the system on `path`.
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        |error| Self::Io {
            path: path.to_owned(),
            kind: error.kind(),
        }
    }
}

/// The writer's fault for a failure of the system.
pub(super) fn of_io(error: &io::Error) -> AuditFault {
    use io::ErrorKind;
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => AuditFault::Full,
        ErrorKind::PermissionDenied
        | ErrorKind::ReadOnlyFilesystem
        | ErrorKind::NotFound
        | ErrorKind::NotADirectory
        | ErrorKind::IsADirectory => AuditFault::NotWritable,
        _ => AuditFault::Failed,
    }
}

//! What can go wrong with envelopes on disk.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use kms_core::{CallerFault, FormatFault, LimitFault};

/// A failure and the file it concerns.
#[derive(Debug)]
pub struct FileError {
    path: Option<PathBuf>,
    fault: FileFault,
}

/// Why a file could not be sealed, opened or rewrapped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileFault {
    /// The envelope layer refused or failed.
    #[error(transparent)]
    Envelope(#[from] kms_core::Error),
    /// The file system refused or failed.
    #[error(transparent)]
    Io(io::Error),
    /// The output stands already.
    #[error("the file exists; choose another name or allow overwriting")]
    Exists,
    /// Input and output are one file.
    #[error("input and output are the same file; choose another output")]
    SameFile,
    /// A directory where a file is needed.
    #[error("is a directory; name a file")]
    Directory,
    /// A pipe or device where a regular file is needed.
    #[error("is not a regular file; use a stream")]
    NotRegular,
    /// A detached header needs a name.
    #[error("a detached header needs a file name; name the output")]
    SidecarName,
    /// A payload without its header.
    #[error("no envelope, and no header beside it (.ksh); recovery may find it, or it stands elsewhere")]
    NoHeader,
    /// A detached header without its payload.
    #[error("the payload of this header is missing; the search for orphans may find it")]
    NoPayload,
    /// Replacing the file would break its other names.
    #[error("the file has {0} hard links; rewrap it in place, or copy it first")]
    HardLinks(u64),
    /// In place was asked for, and the header does not fit.
    #[error("the new header has another length, so it cannot be written in place; rewrap without in-place")]
    DoesNotFit,
    /// A message has no header of its own.
    #[error("a message of the AWS Encryption SDK is one file, and this envelope is two; decrypt it, and seal that")]
    Detached,
    /// A ticket's records stand anywhere.
    #[error(
        "a ticket's records stand elsewhere and are sealed under it, so nothing here can seal them anew; make a new ticket for new records, and keep this one while there are old ones: `kmsctl rewrap` brings it under other keys"
    )]
    Ticket,
    /// A message has no place for labels.
    #[error(
        "the envelope has labels, and a message of the AWS Encryption SDK has no place for them; decrypt it, and seal that"
    )]
    Labels,
    /// The recipients of such a message cannot be changed.
    #[error(
        "a message of the AWS Encryption SDK cannot be rewrapped: a second header under the same content key gives away what forges it; migrate it"
    )]
    EsdkMessage,
    /// Another process works on it.
    #[error("another process works on this file; try again when it has finished")]
    Locked,
    /// A lock file stands beside it, on a file system without locks of its own.
    #[error("a lock file (.NAME.kslock) stands beside it; remove that if no process works on the file")]
    LockFile,
    /// Replacing the file would give it to another owner.
    #[error("the file belongs to another user, and replacing it would change that; run as its owner")]
    Owner,
    /// A journal that is not of this file.
    #[error("the journal beside it (.ksj) is damaged or of another file; move it away after a look at both")]
    StaleJournal,
    /// What was written does not read back.
    #[error("the new header does not read back as written; the file is recovered from its journal at the next try")]
    ReadBack,
    /// The record of a campaign is not readable.
    #[error("the record of the run is damaged; start a new run")]
    RunRecord,
    /// A pattern that is none.
    #[error("not a valid pattern")]
    Pattern,
}

impl FileFault {
    /// The fault as the audit trail takes it.
    pub(super) fn as_core(&self) -> kms_core::Error {
        match self {
            Self::Envelope(error) => error.clone(),
            Self::Io(error) => kms_core::Error::Io(error.kind()),
            _ => kms_core::Error::Io(io::ErrorKind::Other),
        }
    }
}

impl FileError {
    /// A fault of the file at `path`.
    #[must_use]
    pub fn new(path: &Path, fault: impl Into<FileFault>) -> Self {
        Self {
            path: Some(path.to_owned()),
            fault: fault.into(),
        }
    }

    /// The file; `None` for a stream.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// What happened.
    #[must_use]
    pub fn fault(&self) -> &FileFault {
        &self.fault
    }

    /// What happened, without the path.
    #[must_use]
    pub fn into_fault(self) -> FileFault {
        self.fault
    }

    pub(super) fn is_not_found(&self) -> bool {
        matches!(&self.fault, FileFault::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }

    pub(super) fn stream(fault: impl Into<FileFault>) -> Self {
        Self {
            path: None,
            fault: fault.into(),
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "{}: {}", path.display(), self.fault),
            None => self.fault.fmt(f),
        }
    }
}

impl std::error::Error for FileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.fault)
    }
}

/// Puts the file's name to a failure.
pub(super) trait At<T> {
    fn at(self, path: &Path) -> Result<T, FileError>;
}

impl<T, E: Into<FileFault>> At<T> for Result<T, E> {
    fn at(self, path: &Path) -> Result<T, FileError> {
        self.map_err(|fault| FileError::new(path, fault))
    }
}

impl From<io::Error> for FileFault {
    /// What a lock or a lease says, and what was wrapped on its way through a reader, keep their names.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::WouldBlock {
            return Self::Locked;
        }
        match error.downcast::<kms_core::Error>() {
            Ok(own) => Self::Envelope(own),
            Err(error) => Self::Io(error),
        }
    }
}

macro_rules! through_envelope {
    ($($fault:ty),+) => {
        $(impl From<$fault> for FileFault {
            fn from(fault: $fault) -> Self {
                Self::Envelope(fault.into())
            }
        })+
    };
}

through_envelope!(CallerFault, FormatFault, LimitFault);

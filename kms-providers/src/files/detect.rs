//! What a path holds, reading at most the header.

use std::path::{Path, PathBuf};

use kms_core::Header;

use super::error::FileError;

/// How an envelope stands on disk (docs/format.md 2.5).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layout {
    /// Header and payload in one file.
    Attached {
        /// Bytes of the header; the payload starts there.
        header_len: u64,
    },
    /// A header alone; its payload stands in `of`, or did.
    Sidecar {
        /// The payload's file.
        of: PathBuf,
    },
    /// A ticket: a header whose records stand anywhere.
    Ticket,
    /// A file without a header of its own, but with one beside it.
    Payload {
        /// The header's file.
        sidecar: PathBuf,
    },
    /// No envelope.
    NotKs1,
}

/// A header and where it was found.
#[derive(Debug, Clone)]
pub struct EnvelopeFile {
    /// The file that holds the header: for a payload with a sidecar, the sidecar.
    pub path: PathBuf,
    /// How the envelope stands on disk.
    pub layout: Layout,
    /// Its header. Nothing in it is authenticated.
    pub header: Header,
}

/// What `path` holds. Reads its first 32 bytes, and 8 of a sidecar.
///
/// # Errors
/// When the file cannot be read; a damaged prelude behind a good magic number is a format error.
pub fn detect(path: &Path) -> Result<Layout, FileError> {
    let _ = path;
    todo!()
}

/// Reads and parses the header of the envelope at `path`: attached, sidecar, ticket, or the payload of a sidecar.
/// Needs no key.
///
/// # Errors
/// [`super::FileFault::NoHeader`]; format and limit errors; what the file system reports.
pub fn read_header(path: &Path, max_recipients: usize) -> Result<EnvelopeFile, FileError> {
    let _ = (path, max_recipients);
    todo!()
}

/// The name of the sidecar of a payload: `FILE.ksh`.
#[must_use]
pub fn sidecar_of(payload: &Path) -> PathBuf {
    let mut name = payload.as_os_str().to_owned();
    name.push(".ksh");
    name.into()
}

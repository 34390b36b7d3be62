//! From a path to a new header, under the lock.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kms_core::payload::SALT_LEN;
use kms_core::{Header, RewrapBegun, Rewrapped, Rewrapper, Target, UnsettledRewrap};

use crate::files::detect::{Layout, header_of, own_layout, sidecar_of};
use crate::files::drive::block_on;
use crate::files::error::{At, FileError, FileFault};
use crate::files::journal;
use crate::files::lock::LockedFile;
use crate::files::pin::Pin;
use crate::files::recovery;

/// A file that was read.
pub(in crate::files) enum Prepared {
    /// Nothing is to be done.
    AlreadyCurrent {
        /// The file that holds the header.
        path: PathBuf,
        /// The header as it stands.
        header: Box<Header>,
        /// Whether a journal had to be carried out or removed.
        recovered: bool,
    },
    /// A new header is to be written.
    Change(Box<Change>),
}

/// A locked file and its new header.
pub(in crate::files) struct Change {
    pub(in crate::files) lock: LockedFile,
    pub(in crate::files) layout: Layout,
    pub(in crate::files) old: Header,
    pub(in crate::files) unsettled: Box<UnsettledRewrap>,
    pub(in crate::files) recovered: bool,
    pub(super) pin: Pin,
}

impl Change {
    pub(in crate::files) fn rewrapped(&self) -> &Rewrapped {
        self.unsettled.rewrapped()
    }

    /// Unlocks the file and records why its header was not put in place.
    pub(super) fn abandon(self, fault: FileFault) -> FileError {
        // That it could not be recorded is the more important news.
        match self.unsettled.abandon(&fault.as_core()) {
            Err(audit) => FileError::new(&self.lock.path, audit),
            Ok(()) => FileError::new(&self.lock.path, fault),
        }
    }
}

/// Locks the header's file, brings it out of what a crash left, and makes its new header.
pub(in crate::files) fn prepare(
    rewrapper: &Rewrapper,
    path: &Path,
    target: &Target,
    patience: Duration,
) -> Result<Prepared, FileError> {
    let (lock, layout, recovered) = locked_header(path, patience)?;
    let pin = Pin::of(&lock.file).at(&lock.path)?;
    let old = header_of(&lock.file, &layout, rewrapper.opener().max_recipients()).at(&lock.path)?;
    let payload_len = match layout {
        Layout::Attached { header_len } => {
            check_payload(&lock, &old).at(&lock.path)?;
            Some(pin.length - header_len)
        }
        _ => None,
    };
    match block_on(rewrapper.begin(&old, target, payload_len)).at(&lock.path)? {
        RewrapBegun::AlreadyCurrent => Ok(Prepared::AlreadyCurrent {
            path: lock.path,
            header: Box::new(old),
            recovered,
        }),
        RewrapBegun::Unsettled(unsettled) => Ok(Prepared::Change(Box::new(Change {
            lock,
            layout,
            old,
            unsettled,
            recovered,
            pin,
        }))),
    }
}

fn locked_header(path: &Path, patience: Duration) -> Result<(LockedFile, Layout, bool), FileError> {
    let lock = LockedFile::acquire(path, patience)?;
    // Before anything is parsed: a torn header may not even say what it is.
    let recovered = journal::settle(&lock)?.is_some();
    match own_layout(&lock.file, &lock.path)? {
        Layout::NotKs1 => {
            let sidecar = sidecar_of(&lock.path);
            if !sidecar.exists() && !recovery::name_sidecar(&sidecar).at(&sidecar)? {
                return Err(no_header(&lock.path)).at(&lock.path);
            }
            let lock = LockedFile::acquire(&sidecar, patience)?;
            let recovered = journal::settle(&lock)?.is_some();
            let of = path.to_owned();
            Ok((lock, Layout::Sidecar { of }, recovered))
        }
        layout => Ok((lock, layout, recovered)),
    }
}

/// Why a file that holds no header cannot be rewrapped.
fn no_header(_path: &Path) -> FileFault {
    #[cfg(feature = "esdk")]
    if matches!(crate::files::message::is_message(_path), Ok(true)) {
        return FileFault::EsdkMessage;
    }
    FileFault::NoHeader
}

/// A header is not made anew for a payload that is another's: somebody has to look at both first.
fn check_payload(lock: &LockedFile, header: &Header) -> Result<(), FileFault> {
    use std::os::unix::fs::FileExt;
    let mut salt = [0; SALT_LEN];
    match lock.file.read_exact_at(&mut salt, header.len() as u64) {
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(()),
        Err(error) => Err(error.into()),
        Ok(()) => Ok(header.check_payload_start(&salt)?),
    }
}

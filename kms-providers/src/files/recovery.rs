//! What a crash left behind, put right.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kms_core::{Header, caps};

use super::detect::{Layout, header_bytes, header_of, payload_of, sidecar_of, starts_payload};
use super::error::{At, FileError, FileFault};
use super::journal::{self, journal_of};
use super::lock::LockedFile;
use crate::durable::{Flush, stale_temporary, temporary_of};

/// What [`recover`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Recovery {
    /// A header that was half written, or not at all, was written from its journal.
    pub completed: bool,
    /// Leftover files that were removed: journals whose work was done, temporary files of dead processes.
    pub removed: usize,
    /// A sidecar that had not got its name yet was put beside its payload.
    pub sidecar_named: bool,
}

/// Brings the envelope at `path` out of the state that a crash left: `FILE.ksj` is carried out or removed, a sidecar
/// that was not renamed yet gets its name, temporary files of dead processes go. Without leftovers it does nothing.
/// It can be called at any time, also while other processes work on the file, and for a file that does not exist.
///
/// # Errors
/// [`FileFault::StaleJournal`] when the journal is damaged or of another file: nothing is changed then;
/// [`FileFault::Locked`] when another process works on the file.
pub fn recover(path: &Path) -> Result<Recovery, FileError> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut recovery = Recovery::default();
    let mut files = vec![path.clone()];
    if payload_of(&path).is_none() {
        files.push(sidecar_of(&path));
    }
    for file in &files {
        recovery.settle_journal(file)?;
        recovery.name_or_remove(file)?;
        recovery.remove_temporary(&journal_of(file))?;
    }
    Ok(recovery)
}

impl Recovery {
    /// Whether there was anything to do.
    #[must_use]
    pub fn did_something(&self) -> bool {
        *self != Self::default()
    }

    fn settle_journal(&mut self, file: &Path) -> Result<(), FileError> {
        if !journal_of(file).exists() {
            return Ok(());
        }
        if !file.exists() {
            return Err(FileFault::StaleJournal).at(file);
        }
        let locked = LockedFile::acquire(file, Duration::ZERO)?;
        if let Some(completed) = journal::settle(&locked)? {
            self.completed |= completed;
            self.removed += 1;
        }
        Ok(())
    }

    /// The temporary file of a sidecar may be all that is left of a payload's header.
    fn name_or_remove(&mut self, target: &Path) -> Result<(), FileError> {
        if name_sidecar(target).at(target)? {
            self.sidecar_named = true;
            return Ok(());
        }
        self.remove_temporary(target)
    }

    fn remove_temporary(&mut self, target: &Path) -> Result<(), FileError> {
        if remove_temporary(target).at(target)? {
            self.removed += 1;
        }
        Ok(())
    }
}

/// Gives a sidecar its name if a dead process had put the payload in place already. Returns whether it did.
pub(super) fn name_sidecar(sidecar: &Path) -> Result<bool, FileFault> {
    let Some(payload) = payload_of(sidecar) else {
        return Ok(false);
    };
    let temporary = temporary_of(sidecar)?;
    let Some(file) = stale_temporary(&temporary)? else {
        return Ok(false);
    };
    let layout = Layout::Sidecar { of: payload.clone() };
    let Ok(header) = header_of(&file, &layout, caps::RECIPIENTS_HARD) else {
        return Ok(false);
    };
    if starts_payload(&payload, &header)? != Some(true) || stands_for(sidecar, &header)? {
        return Ok(false);
    }
    file.sync_all()?;
    fs::rename(&temporary, sidecar)?;
    Flush::Now.folders([sidecar])?;
    Ok(true)
}

/// Whether the sidecar that has its name is of the same message, perhaps rewrapped.
fn stands_for(sidecar: &Path, header: &Header) -> Result<bool, FileFault> {
    let file = match fs::File::open(sidecar) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        file => file?,
    };
    let layout = Layout::Sidecar { of: PathBuf::new() };
    let standing = header_bytes(&file, &layout)?;
    let standing = Header::parse_prefix(&standing, caps::RECIPIENTS_HARD)?;
    Ok(standing.immutable().message_id == header.immutable().message_id)
}

fn remove_temporary(target: &Path) -> Result<bool, FileFault> {
    let temporary = temporary_of(target)?;
    let Some(_locked) = stale_temporary(&temporary)? else {
        return Ok(false);
    };
    fs::remove_file(&temporary)?;
    Ok(true)
}

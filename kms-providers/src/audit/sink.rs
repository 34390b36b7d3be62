//! The audit sink of a log.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kms_core::AuditFault;
use kms_core::audit::{AuditEvent, AuditSink};

use super::ENTRY_MAX;
use super::create::create;
use super::fault::LogError;
use super::group::Group;
use super::key::LogKey;
use super::options::TlogOptions;
use super::writer::Writer;
use crate::signing::VerifierKey;

/// Appends events to a transparency log. Several threads and several processes may append to one log at once.
///
/// An event is durable when [`AuditSink::record`] returns. The tree over the events is signed every
/// [`TlogOptions::publish_entries`] entries, every [`TlogOptions::publish_after`] while entries come, when the sink is
/// dropped, and when [`TlogSink::publish`] is called: a server calls that on a timer.
pub struct TlogSink {
    group: Group,
    writer: Mutex<Writer>,
}

impl TlogSink {
    /// Sets up an empty log in the folder `dir`, which is made where it is missing.
    ///
    /// # Errors
    /// [`LogError::Exists`], [`LogError::Io`]
    pub fn create(dir: &Path, key: &LogKey) -> Result<(), LogError> {
        create(dir, key)
    }

    /// Opens the log in `dir`.
    ///
    /// # Errors
    /// [`AuditFault::Broken`] when the log does not fit its checkpoint, or the checkpoint is missing or of another
    /// key; [`AuditFault::Deadline`] when another process holds the log; the others as the system says.
    pub fn open(dir: &Path, key: LogKey, options: TlogOptions) -> Result<Self, AuditFault> {
        Ok(Self {
            group: Group::default(),
            writer: Mutex::new(Writer::open(dir, key, options)?),
        })
    }

    /// Signs the tree over all entries, those of other processes included.
    ///
    /// # Errors
    /// As for [`AuditSink::record`]. The entries are durable all the same.
    pub fn publish(&self) -> Result<(), AuditFault> {
        self.writer().publish()
    }

    /// The log's public key.
    #[must_use]
    pub fn verifier(&self) -> VerifierKey {
        self.writer().verifier().clone()
    }

    /// Entries in the log, as far as this process has seen.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.writer().size()
    }

    /// Bytes of unfinished, never acknowledged writes that were cut off, here or by a crashed process: worth a
    /// warning when not zero.
    #[must_use]
    pub fn cut_off(&self) -> u64 {
        self.writer().cut()
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AuditSink for TlogSink {
    fn record(&self, event: &AuditEvent) -> Result<(), AuditFault> {
        self.record_all(std::slice::from_ref(event))
    }

    fn record_all(&self, events: &[AuditEvent]) -> Result<(), AuditFault> {
        let entries = events.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        self.group.submit(entries, |entries| self.writer().append(entries))
    }
}

impl Drop for TlogSink {
    /// Signs what is not signed yet. An error loses nothing: the next process signs it.
    fn drop(&mut self) {
        let _ = self.publish();
    }
}

/// The line of `event`.
fn entry(event: &AuditEvent) -> Result<Vec<u8>, AuditFault> {
    let line = serde_json::to_vec(event).map_err(|_| AuditFault::Failed)?;
    if line.len() > ENTRY_MAX {
        return Err(AuditFault::TooLong);
    }
    Ok(line)
}

//! The turn of one process among several that append to one log.

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::time::Duration;

use kms_core::AuditFault;

use super::fault::of_io;
use super::tiles::readable_by_group;
use crate::durable::lock_within;

/// The lock file of a log. Advisory, and released by the system when a process dies.
pub(super) struct LogLock {
    file: File,
    patience: Duration,
}

impl LogLock {
    pub(super) fn open(dir: &Path, patience: Duration) -> Result<Self, AuditFault> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        readable_by_group(&mut options);
        let file = options.open(dir.join(FILE)).map_err(|error| of_io(&error))?;
        Ok(Self { file, patience })
    }

    /// Waits for this process's turn.
    pub(super) fn turn(&self) -> Result<Turn, AuditFault> {
        let file = self.file.try_clone().map_err(|error| of_io(&error))?;
        match lock_within(&file, self.patience, PAUSES) {
            Ok(true) => Ok(Turn(file)),
            Ok(false) => Err(AuditFault::Deadline),
            Err(error) => Err(of_io(&error)),
        }
    }
}

/// Held while appending or publishing.
pub(super) struct Turn(File);

impl Drop for Turn {
    fn drop(&mut self) {
        // Nothing can be done about a failure here, and the end of the process unlocks too.
        let _ = self.0.unlock();
    }
}

/// The file's name.
pub(super) const FILE: &str = "lock";
/// A turn takes microseconds.
const PAUSES: (Duration, Duration) = (Duration::from_micros(20), Duration::from_millis(2));

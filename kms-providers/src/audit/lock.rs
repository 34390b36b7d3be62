//! The turn of one process among several that append to one log.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use kms_core::AuditFault;

use super::fault::of_io;
use super::tiles::readable_by_group;

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

    /// Waits for this process's turn. Turns are microseconds long, so asking again soon beats a blocking wait, which
    /// could not be given up.
    pub(super) fn turn(&self) -> Result<Turn, AuditFault> {
        let file = self.file.try_clone().map_err(|error| of_io(&error))?;
        let since = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Turn(file)),
                Err(TryLockError::Error(error)) => return Err(of_io(&error)),
                Err(TryLockError::WouldBlock) if since.elapsed() >= self.patience => return Err(AuditFault::Deadline),
                Err(TryLockError::WouldBlock) => sleep(pause),
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
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
const FIRST_PAUSE: Duration = Duration::from_micros(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(2);

//! Whether a file is still the one that was read, without reading it.

use std::fs::{self, Metadata};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// What a file system tells of a file's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    #[cfg(unix)]
    place: (u64, u64),
    #[cfg(unix)]
    changed: (i64, i64),
    settled: bool,
}

impl Stamp {
    /// The stamp of a file of which `metadata` was taken, before it was read, at `now`.
    pub(super) fn new(metadata: &Metadata, now: SystemTime) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt;
        let modified = metadata.modified().ok();
        Self {
            length: metadata.len(),
            modified,
            #[cfg(unix)]
            place: (metadata.dev(), metadata.ino()),
            #[cfg(unix)]
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            settled: modified.is_some_and(|time| time + CLOCK_GRAIN < now),
        }
    }

    /// The stamp of the file at `path` now.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        Ok(Self::new(&fs::metadata(path)?, SystemTime::now()))
    }

    /// Whether the file is surely the same. A file that was young when it was read may have been replaced within
    /// one tick of the file system's clock by one of equal length: that is not sure.
    pub(super) fn is_same(&self, later: &Self) -> bool {
        self.settled
            && Self {
                settled: true,
                ..*later
            } == *self
    }
}

/// Coarser than the clock of any file system in use (FAT has two seconds).
const CLOCK_GRAIN: Duration = Duration::from_secs(2);

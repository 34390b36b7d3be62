//! How a writer behaves.

use std::path::PathBuf;
use std::time::Duration;

/// Settings of a [`super::TlogSink`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TlogOptions {
    /// A journal file is closed when it has this many bytes, and may then be archived. Opening the log reads the
    /// current file once.
    pub segment_bytes: u64,
    /// The tree is signed at the latest after this many entries …
    pub publish_entries: u64,
    /// … or, when an entry comes, after this time.
    pub publish_after: Duration,
    /// How long to wait for another process's turn.
    pub lock_patience: Duration,
    /// Where the last checkpoint that the key signed is kept, outside of the log's folder: a log that was set back
    /// (restored from a backup, say) is then not continued. See [`super::LogKey::anchor`] for the usual place.
    pub anchor: Option<PathBuf>,
}

impl Default for TlogOptions {
    fn default() -> Self {
        Self {
            segment_bytes: 8 << 20,
            publish_entries: 1024,
            publish_after: Duration::from_secs(10),
            lock_patience: Duration::from_secs(10),
            anchor: None,
        }
    }
}

//! What `[provider.NAME]` may say of calls, for every cloud alike.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

/// `[provider.NAME.calls]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct CallSettings {
    /// How long a connection may take to stand, TLS included, in milliseconds.
    pub connect_ms: u64,
    /// How long one attempt may take.
    pub attempt_ms: u64,
    /// How long a call may take in all, with every retry and the wait for a free place.
    pub total_ms: u64,
    /// How often a request is sent at most.
    pub attempts: u32,
    /// How many requests are under way at once; further ones wait.
    pub concurrency: usize,
    /// Certificates (PEM) that are trusted in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// Refuse connections whose key exchange a quantum computer could undo later.
    pub require_pq_transport: bool,
}

impl CallSettings {
    pub(super) fn connect(&self) -> Duration {
        Duration::from_millis(self.connect_ms)
    }

    pub(super) fn attempt(&self) -> Duration {
        Duration::from_millis(self.attempt_ms)
    }

    pub(super) fn total(&self) -> Duration {
        Duration::from_millis(self.total_ms)
    }
}

impl Default for CallSettings {
    fn default() -> Self {
        Self {
            connect_ms: 3_000,
            attempt_ms: 10_000,
            total_ms: 30_000,
            attempts: 4,
            concurrency: 32,
            ca_file: None,
            require_pq_transport: false,
        }
    }
}

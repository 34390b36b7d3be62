//! What verification found.

use std::fmt;

use serde::Serialize;

use super::review::EventFinding;

/// The result of [`super::AuditLog::verify`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The log's name.
    pub origin: String,
    /// Entries under the checkpoint.
    pub size: u64,
    /// Root hash under the checkpoint, in base64.
    pub root: String,
    /// Entries after the checkpoint. They are durable, but nothing protects them from change yet.
    pub unsigned: u64,
    /// Entries, from the first on, whose journal files are not here; they were verified from their bundles.
    pub archived: u64,
    /// Where the log was changed or is damaged.
    pub damage: Vec<Damage>,
    /// What a person should look at.
    pub findings: Vec<EventFinding>,
}

impl Report {
    /// Whether the log is as it was written.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.damage.is_empty()
    }

    /// Whether there is nothing to look at either.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.is_intact() && self.findings.is_empty()
    }
}

/// A place where the log is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "damage", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Damage {
    /// The checkpoint is not what the pinned key signed.
    Checkpoint {
        /// Why.
        what: &'static str,
    },
    /// The entries do not lead to the root that the checkpoint signs.
    Root,
    /// A tile or bundle is missing, unreadable or not what the entries give.
    Tile {
        /// Its path in the log.
        path: String,
    },
    /// An entry and its leaf hash do not fit together.
    Entry {
        /// Its sequence number.
        seq: u64,
    },
    /// A journal line is not the entry, or is missing.
    Journal {
        /// The entry's sequence number.
        seq: u64,
    },
    /// A file that is no part of a log.
    Stray {
        /// Its path in the log.
        path: String,
    },
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checkpoint { what } => write!(f, "checkpoint: {what}"),
            Self::Root => f.write_str("the entries do not lead to the root that the checkpoint signs"),
            Self::Tile { path } => write!(f, "{path}: missing, unreadable or not what the entries give"),
            Self::Entry { seq } => write!(f, "entry {seq}: does not fit its leaf hash"),
            Self::Journal { seq } => write!(f, "entry {seq}: its journal line is missing or different"),
            Self::Stray { path } => write!(f, "{path}: no part of a log"),
        }
    }
}

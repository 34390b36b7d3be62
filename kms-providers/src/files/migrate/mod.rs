//! Sealing files anew: messages of the AWS Encryption SDK become envelopes and the other way, envelopes of one suite
//! those of another.
//!
//! ```text
//! source    what a file is and how it is read: plaintext, context, labels
//! message   messages, either way
//! stage     lock, open, seal under a temporary name, read back, put in place
//! ```
//!
//! Plaintext goes from reader to writer in memory: none of it is ever on disk. A file keeps its name, mode and owner.
//! Its old content is gone when its new one is on disk, and stays wherever it was copied to before.
//!
//! Two files cannot be replaced at once. Of a detached envelope the new payload is put in place first; until the header
//! has followed, which is on disk under its temporary name by then, the two do not fit and the pair does not open. A
//! crash in between is put right by recovery: by the run when it is resumed, or by `doctor --repair`.

#[cfg(feature = "esdk")]
mod message;
mod source;
mod stage;

use std::path::{Path, PathBuf};
use std::time::Duration;

#[cfg(feature = "esdk")]
use kms_core::Sealer;
use kms_core::{Opener, Suite};

use super::campaign::{Sorted, Taken, Work};
use super::error::FileError;
use crate::durable::Flush;
use source::Source;
use stage::Staged;

/// Seals files anew; runs in a [`super::Campaign`].
pub struct Migrator {
    source: Source,
    /// Opens envelopes: those that are read, and those that were made.
    opener: Opener,
    verify: bool,
}

impl Migrator {
    /// Seals messages of the AWS Encryption SDK as `sealer` says, whose context gets the pairs of each message. Pairs
    /// that `esdk` requires and a message does not store are not stored in its envelope either. `opener` knows the
    /// sealer's keys.
    #[cfg(feature = "esdk")]
    #[must_use]
    pub fn from_esdk(esdk: kms_core::esdk::Opener, sealer: Sealer, opener: Opener) -> Self {
        Self {
            source: Source::Messages(Box::new(message::FromMessage {
                opener: esdk,
                sealer,
                bound: Vec::new(),
            })),
            opener,
            verify: false,
        }
    }

    /// Leaves messages alone whose context lacks a pair of these names.
    #[cfg(feature = "esdk")]
    #[must_use]
    pub fn binding(mut self, names: impl IntoIterator<Item = String>) -> Self {
        if let Source::Messages(messages) = &mut self.source {
            messages.bound.extend(names);
        }
        self
    }

    /// Seals attached envelopes as messages of the AWS Encryption SDK, as `sealer` says, whose context gets the pairs of
    /// each envelope. `posture` is that of the sealer's keys: an envelope whose floor asks for more is left alone, and so
    /// is one with labels. `esdk` knows the sealer's keys.
    #[cfg(feature = "esdk")]
    #[must_use]
    pub fn to_esdk(
        opener: Opener,
        sealer: kms_core::esdk::Sealer,
        posture: kms_core::Posture,
        esdk: kms_core::esdk::Opener,
    ) -> Self {
        Self {
            source: Source::ToMessages(Box::new(message::ToMessage {
                sealer,
                posture,
                opener: esdk,
            })),
            opener,
            verify: false,
        }
    }

    /// Seals envelopes of other suites, attached and detached, in `suite`, with a new data key and everything else as it
    /// was.
    #[must_use]
    pub fn to_suite(opener: Opener, suite: Suite) -> Self {
        Self {
            source: Source::Suite(suite),
            opener,
            verify: false,
        }
    }

    /// Opens each new envelope, payload and all, before it takes the old file's place.
    #[must_use]
    pub fn verify(mut self, verify: bool) -> Self {
        self.verify = verify;
        self
    }

    /// Whether this migrator would seal the file at `path` anew; `None` for what is none of its business.
    ///
    /// # Errors
    /// When the file cannot be read, or is damaged.
    pub fn wants(&self, path: &Path) -> Result<Option<bool>, FileError> {
        match self.sort(path.to_owned())? {
            Some(Sorted::Mine(path)) => self.source.wants(&path).map(Some),
            _ => Ok(None),
        }
    }
}

impl Work for Migrator {
    type Staged = Staged;

    fn opener(&self) -> &Opener {
        &self.opener
    }

    fn sort(&self, path: PathBuf) -> Result<Option<Sorted>, FileError> {
        self.source.sort(path)
    }

    fn stage(&self, path: &Path, patience: Duration) -> Result<Taken<Staged>, FileError> {
        stage::stage(self, path, patience)
    }

    fn commit(&self, staged: Vec<Staged>, flush: Flush) -> Vec<Result<u64, FileError>> {
        stage::commit(staged, flush)
    }
}

//! Which key versions known envelopes still need.

use std::path::{Path, PathBuf};

use kms_core::{Header, Keyring};

use super::error::FileError;
use crate::uri::KeyUri;

/// The envelopes that this installation has sealed or rewrapped, with the key versions of their recipients:
/// `HOME/envelopes.jsonl`. It errs on the side of need: what a crash left undecided counts under both versions, and
/// a file that is gone counts until it is forgotten.
pub struct KeyIndex {}

/// One envelope that needs a key version.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Need {
    /// The file that holds the header.
    pub path: PathBuf,
}

/// What [`KeyIndex::recheck`] saw.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Recheck {
    /// Envelopes that need the key version by their own headers.
    pub needed: u64,
    /// Envelopes that no longer did; the index knows now.
    pub corrected: u64,
    /// Files that are gone or not readable: they count as needing it until they are forgotten.
    pub missing: Vec<PathBuf>,
}

impl KeyIndex {
    /// The index in `home`; it is made at the first record.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(home: &Path) -> Result<Self, FileError> {
        let _ = home;
        todo!()
    }

    /// Records what the envelope at `path` needs now, durably: after sealing a file, for instance. `keyring` finds
    /// the keys of hidden recipients; those that it does not have are not recorded.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn record(&self, path: &Path, header: &Header, keyring: &Keyring) -> Result<(), FileError> {
        let _ = (path, header, keyring);
        todo!()
    }

    /// How many known envelopes need this key version; without a version, any version of the key. Envelopes whose
    /// provider hides versions count for each of them.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn still_needed(&self, key: &KeyUri) -> Result<u64, FileError> {
        let _ = key;
        todo!()
    }

    /// Looks at the headers of all envelopes that are said to need `key`, and corrects the index.
    ///
    /// # Errors
    /// When the index cannot be read or written.
    pub fn recheck(&self, key: &KeyUri) -> Result<Recheck, FileError> {
        let _ = key;
        todo!()
    }

    /// Forgets the envelopes at or below `path`: they were deleted, or are somebody else's now.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget(&self, path: &Path) -> Result<u64, FileError> {
        let _ = path;
        todo!()
    }
}

//! Which key versions known envelopes still need.

mod log;

use std::fs;
use std::path::{Path, PathBuf};

use kms_core::{Header, Opener, caps};

pub(super) use log::Fact;
use log::{KeyVersion, Line, Log, Seen};

use super::detect::read_header;
use super::discover::{DiscoverOptions, Found, discover};
use super::error::{At, FileError};
use crate::durable::failpoint;
use crate::uri::KeyUri;

/// The envelopes that this installation has sealed or rewrapped, with the key versions of their recipients:
/// `HOME/envelopes.jsonl`. It errs on the side of need: what a crash left undecided counts under both versions, and
/// a file that is gone counts until it is forgotten.
///
/// It knows only what it was told: envelopes that other installations made, or copies and backups of its own, are
/// not in it before [`KeyIndex::learn`] has met them.
pub struct KeyIndex {
    log: Log,
}

/// What [`KeyIndex::recheck`] saw.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Recheck {
    /// Envelopes that need the key by their own headers.
    pub needed: u64,
    /// Envelopes that no longer do; the index knows now.
    pub corrected: u64,
    /// Files that are gone or not readable. They count as needing it until they are forgotten.
    pub missing: Vec<PathBuf>,
}

impl KeyIndex {
    /// The index in `home`, which must exist; the index is made at the first record.
    #[must_use]
    pub fn open(home: &Path) -> Self {
        Self {
            log: Log::new(home.join(FILE_NAME)),
        }
    }

    /// Records durably what the envelope at `path` needs now: after sealing a file, for instance. `opener` knows the
    /// keys of hidden recipients; those that it does not know are not recorded.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn record(&self, path: &Path, header: &Header, opener: &Opener) -> Result<(), FileError> {
        let fact = Fact::new(path, &opener.needed_keys(header));
        self.append(&[fact.has()], true)
    }

    /// Records every envelope at or below `paths`, whoever sealed it, and says how many they are. `opener` as in
    /// [`KeyIndex::record`].
    ///
    /// # Errors
    /// When one of them cannot be read, or the index cannot be written.
    pub fn learn(&self, paths: &[PathBuf], opener: &Opener) -> Result<u64, FileError> {
        let mut learnt = 0;
        let mut lines = Vec::new();
        for found in discover(paths, &DiscoverOptions::default()) {
            let Found::Envelope { path, .. } = found? else { continue };
            let envelope = read_header(&path, caps::RECIPIENTS_HARD)?;
            lines.push(Fact::new(&path, &opener.needed_keys(&envelope.header)).has());
            learnt += 1;
            if lines.len() == LINES_AT_ONCE {
                self.append(&std::mem::take(&mut lines), false)?;
            }
        }
        self.append(&lines, true)?;
        Ok(learnt)
    }

    /// How many known envelopes need this key version; without a version, any version of the key. Envelopes whose
    /// provider hides versions count for each of them.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn still_needed(&self, key: &KeyUri) -> Result<u64, FileError> {
        Ok(self.needing(key)?.len() as u64)
    }

    /// Looks at the headers of all envelopes that are said to need `key`, and corrects the index. `opener` knows the
    /// keys of hidden recipients.
    ///
    /// # Errors
    /// When the index cannot be read or written.
    pub fn recheck(&self, key: &KeyUri, opener: &Opener) -> Result<Recheck, FileError> {
        let mut needing = self.needing(key)?;
        let mut recheck = Recheck::default();
        let mut corrections = Vec::new();
        let seen = self.log.each(|line| {
            if needing.remove(line.path()) {
                recheck.look(line.path(), key, opener, &mut corrections);
            }
        });
        seen.at(self.log.path())?;
        self.append(&corrections, true)?;
        Ok(recheck)
    }

    /// Forgets the envelopes at or below `path`: they were deleted, or are somebody else's now. Returns how many.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn forget(&self, path: &Path) -> Result<u64, FileError> {
        let path = log::settled(path);
        let mut known = Seen::default();
        let mut forgotten = Vec::new();
        let read = self.log.each(|line| {
            if line.path().starts_with(&path) && known.insert(line.path()) {
                forgotten.push(line.path().to_owned());
            }
        });
        read.at(self.log.path())?;
        let lines: Vec<_> = forgotten.into_iter().map(Line::forgotten).collect();
        self.append(&lines, true)?;
        Ok(lines.len() as u64)
    }

    /// Says durably that envelopes may soon need keys.
    pub(super) fn announce<'a>(&self, facts: impl Iterator<Item = &'a Fact>) -> Result<(), FileError> {
        let lines: Vec<_> = facts.map(Fact::needs).collect();
        self.append(&lines, true)?;
        failpoint::pass("index::needs_recorded").at(self.log.path())
    }

    /// Says what envelopes have. Until that is on disk, the index says that they need old and new keys.
    pub(super) fn settle(&self, facts: impl Iterator<Item = Fact>) -> Result<(), FileError> {
        let lines: Vec<_> = facts.map(Fact::has).collect();
        self.append(&lines, false)?;
        failpoint::pass("index::batch_settled").at(self.log.path())
    }

    fn append(&self, lines: &[Line], durable: bool) -> Result<(), FileError> {
        self.log.append(lines, durable).at(self.log.path())
    }

    /// Drops what later facts have made void, when that is more than half.
    pub(super) fn compact(&self) -> Result<(), FileError> {
        self.log.compact_when_large().at(self.log.path())?;
        failpoint::pass("index::compacted").at(self.log.path())
    }

    fn needing(&self, key: &KeyUri) -> Result<Seen, FileError> {
        let mut needing = Seen::default();
        let read = self.log.each(|line| match line {
            Line::Needs { path, keys } if names(keys, key) => {
                needing.insert(path);
            }
            Line::Has { path, keys } if names(keys, key) => {
                needing.insert(path);
            }
            Line::Has { path, .. } | Line::Forgotten { path } => {
                needing.remove(path);
            }
            Line::Needs { .. } => {}
        });
        read.at(self.log.path())?;
        Ok(needing)
    }
}

impl Recheck {
    fn look(&mut self, path: &Path, key: &KeyUri, opener: &Opener, corrections: &mut Vec<Line>) {
        let Ok(envelope) = read_header(path, caps::RECIPIENTS_HARD) else {
            self.missing.push(path.to_owned());
            return;
        };
        let line = Fact::new(path, &opener.needed_keys(&envelope.header)).has();
        if matches!(&line, Line::Has { keys, .. } if names(keys, key)) {
            self.needed += 1;
        } else {
            self.corrected += 1;
            corrections.push(line);
        }
    }
}

/// Whether one of `keys` is `wanted`. A version that the envelope does not tell, or that `wanted` does not, may be
/// the one; some providers return a whole resource name that ends with it.
fn names(keys: &[KeyVersion], wanted: &KeyUri) -> bool {
    let uri = wanted.without_version().to_string();
    let version = wanted.version();
    keys.iter().filter(|key| key.uri == uri).any(|key| {
        let (Some(seen), Some(wanted)) = (&key.version, &version) else {
            return true;
        };
        let rest = seen.strip_suffix(wanted.as_ref());
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
    })
}

/// Makes sure that `home` stands.
pub(super) fn make_home(home: &Path) -> Result<(), FileError> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(home).at(home)
}

/// Lines of a write.
const LINES_AT_ONCE: usize = 1024;
const FILE_NAME: &str = "envelopes.jsonl";

#[cfg(test)]
mod tests;

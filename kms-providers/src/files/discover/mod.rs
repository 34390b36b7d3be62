//! Finding envelopes.

mod orphan;
mod pattern;
mod walk;

use std::io;
use std::path::{Path, PathBuf};

pub use orphan::{OrphanSearch, find_payload};
pub(super) use pattern::check_root;
pub(super) use walk::Walk;

use super::detect::{Layout, header_of, open_regular, own_layout, starts_payload};
use super::error::{At, FileError};
use super::journal;
use crate::durable::{stale_temporary, target_of};
use kms_core::caps;

/// How [`discover`] walks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DiscoverOptions {
    /// Whether symbolic links below the given paths are followed. Links that are given themselves always are.
    pub follow_links: bool,
    /// Whether the walk stays on the file systems of the given paths.
    pub one_file_system: bool,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Found {
    /// An envelope: attached, sidecar or ticket. Payloads with a sidecar are not listed; their sidecar is.
    Envelope {
        /// The file that holds the header.
        path: PathBuf,
        /// How it stands on disk.
        layout: Layout,
    },
    /// What a crash left.
    Leftover {
        /// The file.
        path: PathBuf,
        /// What it is.
        what: Leftover,
    },
}

/// What a crash, or a person, left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Leftover {
    /// The journal of a rewrap in place; [`super::recover`] of the envelope completes it.
    Journal {
        /// The envelope.
        of: PathBuf,
    },
    /// A temporary file of a dead process; [`super::recover`] of `of` removes it, or names it when it is the header
    /// of a payload that has none.
    Temporary {
        /// The file that it was to become.
        of: PathBuf,
    },
    /// A sidecar whose payload is missing or another's; [`find_payload`] looks for it.
    OrphanSidecar {
        /// Where the payload should be.
        payload: PathBuf,
    },
}

/// Walks envelopes; made by [`discover`].
pub struct Discover {
    walk: Walk,
}

/// Envelopes and leftovers below `patterns`: files, directories (walked to the bottom, in the order of their names)
/// or glob patterns (`*`, `?`, `[…]`, `**`). A path that exists is never taken for a pattern. Other files are skipped
/// after a look at their first bytes. An entry that cannot be read is reported, and the walk goes on.
///
/// Memory is bounded by the depth of the walk and 65 536 names a directory; larger directories come in the file
/// system's order.
pub fn discover<P: AsRef<Path>>(patterns: impl IntoIterator<Item = P>, options: &DiscoverOptions) -> Discover {
    Discover {
        walk: Walk::new(patterns, options),
    }
}

/// Walks regular files; made by [`regular_files`].
pub struct RegularFiles(Walk);

/// Every regular file below `patterns`, whatever it holds, by the rules of [`discover`].
pub fn regular_files<P: AsRef<Path>>(patterns: impl IntoIterator<Item = P>, options: &DiscoverOptions) -> RegularFiles {
    RegularFiles(Walk::new(patterns, options))
}

impl Iterator for RegularFiles {
    type Item = Result<PathBuf, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

impl Iterator for Discover {
    type Item = Result<Found, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let path = match self.walk.next()? {
                Ok(path) => path,
                Err(error) => return Some(Err(error)),
            };
            match classify(path) {
                Ok(None) => {}
                Ok(Some(found)) => return Some(Ok(found)),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// What the regular file at `path` is; `None` for what is none of ours.
pub(super) fn classify(path: PathBuf) -> Result<Option<Found>, FileError> {
    if let Some(of) = target_of(&path) {
        let is_dead = is_dead(&path).at(&path)?;
        return Ok(is_dead.then_some(Found::Leftover {
            path,
            what: Leftover::Temporary { of },
        }));
    }
    let file = match open_regular(&path) {
        // Files come and go below a walk.
        Err(error) if error.is_not_found() => return Ok(None),
        file => file?,
    };
    if let Some(of) = journal::file_of(&path).filter(|_| journal::is_journal(&file)) {
        return Ok(Some(Found::Leftover {
            path,
            what: Leftover::Journal { of },
        }));
    }
    let layout = own_layout(&file, &path)?;
    if let Layout::Sidecar { of: payload } = &layout {
        let header = header_of(&file, &layout, caps::RECIPIENTS_HARD).at(&path)?;
        if starts_payload(payload, &header).at(payload)? != Some(true) {
            let payload = payload.clone();
            return Ok(Some(Found::Leftover {
                path,
                what: Leftover::OrphanSidecar { payload },
            }));
        }
    }
    Ok((layout != Layout::NotKs1).then_some(Found::Envelope { path, layout }))
}

/// Whether nobody writes the temporary file any more.
fn is_dead(temporary: &Path) -> io::Result<bool> {
    match stale_temporary(temporary) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
        stale => Ok(stale?.is_some()),
    }
}

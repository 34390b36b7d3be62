//! Finding envelopes.

use std::path::{Path, PathBuf};

use kms_core::Header;

use super::detect::Layout;
use super::error::FileError;

/// How [`discover`] walks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
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
pub struct Discover {}

/// Envelopes and leftovers below `patterns`: files, directories (walked to the bottom, in the order of their names)
/// or glob patterns (`*`, `?`, `[…]`, `**`). A path that exists is never taken for a pattern. Other files are skipped
/// after a look at their first bytes. An entry that cannot be read is reported, and the walk goes on.
///
/// Memory is bounded by the depth of the walk and 65 536 names a directory; larger directories come in the file
/// system's order.
pub fn discover<P: AsRef<Path>>(patterns: impl IntoIterator<Item = P>, options: &DiscoverOptions) -> Discover {
    let _ = (patterns.into_iter().count(), options);
    todo!()
}

impl Iterator for Discover {
    type Item = Result<Found, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        todo!()
    }
}

/// Looks for the payload of `header` among the files below `paths`: by its first 24 bytes, which name the header.
pub fn find_payload<P: AsRef<Path>>(header: &Header, paths: impl IntoIterator<Item = P>) -> OrphanSearch {
    let _ = (header, paths.into_iter().count());
    todo!()
}

/// Files that start as a payload of the header does; made by [`find_payload`].
pub struct OrphanSearch {}

impl Iterator for OrphanSearch {
    type Item = Result<PathBuf, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        todo!()
    }
}

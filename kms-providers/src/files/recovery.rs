//! What a crash left behind.

use std::path::Path;

use super::error::FileError;

/// What [`recover`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Recovery {
    /// A header that was half written, or not at all, was written from its journal.
    pub completed: bool,
    /// Leftover files that were removed: journals whose work was done, temporary files of dead processes.
    pub removed: usize,
    /// A sidecar that had not got its name yet was put beside its payload.
    pub sidecar_named: bool,
}

/// Brings the envelope at `path` out of the state that a crash left: `FILE.ksj` is carried out or removed, a sidecar
/// that was not renamed yet gets its name, temporary files of dead processes go. Without leftovers it does nothing.
/// Every rewrap begins with it; it can be called at any time, also while other processes work on the file.
///
/// # Errors
/// [`super::FileFault::StaleJournal`] when the journal is damaged or of another file: nothing is changed then;
/// [`super::FileFault::Locked`] when another process works on the file.
pub fn recover(path: &Path) -> Result<Recovery, FileError> {
    let _ = path;
    todo!()
}

//! A file as it was when work on it began.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What tells one state of a file from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pin {
    device: u64,
    inode: u64,
    pub(super) length: u64,
    modified: (i64, i64),
    pub(super) links: u64,
}

impl Pin {
    pub(super) fn of(file: &File) -> io::Result<Self> {
        Ok(Self::from(&file.metadata()?))
    }

    /// Whether both are the same file, in whatever state.
    pub(super) fn is_file_of(&self, other: &Self) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }

    /// Whether `path` names the same file in the same state.
    pub(super) fn holds_at(&self, path: &Path) -> io::Result<bool> {
        Ok(Self::from(&std::fs::symlink_metadata(path)?) == *self)
    }
}

impl From<&Metadata> for Pin {
    fn from(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            links: metadata.nlink(),
        }
    }
}

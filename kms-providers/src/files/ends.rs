//! Where bytes come from and go to.

use std::io::{Read, Write};
use std::path::Path;

use crate::durable::Flush;

/// Hears the plaintext bytes that are done so far, after each batch.
pub type Progress<'a> = &'a (dyn Fn(u64) + Sync);

/// Where bytes come from.
pub enum Input<'a> {
    /// A file; pipes and devices are read as streams.
    File(&'a Path),
    /// A stream, standard input for instance. It is read to its end.
    Stream(&'a mut (dyn Read + Send)),
}

/// Where bytes go to.
pub enum Output<'a> {
    /// A file, which gets its name only when it is complete.
    File(&'a Path),
    /// A stream, standard output for instance. It is flushed, and a failure can come after bytes were written.
    Stream(&'a mut (dyn Write + Send)),
}

/// When files must be on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Syncing {
    /// Before success is reported: survives power loss.
    #[default]
    Durable,
    /// When the system writes them out: survives the death of the process, not of the machine.
    Lazy,
}

impl Syncing {
    pub(super) fn flush(self) -> Flush {
        match self {
            Self::Durable => Flush::Now,
            Self::Lazy => Flush::Later,
        }
    }
}

impl<'a> From<&'a Path> for Input<'a> {
    fn from(path: &'a Path) -> Self {
        Self::File(path)
    }
}

impl<'a> From<&'a Path> for Output<'a> {
    fn from(path: &'a Path) -> Self {
        Self::File(path)
    }
}

//! What is read: a file in the state in which it was opened, or a stream.

use std::fs::{self, File};
use std::io::Read;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use kms_core::CallerFault;
use kms_core::payload::{SEALED_CHUNK, StreamOptions};

use super::ends::Input;
use super::error::{At, FileError, FileFault};
use super::pin::Pin;

/// An input that is open.
pub(super) enum Source<'a> {
    File { file: File, path: PathBuf, pin: Pin },
    Pipe { file: File, path: PathBuf },
    Stream(&'a mut (dyn Read + Send)),
}

impl<'a> Source<'a> {
    pub(super) fn open(input: Input<'a>) -> Result<Self, FileError> {
        let path = match input {
            Input::Stream(stream) => return Ok(Self::Stream(stream)),
            Input::File(path) => path,
        };
        if fs::metadata(path).at(path)?.is_dir() {
            return Err(FileFault::Directory).at(path);
        }
        let file = File::open(path).at(path)?;
        let metadata = file.metadata().at(path)?;
        let path = path.to_owned();
        Ok(if metadata.is_file() {
            let pin = Pin::from(&metadata);
            Self::File { file, path, pin }
        } else {
            Self::Pipe { file, path }
        })
    }

    pub(super) fn pin(&self) -> Option<&Pin> {
        match self {
            Self::File { pin, .. } => Some(pin),
            _ => None,
        }
    }

    pub(super) fn reader(&mut self) -> Box<dyn Read + Send + '_> {
        match self {
            Self::File { file, .. } | Self::Pipe { file, .. } => Box::new(&*file),
            Self::Stream(stream) => Box::new(stream),
        }
    }

    /// Whether the file is in the state in which it was opened; a stream always is.
    pub(super) fn is_unchanged(&self) -> Result<bool, FileError> {
        match self {
            Self::File { file, path, pin } => Ok(Pin::of(file).at(path)? == *pin),
            _ => Ok(true),
        }
    }

    /// Puts this source's name to a failure.
    pub(super) fn name<T, E: Into<FileFault>>(&self, outcome: Result<T, E>) -> Result<T, FileError> {
        match self {
            Self::File { path, .. } | Self::Pipe { path, .. } => outcome.at(path),
            Self::Stream(_) => outcome.map_err(FileError::stream),
        }
    }

    pub(super) fn changed<T>(&self) -> Result<T, FileError> {
        self.name(Err(CallerFault::ChangedMeanwhile))
    }
}

/// `options` for `length` bytes, where that is known: small files need neither threads nor large buffers, whose wiping
/// would cost more than the work.
pub(super) fn fitted(options: &StreamOptions, length: Option<u64>) -> StreamOptions {
    let Some(length) = length.and_then(|length| usize::try_from(length).ok()) else {
        return options.clone();
    };
    let threads = NonZeroUsize::new(length.div_ceil(A_THREADS_WORK)).unwrap_or(NonZeroUsize::MIN);
    let buffer = 2 * (length + SEALED_CHUNK).next_multiple_of(SEALED_CHUNK);
    StreamOptions {
        threads: options.threads.min(threads),
        buffer: options.buffer.min(buffer),
        ..options.clone()
    }
}

/// About what a thread costs to start.
const A_THREADS_WORK: usize = 512 << 10;

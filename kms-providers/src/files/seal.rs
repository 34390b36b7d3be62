//! Sealing files and streams.

use kms_core::payload::StreamOptions;
use kms_core::{DataKey, Labels, Reserve, Sealer};

use super::ends::{Input, Output, Progress, Syncing};
use super::error::FileError;

/// Whence the data key: a new one for this file, or one for many.
#[derive(Clone, Copy)]
pub enum SealWith<'a> {
    /// A data key of its own.
    Sealer(&'a Sealer),
    /// A shared data key; no provider is called.
    DataKey(&'a DataKey),
}

/// How [`seal_file`] works.
#[derive(Clone, Default)]
pub struct SealOptions<'a> {
    /// Payload to OUT, header to `OUT.ksh`; a file output is needed.
    pub detached: bool,
    /// Whether an existing output is replaced, keeping its mode and owner.
    pub overwrite: bool,
    /// Facts about the message.
    pub labels: Labels,
    /// Room in the header for later rewraps.
    pub reserve: Reserve,
    /// Threads, memory and maximum length.
    pub stream: StreamOptions,
    /// When the output must be on disk.
    pub syncing: Syncing,
    /// Hears of plaintext bytes done.
    pub progress: Option<Progress<'a>>,
}

/// A file or stream that was sealed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SealedFile {
    /// Bytes of plaintext.
    pub plaintext_len: u64,
    /// The header as written.
    pub header: kms_core::Header,
}

/// Seals `input` to `output`. An output file appears under its name only when it is complete; a detached payload
/// appears before its header.
///
/// # Errors
/// [`super::FileFault`]; nothing is left under the output's name that was not there before.
pub fn seal_file<'a>(
    with: impl Into<SealWith<'a>>,
    input: Input<'_>,
    output: Output<'_>,
    options: &SealOptions<'_>,
) -> Result<SealedFile, FileError> {
    let _ = (with.into(), input, output, options);
    todo!()
}

impl<'a> From<&'a Sealer> for SealWith<'a> {
    fn from(sealer: &'a Sealer) -> Self {
        Self::Sealer(sealer)
    }
}

impl<'a> From<&'a DataKey> for SealWith<'a> {
    fn from(key: &'a DataKey) -> Self {
        Self::DataKey(key)
    }
}

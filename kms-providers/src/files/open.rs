//! Opening files and streams.

use std::path::Path;

use kms_core::payload::StreamOptions;
use kms_core::{Header, Opener};

use super::ends::{Input, Output, Progress, Syncing};
use super::error::FileError;

/// Where the header stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SidecarAt<'a> {
    /// Before the payload; for a file that does not start with a header, in `FILE.ksh`.
    #[default]
    Detect,
    /// Before the payload.
    Attached,
    /// In this file.
    File(&'a Path),
}

/// How [`open_file`] works.
#[derive(Clone, Default)]
pub struct OpenOptions<'a> {
    /// Where the header stands.
    pub sidecar: SidecarAt<'a>,
    /// Whether an existing output is replaced, keeping its mode and owner.
    pub overwrite: bool,
    /// Threads, memory and maximum length.
    pub stream: StreamOptions,
    /// When the output must be on disk.
    pub syncing: Syncing,
    /// Hears of plaintext bytes done.
    pub progress: Option<Progress<'a>>,
}

/// A file or stream that was opened.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OpenedFile {
    /// Bytes of plaintext.
    pub plaintext_len: u64,
    /// The header that opened, authenticated.
    pub header: Header,
    /// The keys whose providers answered.
    pub opened_by: Vec<String>,
}

/// Opens `input` to `output`. An output file appears under its name only when all of it was authenticated; until
/// then it is readable by its owner alone under a temporary name.
///
/// A stream output gets authentic bytes as they come: on an error, what was written is the beginning of the message.
///
/// # Errors
/// [`super::FileFault`]; nothing is left under the output's name that was not there before.
pub fn open_file(
    opener: &Opener,
    input: Input<'_>,
    output: Output<'_>,
    options: &OpenOptions<'_>,
) -> Result<OpenedFile, FileError> {
    let _ = (opener, input, output, options);
    todo!()
}

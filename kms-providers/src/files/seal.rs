//! Sealing files and streams.

use std::io::Write;
use std::path::Path;

use kms_core::payload::{StreamOptions, seal_stream};
use kms_core::{DataKey, Header, KekError, Labels, Message, MessageOptions, Reserve, Sealer, caps};

use super::destination::{Destination, Pending};
use super::detect::sidecar_of;
use super::drive::block_on;
use super::ends::{Input, Output, Progress, Syncing};
use super::error::{At, FileError, FileFault};
use super::source::{Source, fitted};
use crate::durable::{Flush, Sites, failpoint};

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
    pub header: Header,
    /// Recipients that are not in it, each with what kept its provider from wrapping ([`Sealer::any_of`]).
    pub missing: Vec<KekError>,
}

/// Seals `input` to `output`. An output file appears under its name only when it is complete; a detached payload
/// appears before its header.
///
/// # Errors
/// [`FileFault`]; nothing is left under the output's name that was not there before, save that a failure between the
/// two renames of a detached pair leaves the new payload and, for [`super::recover`], its header.
pub fn seal_file<'a>(
    with: impl Into<SealWith<'a>>,
    input: Input<'_>,
    output: Output<'_>,
    options: &SealOptions<'_>,
) -> Result<SealedFile, FileError> {
    let with = with.into();
    let source = Source::open(input)?;
    match output {
        Output::Stream(_) if options.detached => Err(FileError::stream(FileFault::SidecarName)),
        Output::Stream(stream) => Job { with, source, options }.into_stream(stream),
        Output::File(path) if options.detached => Job { with, source, options }.into_pair(path),
        Output::File(path) => Job { with, source, options }.into_file(path),
    }
}

struct Job<'j, 's> {
    with: SealWith<'j>,
    source: Source<'s>,
    options: &'j SealOptions<'j>,
}

impl Job<'_, '_> {
    fn into_stream(mut self, stream: &mut (dyn Write + Send)) -> Result<SealedFile, FileError> {
        let message = self.message()?;
        stream.write_all(message.header()).map_err(FileError::stream)?;
        let plaintext_len = self.payload(&message, &mut *stream)?;
        stream.flush().map_err(FileError::stream)?;
        sealed(&message, plaintext_len)
    }

    fn into_file(mut self, path: &Path) -> Result<SealedFile, FileError> {
        let destination = Destination::new(path, self.options.overwrite, &self.source)?;
        let message = self.message()?;
        let pending = destination.begin(false, &Sites::SEALED)?;
        let mut file = pending.file();
        file.write_all(message.header()).at(pending.path())?;
        let plaintext_len = self.payload(&message, file)?;
        pending.finish(self.flush(), &Sites::SEALED)?;
        sealed(&message, plaintext_len)
    }

    fn into_pair(mut self, path: &Path) -> Result<SealedFile, FileError> {
        let payload = Destination::new(path, self.options.overwrite, &self.source)?;
        let sidecar = Destination::new(&sidecar_of(path), self.options.overwrite, &self.source)?;
        let message = self.message()?;
        let payload = payload.begin(false, &Sites::SEALED)?;
        let sidecar = sidecar.begin(false, &Sites::SIDECAR)?;
        let plaintext_len = self.payload(&message, payload.file())?;
        sidecar.file().write_all(message.header()).at(sidecar.path())?;
        finish_pair(&payload, sidecar, self.flush())?;
        sealed(&message, plaintext_len)
    }

    fn message(&self) -> Result<Message, FileError> {
        let options = MessageOptions {
            labels: self.options.labels.clone(),
            plaintext_len: self.source.pin().map(|pin| pin.length),
            reserve: self.options.reserve,
            detached: self.options.detached,
        };
        let message = match self.with {
            SealWith::Sealer(sealer) => block_on(sealer.begin(options)),
            SealWith::DataKey(key) => key.begin(options),
        };
        self.source.name(message)
    }

    /// Writes the payload; a file that changed while it was read is an error.
    fn payload(&mut self, message: &Message, out: impl Write + Send) -> Result<u64, FileError> {
        let keys = message.keys().payload();
        let keys = self.source.name(keys)?;
        let progress = |done| self.options.progress.iter().for_each(|hear| hear(done));
        let stream = fitted(&self.options.stream, self.source.pin().map(|pin| pin.length));
        let length = seal_stream(&keys, self.source.reader(), out, &stream, progress);
        let length = self.source.name(length)?;
        let expected = self.source.pin().is_none_or(|pin| pin.length == length);
        if expected && self.source.is_unchanged()? {
            Ok(length)
        } else {
            self.source.changed()
        }
    }

    fn flush(&self) -> Flush {
        self.options.syncing.flush()
    }
}

/// Payload first: a header never names a payload that is not there. Until the header has its name too, it waits on
/// disk under its temporary one, where recovery finds it.
fn finish_pair(payload: &Pending, sidecar: Pending, flush: Flush) -> Result<(), FileError> {
    payload.complete(&Sites::SEALED)?;
    sidecar.complete(&Sites::SIDECAR)?;
    flush.files([payload.file(), sidecar.file()]).at(payload.path())?;
    payload.place(&Sites::SEALED)?;
    let named = flush
        .folders([payload.path()])
        .and_then(|()| failpoint::pass(Sites::SEALED.after_dir_sync))
        .at(payload.path())
        .and_then(|()| sidecar.place(&Sites::SIDECAR));
    if let Err(error) = named {
        give_up_pair(payload, sidecar);
        return Err(error);
    }
    flush.folders([sidecar.path()]).at(sidecar.path())?;
    failpoint::pass(Sites::SIDECAR.after_dir_sync).at(sidecar.path())
}

/// A new payload without its header goes again. Where it took another's place, that one is gone, so both stay.
fn give_up_pair(payload: &Pending, sidecar: Pending) {
    if payload.takes_a_place() {
        sidecar.leave_for_recovery();
    } else {
        // A payload that cannot be removed is an orphan, which the search finds.
        let _ = std::fs::remove_file(payload.path());
    }
}

fn sealed(message: &Message, plaintext_len: u64) -> Result<SealedFile, FileError> {
    let header = Header::parse_prefix(message.header(), caps::RECIPIENTS_HARD).map_err(FileError::stream)?;
    Ok(SealedFile {
        plaintext_len,
        header,
        missing: message.missing().to_vec(),
    })
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

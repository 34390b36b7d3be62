//! Opening files and streams.

use std::borrow::Cow;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use kms_core::payload::{PayloadKeys, StreamOptions, open_stream};
use kms_core::{Error, FormatFault, Header, Opened, Opener, Prelude};

use super::destination::Destination;
use super::detect::{Layout, header_bytes, header_of_stream, open_regular, own_layout, read_start, sidecar_of};
use super::drive::block_on;
use super::ends::{Input, Output, Progress, Syncing};
use super::error::{At, FileError, FileFault};
use super::journal::{Journal, journal_of};
use super::pin::Pin;
use super::source::{Source, fitted};
use crate::durable::Sites;

/// Where the header stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
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
/// then it is readable by its owner alone under a temporary name. The input is not changed, nor locked: while it is
/// being rewrapped in place, or was left half rewrapped, its journal's header serves.
///
/// A stream output gets authentic bytes as they come: on an error, what was written is the beginning of the message.
///
/// # Errors
/// [`FileFault`]; nothing is left under the output's name that was not there before.
pub fn open_file(
    opener: &Opener,
    input: Input<'_>,
    output: Output<'_>,
    options: &OpenOptions<'_>,
) -> Result<OpenedFile, FileError> {
    let named;
    let input = match input {
        Input::File(path) => {
            named = payload_named(path, options)?;
            Input::File(&named)
        }
        Input::Stream(stream) => Input::Stream(stream),
    };
    let mut source = Source::open(input)?;
    match output {
        Output::Stream(stream) => {
            let opened = header(opener, &mut source, options)?;
            let plaintext_len = payload(&opened, &mut source, &mut *stream, options)?;
            stream.flush().map_err(FileError::stream)?;
            Ok(report(&opened, plaintext_len))
        }
        Output::File(path) => {
            let destination = Destination::new(path, options.overwrite, &source)?;
            let opened = header(opener, &mut source, options)?;
            let pending = destination.begin(true, &Sites::OPENED)?;
            let plaintext_len = payload(&opened, &mut source, pending.file(), options)?;
            pending.finish(options.syncing.flush(), &Sites::OPENED)?;
            Ok(report(&opened, plaintext_len))
        }
    }
}

/// Who names the sidecar means the payload.
fn payload_named<'p>(path: &'p Path, options: &OpenOptions<'_>) -> Result<Cow<'p, Path>, FileError> {
    if options.sidecar != SidecarAt::Detect || !path.is_file() {
        return Ok(Cow::Borrowed(path));
    }
    match own_layout(&open_regular(path)?, path)? {
        Layout::Sidecar { of } if of.is_file() => Ok(Cow::Owned(of)),
        Layout::Sidecar { .. } => Err(FileFault::NoPayload).at(path),
        Layout::Ticket => Err(FormatFault::WrongKind).at(path),
        _ => Ok(Cow::Borrowed(path)),
    }
}

/// Opens the header and leaves the source at the start of its payload.
fn header(opener: &Opener, source: &mut Source<'_>, options: &OpenOptions<'_>) -> Result<Opened, FileError> {
    if let SidecarAt::File(path) = options.sidecar {
        return sidecar(opener, path);
    }
    if let Source::File { file, path, .. } = source {
        let layout = own_layout(file, path)?;
        if options.sidecar == SidecarAt::Detect && layout == Layout::NotKs1 {
            let beside = sidecar_of(path);
            return if beside.exists() {
                sidecar(opener, &beside)
            } else {
                Err(FileFault::NoHeader).at(path)
            };
        }
        let opened = HeaderOnDisk {
            path,
            file,
            layout: &Layout::Attached { header_len: 0 },
        }
        .open(opener)?;
        file.seek(SeekFrom::Start(opened.header().len() as u64)).at(path)?;
        return Ok(opened);
    }
    let header = header_of_stream(&mut source.reader(), opener.max_recipients());
    let opened = header.and_then(|header| Ok(block_on(opener.open_header(header))?));
    source.name(opened)
}

fn sidecar(opener: &Opener, path: &Path) -> Result<Opened, FileError> {
    let file = open_regular(path)?;
    let layout = Layout::Sidecar { of: PathBuf::new() };
    HeaderOnDisk {
        path,
        file: &file,
        layout: &layout,
    }
    .open(opener)
}

/// Opens the payload, which the source stands at.
fn payload(
    opened: &Opened,
    source: &mut Source<'_>,
    out: impl Write + Send,
    options: &OpenOptions<'_>,
) -> Result<u64, FileError> {
    let keys: PayloadKeys = source.name(opened.keys().payload())?;
    let progress = |done| options.progress.iter().for_each(|hear| hear(done));
    let stream = fitted(&options.stream, source.pin().map(|pin| pin.length));
    let length = open_stream(&keys, source.reader(), out, &stream, progress);
    match (length, &*source) {
        // A rewrap in place meanwhile changes the time; what was opened is authentic, and its length is pinned.
        (Ok(length), Source::File { file, path, pin }) => {
            let same_length = Pin::of(file).at(path)?.length == pin.length;
            if same_length { Ok(length) } else { source.changed() }
        }
        (Err(Error::DoesNotOpen), _) if !source.is_unchanged()? => source.changed(),
        (length, _) => source.name(length),
    }
}

fn report(opened: &Opened, plaintext_len: u64) -> OpenedFile {
    OpenedFile {
        plaintext_len,
        header: opened.header().clone(),
        opened_by: opened.opened_by().to_vec(),
    }
}

/// A header in a file that may be being rewrapped in place.
struct HeaderOnDisk<'h> {
    path: &'h Path,
    file: &'h File,
    layout: &'h Layout,
}

impl HeaderOnDisk<'_> {
    fn open(&self, opener: &Opener) -> Result<Opened, FileError> {
        self.read_and_open(opener).at(self.path)
    }

    /// Tries again only what may be torn: where a journal stands, or where the bytes have changed since.
    fn read_and_open(&self, opener: &Opener) -> Result<Opened, FileFault> {
        let mut seen = self.read()?;
        let mut outcome = attempt(opener, &seen, self.layout);
        for pause in PAUSES {
            if outcome.is_ok() || (!self.has_journal() && self.read()? == seen) {
                return outcome;
            }
            thread::sleep(pause);
            let now = self.read()?;
            if now != seen {
                outcome = attempt(opener, &now, self.layout);
                seen = now;
            }
        }
        match (outcome, Journal::read(self.path)) {
            (Err(_), Ok(Some(journal))) if journal.is_of(&seen, self.file.metadata()?.len()) => {
                attempt(opener, &journal.header, self.layout)
            }
            (outcome, _) => outcome,
        }
    }

    /// The header's bytes, or the first ones of the file where even its lengths are torn.
    fn read(&self) -> Result<Vec<u8>, FileFault> {
        header_bytes(self.file, self.layout).or_else(|_| {
            let mut start = vec![0; Prelude::LEN];
            let length = read_start(self.file, &mut start)?;
            start.truncate(length);
            Ok(start)
        })
    }

    fn has_journal(&self) -> bool {
        journal_of(self.path).exists()
    }
}

fn attempt(opener: &Opener, bytes: &[u8], layout: &Layout) -> Result<Opened, FileFault> {
    let header = match layout {
        Layout::Attached { .. } => Header::parse_prefix(bytes, opener.max_recipients()),
        _ => Header::parse_detached(bytes, opener.max_recipients()),
    }?;
    Ok(block_on(opener.open_header(header))?)
}

/// How long the writing of a header may take before its journal is consulted.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(10),
    Duration::from_millis(50),
    Duration::from_millis(250),
];

//! What a path holds, reading at most the header.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use kms_core::payload::SALT_LEN;
use kms_core::{FormatFault, Header, Kind, Prelude};

use super::error::{At, FileError, FileFault};

/// How an envelope stands on disk (docs/format.md 2.5).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layout {
    /// Header and payload in one file.
    Attached {
        /// Bytes of the header; the payload starts there.
        header_len: u64,
    },
    /// A header alone; its payload stands in `of`, or did.
    Sidecar {
        /// The payload's file.
        of: PathBuf,
    },
    /// A ticket: a header whose records stand anywhere.
    Ticket,
    /// A file without a header of its own, but with one beside it.
    Payload {
        /// The header's file.
        sidecar: PathBuf,
    },
    /// No envelope.
    NotKs1,
}

/// A header and where it was found.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EnvelopeFile {
    /// The file that holds the header: for a payload with a sidecar, the sidecar.
    pub path: PathBuf,
    /// How that file's envelope stands on disk.
    pub layout: Layout,
    /// Its header. Nothing in it is authenticated.
    pub header: Header,
}

/// What `path` holds. Reads the first 32 bytes; of a file that is no envelope, also the 32 of a sidecar beside it.
///
/// # Errors
/// When the file cannot be read or is a directory; a damaged prelude behind a good magic number is a format error.
pub fn detect(path: &Path) -> Result<Layout, FileError> {
    let layout = own_layout(&open_regular(path)?, path)?;
    if layout != Layout::NotKs1 {
        return Ok(layout);
    }
    let sidecar = sidecar_of(path);
    match File::open(&sidecar) {
        Ok(file) if own_layout(&file, &sidecar)? != Layout::NotKs1 => Ok(Layout::Payload { sidecar }),
        _ => Ok(Layout::NotKs1),
    }
}

/// Reads and parses the header of the envelope at `path`: attached, sidecar, ticket, or the payload of a sidecar.
/// Needs no key.
///
/// # Errors
/// [`FileFault::NoHeader`]; format and limit errors; what the file system reports.
pub fn read_header(path: &Path, max_recipients: usize) -> Result<EnvelopeFile, FileError> {
    let path = header_file(path)?;
    let file = open_regular(&path)?;
    let layout = own_layout(&file, &path)?;
    let header = header_of(&file, &layout, max_recipients).at(&path)?;
    Ok(EnvelopeFile { path, layout, header })
}

/// The name of the sidecar of a payload: `FILE.ksh`.
#[must_use]
pub fn sidecar_of(payload: &Path) -> PathBuf {
    with_suffix(payload, SIDECAR)
}

/// The file that holds the header of the envelope at `path`.
pub(super) fn header_file(path: &Path) -> Result<PathBuf, FileError> {
    match detect(path)? {
        Layout::Payload { sidecar } => Ok(sidecar),
        Layout::NotKs1 => Err(FileFault::NoHeader).at(path),
        _ => Ok(path.to_owned()),
    }
}

/// What `file` is by its own first bytes; a payload is [`Layout::NotKs1`] here.
pub(super) fn own_layout(file: &File, path: &Path) -> Result<Layout, FileError> {
    let mut start = [0; Prelude::LEN];
    let length = read_start(file, &mut start).at(path)?;
    let prelude = match Prelude::parse(&start[..length]) {
        Ok(prelude) => prelude,
        Err(kms_core::Error::Format(FormatFault::NotKs1 | FormatFault::Empty)) => return Ok(Layout::NotKs1),
        // Shorter than a prelude, a file is an envelope only if it says so to the last byte of the magic number.
        Err(kms_core::Error::Format(FormatFault::Truncated)) if length < MAGIC_LEN => return Ok(Layout::NotKs1),
        // A text that starts with "KS1" is no envelope; one that lost a bit or a line end still has these bytes.
        Err(kms_core::Error::Format(FormatFault::Mangled)) if !matches!(start[0], 0x89 | 0x09) => {
            return Ok(Layout::NotKs1);
        }
        Err(error) => return Err(error).at(path),
    };
    let size = file.metadata().at(path)?.len();
    let header_len = prelude.header_len() as u64;
    Ok(match prelude.kind() {
        Kind::Ticket => Layout::Ticket,
        _ if size > header_len => Layout::Attached { header_len },
        _ => match payload_of(path) {
            Some(of) => Layout::Sidecar { of },
            None => Layout::Attached { header_len },
        },
    })
}

/// Reads and parses the header at the start of `file`.
pub(super) fn header_of(file: &File, layout: &Layout, max_recipients: usize) -> Result<Header, FileFault> {
    let bytes = header_bytes(file, layout)?;
    Ok(match layout {
        Layout::Attached { .. } => Header::parse_prefix(&bytes, max_recipients)?,
        _ => Header::parse_detached(&bytes, max_recipients)?,
    })
}

/// The bytes of the header at the start of `file`; where nothing may follow it, one more if there is one.
pub(super) fn header_bytes(file: &File, layout: &Layout) -> Result<Vec<u8>, FileFault> {
    let mut bytes = vec![0; FIRST_READ];
    let length = read_start(file, &mut bytes)?;
    bytes.truncate(length);
    let header_len = Prelude::parse(&bytes)?.header_len();
    let wanted = match layout {
        Layout::Attached { .. } => header_len,
        _ => header_len + 1,
    };
    if wanted > FIRST_READ && length == FIRST_READ {
        // The caps hold this to 1 MiB.
        bytes.resize(wanted, 0);
        let length = read_start(file, &mut bytes)?;
        bytes.truncate(length);
    } else {
        bytes.truncate(wanted);
    }
    Ok(bytes)
}

/// Reads and parses the header at the start of a stream, and no byte more.
pub(super) fn header_of_stream(stream: &mut impl Read, max_recipients: usize) -> Result<Header, FileFault> {
    let mut bytes = vec![0; Prelude::LEN];
    let length = read_up_to(stream, &mut bytes)?;
    let header_len = Prelude::parse(&bytes[..length])?.header_len();
    bytes.resize(header_len, 0);
    let rest = read_up_to(stream, &mut bytes[Prelude::LEN..])?;
    Ok(Header::parse_prefix(&bytes[..Prelude::LEN + rest], max_recipients)?)
}

/// The payload's file by the name of a sidecar.
pub(super) fn payload_of(sidecar: &Path) -> Option<PathBuf> {
    let name = sidecar.file_name()?.as_bytes().strip_suffix(SIDECAR.as_bytes())?;
    (!name.is_empty()).then(|| sidecar.with_file_name(std::ffi::OsStr::from_bytes(name)))
}

/// Whether the file at `path` starts as the payload of `header` does; `None` when there is no such file.
pub(super) fn starts_payload(path: &Path, header: &Header) -> io::Result<Option<bool>> {
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        file => {
            let mut salt = [0; SALT_LEN];
            let length = read_start(&file?, &mut salt)?;
            Ok(Some(
                header.immutable().message_id.starts_with(&salt) && length == SALT_LEN,
            ))
        }
    }
}

/// Opens a regular file for reading. Anything else is refused before it is opened: a pipe would block.
pub(super) fn open_regular(path: &Path) -> Result<File, FileError> {
    let metadata = fs::metadata(path).at(path)?;
    if metadata.is_dir() {
        return Err(FileFault::Directory).at(path);
    }
    if !metadata.is_file() {
        return Err(FileFault::NotRegular).at(path);
    }
    File::open(path).at(path)
}

pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Fills `buffer` from the start of `file`, as far as there are bytes.
pub(super) fn read_start(file: &File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn read_up_to(stream: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match stream.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

const SIDECAR: &str = ".ksh";
/// Most headers, and all that are padded once, are in one page.
const FIRST_READ: usize = 4096;
const MAGIC_LEN: usize = 8;

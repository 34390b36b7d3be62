//! Finding header and payload: attached, or apart with the header in `FILE.ksh`.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use kms_core::payload::{SALT_LEN, plaintext_len};
use kms_core::{Error, Header, Kind, Prelude, caps};
use kms_providers::files::{Layout as OnDisk, read_header};

use crate::failure::{Failure, Result};

/// A header as it was found, and what is seen of its payload without any key.
pub struct Sighting {
    /// The file that holds the header.
    pub path: PathBuf,
    /// Its form is sound; nothing in it is authenticated.
    pub header: Header,
    /// How header and payload stand to each other.
    pub layout: Layout,
    /// The payload; tickets have none.
    pub payload: Option<PayloadSighting>,
}

/// How header and payload stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// The payload follows the header.
    Attached,
    /// The header stands in a file of its own.
    Detached,
    /// There is no payload: the header keys records.
    Ticket,
}

/// A payload, seen from outside.
pub struct PayloadSighting {
    /// The file that holds it.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: u64,
    /// What can be said without a key.
    pub state: PayloadState,
}

/// What can be said of a payload without a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadState {
    /// It names this header, and its length is possible.
    Present,
    /// There is none.
    Missing,
    /// It names another header.
    Other,
    /// No payload has this length: it was cut or extended.
    Length,
}

impl Sighting {
    /// Looks at `path`: an envelope, a header, a ticket, or a payload with its header beside it.
    ///
    /// # Errors
    /// When the file cannot be read, or neither it nor its sidecar holds a sound header.
    pub fn of(path: &Path) -> Result<Self> {
        let file = read_header(path, caps::RECIPIENTS_HARD)?;
        let (layout, payload) = match &file.layout {
            OnDisk::Ticket => (Layout::Ticket, None),
            OnDisk::Sidecar { of } => (Layout::Detached, Some((of, 0))),
            _ => (Layout::Attached, Some((&file.path, file.header.len() as u64))),
        };
        let payload = payload.map(|(path, start)| {
            PayloadSighting::of(path, start, &file.header).map_err(|error| Failure::io(path, &error))
        });
        Ok(Self {
            layout,
            payload: payload.transpose()?,
            path: file.path,
            header: file.header,
        })
    }

    /// Looks at what `input` gives until its end.
    ///
    /// # Errors
    /// As [`Sighting::of`].
    pub fn of_stream(mut input: impl Read) -> Result<Self> {
        let path = Path::new("-");
        let header = header_of(&mut input).map_err(|error| Failure::from(error).at(path))?;
        let seen = (|| {
            let mut start = Vec::with_capacity(SALT_LEN);
            input.by_ref().take(SALT_LEN as u64).read_to_end(&mut start)?;
            Ok((start.len() as u64 + io::copy(&mut input, &mut io::sink())?, start))
        })();
        let (bytes, start) = seen.map_err(|error: io::Error| Failure::io(path, &error))?;
        let layout = match (header.domain().kind, bytes) {
            (Kind::Ticket, _) => Layout::Ticket,
            (_, 0) => Layout::Detached,
            _ => Layout::Attached,
        };
        let payload = (layout == Layout::Attached).then(|| PayloadSighting::new(path, &header, bytes, &start));
        Ok(Self {
            path: path.to_owned(),
            header,
            layout,
            payload,
        })
    }
}

impl PayloadSighting {
    /// The plaintext bytes that its length claims.
    #[must_use]
    pub fn plaintext_bytes(&self) -> Option<u64> {
        plaintext_len(self.bytes).ok()
    }

    /// The payload that begins at byte `start` of the file `path`.
    fn of(path: &Path, start: u64, header: &Header) -> io::Result<Self> {
        let mut file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::new(path, header, 0, &[])),
            file => file?,
        };
        let bytes = file.metadata()?.len().saturating_sub(start);
        file.seek(SeekFrom::Start(start))?;
        let mut salt = Vec::with_capacity(SALT_LEN);
        file.take(SALT_LEN as u64).read_to_end(&mut salt)?;
        Ok(Self::new(path, header, bytes, &salt))
    }

    fn new(path: &Path, header: &Header, bytes: u64, start: &[u8]) -> Self {
        let state = if bytes == 0 {
            PayloadState::Missing
        } else if header.check_payload_start(start).is_err() {
            PayloadState::Other
        } else if plaintext_len(bytes).is_err() {
            PayloadState::Length
        } else {
            PayloadState::Present
        };
        Self {
            path: path.to_owned(),
            bytes,
            state,
        }
    }
}

/// Reads a header from a stream, and not a byte more, however long it is.
fn header_of(input: &mut impl Read) -> Result<Header, Error> {
    let mut bytes = Vec::with_capacity(Prelude::LEN);
    input.take(Prelude::LEN as u64).read_to_end(&mut bytes)?;
    let rest = Prelude::parse(&bytes)?.header_len() - Prelude::LEN;
    input.take(rest as u64).read_to_end(&mut bytes)?;
    Header::parse_prefix(&bytes, caps::RECIPIENTS_HARD)
}

//! What is read, and what is to become of it.

use std::fs::File;
use std::io::Read;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use kms_core::payload::{OpenReader, SALT_LEN, StreamOptions, plaintext_len};
use kms_core::{Header, Labels, Opener, Sealer, Suite, caps};

use crate::files::campaign::{Sorted, sorted};
use crate::files::detect::{Layout, header_of, header_of_stream, open_regular, own_layout, read_start};
use crate::files::discover::classify;
use crate::files::drive::block_on;
use crate::files::error::{At, FileError, FileFault};
#[cfg(feature = "esdk")]
use crate::files::message::is_message;

#[cfg(feature = "esdk")]
use super::message::{FromMessage, NewMessage, ToMessage};

/// Which files are sealed anew.
pub(super) enum Source {
    /// Messages of the AWS Encryption SDK.
    #[cfg(feature = "esdk")]
    Messages(Box<FromMessage>),
    /// Envelopes, to become such messages.
    #[cfg(feature = "esdk")]
    ToMessages(Box<ToMessage>),
    /// Envelopes that are not in this suite.
    Suite(Suite),
}

/// An opened file: its plaintext, and what seals it.
pub(super) struct Opened<'f> {
    pub(super) plaintext: Box<dyn Read + Send + 'f>,
    /// Bytes of plaintext, where the file tells.
    pub(super) length: Option<u64>,
    pub(super) new: New,
}

/// What a file becomes.
pub(super) enum New {
    Envelope {
        sealer: Sealer,
        labels: Labels,
    },
    #[cfg(feature = "esdk")]
    Message(NewMessage),
}

impl Source {
    pub(super) fn sort(&self, path: PathBuf) -> Result<Option<Sorted>, FileError> {
        match self {
            #[cfg(feature = "esdk")]
            Self::Messages(_) => match classify(path.clone())?.map(sorted) {
                Some(Sorted::Recover(of)) => Ok(Some(Sorted::Recover(of))),
                Some(Sorted::Mine(_)) => Ok(None),
                None => match is_message(&path) {
                    Ok(true) => Ok(Some(Sorted::Mine(path))),
                    Ok(false) => Ok(None),
                    // Files come and go below a walk.
                    Err(error) if error.is_not_found() => Ok(None),
                    Err(error) => Err(error),
                },
            },
            _ => Ok(classify(path)?.map(sorted)),
        }
    }

    /// Whether the file, which was sorted as one of these, is to be sealed anew.
    pub(super) fn wants(&self, path: &Path) -> Result<bool, FileError> {
        let file = open_regular(path)?;
        Ok(self.current(&file, path)?.is_none())
    }

    /// The header of a file that is as wanted already.
    pub(super) fn current(&self, file: &File, path: &Path) -> Result<Option<Header>, FileError> {
        let layout = own_layout(file, path)?;
        let header = || header_of(file, &layout, caps::RECIPIENTS_HARD).at(path);
        match (self, &layout) {
            #[cfg(feature = "esdk")]
            (Self::Messages(_), Layout::NotKs1) => Ok(None),
            // Between the walk and the lock somebody else has migrated it.
            #[cfg(feature = "esdk")]
            (Self::Messages(_), _) => header().map(Some),
            (_, Layout::NotKs1) => Err(FileFault::NoHeader).at(path),
            (Self::Suite(suite), _) if header()?.domain().suite == *suite => header().map(Some),
            (_, Layout::Ticket) => Err(FileFault::Ticket).at(path),
            #[cfg(feature = "esdk")]
            (Self::ToMessages(_), Layout::Sidecar { .. }) => Err(FileFault::Detached).at(path),
            (_, Layout::Sidecar { of }) => payload_of(&header()?, of).at(path).map(|_| None),
            _ => Ok(None),
        }
    }

    /// Opens a file that stands at its start.
    pub(super) fn open<'f>(&self, mut file: &'f File, opener: &Opener) -> Result<Opened<'f>, FileFault> {
        #[cfg(feature = "esdk")]
        if let Self::Messages(messages) = self {
            return messages.open(file);
        }
        let size = file.metadata()?.len();
        let header = header_of_stream(&mut file, opener.max_recipients())?;
        let payload_len = size.saturating_sub(header.len() as u64);
        self.open_envelope(header, file, payload_len, opener)
    }

    /// Opens an envelope whose header stands in a file of its own.
    pub(super) fn open_pair<'f>(
        &self,
        header: &File,
        payload: &'f File,
        opener: &Opener,
    ) -> Result<Opened<'f>, FileFault> {
        let layout = Layout::Sidecar { of: PathBuf::new() };
        let header = header_of(header, &layout, opener.max_recipients())?;
        let payload_len = payload.metadata()?.len();
        self.open_envelope(header, payload, payload_len, opener)
    }

    fn open_envelope<'f>(
        &self,
        header: Header,
        payload: &'f File,
        payload_len: u64,
        opener: &Opener,
    ) -> Result<Opened<'f>, FileFault> {
        let opened = block_on(opener.open_header(header))?;
        let new = match self {
            Self::Suite(suite) => New::Envelope {
                sealer: block_on(opener.sealer_like(opened.header()))?.suite(*suite),
                labels: opened.header().immutable().labels.clone(),
            },
            #[cfg(feature = "esdk")]
            Self::ToMessages(messages) => New::Message(messages.of(&opened, opener)?),
            #[cfg(feature = "esdk")]
            Self::Messages(_) => return Err(FileFault::NoHeader),
        };
        let keys = opened.keys().payload()?;
        Ok(Opened {
            plaintext: Box::new(OpenReader::new(keys, payload)?),
            length: plaintext_len(payload_len).ok(),
            new,
        })
    }
}

/// The payload of a detached header, which is to be beside it and its own: no two messages are mixed.
fn payload_of(header: &Header, path: &Path) -> Result<File, FileFault> {
    let file = match File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(FileFault::NoPayload),
        file => file?,
    };
    let mut start = [0; SALT_LEN];
    if read_start(&file, &mut start)? == SALT_LEN {
        header.check_payload_start(&start)?;
    }
    Ok(file)
}

/// The run works on several files at once, so one worker a file.
pub(super) fn stream() -> StreamOptions {
    StreamOptions {
        threads: NonZeroUsize::MIN,
        buffer: 1 << 20,
        ..StreamOptions::default()
    }
}

//! What is read, and what is to become of it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use kms_core::payload::{OpenReader, plaintext_len};
use kms_core::{Header, Labels, Opener, Sealer, Suite};

use crate::files::campaign::{Sorted, sorted};
use crate::files::detect::{Layout, header_of, header_of_stream, open_regular, own_layout};
use crate::files::discover::classify;
use crate::files::drive::block_on;
use crate::files::error::{At, FileError, FileFault};
#[cfg(feature = "esdk")]
use crate::files::message::is_message;

/// Which files are sealed anew.
pub(super) enum Source {
    /// Messages of the AWS Encryption SDK.
    #[cfg(feature = "esdk")]
    Esdk(Box<Esdk>),
    /// Envelopes that are not in this suite.
    Suite(Suite),
}

#[cfg(feature = "esdk")]
pub(super) struct Esdk {
    pub(super) opener: kms_core::esdk::Opener,
    pub(super) sealer: Sealer,
    /// Names of pairs that every envelope has to bind.
    pub(super) bound: Vec<String>,
}

/// An opened file: its plaintext, and what seals it.
pub(super) struct Opened<'f> {
    pub(super) plaintext: Box<dyn Read + Send + 'f>,
    /// Bytes of plaintext, where the file tells.
    pub(super) length: Option<u64>,
    pub(super) sealer: Sealer,
    pub(super) labels: Labels,
}

impl Source {
    pub(super) fn sort(&self, path: PathBuf) -> Result<Option<Sorted>, FileError> {
        match self {
            Self::Suite(_) => Ok(classify(path)?.map(sorted)),
            #[cfg(feature = "esdk")]
            Self::Esdk(_) => match classify(path.clone())?.map(sorted) {
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
        match (self, layout) {
            #[cfg(feature = "esdk")]
            (Self::Esdk(_), Layout::NotKs1) => Ok(None),
            // Between the walk and the lock somebody else has migrated it.
            #[cfg(feature = "esdk")]
            (Self::Esdk(_), layout) => header_of(file, &layout, kms_core::caps::RECIPIENTS_HARD)
                .at(path)
                .map(Some),
            (Self::Suite(_), Layout::NotKs1) => Err(FileFault::NoHeader).at(path),
            (Self::Suite(suite), layout) => {
                let header = header_of(file, &layout, kms_core::caps::RECIPIENTS_HARD).at(path)?;
                if header.domain().suite == *suite {
                    return Ok(Some(header));
                }
                match layout {
                    Layout::Attached { .. } => Ok(None),
                    Layout::Ticket => Err(FileFault::Ticket).at(path),
                    _ => Err(FileFault::Detached).at(path),
                }
            }
        }
    }

    /// Opens a file that stands at its start.
    pub(super) fn open<'f>(&self, file: &'f File, opener: &Opener) -> Result<Opened<'f>, FileFault> {
        match self {
            #[cfg(feature = "esdk")]
            Self::Esdk(esdk) => esdk.open(file),
            Self::Suite(suite) => open_envelope(file, opener, *suite),
        }
    }
}

fn open_envelope<'f>(mut file: &'f File, opener: &Opener, suite: Suite) -> Result<Opened<'f>, FileFault> {
    let size = file.metadata()?.len();
    let header = header_of_stream(&mut file, opener.max_recipients())?;
    let payload_len = size.saturating_sub(header.len() as u64);
    let opened = block_on(opener.open_header(header))?;
    let sealer = block_on(opener.sealer_like(opened.header()))?.suite(suite);
    let keys = opened.keys().payload()?;
    Ok(Opened {
        plaintext: Box::new(OpenReader::new(keys, file)?),
        length: plaintext_len(payload_len).ok(),
        sealer,
        labels: opened.header().immutable().labels.clone(),
    })
}

#[cfg(feature = "esdk")]
impl Esdk {
    fn open<'f>(&self, file: &'f File) -> Result<Opened<'f>, FileFault> {
        let reader = block_on(self.opener.begin(file))?;
        // What the message stores, and what it required without storing it.
        let stored = reader.header().context().own_pairs();
        let missing: Vec<_> = self.opener.unstored(reader.header()).collect();
        let pairs = stored.chain(missing.iter().copied());
        let context = kms_core::EncryptionContext::from_pairs(pairs).map_err(of_message)?;
        if self.bound.iter().any(|name| context.value(name).is_none()) {
            return Err(kms_core::Error::from(kms_core::PolicyFault::ContextMismatch).into());
        }
        let sealer = self.sealer.clone().context(context);
        let sealer = sealer.external(missing.into_iter().map(|(key, _)| key));
        Ok(Opened {
            plaintext: Box::new(reader),
            length: None,
            sealer,
            labels: Labels::new(),
        })
    }
}

/// The pairs are the message's, so the fault is too.
#[cfg(feature = "esdk")]
fn of_message(error: kms_core::Error) -> kms_core::Error {
    match error {
        kms_core::Error::Caller(_) => kms_core::FormatFault::Context.into(),
        other => other,
    }
}

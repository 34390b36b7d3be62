//! Messages of the AWS Encryption SDK: what is left for an envelope, and what an envelope becomes.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use kms_core::esdk::{Context, Opener as MessageOpener, Sealer as MessageSealer};
use kms_core::{EncryptionContext, FormatFault, Labels, Opened as OpenedHeader, Opener, PolicyFault, Posture, Sealer};

use super::source::{New, Opened};
use crate::files::drive::block_on;
use crate::files::error::FileFault;

/// Messages become envelopes.
pub(super) struct FromMessage {
    pub(super) opener: MessageOpener,
    pub(super) sealer: Sealer,
    /// Names of pairs that every envelope has to bind.
    pub(super) bound: Vec<String>,
}

/// Envelopes become messages.
pub(super) struct ToMessage {
    pub(super) sealer: MessageSealer,
    /// What the keys of the messages are worth.
    pub(super) posture: Posture,
    pub(super) opener: MessageOpener,
}

/// A message in the making.
pub(super) struct NewMessage {
    sealer: MessageSealer,
    opener: MessageOpener,
}

impl FromMessage {
    pub(super) fn open<'f>(&self, file: &'f File) -> Result<Opened<'f>, FileFault> {
        let reader = block_on(self.opener.begin(file))?;
        // What the message stores, and what it required without storing it.
        let stored = reader.header().context().own_pairs();
        let missing: Vec<_> = self.opener.unstored(reader.header()).collect();
        let pairs = stored.chain(missing.iter().copied());
        let context = EncryptionContext::from_pairs(pairs).map_err(of_file)?;
        if self.bound.iter().any(|name| context.value(name).is_none()) {
            return Err(kms_core::Error::from(PolicyFault::ContextMismatch).into());
        }
        let sealer = self.sealer.clone().context(context);
        let sealer = sealer.external(missing.into_iter().map(|(key, _)| key));
        Ok(Opened {
            plaintext: Box::new(reader),
            length: None,
            new: New::Envelope {
                sealer,
                labels: Labels::new(),
            },
        })
    }
}

impl ToMessage {
    /// The message that the opened envelope becomes. What an envelope promises and a message cannot keep stands against
    /// it: who sealed it relies on that.
    pub(super) fn of(&self, opened: &OpenedHeader, opener: &Opener) -> Result<NewMessage, FileFault> {
        let immutable = opened.header().immutable();
        if immutable.labels.pairs().len() > 0 {
            return Err(FileFault::Labels);
        }
        if immutable.floor.quorum.is_some() {
            return Err(kms_core::Error::from(PolicyFault::FloorQuorum).into());
        }
        if immutable.floor.posture.is_some_and(|least| self.posture < least) {
            return Err(kms_core::Error::from(PolicyFault::FloorPosture).into());
        }
        let pairs = opener.whole_context(opened.header())?;
        let context = Context::from_pairs(pairs.pairs()).map_err(of_file)?;
        let unstored = immutable.external.iter().cloned();
        Ok(NewMessage {
            sealer: self.sealer.clone().context(context.clone()).unstored(unstored),
            opener: self.opener.clone().require(context),
        })
    }
}

impl NewMessage {
    /// Writes the message; returns the plaintext's length.
    pub(super) fn write(&self, mut plaintext: impl Read, file: &File) -> Result<u64, FileFault> {
        let mut message = block_on(self.sealer.begin(io::BufWriter::with_capacity(BUFFER, file)))?;
        let length = io::copy(&mut plaintext, &mut message)?;
        message.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(length)
    }

    /// Opens what was written, to its end.
    pub(super) fn read_back(&self, mut file: &File, wanted: u64) -> Result<(), FileFault> {
        file.seek(SeekFrom::Start(0))?;
        let mut reader = block_on(self.opener.begin(file))?;
        match io::copy(&mut reader, &mut io::sink())? {
            found if found == wanted => Ok(()),
            _ => Err(FileFault::ReadBack),
        }
    }
}

/// The pairs are the file's, so the fault is too.
fn of_file(error: kms_core::Error) -> kms_core::Error {
    match error {
        kms_core::Error::Caller(_) => FormatFault::Context.into(),
        other => other,
    }
}

const BUFFER: usize = 256 << 10;

//! The header: data-format/message-header.md.

use std::io::Read;

use super::context::Context;
use super::edk::EncryptedDataKey;
use super::read::Fields;
use super::suite::{Commitment, Suite};
use crate::crypto::{NONCE_LEN, TAG_LEN};
use crate::error::{EsdkFault, LimitFault, PolicyFault, Result};

/// A header as it stands in a message. Nothing in it is authenticated until an [`super::Opener`] has opened it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub(super) suite: Suite,
    pub(super) message_id: Vec<u8>,
    pub(super) context: Context,
    pub(super) data_keys: Vec<EncryptedDataKey>,
    pub(super) body: Body,
    /// The commitment of a committing suite.
    pub(super) commitment: Option<[u8; 32]>,
    pub(super) iv: [u8; NONCE_LEN],
    pub(super) tag: [u8; TAG_LEN],
    bytes: Vec<u8>,
    /// Bytes of the header body: what the tag authenticates.
    body_len: usize,
}

/// The version of the message format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageVersion {
    /// Message ids of 16 bytes, no commitment.
    V1,
    /// Message ids of 32 bytes, commitment.
    V2,
}

/// How the body is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Body {
    /// One ciphertext under one tag.
    Whole,
    /// Frames of this many bytes, the last of as many or fewer.
    Framed(u32),
}

impl Header {
    /// Parses the header at the start of `message`.
    ///
    /// # Errors
    /// [`EsdkFault`] names what is malformed; [`LimitFault::DataKeys`] for more data keys than `max_data_keys`,
    /// [`LimitFault::Header`] over 1 MiB; [`PolicyFault::SuiteUnknown`].
    pub fn parse_prefix(mut message: &[u8], max_data_keys: usize) -> Result<Self> {
        Self::read(&mut message, max_data_keys)
    }

    /// Reads a header from a stream, and no byte more.
    ///
    /// # Errors
    /// As [`Header::parse_prefix`], and what the stream reports.
    pub fn read(input: &mut impl Read, max_data_keys: usize) -> Result<Self> {
        let mut fields = Fields::new(input);
        let version = version(&mut fields)?;
        let suite = suite(&mut fields, version)?;
        let message_id = match version {
            MessageVersion::V1 => fields.array::<16>()?.to_vec(),
            MessageVersion::V2 => fields.array::<32>()?.to_vec(),
        };
        let context = Context::decode(&fields.counted()?)?;
        check_public_key(suite, &context)?;
        let data_keys = data_keys(&mut fields, max_data_keys)?;
        let body = body(&mut fields, version)?;
        let commitment = match suite.commitment() {
            Commitment::Key => Some(fields.array()?),
            Commitment::None => None,
        };
        let body_len = fields.bytes().len();
        let iv = match version {
            MessageVersion::V1 => fields.array()?,
            MessageVersion::V2 => [0; NONCE_LEN],
        };
        Ok(Self {
            suite,
            message_id,
            context,
            data_keys,
            body,
            commitment,
            iv,
            tag: fields.array()?,
            body_len,
            bytes: fields.into_bytes(),
        })
    }

    /// Whether `start`, the first bytes of a file, may be those of a message: version, type and suite are known.
    #[must_use]
    pub fn is_start_of_message(start: &[u8]) -> bool {
        let suite = |id: [u8; 2]| Suite::from_id(u16::from_be_bytes(id));
        match *start {
            [1, CUSTOMER_DATA, high, low, ..] => {
                suite([high, low]).is_some_and(|suite| suite.commitment() == Commitment::None)
            }
            [2, high, low, ..] => suite([high, low]).is_some_and(|suite| suite.commitment() == Commitment::Key),
            _ => false,
        }
    }

    /// The header of a new message, to be authenticated by `seal`, which gets the header body.
    pub(super) fn write(draft: Draft<'_>, seal: impl FnOnce(&[u8]) -> Result<[u8; TAG_LEN]>) -> Result<Self> {
        let mut bytes = vec![2];
        bytes.extend(draft.suite.id().to_be_bytes());
        bytes.extend_from_slice(draft.message_id);
        bytes.extend(draft.context.encode_counted()?);
        let count = u16::try_from(draft.data_keys.len()).map_err(|_| LimitFault::DataKeys)?;
        bytes.extend(count.to_be_bytes());
        for data_key in &draft.data_keys {
            data_key.write(&mut bytes)?;
        }
        bytes.push(FRAMED);
        bytes.extend(draft.frame_len.to_be_bytes());
        bytes.extend_from_slice(draft.commitment);
        let body_len = bytes.len();
        let tag = seal(&bytes)?;
        bytes.extend_from_slice(&tag);
        if bytes.len() > crate::caps::HEADER {
            return Err(LimitFault::Header.into());
        }
        Ok(Self {
            suite: draft.suite,
            message_id: draft.message_id.to_vec(),
            context: draft.context,
            data_keys: draft.data_keys,
            body: Body::Framed(draft.frame_len),
            commitment: Some(*draft.commitment),
            iv: [0; NONCE_LEN],
            tag,
            bytes,
            body_len,
        })
    }

    /// The version of the format.
    #[must_use]
    pub fn version(&self) -> MessageVersion {
        match self.suite.commitment() {
            Commitment::None => MessageVersion::V1,
            Commitment::Key => MessageVersion::V2,
        }
    }

    /// The suite.
    #[must_use]
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// Names the message: 16 bytes in version 1, 32 in version 2.
    #[must_use]
    pub fn message_id(&self) -> &[u8] {
        &self.message_id
    }

    /// The stored pairs of the encryption context.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The data key, once for each wrapping key.
    #[must_use]
    pub fn data_keys(&self) -> &[EncryptedDataKey] {
        &self.data_keys
    }

    /// How the body is divided.
    #[must_use]
    pub fn body(&self) -> Body {
        self.body
    }

    /// The header's bytes, its authentication included.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What the header's tag authenticates, before required pairs that are not stored.
    pub(super) fn authenticated(&self) -> &[u8] {
        &self.bytes[..self.body_len]
    }
}

/// What a new header is made of.
pub(super) struct Draft<'d> {
    pub(super) suite: Suite,
    pub(super) message_id: &'d [u8; 32],
    pub(super) context: Context,
    pub(super) data_keys: Vec<EncryptedDataKey>,
    pub(super) frame_len: u32,
    pub(super) commitment: &'d [u8; 32],
}

fn version(fields: &mut Fields<'_, impl Read>) -> Result<MessageVersion> {
    match fields.byte()? {
        1 if fields.byte()? == CUSTOMER_DATA => Ok(MessageVersion::V1),
        1 => Err(EsdkFault::Type.into()),
        2 => Ok(MessageVersion::V2),
        _ => Err(EsdkFault::Version.into()),
    }
}

fn suite(fields: &mut Fields<'_, impl Read>, version: MessageVersion) -> Result<Suite> {
    let suite = Suite::from_id(fields.short()?).ok_or(PolicyFault::SuiteUnknown)?;
    let belongs = match suite.commitment() {
        Commitment::None => MessageVersion::V1,
        Commitment::Key => MessageVersion::V2,
    };
    if belongs == version {
        Ok(suite)
    } else {
        Err(EsdkFault::Version.into())
    }
}

/// A signed message names its public key, and no other does: that would pass for a signed one.
fn check_public_key(suite: Suite, context: &Context) -> Result<(), EsdkFault> {
    if suite.is_signed() == context.public_key().is_some() {
        Ok(())
    } else {
        Err(EsdkFault::PublicKey)
    }
}

fn data_keys(fields: &mut Fields<'_, impl Read>, most: usize) -> Result<Vec<EncryptedDataKey>> {
    let count = usize::from(fields.short()?);
    if count == 0 {
        return Err(EsdkFault::DataKeys.into());
    }
    if count > most {
        return Err(LimitFault::DataKeys.into());
    }
    (0..count).map(|_| EncryptedDataKey::read(fields)).collect()
}

fn body(fields: &mut Fields<'_, impl Read>, version: MessageVersion) -> Result<Body> {
    let content_type = fields.byte()?;
    if version == MessageVersion::V1 {
        if fields.long()? != 0 {
            return Err(EsdkFault::Reserved.into());
        }
        if usize::from(fields.byte()?) != NONCE_LEN {
            return Err(EsdkFault::IvLength.into());
        }
    }
    match (content_type, fields.long()?) {
        (WHOLE, 0) => Ok(Body::Whole),
        (FRAMED, length @ 1..) => Ok(Body::Framed(length)),
        (WHOLE | FRAMED, _) => Err(EsdkFault::FrameLength.into()),
        _ => Err(EsdkFault::ContentType.into()),
    }
}

/// The type of every message: "customer authenticated encrypted data".
const CUSTOMER_DATA: u8 = 0x80;
const WHOLE: u8 = 1;
const FRAMED: u8 = 2;

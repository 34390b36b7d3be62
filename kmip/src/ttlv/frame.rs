//! The bytes of one message.

use std::fmt;

use bytes::Bytes;
use zeroize::Zeroizing;

use super::{DecodeError, Fault, HEADER, Item, ItemType, Limits, Source, Tag};
use crate::registry::tag;

/// One message in TTLV. What is decoded from it are slices of it, without a copy; the bytes are wiped when the last of
/// them is gone. A value that is to be kept for long should be copied: its slice keeps the whole message.
pub struct Frame {
    bytes: Bytes,
}

impl Frame {
    /// Takes the bytes of a message.
    pub fn new(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self {
            bytes: Bytes::from_owner(bytes),
        }
    }

    /// How long the message is that begins with this header, so that it can be read off a stream.
    ///
    /// # Errors
    /// It is no request or response, or longer than the limits allow: nothing has to be allocated to find out.
    pub fn length(header: [u8; HEADER], limits: &Limits) -> Result<usize, DecodeError> {
        let [t0, t1, t2, code, length @ ..] = header;
        let tag = Tag::new(u32::from_be_bytes([0, t0, t1, t2]));
        let fault = |fault| DecodeError { fault, tag, offset: 0 };
        if !matches!(tag, tag::REQUEST_MESSAGE | tag::RESPONSE_MESSAGE) || code != ItemType::Structure.code() {
            return Err(fault(Fault::WrongMessage));
        }
        let value = usize::try_from(u32::from_be_bytes(length)).map_err(|_| fault(Fault::FrameTooLong))?;
        if !ItemType::Structure.allows_length(value) {
            return Err(fault(Fault::WrongLength));
        }
        let length = value.checked_add(HEADER).filter(|&length| length <= limits.frame);
        length.ok_or(fault(Fault::FrameTooLong))
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

impl From<&[u8]> for Frame {
    fn from(bytes: &[u8]) -> Self {
        Self::new(Zeroizing::new(bytes.to_vec()))
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({} bytes)", self.bytes.len())
    }
}

/// An item that this crate does not interpret, kept as it came: vendor extensions, fields of later versions.
#[derive(Clone, PartialEq, Eq)]
pub struct RawItem {
    /// Header, value and padding; well-formed throughout.
    bytes: Bytes,
}

impl RawItem {
    /// Keeps an item after walking all of it, so that what is written again is well-formed.
    pub(crate) fn keep(item: &Item<'_>) -> Result<Self, DecodeError> {
        item.check()?;
        Ok(Self { bytes: item.whole() })
    }

    /// The item in these bytes.
    ///
    /// # Errors
    /// The bytes are not exactly one well-formed item.
    pub fn new(bytes: Zeroizing<Vec<u8>>, limits: &Limits) -> Result<Self, DecodeError> {
        let frame = Frame::new(bytes);
        let source = Source::new(&frame, limits);
        Self::keep(&source.only()?)
    }

    /// Which item it is.
    pub fn tag(&self) -> Tag {
        Tag::new(u32::from_be_bytes([0, self.bytes[0], self.bytes[1], self.bytes[2]]))
    }

    /// How its value is encoded.
    pub fn kind(&self) -> ItemType {
        ItemType::from_code(self.bytes[3]).expect("the reader knew the type")
    }

    /// Header, value and padding.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The item as a frame of its own, to be read by a [`super::Source`].
    pub fn to_frame(&self) -> Frame {
        Frame {
            bytes: self.bytes.clone(),
        }
    }

    /// Everything after the tag.
    pub(crate) fn after_tag(&self) -> &[u8] {
        &self.bytes[3..]
    }
}

impl fmt::Debug for RawItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({} bytes)", self.tag(), self.bytes.len() - HEADER)
    }
}

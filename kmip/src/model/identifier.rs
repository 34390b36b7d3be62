//! Values that 2.x can also refer to: an object by what an earlier item of the batch made, data by what it returned.

use bytes::Bytes;

use crate::registry::{DataReference, IdReference};
use crate::ttlv::{DecodeError, Item, ItemType, Tag, Writer};
use crate::value::{Secret, Text};
use crate::version::ProtocolVersion;
use crate::wire::Wire;

/// Which object is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum UniqueIdentifier {
    /// Its identifier.
    Text(Text),
    /// The one that the last such operation of the batch made; from 2.0.
    Reference(IdReference),
    /// The nth one of the ID placeholder; from 2.0.
    Index(i32),
}

impl UniqueIdentifier {
    /// The identifier, unless it is a reference.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl From<&str> for UniqueIdentifier {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for UniqueIdentifier {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl Wire for UniqueIdentifier {
    fn decode(item: &Item<'_>) -> Result<Self, DecodeError> {
        match item.kind() {
            ItemType::Enumeration => item.enumeration().map(|number| Self::Reference(IdReference(number))),
            ItemType::Integer => item.integer().map(Self::Index),
            _ => item.text().map(Self::Text),
        }
    }

    /// 1.x has no references: there a field that is left out means the ID placeholder.
    fn encode(&self, tag: Tag, out: &mut Writer, version: ProtocolVersion) {
        match self {
            Self::Text(text) => out.text(tag, text),
            Self::Reference(_) | Self::Index(_) if version.is_1x() => {}
            Self::Reference(reference) => out.enumeration(tag, reference.0),
            Self::Index(index) => out.integer(tag, *index),
        }
    }
}

/// What is to be encrypted, signed, hashed, or came of it.
#[derive(Debug)]
pub enum Data {
    /// The bytes.
    Bytes(Secret<Bytes>),
    /// What the last such operation of the batch returned; from 2.0.
    Reference(DataReference),
    /// What the nth operation of the batch returned; from 2.0.
    Index(i32),
}

impl From<Secret<Bytes>> for Data {
    fn from(bytes: Secret<Bytes>) -> Self {
        Self::Bytes(bytes)
    }
}

impl Wire for Data {
    fn decode(item: &Item<'_>) -> Result<Self, DecodeError> {
        match item.kind() {
            ItemType::Enumeration => item.enumeration().map(|number| Self::Reference(DataReference(number))),
            ItemType::Integer => item.integer().map(Self::Index),
            _ => item.bytes().map(|bytes| Self::Bytes(Secret::new(bytes))),
        }
    }

    fn encode(&self, tag: Tag, out: &mut Writer, version: ProtocolVersion) {
        match self {
            Self::Bytes(bytes) => out.bytes(tag, bytes.expose()),
            Self::Reference(_) | Self::Index(_) if version.is_1x() => {}
            Self::Reference(reference) => out.enumeration(tag, reference.0),
            Self::Index(index) => out.integer(tag, *index),
        }
    }
}

//! Reading, in one pass, over borrowed bytes.

use std::cell::Cell;

use bytes::Bytes;

use super::{ALIGNMENT, DecodeError, Fault, Frame, HEADER, ItemType, Limits, Tag};
use crate::registry::tag;

/// A message being read: its bytes, the caps, and what was met so far.
#[derive(Debug)]
pub struct Source<'a> {
    bytes: &'a Bytes,
    limits: Limits,
    items: Cell<usize>,
    unknown: Cell<Option<Tag>>,
}

impl<'a> Source<'a> {
    /// Begins to read a frame.
    pub fn new(frame: &'a Frame, limits: &Limits) -> Self {
        Self {
            bytes: frame.bytes(),
            limits: *limits,
            items: Cell::new(0),
            unknown: Cell::new(None),
        }
    }

    /// The one item that the frame holds.
    ///
    /// # Errors
    /// The frame is too long, or it does not hold exactly one item with a sound header.
    pub fn only(&'a self) -> Result<Item<'a>, DecodeError> {
        let fault = |fault, offset| DecodeError {
            fault,
            tag: tag::REQUEST_MESSAGE,
            offset,
        };
        if self.bytes.len() > self.limits.frame {
            return Err(fault(Fault::FrameTooLong, 0));
        }
        let mut reader = Reader {
            source: self,
            within: tag::REQUEST_MESSAGE,
            at: 0,
            end: self.bytes.len(),
            depth: 0,
        };
        let item = reader.next()?.ok_or(fault(Fault::Truncated, 0))?;
        if reader.at != reader.end {
            return Err(fault(Fault::Trailing, reader.at));
        }
        Ok(item)
    }

    /// Remembers the first field that no structure knew.
    pub(crate) fn note_unknown(&self, tag: Tag) {
        if self.unknown.get().is_none() {
            self.unknown.set(Some(tag));
        }
    }

    /// The first field that no structure knew since the last call.
    pub(crate) fn take_unknown(&self) -> Option<Tag> {
        self.unknown.take()
    }
}

/// The items of a structure, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    source: &'a Source<'a>,
    /// The structure, to be named where a header does not even have a tag.
    within: Tag,
    at: usize,
    end: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    /// The next item, `None` at the end.
    ///
    /// # Errors
    /// The item is malformed or one more than the limits allow.
    #[allow(clippy::should_implement_trait, reason = "an Iterator would go on after an error")]
    pub fn next(&mut self) -> Result<Option<Item<'a>>, DecodeError> {
        if self.at == self.end {
            return Ok(None);
        }
        let header = self.source.bytes[self.at..self.end].first_chunk::<HEADER>();
        let Some([t0, t1, t2, code, length @ ..]) = header else {
            return Err(self.error(Fault::Truncated, self.within));
        };
        let tag = Tag::new(u32::from_be_bytes([0, *t0, *t1, *t2]));
        if !tag.is_assigned() {
            return Err(self.error(Fault::UnassignedTag, tag));
        }
        let kind = ItemType::from_code(*code).ok_or_else(|| self.error(Fault::UnknownType, tag))?;
        let value = self.at + HEADER;
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if length > self.end - value {
            return Err(self.error(Fault::Truncated, tag));
        }
        if !kind.allows_length(length) {
            return Err(self.error(Fault::WrongLength, tag));
        }
        let padded = value + length.next_multiple_of(ALIGNMENT);
        if padded > self.end {
            return Err(self.error(Fault::Truncated, tag));
        }
        if self.source.bytes[value + length..padded].iter().any(|&byte| byte != 0) {
            return Err(self.error(Fault::WrongPadding, tag));
        }
        self.count(tag)?;
        let item = Item {
            source: self.source,
            tag,
            kind,
            start: self.at,
            end: value + length,
            depth: self.depth,
        };
        self.at = padded;
        Ok(Some(item))
    }

    /// Whether nothing is left.
    pub fn is_at_end(&self) -> bool {
        self.at == self.end
    }

    fn count(&self, tag: Tag) -> Result<(), DecodeError> {
        let count = self.source.items.get() + 1;
        if count > self.source.limits.items {
            return Err(self.error(Fault::TooManyItems, tag));
        }
        self.source.items.set(count);
        Ok(())
    }

    fn error(&self, fault: Fault, tag: Tag) -> DecodeError {
        DecodeError {
            fault,
            tag,
            offset: self.at,
        }
    }
}

/// One item; its value is read on demand.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    source: &'a Source<'a>,
    tag: Tag,
    kind: ItemType,
    start: usize,
    end: usize,
    depth: usize,
}

impl<'a> Item<'a> {
    /// Which item it is.
    pub fn tag(&self) -> Tag {
        self.tag
    }

    /// How its value is encoded.
    pub fn kind(&self) -> ItemType {
        self.kind
    }

    /// The items of a structure.
    ///
    /// # Errors
    /// It is no structure, or one level deeper than the limits allow.
    pub fn children(&self) -> Result<Reader<'a>, DecodeError> {
        self.expect(ItemType::Structure)?;
        if self.depth >= self.source.limits.depth {
            return Err(self.error(Fault::TooDeep));
        }
        Ok(Reader {
            source: self.source,
            within: self.tag,
            at: self.start + HEADER,
            end: self.end,
            depth: self.depth + 1,
        })
    }

    /// A 32-bit integer.
    ///
    /// # Errors
    /// The item is of another type; so it is for the methods below.
    pub fn integer(&self) -> Result<i32, DecodeError> {
        Ok(i32::from_be_bytes(self.fixed(ItemType::Integer)?))
    }

    /// A 64-bit integer.
    ///
    /// # Errors
    /// The item is of another type.
    pub fn long_integer(&self) -> Result<i64, DecodeError> {
        Ok(i64::from_be_bytes(self.fixed(ItemType::LongInteger)?))
    }

    /// A big integer in two's complement.
    ///
    /// # Errors
    /// The item is of another type.
    pub fn big_integer(&self) -> Result<Bytes, DecodeError> {
        self.expect(ItemType::BigInteger)?;
        Ok(self.slice())
    }

    /// The number of an enumeration value.
    ///
    /// # Errors
    /// The item is of another type.
    pub fn enumeration(&self) -> Result<u32, DecodeError> {
        Ok(u32::from_be_bytes(self.fixed(ItemType::Enumeration)?))
    }

    /// A truth value.
    ///
    /// # Errors
    /// The item is of another type, or neither 0 nor 1.
    pub fn boolean(&self) -> Result<bool, DecodeError> {
        match u64::from_be_bytes(self.fixed(ItemType::Boolean)?) {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.error(Fault::NotABoolean)),
        }
    }

    /// Text, borrowed.
    ///
    /// # Errors
    /// The item is of another type, or not UTF-8.
    pub fn str(&self) -> Result<&'a str, DecodeError> {
        self.expect(ItemType::TextString)?;
        std::str::from_utf8(self.value()).map_err(|_| self.error(Fault::NotUtf8))
    }

    /// Text that shares the frame.
    ///
    /// # Errors
    /// The item is of another type, or not UTF-8.
    pub fn text(&self) -> Result<bytestring::ByteString, DecodeError> {
        self.expect(ItemType::TextString)?;
        bytestring::ByteString::try_from(self.slice()).map_err(|_| self.error(Fault::NotUtf8))
    }

    /// Bytes that share the frame.
    ///
    /// # Errors
    /// The item is of another type.
    pub fn bytes(&self) -> Result<Bytes, DecodeError> {
        self.expect(ItemType::ByteString)?;
        Ok(self.slice())
    }

    /// Seconds since 1970.
    ///
    /// # Errors
    /// The item is of another type.
    pub fn date_time(&self) -> Result<i64, DecodeError> {
        Ok(i64::from_be_bytes(self.fixed(ItemType::DateTime)?))
    }

    /// Seconds.
    ///
    /// # Errors
    /// The item is of another type.
    pub fn interval(&self) -> Result<u32, DecodeError> {
        Ok(u32::from_be_bytes(self.fixed(ItemType::Interval)?))
    }

    /// Microseconds since 1970.
    ///
    /// # Errors
    /// The item is of another type.
    pub fn date_time_extended(&self) -> Result<i64, DecodeError> {
        Ok(i64::from_be_bytes(self.fixed(ItemType::DateTimeExtended)?))
    }

    /// Walks everything inside, so that all of it is known to be well-formed.
    ///
    /// # Errors
    /// Something inside is malformed or goes past the limits.
    pub fn check(&self) -> Result<(), DecodeError> {
        match self.kind {
            ItemType::Structure => {
                let mut children = self.children()?;
                while let Some(child) = children.next()? {
                    child.check()?;
                }
                Ok(())
            }
            ItemType::Boolean => self.boolean().map(drop),
            ItemType::TextString => self.str().map(drop),
            _ => Ok(()),
        }
    }

    /// An error at this item.
    pub fn error(&self, fault: Fault) -> DecodeError {
        DecodeError {
            fault,
            tag: self.tag,
            offset: self.start,
        }
    }

    /// An error at this item about a field that it lacks.
    pub(crate) fn missing(&self, field: Tag) -> DecodeError {
        DecodeError {
            fault: Fault::Missing,
            tag: field,
            offset: self.start,
        }
    }

    pub(crate) fn source(&self) -> &'a Source<'a> {
        self.source
    }

    /// Header, value and padding.
    pub(crate) fn whole(&self) -> Bytes {
        let padded = self.start + (self.end - self.start).next_multiple_of(ALIGNMENT);
        self.source.bytes.slice(self.start..padded)
    }

    /// The value without its padding.
    pub(crate) fn value(&self) -> &'a [u8] {
        &self.source.bytes[self.start + HEADER..self.end]
    }

    fn slice(&self) -> Bytes {
        self.source.bytes.slice(self.start + HEADER..self.end)
    }

    fn expect(&self, kind: ItemType) -> Result<(), DecodeError> {
        if self.kind == kind {
            Ok(())
        } else {
            Err(self.error(Fault::UnexpectedType))
        }
    }

    fn fixed<const N: usize>(&self, kind: ItemType) -> Result<[u8; N], DecodeError> {
        self.expect(kind)?;
        self.value().try_into().map_err(|_| self.error(Fault::WrongLength))
    }
}

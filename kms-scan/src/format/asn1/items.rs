//! The fields of a SEQUENCE, one after the other. Nothing here recurses: each reader asks for what it expects.

use der::asn1::{AnyRef, GeneralizedTime, ObjectIdentifier, UtcTime};
use der::{Decode, Reader, SliceReader, Tag, TagNumber, Tagged};

use crate::format::Fault;
use crate::time::Time;

/// What is left of a SEQUENCE.
#[derive(Clone)]
pub(super) struct Items<'a>(SliceReader<'a>);

/// A field.
#[derive(Clone, Copy)]
pub(super) struct Item<'a>(AnyRef<'a>);

impl<'a> Items<'a> {
    /// The fields of the SEQUENCE at the start of `bytes`.
    pub(super) fn of_sequence(bytes: &'a [u8]) -> Result<Self, Fault> {
        Self::within(bytes)?.sequence()
    }

    /// The fields that `bytes` is made of.
    pub(super) fn within(bytes: &'a [u8]) -> Result<Self, Fault> {
        SliceReader::new(bytes).map(Self).map_err(|_| NOT_DER)
    }

    /// The next field.
    pub(super) fn next(&mut self) -> Result<Item<'a>, Fault> {
        AnyRef::decode(&mut self.0).map(Item).map_err(|_| NOT_DER)
    }

    /// The next field, which is of this type.
    pub(super) fn expect(&mut self, tag: Tag) -> Result<Item<'a>, Fault> {
        let item = self.next()?;
        if item.tag() == tag { Ok(item) } else { Err(OTHER_FIELD) }
    }

    /// The fields of the next field, a SEQUENCE.
    pub(super) fn sequence(&mut self) -> Result<Self, Fault> {
        self.expect(Tag::Sequence)?.items()
    }

    /// The next field, an object identifier, dotted.
    pub(super) fn oid(&mut self) -> Result<String, Fault> {
        self.expect(Tag::ObjectIdentifier)?.oid()
    }

    /// Passes over the next field if it is the one of this number.
    pub(super) fn optional(&mut self, number: u32) -> Result<Option<Item<'a>>, Fault> {
        let mut ahead = self.clone();
        match ahead.next() {
            Ok(item) if item.is_numbered(number) => {
                *self = ahead;
                Ok(Some(item))
            }
            _ => Ok(None),
        }
    }

    /// Whether nothing is left.
    pub(super) fn is_at_end(&self) -> bool {
        self.0.is_finished()
    }
}

impl<'a> Item<'a> {
    pub(super) fn tag(self) -> Tag {
        self.0.tag()
    }

    pub(super) fn value(self) -> &'a [u8] {
        self.0.value()
    }

    /// The fields inside.
    pub(super) fn items(self) -> Result<Items<'a>, Fault> {
        Items::within(self.value())
    }

    pub(super) fn oid(self) -> Result<String, Fault> {
        let oid = ObjectIdentifier::from_bytes(self.value()).map_err(|_| OTHER_FIELD)?;
        Ok(oid.to_string())
    }

    /// Bits of a positive INTEGER.
    pub(super) fn bits(self) -> usize {
        let significant = self.value().iter().skip_while(|byte| **byte == 0);
        let bytes: usize = significant.clone().count();
        let lead = significant.copied().next().unwrap_or(0).leading_zeros() as usize;
        bytes * 8 - lead.min(bytes * 8)
    }

    /// A small INTEGER.
    pub(super) fn number(self) -> Result<u64, Fault> {
        let bytes = self.value();
        match bytes.len() {
            1..=8 if bytes[0] < 0x80 => Ok(bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))),
            _ => Err("a number in it is out of range"),
        }
    }

    /// The bytes of a BIT STRING, without the count of unused bits.
    pub(super) fn bit_bytes(self) -> &'a [u8] {
        self.value().split_first().map_or(&[], |(_, bytes)| bytes)
    }

    /// A time, where it is one that this program can write.
    pub(super) fn time(self) -> Option<Time> {
        let since = match self.tag() {
            Tag::UtcTime => self.0.decode_as::<UtcTime>().ok()?.to_unix_duration(),
            Tag::GeneralizedTime => self.0.decode_as::<GeneralizedTime>().ok()?.to_unix_duration(),
            _ => return None,
        };
        Time::from_seconds(since.as_secs())
    }

    fn is_numbered(self, wanted: u32) -> bool {
        matches!(self.tag(), Tag::ContextSpecific { number: TagNumber(number), .. } if number == wanted)
    }
}

const NOT_DER: Fault = "its DER is damaged or cut off";
const OTHER_FIELD: Fault = "a field of it is not what it should be";

//! TTLV from what a text says: the part that XML and JSON share.

use data_encoding::HEXLOWER_PERMISSIVE;
use zeroize::Zeroizing;

use super::context::Context;
use super::{date, name};
use crate::registry::tag;
use crate::ttlv::{DecodeError, Fault, Frame, ItemType, Limits, Open, Tag, Writer};

/// A value as the text has it.
#[derive(Clone, Copy)]
pub(super) enum Scalar<'a> {
    Text(&'a str),
    #[cfg(feature = "json")]
    Number(i64),
    #[cfg(feature = "json")]
    Truth(bool),
}

/// Writes items in the order of the text.
pub(super) struct Assembler {
    out: Writer,
    limits: Limits,
    items: usize,
    /// One for each structure that is open.
    open: Vec<(Open, Context)>,
}

impl Assembler {
    /// Looks at the length first.
    pub(super) fn new(text: &str, limits: &Limits) -> Result<Self, DecodeError> {
        let assembler = Self {
            out: Writer::new(),
            limits: *limits,
            items: 0,
            open: Vec::new(),
        };
        if text.len() > limits.text {
            return Err(fault(Fault::TextTooLong, tag::REQUEST_MESSAGE, 0));
        }
        Ok(assembler)
    }

    pub(super) fn begin(&mut self, tag: Tag, offset: usize) -> Result<(), DecodeError> {
        self.count(tag, offset)?;
        if self.open.len() >= self.limits.depth {
            return Err(fault(Fault::TooDeep, tag, offset));
        }
        let open = self.out.begin(tag);
        self.open.push((open, Context::default()));
        Ok(())
    }

    pub(super) fn end(&mut self) {
        if let Some((open, _)) = self.open.pop() {
            self.out.end(open);
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.open.is_empty()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    pub(super) fn value(
        &mut self,
        tag: Tag,
        kind: ItemType,
        value: Scalar<'_>,
        offset: usize,
    ) -> Result<(), DecodeError> {
        self.count(tag, offset)?;
        let context = self.open.last().map(|(_, context)| *context).unwrap_or_default();
        self.write(tag, context.field(tag), kind, value)
            .map_err(|reason| fault(reason, tag, offset))?;
        if self.out.len() > self.limits.frame {
            return Err(fault(Fault::FrameTooLong, tag, offset));
        }
        if let (Some((_, context)), Scalar::Text(text)) = (self.open.last_mut(), value) {
            context.saw_text(tag, text);
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Frame, DecodeError> {
        // A text within the limits is shorter than what a length can say.
        let bytes = self
            .out
            .finish()
            .map_err(|error| fault(Fault::FrameTooLong, error.tag, 0))?;
        Ok(Frame::new(bytes))
    }

    fn count(&mut self, tag: Tag, offset: usize) -> Result<(), DecodeError> {
        self.items += 1;
        if self.items > self.limits.items {
            return Err(fault(Fault::TooManyItems, tag, offset));
        }
        Ok(())
    }

    fn write(&mut self, tag: Tag, field: Tag, kind: ItemType, value: Scalar<'_>) -> Result<(), Fault> {
        let out = &mut self.out;
        match kind {
            ItemType::Structure => return Err(Fault::UnexpectedType),
            ItemType::Integer => out.integer(tag, integer(field, value)?),
            ItemType::LongInteger => out.long_integer(tag, long(value)?),
            ItemType::BigInteger => out.big_integer(tag, &big(value)?),
            ItemType::Enumeration => out.enumeration(tag, enumeration(field, value)?),
            ItemType::Boolean => out.boolean(tag, boolean(value)?),
            ItemType::TextString => out.text(tag, text(value)?),
            ItemType::ByteString => out.bytes(tag, &hex(text(value)?)?),
            ItemType::DateTime => out.date_time(tag, date_time(value)?.0),
            ItemType::Interval => out.interval(tag, u32::try_from(number(value, 8)?).map_err(|_| Fault::NotAValue)?),
            ItemType::DateTimeExtended => out.date_time_extended(tag, date_time_extended(value)?),
        }
        Ok(())
    }
}

/// The tag of this name, or of this number.
pub(super) fn tag_of(text: &str) -> Option<Tag> {
    match text.strip_prefix("0x") {
        Some(digits) if digits.len() == 6 => u32::from_str_radix(digits, 16)
            .ok()
            .map(Tag::new)
            .filter(|tag| tag.is_assigned()),
        _ => crate::registry::tag_named(text),
    }
}

pub(super) fn fault(fault: Fault, tag: Tag, offset: usize) -> DecodeError {
    DecodeError { fault, tag, offset }
}

fn text(value: Scalar<'_>) -> Result<&str, Fault> {
    match value {
        Scalar::Text(text) => Ok(text),
        #[cfg(feature = "json")]
        _ => Err(Fault::NotAValue),
    }
}

/// A decimal number, or one of at most this many hexadecimal digits after `0x`.
fn number(value: Scalar<'_>, digits: usize) -> Result<i64, Fault> {
    match value {
        Scalar::Text(text) => match text.strip_prefix("0x") {
            Some(hex) if (1..=digits).contains(&hex.len()) && !hex.starts_with('+') => u64::from_str_radix(hex, 16)
                .map(u64::cast_signed)
                .map_err(|_| Fault::NotAValue),
            Some(_) => Err(Fault::NotAValue),
            None => text.parse().map_err(|_| Fault::NotAValue),
        },
        #[cfg(feature = "json")]
        Scalar::Number(number) => Ok(number),
        #[cfg(feature = "json")]
        Scalar::Truth(_) => Err(Fault::NotAValue),
    }
}

fn integer(field: Tag, value: Scalar<'_>) -> Result<i32, Fault> {
    match (number(value, 8), value) {
        // Hexadecimal digits are the 32 bits, sign included.
        (Ok(bits), Scalar::Text(text)) if text.starts_with("0x") => {
            u32::try_from(bits).map(u32::cast_signed).map_err(|_| Fault::NotAValue)
        }
        (Ok(number), _) => i32::try_from(number).map_err(|_| Fault::NotAValue),
        (Err(_), Scalar::Text(text)) => name::mask_named(field, text)
            .map(u32::cast_signed)
            .ok_or(Fault::UnknownName),
        #[cfg(feature = "json")]
        (Err(fault), _) => Err(fault),
    }
}

fn long(value: Scalar<'_>) -> Result<i64, Fault> {
    number(value, 16)
}

fn big(value: Scalar<'_>) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let bytes = match value {
        Scalar::Text(text) => hex(text.strip_prefix("0x").unwrap_or(text))?,
        #[cfg(feature = "json")]
        _ => Zeroizing::new(number(value, 16)?.to_be_bytes().to_vec()),
    };
    if ItemType::BigInteger.allows_length(bytes.len()) {
        Ok(bytes)
    } else {
        Err(Fault::WrongLength)
    }
}

fn enumeration(field: Tag, value: Scalar<'_>) -> Result<u32, Fault> {
    if let Scalar::Text(text) = value
        && let Some(number) = name::value_named(field, text)
    {
        return Ok(number);
    }
    let number = number(value, 8).map_err(|_| Fault::UnknownName)?;
    u32::try_from(number).map_err(|_| Fault::NotAValue)
}

fn boolean(value: Scalar<'_>) -> Result<bool, Fault> {
    match value {
        Scalar::Text("true" | "1" | "0x0000000000000001") => Ok(true),
        Scalar::Text("false" | "0" | "0x0000000000000000") => Ok(false),
        #[cfg(feature = "json")]
        Scalar::Truth(truth) => Ok(truth),
        _ => Err(Fault::NotAValue),
    }
}

fn hex(text: &str) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let length = HEXLOWER_PERMISSIVE
        .decode_len(text.len())
        .map_err(|_| Fault::NotAValue)?;
    let mut bytes = Zeroizing::new(vec![0; length]);
    HEXLOWER_PERMISSIVE
        .decode_mut(text.as_bytes(), &mut bytes)
        .map_err(|_| Fault::NotAValue)?;
    Ok(bytes)
}

/// Seconds and microseconds.
fn date_time(value: Scalar<'_>) -> Result<(i64, i64), Fault> {
    match value {
        Scalar::Text(text) if text.contains('T') => date::parse(text).ok_or(Fault::NotAValue),
        value => number(value, 16).map(|seconds| (seconds, 0)),
    }
}

/// As a time, or as the number of microseconds.
fn date_time_extended(value: Scalar<'_>) -> Result<i64, Fault> {
    match value {
        Scalar::Text(text) if text.contains('T') => {
            let (seconds, micros) = date_time(value)?;
            Ok(seconds * date::MICROS + micros)
        }
        value => number(value, 16),
    }
}

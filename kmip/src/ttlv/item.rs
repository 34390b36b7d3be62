//! Tags and types.

use std::fmt;

/// What an item is: three bytes, `0x42....` for the specification and `0x54....` for extensions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(u32);

impl Tag {
    /// The tag of this number; the low three bytes count.
    pub const fn new(number: u32) -> Self {
        Self(number & 0x00ff_ffff)
    }

    /// Its number.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// Whether it lies in one of the two ranges that KMIP assigns (KMIP 2.1, 11.59).
    pub(crate) const fn is_assigned(self) -> bool {
        matches!(self.0 >> 16, 0x42 | 0x54)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match crate::registry::tag_name(*self) {
            Some(name) => f.write_str(name),
            None => write!(f, "0x{:06X}", self.0),
        }
    }
}

/// How a value is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ItemType {
    /// Items in order.
    Structure = 1,
    /// 32 bits, signed.
    Integer = 2,
    /// 64 bits, signed.
    LongInteger = 3,
    /// Two's complement, a multiple of eight bytes.
    BigInteger = 4,
    /// 32 bits, unsigned.
    Enumeration = 5,
    /// Eight bytes, 0 or 1.
    Boolean = 6,
    /// UTF-8.
    TextString = 7,
    /// Any bytes.
    ByteString = 8,
    /// Seconds since 1970, signed.
    DateTime = 9,
    /// Seconds, unsigned.
    Interval = 10,
    /// Microseconds since 1970, signed; from KMIP 2.0.
    DateTimeExtended = 11,
}

impl ItemType {
    /// Every type in the order of the codes.
    pub const ALL: [Self; 11] = [
        Self::Structure,
        Self::Integer,
        Self::LongInteger,
        Self::BigInteger,
        Self::Enumeration,
        Self::Boolean,
        Self::TextString,
        Self::ByteString,
        Self::DateTime,
        Self::Interval,
        Self::DateTimeExtended,
    ];

    /// The type of this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code).checked_sub(1)?).copied()
    }

    /// Its code.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Its name in the text encodings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Structure => "Structure",
            Self::Integer => "Integer",
            Self::LongInteger => "LongInteger",
            Self::BigInteger => "BigInteger",
            Self::Enumeration => "Enumeration",
            Self::Boolean => "Boolean",
            Self::TextString => "TextString",
            Self::ByteString => "ByteString",
            Self::DateTime => "DateTime",
            Self::Interval => "Interval",
            Self::DateTimeExtended => "DateTimeExtended",
        }
    }

    /// The type of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether a value of this many bytes can be of this type.
    pub(crate) const fn allows_length(self, length: usize) -> bool {
        match self {
            Self::Structure => length.is_multiple_of(super::ALIGNMENT),
            Self::BigInteger => length > 0 && length.is_multiple_of(super::ALIGNMENT),
            Self::Integer | Self::Enumeration | Self::Interval => length == 4,
            Self::LongInteger | Self::Boolean | Self::DateTime | Self::DateTimeExtended => length == 8,
            Self::TextString | Self::ByteString => true,
        }
    }
}

//! Values that need more care than an integer.

use std::fmt;

use bytes::Bytes;
use zeroize::Zeroizing;

/// Text that shares the message it came in.
pub use bytestring::ByteString as Text;

/// A value that nothing prints, copies or compares: key material, plaintext, passwords. Decoded, it is a slice of the
/// message and is wiped with it; made by `From<Zeroizing<…>>` it is wiped when it is dropped.
///
/// ```compile_fail
/// let copied = kmip::Secret::new(7).clone();
/// ```
/// ```compile_fail
/// let compared = kmip::Secret::new(7) == kmip::Secret::new(7);
/// ```
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Hides a value. Plain vectors and strings are not wiped: prefer `From<Zeroizing<…>>`.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl From<Zeroizing<Vec<u8>>> for Secret<Bytes> {
    fn from(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(Bytes::from_owner(bytes))
    }
}

impl From<Zeroizing<String>> for Secret<Text> {
    fn from(mut text: Zeroizing<String>) -> Self {
        let bytes = Bytes::from_owner(Zeroizing::new(std::mem::take(&mut *text).into_bytes()));
        Self(Text::try_from(bytes).expect("a String is UTF-8"))
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// An integer of any size, in two's complement and a multiple of eight bytes, as KMIP has it. Private exponents are
/// such, so all are treated as secret.
pub struct BigInteger(Bytes);

impl BigInteger {
    /// A number of no sign from its big-endian bytes; leading zeros do not matter.
    pub fn from_unsigned(magnitude: &[u8]) -> Self {
        let first = magnitude.iter().position(|&byte| byte != 0).unwrap_or(magnitude.len());
        let digits = &magnitude[first..];
        // One bit more than the digits, for the sign (KMIP 2.1, 10.3).
        let length = (digits.len() + usize::from(digits.first().is_none_or(|&byte| byte >= 0x80))).next_multiple_of(8);
        let mut bytes = Zeroizing::new(vec![0; length]);
        bytes[length - digits.len()..].copy_from_slice(digits);
        Self(Bytes::from_owner(bytes))
    }

    /// A number in two's complement.
    pub fn from_signed(value: i64) -> Self {
        Self(Bytes::from_owner(Zeroizing::new(value.to_be_bytes().to_vec())))
    }

    /// The big-endian bytes of its magnitude without leading zeros, or `None` for a negative number.
    pub fn to_unsigned(&self) -> Option<&[u8]> {
        let first = self.0.iter().position(|&byte| byte != 0).unwrap_or(self.0.len());
        (self.0[0] < 0x80).then(|| &self.0[first..])
    }

    /// Two's complement, big-endian, a multiple of eight bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// From the value of an item: the reader has seen to the length.
    pub(crate) fn from_wire(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for BigInteger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BigInteger({} bytes)", self.0.len())
    }
}

/// Seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime(pub i64);

/// Microseconds since 1970; from KMIP 2.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTimeExtended(pub i64);

/// A number of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval(pub u32);

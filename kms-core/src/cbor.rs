//! Deterministic CBOR (RFC 8949 4.2.1) as KS1 uses it: shortest integers, definite lengths, map keys strictly
//! ascending by their encoded bytes, no tags, no floats, no undefined. A region is first checked whole by
//! [`validate`], without allocating; [`Reader`] then only deals with types and lengths.

use crate::error::{FormatFault, LimitFault, Result};

/// Checks that `region` is exactly one deterministic item, nested at most `depth` deep, followed by nothing.
pub(crate) fn validate(region: &[u8], depth: usize) -> Result<()> {
    if validate_prefix(region, depth)? == region.len() {
        Ok(())
    } else {
        Err(FormatFault::TrailingBytes.into())
    }
}

/// Checks the deterministic item at the start of `region` and returns its length.
pub(crate) fn validate_prefix(region: &[u8], depth: usize) -> Result<usize> {
    let mut cursor = Cursor { bytes: region, at: 0 };
    cursor.check_item(depth)?;
    Ok(cursor.at)
}

const UINT: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const SIMPLE: u8 = 7;

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], FormatFault> {
        let end = self.at.checked_add(count).ok_or(FormatFault::Truncated)?;
        let part = self.bytes.get(self.at..end).ok_or(FormatFault::Truncated)?;
        self.at = end;
        Ok(part)
    }

    /// Major type and argument of the next item head, in shortest form only.
    fn head(&mut self) -> Result<(u8, u64), FormatFault> {
        let first = self.take(1)?[0];
        let (major, short) = (first >> 5, first & 31);
        if short < 24 {
            return Ok((major, u64::from(short)));
        }
        if major == SIMPLE || short > 27 {
            return Err(FormatFault::Cbor); // floats, one-byte simple values, indefinite lengths, reserved
        }
        let width = 1usize << (short - 24);
        let value = self
            .take(width)?
            .iter()
            .fold(0u64, |value, &byte| (value << 8) | u64::from(byte));
        let least = [24, 1 << 8, 1 << 16, 1 << 32][usize::from(short) - 24];
        if value < least {
            Err(FormatFault::Cbor)
        } else {
            Ok((major, value))
        }
    }

    fn check_item(&mut self, depth: usize) -> Result<()> {
        let (major, argument) = self.head()?;
        match major {
            UINT | NEGATIVE => {}
            BYTES => drop(self.take(length(argument)?)?),
            TEXT => drop(text(self.take(length(argument)?)?)?),
            ARRAY | MAP if depth == 0 => return Err(LimitFault::Depth.into()),
            ARRAY => {
                for _ in 0..argument {
                    self.check_item(depth - 1)?;
                }
            }
            MAP => self.check_map(argument, depth - 1)?,
            SIMPLE if matches!(argument, 20..=22) => {}
            _ => return Err(FormatFault::Cbor.into()),
        }
        Ok(())
    }

    fn check_map(&mut self, pairs: u64, depth: usize) -> Result<()> {
        let mut previous: &[u8] = &[];
        for _ in 0..pairs {
            let start = self.at;
            if self.bytes.get(start).is_some_and(|first| first >> 5 > TEXT) {
                return Err(FormatFault::Cbor.into());
            }
            self.check_item(depth)?;
            let key = &self.bytes[start..self.at];
            // Keys are mostly one byte: a loop in place costs less than the call that slices compare by.
            if !previous.iter().lt(key) {
                return Err(FormatFault::Cbor.into());
            }
            previous = key;
            self.check_item(depth)?;
        }
        Ok(())
    }
}

fn length(argument: u64) -> Result<usize, FormatFault> {
    usize::try_from(argument).map_err(|_| FormatFault::Truncated)
}

fn text(bytes: &[u8]) -> Result<&str, FormatFault> {
    std::str::from_utf8(bytes).map_err(|_| FormatFault::Cbor)
}

/// Reads items of a region that [`validate`] accepted.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(validated: &'a [u8]) -> Self {
        Self {
            bytes: validated,
            at: 0,
        }
    }

    pub(crate) fn uint(&mut self) -> Result<u64, FormatFault> {
        self.typed(UINT)
    }

    /// An unsigned integer that fits `T`.
    pub(crate) fn small<T: TryFrom<u64>>(&mut self) -> Result<T, FormatFault> {
        T::try_from(self.uint()?).map_err(|_| FormatFault::Value)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], FormatFault> {
        let count = length(self.typed(BYTES)?)?;
        self.take(count)
    }

    pub(crate) fn array_of<const N: usize>(&mut self) -> Result<[u8; N], FormatFault> {
        self.bytes()?.try_into().map_err(|_| FormatFault::Length)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, FormatFault> {
        let count = length(self.typed(TEXT)?)?;
        text(self.take(count)?)
    }

    /// Number of elements of an array.
    pub(crate) fn array(&mut self) -> Result<u64, FormatFault> {
        self.typed(ARRAY)
    }

    /// Number of pairs of a map.
    pub(crate) fn map(&mut self) -> Result<u64, FormatFault> {
        self.typed(MAP)
    }

    pub(crate) fn next_is_text(&self) -> bool {
        self.bytes.get(self.at).is_some_and(|first| first >> 5 == TEXT)
    }

    /// The raw bytes of the next item, whatever it is, nested at most `depth` deep.
    pub(crate) fn raw(&mut self, depth: usize) -> Result<&'a [u8]> {
        let count = validate_prefix(&self.bytes[self.at..], depth)?;
        Ok(self.take(count)?)
    }

    /// Calls `field` with each unsigned-integer key of a map; `field` reads the value and refuses unknown keys.
    pub(crate) fn fields(&mut self, mut field: impl FnMut(u64, &mut Self) -> Result<()>) -> Result<()> {
        for _ in 0..self.map()? {
            let key = self.uint().map_err(|_| FormatFault::UnknownKey)?;
            field(key, self)?;
        }
        Ok(())
    }

    fn typed(&mut self, expected: u8) -> Result<u64, FormatFault> {
        let mut cursor = Cursor {
            bytes: self.bytes,
            at: self.at,
        };
        let (major, argument) = cursor.head()?;
        if major != expected {
            return Err(FormatFault::Type);
        }
        self.at = cursor.at;
        Ok(argument)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], FormatFault> {
        let mut cursor = Cursor {
            bytes: self.bytes,
            at: self.at,
        };
        let part = cursor.take(count)?;
        self.at = cursor.at;
        Ok(part)
    }
}

/// Appends deterministic items to a buffer. The caller gives map keys in ascending order.
pub(crate) struct Writer<'a>(pub(crate) &'a mut Vec<u8>);

impl Writer<'_> {
    pub(crate) fn uint(&mut self, value: u64) {
        self.head(UINT, value);
    }

    pub(crate) fn bytes(&mut self, value: &[u8]) {
        self.head(BYTES, value.len() as u64);
        self.0.extend_from_slice(value);
    }

    pub(crate) fn text(&mut self, value: &str) {
        self.head(TEXT, value.len() as u64);
        self.0.extend_from_slice(value.as_bytes());
    }

    pub(crate) fn array(&mut self, elements: usize) {
        self.head(ARRAY, elements as u64);
    }

    pub(crate) fn map(&mut self, pairs: usize) {
        self.head(MAP, pairs as u64);
    }

    pub(crate) fn null(&mut self) {
        self.0.push(0xf6);
    }

    /// An item that is encoded already.
    pub(crate) fn raw(&mut self, item: &[u8]) {
        self.0.extend_from_slice(item);
    }

    #[expect(clippy::cast_possible_truncation, reason = "each arm's range fits its width")]
    fn head(&mut self, major: u8, argument: u64) {
        let major = major << 5;
        match argument {
            0..=23 => self.0.push(major | argument as u8),
            24..=0xff => self.0.extend_from_slice(&[major | 24, argument as u8]),
            0x100..=0xffff => {
                self.0.push(major | 25);
                self.0.extend_from_slice(&(argument as u16).to_be_bytes());
            }
            0x1_0000..=0xffff_ffff => {
                self.0.push(major | 26);
                self.0.extend_from_slice(&(argument as u32).to_be_bytes());
            }
            _ => {
                self.0.push(major | 27);
                self.0.extend_from_slice(&argument.to_be_bytes());
            }
        }
    }
}

/// The encoding of one item made by `write`.
pub(crate) fn encode(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(TYPICAL);
    write(&mut Writer(&mut out));
    out
}

/// Bytes that IMM, and MUT with one or two recipients, fit in.
const TYPICAL: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    fn fault(item: &[u8]) -> Result<()> {
        validate(item, 4)
    }

    #[test]
    fn deterministic_items_are_accepted() {
        for item in [
            &[0x00][..],
            &[0x18, 24],
            &[0x19, 1, 0],
            &[0xa2, 1, 0x40, 0x61, b'a', 0xf6],
            &[0x82, 0x20, 0xf5],
        ] {
            assert_eq!(validate(item, 4), Ok(()), "{item:02x?}");
        }
    }

    #[test]
    fn other_forms_are_refused() {
        let cbor = Err(Error::Format(FormatFault::Cbor));
        assert_eq!(fault(&[0x18, 23]), cbor, "long integer");
        assert_eq!(fault(&[0x9f, 0xff]), cbor, "indefinite array");
        assert_eq!(fault(&[0xa2, 2, 0, 1, 0]), cbor, "unsorted keys");
        assert_eq!(fault(&[0xa2, 1, 0, 1, 0]), cbor, "duplicate key");
        assert_eq!(fault(&[0xc0, 0]), cbor, "tag");
        assert_eq!(fault(&[0xf9, 0, 0]), cbor, "float");
        assert_eq!(fault(&[0xf7]), cbor, "undefined");
        assert_eq!(fault(&[0x61, 0xff]), cbor, "UTF-8");
        assert_eq!(fault(&[0xa1, 0x80, 0]), cbor, "array as key");
        assert_eq!(fault(&[0, 0]), Err(Error::Format(FormatFault::TrailingBytes)));
        assert_eq!(
            fault(&[0x5b, 255, 255, 255, 255, 255, 255, 255, 255]),
            Err(Error::Format(FormatFault::Truncated))
        );
        assert_eq!(
            fault(&[0x9b, 0, 0, 0, 255, 255, 255, 255, 255]),
            Err(Error::Format(FormatFault::Truncated))
        );
    }

    #[test]
    fn nesting_is_capped() {
        assert_eq!(fault(&[0x81, 0x81, 0x81, 0x80]), Ok(()));
        assert_eq!(
            fault(&[0x81, 0x81, 0x81, 0x81, 0x80]),
            Err(Error::Limit(LimitFault::Depth))
        );
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_judged_without_panic(bytes: Vec<u8>) {
            let _ = validate(&bytes, 4);
        }

        #[test]
        fn written_integers_read_back(value: u64) {
            let item = encode(|w| w.uint(value));
            proptest::prop_assert_eq!(validate(&item, 1), Ok(()));
            proptest::prop_assert_eq!(Reader::new(&item).uint(), Ok(value));
        }
    }
}

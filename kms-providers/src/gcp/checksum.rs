//! CRC32C (RFC 3720 12.1): requests carry it, replies say that they saw it, and carry their own.

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A checksum, as Google writes 64-bit numbers in JSON: in quotes. Bare numbers are read too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Crc(pub(super) u32);

/// What a reply says of its own bytes.
pub(super) trait Checked {
    /// Whether these are the bytes that were summed up. A sum that is missing matches nothing.
    fn matches(self, bytes: &[u8]) -> bool;
}

impl Crc {
    /// No table of it is looked into: the bytes may be a secret, and what is looked up shows in the cache.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut crc = u32::MAX;
        for byte in bytes {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = (crc >> 1) ^ (POLYNOMIAL & (crc & 1).wrapping_neg());
            }
        }
        Self(!crc)
    }
}

impl Checked for Option<Crc> {
    fn matches(self, bytes: &[u8]) -> bool {
        self == Some(Crc::of(bytes))
    }
}

impl Serialize for Crc {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Crc {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;

        impl Visitor<'_> for Number {
            type Value = Crc;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a checksum of 32 bits")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Crc, E> {
                text.parse().map(Crc).map_err(|_| E::custom("no checksum"))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Crc, E> {
                u32::try_from(number).map(Crc).map_err(|_| E::custom("no checksum"))
            }
        }

        deserializer.deserialize_any(Number)
    }
}

/// Castagnoli's, least significant bit first.
const POLYNOMIAL: u32 = 0x82f6_3b78;

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3720 B.4, and the check value of the catalogue of CRCs.
    #[test]
    fn published_values() {
        assert_eq!(Crc::of(&[0; 32]), Crc(0x8a91_36aa));
        assert_eq!(Crc::of(&[0xff; 32]), Crc(0x62a8_ab43));
        let up: Vec<u8> = (0..32).collect();
        let down: Vec<u8> = (0..32).rev().collect();
        assert_eq!((Crc::of(&up), Crc::of(&down)), (Crc(0x46dd_794e), Crc(0x113f_db5c)));
        assert_eq!((Crc::of(b"123456789"), Crc::of(b"")), (Crc(0xe306_9283), Crc(0)));
    }

    #[test]
    fn numbers_are_read_in_quotes_and_bare_and_no_other_is() {
        for (text, expected) in [
            ("\"3808858755\"", Some(Crc(0xe306_9283))),
            ("3808858755", Some(Crc(0xe306_9283))),
            ("\"4294967296\"", None),
            ("4294967296", None),
            ("-1", None),
            ("\"\"", None),
            ("\"1 \"", None),
            ("true", None),
        ] {
            assert_eq!(serde_json::from_str(text).ok(), expected, "{text}");
        }
        assert_eq!(serde_json::to_string(&Crc(7)).unwrap(), "\"7\"");
    }

    #[test]
    fn a_missing_checksum_matches_nothing() {
        assert!(!None.matches(b""));
        assert!(Some(Crc(0)).matches(b""));
    }
}

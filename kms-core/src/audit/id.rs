//! Event ids: UUID version 7 (RFC 9562 5.7), so that they sort by time.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The id of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId([u8; 16]);

impl EventId {
    /// A fresh id. It is unique, not secret: its random bits are a keyed hash of clock, process and a counter, so
    /// that a forked process does not repeat them.
    #[must_use]
    pub fn fresh(unix_nanos: u64) -> Self {
        let mut id = unique_bytes(unix_nanos);
        id[..6].copy_from_slice(&(unix_nanos / 1_000_000).to_be_bytes()[2..]);
        id[6] = 0x70 | id[6] & 0x0f;
        id[8] = 0x80 | id[8] & 0x3f;
        Self(id)
    }

    /// The id with these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The id in the form 8-4-4-4-12 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let hyphens_fit = text.len() == 36 && [8, 13, 18, 23].iter().all(|&at| text.as_bytes()[at] == b'-');
        hyphens_fit
            .then(|| from_hex(&text.replace('-', "")).map(Self))
            .flatten()
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, byte) in self.0.iter().enumerate() {
            if matches!(place, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

/// 16 bytes that no other call returns, in this process or another.
pub(super) fn unique_bytes(unix_nanos: u64) -> [u8; 16] {
    static KEY: OnceLock<RandomState> = OnceLock::new();
    static COUNTER: AtomicU64 = AtomicU64::new(0);

    let key = KEY.get_or_init(RandomState::new);
    let seed = (unix_nanos, std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
    let halves = (key.hash_one((seed, 0_u8)), key.hash_one((seed, 1_u8)));
    (u128::from(halves.0) << 64 | u128::from(halves.1)).to_be_bytes()
}

/// Lower-case hexadecimal digits.
pub(super) fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]])
        .map(char::from)
        .collect()
}

/// Exactly `N` bytes from lower-case hexadecimal digits.
pub(super) fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let bytes = bytes_from_hex(text)?;
    bytes.try_into().ok()
}

/// Bytes from lower-case hexadecimal digits.
pub(super) fn bytes_from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    text.len().is_multiple_of(2).then_some(())?;
    text.as_bytes()
        .chunks_exact(2)
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_version_7_and_sort_by_time() {
        let early = EventId::fresh(1_700_000_000_000_000_000);
        let late = EventId::fresh(1_700_000_000_001_000_000);
        assert!(early < late);
        assert_eq!(early.as_bytes()[6] >> 4, 7);
        assert_eq!(early.as_bytes()[8] >> 6, 2);
    }

    #[test]
    fn ids_at_one_instant_differ() {
        let ids: std::collections::HashSet<_> = (0..10_000).map(|_| EventId::fresh(1)).collect();
        assert_eq!(ids.len(), 10_000);
    }

    #[test]
    fn text_form_round_trips_and_rejects_everything_else() {
        let id = EventId::fresh(1_700_000_000_000_000_000);
        let text = id.to_string();
        assert_eq!(EventId::parse(&text), Some(id));
        for wrong in [
            "",
            &text[1..],
            &text.replace('-', "0"),
            &text.to_uppercase().replace('7', "G"),
        ] {
            assert_eq!(EventId::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn hex_is_strict() {
        assert_eq!(from_hex::<2>("00ff"), Some([0, 255]));
        for wrong in ["00f", "00fF", "00fg", "00ff00", "é0"] {
            assert_eq!(from_hex::<2>(wrong), None, "{wrong}");
        }
    }
}

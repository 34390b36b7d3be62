//! What an object can be found by.

use sha2::{Digest, Sha256};

/// One value of one attribute of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexEntry {
    /// The attribute, and where it is a structure the field: `Name`, `Digest.HashingAlgorithm`, `x-cost-centre`.
    pub attribute: String,
    /// Its value.
    pub value: IndexValue,
    /// Whether at most one object of the tenant may have it.
    pub unique: bool,
}

/// A value to find objects by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexValue {
    /// Integers, enumerations, dates: they have ranges.
    Number(i64),
    /// Text, exactly.
    Text(String),
    /// Bytes, and encoded structures.
    Bytes(Vec<u8>),
}

impl IndexEntry {
    /// A value that several objects may have.
    pub fn new(attribute: impl Into<String>, value: IndexValue) -> Self {
        Self {
            attribute: attribute.into(),
            value,
            unique: false,
        }
    }

    /// A value that one object of a tenant may have.
    pub fn unique(attribute: impl Into<String>, value: IndexValue) -> Self {
        Self {
            unique: true,
            ..Self::new(attribute, value)
        }
    }

    /// What [`claims`](super::schema) hold: attribute and value, of a length that no client chooses.
    pub(super) fn claim(&self) -> Vec<u8> {
        let mut hash = Sha256::new();
        hash.update(
            u64::try_from(self.attribute.len())
                .expect("a length fits")
                .to_be_bytes(),
        );
        hash.update(&self.attribute);
        hash.update(self.value.stored());
        hash.finalize().to_vec()
    }
}

impl IndexValue {
    /// The bytes that stand in the database: a kind, then the value, or its SHA-256 where that is shorter. An index of
    /// PostgreSQL takes 2 704 bytes an entry.
    pub(super) fn stored(&self) -> Vec<u8> {
        let (kind, bytes): (u8, &[u8]) = match self {
            Self::Number(number) => (NUMBER, &number.to_be_bytes()),
            Self::Text(text) => (TEXT, text.as_bytes()),
            Self::Bytes(bytes) => (BYTES, bytes),
        };
        if bytes.len() > WHOLE {
            return [&[kind | HASHED], Sha256::digest(bytes).as_slice()].concat();
        }
        [&[kind], bytes].concat()
    }

    pub(super) fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(_) | Self::Bytes(_) => None,
        }
    }
}

const NUMBER: u8 = 1;
const TEXT: u8 = 2;
const BYTES: u8 = 3;
const HASHED: u8 = 0x80;
/// Longer values are hashed.
const WHOLE: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_hashed_and_stay_apart() {
        let at = IndexValue::Bytes(vec![1; WHOLE]).stored();
        let over = IndexValue::Bytes(vec![1; WHOLE + 1]).stored();
        assert_eq!((at.len(), over.len()), (WHOLE + 1, 33));
        // A short value that looks like the hash of a long one is another value.
        assert_ne!(IndexValue::Bytes(over[1..].to_vec()).stored(), over);
        assert_ne!(
            IndexValue::Text("1".into()).stored(),
            IndexValue::Bytes(b"1".to_vec()).stored()
        );
    }

    #[test]
    fn claims_tell_attribute_from_value() {
        let one = IndexEntry::unique("ab", IndexValue::Text("c".into())).claim();
        let other = IndexEntry::unique("a", IndexValue::Text("bc".into())).claim();
        assert_ne!(one, other);
    }
}

//! The encryption context: text pairs that are authenticated with a message (framework/structures.md, "Encryption
//! context").

use std::collections::BTreeMap;

use crate::error::{CallerFault, Error, EsdkFault, LimitFault, Result};

/// Text pairs in the order of their keys' UTF-8 bytes, which is the order of their serialization.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context(BTreeMap<String, String>);

impl Context {
    /// The empty context.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A context of these pairs.
    ///
    /// # Errors
    /// [`CallerFault::EsdkContext`] for a repeated key and for one that starts with `aws-crypto-`, which is reserved;
    /// [`LimitFault::Context`] over 65 535 bytes.
    pub fn from_pairs<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Result<Self> {
        let mut context = Self::default();
        for (key, value) in pairs {
            let key = key.into();
            if key.starts_with(RESERVED) || context.0.insert(key, value.into()).is_some() {
                return Err(CallerFault::EsdkContext.into());
            }
        }
        context.encode_counted()?;
        Ok(context)
    }

    /// The value of `key`.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// The pairs, in order.
    pub fn pairs(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The pairs that their writer chose: without those of the format itself.
    pub fn own_pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs().filter(|(key, _)| !key.starts_with(RESERVED))
    }

    /// Whether there are no pairs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets the public key that verifies the message's signature.
    pub(super) fn set_public_key(&mut self, text: String) {
        self.0.insert(PUBLIC_KEY.to_owned(), text);
    }

    pub(super) fn public_key(&self) -> Option<&str> {
        self.value(PUBLIC_KEY)
    }

    /// What of `required` is not stored here, where all that is stored agrees with it; `None` where a value differs.
    pub(super) fn missing_of(&self, required: &Self) -> Option<Self> {
        let mut missing = Self::default();
        for (key, value) in &required.0 {
            match self.0.get(key) {
                Some(stored) if stored == value => {}
                Some(_) => return None,
                None => {
                    missing.0.insert(key.clone(), value.clone());
                }
            }
        }
        Some(missing)
    }

    /// Splits into the pairs that are stored and those named in `unstored`.
    pub(super) fn split(&self, unstored: &[String]) -> (Self, Self) {
        let (unstored, stored) = self
            .0
            .clone()
            .into_iter()
            .partition(|(key, _)| unstored.iter().any(|name| name == key));
        (Self(stored), Self(unstored))
    }

    /// Both together.
    pub(super) fn with(&self, other: &Self) -> Self {
        let mut all = self.0.clone();
        all.extend(other.0.clone());
        Self(all)
    }

    /// The serialization for associated data: nothing at all of an empty context.
    ///
    /// # Errors
    /// [`LimitFault::Context`] where a length does not fit its two bytes.
    pub(super) fn encode(&self) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        if self.0.is_empty() {
            return Ok(out);
        }
        out.extend(short(self.0.len())?);
        for (key, value) in &self.0 {
            for text in [key, value] {
                out.extend(short(text.len())?);
                out.extend_from_slice(text.as_bytes());
            }
        }
        Ok(out)
    }

    /// The serialization in a header: a length before it.
    pub(super) fn encode_counted(&self) -> Result<Vec<u8>> {
        let pairs = self.encode()?;
        Ok([&short(pairs.len())?[..], &pairs].concat())
    }

    /// The context of a header's bytes, which are what follows the length. The order is not looked at: the bytes
    /// themselves are authenticated.
    pub(super) fn decode(mut bytes: &[u8]) -> Result<Self> {
        let mut context = Self::default();
        if bytes.is_empty() {
            return Ok(context);
        }
        let count = u16::from_be_bytes(*take(&mut bytes)?);
        for _ in 0..count {
            let (key, value) = (text(&mut bytes)?, text(&mut bytes)?);
            if context.0.insert(key, value).is_some() {
                return Err(EsdkFault::Context.into());
            }
        }
        // A length for no pairs at all, or bytes behind the last.
        if count == 0 || !bytes.is_empty() {
            return Err(EsdkFault::Context.into());
        }
        Ok(context)
    }
}

fn text(bytes: &mut &[u8]) -> Result<String> {
    let length = u16::from_be_bytes(*take(bytes)?);
    let (text, rest) = bytes.split_at_checked(usize::from(length)).ok_or(EsdkFault::Context)?;
    *bytes = rest;
    String::from_utf8(text.to_vec()).map_err(|_| EsdkFault::Context.into())
}

fn take<'b, const N: usize>(bytes: &mut &'b [u8]) -> Result<&'b [u8; N]> {
    let (taken, rest) = bytes.split_first_chunk().ok_or(EsdkFault::Context)?;
    *bytes = rest;
    Ok(taken)
}

fn short(length: usize) -> Result<[u8; 2]> {
    let length = u16::try_from(length).map_err(|_| Error::from(LimitFault::Context))?;
    Ok(length.to_be_bytes())
}

/// Beginning of the keys that the format itself sets.
const RESERVED: &str = "aws-crypto-";
const PUBLIC_KEY: &str = "aws-crypto-public-key";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_written_in_the_order_of_their_bytes() {
        let context = Context::from_pairs([("é", "1"), ("z", "2"), ("a", "")]).unwrap();
        let encoded = context.encode().unwrap();
        assert_eq!(encoded, b"\0\x03\0\x01a\0\0\0\x01z\0\x012\0\x02\xc3\xa9\0\x011");
        assert_eq!(Context::decode(&encoded).unwrap(), context);
        assert_eq!(Context::new().encode_counted().unwrap(), [0, 0]);
    }

    #[test]
    fn what_is_malformed_is_named() {
        let fault = Err(Error::Esdk(EsdkFault::Context));
        for bytes in [
            &b"\0"[..],
            b"\0\0",
            b"\0\x01\0\x01a",
            b"\0\x01\0\x01a\0\x01",
            b"\0\x01\0\x01\xff\0\0",
            b"\0\x01\0\x01a\0\0x",
            b"\0\x02\0\x01a\0\0\0\x01a\0\0",
        ] {
            assert_eq!(Context::decode(bytes), fault, "{bytes:?}");
        }
        assert!(Context::from_pairs([("aws-crypto-x", "")]).is_err());
        assert!(Context::from_pairs([("a", ""), ("a", "")]).is_err());
        assert!(Context::from_pairs([("a", "x".repeat(70_000))]).is_err());
    }

    #[test]
    fn a_required_pair_is_compared_or_missing() {
        let stored = Context::from_pairs([("a", "1"), ("b", "2")]).unwrap();
        let required = Context::from_pairs([("a", "1"), ("c", "3")]).unwrap();
        let missing = stored.missing_of(&required).unwrap();
        assert_eq!(missing.pairs().collect::<Vec<_>>(), [("c", "3")]);
        assert_eq!(stored.missing_of(&Context::from_pairs([("a", "2")]).unwrap()), None);
    }
}

//! Encryption context and labels: what is bound to an envelope beside its bytes.

use std::cmp::Ordering;

use crate::caps;
use crate::cbor::{Reader, Writer};
use crate::crypto::CryptoBackend;
use crate::error::{CallerFault, FormatFault, LimitFault, Result};
use crate::schedule::{Digest, hash};

/// Key-value pairs that must be the same when opening. Each provider gets their digest, never the pairs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EncryptionContext(Canonical<String>);

impl EncryptionContext {
    /// The empty context.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A context of these pairs.
    ///
    /// # Errors
    /// [`CallerFault::Context`] for an empty key, NUL, a reserved key prefix or a repeated key;
    /// [`LimitFault::Context`] over 64 pairs or 8192 encoded bytes.
    pub fn from_pairs<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Result<Self> {
        let mut context = Self::default();
        for (key, value) in pairs {
            let (key, value) = (key.into(), value.into());
            if !valid_key(&key) || value.contains('\0') {
                return Err(CallerFault::Context.into());
            }
            if context.0.insert(key, value).is_some() {
                return Err(CallerFault::Context.into());
            }
        }
        context.check_size()?;
        Ok(context)
    }

    /// The value of `key`.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&str> {
        self.0.value(key).map(String::as_str)
    }

    /// The pairs in canonical order.
    pub fn pairs(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.pairs().map(|(key, value)| (key, value.as_str()))
    }

    /// Whether there are no pairs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `ctx_hash`.
    #[must_use]
    pub fn digest(&self, backend: &CryptoBackend) -> Digest {
        let mut encoded = Vec::with_capacity(128);
        self.encode(&mut Writer(&mut encoded));
        hash(backend, "context", &[&encoded])
    }

    /// Splits into the pairs that are stored and those named in `external`.
    pub(crate) fn split(&self, external: &[String]) -> (Self, Self) {
        let (mut stored, mut supplied) = (Self::default(), Self::default());
        for (key, value) in self.pairs() {
            let part = if external.iter().any(|name| name == key) {
                &mut supplied
            } else {
                &mut stored
            };
            part.0.insert(key.to_owned(), value.to_owned());
        }
        (stored, supplied)
    }

    /// This context and `other` together; `None` if they share a key.
    pub(crate) fn union(&self, other: &Self) -> Option<Self> {
        let mut all = self.clone();
        for (key, value) in other.pairs() {
            if all.0.insert(key.to_owned(), value.to_owned()).is_some() {
                return None;
            }
        }
        Some(all)
    }

    pub(crate) fn encode(&self, out: &mut Writer<'_>) {
        out.map(self.0.len());
        for (key, value) in self.pairs() {
            out.text(key);
            out.text(value);
        }
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self> {
        let count = reader.map()?;
        if count == 0 {
            return Err(FormatFault::Context.into());
        }
        if count > caps::CONTEXT_PAIRS as u64 {
            return Err(LimitFault::Context.into());
        }
        let mut context = Self::default();
        for _ in 0..count {
            let (key, value) = (reader.text()?, reader.text()?);
            if !valid_key(key) || value.contains('\0') {
                return Err(FormatFault::Context.into());
            }
            context.0.insert(key.to_owned(), value.to_owned());
        }
        context.check_size()?;
        Ok(context)
    }

    pub(crate) fn check_size(&self) -> Result<(), LimitFault> {
        let encoded: usize = self.pairs().map(|(key, value)| text_len(key) + text_len(value)).sum();
        if self.0.len() > caps::CONTEXT_PAIRS || encoded + map_head_len(self.0.len()) > caps::CONTEXT {
            return Err(LimitFault::Context);
        }
        Ok(())
    }
}

/// Facts about one message: authenticated, stored in clear, not bound at providers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels(Canonical<LabelValue>);

/// The value of a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabelValue {
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl LabelValue {
    fn is_valid(&self) -> bool {
        !matches!(self, Self::Text(text) if text.contains('\0'))
    }
}

/// Prefix of labels that the format itself sets.
const RESERVED_LABEL: &str = "ks1-";
/// The label that fixes a ticket's record mode.
pub(crate) const MODE_LABEL: &str = "ks1-mode";

impl Labels {
    /// No labels.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// These labels.
    ///
    /// # Errors
    /// [`CallerFault::Labels`] for an empty, reserved or repeated key or one with NUL; [`LimitFault::Labels`] over 64
    /// pairs or 8192 encoded bytes.
    pub fn from_pairs<K: Into<String>>(pairs: impl IntoIterator<Item = (K, LabelValue)>) -> Result<Self> {
        let mut labels = Self::default();
        for (key, value) in pairs {
            let key = key.into();
            let usable = valid_name(&key) && !key.starts_with(RESERVED_LABEL) && value.is_valid();
            if !usable || labels.set(&key, value).is_some() {
                return Err(CallerFault::Labels.into());
            }
        }
        labels.check_size()?;
        Ok(labels)
    }

    /// The value of `key`.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&LabelValue> {
        self.0.value(key)
    }

    /// The labels in canonical order.
    pub fn pairs(&self) -> impl ExactSizeIterator<Item = (&str, &LabelValue)> {
        self.0.pairs()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn set(&mut self, key: &str, value: LabelValue) -> Option<LabelValue> {
        self.0.insert(key.to_owned(), value)
    }

    pub(crate) fn encode(&self, out: &mut Writer<'_>) {
        out.map(self.0.len());
        for (key, value) in self.pairs() {
            out.text(key);
            match value {
                LabelValue::Text(text) => out.text(text),
                LabelValue::Bytes(bytes) => out.bytes(bytes),
            }
        }
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self> {
        let count = reader.map()?;
        if count == 0 {
            return Err(FormatFault::Value.into());
        }
        if count > caps::LABEL_PAIRS as u64 {
            return Err(LimitFault::Labels.into());
        }
        let mut labels = Self::default();
        for _ in 0..count {
            let key = reader.text()?;
            let reserved = key.starts_with(RESERVED_LABEL) && key != MODE_LABEL;
            if !valid_name(key) || reserved {
                return Err(FormatFault::Value.into());
            }
            let value = if reader.next_is_text() {
                LabelValue::Text(reader.text()?.to_owned())
            } else {
                LabelValue::Bytes(reader.bytes()?.to_vec())
            };
            if !value.is_valid() {
                return Err(FormatFault::Value.into());
            }
            labels.set(key, value);
        }
        labels.check_size()?;
        Ok(labels)
    }

    pub(crate) fn check_size(&self) -> Result<(), LimitFault> {
        let encoded: usize = self
            .pairs()
            .map(|(key, value)| {
                text_len(key)
                    + match value {
                        LabelValue::Text(text) => text_len(text),
                        LabelValue::Bytes(bytes) => head_len(bytes.len()) + bytes.len(),
                    }
            })
            .sum();
        if self.0.len() > caps::LABEL_PAIRS || encoded + map_head_len(self.0.len()) > caps::LABELS {
            return Err(LimitFault::Labels);
        }
        Ok(())
    }
}

/// Pairs in canonical order, without repetition. Sorted in one piece of memory: there are few, and they are copied and
/// encoded for every message.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Canonical<V>(Vec<(String, V)>);

impl<V> Default for Canonical<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<V> Canonical<V> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn pairs(&self) -> impl ExactSizeIterator<Item = (&str, &V)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    fn value(&self, key: &str) -> Option<&V> {
        self.place(key).ok().map(|at| &self.0[at].1)
    }

    /// Gives back the value that stood there.
    fn insert(&mut self, key: String, value: V) -> Option<V> {
        match self.place(&key) {
            Ok(at) => Some(std::mem::replace(&mut self.0[at].1, value)),
            Err(at) => {
                self.0.insert(at, (key, value));
                None
            }
        }
    }

    fn place(&self, key: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| canonical_order(known, key))
    }
}

/// The order of text in deterministic CBOR: by length first, then bytewise.
fn canonical_order(left: &str, right: &str) -> Ordering {
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

/// Names of context pairs that must be supplied from outside: sorted, without repetition.
pub(crate) fn canonical_names(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = names.into_iter().collect();
    names.sort_unstable_by(|left, right| canonical_order(left, right));
    names.dedup();
    names
}

/// Whether `key` may be a context key.
pub(crate) fn valid_key(key: &str) -> bool {
    valid_name(key) && !key.starts_with("ks1-") && !key.starts_with("aws:")
}

fn valid_name(text: &str) -> bool {
    !text.is_empty() && !text.contains('\0')
}

fn text_len(text: &str) -> usize {
    head_len(text.len()) + text.len()
}

fn map_head_len(pairs: usize) -> usize {
    head_len(pairs)
}

fn head_len(argument: usize) -> usize {
    match argument {
        0..=23 => 1,
        24..=0xff => 2,
        0x100..=0xffff => 3,
        _ => 5,
    }
}

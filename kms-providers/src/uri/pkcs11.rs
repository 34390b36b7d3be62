//! PKCS#11 URIs (RFC 7512): kept as written, checked against the grammar of section 2.3.

use std::fmt;

use super::UriFault;
use super::kmip::{is_unreserved, percent_byte};

/// The path of a PKCS#11 URI. A query is refused: it would let a URI choose module and PIN.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pkcs11Key(Box<str>);

impl Pkcs11Key {
    /// The decoded value of an attribute. `id` is bytes, every other attribute is text.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<Vec<u8>> {
        let (_, value) = attributes(&self.0).find(|(key, _)| *key == name)?;
        decode(value?)
    }

    /// The key that these attributes name, each once and in this order.
    #[must_use]
    pub fn of(attributes: &[(&str, &[u8])]) -> Option<Self> {
        let written = attributes
            .iter()
            .map(|(name, value)| format!("{name}={}", encode(value)));
        Self::parse(&written.collect::<Vec<_>>().join(";")).ok()
    }

    /// The version of the key that the URI names: Keystrand's keys have it in their CKA_ID.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        let (_, id) = attributes(&self.0).find(|(key, _)| *key == "id")?;
        id?.strip_prefix(VERSION_ID)
    }

    /// The key itself.
    #[must_use]
    pub fn without_version(&self) -> Self {
        if self.version().is_none() {
            return self.clone();
        }
        let kept: Vec<_> = self.0.split(';').filter(|part| !part.starts_with("id=")).collect();
        match kept.iter().any(|part| part.starts_with("object=")) {
            true => Self(kept.join(";").into()),
            // By its id alone the URI names one object, so there is no key beside it to name.
            false => self.clone(),
        }
    }

    /// One version of the key; `None` for what is no version, or a URI that names an object by its id.
    #[must_use]
    pub fn at_version(&self, version: &str) -> Option<Self> {
        let key = self.without_version();
        let is_version = !version.is_empty() && version.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        (is_version && key.attribute("id").is_none()).then(|| Self(format!("{key};id={VERSION_ID}{version}").into()))
    }

    /// The attributes and their decoded values, as written.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, Vec<u8>)> {
        attributes(&self.0).filter_map(|(name, value)| Some((name, decode(value?)?)))
    }

    pub(super) fn parse(text: &str) -> Result<Self, UriFault> {
        if text.contains('?') {
            return Err(UriFault::Pkcs11Query);
        }
        let parsed = parse_path(text).ok_or(UriFault::Pkcs11Attribute)?;
        if !parsed.iter().any(|(name, _)| matches!(*name, "object" | "id")) {
            return Err(UriFault::Pkcs11Unnamed);
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for Pkcs11Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The attributes of a path by RFC 7512 2.3, each at most once; `None` for a path that is none.
pub(crate) fn parse_path(text: &str) -> Option<Vec<(&str, Vec<u8>)>> {
    let mut parsed: Vec<(&str, Vec<u8>)> = Vec::new();
    for (name, value) in attributes(text) {
        let value = value.filter(|value| is_allowed(name, value))?;
        if parsed.iter().any(|(seen, _)| *seen == name) {
            return None;
        }
        parsed.push((name, decode(value)?));
    }
    Some(parsed)
}

fn attributes(path: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    path.split(';').map(|attribute| match attribute.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (attribute, None),
    })
}

fn is_allowed(name: &str, value: &str) -> bool {
    let Some(decoded) = decode(value) else {
        return false;
    };
    let is_text = || std::str::from_utf8(&decoded).is_ok();
    match name {
        "id" => true,
        "type" => matches!(value, "public" | "private" | "cert" | "secret-key" | "data"),
        "slot-id" => is_number(value),
        "library-version" => value
            .split_once('.')
            .map_or_else(|| is_number(value), |(a, b)| is_number(a) && is_number(b)),
        _ => is_attribute_name(name) && is_text(),
    }
}

/// RFC 7512 2.3: vendor attributes are allowed beside the defined ones.
fn is_attribute_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

fn is_number(text: &str) -> bool {
    matches!(text.len(), 1..=20) && text.bytes().all(|b| b.is_ascii_digit())
}

/// Decodes a value; `None` where a character is not a `pk11-pchar`. Lower-case hexadecimal digits are allowed, as
/// most tools write them.
fn decode(value: &str) -> Option<Vec<u8>> {
    let upper = value.to_ascii_uppercase();
    let (mut rest, mut upper) = (value.as_bytes(), upper.as_bytes());
    let mut decoded = Vec::with_capacity(value.len());
    while let Some(&first) = rest.first() {
        let (byte, taken) = match first {
            b'%' => (percent_byte(upper)?, 3),
            bare if is_unreserved(bare) || RESERVED_AVAILABLE.contains(&bare) => (bare, 1),
            _ => return None,
        };
        decoded.push(byte);
        (rest, upper) = (&rest[taken..], &upper[taken..]);
    }
    Some(decoded)
}

/// Bytes as a value: unreserved characters bare, all else `%XX`.
fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        match is_unreserved(byte) {
            true => text.push(char::from(byte)),
            false => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

/// What the CKA_ID of a version begins with.
pub(crate) const VERSION_ID: &str = "ks1:";

/// `pk11-path-res-avail` of RFC 7512 2.3.
const RESERVED_AVAILABLE: &[u8] = b":[]@!$'()*+,=&";

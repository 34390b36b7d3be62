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

    pub(super) fn parse(text: &str) -> Result<Self, UriFault> {
        if text.contains('?') {
            return Err(UriFault::Pkcs11Query);
        }
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in attributes(text) {
            let valid = value.is_some_and(|value| is_allowed(name, value));
            if !valid || seen.contains(&name) {
                return Err(UriFault::Pkcs11Attribute);
            }
            seen.push(name);
        }
        if !seen.contains(&"object") && !seen.contains(&"id") {
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

/// `pk11-path-res-avail` of RFC 7512 2.3.
const RESERVED_AVAILABLE: &[u8] = b":[]@!$'()*+,=&";

//! KMIP objects.

use std::fmt;

use super::UriFault;
use super::host::Authority;

/// `HOST[:PORT]/UNIQUE-IDENTIFIER`. KMIP lets a unique identifier be any text, so it is percent-encoded.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KmipKey {
    server: Authority,
    unique_identifier: Box<str>,
}

impl KmipKey {
    /// The server.
    #[must_use]
    pub fn server(&self) -> &Authority {
        &self.server
    }

    /// The unique identifier, decoded: as KMIP messages carry it.
    #[must_use]
    pub fn unique_identifier(&self) -> &str {
        &self.unique_identifier
    }

    pub(super) fn parse(text: &str) -> Result<Self, UriFault> {
        let (server, encoded) = text.split_once('/').ok_or(UriFault::Parts)?;
        Ok(Self {
            server: Authority::parse(server)?,
            unique_identifier: decode(encoded).ok_or(UriFault::UniqueIdentifier)?.into(),
        })
    }
}

impl fmt::Display for KmipKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.server)?;
        self.unique_identifier.bytes().try_for_each(|b| match is_unreserved(b) {
            true => write!(f, "{}", char::from(b)),
            false => write!(f, "%{b:02X}"),
        })
    }
}

/// Decodes the only encoding of a text: unreserved characters (RFC 3986 2.3) bare, all else `%XX`.
fn decode(encoded: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if is_unreserved(first) {
            decoded.push(first);
            rest = after;
            continue;
        }
        let byte = percent_byte(rest).filter(|&b| !is_unreserved(b))?;
        decoded.push(byte);
        rest = &rest[3..];
    }
    String::from_utf8(decoded)
        .ok()
        .filter(|text| !text.is_empty() && !text.contains(char::is_control))
}

/// The byte that `%XX`, with upper-case digits, at the start of `text` stands for.
pub(super) fn percent_byte(text: &[u8]) -> Option<u8> {
    let &[b'%', high, low, ..] = text else {
        return None;
    };
    Some(upper_hex_digit(high)? << 4 | upper_hex_digit(low)?)
}

fn upper_hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

pub(super) fn is_unreserved(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~')
}

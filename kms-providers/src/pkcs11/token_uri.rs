//! Which token: the part of RFC 7512 that is not about a key.

use std::path::PathBuf;

use cryptoki::context::Info;
use cryptoki::slot::{Slot, SlotInfo, TokenInfo};
use serde::Deserialize;

use crate::uri::{Pkcs11Key, parse_path};

/// A token by its attributes (RFC 7512 2.3), and where its PIN stands (2.4).
///
/// ```
/// use kms_providers::pkcs11::TokenUri;
///
/// let token: TokenUri = "pkcs11:token=payments;serial=42?pin-source=file:/etc/keystrand/pin".parse()?;
/// assert_eq!(token.label(), Some("payments"));
/// assert!("pkcs11:token=payments?pin-value=1234".parse::<TokenUri>().is_err());
/// # Ok::<(), kms_providers::pkcs11::TokenUriFault>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct TokenUri {
    attributes: Vec<(String, String)>,
    pin_source: Option<PathBuf>,
}

/// Why a text names no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenUriFault {
    /// It is no RFC 7512 URI.
    #[error("a token is named by pkcs11: and attributes of RFC 7512, such as pkcs11:token=LABEL")]
    Malformed,
    /// An attribute is about a key, or unknown.
    #[error(
        "a token is named by token, serial, manufacturer, model, slot-id, slot-description, slot-manufacturer, \
         library-manufacturer, library-description and library-version; keys stand under [key.NAME]"
    )]
    NotOfATokens,
    /// It does not name one token.
    #[error("name the token by its label, serial number or slot")]
    Unnamed,
    /// A PIN in the text.
    #[error("a PIN does not stand in a configuration; put it into a file of your own and name that by pin_file")]
    PinValue,
    /// The query chooses a module.
    #[error("the module is the setting `module`; leave module-path and module-name out of the token's URI")]
    Module,
    /// A source of the PIN that is no file.
    #[error("pin-source is file:PATH; programs are not run for a PIN")]
    PinSource,
}

impl TokenUri {
    /// The token of this label; `None` where no label can be so.
    #[must_use]
    pub fn of_label(label: &str) -> Option<Self> {
        let is_label = (1..=32).contains(&label.len()) && !label.contains(char::is_control);
        is_label.then(|| Self {
            attributes: vec![("token".into(), label.into())],
            pin_source: None,
        })
    }

    /// The label, where the URI has one.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        self.attribute("token")
    }

    /// The file of `pin-source`.
    #[must_use]
    pub fn pin_source(&self) -> Option<&PathBuf> {
        self.pin_source.as_ref()
    }

    /// Whether a key's URI may be of this token: what it says of its token is what this says, as far as this says it.
    #[must_use]
    pub(super) fn admits(&self, key: &Pkcs11Key) -> bool {
        key.attributes().all(|(name, value)| {
            self.attribute(name)
                .is_none_or(|expected| expected.as_bytes() == value.as_slice())
        })
    }

    /// Whether a token that is there is the one.
    pub(super) fn is(&self, library: &Info, slot: Slot, of: &SlotInfo, token: &TokenInfo) -> bool {
        self.attributes
            .iter()
            .all(|(name, value)| fact(name, library, slot, of, token).is_none_or(|fact| fact == *value))
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        let mut attributes = self.attributes.iter();
        attributes
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Whether what a key's URI says of its token is true of the token.
pub(super) fn is_of(key: &Pkcs11Key, library: &Info, slot: Slot, of: &SlotInfo, token: &TokenInfo) -> bool {
    key.attributes()
        .all(|(name, value)| fact(name, library, slot, of, token).is_none_or(|fact| fact.as_bytes() == value))
}

/// What a token, its slot and its library say of themselves; `None` for attributes of keys and of vendors.
fn fact(name: &str, library: &Info, slot: Slot, of: &SlotInfo, token: &TokenInfo) -> Option<String> {
    Some(match name {
        "token" => token.label().to_owned(),
        "serial" => token.serial_number().to_owned(),
        "manufacturer" => token.manufacturer_id().to_owned(),
        "model" => token.model().to_owned(),
        "slot-id" => slot.id().to_string(),
        "slot-description" => of.slot_description().to_owned(),
        "slot-manufacturer" => of.manufacturer_id().to_owned(),
        "library-manufacturer" => library.manufacturer_id().to_owned(),
        "library-description" => library.library_description().to_owned(),
        "library-version" => {
            let version = library.library_version();
            format!("{}.{}", version.major(), version.minor())
        }
        _ => return None,
    })
}

impl std::str::FromStr for TokenUri {
    type Err = TokenUriFault;

    fn from_str(text: &str) -> Result<Self, TokenUriFault> {
        let rest = text.strip_prefix("pkcs11:").ok_or(TokenUriFault::Malformed)?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut attributes = Vec::new();
        for (name, value) in parse_path(path).ok_or(TokenUriFault::Malformed)? {
            if !ATTRIBUTES.contains(&name) {
                return Err(TokenUriFault::NotOfATokens);
            }
            let value = String::from_utf8(value).map_err(|_| TokenUriFault::Malformed)?;
            attributes.push((name.to_owned(), value));
        }
        if !attributes.iter().any(|(name, _)| IDENTIFYING.contains(&name.as_str())) {
            return Err(TokenUriFault::Unnamed);
        }
        let mut pin_source = None;
        for part in query.split('&').filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some(("pin-source", source)) => pin_source = Some(file(source)?),
                Some(("pin-value", _)) => return Err(TokenUriFault::PinValue),
                Some(("module-path" | "module-name", _)) => return Err(TokenUriFault::Module),
                _ => return Err(TokenUriFault::Malformed),
            }
        }
        Ok(Self { attributes, pin_source })
    }
}

impl TryFrom<String> for TokenUri {
    type Error = TokenUriFault;

    fn try_from(text: String) -> Result<Self, TokenUriFault> {
        text.parse()
    }
}

/// RFC 7512 2.4: a `|` names a program to run, which is refused.
fn file(source: &str) -> Result<PathBuf, TokenUriFault> {
    let path = source.strip_prefix("file:").unwrap_or(source);
    let path = path.strip_prefix("//").unwrap_or(path);
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'_' | b'-' | b'~');
    match !path.is_empty() && path.bytes().all(is_plain) {
        true => Ok(PathBuf::from(path)),
        false => Err(TokenUriFault::PinSource),
    }
}

const IDENTIFYING: &[&str] = &["token", "serial", "slot-id", "slot-description"];
const ATTRIBUTES: &[&str] = &[
    "token",
    "serial",
    "manufacturer",
    "model",
    "slot-id",
    "slot-description",
    "slot-manufacturer",
    "library-manufacturer",
    "library-description",
    "library-version",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_named_and_its_pin_stands_elsewhere() {
        let read = |text: &str| text.parse::<TokenUri>();
        let token = read("pkcs11:token=The%20token;serial=9?pin-source=file:///run/pin").unwrap();
        assert_eq!(token.label(), Some("The token"));
        assert_eq!(token.pin_source(), Some(&PathBuf::from("/run/pin")));
        for (text, fault) in [
            ("pkcs12:token=a", TokenUriFault::Malformed),
            ("pkcs11:token", TokenUriFault::Malformed),
            ("pkcs11:token=a;token=b", TokenUriFault::Malformed),
            ("pkcs11:token=a;object=b", TokenUriFault::NotOfATokens),
            ("pkcs11:manufacturer=a", TokenUriFault::Unnamed),
            ("pkcs11:token=a?pin-value=1234", TokenUriFault::PinValue),
            ("pkcs11:token=a?module-path=/tmp/evil.so", TokenUriFault::Module),
            ("pkcs11:token=a?pin-source=%7ccat%20pin", TokenUriFault::PinSource),
            ("pkcs11:token=a?pin-source=|cat", TokenUriFault::PinSource),
            ("pkcs11:token=a?x=1", TokenUriFault::Malformed),
        ] {
            assert_eq!(read(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn a_key_of_another_token_is_not_admitted() {
        let token: TokenUri = "pkcs11:token=a".parse().unwrap();
        let admits = |text: &str| match crate::KeyUri::parse(text).unwrap() {
            crate::KeyUri::Pkcs11(key) => token.admits(&key),
            other => panic!("{other} is of another scheme"),
        };
        assert!(admits("pkcs11:object=k") && admits("pkcs11:token=a;object=k") && admits("pkcs11:serial=1;object=k"));
        assert!(!admits("pkcs11:token=b;object=k"));
    }
}

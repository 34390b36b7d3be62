//! Which objects of a token a key URI means.

use cryptoki::object::{Attribute, ObjectClass};
use kms_core::KekFault;

use crate::uri::{Pkcs11Key, VERSION_ID};

/// A key: its objects are its versions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Target {
    /// Without a version.
    pub(super) key: Pkcs11Key,
    pub(super) class: Class,
    label: Option<Vec<u8>>,
    id: Option<Vec<u8>>,
}

/// Secret keys, or key pairs by their private half.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Class {
    Secret,
    Private,
}

impl Class {
    pub(super) fn object_class(self) -> ObjectClass {
        match self {
            Self::Secret => ObjectClass::SECRET_KEY,
            Self::Private => ObjectClass::PRIVATE_KEY,
        }
    }

    /// As RFC 7512 writes it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Secret => "secret-key",
            Self::Private => "private",
        }
    }
}

impl Target {
    /// What `key` means; certificates, data and public keys are no KEKs.
    pub(super) fn of(key: &Pkcs11Key) -> Result<Self, KekFault> {
        let class = match key.attribute("type").as_deref() {
            None | Some(b"secret-key") => Class::Secret,
            Some(b"private") => Class::Private,
            Some(_) => return Err(KekFault::Unsupported),
        };
        let key = key.without_version();
        Ok(Self {
            class,
            label: key.attribute("object"),
            id: key.attribute("id"),
            key,
        })
    }

    /// The name that its versions share. A URI that names one object by its id has no room for versions.
    pub(super) fn name(&self) -> Result<&[u8], KekFault> {
        match (&self.label, &self.id) {
            (Some(label), None) => Ok(label),
            _ => Err(KekFault::Unsupported),
        }
    }

    pub(super) fn template(&self, class: ObjectClass) -> Vec<Attribute> {
        let mut template = vec![Attribute::Class(class), Attribute::Token(true)];
        template.extend(self.label.clone().map(Attribute::Label));
        template.extend(self.id.clone().map(Attribute::Id));
        template
    }
}

/// A version's name: a number that grows, and what makes it this one's alone, so that two who rotate at once make two
/// versions and never one name for both.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct VersionName {
    pub(super) number: u32,
    text: String,
}

impl VersionName {
    pub(super) fn new(number: u32, unique: [u8; 4]) -> Self {
        let text = format!("{number}-{:08x}", u32::from_be_bytes(unique));
        Self { number, text }
    }

    /// What stands in envelopes and key URIs.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// What stands in CKA_ID.
    pub(super) fn id(&self) -> Vec<u8> {
        format!("{VERSION_ID}{}", self.text).into_bytes()
    }

    pub(super) fn of_id(id: &[u8]) -> Option<Self> {
        Self::parse(std::str::from_utf8(id).ok()?.strip_prefix(VERSION_ID)?)
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let (number, unique) = text.split_once('-')?;
        let parsed = Self::new(
            number.parse().ok()?,
            u32::from_str_radix(unique, 16).ok()?.to_be_bytes(),
        );
        (parsed.number > 0 && parsed.text == text).then_some(parsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_one_text() {
        let version = VersionName::new(3, [0x9f, 0, 0, 1]);
        assert_eq!(version.text(), "3-9f000001");
        assert_eq!(VersionName::of_id(&version.id()), Some(version.clone()));
        assert!(VersionName::new(10, [0; 4]) > version);
        for text in [
            "",
            "3",
            "3-",
            "0-9f000001",
            "03-9f000001",
            "3-9F000001",
            "3-9f00001",
            "+3-9f000001",
        ] {
            assert_eq!(VersionName::parse(text), None, "{text}");
        }
    }
}

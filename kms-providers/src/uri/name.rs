//! Names of keys that this software keeps itself.

use std::fmt;
use std::num::NonZeroU32;

use super::UriFault;

/// The number of a key version: from 1, counting up.
pub type VersionNumber = NonZeroU32;

/// The name of a key: `[a-z0-9][a-z0-9._-]{0,63}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyName(Box<str>);

impl KeyName {
    /// Parses a name.
    ///
    /// # Errors
    /// [`UriFault::Name`].
    pub fn parse(text: &str) -> Result<Self, UriFault> {
        if !is_name(text) {
            return Err(UriFault::Name);
        }
        Ok(Self(text.into()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for KeyName {
    type Err = UriFault;

    fn from_str(text: &str) -> Result<Self, UriFault> {
        Self::parse(text)
    }
}

impl std::borrow::Borrow<str> for KeyName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// An optional name that tells several passphrases or key files apart: `[a-z0-9-]{0,32}`, as envelopes carry it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Label(Box<str>);

impl Label {
    /// The label as text; may be empty.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Parses a label.
    ///
    /// # Errors
    /// [`UriFault::Label`].
    pub fn parse(text: &str) -> Result<Self, UriFault> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if text.len() > LABEL_LEN || !text.bytes().all(allowed) {
            return Err(UriFault::Label);
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `NAME[/VERSION]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NamedKey {
    name: KeyName,
    version: Option<VersionNumber>,
}

impl NamedKey {
    /// A key, or one of its versions.
    #[must_use]
    pub fn new(name: KeyName, version: Option<VersionNumber>) -> Self {
        Self { name, version }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The version, where one is named.
    #[must_use]
    pub fn version(&self) -> Option<VersionNumber> {
        self.version
    }

    pub(super) fn parse(text: &str) -> Result<Self, UriFault> {
        let (name, version) = match text.split_once('/') {
            Some((name, version)) => (name, Some(version_number(version)?)),
            None => (text, None),
        };
        Ok(Self::new(KeyName::parse(name)?, version))
    }

    pub(super) fn without_version(&self) -> Self {
        Self::new(self.name.clone(), None)
    }
}

impl fmt::Display for NamedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)?;
        self.version.map_or(Ok(()), |version| write!(f, "/{version}"))
    }
}

/// A decimal version number in its only form: no sign, no leading zeros.
pub(crate) fn version_number(text: &str) -> Result<VersionNumber, UriFault> {
    if !text.bytes().all(|b| b.is_ascii_digit()) || text.starts_with('0') {
        return Err(UriFault::Version);
    }
    text.parse().map_err(|_| UriFault::Version)
}

fn is_name(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-');
    matches!(text.len(), 1..=NAME_LEN) && text.bytes().all(inner) && !text.starts_with(['.', '_', '-'])
}

const NAME_LEN: usize = 64;
const LABEL_LEN: usize = 32;

//! Identifiers of Azure Key Vault and Managed HSM keys.

use std::fmt;

use super::UriFault;
use super::host::Authority;

/// `HOST[:PORT]/keys/NAME[/VERSION]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AzureKey {
    vault: Authority,
    name: Box<str>,
    version: Option<Box<str>>,
}

impl AzureKey {
    /// The vault's host.
    #[must_use]
    pub fn vault(&self) -> &Authority {
        &self.vault
    }

    /// The key's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version, where one is named.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    pub(super) fn parse(text: &str) -> Result<Self, UriFault> {
        let parts: Vec<&str> = text.split('/').collect();
        let (vault, name, version) = match *parts.as_slice() {
            [vault, "keys", name] => (vault, name, None),
            [vault, "keys", name, version] => (vault, name, Some(version)),
            _ => return Err(UriFault::Parts),
        };
        if !matches!(name.len(), 1..=NAME_LEN) || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(UriFault::VaultKey);
        }
        if !version.is_none_or(is_version) {
            return Err(UriFault::VaultVersion);
        }
        Ok(Self {
            vault: Authority::parse(vault)?,
            name: name.into(),
            version: version.map(Into::into),
        })
    }

    pub(super) fn without_version(&self) -> Self {
        Self {
            version: None,
            ..self.clone()
        }
    }
}

impl fmt::Display for AzureKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/keys/{}", self.vault, self.name)?;
        self.version().map_or(Ok(()), |version| write!(f, "/{version}"))
    }
}

fn is_version(text: &str) -> bool {
    matches!(text.len(), 1..=VERSION_LEN) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

const NAME_LEN: usize = 127;
const VERSION_LEN: usize = 64;

//! Key URIs: one grammar, parsed once. What is a [`KeyUri`] is well-formed; every key has exactly one text, so that
//! comparing texts compares keys, and the text of an envelope's recipient finds the key in the configuration.
//!
//! A URI names a key and nothing else. Endpoints and credentials stand in the configuration.

mod aws;
mod azure;
mod error;
mod gcp;
mod host;
mod hpke;
mod kmip;
mod name;
mod pkcs11;
mod scheme;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use kms_core::caps;

pub use aws::AwsKey;
pub use azure::AzureKey;
pub use error::{UriError, UriFault};
pub use gcp::GcpKey;
pub use host::Authority;
pub use hpke::Thumbprint;
pub use kmip::KmipKey;
pub(crate) use name::version_number;
pub use name::{KeyName, Label, NamedKey, VersionNumber};
pub use pkcs11::Pkcs11Key;
pub use scheme::UriScheme;

/// The name of a key at some provider, with or without a version.
///
/// ```
/// use kms_providers::KeyUri;
///
/// let uri: KeyUri = "local://payments/3".parse()?;
/// assert_eq!(uri.version().as_deref(), Some("3"));
/// assert_eq!(uri.without_version().to_string(), "local://payments");
/// # Ok::<(), kms_providers::uri::UriError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum KeyUri {
    /// A key of the embedded keystore.
    Local(NamedKey),
    /// A key that lives as long as the process.
    Memory(NamedKey),
    /// A key of AWS KMS.
    AwsKms(AwsKey),
    /// A key of Google Cloud KMS.
    GcpKms(GcpKey),
    /// A key of Azure Key Vault or Managed HSM.
    AzureKv(AzureKey),
    /// A key of a PKCS#11 token (RFC 7512).
    Pkcs11(Pkcs11Key),
    /// A key of a KMIP server.
    Kmip(KmipKey),
    /// A public key by its thumbprint.
    Hpke(Thumbprint),
    /// A passphrase.
    Passphrase(Label),
    /// A key file.
    KeyFile(Label),
}

impl KeyUri {
    /// Parses a key URI.
    ///
    /// # Errors
    /// [`UriError`] names the part at fault and the expected form; it repeats nothing of `text`.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        if text.len() > caps::KEY_URI {
            return Err(UriError::new(None, UriFault::TooLong));
        }
        let Some((scheme, rest)) = UriScheme::split(text) else {
            return Err(UriError::new(None, UriFault::UnknownScheme));
        };
        Self::parse_rest(scheme, rest).map_err(|fault| UriError::new(Some(scheme), fault))
    }

    /// Parses bytes that nobody has looked at yet: a recipient of an envelope, a fuzzer's input.
    ///
    /// # Errors
    /// As [`KeyUri::parse`]; bytes that are not UTF-8 are [`UriFault::Characters`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, UriError> {
        let text = std::str::from_utf8(bytes).map_err(|_| UriError::new(None, UriFault::Characters))?;
        Self::parse(text)
    }

    /// The scheme, which also names the kind of provider.
    #[must_use]
    pub fn scheme(&self) -> UriScheme {
        match self {
            Self::Local(_) => UriScheme::Local,
            Self::Memory(_) => UriScheme::Memory,
            Self::AwsKms(_) => UriScheme::AwsKms,
            Self::GcpKms(_) => UriScheme::GcpKms,
            Self::AzureKv(_) => UriScheme::AzureKv,
            Self::Pkcs11(_) => UriScheme::Pkcs11,
            Self::Kmip(_) => UriScheme::Kmip,
            Self::Hpke(_) => UriScheme::Hpke,
            Self::Passphrase(_) => UriScheme::Passphrase,
            Self::KeyFile(_) => UriScheme::KeyFile,
        }
    }

    /// The scheme as text, without punctuation: `local`, `aws-kms` …
    #[must_use]
    pub fn scheme_name(&self) -> &'static str {
        self.scheme().name()
    }

    /// The key version, where this URI names one.
    #[must_use]
    pub fn version(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Local(key) | Self::Memory(key) => key.version().map(|n| Cow::Owned(n.to_string())),
            Self::GcpKms(key) => key.version().map(|n| Cow::Owned(n.to_string())),
            Self::AzureKv(key) => key.version().map(Cow::Borrowed),
            _ => None,
        }
    }

    /// The key itself: what stands in envelopes.
    #[must_use]
    pub fn without_version(&self) -> Self {
        match self {
            Self::Local(key) => Self::Local(key.without_version()),
            Self::Memory(key) => Self::Memory(key.without_version()),
            Self::GcpKms(key) => Self::GcpKms(key.with_version(None)),
            Self::AzureKv(key) => Self::AzureKv(key.without_version()),
            unversioned => unversioned.clone(),
        }
    }

    /// The region that the URI itself tells: AWS and Google Cloud.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        match self {
            Self::AwsKms(key) => Some(key.region()),
            Self::GcpKms(key) => Some(key.location()),
            _ => None,
        }
    }

    fn parse_rest(scheme: UriScheme, rest: &str) -> Result<Self, UriFault> {
        Ok(match scheme {
            UriScheme::Local => Self::Local(NamedKey::parse(rest)?),
            UriScheme::Memory => Self::Memory(NamedKey::parse(rest)?),
            UriScheme::AwsKms => Self::AwsKms(AwsKey::parse(rest)?),
            UriScheme::GcpKms => Self::GcpKms(GcpKey::parse(rest)?),
            UriScheme::AzureKv => Self::AzureKv(AzureKey::parse(rest)?),
            UriScheme::Pkcs11 => Self::Pkcs11(Pkcs11Key::parse(rest)?),
            UriScheme::Kmip => Self::Kmip(KmipKey::parse(rest)?),
            UriScheme::Hpke => Self::Hpke(Thumbprint::parse(rest)?),
            UriScheme::Passphrase => Self::Passphrase(Label::parse(rest)?),
            UriScheme::KeyFile => Self::KeyFile(Label::parse(rest)?),
        })
    }
}

impl fmt::Display for KeyUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.scheme().prefix())?;
        match self {
            Self::Local(key) | Self::Memory(key) => key.fmt(f),
            Self::AwsKms(key) => key.fmt(f),
            Self::GcpKms(key) => key.fmt(f),
            Self::AzureKv(key) => key.fmt(f),
            Self::Pkcs11(key) => key.fmt(f),
            Self::Kmip(key) => key.fmt(f),
            Self::Hpke(key) => key.fmt(f),
            Self::Passphrase(label) | Self::KeyFile(label) => label.fmt(f),
        }
    }
}

impl FromStr for KeyUri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for KeyUri {
    type Error = UriError;

    fn try_from(text: String) -> Result<Self, UriError> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests;

//! One error for callers that need no more than a message and a kind.

use kms_core::{KekError, KekFault};

use crate::config::ConfigError;
use crate::local::{KeyFileError, KeystoreError};
use crate::resolver::ResolveError;
use crate::uri::UriError;

/// What can go wrong in this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A text is not a key URI.
    #[error(transparent)]
    Uri(#[from] UriError),
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A name or URI leads to no key.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// A keystore cannot be opened.
    #[error(transparent)]
    Keystore(#[from] KeystoreError),
    /// A key file cannot be used.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// AWS cannot be used as configured.
    #[cfg(feature = "aws")]
    #[error(transparent)]
    Aws(#[from] crate::aws::AwsError),
    /// Azure cannot be used as configured.
    #[cfg(feature = "azure")]
    #[error(transparent)]
    Azure(#[from] crate::azure::AzureError),
    /// Google Cloud cannot be used as configured.
    #[cfg(feature = "gcp")]
    #[error(transparent)]
    Gcp(#[from] crate::gcp::GcpError),
    /// A provider failed.
    #[error(transparent)]
    Kek(#[from] KekError),
    /// A keystore takes a passphrase, and none was given.
    #[error("the keystore is sealed under a passphrase and none was given; use --passphrase-file or a terminal")]
    PassphraseMissing,
}

impl Error {
    /// The provider's fault, where a provider is at fault.
    #[must_use]
    pub fn fault(&self) -> Option<KekFault> {
        match self {
            Self::Kek(error) | Self::Resolve(ResolveError::Kek(error)) => Some(error.kind),
            Self::Keystore(error) => Some(error.fault),
            _ => None,
        }
    }
}

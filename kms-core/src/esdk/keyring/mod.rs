//! Wrapping keys. A keyring of AWS's documentation that holds one key is a [`Keyring`]; a multi-keyring is several of
//! them, given to a [`super::Sealer`] (the first generates, all wrap) or an [`super::Opener`] (any opens).

mod branch;
mod kms;
mod pem;
mod raw_aes;
mod raw_ecdh;
mod raw_rsa;

use async_trait::async_trait;

pub use branch::BranchKeyring;
pub use kms::{KmsKey, KmsKeyring, KmsUnwrapped, KmsWrapped};
pub use raw_aes::RawAesKeyring;
pub use raw_ecdh::{EcdhCurve, RawEcdhKeyring};
pub use raw_rsa::{RawRsaKeyring, RsaPadding};

use super::context::Context;
use super::edk::EncryptedDataKey;
use super::suite::Suite;
use crate::error::{CallerFault, KekError, KekFault, KekOperation, Result};
use crate::memory::SecretBytes;

/// What a data key is for.
#[derive(Debug, Clone, Copy)]
pub struct Materials<'m> {
    /// The suite, which says how long a data key is.
    pub suite: Suite,
    /// The whole encryption context: pairs that are not stored too.
    pub context: &'m Context,
}

/// A fresh data key, and its protected form.
pub struct Generated {
    /// The data key.
    pub data_key: SecretBytes,
    /// What goes into the header.
    pub wrapped: Wrapped,
}

/// A protected data key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrapped {
    /// What goes into the header.
    pub data_key: EncryptedDataKey,
    /// The provider's own request id, for the audit trail.
    pub request_id: Option<String>,
}

/// A recovered data key.
pub struct Unwrapped {
    /// The data key. Its length is the caller's to check.
    pub data_key: SecretBytes,
    /// The provider's own request id, for the audit trail.
    pub request_id: Option<String>,
}

/// One wrapping key.
#[async_trait]
pub trait Keyring: Send + Sync {
    /// The key's name as configured, for errors and the audit trail: `aws-kms://ARN`, `esdk://NAMESPACE/NAME`.
    fn uri(&self) -> &str;

    /// Whether this key may have made `data_key`: others are not tried.
    fn matches(&self, data_key: &EncryptedDataKey) -> bool;

    /// Makes and protects a data key. `None` where random bytes, wrapped, do as well.
    ///
    /// # Errors
    /// [`KekError`]; nothing was made.
    async fn generate(&self, _materials: &Materials<'_>) -> Result<Option<Generated>, KekError> {
        Ok(None)
    }

    /// Protects a data key.
    ///
    /// # Errors
    /// [`KekError`], also where this key can only unwrap.
    async fn wrap(&self, data_key: &SecretBytes, materials: &Materials<'_>) -> Result<Wrapped, KekError>;

    /// Recovers a data key that [`Keyring::matches`].
    ///
    /// # Errors
    /// [`KekError`]; the reason reaches the audit trail, never the reader of the message.
    async fn unwrap(&self, data_key: &EncryptedDataKey, materials: &Materials<'_>) -> Result<Unwrapped, KekError>;
}

/// A raw key's place in messages: namespace and name.
struct Name {
    namespace: String,
    name: String,
    uri: String,
}

impl Name {
    /// # Errors
    /// [`CallerFault::EsdkName`].
    fn new(namespace: impl Into<String>, name: impl Into<String>) -> Result<Self> {
        let (namespace, name) = (namespace.into(), name.into());
        let fits = |text: &str| !text.is_empty() && text.len() <= LONGEST_NAME;
        // What begins with this is a KMS's to every reader.
        if !fits(&namespace) || !fits(&name) || namespace.starts_with("aws-kms") {
            return Err(CallerFault::EsdkName.into());
        }
        let uri = format!("esdk://{namespace}/{name}");
        Ok(Self { namespace, name, uri })
    }

    fn wrapping(&self, kind: KekFault) -> KekError {
        KekError::new(&self.uri, KekOperation::Wrap, kind)
    }

    fn unwrapping(&self) -> KekError {
        KekError::new(&self.uri, KekOperation::Unwrap, KekFault::DoesNotUnwrap)
    }
}

impl Unwrapped {
    fn local(data_key: SecretBytes) -> Self {
        Self {
            data_key,
            request_id: None,
        }
    }
}

impl Wrapped {
    fn local(provider_id: &str, provider_info: Vec<u8>, ciphertext: Vec<u8>) -> Self {
        Self {
            data_key: EncryptedDataKey {
                provider_id: provider_id.to_owned(),
                provider_info,
                ciphertext,
            },
            request_id: None,
        }
    }
}

/// Far below the 65 535 bytes of the field.
const LONGEST_NAME: usize = 1024;

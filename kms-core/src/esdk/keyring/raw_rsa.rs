//! Raw RSA keys: framework/raw-rsa-keyring.md.

use async_trait::async_trait;

use super::{Keyring, Materials, Name, Unwrapped, Wrapped, pem};
use crate::error::{CallerFault, KekError, KekFault, Result};
use crate::esdk::edk::EncryptedDataKey;
use crate::esdk::primitives::{OAEP_SHA1, OAEP_SHA256, OAEP_SHA384, OAEP_SHA512, Padding, RsaPrivate, RsaPublic};
use crate::memory::SecretBytes;

/// An RSA key of the caller's. The encryption context is not bound by it, only by the message. Classical.
pub struct RawRsaKeyring {
    name: Name,
    padding: Padding,
    public: RsaPublic,
    private: Option<RsaPrivate>,
}

/// How a data key is padded (RFC 8017 7); MGF1 with the same hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RsaPadding {
    /// RSAES-PKCS1-v1_5: for old messages. What it protects may be read by whoever can ask often enough whether
    /// something unwraps.
    Pkcs1,
    /// RSAES-OAEP, SHA-1.
    OaepSha1,
    /// RSAES-OAEP, SHA-256.
    OaepSha256,
    /// RSAES-OAEP, SHA-384.
    OaepSha384,
    /// RSAES-OAEP, SHA-512.
    OaepSha512,
}

impl RawRsaKeyring {
    /// A key that wraps and unwraps, from its private half: PKCS#8 in PEM or DER, 2048 to 8192 bits.
    ///
    /// # Errors
    /// [`CallerFault::EsdkName`], [`CallerFault::EsdkKey`].
    pub fn private(
        namespace: impl Into<String>,
        name: impl Into<String>,
        padding: RsaPadding,
        key: &[u8],
    ) -> Result<Self> {
        let private = RsaPrivate::from_pkcs8(&pem::private(key)?).map_err(|_| CallerFault::EsdkKey)?;
        Ok(Self {
            name: Name::new(namespace, name)?,
            padding: padding.into(),
            public: private.public(),
            private: Some(private),
        })
    }

    /// A key that only wraps, from its public half: `SubjectPublicKeyInfo` in PEM or DER.
    ///
    /// # Errors
    /// [`CallerFault::EsdkName`], [`CallerFault::EsdkKey`].
    pub fn public(
        namespace: impl Into<String>,
        name: impl Into<String>,
        padding: RsaPadding,
        key: &[u8],
    ) -> Result<Self> {
        Ok(Self {
            name: Name::new(namespace, name)?,
            padding: padding.into(),
            public: RsaPublic::from_spki(&pem::public(key)?).map_err(|_| CallerFault::EsdkKey)?,
            private: None,
        })
    }
}

#[async_trait]
impl Keyring for RawRsaKeyring {
    fn uri(&self) -> &str {
        &self.name.uri
    }

    fn matches(&self, data_key: &EncryptedDataKey) -> bool {
        self.private.is_some()
            && data_key.provider_id == self.name.namespace
            && data_key.provider_info == self.name.name.as_bytes()
    }

    async fn wrap(&self, data_key: &SecretBytes, _materials: &Materials<'_>) -> Result<Wrapped, KekError> {
        let ciphertext = self.public.encrypt(self.padding, data_key.expose());
        let ciphertext = ciphertext.map_err(|_| self.name.wrapping(KekFault::Unsupported))?;
        let info = self.name.name.as_bytes().to_vec();
        Ok(Wrapped::local(&self.name.namespace, info, ciphertext))
    }

    async fn unwrap(&self, data_key: &EncryptedDataKey, _materials: &Materials<'_>) -> Result<Unwrapped, KekError> {
        let failed = || self.name.unwrapping();
        let private = self.private.as_ref().ok_or_else(failed)?;
        let secret = private
            .decrypt(self.padding, &data_key.ciphertext)
            .map_err(|_| failed())?;
        Ok(Unwrapped::local(secret))
    }
}

impl From<RsaPadding> for Padding {
    fn from(padding: RsaPadding) -> Self {
        match padding {
            RsaPadding::Pkcs1 => Self::Pkcs1,
            RsaPadding::OaepSha1 => OAEP_SHA1,
            RsaPadding::OaepSha256 => OAEP_SHA256,
            RsaPadding::OaepSha384 => OAEP_SHA384,
            RsaPadding::OaepSha512 => OAEP_SHA512,
        }
    }
}

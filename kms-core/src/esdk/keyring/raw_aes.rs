//! Raw AES keys: framework/raw-aes-keyring.md.

use async_trait::async_trait;
use zeroize::Zeroizing;

use super::{Keyring, Materials, Name, Unwrapped, Wrapped};
use crate::crypto::{CryptoBackend, NONCE_LEN, TAG_LEN};
use crate::error::{CallerFault, KekError, KekFault, Result};
use crate::esdk::edk::{EncryptedDataKey, RAW_AES_LENGTHS};
use crate::esdk::primitives::Gcm;
use crate::memory::SecretBytes;

/// An AES key of the caller's that wraps data keys by AES-GCM with random nonces: at most 2^32 messages a key
/// (SP 800-38D 8.3).
pub struct RawAesKeyring {
    name: Name,
    key: Gcm,
    backend: CryptoBackend,
}

impl RawAesKeyring {
    /// A key of 16, 24 or 32 bytes that messages name by `namespace` and `name`.
    ///
    /// # Errors
    /// [`CallerFault::EsdkName`], [`CallerFault::EsdkKey`].
    pub fn new(
        backend: CryptoBackend,
        namespace: impl Into<String>,
        name: impl Into<String>,
        key: &[u8],
    ) -> Result<Self> {
        Ok(Self {
            name: Name::new(namespace, name)?,
            key: Gcm::new(key).map_err(|_| CallerFault::EsdkKey)?,
            backend,
        })
    }
}

#[async_trait]
impl Keyring for RawAesKeyring {
    fn uri(&self) -> &str {
        &self.name.uri
    }

    fn matches(&self, data_key: &EncryptedDataKey) -> bool {
        data_key.provider_id == self.name.namespace && data_key.raw_aes_name() == Some(self.name.name.as_bytes())
    }

    async fn wrap(&self, data_key: &SecretBytes, materials: &Materials<'_>) -> Result<Wrapped, KekError> {
        let aad = materials.context.encode();
        let aad = aad.map_err(|_| self.name.wrapping(KekFault::Unsupported))?;
        let mut nonce = [0; NONCE_LEN];
        let filled = self.backend.random.fill(&mut nonce);
        filled.map_err(|_| self.name.wrapping(KekFault::Random))?;
        let mut ciphertext = data_key.expose().to_vec();
        let tag = self.key.seal(nonce, &aad, &mut ciphertext);
        ciphertext.extend_from_slice(&tag);
        let info = [self.name.name.as_bytes(), &RAW_AES_LENGTHS, &nonce].concat();
        Ok(Wrapped::local(&self.name.namespace, info, ciphertext))
    }

    async fn unwrap(&self, data_key: &EncryptedDataKey, materials: &Materials<'_>) -> Result<Unwrapped, KekError> {
        let failed = || self.name.unwrapping();
        let aad = materials.context.encode().map_err(|_| failed())?;
        let nonce = *data_key.provider_info.last_chunk().ok_or_else(failed)?;
        let (ciphertext, tag) = data_key.ciphertext.split_last_chunk::<TAG_LEN>().ok_or_else(failed)?;
        let mut secret = Zeroizing::new(ciphertext.to_vec());
        self.key.open(nonce, &aad, &mut secret, tag).map_err(|_| failed())?;
        Ok(Unwrapped::local(SecretBytes::copy_of(&secret)))
    }
}

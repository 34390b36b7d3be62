//! Branch keys: framework/aws-kms/aws-kms-hierarchical-keyring.md, without the key store in DynamoDB. Whoever reads the
//! branch keys there, or has them otherwise, hands them in.

use async_trait::async_trait;
use zeroize::Zeroizing;

use super::{Keyring, Materials, Unwrapped, Wrapped};
use crate::crypto::{CryptoBackend, NONCE_LEN, OpenFailed, TAG_LEN};
use crate::error::{CallerFault, KekError, KekFault, KekOperation, Result};
use crate::esdk::edk::EncryptedDataKey;
use crate::esdk::primitives::{Gcm, Hash};
use crate::memory::SecretBytes;

/// A branch key: the version that wraps, and older ones that unwrap.
pub struct BranchKeyring {
    id: String,
    uri: String,
    /// Version (a UUID) and key, current first.
    versions: Vec<([u8; 16], SecretBytes)>,
    backend: CryptoBackend,
}

impl BranchKeyring {
    /// The branch key `id` with its active version, a UUID, and that version's 32 bytes.
    ///
    /// # Errors
    /// [`CallerFault::EsdkName`], [`CallerFault::EsdkKey`].
    pub fn new(backend: CryptoBackend, id: impl Into<String>, version: [u8; 16], key: &[u8]) -> Result<Self> {
        let id = id.into();
        if id.is_empty() || id.len() > super::LONGEST_NAME {
            return Err(CallerFault::EsdkName.into());
        }
        let keyring = Self {
            uri: format!("esdk://{PROVIDER}/{id}"),
            id,
            versions: Vec::new(),
            backend,
        };
        keyring.and(version, key)
    }

    /// The same branch key with an older version of it too.
    ///
    /// # Errors
    /// [`CallerFault::EsdkKey`].
    pub fn and(mut self, version: [u8; 16], key: &[u8]) -> Result<Self> {
        if key.len() != 32 {
            return Err(CallerFault::EsdkKey.into());
        }
        self.versions.push((version, SecretBytes::copy_of(key)));
        Ok(self)
    }

    fn key(&self, version: &[u8; 16]) -> Option<&SecretBytes> {
        self.versions
            .iter()
            .find(|(known, _)| known == version)
            .map(|(_, key)| key)
    }

    fn aad(&self, version: &[u8; 16], materials: &Materials<'_>) -> Result<Vec<u8>, OpenFailed> {
        let context = materials.context.encode().map_err(|_| OpenFailed)?;
        Ok([PROVIDER.as_bytes(), self.id.as_bytes(), version, &context].concat())
    }

    fn try_wrap(&self, data_key: &SecretBytes, materials: &Materials<'_>) -> Result<Wrapped, OpenFailed> {
        let (version, branch_key) = &self.versions[0];
        let mut fresh = [0; SALT + NONCE_LEN];
        self.backend.random.fill(&mut fresh).map_err(|_| OpenFailed)?;
        let (salt, nonce) = fresh.split_first_chunk::<SALT>().ok_or(OpenFailed)?;
        let mut secret = data_key.expose().to_vec();
        let nonce = nonce.try_into().map_err(|_| OpenFailed)?;
        let tag = wrapping_key(branch_key, salt)?.seal(nonce, &self.aad(version, materials)?, &mut secret);
        let ciphertext = [&fresh[..], version, &secret, &tag].concat();
        Ok(Wrapped::local(PROVIDER, self.id.as_bytes().to_vec(), ciphertext))
    }

    fn try_unwrap(&self, wrapped: &[u8], materials: &Materials<'_>) -> Result<SecretBytes, OpenFailed> {
        let parts = Parts::of(wrapped).ok_or(OpenFailed)?;
        let branch_key = self.key(parts.version).ok_or(OpenFailed)?;
        let mut secret = Zeroizing::new(parts.ciphertext.to_vec());
        let aad = self.aad(parts.version, materials)?;
        wrapping_key(branch_key, parts.salt)?.open(*parts.nonce, &aad, &mut secret, parts.tag)?;
        Ok(SecretBytes::copy_of(&secret))
    }
}

#[async_trait]
impl Keyring for BranchKeyring {
    fn uri(&self) -> &str {
        &self.uri
    }

    fn matches(&self, data_key: &EncryptedDataKey) -> bool {
        let parts = Parts::of(&data_key.ciphertext);
        data_key.provider_id == PROVIDER
            && data_key.provider_info == self.id.as_bytes()
            && parts.is_some_and(|parts| self.key(parts.version).is_some())
    }

    async fn wrap(&self, data_key: &SecretBytes, materials: &Materials<'_>) -> Result<Wrapped, KekError> {
        self.try_wrap(data_key, materials)
            .map_err(|_| KekError::new(&self.uri, KekOperation::Wrap, KekFault::Unsupported))
    }

    async fn unwrap(&self, data_key: &EncryptedDataKey, materials: &Materials<'_>) -> Result<Unwrapped, KekError> {
        let secret = self.try_unwrap(&data_key.ciphertext, materials);
        let secret = secret.map_err(|_| KekError::new(&self.uri, KekOperation::Unwrap, KekFault::DoesNotUnwrap))?;
        Ok(Unwrapped::local(secret))
    }
}

/// The fields of a wrapped data key.
struct Parts<'w> {
    salt: &'w [u8; SALT],
    nonce: &'w [u8; NONCE_LEN],
    version: &'w [u8; 16],
    ciphertext: &'w [u8],
    tag: &'w [u8; TAG_LEN],
}

impl<'w> Parts<'w> {
    fn of(wrapped: &'w [u8]) -> Option<Self> {
        let (salt, rest) = wrapped.split_first_chunk()?;
        let (nonce, rest) = rest.split_first_chunk()?;
        let (version, rest) = rest.split_first_chunk()?;
        let (ciphertext, tag) = rest.split_last_chunk()?;
        Some(Self {
            salt,
            nonce,
            version,
            ciphertext,
            tag,
        })
    }
}

fn wrapping_key(branch_key: &SecretBytes, salt: &[u8; SALT]) -> Result<Gcm, OpenFailed> {
    let mut key = Zeroizing::new([0; 32]);
    Hash::Sha256.counter_kdf(branch_key.expose(), PROVIDER.as_bytes(), salt, &mut *key);
    Gcm::new(&*key)
}

const PROVIDER: &str = "aws-kms-hierarchy";
const SALT: usize = 16;

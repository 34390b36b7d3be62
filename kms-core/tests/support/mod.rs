//! KEKs whose bytes a test holds: what `local`, `memory` and key files do, without their stores.
#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used)]

use std::sync::Arc;

use async_trait::async_trait;
use kms_core::crypto::CryptoBackend;
use kms_core::crypto::kem::DecapsulationKey;
use kms_core::memory::Secret;
use kms_core::*;

pub fn run<T>(future: impl Future<Output = T>) -> T {
    futures::executor::block_on(future)
}

pub fn secret(bytes: &[u8]) -> Secret<32> {
    Secret::init_with(|out| out.copy_from_slice(bytes))
}

/// A KEK with any number of versions, the last one current.
pub struct TestKek {
    pub backend: CryptoBackend,
    pub uri: String,
    /// Version and key; `None` where the kind of key has no versions.
    pub versions: Vec<(Option<Vec<u8>>, Secret<32>)>,
    pub mechanism: Option<WrapMechanism>,
    pub domain: String,
}

impl TestKek {
    pub fn new(backend: &CryptoBackend, uri: &str, versions: u8) -> Self {
        let version = |n: u8| (Some(n.to_string().into_bytes()), secret(&[n; 32]));
        let versions = (1..=versions).map(version).collect();
        Self {
            backend: backend.clone(),
            uri: uri.into(),
            versions,
            mechanism: None,
            domain: uri.into(),
        }
    }

    fn key(&self, version: Option<&[u8]>) -> Option<&Secret<32>> {
        self.versions
            .iter()
            .find(|(known, _)| known.as_deref() == version)
            .map(|(_, key)| key)
    }
}

#[async_trait]
impl Kek for TestKek {
    fn uri(&self) -> &str {
        &self.uri
    }

    fn scheme(&self) -> Scheme {
        if self.mechanism.is_some() {
            Scheme::Wrap
        } else {
            Scheme::WrapBound
        }
    }

    fn posture(&self) -> Posture {
        Posture::Hedged
    }

    async fn generate(&self, binding: &Binding<'_>) -> Result<Generated, KekError> {
        let (version, key) = self.versions.last().unwrap();
        let mut w = vec![0; 32];
        self.backend.random.fill(&mut w).unwrap();
        let (secret, w, params) = match self.mechanism {
            None => {
                let salt = w.as_slice().try_into().unwrap();
                (
                    binding.domain.derive_local(&self.backend, key, salt, binding.digest),
                    w,
                    WrapParams::None,
                )
            }
            Some(mechanism) => {
                let wrapped = match mechanism {
                    WrapMechanism::AesKw => self.backend.key_wrap.wrap(key.expose(), &w),
                    _ => self.backend.key_wrap.wrap_padded(key.expose(), &w),
                };
                (secret(&w), wrapped.unwrap(), WrapParams::Mechanism(mechanism))
            }
        };
        Ok(Generated {
            secret,
            wrapped: WrappedKey {
                version: version.clone(),
                w,
                params,
            },
            request_id: None,
        })
    }

    async fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Result<Unwrapped, KekError> {
        let failed = || KekError::new(&self.uri, KekOperation::Unwrap, KekFault::DoesNotUnwrap);
        let missing = || KekError::new(&self.uri, KekOperation::Unwrap, KekFault::NotFound);
        let key = self.key(wrapped.version.as_deref()).ok_or_else(missing)?;
        let secret = match &wrapped.params {
            WrapParams::None => {
                let salt = wrapped.w.as_slice().try_into().map_err(|_| failed())?;
                binding.domain.derive_local(&self.backend, key, salt, binding.digest)
            }
            WrapParams::Mechanism(WrapMechanism::AesKw) => secret(
                &self
                    .backend
                    .key_wrap
                    .unwrap(key.expose(), &wrapped.w)
                    .map_err(|_| failed())?,
            ),
            _ => secret(
                &self
                    .backend
                    .key_wrap
                    .unwrap_padded(key.expose(), &wrapped.w)
                    .map_err(|_| failed())?,
            ),
        };
        Ok(Unwrapped {
            secret,
            request_id: None,
        })
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        let version = self.versions.last().and_then(|(version, _)| version.clone());
        Ok(KekInfo::new(
            "AES-256",
            version,
            "test",
            Posture::Hedged,
            self.domain.clone(),
        ))
    }
}

/// What envelopes call a version, and its private key.
pub type KemVersion = (Option<Vec<u8>>, Arc<dyn DecapsulationKey>);

/// A KEM key with any number of versions, the last one current.
pub struct TestKem {
    pub backend: CryptoBackend,
    pub uri: String,
    pub kem: Kem,
    /// Version and private key; `None` where the kind of key has no versions.
    pub versions: Vec<KemVersion>,
}

impl TestKem {
    /// A key whose versions 1 to `versions` follow from its name.
    pub fn new(backend: &CryptoBackend, uri: &str, kem: Kem, versions: u8) -> Self {
        let seed = |n: u8| secret(&backend.hash.digest(&[uri.as_bytes(), &[n]])[..32]);
        let key = |n: u8| Arc::from(backend.kems.derive_key(kem, &seed(n)).unwrap());
        let versions = (1..=versions).map(|n| (Some(n.to_string().into_bytes()), key(n)));
        Self {
            backend: backend.clone(),
            uri: uri.into(),
            kem,
            versions: versions.collect(),
        }
    }

    pub fn kek(self) -> Arc<HpkeKek> {
        Arc::new(HpkeKek::new(self.backend.clone(), Arc::new(self)))
    }

    fn key(&self, version: Option<&[u8]>) -> Result<&Arc<dyn DecapsulationKey>, KekError> {
        let found = self.versions.iter().find(|(known, _)| known.as_deref() == version);
        let missing = || KekError::new(&self.uri, KekOperation::Unwrap, KekFault::NotFound);
        found.map(|(_, key)| key).ok_or_else(missing)
    }
}

#[async_trait]
impl KemRecipient for TestKem {
    fn uri(&self) -> &str {
        &self.uri
    }

    fn kem(&self) -> Kem {
        self.kem
    }

    async fn public_key(&self, version: Option<&[u8]>) -> Result<VersionedPublicKey, KekError> {
        let version = match version {
            Some(version) => Some(version.to_vec()),
            None => self.versions.last().unwrap().0.clone(),
        };
        let key = self.key(version.as_deref())?;
        Ok(VersionedPublicKey {
            key: KemPublicKey::new(&self.backend, self.kem, key.public()).unwrap(),
            version,
        })
    }

    async fn decapsulate(&self, ciphertext: &[u8], version: Option<&[u8]>) -> Result<Decapsulated, KekError> {
        let failed = |_| KekError::new(&self.uri, KekOperation::Unwrap, KekFault::DoesNotUnwrap);
        let shared_secret = self.key(version)?.decapsulate(ciphertext).map_err(failed)?;
        Ok(Decapsulated {
            shared_secret,
            request_id: None,
        })
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        let version = self.versions.last().and_then(|(version, _)| version.clone());
        Ok(KekInfo::new(
            self.kem.name(),
            version,
            "test",
            self.kem.posture(),
            self.uri.clone(),
        ))
    }
}

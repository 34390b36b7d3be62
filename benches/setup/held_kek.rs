//! A KEK whose bytes stand in memory: what the embedded keystore does once it is unlocked.

use async_trait::async_trait;
use kms_core::crypto::CryptoBackend;
use kms_core::memory::Secret;
use kms_core::{
    Binding, Generated, Kek, KekError, KekFault, KekInfo, KekOperation, Posture, Scheme, Unwrapped, WrapParams,
    WrappedKey,
};

/// A KEK with versions 1 to n, the last one current.
pub struct HeldKek {
    backend: CryptoBackend,
    uri: String,
    versions: Vec<(Vec<u8>, Secret<32>)>,
}

impl HeldKek {
    /// A KEK with `versions` versions.
    pub fn new(backend: &CryptoBackend, uri: &str, versions: u8) -> Self {
        let version = |number: u8| (number.to_string().into_bytes(), Secret::init_with(|key| key.fill(number)));
        Self {
            backend: backend.clone(),
            uri: uri.to_owned(),
            versions: (1..=versions).map(version).collect(),
        }
    }

    fn error(&self, operation: KekOperation, fault: KekFault) -> KekError {
        KekError::new(self.uri.as_str(), operation, fault)
    }

    fn recover(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Option<Secret<32>> {
        let version = wrapped.version.as_deref()?;
        let (_, key) = self.versions.iter().find(|(known, _)| known == version)?;
        let salt = wrapped.w.as_slice().try_into().ok()?;
        Some(binding.domain.derive_local(&self.backend, key, salt, binding.digest))
    }
}

#[async_trait]
impl Kek for HeldKek {
    fn uri(&self) -> &str {
        &self.uri
    }

    fn scheme(&self) -> Scheme {
        Scheme::WrapBound
    }

    fn posture(&self) -> Posture {
        Posture::Hedged
    }

    async fn generate(&self, binding: &Binding<'_>) -> Result<Generated, KekError> {
        let mut salt = [0; 32];
        let filled = self.backend.random.fill(&mut salt);
        filled.map_err(|_| self.error(KekOperation::Wrap, KekFault::Random))?;
        let (version, key) = self.versions.last().expect("at least one version");
        Ok(Generated {
            secret: binding.domain.derive_local(&self.backend, key, &salt, binding.digest),
            wrapped: WrappedKey {
                version: Some(version.clone()),
                w: salt.to_vec(),
                params: WrapParams::None,
            },
            request_id: None,
        })
    }

    async fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Result<Unwrapped, KekError> {
        let secret = self.recover(wrapped, binding);
        Ok(Unwrapped {
            secret: secret.ok_or_else(|| self.error(KekOperation::Unwrap, KekFault::DoesNotUnwrap))?,
            request_id: None,
        })
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        let version = self.versions.last().map(|(version, _)| version.clone());
        Ok(KekInfo::new("AES-256", version, "software", Posture::Hedged, self.uri.as_str()))
    }
}

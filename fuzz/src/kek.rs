//! A KEK whose bytes stand in the golden files' manifest. It opens and makes nothing new.

use std::collections::HashMap;

use async_trait::async_trait;
use kms_core::crypto::CryptoBackend;
use kms_core::memory::Secret;
use kms_core::{
    Binding, Generated, Kek, KekError, KekFault, KekInfo, KekOperation, Posture, Scheme, Unwrapped, WrapMechanism,
    WrapParams, WrappedKey,
};

pub(crate) struct FixedKek {
    backend: CryptoBackend,
    uri: String,
    scheme: Scheme,
    versions: HashMap<Option<Vec<u8>>, Secret<32>>,
}

impl FixedKek {
    pub(crate) fn new(backend: &CryptoBackend, uri: &str, scheme: u16) -> Self {
        let known = [Scheme::WrapBound, Scheme::Wrap]
            .into_iter()
            .find(|known| known.wire() == scheme);
        Self {
            backend: backend.clone(),
            uri: uri.to_owned(),
            scheme: known.expect("keys in the manifest are of scheme 1 or 2"),
            versions: HashMap::new(),
        }
    }

    pub(crate) fn insert(&mut self, version: Option<&str>, key: &[u8]) {
        let version = version.map(|version| version.as_bytes().to_vec());
        self.versions
            .insert(version, secret(key).expect("keys in the manifest have 32 bytes"));
    }

    fn recover(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Result<Secret<32>, KekFault> {
        let key = self.versions.get(&wrapped.version).ok_or(KekFault::NotFound)?;
        let recovered = match &wrapped.params {
            WrapParams::None => {
                let salt = wrapped.w.as_slice().try_into().ok();
                salt.map(|salt| binding.domain.derive_local(&self.backend, key, salt, binding.digest))
            }
            WrapParams::Mechanism(mechanism) => {
                let unwrapped = match mechanism {
                    WrapMechanism::AesKw => self.backend.key_wrap.unwrap(key.expose(), &wrapped.w),
                    _ => self.backend.key_wrap.unwrap_padded(key.expose(), &wrapped.w),
                };
                unwrapped.ok().and_then(|bytes| secret(&bytes))
            }
            _ => None,
        };
        recovered.ok_or(KekFault::DoesNotUnwrap)
    }

    fn failed(&self, operation: KekOperation, fault: KekFault) -> KekError {
        KekError::new(&self.uri, operation, fault)
    }
}

#[async_trait]
impl Kek for FixedKek {
    fn uri(&self) -> &str {
        &self.uri
    }

    fn scheme(&self) -> Scheme {
        self.scheme
    }

    fn posture(&self) -> Posture {
        Posture::Hedged
    }

    async fn generate(&self, _binding: &Binding<'_>) -> Result<Generated, KekError> {
        Err(self.failed(KekOperation::Wrap, KekFault::Denied))
    }

    async fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Result<Unwrapped, KekError> {
        match self.recover(wrapped, binding) {
            Ok(secret) => Ok(Unwrapped {
                secret,
                request_id: None,
            }),
            Err(fault) => Err(self.failed(KekOperation::Unwrap, fault)),
        }
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        Ok(KekInfo::new(
            "AES-256",
            None,
            "fixed",
            Posture::Hedged,
            self.uri.clone(),
        ))
    }
}

fn secret(bytes: &[u8]) -> Option<Secret<32>> {
    (bytes.len() == 32).then(|| Secret::init_with(|out| out.copy_from_slice(bytes)))
}

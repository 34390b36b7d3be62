//! A key pair whose private keys stand in the golden files' manifest.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use kms_core::crypto::CryptoBackend;
use kms_core::crypto::kem::DecapsulationKey;
use kms_core::{
    Decapsulated, HpkeKek, Kek, KekError, KekFault, KekInfo, KekOperation, Kem, KemPublicKey, KemRecipient,
    VersionedPublicKey,
};

pub(crate) struct FixedKem {
    backend: CryptoBackend,
    uri: String,
    kem: Kem,
    versions: HashMap<Option<Vec<u8>>, Box<dyn DecapsulationKey>>,
}

impl FixedKem {
    pub(crate) fn new(backend: &CryptoBackend, uri: &str, kem: u16) -> Self {
        Self {
            backend: backend.clone(),
            uri: uri.to_owned(),
            kem: Kem::from_wire(kem).expect("KEMs in the manifest are known"),
            versions: HashMap::new(),
        }
    }

    pub(crate) fn insert(&mut self, version: Option<&str>, key: &[u8]) {
        let version = version.map(|version| version.as_bytes().to_vec());
        let key = self.backend.kems.private_key(self.kem, key);
        self.versions
            .insert(version, key.expect("private keys in the manifest are valid"));
    }

    pub(crate) fn kek(self) -> Arc<dyn Kek> {
        Arc::new(HpkeKek::new(self.backend.clone(), Arc::new(self)))
    }

    fn key(&self, version: Option<&[u8]>) -> Result<&dyn DecapsulationKey, KekError> {
        let found = self.versions.get(&version.map(<[u8]>::to_vec));
        found.map(|key| &**key).ok_or_else(|| self.failed(KekFault::NotFound))
    }

    fn failed(&self, fault: KekFault) -> KekError {
        KekError::new(&self.uri, KekOperation::Unwrap, fault)
    }
}

#[async_trait]
impl KemRecipient for FixedKem {
    fn uri(&self) -> &str {
        &self.uri
    }

    fn kem(&self) -> Kem {
        self.kem
    }

    async fn public_key(&self, version: Option<&[u8]>) -> Result<VersionedPublicKey, KekError> {
        let key = KemPublicKey::new(&self.backend, self.kem, self.key(version)?.public());
        Ok(VersionedPublicKey {
            key: key.map_err(|_| self.failed(KekFault::BadReply))?,
            version: version.map(<[u8]>::to_vec),
        })
    }

    async fn decapsulate(&self, ciphertext: &[u8], version: Option<&[u8]>) -> Result<Decapsulated, KekError> {
        let shared_secret = self.key(version)?.decapsulate(ciphertext);
        Ok(Decapsulated {
            shared_secret: shared_secret.map_err(|_| self.failed(KekFault::DoesNotUnwrap))?,
            request_id: None,
        })
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        let (name, posture) = (self.kem.name(), self.kem.posture());
        Ok(KekInfo::new(name, None, "fixed", posture, self.uri.clone()))
    }
}

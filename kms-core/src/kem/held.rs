//! Keys of which this process has the bytes.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Decapsulated, KemPublicKey, KemRecipient, VersionedPublicKey};
use crate::crypto::kem::{DecapsulationKey, Kem};
use crate::error::{KekError, KekFault, KekOperation};
use crate::kek::KekInfo;

/// A public key, with its private key or without it. Envelopes name it by its thumbprint.
pub(super) struct HeldKey {
    uri: String,
    public: KemPublicKey,
    private: Option<Arc<dyn DecapsulationKey>>,
}

impl HeldKey {
    pub(super) fn new(public: KemPublicKey, private: Option<Arc<dyn DecapsulationKey>>) -> Self {
        Self {
            uri: public.uri(),
            public,
            private,
        }
    }

    fn error(&self, operation: KekOperation, fault: KekFault) -> KekError {
        KekError::new(&self.uri, operation, fault)
    }
}

#[async_trait]
impl KemRecipient for HeldKey {
    fn uri(&self) -> &str {
        &self.uri
    }

    fn kem(&self) -> Kem {
        self.public.kem()
    }

    fn opens(&self) -> bool {
        self.private.is_some()
    }

    async fn public_key(&self, version: Option<&[u8]>) -> Result<VersionedPublicKey, KekError> {
        match version {
            None => Ok(VersionedPublicKey {
                key: self.public.clone(),
                version: None,
            }),
            Some(_) => Err(self.error(KekOperation::Describe, KekFault::NotFound)),
        }
    }

    async fn decapsulate(&self, ciphertext: &[u8], version: Option<&[u8]>) -> Result<Decapsulated, KekError> {
        let failed = |fault| self.error(KekOperation::Unwrap, fault);
        if version.is_some() {
            return Err(failed(KekFault::NotFound));
        }
        let private = self.private.as_ref().ok_or_else(|| failed(KekFault::PublicOnly))?;
        let shared_secret = private.decapsulate(ciphertext);
        Ok(Decapsulated {
            shared_secret: shared_secret.map_err(|_| failed(KekFault::DoesNotUnwrap))?,
            request_id: None,
        })
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        let protection = if self.opens() { "software" } else { "public key" };
        let kem = self.kem();
        // Whoever holds the private key of a public one is not known: each counts as a domain of its own.
        Ok(KekInfo::new(
            kem.name(),
            None,
            protection,
            kem.posture(),
            self.uri.clone(),
        ))
    }
}

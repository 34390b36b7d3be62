//! A key pair of which only known public keys are believed. Who can answer with another public key reads everything
//! that is sealed to it: configuration names the thumbprint, and a directory does not.

use std::sync::Arc;

use async_trait::async_trait;
use kms_core::{
    Decapsulated, KekError, KekFault, KekInfo, KekOperation, Kem, KemRecipient, Posture, VersionedPublicKey,
};

use crate::uri::Thumbprint;

/// `key`, for new wraps only while its public key has one of the thumbprints.
pub(crate) struct Pinned {
    pub(crate) key: Arc<dyn KemRecipient>,
    pub(crate) thumbprints: Vec<Thumbprint>,
}

#[async_trait]
impl KemRecipient for Pinned {
    fn uri(&self) -> &str {
        self.key.uri()
    }

    fn kem(&self) -> Kem {
        self.key.kem()
    }

    fn posture(&self) -> Posture {
        self.key.posture()
    }

    async fn settled_posture(&self) -> Result<Posture, KekError> {
        self.key.settled_posture().await
    }

    fn opens(&self) -> bool {
        self.key.opens()
    }

    fn version_of(&self) -> Option<(&str, &[u8])> {
        self.key.version_of()
    }

    /// What an envelope was sealed to decides by itself whether it opens; the pin is for what is sealed now.
    async fn public_key(&self, version: Option<&[u8]>) -> Result<VersionedPublicKey, KekError> {
        let found = self.key.public_key(version).await?;
        let is_pinned = |found: &VersionedPublicKey| {
            let mut pinned = self.thumbprints.iter();
            pinned.any(|thumbprint| thumbprint.as_bytes() == found.key.thumbprint())
        };
        if version.is_none() && !is_pinned(&found) {
            return Err(KekError::new(self.uri(), KekOperation::Wrap, KekFault::NotPinned));
        }
        Ok(found)
    }

    async fn decapsulate(&self, ciphertext: &[u8], version: Option<&[u8]>) -> Result<Decapsulated, KekError> {
        self.key.decapsulate(ciphertext, version).await
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        self.key.describe().await
    }
}

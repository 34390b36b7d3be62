//! The joint to whoever holds a private key.

use async_trait::async_trait;

use super::KemPublicKey;
use crate::crypto::Posture;
use crate::crypto::kem::{Kem, SharedSecret};
use crate::error::KekError;
use crate::kek::KekInfo;

/// A key pair whose public half is at hand and whose private half decapsulates, here or far away.
///
/// Decapsulating is all that is asked for: AWS and Google Cloud offer it for ML-KEM and X-Wing, PKCS#11 3.2 for
/// ML-KEM. Every implementation must pass `kms_providers::conformance` through [`super::HpkeKek`].
#[async_trait]
pub trait KemRecipient: Send + Sync {
    /// The key URI without version, as it stands in envelopes.
    fn uri(&self) -> &str;

    /// The mechanism: the same for every version of the key.
    fn kem(&self) -> Kem;

    /// The posture that envelopes may count on: as [`crate::Kek::posture`].
    fn posture(&self) -> Posture {
        self.kem().posture()
    }

    /// As [`crate::Kek::settled_posture`].
    ///
    /// # Errors
    /// [`KekError`] when the provider does not answer.
    async fn settled_posture(&self) -> Result<Posture, KekError> {
        Ok(self.posture())
    }

    /// Whether the private half can be used through this handle. A public key alone seals.
    fn opens(&self) -> bool {
        true
    }

    /// Of a key that goes by its thumbprint, the version of a key pair that it is, where whoever holds it knows: key URI,
    /// and version as it stands in envelopes. What needs this key needs that version, and follows it when the pair is
    /// rotated.
    fn version_of(&self) -> Option<(&str, &[u8])> {
        None
    }

    /// The public half of `version`, as it stands in an envelope, or of the version that new wraps use.
    ///
    /// # Errors
    /// [`KekError`] when there is no such version, it may not be used, or the provider does not answer.
    async fn public_key(&self, version: Option<&[u8]>) -> Result<VersionedPublicKey, KekError>;

    /// The shared secret that `ciphertext` carries, for `version` as it stands in an envelope. A wrong ciphertext of
    /// the right length may give a wrong secret (implicit rejection): the seal decides.
    ///
    /// # Errors
    /// [`KekError`]; the reason reaches the audit trail, never the reader of the envelope.
    async fn decapsulate(&self, ciphertext: &[u8], version: Option<&[u8]>) -> Result<Decapsulated, KekError>;

    /// Algorithm, current version, location and protection.
    ///
    /// # Errors
    /// [`KekError`] when the provider does not answer.
    async fn describe(&self) -> Result<KekInfo, KekError>;
}

/// A public key, and the version that it belongs to.
#[derive(Debug, Clone)]
pub struct VersionedPublicKey {
    /// The key.
    pub key: KemPublicKey,
    /// The version exactly as it is to stand in envelopes; `None` for keys that have none.
    pub version: Option<Vec<u8>>,
}

/// A shared secret from a private key.
pub struct Decapsulated {
    /// The secret.
    pub shared_secret: SharedSecret,
    /// The provider's own request id, for the audit trail.
    pub request_id: Option<String>,
}

//! From data key to content key and commitment: framework/transitive-requirements.md and algorithm-suites.md.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::primitives::Gcm;
use super::suite::{Commitment, Suite};
use crate::crypto::OpenFailed;
use crate::memory::SecretBytes;

/// What a data key gives for one message.
pub(super) struct ContentKey {
    pub(super) gcm: Gcm,
    /// The commitment; zeros where the suite has none.
    pub(super) commitment: [u8; 32],
}

impl ContentKey {
    /// # Errors
    /// [`OpenFailed`] when the data key has another length than the suite's.
    pub(super) fn new(suite: Suite, message_id: &[u8], data_key: &SecretBytes) -> Result<Self, OpenFailed> {
        if data_key.len() != suite.key_len() {
            return Err(OpenFailed);
        }
        let mut commitment = [0; 32];
        let Some(hash) = suite.hash() else {
            let gcm = Gcm::new(data_key.expose())?;
            return Ok(Self { gcm, commitment });
        };
        let (id, secret) = (suite.id().to_be_bytes(), data_key.expose());
        let mut key = Zeroizing::new([0; 32]);
        let key = &mut key[..suite.key_len()];
        match suite.commitment() {
            Commitment::None => hash.hkdf(&[], secret, &[&id, message_id], key),
            Commitment::Key => {
                hash.hkdf(message_id, secret, &[&id, b"DERIVEKEY"], key);
                hash.hkdf(message_id, secret, &[b"COMMITKEY"], &mut commitment);
            }
        }
        Ok(Self {
            gcm: Gcm::new(key)?,
            commitment,
        })
    }

    /// Whether a header's commitment, where its suite has one, is that of this key.
    pub(super) fn is_committed(&self, stored: Option<&[u8; 32]>) -> bool {
        stored.is_none_or(|stored| stored.ct_eq(&self.commitment).into())
    }
}

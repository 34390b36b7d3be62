//! Passphrase recipients: `W` is Argon2id of the passphrase (RFC 9106; docs/format.md, "Scheme 5").

use async_trait::async_trait;

use crate::caps;
use crate::crypto::{CryptoBackend, PasswordCost};
use crate::error::{CallerFault, KekError, KekFault, KekOperation, Result};
use crate::header::{PASSPHRASE_KID, is_passphrase_kid};
use crate::kek::{Binding, Generated, Kek, KekInfo, Posture, Scheme, Unwrapped, WrapParams, WrappedKey};
use crate::memory::{Secret, SecretBytes};

/// The cost of new passphrase recipients: the memory-constrained choice of RFC 9106 4, about 0.1 s.
const DEFAULT_COST: PasswordCost = PasswordCost {
    memory_kib: 65_536,
    passes: 3,
    lanes: 4,
};

/// A passphrase as a KEK. Deriving takes the memory and time that its cost says, on the calling thread.
pub struct PassphraseKek {
    backend: CryptoBackend,
    uri: String,
    passphrase: SecretBytes,
    cost: PasswordCost,
}

impl PassphraseKek {
    /// A KEK of this passphrase with the default cost.
    #[must_use]
    pub fn new(backend: CryptoBackend, passphrase: SecretBytes) -> Self {
        Self {
            backend,
            uri: PASSPHRASE_KID.to_owned(),
            passphrase,
            cost: DEFAULT_COST,
        }
    }

    /// Names the recipient `passphrase:label`, so that several can be told apart.
    ///
    /// # Errors
    /// [`CallerFault::KeyUri`] unless `label` is at most 32 of the characters a-z, 0-9 and -.
    pub fn labelled(mut self, label: &str) -> Result<Self> {
        let uri = format!("{PASSPHRASE_KID}{label}");
        if !is_passphrase_kid(&uri) {
            return Err(CallerFault::KeyUri.into());
        }
        self.uri = uri;
        Ok(self)
    }

    /// Uses this cost for new wraps.
    ///
    /// # Errors
    /// [`CallerFault::PasswordCost`] outside [`caps::ARGON2_MEMORY_KIB`], [`caps::ARGON2_PASSES`] and
    /// [`caps::ARGON2_LANES`].
    pub fn with_cost(mut self, cost: PasswordCost) -> Result<Self> {
        if !cost.is_allowed() {
            return Err(CallerFault::PasswordCost.into());
        }
        self.cost = cost;
        Ok(self)
    }

    fn derive(&self, salt: &[u8; 16], cost: PasswordCost, operation: KekOperation) -> Result<Secret<32>, KekError> {
        let passphrase = self.passphrase.expose();
        Secret::try_init_with(|out| self.backend.password.derive(passphrase, salt, cost, out))
            .map_err(|_| KekError::new(&self.uri, operation, KekFault::Unavailable))
    }
}

#[async_trait]
impl Kek for PassphraseKek {
    fn uri(&self) -> &str {
        &self.uri
    }

    fn scheme(&self) -> Scheme {
        Scheme::Passphrase
    }

    fn posture(&self) -> Posture {
        Posture::Hedged
    }

    async fn generate(&self, _: &Binding<'_>) -> Result<Generated, KekError> {
        let mut salt = [0; 16];
        let random = self.backend.random.fill(&mut salt);
        random.map_err(|_| KekError::new(&self.uri, KekOperation::Wrap, KekFault::Unavailable))?;
        let secret = self.derive(&salt, self.cost, KekOperation::Wrap)?;
        let params = WrapParams::Passphrase { salt, cost: self.cost };
        let wrapped = WrappedKey {
            version: None,
            w: Vec::new(),
            params,
        };
        Ok(Generated {
            secret,
            wrapped,
            request_id: None,
        })
    }

    async fn unwrap(&self, wrapped: &WrappedKey, _: &Binding<'_>) -> Result<Unwrapped, KekError> {
        let WrapParams::Passphrase { salt, cost } = &wrapped.params else {
            return Err(KekError::new(&self.uri, KekOperation::Unwrap, KekFault::DoesNotUnwrap));
        };
        // The header's parser holds the cost to the caps; a caller who builds a WrappedKey by hand is held here.
        if !cost.is_allowed() {
            return Err(KekError::new(&self.uri, KekOperation::Unwrap, KekFault::DoesNotUnwrap));
        }
        let secret = self.derive(salt, *cost, KekOperation::Unwrap)?;
        Ok(Unwrapped {
            secret,
            request_id: None,
        })
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        Ok(KekInfo::new(
            "argon2id",
            None,
            "passphrase",
            Posture::Hedged,
            PASSPHRASE_KID,
        ))
    }
}

const _: () = assert!(DEFAULT_COST.memory_kib >= *caps::ARGON2_MEMORY_KIB.start());

//! The keys of a sender and of a receiver, and their message counters.

use zeroize::Zeroizing;

use super::HpkeError;
use super::schedule::{Derived, Exporter};
use super::suite::{Aead, Ciphersuite};
use crate::crypto::{AeadKey, CryptoBackend, Hkdf, NONCE_LEN, TAG_LEN};

/// Seals messages in order.
pub struct Sender(pub(super) Keys);

impl Sender {
    /// Seals the next message.
    ///
    /// # Errors
    /// [`HpkeError::Length`] for an export-only ciphersuite, or after 2^64 - 1 messages.
    pub fn seal(&mut self, aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, HpkeError> {
        let nonce = self.0.nonce()?;
        let mut sealed = vec![0; plaintext.len() + TAG_LEN];
        self.0.aead()?.seal_into(&nonce, aad, plaintext, &mut sealed);
        self.0.sequence += 1;
        Ok(sealed)
    }

    /// Fills `out` with a secret for another use, named by `context`; the receiver exports the same.
    ///
    /// # Errors
    /// [`HpkeError::Length`] where `out` is longer than the KDF can fill.
    pub fn export(&self, context: &[u8], out: &mut [u8]) -> Result<(), HpkeError> {
        self.0.export(context, out)
    }
}

/// Opens messages in order.
pub struct Receiver(pub(super) Keys);

impl Receiver {
    /// Opens the next message into `out`, which is 16 bytes shorter than `ciphertext`. When it does not open, `out` is
    /// zeroed and the same message is still the next.
    ///
    /// # Errors
    /// [`HpkeError::DoesNotOpen`]; [`HpkeError::Length`] where `out` does not fit or nothing can be opened.
    pub fn open_into(&mut self, aad: &[u8], ciphertext: &[u8], out: &mut [u8]) -> Result<(), HpkeError> {
        if ciphertext.len() < TAG_LEN {
            out.fill(0);
            return Err(HpkeError::DoesNotOpen);
        }
        if ciphertext.len() != out.len() + TAG_LEN {
            return Err(HpkeError::Length);
        }
        let nonce = self.0.nonce()?;
        let opened = self.0.aead()?.open_into(&nonce, aad, ciphertext, out);
        opened.map_err(|_| HpkeError::DoesNotOpen)?;
        self.0.sequence += 1;
        Ok(())
    }

    /// As [`Sender::export`].
    ///
    /// # Errors
    /// [`HpkeError::Length`] where `out` is longer than the KDF can fill.
    pub fn export(&self, context: &[u8], out: &mut [u8]) -> Result<(), HpkeError> {
        self.0.export(context, out)
    }
}

/// What a sender and a receiver have alike.
pub(super) struct Keys {
    aead: Option<Box<dyn AeadKey>>,
    base_nonce: Zeroizing<[u8; NONCE_LEN]>,
    sequence: u64,
    exporter: Exporter,
    hkdf: &'static dyn Hkdf,
}

impl Keys {
    pub(super) fn new(backend: &CryptoBackend, suite: Ciphersuite, derived: Derived) -> Self {
        let algorithm = match suite.aead() {
            Aead::Aes256Gcm => Some(backend.aes_gcm),
            Aead::ChaCha20Poly1305 => Some(backend.chacha20_poly1305),
            Aead::ExportOnly => None,
        };
        let aead = algorithm.map(|algorithm| algorithm.key(derived.key().try_into().expect("Nk is 32 for both AEADs")));
        Self {
            aead,
            base_nonce: derived.base_nonce,
            sequence: 0,
            exporter: derived.exporter,
            hkdf: backend.hkdf,
        }
    }

    fn aead(&self) -> Result<&dyn AeadKey, HpkeError> {
        self.aead.as_deref().ok_or(HpkeError::Length)
    }

    /// `ComputeNonce` (RFC 9180 5.2); the last number is never used, so that the counter cannot wrap.
    fn nonce(&self) -> Result<[u8; NONCE_LEN], HpkeError> {
        if self.sequence == u64::MAX {
            return Err(HpkeError::Length);
        }
        let mut nonce = *self.base_nonce;
        let counted = nonce[NONCE_LEN - 8..].iter_mut().zip(self.sequence.to_be_bytes());
        counted.for_each(|(byte, counter)| *byte ^= counter);
        Ok(nonce)
    }

    fn export(&self, context: &[u8], out: &mut [u8]) -> Result<(), HpkeError> {
        if out.len() > self.exporter.max_len() {
            return Err(HpkeError::Length);
        }
        self.exporter.export(self.hkdf, context, out);
        Ok(())
    }
}

//! Hybrid Public Key Encryption (RFC 9180; draft-ietf-hpke-hpke for its one-stage KDFs): seals bytes to the owner of a
//! KEM's private key.
//!
//! | module | holds |
//! |---|---|
//! | here | sealing and opening one message |
//! | `suite` | the numbers of HPKE |
//! | `schedule` | from a shared secret to keys |
//! | `context` | a sender's and a receiver's keys, for many messages and for exports |
//!
//! The key schedule takes a shared secret from anywhere, so that the private key may be in a key-management service
//! that decapsulates and does no more ([`Hpke::open_shared`]).
//!
//! ```
//! use kms_core::crypto::{CryptoBackend, kem::Kem};
//! use kms_core::hpke::{Aead, Ciphersuite, Hpke};
//! use kms_core::memory::Secret;
//!
//! let backend = CryptoBackend::default();
//! let seed = Secret::try_init_with(|seed| backend.random.fill(seed)).unwrap();
//! let key = backend.kems.derive_key(Kem::XWing, &seed)?;
//! let public = backend.kems.public_key(Kem::XWing, key.public())?;
//!
//! let hpke = Hpke::new(&backend, Ciphersuite::new(Kem::XWing, Aead::Aes256Gcm), b"an example");
//! let sealed = hpke.seal(&*public, b"", b"attack at dawn")?;
//!
//! let mut opened = [0; 14];
//! hpke.open(&*key, &sealed.enc, b"", &sealed.ciphertext, &mut opened)?;
//! assert_eq!(&opened, b"attack at dawn");
//! # Ok::<(), kms_core::hpke::HpkeError>(())
//! ```

mod context;
#[cfg(test)]
mod known_answers;
mod schedule;
mod suite;

pub use context::{Receiver, Sender};
pub use suite::{Aead, Ciphersuite, Kdf};

use crate::crypto::CryptoBackend;
use crate::crypto::kem::{DecapsulationKey, EncapsulationKey, SharedSecret};
use crate::error::KemFault;
use crate::memory::SecretBytes;

/// One use of HPKE: what both sides know beforehand.
#[derive(Clone, Copy)]
pub struct Hpke<'a> {
    backend: &'a CryptoBackend,
    suite: Ciphersuite,
    info: &'a [u8],
    psk: Option<Psk<'a>>,
}

/// A secret that both sides share beforehand.
#[derive(Clone, Copy)]
pub struct Psk<'a> {
    /// At least 32 random bytes; a passphrase will not do (RFC 9180 9.5).
    pub secret: &'a SecretBytes,
    /// Its name, not empty.
    pub id: &'a [u8],
}

/// What travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The KEM's ciphertext.
    pub enc: Vec<u8>,
    /// The sealed bytes, 16 longer than the plaintext.
    pub ciphertext: Vec<u8>,
}

impl<'a> Hpke<'a> {
    /// HPKE in mode Base, or Auth where a sender authenticates. `info` is bound into every key.
    #[must_use]
    pub fn new(backend: &'a CryptoBackend, suite: Ciphersuite, info: &'a [u8]) -> Self {
        Self {
            backend,
            suite,
            info,
            psk: None,
        }
    }

    /// The same in mode PSK, or AuthPSK.
    #[must_use]
    pub fn with_psk(self, psk: Psk<'a>) -> Self {
        Self { psk: Some(psk), ..self }
    }

    /// Seals one message to the owner of `recipient`.
    ///
    /// # Errors
    /// [`HpkeError::Kem`], [`HpkeError::OtherKem`], [`HpkeError::Psk`], [`HpkeError::Length`].
    pub fn seal(&self, recipient: &dyn EncapsulationKey, aad: &[u8], plaintext: &[u8]) -> Result<Sealed, HpkeError> {
        let (enc, mut sender) = self.sender(recipient)?;
        let ciphertext = sender.seal(aad, plaintext)?;
        Ok(Sealed { enc, ciphertext })
    }

    /// Opens one message into `out`, which is 16 bytes shorter than `ciphertext` and zeroed when it does not open.
    ///
    /// # Errors
    /// As [`Hpke::open_shared`], and [`HpkeError::Kem`].
    pub fn open(
        &self,
        key: &dyn DecapsulationKey,
        enc: &[u8],
        aad: &[u8],
        ciphertext: &[u8],
        out: &mut [u8],
    ) -> Result<(), HpkeError> {
        self.receiver(key, enc)?.open_into(aad, ciphertext, out)
    }

    /// Opens one message with a shared secret that was decapsulated elsewhere.
    ///
    /// # Errors
    /// [`HpkeError::DoesNotOpen`], [`HpkeError::OtherKem`], [`HpkeError::Psk`], [`HpkeError::Length`].
    pub fn open_shared(
        &self,
        shared_secret: &SharedSecret,
        aad: &[u8],
        ciphertext: &[u8],
        out: &mut [u8],
    ) -> Result<(), HpkeError> {
        self.receiver_shared(shared_secret)?.open_into(aad, ciphertext, out)
    }

    /// A sender of many messages, and what its receiver needs first.
    ///
    /// # Errors
    /// As [`Hpke::seal`].
    pub fn sender(&self, recipient: &dyn EncapsulationKey) -> Result<(Vec<u8>, Sender), HpkeError> {
        let made = recipient.encapsulate(&*self.backend.random)?;
        Ok((
            made.ciphertext,
            Sender(self.keys(Authenticated::No, &made.shared_secret)?),
        ))
    }

    /// A sender with a shared secret whose ciphertext travels by other means.
    ///
    /// # Errors
    /// [`HpkeError::OtherKem`], [`HpkeError::Psk`], [`HpkeError::Length`].
    pub fn sender_shared(&self, shared_secret: &SharedSecret) -> Result<Sender, HpkeError> {
        Ok(Sender(self.keys(Authenticated::No, shared_secret)?))
    }

    /// The receiver of what a [`Hpke::sender`] seals.
    ///
    /// # Errors
    /// As [`Hpke::open`].
    pub fn receiver(&self, key: &dyn DecapsulationKey, enc: &[u8]) -> Result<Receiver, HpkeError> {
        self.receiver_shared(&key.decapsulate(enc)?)
    }

    /// A receiver with a shared secret that was decapsulated elsewhere.
    ///
    /// # Errors
    /// As [`Hpke::open_shared`].
    pub fn receiver_shared(&self, shared_secret: &SharedSecret) -> Result<Receiver, HpkeError> {
        Ok(Receiver(self.keys(Authenticated::No, shared_secret)?))
    }

    /// A sender that proves itself by its own private key (mode Auth, or AuthPSK); Diffie-Hellman groups only.
    ///
    /// # Errors
    /// As [`Hpke::seal`].
    pub fn auth_sender(
        &self,
        recipient: &dyn EncapsulationKey,
        sender: &dyn DecapsulationKey,
    ) -> Result<(Vec<u8>, Sender), HpkeError> {
        let made = sender.auth_encapsulate(recipient, &*self.backend.random)?;
        Ok((
            made.ciphertext,
            Sender(self.keys(Authenticated::Yes, &made.shared_secret)?),
        ))
    }

    /// The receiver of what only the owner of `sender` can have sealed.
    ///
    /// # Errors
    /// As [`Hpke::open`].
    pub fn auth_receiver(
        &self,
        key: &dyn DecapsulationKey,
        sender: &dyn EncapsulationKey,
        enc: &[u8],
    ) -> Result<Receiver, HpkeError> {
        let shared_secret = key.auth_decapsulate(enc, sender)?;
        Ok(Receiver(self.keys(Authenticated::Yes, &shared_secret)?))
    }

    fn keys(&self, authenticated: Authenticated, shared_secret: &SharedSecret) -> Result<context::Keys, HpkeError> {
        if shared_secret.kem() != self.suite.kem() {
            return Err(HpkeError::OtherKem);
        }
        let (secret, id) = self.psk_parts()?;
        let inputs = schedule::Inputs {
            mode: schedule::mode(self.psk.is_some(), authenticated),
            shared_secret: shared_secret.expose(),
            info: self.info,
            psk: secret,
            psk_id: id,
        };
        inputs.check_lengths()?;
        let keys = schedule::derive(self.backend.hkdf, self.suite.shape(), &inputs);
        Ok(context::Keys::new(self.backend, self.suite, keys))
    }

    /// `VerifyPSKInputs` (RFC 9180 5.1), and the least length of 9.5.
    fn psk_parts(&self) -> Result<(&'a [u8], &'a [u8]), HpkeError> {
        match self.psk {
            None => Ok((&[], &[])),
            Some(psk) if psk.secret.len() >= MIN_PSK && !psk.id.is_empty() => Ok((psk.secret.expose(), psk.id)),
            Some(_) => Err(HpkeError::Psk),
        }
    }
}

const MIN_PSK: usize = 32;

/// Whether a sender proved itself by its private key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Authenticated {
    No,
    Yes,
}

/// What can go wrong in HPKE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HpkeError {
    /// The KEM refused: a malformed key or ciphertext, or no randomness.
    #[error("{0}")]
    Kem(#[from] KemFault),
    /// Wrong key, wrong info, wrong associated data, or altered bytes. Nothing tells which.
    #[error("does not open: wrong key, wrong context, or altered bytes")]
    DoesNotOpen,
    /// The key or the shared secret is of another KEM than the ciphersuite.
    #[error("the key is of another KEM than the ciphersuite")]
    OtherKem,
    /// The pre-shared key is under 32 bytes, or has no name.
    #[error("a pre-shared key is at least 32 bytes and has a name")]
    Psk,
    /// An input is over 64 KiB, or a buffer does not fit its message.
    #[error("an input of HPKE is over 64 KiB, or a buffer does not fit its message")]
    Length,
}

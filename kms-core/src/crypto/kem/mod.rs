//! Key encapsulation, by HPKE code point (RFC 9180 7.1, draft-ietf-hpke-pq-04): who holds a public key makes a shared
//! secret and a ciphertext, who holds the private key gets the same secret back.
//!
//! A backend brings ML-KEM and three Diffie-Hellman groups; what HPKE builds of them stands here once:
//!
//! | KEM | here |
//! |---|---|
//! | ML-KEM-512, -768, -1024 (FIPS 203) | `ml_kem` |
//! | X25519, P-256, P-384 (RFC 9180 4.1) | `dh` |
//! | MLKEM768-P256, MLKEM1024-P384, X-Wing | `hybrid` |
//!
//! **Private keys** are 32-byte seeds everywhere in this house ([`Kems::derive_key`]). For a Diffie-Hellman group and
//! for ML-KEM the seed is the input of HPKE's `DeriveKeyPair`; for the three hybrids it is the private key itself.
//!
//! **Implicit rejection.** Decapsulating a wrong ML-KEM ciphertext of the right length succeeds, with a secret that
//! nobody else has (FIPS 203 6.3). A caller sees only that what it opens with that secret does not open.

mod composed;
mod dh;
mod hybrid;
#[cfg(test)]
mod known_answers;
pub(crate) mod labeled;
mod ml_kem;
#[cfg(test)]
mod refusals;
mod registry;

pub(in crate::crypto) use composed::Composed;
pub(in crate::crypto) use dh::{DhPrivate, Group, GroupId};
pub(in crate::crypto) use ml_kem::{MlKemPrivate, MlKemPublic, MlKemSet, MlKems};
pub use registry::Kem;

use super::SecureRandom;
use crate::error::KemFault;
use crate::memory::{Secret, SecretBytes};

/// The key-encapsulation mechanisms of a backend.
pub trait Kems: Send + Sync {
    /// The private key that `seed` stands for. Deterministic: the seed is what a keystore keeps.
    ///
    /// # Errors
    /// [`KemFault::PrivateKey`] with a probability below 2^-128.
    fn derive_key(&self, kem: Kem, seed: &Secret<32>) -> Result<Box<dyn DecapsulationKey>, KemFault>;

    /// A private key as HPKE serializes it, [`Kem::private_len`] bytes: `d || z` for ML-KEM, the scalar for a group,
    /// the seed for a hybrid.
    ///
    /// # Errors
    /// [`KemFault::PrivateKeyLength`] and [`KemFault::PrivateKey`].
    fn private_key(&self, kem: Kem, private: &[u8]) -> Result<Box<dyn DecapsulationKey>, KemFault>;

    /// Parses and validates a public key: its length, ML-KEM coefficients below q (FIPS 203 7.2), a point on the curve
    /// and not the identity, no X25519 point of low order.
    ///
    /// # Errors
    /// [`KemFault::PublicKeyLength`] and [`KemFault::PublicKey`].
    fn public_key(&self, kem: Kem, public: &[u8]) -> Result<Box<dyn EncapsulationKey>, KemFault>;
}

/// A public key: anyone who has it can make a secret for its owner.
pub trait EncapsulationKey: Send + Sync {
    /// The mechanism.
    fn kem(&self) -> Kem;
    /// The public key in its wire form.
    fn public(&self) -> &[u8];
    /// Makes a fresh shared secret and the ciphertext that carries it. On AWS-LC the randomness of an ML-KEM half
    /// comes from that library's own generator, which takes no other; everything else comes from `random`.
    ///
    /// # Errors
    /// [`KemFault::Random`].
    fn encapsulate(&self, random: &dyn SecureRandom) -> Result<Encapsulated, KemFault>;
}

/// A private key.
pub trait DecapsulationKey: Send + Sync {
    /// The mechanism.
    fn kem(&self) -> Kem;
    /// The public key in its wire form.
    fn public(&self) -> &[u8];
    /// The shared secret that `ciphertext` carries.
    ///
    /// # Errors
    /// [`KemFault::CiphertextLength`]; [`KemFault::Ciphertext`] where the ciphertext has a point that is not on the
    /// curve or, for X25519, contributes nothing. A wrong ML-KEM ciphertext is no error (implicit rejection).
    fn decapsulate(&self, ciphertext: &[u8]) -> Result<SharedSecret, KemFault>;
    /// As [`EncapsulationKey::encapsulate`] to `recipient`, authenticated by this key (RFC 9180 4.1 `AuthEncap`).
    ///
    /// # Errors
    /// [`KemFault::NotAuthenticating`] for a KEM other than a Diffie-Hellman group, or a `recipient` of another.
    fn auth_encapsulate(
        &self,
        _recipient: &dyn EncapsulationKey,
        _random: &dyn SecureRandom,
    ) -> Result<Encapsulated, KemFault> {
        Err(KemFault::NotAuthenticating)
    }
    /// As [`DecapsulationKey::decapsulate`] of what `sender` made by `auth_encapsulate`.
    ///
    /// # Errors
    /// [`KemFault::NotAuthenticating`] for a KEM other than a Diffie-Hellman group, or a `sender` of another.
    fn auth_decapsulate(&self, _ciphertext: &[u8], _sender: &dyn EncapsulationKey) -> Result<SharedSecret, KemFault> {
        Err(KemFault::NotAuthenticating)
    }
}

/// A fresh shared secret and the ciphertext that carries it.
pub struct Encapsulated {
    /// For the owner of the private key.
    pub ciphertext: Vec<u8>,
    /// For a key derivation.
    pub shared_secret: SharedSecret,
}

/// What both sides of a KEM have in the end. It keys nothing by itself: it goes into a key derivation.
pub struct SharedSecret {
    kem: Kem,
    bytes: SecretBytes,
}

impl SharedSecret {
    /// A shared secret that was computed elsewhere, by a key-management service.
    ///
    /// # Errors
    /// [`KemFault::SharedSecretLength`].
    pub fn from_remote(kem: Kem, bytes: SecretBytes) -> Result<Self, KemFault> {
        if bytes.len() != kem.secret_len() {
            return Err(KemFault::SharedSecretLength);
        }
        Ok(Self { kem, bytes })
    }

    /// The mechanism that made it.
    #[must_use]
    pub fn kem(&self) -> Kem {
        self.kem
    }

    /// The bytes, [`Kem::secret_len`] of them. Named so that a search finds every exposure.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.bytes.expose()
    }

    /// Fills a secret of `kem` in its final place.
    fn try_init_with(kem: Kem, fill: impl FnOnce(&mut [u8]) -> Result<(), KemFault>) -> Result<Self, KemFault> {
        let bytes = SecretBytes::try_init_with(kem.secret_len(), fill)?;
        Ok(Self { kem, bytes })
    }
}

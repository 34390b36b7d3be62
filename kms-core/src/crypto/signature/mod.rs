//! Signatures over a context and a message: Ed25519, ML-DSA-65, and both together.
//!
//! A signature for one context never verifies under another. Each scheme binds it in its own way:
//!
//! | scheme | bytes | what is signed |
//! |---|---|---|
//! | [`SignatureScheme::Ed25519`] (RFC 8032) | 64 | `"keystrand/signature/1/ed25519" 00 len(ctx) ctx M` |
//! | [`SignatureScheme::MlDsa65`] (FIPS 204) | 3 309 | `M`, with FIPS 204's own context |
//! | [`SignatureScheme::MlDsa65Ed25519`] | 3 309 + 64 | see `composite` |
//!
//! Private keys are 32-byte seeds ([`Signatures::derive_key`]). ML-DSA signs hedged: with randomness, and safe when the
//! randomness is bad (FIPS 204 3.4). Ed25519 is verified strictly: public key and `R` are canonical and not of low
//! order, so that no signature holds for two messages and all verifiers agree.

mod composed;
mod composite;
mod ed25519;
#[cfg(test)]
mod known_answers;
mod ml_dsa;

pub(in crate::crypto) use composed::Composed;
pub(in crate::crypto) use ed25519::{Ed25519, Ed25519Private};
pub(in crate::crypto) use ml_dsa::RustMlDsa;
#[cfg(feature = "aws-lc")]
pub(in crate::crypto) use ml_dsa::{MlDsa, MlDsaPrivate};

use super::{Posture, SecureRandom};
use crate::error::SignatureFault;
use crate::memory::Secret;

/// The longest context, in bytes (FIPS 204 5.2).
pub const MAX_CONTEXT: usize = 255;

/// A signature scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SignatureScheme {
    /// Ed25519.
    Ed25519,
    /// ML-DSA-65.
    MlDsa65,
    /// Both; both must verify (draft-ietf-lamps-pq-composite-sigs, MLDSA65-Ed25519-SHA512).
    MlDsa65Ed25519,
}

impl SignatureScheme {
    /// All schemes, in order of preference.
    pub const ALL: [Self; 3] = [Self::MlDsa65Ed25519, Self::MlDsa65, Self::Ed25519];

    /// Name for people, configuration and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::MlDsa65 => "ml-dsa-65",
            Self::MlDsa65Ed25519 => "mldsa65-ed25519",
        }
    }

    /// The scheme of this name, as [`SignatureScheme::name`] gives it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.name() == name)
    }

    /// How well it withstands a quantum computer.
    #[must_use]
    pub fn posture(self) -> Posture {
        match self {
            Self::Ed25519 => Posture::Classical,
            Self::MlDsa65 => Posture::PostQuantum,
            Self::MlDsa65Ed25519 => Posture::Hedged,
        }
    }

    /// Bytes of a public key.
    #[must_use]
    pub fn public_len(self) -> usize {
        match self {
            Self::Ed25519 => ed25519::PUBLIC_LEN,
            Self::MlDsa65 => ml_dsa::PUBLIC_LEN,
            Self::MlDsa65Ed25519 => ml_dsa::PUBLIC_LEN + ed25519::PUBLIC_LEN,
        }
    }

    /// Bytes of a signature.
    #[must_use]
    pub fn signature_len(self) -> usize {
        match self {
            Self::Ed25519 => ed25519::SIGNATURE_LEN,
            Self::MlDsa65 => ml_dsa::SIGNATURE_LEN,
            Self::MlDsa65Ed25519 => ml_dsa::SIGNATURE_LEN + ed25519::SIGNATURE_LEN,
        }
    }

    /// Bytes of a private key in its published form. A keystore keeps a 32-byte seed instead, which for the first two
    /// is the same.
    #[must_use]
    pub fn private_len(self) -> usize {
        match self {
            Self::Ed25519 | Self::MlDsa65 => 32,
            Self::MlDsa65Ed25519 => 64,
        }
    }
}

/// The signature schemes of a backend.
pub trait Signatures: Send + Sync {
    /// The private key that `seed` stands for. Deterministic: the seed is what a keystore keeps.
    fn derive_key(&self, scheme: SignatureScheme, seed: &Secret<32>) -> Box<dyn SigningKey>;

    /// A private key in its published form, [`SignatureScheme::private_len`] bytes: the seed of RFC 8032 or FIPS 204,
    /// or for both together the latter and the former.
    ///
    /// # Errors
    /// [`SignatureFault::PrivateKeyLength`].
    fn private_key(&self, scheme: SignatureScheme, private: &[u8]) -> Result<Box<dyn SigningKey>, SignatureFault>;

    /// Parses a public key.
    ///
    /// # Errors
    /// [`SignatureFault::PublicKeyLength`]; [`SignatureFault::PublicKey`] for an Ed25519 key that is not canonical or
    /// of low order. One that is not on the curve may be refused here or at each verification.
    fn public_key(&self, scheme: SignatureScheme, public: &[u8]) -> Result<Box<dyn VerifyingKey>, SignatureFault>;
}

/// A private key.
pub trait SigningKey: Send + Sync {
    /// The scheme.
    fn scheme(&self) -> SignatureScheme;
    /// The public key in its wire form.
    fn public(&self) -> &[u8];
    /// Signs `message` for `context`. On AWS-LC the hedge of ML-DSA without a context comes from that library's own
    /// generator, which takes no other.
    ///
    /// # Errors
    /// [`SignatureFault::Context`] and [`SignatureFault::Random`].
    fn sign(&self, context: &[u8], message: &[u8], random: &dyn SecureRandom) -> Result<Vec<u8>, SignatureFault>;
}

/// A public key.
pub trait VerifyingKey: Send + Sync {
    /// The scheme.
    fn scheme(&self) -> SignatureScheme;
    /// The public key in its wire form.
    fn public(&self) -> &[u8];
    /// Whether `signature` is one of `message` for `context`.
    ///
    /// # Errors
    /// [`SignatureFault::DoesNotVerify`] for every failure alike; [`SignatureFault::Context`].
    fn verify(&self, context: &[u8], message: &[u8], signature: &[u8]) -> Result<(), SignatureFault>;
}

fn check_context(context: &[u8]) -> Result<(), SignatureFault> {
    if context.len() > MAX_CONTEXT {
        return Err(SignatureFault::Context);
    }
    Ok(())
}

//! ML-KEM (FIPS 203), alone or as half of a hybrid.

use zeroize::Zeroizing;

use super::labeled::shake256_derive;
use super::{DecapsulationKey, Encapsulated, EncapsulationKey, Kem, SharedSecret};
use crate::crypto::{RandomFailed, SecureRandom};
use crate::error::KemFault;

/// Bytes of a shared secret and of the random input of an encapsulation.
pub(super) const SECRET_LEN: usize = 32;

/// A parameter set of FIPS 203 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::crypto) enum MlKemSet {
    MlKem512,
    MlKem768,
    MlKem1024,
}

impl MlKemSet {
    /// The KEM that is this parameter set alone.
    pub(in crate::crypto) fn kem(self) -> Kem {
        match self {
            Self::MlKem512 => Kem::MlKem512,
            Self::MlKem768 => Kem::MlKem768,
            Self::MlKem1024 => Kem::MlKem1024,
        }
    }

    /// Bytes of a public key.
    pub(super) fn public_len(self) -> usize {
        self.kem().public_len()
    }

    /// Bytes of a ciphertext.
    pub(super) fn ciphertext_len(self) -> usize {
        self.kem().ciphertext_len()
    }
}

/// What a backend brings: ML-KEM with keys from seeds. Lengths were checked before every call.
pub(in crate::crypto) trait MlKems: Send + Sync {
    /// The private key of the seed `d || z` (FIPS 203 7.1, 3.3).
    fn private(&self, set: MlKemSet, seed: &[u8; 64]) -> Box<dyn MlKemPrivate>;
    /// A public key whose coefficients are known to be reduced.
    fn public(&self, set: MlKemSet, bytes: &[u8]) -> Box<dyn MlKemPublic>;
}

/// A private key. Wiped when dropped.
pub(in crate::crypto) trait MlKemPrivate: Send + Sync {
    fn public(&self) -> &[u8];
    fn decapsulate(&self, ciphertext: &[u8], secret: &mut [u8]);
}

/// A public key.
pub(in crate::crypto) trait MlKemPublic: Send + Sync {
    fn encapsulate(
        &self,
        random: &dyn SecureRandom,
        ciphertext: &mut [u8],
        secret: &mut [u8],
    ) -> Result<(), RandomFailed>;
}

/// The seed `d || z` of a keystore's 32-byte seed: HPKE's `DeriveKeyPair` (draft-ietf-hpke-pq 3).
pub(super) fn expand_seed(set: MlKemSet, seed: &[u8]) -> Zeroizing<[u8; 64]> {
    let mut expanded = Zeroizing::new([0; 64]);
    shake256_derive(&set.kem().suite_id(), seed, b"DeriveKeyPair", &mut expanded[..]);
    expanded
}

/// Refuses coefficients that are not below q (FIPS 203 7.2, the modulus check). The last 32 bytes are a seed.
pub(super) fn check_public(set: MlKemSet, bytes: &[u8]) -> Result<(), KemFault> {
    if bytes.len() != set.public_len() {
        return Err(KemFault::PublicKeyLength);
    }
    let coefficients = &bytes[..bytes.len() - 32];
    let reduced = coefficients.chunks_exact(3).all(|three| {
        let [low, middle, high] = [three[0], three[1], three[2]].map(u16::from);
        (low | (middle & 0x0f) << 8) < Q && (middle >> 4 | high << 4) < Q
    });
    if reduced { Ok(()) } else { Err(KemFault::PublicKey) }
}

const Q: u16 = 3329;

/// ML-KEM by itself, as an HPKE KEM.
pub(super) struct PureKey {
    pub(super) set: MlKemSet,
    pub(super) key: Box<dyn MlKemPrivate>,
}

impl DecapsulationKey for PureKey {
    fn kem(&self) -> Kem {
        self.set.kem()
    }

    fn public(&self) -> &[u8] {
        self.key.public()
    }

    fn decapsulate(&self, ciphertext: &[u8]) -> Result<SharedSecret, KemFault> {
        if ciphertext.len() != self.set.ciphertext_len() {
            return Err(KemFault::CiphertextLength);
        }
        SharedSecret::try_init_with(self.kem(), |secret| {
            self.key.decapsulate(ciphertext, secret);
            Ok(())
        })
    }
}

/// A public key of ML-KEM by itself.
pub(super) struct PurePublic {
    pub(super) set: MlKemSet,
    pub(super) bytes: Box<[u8]>,
    pub(super) key: Box<dyn MlKemPublic>,
}

impl EncapsulationKey for PurePublic {
    fn kem(&self) -> Kem {
        self.set.kem()
    }

    fn public(&self) -> &[u8] {
        &self.bytes
    }

    fn encapsulate(&self, random: &dyn SecureRandom) -> Result<Encapsulated, KemFault> {
        let mut ciphertext = vec![0; self.set.ciphertext_len()];
        let shared_secret = SharedSecret::try_init_with(self.kem(), |secret| {
            Ok(self.key.encapsulate(random, &mut ciphertext, secret)?)
        })?;
        Ok(Encapsulated {
            ciphertext,
            shared_secret,
        })
    }
}

//! ML-KEM and a Diffie-Hellman group as one KEM (draft-irtf-cfrg-hybrid-kems 5.5, the construction "CG" with the C2PRI
//! combiner, in the instances of draft-irtf-cfrg-concrete-hybrid-kems). X-Wing (draft-connolly-cfrg-xwing-kem) is the
//! instance with X25519.
//!
//! The combiner leaves out ML-KEM's ciphertext: ML-KEM's own secret depends on it (it is C2PRI), so that a change there
//! changes the result, and the hash stays short. That holds for ML-KEM, not for KEMs in general.

use sha3::{Digest, Sha3_256};
use shake::{ExtendableOutput, Shake256, Update, XofReader};
use zeroize::{Zeroize, Zeroizing};

use super::dh::{self, DhPrivate, Group, GroupId};
use super::ml_kem::{self, MlKemPrivate, MlKemPublic, MlKemSet, MlKems, SECRET_LEN};
use super::{DecapsulationKey, Encapsulated, EncapsulationKey, Kem, SharedSecret};
use crate::crypto::SecureRandom;
use crate::error::KemFault;

/// One instance.
#[derive(Clone, Copy)]
pub(super) struct HybridKem {
    pub(super) kem: Kem,
    pub(super) set: MlKemSet,
    pub(super) group: &'static dyn Group,
    pub(super) ml_kem: &'static dyn MlKems,
}

impl HybridKem {
    /// `expandDecapsKeyG`.
    pub(super) fn key(self, seed: &[u8; 32]) -> Result<HybridKey, KemFault> {
        let mut expanded = Shake256::default().chain(seed).finalize_xof();
        let mut pq_seed = Zeroizing::new([0; 64]);
        expanded.read(&mut pq_seed[..]);
        let pq = self.ml_kem.private(self.set, &pq_seed);
        let classical = self.random_scalar(|chunk| {
            expanded.read(chunk);
            Ok(())
        })?;
        let public = [pq.public(), classical.public()].concat().into();
        Ok(HybridKey {
            kem: self,
            pq,
            classical,
            public,
        })
    }

    /// A validated public key.
    pub(super) fn public(self, public: &[u8]) -> Result<HybridPublic, KemFault> {
        if public.len() != self.kem.public_len() {
            return Err(KemFault::PublicKeyLength);
        }
        let (pq, classical) = public.split_at(self.set.public_len());
        ml_kem::check_public(self.set, pq)?;
        dh::check_public(self.group, classical)?;
        Ok(HybridPublic {
            kem: self,
            pq: self.ml_kem.public(self.set, pq),
            bytes: public.into(),
        })
    }

    /// `RandomScalar`: the first of the group's chunks of seed that is a scalar.
    fn random_scalar(
        self,
        mut chunk: impl FnMut(&mut [u8]) -> Result<(), KemFault>,
    ) -> Result<Box<dyn DhPrivate>, KemFault> {
        let mut scalar = Zeroizing::new([0; 48]);
        let scalar = &mut scalar[..self.group.id().scalar_len()];
        for _ in 0..self.scalar_chunks() {
            chunk(scalar)?;
            if let Some(key) = self.group.private(scalar) {
                return Ok(key);
            }
        }
        Err(KemFault::PrivateKey)
    }

    /// `Nseed / Nscalar`: the order of P-256 is further below a power of two than that of P-384.
    fn scalar_chunks(self) -> usize {
        match self.group.id() {
            GroupId::P256 => 4,
            GroupId::X25519 | GroupId::P384 => 1,
        }
    }

    /// `C2PRICombiner`.
    fn combine(self, halves: &Halves, classical_ciphertext: &[u8], classical_public: &[u8], secret: &mut [u8]) {
        let combined = Sha3_256::new()
            .chain_update(&halves.pq[..])
            .chain_update(&halves.classical[..self.group.id().scalar_len()])
            .chain_update(classical_ciphertext)
            .chain_update(classical_public)
            .chain_update(self.label());
        let mut digest = combined.finalize();
        secret.copy_from_slice(&digest);
        digest.zeroize();
    }

    fn label(self) -> &'static [u8] {
        match self.group.id() {
            GroupId::X25519 => br"\.//^\",
            GroupId::P256 => b"MLKEM768-P256",
            GroupId::P384 => b"MLKEM1024-P384",
        }
    }
}

/// The secrets of both halves.
struct Halves {
    pq: Zeroizing<[u8; SECRET_LEN]>,
    classical: Zeroizing<[u8; 48]>,
}

impl Halves {
    fn empty() -> Self {
        Self {
            pq: Zeroizing::new([0; SECRET_LEN]),
            classical: Zeroizing::new([0; 48]),
        }
    }
}

/// A private key.
pub(super) struct HybridKey {
    kem: HybridKem,
    pq: Box<dyn MlKemPrivate>,
    classical: Box<dyn DhPrivate>,
    public: Box<[u8]>,
}

impl DecapsulationKey for HybridKey {
    fn kem(&self) -> Kem {
        self.kem.kem
    }

    fn public(&self) -> &[u8] {
        &self.public
    }

    fn decapsulate(&self, ciphertext: &[u8]) -> Result<SharedSecret, KemFault> {
        if ciphertext.len() != self.kem.kem.ciphertext_len() {
            return Err(KemFault::CiphertextLength);
        }
        let (pq, classical) = ciphertext.split_at(self.kem.set.ciphertext_len());
        let mut halves = Halves::empty();
        let room = &mut halves.classical[..self.classical.scalar_len()];
        self.classical.agree(classical, room).ok_or(KemFault::Ciphertext)?;
        self.pq.decapsulate(pq, &mut halves.pq[..]);
        SharedSecret::try_init_with(self.kem.kem, |secret| {
            self.kem.combine(&halves, classical, self.classical.public(), secret);
            Ok(())
        })
    }
}

/// A public key.
pub(super) struct HybridPublic {
    kem: HybridKem,
    pq: Box<dyn MlKemPublic>,
    bytes: Box<[u8]>,
}

impl EncapsulationKey for HybridPublic {
    fn kem(&self) -> Kem {
        self.kem.kem
    }

    fn public(&self) -> &[u8] {
        &self.bytes
    }

    fn encapsulate(&self, random: &dyn SecureRandom) -> Result<Encapsulated, KemFault> {
        let mut ciphertext = vec![0; self.kem.kem.ciphertext_len()];
        let (pq, classical) = ciphertext.split_at_mut(self.kem.set.ciphertext_len());
        let classical_public = &self.bytes[self.kem.set.public_len()..];
        let mut halves = Halves::empty();
        self.pq.encapsulate(random, pq, &mut halves.pq[..])?;
        let ephemeral = self.kem.random_scalar(|chunk| Ok(random.fill(chunk)?))?;
        let room = &mut halves.classical[..ephemeral.scalar_len()];
        ephemeral.agree(classical_public, room).ok_or(KemFault::PublicKey)?;
        classical.copy_from_slice(ephemeral.public());
        let shared_secret = SharedSecret::try_init_with(self.kem.kem, |secret| {
            self.kem.combine(&halves, classical, classical_public, secret);
            Ok(())
        })?;
        Ok(Encapsulated {
            ciphertext,
            shared_secret,
        })
    }
}

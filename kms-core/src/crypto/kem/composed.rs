//! Every KEM of HPKE out of the parts that a backend brings.

use super::dh::{DhKem, Group};
use super::hybrid::HybridKem;
use super::ml_kem::{self, MlKemSet, MlKems, PureKey, PurePublic};
use super::{DecapsulationKey, EncapsulationKey, Kem, Kems};
use crate::crypto::Hkdf;
use crate::error::KemFault;
use crate::memory::Secret;

/// A backend's parts.
pub(in crate::crypto) struct Composed {
    pub(in crate::crypto) ml_kem: &'static dyn MlKems,
    pub(in crate::crypto) x25519: &'static dyn Group,
    pub(in crate::crypto) p256: &'static dyn Group,
    pub(in crate::crypto) p384: &'static dyn Group,
    pub(in crate::crypto) hkdf: &'static dyn Hkdf,
}

/// What a KEM is made of.
enum Parts {
    MlKem(MlKemSet),
    Dh(DhKem),
    Hybrid(HybridKem),
}

impl Composed {
    fn parts(&self, kem: Kem) -> Parts {
        match kem {
            Kem::MlKem512 => Parts::MlKem(MlKemSet::MlKem512),
            Kem::MlKem768 => Parts::MlKem(MlKemSet::MlKem768),
            Kem::MlKem1024 => Parts::MlKem(MlKemSet::MlKem1024),
            Kem::X25519 => self.dh(self.x25519),
            Kem::P256 => self.dh(self.p256),
            Kem::P384 => self.dh(self.p384),
            Kem::XWing => self.hybrid(kem, MlKemSet::MlKem768, self.x25519),
            Kem::MlKem768P256 => self.hybrid(kem, MlKemSet::MlKem768, self.p256),
            Kem::MlKem1024P384 => self.hybrid(kem, MlKemSet::MlKem1024, self.p384),
        }
    }

    fn dh(&self, group: &'static dyn Group) -> Parts {
        Parts::Dh(DhKem { group, hkdf: self.hkdf })
    }

    fn hybrid(&self, kem: Kem, set: MlKemSet, group: &'static dyn Group) -> Parts {
        Parts::Hybrid(HybridKem {
            kem,
            set,
            group,
            ml_kem: self.ml_kem,
        })
    }

    fn ml_kem_key(&self, set: MlKemSet, seed: &[u8; 64]) -> Box<dyn DecapsulationKey> {
        let key = self.ml_kem.private(set, seed);
        Box::new(PureKey { set, key })
    }
}

impl Kems for Composed {
    fn derive_key(&self, kem: Kem, seed: &Secret<32>) -> Result<Box<dyn DecapsulationKey>, KemFault> {
        Ok(match self.parts(kem) {
            Parts::MlKem(set) => self.ml_kem_key(set, &ml_kem::expand_seed(set, seed.expose())),
            Parts::Dh(dh) => Box::new(dh.derive_key(seed.expose())?),
            Parts::Hybrid(hybrid) => Box::new(hybrid.key(seed.expose())?),
        })
    }

    fn private_key(&self, kem: Kem, private: &[u8]) -> Result<Box<dyn DecapsulationKey>, KemFault> {
        if private.len() != kem.private_len() {
            return Err(KemFault::PrivateKeyLength);
        }
        Ok(match self.parts(kem) {
            Parts::MlKem(set) => self.ml_kem_key(set, exact(private)?),
            Parts::Dh(dh) => Box::new(dh.key(private)?),
            Parts::Hybrid(hybrid) => Box::new(hybrid.key(exact(private)?)?),
        })
    }

    fn public_key(&self, kem: Kem, public: &[u8]) -> Result<Box<dyn EncapsulationKey>, KemFault> {
        Ok(match self.parts(kem) {
            Parts::MlKem(set) => {
                ml_kem::check_public(set, public)?;
                Box::new(PurePublic {
                    set,
                    key: self.ml_kem.public(set, public),
                    bytes: public.into(),
                })
            }
            Parts::Dh(dh) => Box::new(dh.public(public)?),
            Parts::Hybrid(hybrid) => Box::new(hybrid.public(public)?),
        })
    }
}

fn exact<const N: usize>(private: &[u8]) -> Result<&[u8; N], KemFault> {
    private.try_into().map_err(|_| KemFault::PrivateKeyLength)
}

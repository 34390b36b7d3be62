//! ML-KEM, X25519 and ECDH of AWS-LC.
//!
//! `aws-lc-rs` makes ML-KEM keys only at random or from their expanded form. So the seed is expanded by the `ml-kem`
//! crate, and AWS-LC does the work that is done often: encapsulation and decapsulation. An encapsulation draws from
//! AWS-LC's own generator, since `aws-lc-rs` takes no other. For a FIPS build of AWS-LC that means: encapsulation,
//! decapsulation and key agreement are the module's; making a key pair from a seed, and SHA-3, are not.

use aws_lc_rs::agreement::{self, ParsedPublicKey, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::kem;

use super::expanded::{ExpandedMlKem, expand};
use crate::crypto::kem::{Composed, DhPrivate, Group, GroupId, MlKemPrivate, MlKemPublic, MlKemSet, MlKems};
use crate::crypto::{RandomFailed, SecureRandom};

pub(super) static KEMS: Composed = Composed {
    ml_kem: &LcMlKems,
    x25519: &LcGroup(GroupId::X25519),
    p256: &LcGroup(GroupId::P256),
    p384: &LcGroup(GroupId::P384),
    hkdf: &super::hkdf::LcHkdf,
};

struct LcMlKems;

impl MlKems for LcMlKems {
    fn private(&self, set: MlKemSet, seed: &[u8; 64]) -> Box<dyn MlKemPrivate> {
        let ExpandedMlKem { private, public } = expand(set, seed);
        let key = kem::DecapsulationKey::new(algorithm(set), &private).expect("the expansion has the right length");
        Box::new(LcMlKem { key, public })
    }

    fn public(&self, set: MlKemSet, bytes: &[u8]) -> Box<dyn MlKemPublic> {
        let key = kem::EncapsulationKey::new(algorithm(set), bytes).expect("the length was checked");
        Box::new(LcMlKemPublic(key))
    }
}

fn algorithm(set: MlKemSet) -> &'static kem::Algorithm {
    match set {
        MlKemSet::MlKem512 => &kem::ML_KEM_512,
        MlKemSet::MlKem768 => &kem::ML_KEM_768,
        MlKemSet::MlKem1024 => &kem::ML_KEM_1024,
    }
}

/// The key lies on AWS-LC's heap, which is cleansed as it is freed.
struct LcMlKem {
    key: kem::DecapsulationKey,
    public: Box<[u8]>,
}

impl MlKemPrivate for LcMlKem {
    fn public(&self) -> &[u8] {
        &self.public
    }

    fn decapsulate(&self, ciphertext: &[u8], secret: &mut [u8]) {
        let shared = self
            .key
            .decapsulate(ciphertext.into())
            .expect("the ciphertext's length was checked, and the key comes from a seed");
        secret.copy_from_slice(shared.as_ref());
    }
}

struct LcMlKemPublic(kem::EncapsulationKey);

impl MlKemPublic for LcMlKemPublic {
    fn encapsulate(
        &self,
        _random: &dyn SecureRandom,
        ciphertext: &mut [u8],
        secret: &mut [u8],
    ) -> Result<(), RandomFailed> {
        // The key's coefficients were checked, so that only the generator can fail.
        let (made, shared) = self.0.encapsulate().map_err(|_| RandomFailed)?;
        ciphertext.copy_from_slice(made.as_ref());
        secret.copy_from_slice(shared.as_ref());
        Ok(())
    }
}

struct LcGroup(GroupId);

fn agreement_of(group: GroupId) -> &'static agreement::Algorithm {
    match group {
        GroupId::X25519 => &agreement::X25519,
        GroupId::P256 => &agreement::ECDH_P256,
        GroupId::P384 => &agreement::ECDH_P384,
    }
}

impl Group for LcGroup {
    fn id(&self) -> GroupId {
        self.0
    }

    fn private(&self, scalar: &[u8]) -> Option<Box<dyn DhPrivate>> {
        let key = PrivateKey::from_private_key(agreement_of(self.0), scalar).ok()?;
        let public = key.compute_public_key().ok()?.as_ref().into();
        Some(Box::new(LcDh {
            key,
            public,
            group: self.0,
        }))
    }

    fn is_public(&self, public: &[u8]) -> bool {
        in_wire_form(self.0, public).is_some_and(|public| ParsedPublicKey::try_from(&public).is_ok())
    }
}

/// The key lies on AWS-LC's heap, which is cleansed as it is freed.
struct LcDh {
    key: PrivateKey,
    public: Box<[u8]>,
    group: GroupId,
}

impl DhPrivate for LcDh {
    fn public(&self) -> &[u8] {
        &self.public
    }

    fn scalar_len(&self) -> usize {
        self.group.scalar_len()
    }

    fn agree(&self, peer: &[u8], secret: &mut [u8]) -> Option<()> {
        let peer = in_wire_form(self.group, peer)?;
        agreement::agree(&self.key, peer, (), |shared| {
            secret.copy_from_slice(shared);
            Ok(())
        })
        .ok()
    }
}

/// AWS-LC also parses compressed points and X.509; HPKE has one form (RFC 9180 7.1.1).
fn in_wire_form(group: GroupId, public: &[u8]) -> Option<UnparsedPublicKey<&[u8]>> {
    let uncompressed = group == GroupId::X25519 || public.first() == Some(&UNCOMPRESSED);
    let in_form = uncompressed && public.len() == group.public_len();
    in_form.then(|| UnparsedPublicKey::new(agreement_of(group), public))
}

/// The first byte of an uncompressed point (SEC 1 2.3.3).
const UNCOMPRESSED: u8 = 4;

/// Decapsulation with a private key in expanded form, which only tests have; `None` where it is refused.
#[cfg(test)]
pub(in crate::crypto) fn decapsulate_expanded(set: MlKemSet, private: &[u8], ciphertext: &[u8]) -> Option<Vec<u8>> {
    let key = kem::DecapsulationKey::new(algorithm(set), private).ok()?;
    Some(key.decapsulate(ciphertext.into()).ok()?.as_ref().to_vec())
}

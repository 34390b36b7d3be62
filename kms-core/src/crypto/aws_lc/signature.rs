//! Ed25519 and ML-DSA of AWS-LC.
//!
//! `aws-lc-rs` signs and verifies ML-DSA without a context only. With one, the `ml-dsa` crate does it: both
//! backends make the same signatures.

use aws_lc_rs::signature::{
    ED25519, Ed25519KeyPair, KeyPair as _, ML_DSA_65, ML_DSA_65_SIGNING, PqdsaKeyPair, UnparsedPublicKey,
};

use crate::crypto::signature::{Composed, Ed25519, Ed25519Private, MlDsa, MlDsaPrivate, RustMlDsa};
use crate::crypto::{RandomFailed, SecureRandom};

pub(in crate::crypto) static SIGNATURES: Composed = Composed {
    ed25519: &LcEd25519,
    ml_dsa: &LcMlDsa,
    hash: &super::LcSha512,
};

struct LcEd25519;

impl Ed25519 for LcEd25519 {
    fn private(&self, seed: &[u8; 32]) -> Box<dyn Ed25519Private> {
        let key = Ed25519KeyPair::from_seed_unchecked(seed).expect("a seed is any 32 bytes");
        Box::new(LcEdPrivate(key))
    }

    fn is_public(&self, _public: &[u8; 32]) -> bool {
        // AWS-LC decodes the point as it verifies.
        true
    }

    fn verify(&self, public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
        UnparsedPublicKey::new(&ED25519, public)
            .verify(message, signature)
            .is_ok()
    }
}

/// The key lies on AWS-LC's heap, which is cleansed as it is freed.
struct LcEdPrivate(Ed25519KeyPair);

impl Ed25519Private for LcEdPrivate {
    fn public(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        let signature = self.0.sign(message);
        signature.as_ref().try_into().expect("an Ed25519 signature is 64 bytes")
    }
}

struct LcMlDsa;

impl MlDsa for LcMlDsa {
    fn private(&self, seed: &[u8; 32]) -> Box<dyn MlDsaPrivate> {
        let bare = PqdsaKeyPair::from_seed(&ML_DSA_65_SIGNING, seed).expect("a seed is any 32 bytes");
        Box::new(LcMlPrivate {
            bare,
            bound: RustMlDsa.private(seed),
        })
    }

    fn verify(&self, public: &[u8; 1952], context: &[u8], message: &[u8], signature: &[u8; 3309]) -> bool {
        if !context.is_empty() {
            return RustMlDsa.verify(public, context, message, signature);
        }
        UnparsedPublicKey::new(&ML_DSA_65, public)
            .verify(message, signature)
            .is_ok()
    }
}

/// The same key in both libraries; each wipes it as it is dropped.
struct LcMlPrivate {
    bare: PqdsaKeyPair,
    bound: Box<dyn MlDsaPrivate>,
}

impl MlDsaPrivate for LcMlPrivate {
    fn public(&self) -> &[u8] {
        self.bound.public()
    }

    fn sign(&self, context: &[u8], message: &[u8], random: &dyn SecureRandom) -> Result<[u8; 3309], RandomFailed> {
        if !context.is_empty() {
            return self.bound.sign(context, message, random);
        }
        let mut signature = [0; 3309];
        self.bare.sign(message, &mut signature).map_err(|_| RandomFailed)?;
        Ok(signature)
    }
}

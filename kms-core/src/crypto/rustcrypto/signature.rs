//! Ed25519 of the dalek crate, ML-DSA of `ml-dsa`.

use ed25519_dalek_3::{Signature, Signer, SigningKey, Verifier, VerifyingKey};

use crate::crypto::signature::{Composed, Ed25519, Ed25519Private, RustMlDsa};

pub(in crate::crypto) static SIGNATURES: Composed = Composed {
    ed25519: &RcEd25519,
    ml_dsa: &RustMlDsa,
    hash: &super::RcSha512,
};

struct RcEd25519;

impl Ed25519 for RcEd25519 {
    fn private(&self, seed: &[u8; 32]) -> Box<dyn Ed25519Private> {
        let key = SigningKey::from_bytes(seed);
        let public = key.verifying_key();
        Box::new(RcPrivate { key, public })
    }

    fn is_public(&self, public: &[u8; 32]) -> bool {
        VerifyingKey::from_bytes(public).is_ok()
    }

    fn verify(&self, public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
        VerifyingKey::from_bytes(public).is_ok_and(|key| key.verify(message, &Signature::from_bytes(signature)).is_ok())
    }
}

/// The key wipes itself.
struct RcPrivate {
    key: SigningKey,
    public: VerifyingKey,
}

impl Ed25519Private for RcPrivate {
    fn public(&self) -> &[u8] {
        self.public.as_bytes()
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }
}

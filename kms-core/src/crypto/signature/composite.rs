//! ML-DSA-65 and Ed25519 as one signature: MLDSA65-Ed25519-SHA512 of
//! draft-ietf-lamps-pq-composite-sigs (the constants of IANA's early allocation, October 2025).
//!
//! ```text
//! M'         = "CompositeAlgorithmSignatures2025" || LABEL || len(ctx) || ctx || SHA-512(M)
//! signature  = ML-DSA-65.Sign(M', ctx = LABEL) || Ed25519.Sign(M')         3 309 + 64 bytes
//! public key = ML-DSA-65 public key || Ed25519 public key                  1 952 + 32
//! private    = ML-DSA-65 seed || Ed25519 seed                              32 + 32
//! LABEL      = "COMPSIG-MLDSA65-Ed25519-SHA512"
//! ```
//!
//! Both halves must verify. Neither half is a signature by itself: ML-DSA has the label as context, Ed25519 has the
//! prefix in its message, and our own Ed25519 messages begin otherwise.
//!
//! A keystore's 32-byte seed gives both private seeds: `SHAKE256(LABEL || 00 || seed)`, 64 bytes.

use shake::{ExtendableOutput, Shake256, Update, XofReader};
use zeroize::Zeroizing;

use super::composed::{Composed, ed25519_holds, ml_dsa_holds};
use super::ed25519::Ed25519Private;
use super::ml_dsa::{self, MlDsaPrivate};
use super::{SignatureScheme, SigningKey, check_context};
use crate::crypto::{SecureRandom, Sha512};
use crate::error::SignatureFault;
use crate::memory::Secret;

/// Names the algorithm in what is signed.
pub(super) const LABEL: &[u8] = b"COMPSIG-MLDSA65-Ed25519-SHA512";

const PREFIX: &[u8] = b"CompositeAlgorithmSignatures2025";

/// `M'`.
fn representative(hash: &dyn Sha512, context: &[u8], message: &[u8]) -> Vec<u8> {
    let length = u8::try_from(context.len()).expect("the context's length was checked");
    [PREFIX, LABEL, &[length], context, &hash.digest(&[message])].concat()
}

/// The published form of the private key that a keystore's seed stands for.
pub(super) fn expand_seed(seed: &Secret<32>) -> Zeroizing<[u8; 64]> {
    let mut private = Zeroizing::new([0; 64]);
    let mut xof = Shake256::default()
        .chain(LABEL)
        .chain([0])
        .chain(seed.expose())
        .finalize_xof();
    xof.read(&mut private[..]);
    private
}

/// A private key.
pub(super) struct Private {
    hash: &'static dyn Sha512,
    ml_dsa: Box<dyn MlDsaPrivate>,
    ed25519: Box<dyn Ed25519Private>,
    public: Box<[u8]>,
}

impl Private {
    pub(super) fn new(parts: &Composed, private: &[u8; 64]) -> Self {
        let (ml_dsa, ed25519) = private.as_chunks::<32>().0.split_at(1);
        let ml_dsa = parts.ml_dsa.private(&ml_dsa[0]);
        let ed25519 = parts.ed25519.private(&ed25519[0]);
        let public = [ml_dsa.public(), ed25519.public()].concat().into();
        Self {
            hash: parts.hash,
            ml_dsa,
            ed25519,
            public,
        }
    }
}

impl SigningKey for Private {
    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::MlDsa65Ed25519
    }

    fn public(&self) -> &[u8] {
        &self.public
    }

    fn sign(&self, context: &[u8], message: &[u8], random: &dyn SecureRandom) -> Result<Vec<u8>, SignatureFault> {
        check_context(context)?;
        let message = representative(self.hash, context, message);
        let ml_dsa = self.ml_dsa.sign(LABEL, &message, random)?;
        Ok([&ml_dsa[..], &self.ed25519.sign(&message)].concat())
    }
}

/// Whether both halves verify; `None` where a part has the wrong length.
pub(super) fn holds(parts: &Composed, public: &[u8], context: &[u8], message: &[u8], signature: &[u8]) -> Option<bool> {
    let message = representative(parts.hash, context, message);
    let (ml_dsa_key, ed25519_key) = public.split_at_checked(ml_dsa::PUBLIC_LEN)?;
    let (ml_dsa, ed25519) = signature.split_at_checked(ml_dsa::SIGNATURE_LEN)?;
    let classical = ed25519_holds(parts, ed25519_key, &message, ed25519)?;
    Some(classical && ml_dsa_holds(parts, ml_dsa_key, LABEL, &message, ml_dsa)?)
}

//! The cryptographic backend: a struct of trait objects, one field for each role, so that a caller can replace
//! a single part with struct-update syntax. Nothing in this crate implements a primitive; the two backends
//! compose well-kept libraries and are tested against each other and against Wycheproof.

#[cfg(feature = "aws-lc")]
mod aws_lc;
mod hkdf;
pub mod kem;
mod password;
mod posture;
#[cfg(feature = "rustcrypto")]
mod rustcrypto;
pub mod signature;
mod siv;

use std::sync::Arc;

use zeroize::Zeroizing;

#[cfg(feature = "aws-lc")]
pub use aws_lc::aws_lc;
pub use hkdf::{Hkdf, HkdfHash, HkdfPrk};
pub use posture::Posture;
#[cfg(feature = "rustcrypto")]
pub use rustcrypto::rustcrypto;

/// Bytes of an AEAD tag.
pub const TAG_LEN: usize = 16;
/// Bytes of an AEAD nonce.
pub const NONCE_LEN: usize = 12;
/// Bytes of an AEAD key, a KEK and every derived key.
pub const KEY_LEN: usize = 32;

/// The primitives that the envelope is made of.
#[derive(Clone)]
pub struct CryptoBackend {
    /// Short name for `kmsctl doctor` and test output.
    pub name: &'static str,
    /// SHA-512, HMAC-SHA-512 and HKDF-Expand-SHA-512: the only hash of KS1.
    pub hash: &'static dyn Sha512,
    /// AES-256-GCM (SP 800-38D).
    pub aes_gcm: &'static dyn Aead,
    /// AES-256-GCM-SIV (RFC 8452).
    pub aes_gcm_siv: &'static dyn Aead,
    /// ChaCha20-Poly1305 (RFC 8439).
    pub chacha20_poly1305: &'static dyn Aead,
    /// AES-SIV with a 64-byte key (RFC 5297).
    pub aes_siv: &'static dyn DeterministicAead,
    /// AES-KW and AES-KWP with a 256-bit KEK (SP 800-38F 6.2, 6.3).
    pub key_wrap: &'static dyn KeyWrap,
    /// Argon2id version 1.3 (RFC 9106).
    pub password: &'static dyn PasswordKdf,
    /// HKDF with SHA-256, SHA-384 and SHA-512, for HPKE.
    pub hkdf: &'static dyn Hkdf,
    /// Key encapsulation.
    pub kems: &'static dyn kem::Kems,
    /// Signatures.
    pub signatures: &'static dyn signature::Signatures,
    /// The random source.
    pub random: Arc<dyn SecureRandom>,
}

impl Default for CryptoBackend {
    /// The fastest part for each role that this build has: AWS-LC, with the hashing of RustCrypto where both are
    /// built. Hashing is most of the work on a header; AWS-LC keeps its vector code for SHA-512 to Intel's processors
    /// and pays more to set up an HMAC (docs/performance.md). Who needs one library alone names it: [`aws_lc()`].
    fn default() -> Self {
        #[cfg(all(feature = "rustcrypto", feature = "aws-lc"))]
        return Self {
            name: "aws-lc, hashing by rustcrypto",
            hash: &rustcrypto::RcSha512,
            ..aws_lc()
        };
        #[cfg(all(feature = "aws-lc", not(feature = "rustcrypto")))]
        return aws_lc();
        #[cfg(all(feature = "rustcrypto", not(feature = "aws-lc")))]
        return rustcrypto();
        #[cfg(not(any(feature = "rustcrypto", feature = "aws-lc")))]
        compile_error!("kms-core needs one of the features `aws-lc` and `rustcrypto`");
    }
}

/// SHA-512 (FIPS 180-4), HMAC (FIPS 198-1) and HKDF-Expand (RFC 5869 2.3) over it.
pub trait Sha512: Send + Sync {
    /// The 64-byte digest of the concatenation of `parts`.
    fn digest(&self, parts: &[&[u8]]) -> [u8; 64];
    /// The 64-byte HMAC of the concatenation of `parts`.
    fn hmac(&self, key: &[u8], parts: &[&[u8]]) -> [u8; 64];
    /// Fills `out` (at most 16 320 bytes, a caller's constant) from the 32- or 64-byte pseudorandom key `prk`
    /// and the concatenation of `info`.
    fn expand(&self, prk: &[u8], info: &[&[u8]], out: &mut [u8]);
    /// Schedules an HMAC key for more than one use: scheduling is half the cost of a short HMAC.
    fn hmac_key(&self, key: &[u8]) -> Box<dyn HmacKey>;
}

/// A scheduled key of HMAC-SHA-512. It wipes itself when it is dropped.
pub trait HmacKey: Send + Sync {
    /// The 64-byte HMAC of the concatenation of `parts`.
    fn sign(&self, parts: &[&[u8]]) -> [u8; 64];
    /// What [`Sha512::expand`] gives for this key.
    fn expand(&self, info: &[&[u8]], out: &mut [u8]) {
        hkdf_expand(|parts| self.sign(parts), info, out);
    }
}

/// RFC 5869 2.3 over a keyed HMAC: `T(i) = HMAC(T(i-1) || info || i)`.
fn hkdf_expand(sign: impl Fn(&[&[u8]]) -> [u8; 64], info: &[&[u8]], out: &mut [u8]) {
    if info.len() > INFO_PARTS {
        return hkdf_expand(sign, &[&info.concat()], out);
    }
    let mut previous = Zeroizing::new([0; 64]);
    for (index, block) in out.chunks_mut(64).enumerate() {
        let counter = [u8::try_from(index + 1).expect("the output is at most 255 * 64 bytes")];
        let mut parts: [&[u8]; INFO_PARTS + 2] = [&[]; INFO_PARTS + 2];
        if index > 0 {
            parts[0] = &*previous;
        }
        parts[1..=info.len()].copy_from_slice(info);
        parts[info.len() + 1] = &counter;
        let next = Zeroizing::new(sign(&parts[..info.len() + 2]));
        block.copy_from_slice(&next[..block.len()]);
        previous = next;
    }
}

/// More parts than any `info` of the format has.
const INFO_PARTS: usize = 8;

/// An AEAD with a 32-byte key, a 12-byte nonce and a 16-byte tag.
pub trait Aead: Send + Sync {
    /// Schedules a key. The result wipes itself when it is dropped.
    fn key(&self, key: &[u8; KEY_LEN]) -> Box<dyn AeadKey>;
}

/// A scheduled AEAD key.
pub trait AeadKey: Send + Sync {
    /// Encrypts `in_out` in place and returns the tag.
    fn seal_in_place(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], in_out: &mut [u8]) -> [u8; TAG_LEN];
    /// Encrypts `plaintext` into `out`, whose length is that of `plaintext` plus [`TAG_LEN`]: ciphertext, then tag.
    fn seal_into(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], plaintext: &[u8], out: &mut [u8]);
    /// Decrypts `in_out` in place. On failure `in_out` is zeroed.
    ///
    /// # Errors
    /// [`OpenFailed`] when the tag does not verify.
    fn open_in_place(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        in_out: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), OpenFailed>;
    /// Decrypts `sealed` (ciphertext, then tag) into `out`, which is [`TAG_LEN`] bytes shorter. On failure `out`
    /// is zeroed.
    ///
    /// # Errors
    /// [`OpenFailed`] when the tag does not verify or `sealed` is shorter than a tag.
    fn open_into(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], sealed: &[u8], out: &mut [u8]) -> Result<(), OpenFailed>;
}

/// Deterministic AEAD with a 64-byte key and a 16-byte synthetic IV in front of the ciphertext.
pub trait DeterministicAead: Send + Sync {
    /// Encrypts `in_out` in place with the single associated-data component `aad` and returns the synthetic IV.
    fn seal_in_place(&self, key: &[u8; 64], aad: &[u8], in_out: &mut [u8]) -> [u8; 16];
    /// Decrypts `in_out` in place. On failure `in_out` is zeroed.
    ///
    /// # Errors
    /// [`OpenFailed`] when the synthetic IV does not verify.
    fn open_in_place(&self, key: &[u8; 64], aad: &[u8], in_out: &mut [u8], siv: &[u8; 16]) -> Result<(), OpenFailed>;
}

/// AES key wrap with a 256-bit KEK.
pub trait KeyWrap: Send + Sync {
    /// AES-KW (RFC 3394): `secret` is a multiple of 8 bytes, at least 16; the result is 8 bytes longer.
    ///
    /// # Errors
    /// [`OpenFailed`] when the length is not allowed.
    fn wrap(&self, kek: &[u8; KEY_LEN], secret: &[u8]) -> Result<Vec<u8>, OpenFailed>;
    /// The inverse of [`KeyWrap::wrap`].
    ///
    /// # Errors
    /// [`OpenFailed`] for every failure alike.
    fn unwrap(&self, kek: &[u8; KEY_LEN], wrapped: &[u8]) -> Result<zeroize::Zeroizing<Vec<u8>>, OpenFailed>;
    /// AES-KWP (RFC 5649): any length from 1 byte.
    ///
    /// # Errors
    /// [`OpenFailed`] when the length is not allowed.
    fn wrap_padded(&self, kek: &[u8; KEY_LEN], secret: &[u8]) -> Result<Vec<u8>, OpenFailed>;
    /// The inverse of [`KeyWrap::wrap_padded`].
    ///
    /// # Errors
    /// [`OpenFailed`] for every failure alike.
    fn unwrap_padded(&self, kek: &[u8; KEY_LEN], wrapped: &[u8]) -> Result<zeroize::Zeroizing<Vec<u8>>, OpenFailed>;
}

/// Memory-hard key derivation from a passphrase.
pub trait PasswordKdf: Send + Sync {
    /// Fills `out` from `passphrase`; `cost` was checked by the caller.
    ///
    /// # Errors
    /// [`OpenFailed`] when the parameters are outside what the algorithm allows or memory cannot be had.
    fn derive(
        &self,
        passphrase: &[u8],
        salt: &[u8; 16],
        cost: PasswordCost,
        out: &mut [u8; KEY_LEN],
    ) -> Result<(), OpenFailed>;
}

/// The cost of a password derivation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

/// A source of cryptographically secure random bytes.
pub trait SecureRandom: Send + Sync {
    /// Fills `out`.
    ///
    /// # Errors
    /// [`RandomFailed`] when the source fails; then nothing may be made from `out`.
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomFailed>;
}

/// Opening or unwrapping failed. Deliberately without any detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenFailed;

impl From<RandomFailed> for crate::error::KemFault {
    fn from(_: RandomFailed) -> Self {
        Self::Random
    }
}

impl From<RandomFailed> for crate::error::SignatureFault {
    fn from(_: RandomFailed) -> Self {
        Self::Random
    }
}

/// The random source failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RandomFailed;

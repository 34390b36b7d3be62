//! The second backend: the RustCrypto crates, pure Rust.
//!
//! Wiping: with the `zeroize` features of the root Cargo.toml, key schedules and hash states are wiped when they are
//! dropped. They are made by value and then moved, though, and the copies that a move leaves on the stack are not: a
//! caller for whom that matters takes the other backend.

mod hkdf;
mod kem;
mod signature;

use std::sync::Arc;

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::consts::{U12, U16};
use aes_gcm::aead::{AeadCore, AeadInOut, KeyInit};
use aes_gcm_siv::Aes256GcmSiv;
use aes_kw::{KwAes256, KwpAes256};
use chacha20poly1305::ChaCha20Poly1305;
use hmac::{Hmac, Mac};
use sha2::Digest as _;
use zeroize::{Zeroize, Zeroizing};

#[cfg(test)]
pub(super) use {kem::decapsulate_expanded, signature::SIGNATURES};

use super::{
    Aead, AeadKey, CryptoBackend, HmacKey, KEY_LEN, KeyWrap, NONCE_LEN, OpenFailed, RandomFailed, SecureRandom, Sha512,
    TAG_LEN, password, siv,
};

/// The backend on the RustCrypto crates: no C compiler needed.
#[must_use]
pub fn rustcrypto() -> CryptoBackend {
    CryptoBackend {
        name: "rustcrypto",
        hash: &RcSha512,
        aes_gcm: &RcAead::<Aes256Gcm>(std::marker::PhantomData),
        aes_gcm_siv: &RcAead::<Aes256GcmSiv>(std::marker::PhantomData),
        chacha20_poly1305: &RcAead::<ChaCha20Poly1305>(std::marker::PhantomData),
        aes_siv: &siv::AesSiv,
        key_wrap: &RcKeyWrap,
        password: &password::Argon2id,
        hkdf: &hkdf::RcHkdf,
        kems: &kem::KEMS,
        signatures: &signature::SIGNATURES,
        random: Arc::new(OsRandom),
    }
}

pub(super) struct RcSha512;

impl Sha512 for RcSha512 {
    fn digest(&self, parts: &[&[u8]]) -> [u8; 64] {
        let mut hash = sha2::Sha512::new();
        for part in parts {
            hash.update(part);
        }
        hash.finalize().into()
    }

    fn hmac(&self, key: &[u8], parts: &[&[u8]]) -> [u8; 64] {
        RcHmacKey::new(key).sign(parts)
    }

    fn expand(&self, prk: &[u8], info: &[&[u8]], out: &mut [u8]) {
        // `Hkdf::from_prk` refuses a 32-byte key, which KS1 uses throughout.
        RcHmacKey::new(prk).expand(info, out);
    }

    fn hmac_key(&self, key: &[u8]) -> Box<dyn HmacKey> {
        Box::new(RcHmacKey::new(key))
    }
}

struct RcHmacKey(Hmac<sha2::Sha512>);

impl RcHmacKey {
    fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes keys of any length"))
    }
}

impl HmacKey for RcHmacKey {
    fn sign(&self, parts: &[&[u8]]) -> [u8; 64] {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

struct RcAead<A>(std::marker::PhantomData<fn() -> A>);

impl<A> Aead for RcAead<A>
where
    A: AeadInOut + AeadCore<NonceSize = U12, TagSize = U16> + KeyInit + Send + Sync + 'static,
{
    fn key(&self, key: &[u8; KEY_LEN]) -> Box<dyn AeadKey> {
        Box::new(RcAeadKey(
            A::new_from_slice(key).expect("every algorithm here takes 32 bytes"),
        ))
    }
}

struct RcAeadKey<A>(A);

impl<A> AeadKey for RcAeadKey<A>
where
    A: AeadInOut + AeadCore<NonceSize = U12, TagSize = U16> + Send + Sync,
{
    fn seal_in_place(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], in_out: &mut [u8]) -> [u8; TAG_LEN] {
        self.0
            .encrypt_inout_detached(nonce.into(), aad, in_out.into())
            .expect(UNDER_MAXIMUM)
            .into()
    }

    fn seal_into(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], plaintext: &[u8], out: &mut [u8]) {
        assert_eq!(out.len(), plaintext.len() + TAG_LEN, "seal_into: output length");
        let (ciphertext, tag_out) = out.split_at_mut(plaintext.len());
        ciphertext.copy_from_slice(plaintext);
        tag_out.copy_from_slice(&self.seal_in_place(nonce, aad, ciphertext));
    }

    fn open_in_place(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        in_out: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), OpenFailed> {
        self.0
            .decrypt_inout_detached(nonce.into(), aad, in_out.into(), tag.into())
            .or_else(|_| fail(in_out))
    }

    fn open_into(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], sealed: &[u8], out: &mut [u8]) -> Result<(), OpenFailed> {
        match sealed.split_last_chunk::<TAG_LEN>() {
            Some((ciphertext, tag)) if ciphertext.len() == out.len() => {
                out.copy_from_slice(ciphertext);
                self.open_in_place(nonce, aad, out, tag)
            }
            _ => fail(out),
        }
    }
}

const UNDER_MAXIMUM: &str = "chunks and records are far below the AEAD's maximum";

#[cold]
fn fail(out: &mut [u8]) -> Result<(), OpenFailed> {
    out.zeroize();
    Err(OpenFailed)
}

struct RcKeyWrap;

impl KeyWrap for RcKeyWrap {
    fn wrap(&self, kek: &[u8; KEY_LEN], secret: &[u8]) -> Result<Vec<u8>, OpenFailed> {
        // SP 800-38F 5.3.1: at least two semiblocks; the crate checks only the multiple of 8.
        if secret.len() < 16 {
            return Err(OpenFailed);
        }
        let mut wrapped = vec![0; secret.len() + 8];
        KwAes256::new(kek.into())
            .wrap_key(secret, &mut wrapped)
            .map_err(|_| OpenFailed)?;
        Ok(wrapped)
    }

    fn unwrap(&self, kek: &[u8; KEY_LEN], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenFailed> {
        if wrapped.len() < 24 {
            return Err(OpenFailed);
        }
        let mut secret = Zeroizing::new(vec![0; wrapped.len() - 8]);
        KwAes256::new(kek.into())
            .unwrap_key(wrapped, &mut secret)
            .map_err(|_| OpenFailed)?;
        Ok(secret)
    }

    fn wrap_padded(&self, kek: &[u8; KEY_LEN], secret: &[u8]) -> Result<Vec<u8>, OpenFailed> {
        // SP 800-38F 5.3.1: at least one octet.
        if secret.is_empty() {
            return Err(OpenFailed);
        }
        let mut wrapped = vec![0; secret.len().next_multiple_of(8) + 8];
        KwpAes256::new(kek.into())
            .wrap_key(secret, &mut wrapped)
            .map_err(|_| OpenFailed)?;
        Ok(wrapped)
    }

    fn unwrap_padded(&self, kek: &[u8; KEY_LEN], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenFailed> {
        if wrapped.len() < 16 {
            return Err(OpenFailed);
        }
        let mut secret = Zeroizing::new(vec![0; wrapped.len() - 8]);
        let length = KwpAes256::new(kek.into())
            .unwrap_key(wrapped, &mut secret)
            .map_err(|_| OpenFailed)?
            .len();
        secret.truncate(length);
        Ok(secret)
    }
}

/// The operating system's generator.
struct OsRandom;

impl SecureRandom for OsRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomFailed> {
        getrandom::fill(out).map_err(|_| RandomFailed)
    }
}

//! The default backend: AWS-LC through `aws-lc-rs`.
//!
//! Wiping: `EVP_AEAD_CTX` lives on AWS-LC's heap, whose `OPENSSL_free` cleanses every block it frees, and
//! `HMAC_CTX_cleanup` cleanses its context; both run in `aws-lc-rs`'s `Drop`. The AES schedule of a key wrap is a
//! stack variable inside `aws-lc-rs` and is not wiped.

mod expanded;
mod hkdf;
mod kem;
mod signature;

use std::sync::Arc;

use aws_lc_rs::key_wrap::{self as lc_wrap, AesKek, KeyWrap as _, KeyWrapPadded as _};
use aws_lc_rs::{aead, digest, hkdf as lc_hkdf, hmac, rand};
use zeroize::{Zeroize, Zeroizing};

#[cfg(test)]
pub(super) use {expanded::expand, kem::decapsulate_expanded, signature::SIGNATURES};

use super::{
    Aead, AeadKey, CryptoBackend, HmacKey, KEY_LEN, KeyWrap, NONCE_LEN, OpenFailed, RandomFailed, SecureRandom, Sha512,
    TAG_LEN, password, siv,
};

/// The backend on AWS-LC: assembly for AES-NI, VAES and ARMv8.
#[must_use]
pub fn aws_lc() -> CryptoBackend {
    CryptoBackend {
        name: "aws-lc",
        hash: &LcSha512,
        aes_gcm: &AES_256_GCM,
        aes_gcm_siv: &AES_256_GCM_SIV,
        chacha20_poly1305: &CHACHA20_POLY1305,
        aes_siv: &siv::AesSiv,
        key_wrap: &LcKeyWrap,
        password: &password::Argon2id,
        hkdf: &hkdf::LcHkdf,
        kems: &kem::KEMS,
        signatures: &signature::SIGNATURES,
        random: Arc::new(LcRandom),
    }
}

static AES_256_GCM: LcAead = LcAead(&aead::AES_256_GCM);
static AES_256_GCM_SIV: LcAead = LcAead(&aead::AES_256_GCM_SIV);
static CHACHA20_POLY1305: LcAead = LcAead(&aead::CHACHA20_POLY1305);

struct LcSha512;

impl Sha512 for LcSha512 {
    fn digest(&self, parts: &[&[u8]]) -> [u8; 64] {
        // A `digest::Context` allocates; gathering short input on the stack for the one-shot call halves the overhead.
        let mut short = [0; 512];
        if let Some(gathered) = gather(parts, &mut short) {
            return wide(digest::digest(&digest::SHA512, gathered).as_ref());
        }
        let mut context = digest::Context::new(&digest::SHA512);
        for part in parts {
            context.update(part);
        }
        wide(context.finish().as_ref())
    }

    fn hmac(&self, key: &[u8], parts: &[&[u8]]) -> [u8; 64] {
        LcHmacKey::new(key).sign(parts)
    }

    fn expand(&self, prk: &[u8], info: &[&[u8]], out: &mut [u8]) {
        let prk = lc_hkdf::Prk::new_less_safe(lc_hkdf::HKDF_SHA512, prk);
        prk.expand(info, OutLen(out.len()))
            .and_then(|okm| okm.fill(out))
            .expect("the output length is a constant of the format, at most 255 * 64");
    }

    fn hmac_key(&self, key: &[u8]) -> Box<dyn HmacKey> {
        Box::new(LcHmacKey::new(key))
    }
}

struct LcHmacKey(hmac::Key);

impl LcHmacKey {
    fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA512, key))
    }
}

impl HmacKey for LcHmacKey {
    fn sign(&self, parts: &[&[u8]]) -> [u8; 64] {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(part);
        }
        wide(context.sign().as_ref())
    }
}

/// The output length of an expansion, as `aws-lc-rs` wants to hear it.
struct OutLen(usize);

impl lc_hkdf::KeyType for OutLen {
    fn len(&self) -> usize {
        self.0
    }
}

/// The concatenation of `parts` in `room`, if it fits. Not wiped: what KS1 hashes without a key is not secret.
fn gather<'a>(parts: &[&[u8]], room: &'a mut [u8]) -> Option<&'a [u8]> {
    let mut end = 0;
    for part in parts {
        room.get_mut(end..end + part.len())?.copy_from_slice(part);
        end += part.len();
    }
    Some(&room[..end])
}

fn wide(bytes: &[u8]) -> [u8; 64] {
    bytes.try_into().expect("SHA-512 gives 64 bytes")
}

struct LcAead(&'static aead::Algorithm);

impl Aead for LcAead {
    fn key(&self, key: &[u8; KEY_LEN]) -> Box<dyn AeadKey> {
        let key = aead::UnboundKey::new(self.0, key).expect("every algorithm here takes 32 bytes");
        Box::new(LcAeadKey(aead::LessSafeKey::new(key)))
    }
}

struct LcAeadKey(aead::LessSafeKey);

impl AeadKey for LcAeadKey {
    fn seal_in_place(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], in_out: &mut [u8]) -> [u8; TAG_LEN] {
        let tag = self
            .0
            .seal_in_place_separate_tag(unique(nonce), aead::Aad::from(aad), in_out)
            .expect(UNDER_MAXIMUM);
        tag.as_ref().try_into().expect("every algorithm here has a 16-byte tag")
    }

    fn seal_into(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], plaintext: &[u8], out: &mut [u8]) {
        assert_eq!(out.len(), plaintext.len() + TAG_LEN, "seal_into: output length");
        let (ciphertext, tag) = out.split_at_mut(plaintext.len());
        self.0
            .seal_out_of_place_scatter(unique(nonce), aead::Aad::from(aad), plaintext, ciphertext, &[], tag)
            .expect(UNDER_MAXIMUM);
    }

    fn open_in_place(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        in_out: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), OpenFailed> {
        let opened = self
            .0
            .open_in_place_separate_tag(unique(nonce), aead::Aad::from(aad), tag, in_out);
        if opened.is_err() {
            return fail(in_out);
        }
        Ok(())
    }

    fn open_into(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], sealed: &[u8], out: &mut [u8]) -> Result<(), OpenFailed> {
        let Some((ciphertext, tag)) = sealed.split_last_chunk::<TAG_LEN>() else {
            return fail(out);
        };
        self.0
            .open_separate_gather(unique(nonce), aead::Aad::from(aad), ciphertext, tag, out)
            .or_else(|_| fail(out))
    }
}

/// AWS-LC refuses only inputs over the AEAD's own limit (64 GiB for GCM).
const UNDER_MAXIMUM: &str = "chunks and records are far below the AEAD's maximum";

fn unique(nonce: &[u8; NONCE_LEN]) -> aead::Nonce {
    aead::Nonce::assume_unique_for_key(*nonce)
}

/// AWS-LC zeroes the output when a tag does not verify, but not when it refuses earlier.
#[cold]
fn fail(out: &mut [u8]) -> Result<(), OpenFailed> {
    out.zeroize();
    Err(OpenFailed)
}

struct LcKeyWrap;

impl KeyWrap for LcKeyWrap {
    fn wrap(&self, kek: &[u8; KEY_LEN], secret: &[u8]) -> Result<Vec<u8>, OpenFailed> {
        let mut wrapped = vec![0; secret.len() + 8];
        aes_kek(kek).wrap(secret, &mut wrapped).map_err(|_| OpenFailed)?;
        Ok(wrapped)
    }

    fn unwrap(&self, kek: &[u8; KEY_LEN], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenFailed> {
        let mut secret = Zeroizing::new(vec![0; wrapped.len().saturating_sub(8)]);
        aes_kek(kek).unwrap(wrapped, &mut secret).map_err(|_| OpenFailed)?;
        Ok(secret)
    }

    fn wrap_padded(&self, kek: &[u8; KEY_LEN], secret: &[u8]) -> Result<Vec<u8>, OpenFailed> {
        let mut wrapped = vec![0; secret.len() + 15];
        let length = aes_kek(kek)
            .wrap_with_padding(secret, &mut wrapped)
            .map_err(|_| OpenFailed)?
            .len();
        wrapped.truncate(length);
        Ok(wrapped)
    }

    fn unwrap_padded(&self, kek: &[u8; KEY_LEN], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenFailed> {
        let mut secret = Zeroizing::new(vec![0; wrapped.len()]);
        let length = aes_kek(kek)
            .unwrap_with_padding(wrapped, &mut secret)
            .map_err(|_| OpenFailed)?
            .len();
        secret.truncate(length);
        Ok(secret)
    }
}

fn aes_kek(kek: &[u8; KEY_LEN]) -> AesKek {
    AesKek::new(&lc_wrap::AES_256, kek).expect("AES-256 takes 32 bytes")
}

/// AWS-LC's generator: a DRBG for each thread, reseeded from the system, which notices forks.
struct LcRandom;

impl SecureRandom for LcRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomFailed> {
        rand::fill(out).map_err(|_| RandomFailed)
    }
}

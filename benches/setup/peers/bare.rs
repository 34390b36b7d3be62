//! The AEAD alone: the same calls over the same buffers, and nothing around them. What no envelope can be faster than.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use kms_core::payload::{PREFIX_LEN, SEALED_CHUNK};

const CHUNK: usize = SEALED_CHUNK - TAG;
const TAG: usize = 16;

/// AES-256-GCM by AWS-LC, one key for all chunks.
pub struct Bare(LessSafeKey);

impl Default for Bare {
    fn default() -> Self {
        let key = UnboundKey::new(&AES_256_GCM, &[7; 32]).expect("32 bytes");
        Self(LessSafeKey::new(key))
    }
}

impl Bare {
    /// Seals `plaintext` in chunks behind the place of the prefix; `out` is as long as a payload.
    pub fn seal(&self, plaintext: &[u8], out: &mut [u8]) {
        let chunks = out[PREFIX_LEN..].chunks_mut(SEALED_CHUNK);
        for ((number, sealed), chunk) in (0..).zip(chunks).zip(plaintext.chunks(CHUNK).chain([&[][..]])) {
            self.seal_one(number, chunk, sealed);
        }
    }

    /// Seals one chunk or record: ciphertext, then tag.
    pub fn seal_one(&self, number: u64, plaintext: &[u8], sealed: &mut [u8]) {
        let (ciphertext, tag) = sealed.split_at_mut(plaintext.len());
        let sealed = self
            .0
            .seal_out_of_place_scatter(nonce(number), Aad::empty(), plaintext, ciphertext, &[], tag);
        sealed.expect("far below the AEAD's maximum");
    }

    /// Opens what [`Bare::seal`] made.
    pub fn open(&self, sealed: &[u8], out: &mut [u8]) {
        let chunks = sealed[PREFIX_LEN..].chunks(SEALED_CHUNK);
        for ((number, sealed), chunk) in (0..).zip(chunks).zip(out.chunks_mut(CHUNK)) {
            self.open_one(number, sealed, chunk);
        }
    }

    /// Opens one chunk or record.
    pub fn open_one(&self, number: u64, sealed: &[u8], plaintext: &mut [u8]) {
        let (ciphertext, tag) = sealed.split_at(sealed.len() - TAG);
        let opened = self
            .0
            .open_separate_gather(nonce(number), Aad::empty(), ciphertext, tag, plaintext);
        opened.expect("sealed by the same key");
    }
}

fn nonce(number: u64) -> Nonce {
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&number.to_be_bytes());
    Nonce::assume_unique_for_key(nonce)
}

//! One message's payload key: the derivation, the commitment and the AEAD calls.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::geometry::{COMMITMENT_LEN, PREFIX_LEN, SALT_LEN, SEALED_CHUNK};
use crate::caps;
use crate::crypto::{AeadKey, CryptoBackend, KEY_LEN, NONCE_LEN, TAG_LEN};
use crate::error::{CallerFault, Error, FormatFault, LimitFault, Result};
use crate::memory::Secret;
use crate::suite::Suite;

/// Key, base nonce and commitment of one message. The AEAD key is scheduled once; every method takes `&self`, so
/// one value serves any number of threads.
pub struct PayloadKeys {
    aead: Box<dyn AeadKey>,
    base_nonce: [u8; NONCE_LEN],
    salt: [u8; SALT_LEN],
    commitment: [u8; COMMITMENT_LEN],
}

impl PayloadKeys {
    /// Derives the keys of one message. `input_key` must be uniformly random and `salt` must not repeat under it.
    ///
    /// # Errors
    /// [`CallerFault::SuiteForKind`] for a suite that only records use.
    pub fn new(
        backend: &CryptoBackend,
        suite: Suite,
        input_key: &Secret<KEY_LEN>,
        salt: &[u8; SALT_LEN],
        context: &[u8],
    ) -> Result<Self> {
        let aead_name = suite.payload_aead_name().ok_or(CallerFault::SuiteForKind)?;
        let mut derived = Zeroizing::new([0; KEY_LEN + NONCE_LEN + COMMITMENT_LEN]);
        let info: [&[u8]; 5] = [INFO_PREFIX, aead_name.as_bytes(), &[0], salt, context];
        backend.hash.expand(input_key.expose(), &info, &mut *derived);

        let (key, rest) = derived.split_first_chunk().expect("the first 32 of 76 bytes");
        let (base_nonce, rest) = rest.split_first_chunk().expect("12 of the next 44 bytes");
        Ok(Self {
            aead: suite.aead(backend).key(key),
            base_nonce: *base_nonce,
            salt: *salt,
            commitment: *rest.first_chunk().expect("the last 32 bytes"),
        })
    }

    /// The first bytes of the payload: salt and commitment.
    #[must_use]
    pub fn prefix(&self) -> [u8; PREFIX_LEN] {
        let mut prefix = [0; PREFIX_LEN];
        prefix[..SALT_LEN].copy_from_slice(&self.salt);
        prefix[SALT_LEN..].copy_from_slice(&self.commitment);
        prefix
    }

    /// Checks the first bytes of a payload; nothing may be opened before.
    ///
    /// # Errors
    /// [`FormatFault::OtherPayload`] when the salt, which is public, is another message's;
    /// [`Error::DoesNotOpen`] when the commitment is not this key's.
    pub fn verify_prefix(&self, prefix: &[u8; PREFIX_LEN]) -> Result<()> {
        let (salt, commitment) = prefix.split_at(SALT_LEN);
        if salt != self.salt {
            return Err(FormatFault::OtherPayload.into());
        }
        if commitment.ct_ne(&self.commitment).into() {
            return Err(Error::DoesNotOpen);
        }
        Ok(())
    }

    /// Seals `plaintext` as the run of chunks whose lengths `out` dictates: full chunks, and where `out` ends with
    /// a part of a chunk, the last one of the message.
    pub(super) fn seal_run(&self, first: u64, mut plaintext: &[u8], out: &mut [u8]) -> Result<(), LimitFault> {
        check_run(first, out.len())?;
        for (number, sealed) in (first..).zip(out.chunks_mut(SEALED_CHUNK)) {
            let (chunk, rest) = plaintext.split_at(sealed.len() - TAG_LEN);
            self.aead.seal_into(&self.nonce(number), &[], chunk, sealed);
            plaintext = rest;
        }
        debug_assert!(plaintext.is_empty(), "the output dictates the input's length");
        Ok(())
    }

    /// Opens a run of chunks into `out`, which has exactly the length of their plaintext. Returns how many bytes at
    /// its start are authentic, and whether that is all of it; a chunk that failed is zeroed.
    pub(super) fn open_run(&self, first: u64, sealed: &[u8], out: &mut [u8]) -> (usize, Result<()>) {
        if check_run(first, sealed.len()).is_err() {
            return (0, Err(Error::DoesNotOpen));
        }
        let mut opened = 0;
        for (number, chunk) in (first..).zip(sealed.chunks(SEALED_CHUNK)) {
            let end = opened + chunk.len() - TAG_LEN;
            let plaintext = &mut out[opened..end];
            if self.aead.open_into(&self.nonce(number), &[], chunk, plaintext).is_err() {
                return (opened, Err(Error::DoesNotOpen));
            }
            opened = end;
        }
        debug_assert_eq!(opened, out.len(), "the input dictates the output's length");
        (opened, Ok(()))
    }

    /// The base nonce XOR the chunk number as a big-endian integer of the nonce's width.
    fn nonce(&self, chunk: u64) -> [u8; NONCE_LEN] {
        let mut nonce = self.base_nonce;
        for (byte, counter) in nonce[NONCE_LEN - 8..].iter_mut().zip(chunk.to_be_bytes()) {
            *byte ^= counter;
        }
        nonce
    }
}

/// Every chunk number of a run of `sealed` bytes must be below 2^38.
fn check_run(first: u64, sealed: usize) -> Result<(), LimitFault> {
    let chunks = u64::try_from(sealed.div_ceil(SEALED_CHUNK)).map_err(|_| LimitFault::Chunks)?;
    match first.checked_add(chunks) {
        Some(end) if end <= caps::CHUNKS => Ok(()),
        _ => Err(LimitFault::Chunks),
    }
}

/// What the derivation of C2SP chunked-encryption@v1 starts with.
const INFO_PREFIX: &[u8] = b"c2sp.org/chunked-encryption@v1+";

#[cfg(test)]
impl PayloadKeys {
    /// Keys for tests that need the inside of a path.
    pub(super) fn of_test() -> Self {
        let key = Secret::init_with(|place| place.fill(0x42));
        Self::new(
            &CryptoBackend::default(),
            Suite::Aes256Gcm,
            &key,
            &[0x24; SALT_LEN],
            b"",
        )
        .expect("a payload suite")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAST: u64 = caps::CHUNKS - 1;

    #[test]
    fn the_chunk_number_enters_the_last_bytes_of_the_nonce() {
        let mut keys = PayloadKeys::of_test();
        keys.base_nonce = [0xff; NONCE_LEN];
        assert_eq!(keys.nonce(0), [0xff; NONCE_LEN]);
        let most = [255, 255, 255, 255, 255, 255, 255, 0xc0, 0, 0, 0, 0];
        assert_eq!(keys.nonce(LAST), most, "38 bits");
    }

    #[test]
    fn the_last_chunk_number_is_used_and_the_next_is_not() {
        let keys = PayloadKeys::of_test();
        let (mut one, mut two) = ([0; 20], vec![0; SEALED_CHUNK + 20]);
        keys.seal_run(LAST, &[1; 4], &mut one).unwrap();
        assert_eq!(keys.open_run(LAST, &one, &mut [0; 4]), (4, Ok(())));
        keys.seal_run(LAST - 1, &[1; caps::CHUNK + 4], &mut two).unwrap();

        for first in [LAST + 1, u64::MAX] {
            assert_eq!(keys.seal_run(first, &[1; 4], &mut one), Err(LimitFault::Chunks));
            assert_eq!(keys.open_run(first, &one, &mut [0; 4]), (0, Err(Error::DoesNotOpen)));
        }
        assert_eq!(
            keys.seal_run(LAST, &[1; caps::CHUNK + 4], &mut two),
            Err(LimitFault::Chunks)
        );
    }
}

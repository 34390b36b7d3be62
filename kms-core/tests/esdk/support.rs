//! Keys and openers that the tests share.

use std::sync::Arc;

use futures::executor::block_on;
use kms_core::crypto::CryptoBackend;
use kms_core::esdk::{CommitmentPolicy, Context, Keyring, Opener, RawAesKeyring, Sealer};

pub(crate) const KEY: [u8; 32] = [7; 32];

pub(crate) fn backend() -> CryptoBackend {
    CryptoBackend::default()
}

pub(crate) fn aes() -> Arc<dyn Keyring> {
    aes_named("space", "name", &KEY)
}

pub(crate) fn aes_named(namespace: &str, name: &str, key: &[u8]) -> Arc<dyn Keyring> {
    Arc::new(RawAesKeyring::new(backend(), namespace, name, key).unwrap())
}

pub(crate) fn context(pairs: &[(&str, &str)]) -> Context {
    Context::from_pairs(pairs.iter().copied()).unwrap()
}

pub(crate) fn opener() -> Opener {
    Opener::new().keyring(aes())
}

/// Takes what old suites have made.
pub(crate) fn lenient() -> Opener {
    Opener::new().commitment(CommitmentPolicy::RequireEncryptAllowDecrypt)
}

pub(crate) fn sealer() -> Sealer {
    Sealer::new(backend()).keyring(aes())
}

pub(crate) fn seal(sealer: &Sealer, plaintext: &[u8]) -> Vec<u8> {
    block_on(sealer.seal(plaintext)).unwrap()
}

pub(crate) fn open(opener: &Opener, message: &[u8]) -> kms_core::Result<Vec<u8>> {
    block_on(opener.open(message)).map(|plaintext| plaintext.to_vec())
}

/// Plaintext of any length, no two blocks alike.
pub(crate) fn text(length: usize) -> Vec<u8> {
    (0..length)
        .map(|at| u8::try_from((at * 7 + at / 251) % 256).unwrap())
        .collect()
}

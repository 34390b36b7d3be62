//! What the unit tests of the primitives share: published vectors, both backends, published randomness.

use std::sync::Mutex;

use crate::crypto::{CryptoBackend, RandomFailed, SecureRandom};

#[path = "../tests/support/data.rs"]
mod data;

pub(crate) use data::{hex, load};

pub(crate) fn backends() -> Vec<CryptoBackend> {
    vec![crate::crypto::aws_lc(), crate::crypto::rustcrypto()]
}

/// Gives out published randomness once, in order.
pub(crate) struct Scripted(Mutex<Vec<u8>>);

impl Scripted {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self(Mutex::new(bytes.iter().rev().copied().collect()))
    }
}

impl SecureRandom for Scripted {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomFailed> {
        let mut left = self.0.lock().map_err(|_| RandomFailed)?;
        for byte in out {
            *byte = left.pop().ok_or(RandomFailed)?;
        }
        Ok(())
    }
}

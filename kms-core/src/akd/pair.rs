//! A leaf of the X-Wing tree as a key pair: whoever has the public key of a node seals to its attributes, whoever has a
//! grant at or above it opens (docs/akd.md 6).

use super::node::LeafKey;
use super::usage::Usage;
use crate::HpkeKek;
use crate::crypto::CryptoBackend;
use crate::crypto::kem::Kem;
use crate::error::{AkdFault, Result};

/// The X-Wing key pair of a leaf, whose 32 bytes are the private key as X-Wing defines it. Envelopes name it by the
/// thumbprint of its public key, as every public key.
///
/// # Errors
/// [`AkdFault::Usage`] for a leaf of another usage.
pub fn key_pair(backend: &CryptoBackend, leaf: &LeafKey) -> Result<HpkeKek> {
    if leaf.usage() != Usage::XWingSeed {
        return Err(AkdFault::Usage.into());
    }
    let pair = HpkeKek::from_seed(backend.clone(), Kem::XWing, leaf.secret());
    Ok(pair.expect("every 32 bytes are a private key of X-Wing"))
}

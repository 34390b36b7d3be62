//! HKDF (RFC 5869) with the hashes of HPKE. KS1 itself uses [`super::Sha512`], whose interface is made for its many
//! short derivations.

use zeroize::Zeroizing;

/// The hash of a key derivation of HPKE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HkdfHash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl HkdfHash {
    /// Bytes of a digest and of a pseudorandom key.
    #[must_use]
    pub fn output_len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// HKDF-Extract and HKDF-Expand.
pub trait Hkdf: Send + Sync {
    /// The pseudorandom key of `salt` and the concatenation of `ikm`.
    fn extract(&self, hash: HkdfHash, salt: &[u8], ikm: &[&[u8]]) -> HkdfPrk;
    /// Fills `out`, at most 255 digests long, from `prk` and the concatenation of `info`.
    fn expand(&self, prk: &HkdfPrk, info: &[&[u8]], out: &mut [u8]);
}

/// A pseudorandom key of HKDF. Wiped when dropped.
pub struct HkdfPrk {
    hash: HkdfHash,
    bytes: Zeroizing<[u8; 64]>,
}

impl HkdfPrk {
    /// A pseudorandom key, [`HkdfHash::output_len`] bytes, filled in its place.
    pub fn init_with(hash: HkdfHash, fill: impl FnOnce(&mut [u8])) -> Self {
        let mut bytes = Zeroizing::new([0; 64]);
        fill(&mut bytes[..hash.output_len()]);
        Self { hash, bytes }
    }

    /// Its hash.
    #[must_use]
    pub fn hash(&self) -> HkdfHash {
        self.hash
    }

    /// The bytes. Named so that a search finds every exposure.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.bytes[..self.hash.output_len()]
    }
}

//! Keys of tokens, and how each template gets its own.

use zeroize::Zeroizing;

use crate::crypto::{CryptoBackend, Sha512};
use crate::memory::Secret;

use super::Template;

/// The key of a version, from which every template and every use derives its own.
///
/// It comes from a keystore (`kmsctl key create NAME --fpe`), or is a leaf of a tree of attributes. Tokens have no room
/// to say under which version they were made: [`ColumnMetadata`](super::ColumnMetadata) says it.
pub struct FpeKey {
    secret: Secret<32>,
    name: String,
    version: u32,
    hash: &'static dyn Sha512,
    siv: &'static dyn crate::crypto::DeterministicAead,
}

/// What a derived key is for: no two share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Ff1,
    Siv,
    Hmac,
}

impl FpeKey {
    /// A key of 32 uniform bytes. `name` and `version` are what columns say of it; neither takes part in a derivation,
    /// so that a key may be renamed.
    #[must_use]
    pub fn new(backend: &CryptoBackend, secret: Secret<32>, name: impl Into<String>, version: u32) -> Self {
        Self {
            secret,
            name: name.into(),
            version,
            hash: backend.hash,
            siv: backend.aes_siv,
        }
    }

    /// What columns say of it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    pub(super) fn hash(&self) -> &'static dyn Sha512 {
        self.hash
    }

    pub(super) fn siv(&self) -> &'static dyn crate::crypto::DeterministicAead {
        self.siv
    }

    /// HKDF-Expand-SHA-512 over use and template. The template's text ends the input, so nothing can follow it; no
    /// template has an empty one.
    pub(super) fn derive<const N: usize>(&self, purpose: Use, template: Option<&Template>) -> Zeroizing<[u8; N]> {
        let purpose: &[u8] = match purpose {
            Use::Ff1 => b"ff1",
            Use::Siv => b"siv",
            Use::Hmac => b"hmac",
        };
        let mut key = Zeroizing::new([0; N]);
        let info = [LABEL, purpose, &[0], template.map_or("", Template::text).as_bytes()];
        self.hash.expand(self.secret.expose(), &info, &mut *key);
        key
    }
}

const LABEL: &[u8] = b"keystrand/fpe/1/";

//! Thumbprints of public keys.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;

use super::UriFault;

/// The first 32 bytes of the SHA-512 digest of a public key, in base64url.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Thumbprint([u8; 32]);

impl Thumbprint {
    /// A thumbprint of these bytes.
    #[must_use]
    pub fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Strict: the two spare bits of the last character are zero, so that one key has one text (RFC 4648 3.5).
    pub(super) fn parse(text: &str) -> Result<Self, UriFault> {
        let bytes = BASE64URL_NOPAD
            .decode(text.as_bytes())
            .map_err(|_| UriFault::Thumbprint)?;
        bytes.try_into().map(Self).map_err(|_| UriFault::Thumbprint)
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

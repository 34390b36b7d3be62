//! Public keys in the clear.

use std::fmt;
use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;

use crate::crypto::CryptoBackend;
use crate::crypto::kem::{Encapsulated, EncapsulationKey, Kem};
use crate::error::KemFault;
use crate::schedule::{Digest, truncate};

/// A public key that was validated when it was read.
///
/// ```
/// use kms_core::{HpkeKek, Kem, KemPublicKey};
/// use kms_core::crypto::CryptoBackend;
/// use kms_core::memory::Secret;
///
/// let backend = CryptoBackend::default();
/// let pair = backend.kems.derive_key(Kem::XWing, &Secret::init_with(|seed| seed.fill(7)))?;
/// let text = KemPublicKey::from_bytes(&backend, pair.public())?.to_string();
///
/// let read = KemPublicKey::from_text(&backend, &text)?;
/// assert_eq!((read.kem(), read.bytes()), (Kem::XWing, pair.public()));
/// # Ok::<(), kms_core::KemFault>(())
/// ```
#[derive(Clone)]
pub struct KemPublicKey {
    key: Arc<dyn EncapsulationKey>,
    thumbprint: Digest,
}

impl KemPublicKey {
    /// A public key of `kem` in its wire form.
    ///
    /// # Errors
    /// [`KemFault::PublicKeyLength`]; [`KemFault::PublicKey`] for what is not canonical, not on the curve or of low
    /// order.
    pub fn new(backend: &CryptoBackend, kem: Kem, bytes: &[u8]) -> Result<Self, KemFault> {
        Ok(Self {
            key: backend.kems.public_key(kem, bytes)?.into(),
            thumbprint: truncate(&backend.hash.digest(&[bytes])),
        })
    }

    /// A public key in its wire form; no two KEMs have the same length, so the length tells which it is.
    ///
    /// # Errors
    /// As [`KemPublicKey::new`].
    pub fn from_bytes(backend: &CryptoBackend, bytes: &[u8]) -> Result<Self, KemFault> {
        let kem = Kem::ALL.into_iter().find(|kem| kem.public_len() == bytes.len());
        Self::new(backend, kem.ok_or(KemFault::PublicKeyLength)?, bytes)
    }

    /// A public key in base64url without padding, as [`KemPublicKey`] is displayed. White space around it is ignored.
    ///
    /// # Errors
    /// As [`KemPublicKey::new`]; [`KemFault::PublicKey`] for what is not base64url.
    pub fn from_text(backend: &CryptoBackend, text: &str) -> Result<Self, KemFault> {
        let bytes = BASE64URL_NOPAD.decode(text.trim().as_bytes());
        Self::from_bytes(backend, &bytes.map_err(|_| KemFault::PublicKey)?)
    }

    /// The content of a public-key file: the text, or the bytes themselves.
    ///
    /// # Errors
    /// As [`KemPublicKey::new`].
    pub fn from_file(backend: &CryptoBackend, content: &[u8]) -> Result<Self, KemFault> {
        let text = std::str::from_utf8(content).ok();
        let read = text.and_then(|text| Self::from_text(backend, text).ok());
        read.map_or_else(|| Self::from_bytes(backend, content), Ok)
    }

    /// The mechanism.
    #[must_use]
    pub fn kem(&self) -> Kem {
        self.key.kem()
    }

    /// The wire form.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.key.public()
    }

    /// The first 32 bytes of its SHA-512 digest: how envelopes and configurations name it.
    #[must_use]
    pub fn thumbprint(&self) -> &Digest {
        &self.thumbprint
    }

    /// Its key URI, `hpke:` and the thumbprint.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("hpke:{}", BASE64URL_NOPAD.encode(&self.thumbprint))
    }

    pub(crate) fn encapsulate(&self, backend: &CryptoBackend) -> Result<Encapsulated, KemFault> {
        self.key.encapsulate(&*backend.random)
    }
}

impl PartialEq for KemPublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for KemPublicKey {}

impl fmt::Display for KemPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64URL_NOPAD.encode(self.bytes()))
    }
}

impl fmt::Debug for KemPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KemPublicKey({}, {})", self.kem().name(), self.uri())
    }
}

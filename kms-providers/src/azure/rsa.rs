//! RSA-OAEP under a key of the vault, here (RFC 8017 7.1).

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::{OaepAlgorithm, OaepPublicEncryptingKey, PublicEncryptingKey};
use aws_lc_rs::signature::RsaPublicKeyComponents;
use kms_core::KekFault;
use kms_core::crypto::CryptoBackend;
use kms_core::memory::Secret;

/// The public half of an RSA key.
#[derive(Clone)]
pub(super) struct PublicKey(Arc<OaepPublicEncryptingKey>);

impl PublicKey {
    /// Modulus and exponent, as a JWK has them (RFC 7518 6.3.1).
    pub(super) fn new(n: &[u8], e: &[u8]) -> Result<Self, KekFault> {
        let parts = RsaPublicKeyComponents { n, e };
        let der: PublicKeyX509Der<'_> = parts.as_der().map_err(|_| KekFault::BadReply)?;
        let key = PublicEncryptingKey::from_der(der.as_ref()).map_err(|_| KekFault::BadReply)?;
        let key = OaepPublicEncryptingKey::new(key).map_err(|_| KekFault::BadReply)?;
        Ok(Self(Arc::new(key)))
    }

    pub(super) fn bits(&self) -> usize {
        self.0.key_size_bits()
    }

    pub(super) fn encrypt(&self, by: &'static OaepAlgorithm, secret: &[u8]) -> Result<Vec<u8>, KekFault> {
        let mut ciphertext = vec![0; self.0.ciphertext_size()];
        let encrypted = self.0.encrypt(by, secret, &mut ciphertext, None);
        let length = encrypted.map_err(|_| KekFault::Random)?.len();
        ciphertext.truncate(length);
        Ok(ciphertext)
    }

    /// CKM_RSA_AES_KEY_WRAP (PKCS#11 3.1 6.1.19): an AES key for this once under RSA, and the material under that key
    /// (RFC 5649).
    pub(super) fn wrap_material(
        &self,
        backend: &CryptoBackend,
        by: &'static OaepAlgorithm,
        material: &[u8],
    ) -> Result<Vec<u8>, KekFault> {
        let once = Secret::<32>::try_init_with(|place| backend.random.fill(place)).map_err(|_| KekFault::Random)?;
        let inner = backend.key_wrap.wrap_padded(once.expose(), material);
        let mut wrapped = self.encrypt(by, once.expose())?;
        wrapped.extend(inner.map_err(|_| KekFault::Unsupported)?);
        Ok(wrapped)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RSA-{}", self.bits())
    }
}

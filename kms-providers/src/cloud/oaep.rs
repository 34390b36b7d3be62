//! RSA-OAEP under the public keys of services (RFC 8017 7.1, SHA-256 throughout, no label).

use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use kms_core::KekFault;
use kms_core::crypto::CryptoBackend;
use kms_core::memory::Secret;

/// An RSA public key that encrypts.
pub(crate) struct OaepKey(OaepPublicEncryptingKey);

impl OaepKey {
    /// The key of a SubjectPublicKeyInfo (RFC 5280 4.1).
    pub(crate) fn parse(spki: &[u8]) -> Result<Self, KekFault> {
        let key = PublicEncryptingKey::from_der(spki).map_err(|_| KekFault::BadReply)?;
        OaepPublicEncryptingKey::new(key)
            .map(Self)
            .map_err(|_| KekFault::BadReply)
    }

    pub(crate) fn encrypt(&self, secret: &[u8]) -> Result<Vec<u8>, KekFault> {
        let mut ciphertext = vec![0; self.0.ciphertext_size()];
        let encrypted = self.0.encrypt(&OAEP_SHA256_MGF1SHA256, secret, &mut ciphertext, None);
        let length = encrypted.map_err(|_| KekFault::Random)?.len();
        ciphertext.truncate(length);
        Ok(ciphertext)
    }

    /// AES key wrap with padding (RFC 5649) under a key for this once, and that key under RSA: CKM_RSA_AES_KEY_WRAP of
    /// PKCS#11.
    pub(crate) fn wrap_by_aes(&self, backend: &CryptoBackend, material: &[u8]) -> Result<Vec<u8>, KekFault> {
        let once = Secret::<32>::try_init_with(|place| backend.random.fill(place)).map_err(|_| KekFault::Random)?;
        let inner = backend.key_wrap.wrap_padded(once.expose(), material);
        let mut wrapped = self.encrypt(once.expose())?;
        wrapped.extend(inner.map_err(|_| KekFault::Unsupported)?);
        Ok(wrapped)
    }
}

/// Material that is worth importing, as a copy that may travel to another thread.
pub(crate) fn strong(material: &Secret<32>) -> Result<Secret<32>, KekFault> {
    let copy = Secret::init_with(|place: &mut [u8; 32]| place.copy_from_slice(material.expose()));
    match copy.ct_eq(&Secret::init_with(|_| ())) {
        true => Err(KekFault::WeakMaterial),
        false => Ok(copy),
    }
}

//! Raw symmetric keys, whose ciphertexts are the algorithm's own and not Google's; and random bytes.

use std::sync::Arc;

use kms_core::memory::SecretBytes;
use kms_core::{KekError, KekFault, KekOperation};

use super::api::{GenerateRandomBytes, RandomBytes, RawDecrypt, RawDecrypted, RawEncrypt, RawEncrypted};
use super::checksum::{Checked, Crc};
use super::client::Call;
use super::kek::undecryptable;
use super::keys::version_of;
use super::names;
use super::provider::{GcpProvider, Service};
use crate::cloud::{Blob, CallFault};
use crate::uri::{GcpKey, KeyUri, VersionNumber};

/// What a raw key made of a plaintext.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RawCiphertext {
    /// The version that made it.
    pub version: VersionNumber,
    /// The ciphertext; of AES-GCM, with the tag at its end.
    pub ciphertext: Vec<u8>,
    /// The initialization vector, which Google makes.
    pub initialization_vector: Vec<u8>,
    /// The length of the tag at the end of the ciphertext; 0 for algorithms without one.
    pub tag_length: u32,
}

impl RawCiphertext {
    /// Of what was stored, or made elsewhere.
    #[must_use]
    pub fn new(version: VersionNumber, ciphertext: Vec<u8>, initialization_vector: Vec<u8>, tag_length: u32) -> Self {
        Self {
            version,
            ciphertext,
            initialization_vector,
            tag_length,
        }
    }
}

impl GcpProvider {
    /// Encrypts at most 64 KiB under a raw key, by its version in `uri` or its newest. `aad` is empty for algorithms
    /// that take none: CBC and CTR, which do not authenticate.
    ///
    /// # Errors
    /// `Unsupported` for a key that is none; the state of the version; what kept Google from answering.
    pub async fn raw_encrypt(&self, uri: &KeyUri, plaintext: &[u8], aad: &[u8]) -> Result<RawCiphertext, KekError> {
        let key = self.own(uri, KekOperation::Wrap)?;
        let (service, aad) = (Arc::clone(&self.0), aad.to_vec());
        let plaintext = SecretBytes::copy_of(plaintext);
        let encrypted = async move { encrypt(&service, &key, plaintext.expose(), &aad).await };
        self.ask(&uri.to_string(), KekOperation::Wrap, encrypted).await
    }

    /// Decrypts what a raw key encrypted.
    ///
    /// # Errors
    /// `DoesNotUnwrap` for what it did not encrypt, or not with this `aad`; the state of the version; what kept Google
    /// from answering.
    pub async fn raw_decrypt(&self, uri: &KeyUri, raw: &RawCiphertext, aad: &[u8]) -> Result<SecretBytes, KekError> {
        let key = self.own(uri, KekOperation::Unwrap)?;
        let (service, raw, aad) = (Arc::clone(&self.0), raw.clone(), aad.to_vec());
        let decrypted = async move { decrypt(&service, &key, &raw, &aad).await };
        self.ask(&uri.to_string(), KekOperation::Unwrap, decrypted).await
    }

    /// Random bytes of Google's HSMs at the configured location, 8 to 1024 of them. They crossed a network: mix them
    /// with others, and key nothing with them alone.
    ///
    /// # Errors
    /// `Unsupported` for another length; what kept Google from answering.
    pub async fn random_bytes(&self, length: u32) -> Result<SecretBytes, KekError> {
        let place = names::location(&self.0.settings);
        if !(8..=1024).contains(&length) {
            return Err(KekError::new(place, KekOperation::Wrap, KekFault::Unsupported));
        }
        let service = Arc::clone(&self.0);
        let asked = async move { random(&service, length).await };
        self.ask(&place, KekOperation::Wrap, asked).await
    }
}

async fn encrypt(service: &Service, key: &GcpKey, plaintext: &[u8], aad: &[u8]) -> Result<RawCiphertext, CallFault> {
    let number = match key.version() {
        Some(number) => number,
        None => service.current(key, false).await?.number,
    };
    let body = RawEncrypt {
        plaintext: Blob(plaintext),
        plaintext_crc32c: Crc::of(plaintext),
        additional_authenticated_data: some(aad).map(Blob),
        additional_authenticated_data_crc32c: some(aad).map(Crc::of),
    };
    let version = key.with_version(Some(number));
    let call = Call::post("RawEncrypt", &format!("{version}:rawEncrypt"));
    let is_intact = |reply: &RawEncrypted| {
        reply.verified_plaintext_crc32c
            && (aad.is_empty() || reply.verified_additional_authenticated_data_crc32c)
            && reply.ciphertext_crc32c.matches(&reply.ciphertext.0)
            && reply
                .initialization_vector_crc32c
                .matches(&reply.initialization_vector.0)
    };
    let reply = match service.intact(key, &call, &body, is_intact).await {
        Err(fault) => return Err(service.explained(key, Some(number), fault).await),
        done => done?.reply,
    };
    version_of(&reply.name, &version)?;
    Ok(RawCiphertext {
        version: number,
        ciphertext: reply.ciphertext.0,
        initialization_vector: reply.initialization_vector.0,
        tag_length: reply.tag_length,
    })
}

async fn decrypt(service: &Service, key: &GcpKey, raw: &RawCiphertext, aad: &[u8]) -> Result<SecretBytes, CallFault> {
    let body = RawDecrypt {
        ciphertext: Blob(&raw.ciphertext),
        ciphertext_crc32c: Crc::of(&raw.ciphertext),
        initialization_vector: Blob(&raw.initialization_vector),
        initialization_vector_crc32c: Crc::of(&raw.initialization_vector),
        additional_authenticated_data: some(aad).map(Blob),
        additional_authenticated_data_crc32c: some(aad).map(Crc::of),
        tag_length: (raw.tag_length > 0).then_some(raw.tag_length),
    };
    let version = key.with_version(Some(raw.version));
    let call = Call::post("RawDecrypt", &format!("{version}:rawDecrypt"));
    let is_intact = |reply: &RawDecrypted| {
        let plaintext = reply.plaintext.as_ref().map_or(&[][..], |plaintext| plaintext.expose());
        reply.verified_ciphertext_crc32c
            && reply.verified_initialization_vector_crc32c
            && (aad.is_empty() || reply.verified_additional_authenticated_data_crc32c)
            && reply.plaintext_crc32c.matches(plaintext)
    };
    let reply = match service.intact(key, &call, &body, is_intact).await {
        Err(fault) => return Err(service.explained(key, Some(raw.version), undecryptable(fault)).await),
        done => done?.reply,
    };
    let plaintext = reply.plaintext.as_ref().map_or(&[][..], |plaintext| plaintext.expose());
    Ok(SecretBytes::copy_of(plaintext))
}

async fn random(service: &Service, length: u32) -> Result<SecretBytes, CallFault> {
    let body = GenerateRandomBytes {
        length_bytes: length,
        protection_level: "HSM",
    };
    let call = Call::post(
        "GenerateRandomBytes",
        &format!("{}:generateRandomBytes", names::location(&service.settings)),
    );
    let reply: RandomBytes = service.home()?.send(&call, &body).await?.reply;
    let data = reply.data.expose();
    match reply.data_crc32c.matches(data) && u32::try_from(data.len()) == Ok(length) {
        true => Ok(SecretBytes::copy_of(data)),
        false => Err(CallFault::new(KekFault::BadReply)),
    }
}

fn some(bytes: &[u8]) -> Option<&[u8]> {
    (!bytes.is_empty()).then_some(bytes)
}

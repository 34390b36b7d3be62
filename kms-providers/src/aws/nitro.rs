//! Replies that only an attested enclave can read.
//!
//! With every GenerateDataKey and Decrypt goes an attestation document of the Nitro hypervisor that names a public
//! key; AWS checks it against the key's policy (`kms:RecipientAttestation:*`) and encrypts W to that key. The document
//! comes from the enclave's security module, which is a device of the enclave and so the caller's to ask.

use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeySize, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use kms_core::KekFault;
use kms_core::memory::Secret;
use zeroize::Zeroizing;

use super::api::Recipient;
use super::cms;
use crate::cloud::Blob;
use crate::cloud::sized;

/// Who can prove to AWS what code it runs.
#[async_trait]
pub trait Attestation: Send + Sync {
    /// An attestation document (COSE_Sign1) that names the public key of [`Attestation::key`]. Documents are good for
    /// some minutes, so it is asked for at every call; keep it as long as it is good.
    ///
    /// # Errors
    /// The reason in a provider's terms, `Denied` or `Unavailable`; the call is then not made.
    async fn document(&self) -> Result<Vec<u8>, KekFault>;

    /// The key that replies are encrypted to.
    fn key(&self) -> &RecipientKey;
}

/// The key pair that replies are encrypted to. It lives and dies with the enclave.
pub struct RecipientKey {
    private: OaepPrivateDecryptingKey,
    public: PublicKeyX509Der<'static>,
}

impl RecipientKey {
    /// Makes a key pair of RSA with 2048 bits.
    ///
    /// # Errors
    /// `Random` when it cannot be made.
    pub fn generate() -> Result<Self, KekFault> {
        let pair = PrivateDecryptingKey::generate(KeySize::Rsa2048).map_err(|_| KekFault::Random)?;
        Self::of(pair)
    }

    /// A key pair in PKCS#8 (RFC 5958).
    ///
    /// # Errors
    /// `Unsupported` for anything else, and for RSA keys of less than 2048 bits.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KekFault> {
        let pair = PrivateDecryptingKey::from_pkcs8(der).map_err(|_| KekFault::Unsupported)?;
        Self::of(pair)
    }

    fn of(pair: PrivateDecryptingKey) -> Result<Self, KekFault> {
        let public = pair.public_key().as_der().map_err(|_| KekFault::Unsupported)?;
        let private = OaepPrivateDecryptingKey::new(pair).map_err(|_| KekFault::Unsupported)?;
        Ok(Self { private, public })
    }

    /// The public half as the security module takes it: SubjectPublicKeyInfo in DER.
    #[must_use]
    pub fn public_der(&self) -> &[u8] {
        self.public.as_ref()
    }

    /// Opens a `CiphertextForRecipient`.
    ///
    /// # Errors
    /// `BadReply` when it is not for this key, or not 32 bytes long.
    pub fn open(&self, enveloped: &[u8]) -> Result<Secret<32>, KekFault> {
        sized(&self.content(enveloped)?)
    }

    fn content(&self, enveloped: &[u8]) -> Result<Zeroizing<Vec<u8>>, KekFault> {
        cms::open(enveloped, &self.private).map_err(|_| KekFault::BadReply)
    }
}

/// A document for one call, and who opens the reply.
pub(super) struct AttestedSecret {
    document: Vec<u8>,
    attestation: Arc<dyn Attestation>,
}

impl AttestedSecret {
    pub(super) async fn ask(attestation: Arc<dyn Attestation>) -> Result<Self, KekFault> {
        let document = attestation.document().await?;
        Ok(Self { document, attestation })
    }

    pub(super) fn recipient(&self) -> Recipient<'_> {
        Recipient {
            key_encryption_algorithm: "RSAES_OAEP_SHA_256",
            attestation_document: Blob(&self.document),
        }
    }

    pub(super) fn content(&self, enveloped: &[u8]) -> Result<Zeroizing<Vec<u8>>, KekFault> {
        self.attestation.key().content(enveloped)
    }
}

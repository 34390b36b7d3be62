//! Keys that leave for an attested enclave ("secure key release").
//!
//! The vault checks a token of Azure Attestation against the key's release policy, and wraps the key to a key pair that
//! the token names. Who makes the token is the enclave's affair, so it comes by a trait.

use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use http::Method;
use kms_core::memory::SecretBytes;
use kms_core::{KekError, KekFault, KekOperation};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::api::{ReleaseKey as Request, ReleasedKey, WebKey};
use super::bytes::UrlBytes;
use super::provider::{AzureProvider, Service, is_same, path};
use crate::cloud::{CallFault, Repeat};
use crate::uri::{AzureKey, KeyUri};

/// An enclave to which keys may be released.
#[async_trait]
pub trait ReleaseTarget: Send + Sync {
    /// A token of Azure Attestation that names the public half of [`ReleaseTarget::key`] among its runtime claims; the
    /// nonce goes into it where the attestation takes one.
    ///
    /// # Errors
    /// The reason in a provider's terms, `Denied` or `Unavailable`; the key is then not asked for.
    async fn token(&self, nonce: &str) -> Result<String, KekFault>;

    /// The key pair that released keys are wrapped to.
    fn key(&self) -> &ReleaseKey;
}

/// The key pair that released keys are wrapped to. It lives and dies with the enclave.
pub struct ReleaseKey {
    private: OaepPrivateDecryptingKey,
    public: PublicKeyX509Der<'static>,
}

/// A key that was released.
pub struct Released {
    /// The key and its version.
    pub key: KeyUri,
    /// `oct-HSM`: the AES key itself; `RSA-HSM`: PKCS#8 (RFC 5958).
    pub kind: String,
    /// Its material.
    pub material: SecretBytes,
}

impl ReleaseKey {
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

    /// The public half: SubjectPublicKeyInfo in DER.
    #[must_use]
    pub fn public_der(&self) -> &[u8] {
        self.public.as_ref()
    }

    /// Unwraps CKM_RSA_AES_KEY_WRAP with SHA-256.
    fn open(&self, service: &Service, ciphertext: &[u8]) -> Result<SecretBytes, KekFault> {
        let broken = |_| KekFault::BadReply;
        let (once, material) = ciphertext
            .split_at_checked(self.private.key_size_bytes())
            .ok_or(KekFault::BadReply)?;
        let mut place = Zeroizing::new(vec![0; self.private.min_output_size()]);
        let once = self
            .private
            .decrypt(&OAEP_SHA256_MGF1SHA256, once, &mut place, None)
            .map_err(broken)?;
        let once: &[u8; 32] = (&*once).try_into().map_err(|_| KekFault::BadReply)?;
        let material = service.backend.key_wrap.unwrap_padded(once, material);
        Ok(SecretBytes::copy_of(&material.map_err(|_| KekFault::BadReply)?))
    }
}

impl AzureProvider {
    /// Has a key released to an enclave. Its current version, unless the URI names one.
    ///
    /// # Errors
    /// `Denied` when the token does not meet the key's policy, or the key is not exportable.
    pub async fn release(&self, uri: &KeyUri, target: Arc<dyn ReleaseTarget>) -> Result<Released, KekError> {
        let key = self.own(uri, KekOperation::Unwrap)?;
        let service = Arc::clone(&self.0);
        let released = async move { release(&service, &key, &*target).await };
        self.ask(&uri.to_string(), KekOperation::Unwrap, released).await
    }
}

async fn release(service: &Service, key: &AzureKey, target: &dyn ReleaseTarget) -> Result<Released, CallFault> {
    let facts = service.recent(key).await?;
    let mut nonce = [0; 16];
    service.backend.random.fill(&mut nonce).map_err(|_| KekFault::Random)?;
    let nonce = HEXLOWER.encode(&nonce);
    let token = target.token(&nonce).await?;
    let request = Request {
        target: &token,
        nonce: &nonce,
        enc: "RSA_AES_KEY_WRAP_256",
    };
    let path = format!("{}/release", path(&facts.key));
    let client = &service.client;
    let done = client
        .write::<ReleasedKey>("Release", Method::POST, &path, &request, Repeat::Safe)
        .await?;
    let fault = |kind| CallFault {
        kind,
        request_id: done.request_id.clone(),
    };
    let statement = Statement::read(&done.reply.value).ok_or_else(|| fault(KekFault::BadReply))?;
    let released = service.client.place.key(&statement.response.key.key.web.kid);
    let is_answer = statement
        .request
        .is_none_or(|request| request.nonce.is_none_or(|told| told == nonce));
    if !is_answer || !released.is_some_and(|released| is_same(&facts.key, &released)) {
        return Err(fault(KekFault::BadReply));
    }
    let wrapped = statement.response.key.key;
    let blob: Blob = serde_json::from_slice(&wrapped.key_hsm.0).map_err(|_| fault(KekFault::BadReply))?;
    Ok(Released {
        key: KeyUri::AzureKv(facts.key.clone()),
        kind: wrapped.web.kty,
        material: target.key().open(service, &blob.ciphertext.0).map_err(fault)?,
    })
}

/// What the vault states, signed by it (RFC 7515). That it is the vault we know from the connection; its signature is
/// for others.
#[derive(Deserialize)]
struct Statement {
    request: Option<Asked>,
    response: Response,
}

#[derive(Deserialize)]
struct Asked {
    nonce: Option<String>,
}

#[derive(Deserialize)]
struct Response {
    key: ResponseKey,
}

#[derive(Deserialize)]
struct ResponseKey {
    key: WrappedWebKey,
}

#[derive(Deserialize)]
struct WrappedWebKey {
    #[serde(flatten)]
    web: WebKey,
    key_hsm: UrlBytes,
}

#[derive(Deserialize)]
struct Blob {
    ciphertext: UrlBytes,
}

impl Statement {
    fn read(jws: &str) -> Option<Self> {
        let mut parts = jws.split('.');
        let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        json(payload)
    }
}

fn json<T: DeserializeOwned>(part: &str) -> Option<T> {
    let bytes = BASE64URL_NOPAD.decode(part.as_bytes()).ok()?;
    serde_json::from_slice(&bytes).ok()
}

//! RSA keys: wrapped here under the public key (RFC 8017 7.1, SHA-256), unwrapped at Google.

use std::sync::Arc;

use async_trait::async_trait;
use kms_core::memory::Secret;
use kms_core::{
    Binding, Generated, Kek, KekError, KekFault, KekInfo, KekOperation, Posture, Scheme, Unwrapped, WrapMechanism,
    WrapParams, WrappedKey,
};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject;

use super::api::{AsymmetricDecrypted, Ciphertext, PublicKey};
use super::checksum::{Checked, Crc};
use super::client::{Call, Done};
use super::facts::posture;
use super::kek::{Bound, Handle, undecryptable};
use super::kem::Kept;
use super::keys::{version_in, version_of};
use super::provider::Service;
use super::settings::KeyKind;
use crate::cloud::{Blob, CallFault, OaepKey, sized};
use crate::uri::{GcpKey, VersionNumber};

/// An RSA key of Google Cloud KMS.
pub(super) struct RsaKek {
    handle: Handle,
}

impl RsaKek {
    pub(super) fn new(service: Arc<Service>, key: GcpKey) -> Self {
        let handle = Handle::new(service, key, KeyKind::Rsa);
        Self { handle }
    }
}

#[async_trait]
impl Kek for RsaKek {
    fn uri(&self) -> &str {
        &self.handle.uri
    }

    fn scheme(&self) -> Scheme {
        Scheme::Wrap
    }

    fn posture(&self) -> Posture {
        posture(KeyKind::Rsa)
    }

    async fn generate(&self, _: &Binding<'_>) -> Result<Generated, KekError> {
        let (service, key) = self.handle.parts();
        let generated = async move { generate(&service, &key).await };
        self.handle.ask(KekOperation::Wrap, generated).await
    }

    async fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Result<Unwrapped, KekError> {
        let is_ours = wrapped.params == WrapParams::Mechanism(WrapMechanism::RsaOaep256);
        let is_sized = (256..=512).contains(&wrapped.w.len());
        let (true, true, Ok(version)) = (is_ours, is_sized, version_in(wrapped)) else {
            return self.handle.refuse(KekOperation::Unwrap, KekFault::DoesNotUnwrap);
        };
        let ((service, key), w) = (self.handle.parts(), wrapped.w.clone());
        let reason = Bound::new(&self.handle.service, binding).reason;
        let unwrapped = async move { unwrap(&service, &key, version, &w, reason).await };
        self.handle.ask(KekOperation::Unwrap, unwrapped).await
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        self.handle.describe().await
    }
}

async fn generate(service: &Service, key: &GcpKey) -> Result<Generated, CallFault> {
    let (version, public) = public_key(service, key).await?;
    let secret =
        Secret::<32>::try_init_with(|place| service.backend.random.fill(place)).map_err(|_| KekFault::Random)?;
    Ok(Generated {
        wrapped: WrappedKey {
            version: Some(version.to_string().into_bytes()),
            w: public.encrypt(secret.expose())?,
            params: WrapParams::Mechanism(WrapMechanism::RsaOaep256),
        },
        secret,
        request_id: None,
    })
}

async fn unwrap(
    service: &Service,
    key: &GcpKey,
    version: VersionNumber,
    w: &[u8],
    reason: Option<String>,
) -> Result<Unwrapped, CallFault> {
    let body = Ciphertext {
        ciphertext: Blob(w),
        ciphertext_crc32c: Crc::of(w),
    };
    let named = key.with_version(Some(version));
    let call = Call::post("AsymmetricDecrypt", &format!("{named}:asymmetricDecrypt")).because(reason);
    let is_intact = |reply: &AsymmetricDecrypted| {
        reply.verified_ciphertext_crc32c && reply.plaintext_crc32c.matches(reply.plaintext.expose())
    };
    match service.intact(key, &call, &body, is_intact).await {
        Ok(Done { reply, request_id, .. }) => Ok(Unwrapped {
            secret: sized(reply.plaintext.expose())?,
            request_id,
        }),
        Err(fault) => {
            let fault = undecryptable(fault);
            Err(service.explained(key, Some(version), fault).await)
        }
    }
}

async fn public_key(service: &Service, key: &GcpKey) -> Result<(VersionNumber, Arc<OaepKey>), CallFault> {
    if let Some((version, Kept::Rsa(public))) = service.public_keys.fresh(key) {
        return Ok((version, public));
    }
    let current = service.current(key, false).await?;
    current.usable()?;
    if !(current.algorithm.starts_with("RSA_DECRYPT_OAEP_") && current.algorithm.ends_with("_SHA256")) {
        return Err(CallFault::new(KekFault::Unsupported));
    }
    let named = key.with_version(Some(current.number));
    let call = Call::get("GetPublicKey", &format!("{named}/publicKey"));
    let reply: PublicKey = service.at(key)?.fetch(&call).await?.reply;
    let pem = reply.pem.as_deref().unwrap_or_default();
    let is_asked_for = version_of(&reply.name, &named).is_ok() && reply.algorithm == current.algorithm;
    if !is_asked_for || !reply.pem_crc32c.matches(pem.as_bytes()) {
        return Err(CallFault::new(KekFault::BadReply));
    }
    let spki = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes()).map_err(|_| KekFault::BadReply)?;
    let public = Arc::new(OaepKey::parse(&spki)?);
    service
        .public_keys
        .keep(key, current.number, Kept::Rsa(Arc::clone(&public)));
    Ok((current.number, public))
}

//! Symmetric keys: W is made here, and Encrypt binds it.

use std::sync::Arc;

use async_trait::async_trait;
use data_encoding::HEXLOWER;
use kms_core::memory::Secret;
use kms_core::{
    Binding, Generated, Kek, KekError, KekFault, KekInfo, KekOperation, Posture, Scheme, Unwrapped, WrapParams,
    WrappedKey,
};

use super::api::{Decrypt, Decrypted, Encrypt, Encrypted};
use super::checksum::{Checked, Crc};
use super::client::{Call, Client, Done};
use super::facts::posture;
use super::keys::{version_in, version_of};
use super::provider::Service;
use super::settings::KeyKind;
use crate::cloud::{Blob, CallFault, ask, sized};
use crate::uri::{GcpKey, KeyUri, VersionNumber};

/// A symmetric key of Google Cloud KMS.
pub(super) struct GcpKek {
    handle: Handle,
}

/// A key, and the service that has it: what keys of every kind are made of.
pub(super) struct Handle {
    pub(super) service: Arc<Service>,
    pub(super) key: GcpKey,
    /// The key URI without version.
    pub(super) uri: String,
    pub(super) kind: KeyKind,
}

impl Handle {
    pub(super) fn new(service: Arc<Service>, key: GcpKey, kind: KeyKind) -> Self {
        Self {
            uri: KeyUri::GcpKms(key.with_version(None)).to_string(),
            service,
            key,
            kind,
        }
    }

    /// What a question of its own thread needs.
    pub(super) fn parts(&self) -> (Arc<Service>, GcpKey) {
        (Arc::clone(&self.service), self.key.clone())
    }

    /// Asks, by the service's own threads.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        operation: KekOperation,
        question: impl Future<Output = Result<T, CallFault>> + Send + 'static,
    ) -> Result<T, KekError> {
        ask(question).await.map_err(|fault| fault.of(&self.uri, operation))
    }

    pub(super) fn refuse<T>(&self, operation: KekOperation, fault: KekFault) -> Result<T, KekError> {
        Err(KekError::new(&self.uri, operation, fault))
    }

    /// What the key is worth, by the connections over which its secrets go.
    pub(super) fn posture(&self) -> Posture {
        let key = posture(self.kind);
        self.service.at(&self.key).map_or(key, |client| client.carried(key))
    }

    pub(super) async fn settled_posture(&self) -> Result<Posture, KekError> {
        let is_met = self.service.at(&self.key).is_ok_and(Client::is_met);
        if posture(self.kind) > Posture::Classical && !is_met {
            self.describe().await?;
        }
        Ok(self.posture())
    }

    pub(super) async fn describe(&self) -> Result<KekInfo, KekError> {
        let ((service, key), kind) = (self.parts(), self.kind);
        let described = async move {
            let facts = service.facts(&key).await?;
            let current = match (&facts.primary, key.version()) {
                (Some(primary), None) => primary.clone(),
                _ => service.current(&key, facts.has_primary()).await?,
            };
            let mut info = facts.info(kind, &current)?;
            if let Ok(client) = service.at(&key) {
                info.posture = client.carried(info.posture);
                info.key_exchange = client.key_exchange();
            }
            Ok(info)
        };
        self.ask(KekOperation::Describe, described).await
    }
}

impl GcpKek {
    pub(super) fn new(service: Arc<Service>, key: GcpKey) -> Self {
        let handle = Handle::new(service, key, KeyKind::Symmetric);
        Self { handle }
    }
}

#[async_trait]
impl Kek for GcpKek {
    fn uri(&self) -> &str {
        &self.handle.uri
    }

    fn scheme(&self) -> Scheme {
        Scheme::WrapBound
    }

    fn posture(&self) -> Posture {
        self.handle.posture()
    }

    async fn settled_posture(&self) -> Result<Posture, KekError> {
        self.handle.settled_posture().await
    }

    async fn generate(&self, binding: &Binding<'_>) -> Result<Generated, KekError> {
        let ((service, key), bound) = (self.handle.parts(), Bound::new(&self.handle.service, binding));
        let generated = async move { generate(&service, &key, &bound).await };
        self.handle.ask(KekOperation::Wrap, generated).await
    }

    async fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Result<Unwrapped, KekError> {
        let is_sized = (1..=CIPHERTEXT_LEN).contains(&wrapped.w.len());
        let version = version_in(wrapped);
        let (true, WrapParams::None, Ok(version)) = (is_sized, &wrapped.params, version) else {
            return self.handle.refuse(KekOperation::Unwrap, KekFault::DoesNotUnwrap);
        };
        let ((service, key), bound) = (self.handle.parts(), Bound::new(&self.handle.service, binding));
        let w = wrapped.w.clone();
        let unwrapped = async move { unwrap(&service, &key, version, &w, &bound).await };
        self.handle.ask(KekOperation::Unwrap, unwrapped).await
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        self.handle.describe().await
    }
}

/// What Google binds, and what it is told of the reason.
pub(super) struct Bound {
    aad: [u8; AAD_LEN],
    pub(super) reason: Option<String>,
}

impl Bound {
    /// `"KS1" || 00 || B || data-key id`.
    pub(super) fn new(service: &Service, binding: &Binding<'_>) -> Self {
        let mut aad = [0; AAD_LEN];
        aad[..4].copy_from_slice(b"KS1\0");
        aad[4..36].copy_from_slice(binding.digest);
        aad[36..].copy_from_slice(binding.dek_id);
        let reason = service.settings.request_reason;
        Self {
            aad,
            reason: reason.then(|| HEXLOWER.encode(binding.dek_id)),
        }
    }
}

async fn generate(service: &Service, key: &GcpKey, bound: &Bound) -> Result<Generated, CallFault> {
    let secret =
        Secret::<32>::try_init_with(|place| service.backend.random.fill(place)).map_err(|_| KekFault::Random)?;
    let named = key.version().or_else(|| service.primaries.wrapping(key));
    let under = key.with_version(named);
    match encrypt(service, &under, &secret, bound).await {
        // What was the primary a while ago is in use no more.
        Err(fault) if fault.kind.is_key_state() && named.is_some() && key.version().is_none() => {
            service.primaries.forget(key);
            let (wrapped, request_id) = encrypt(service, key, &secret, bound).await?;
            Ok(generated(secret, wrapped, request_id))
        }
        encrypted => {
            let (wrapped, request_id) = encrypted?;
            Ok(generated(secret, wrapped, request_id))
        }
    }
}

fn generated(secret: Secret<32>, wrapped: WrappedKey, request_id: Option<String>) -> Generated {
    Generated {
        secret,
        wrapped,
        request_id,
    }
}

/// Under the version that `key` names, or its primary.
async fn encrypt(
    service: &Service,
    key: &GcpKey,
    secret: &Secret<32>,
    bound: &Bound,
) -> Result<(WrappedKey, Option<String>), CallFault> {
    let body = Encrypt {
        plaintext: Blob(secret.expose()),
        plaintext_crc32c: Crc::of(secret.expose()),
        additional_authenticated_data: Blob(&bound.aad),
        additional_authenticated_data_crc32c: Crc::of(&bound.aad),
    };
    let call = Call::post("Encrypt", &format!("{key}:encrypt")).because(bound.reason.clone());
    let is_intact = |reply: &Encrypted| {
        reply.verified_plaintext_crc32c
            && reply.verified_additional_authenticated_data_crc32c
            && reply.ciphertext_crc32c.matches(&reply.ciphertext.0)
    };
    let Done { reply, request_id, .. } = match service.intact(key, &call, &body, is_intact).await {
        Err(fault) => return Err(service.explained(key, key.version(), fault).await),
        done => done?,
    };
    let version = version_of(&reply.name, key)?;
    service.primaries.used(key, version);
    if !(1..=CIPHERTEXT_LEN).contains(&reply.ciphertext.0.len()) {
        return Err(CallFault::new(KekFault::BadReply));
    }
    let wrapped = WrappedKey {
        version: Some(version.to_string().into_bytes()),
        w: reply.ciphertext.0,
        params: WrapParams::None,
    };
    Ok((wrapped, request_id))
}

/// Decrypt takes the key and finds the version by itself.
async fn unwrap(
    service: &Service,
    key: &GcpKey,
    version: VersionNumber,
    w: &[u8],
    bound: &Bound,
) -> Result<Unwrapped, CallFault> {
    let key = key.with_version(None);
    let body = Decrypt {
        ciphertext: Blob(w),
        ciphertext_crc32c: Crc::of(w),
        additional_authenticated_data: Blob(&bound.aad),
        additional_authenticated_data_crc32c: Crc::of(&bound.aad),
    };
    let call = Call::post("Decrypt", &format!("{key}:decrypt")).because(bound.reason.clone());
    let is_intact = |reply: &Decrypted| reply.plaintext_crc32c.matches(reply.plaintext.expose());
    let Done { reply, request_id, .. } = match service.intact(&key, &call, &body, is_intact).await {
        Err(fault) => return Err(service.explained(&key, Some(version), undecryptable(fault)).await),
        done => done?,
    };
    let secret = sized(reply.plaintext.expose())?;
    if !is_that_version(service, &key, version, reply.used_primary).await? {
        return Err(CallFault {
            kind: KekFault::DoesNotUnwrap,
            request_id,
        });
    }
    Ok(Unwrapped { secret, request_id })
}

/// Google's word for a ciphertext or additional data that are not its own is that of every bad request.
pub(super) fn undecryptable(fault: CallFault) -> CallFault {
    match fault.kind {
        KekFault::Unsupported => CallFault {
            kind: KekFault::DoesNotUnwrap,
            ..fault
        },
        _ => fault,
    }
}

/// Whether the version that the envelope names can be the one that was used. Decrypt tells no more than whether it used
/// the primary, and which that is changes while one asks. Where what was last seen speaks against the version, it has at
/// least to be there; who may not ask takes Google's word that the key is right. The envelope's own tag covers the rest.
async fn is_that_version(
    service: &Service,
    key: &GcpKey,
    version: VersionNumber,
    used_primary: bool,
) -> Result<bool, CallFault> {
    let agrees = |primary: VersionNumber| (primary == version) == used_primary;
    if service.primaries.last(key).is_none_or(agrees) {
        return Ok(true);
    }
    match service.version(key, version).await {
        Err(fault) if fault.kind == KekFault::NotFound => Ok(false),
        Err(fault) if fault.kind != KekFault::Denied => Err(fault),
        _ => Ok(true),
    }
}

const AAD_LEN: usize = 4 + 32 + 16;
/// W and Google's overhead are some 110 bytes; external key managers may add theirs.
const CIPHERTEXT_LEN: usize = kms_core::caps::WRAPPED_KEY;

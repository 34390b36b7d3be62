//! HMAC keys: as KEKs, whose W is derived at Google (docs/format.md 5.2), and to sign and verify.

use std::sync::Arc;

use async_trait::async_trait;
use kms_core::memory::{Secret, SecretBytes};
use kms_core::{
    Binding, Generated, Kek, KekError, KekFault, KekInfo, KekOperation, Posture, Scheme, Unwrapped, WrapParams,
    WrappedKey,
};

use super::api::{MacSign, MacSigned, MacVerified, MacVerify};
use super::checksum::{Checked, Crc};
use super::client::{Call, Done};
use super::kek::{Bound, Handle};
use super::keys::{version_in, version_of};
use super::provider::{GcpProvider, Service};
use super::settings::KeyKind;
use crate::cloud::{Blob, CallFault};
use crate::uri::{GcpKey, KeyUri, VersionNumber};

/// An HMAC key of Google Cloud KMS.
pub(super) struct HmacKek {
    handle: Handle,
}

impl HmacKek {
    pub(super) fn new(service: Arc<Service>, key: GcpKey) -> Self {
        let handle = Handle::new(service, key, KeyKind::Hmac);
        Self { handle }
    }
}

#[async_trait]
impl Kek for HmacKek {
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
        let mut salt = [0; SALT_LEN];
        if self.handle.service.backend.random.fill(&mut salt).is_err() {
            return self.handle.refuse(KekOperation::Wrap, KekFault::Random);
        }
        let ((service, key), message) = (self.handle.parts(), message(&salt, binding));
        let reason = Bound::new(&self.handle.service, binding).reason;
        let derived = async move {
            let current = service.current(&key, false).await?;
            current.usable()?;
            let (mac, request_id) = sign(&service, &key, current.number, &message, reason).await?;
            Ok((current.number, first(&mac)?, request_id))
        };
        let (number, secret, request_id) = self.handle.ask(KekOperation::Wrap, derived).await?;
        Ok(Generated {
            secret,
            wrapped: WrappedKey {
                version: Some(number.to_string().into_bytes()),
                w: salt.to_vec(),
                params: WrapParams::None,
            },
            request_id,
        })
    }

    async fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Result<Unwrapped, KekError> {
        let is_salt = wrapped.w.len() == SALT_LEN && wrapped.params == WrapParams::None;
        let (true, Ok(number)) = (is_salt, version_in(wrapped)) else {
            return self.handle.refuse(KekOperation::Unwrap, KekFault::DoesNotUnwrap);
        };
        let ((service, key), message) = (self.handle.parts(), message(&wrapped.w, binding));
        let reason = Bound::new(&self.handle.service, binding).reason;
        let derived = async move {
            let (mac, request_id) = sign(&service, &key, number, &message, reason).await?;
            let secret = first(&mac)?;
            Ok(Unwrapped { secret, request_id })
        };
        self.handle.ask(KekOperation::Unwrap, derived).await
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        self.handle.describe().await
    }
}

impl GcpProvider {
    /// The MAC of `data`, at most 64 KiB, under the version that `uri` names, or the newest. Returns that version too.
    ///
    /// # Errors
    /// `Unsupported` for a key that is no MAC key; the state of the version; what kept Google from answering.
    pub async fn mac_sign(&self, uri: &KeyUri, data: &[u8]) -> Result<(KeyUri, SecretBytes), KekError> {
        let key = self.own(uri, KekOperation::Wrap)?;
        let (service, data) = (Arc::clone(&self.0), data.to_vec());
        let signed = async move {
            let number = numbered(&service, &key).await?;
            let (mac, _) = sign(&service, &key, number, &data, None).await?;
            Ok((KeyUri::GcpKms(key.with_version(Some(number))), mac))
        };
        self.ask(&uri.to_string(), KekOperation::Wrap, signed).await
    }

    /// Whether `mac` is that of `data` under the version that `uri` names, or the newest.
    ///
    /// # Errors
    /// As [`GcpProvider::mac_sign`].
    pub async fn mac_verify(&self, uri: &KeyUri, data: &[u8], mac: &[u8]) -> Result<bool, KekError> {
        let key = self.own(uri, KekOperation::Unwrap)?;
        let (service, data, mac) = (Arc::clone(&self.0), data.to_vec(), mac.to_vec());
        let verified = async move {
            let number = numbered(&service, &key).await?;
            verify(&service, &key, number, &data, &mac).await
        };
        self.ask(&uri.to_string(), KekOperation::Unwrap, verified).await
    }
}

async fn numbered(service: &Service, key: &GcpKey) -> Result<VersionNumber, CallFault> {
    match key.version() {
        Some(number) => Ok(number),
        None => Ok(service.current(key, false).await?.number),
    }
}

async fn sign(
    service: &Service,
    key: &GcpKey,
    number: VersionNumber,
    data: &[u8],
    reason: Option<String>,
) -> Result<(SecretBytes, Option<String>), CallFault> {
    let body = MacSign {
        data: Blob(data),
        data_crc32c: Crc::of(data),
    };
    let version = key.with_version(Some(number));
    let call = Call::post("MacSign", &format!("{version}:macSign")).because(reason);
    let is_intact = |reply: &MacSigned| reply.verified_data_crc32c && reply.mac_crc32c.matches(reply.mac.expose());
    let Done { reply, request_id, .. } = match service.intact(key, &call, &body, is_intact).await {
        Err(fault) => return Err(service.explained(key, Some(number), fault).await),
        done => done?,
    };
    version_of(&reply.name, &version)?;
    Ok((SecretBytes::copy_of(reply.mac.expose()), request_id))
}

async fn verify(
    service: &Service,
    key: &GcpKey,
    number: VersionNumber,
    data: &[u8],
    mac: &[u8],
) -> Result<bool, CallFault> {
    let body = MacVerify {
        data: Blob(data),
        data_crc32c: Crc::of(data),
        mac: Blob(mac),
        mac_crc32c: Crc::of(mac),
    };
    let version = key.with_version(Some(number));
    let call = Call::post("MacVerify", &format!("{version}:macVerify"));
    let is_intact = |reply: &MacVerified| {
        reply.verified_data_crc32c && reply.verified_mac_crc32c && reply.success == reply.verified_success_integrity
    };
    let reply = match service.intact(key, &call, &body, is_intact).await {
        Err(fault) => return Err(service.explained(key, Some(number), fault).await),
        done => done?.reply,
    };
    version_of(&reply.name, &version)?;
    Ok(reply.success)
}

/// `P || "mac" || 00 || salt || B`.
fn message(salt: &[u8], binding: &Binding<'_>) -> Vec<u8> {
    [b"keystrand/KS1/mac\0", salt, binding.digest].concat()
}

fn first(mac: &SecretBytes) -> Result<Secret<32>, KekFault> {
    let bytes = mac.expose().get(..32).ok_or(KekFault::Unsupported)?;
    Ok(Secret::init_with(|place| place.copy_from_slice(bytes)))
}

const SALT_LEN: usize = 32;

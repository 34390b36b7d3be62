//! Keys as KEKs.

use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::rsa::OAEP_SHA256_MGF1SHA256;
use kms_core::memory::Secret;
use kms_core::{
    Binding, Generated, Kek, KekError, KekFault, KekInfo, KekOperation, Posture, Scheme, Unwrapped, WrapMechanism,
    WrapParams, WrappedKey,
};

use super::api::{Operated, Operation};
use super::bytes::Url;
use super::client::Done;
use super::facts::{KeyFacts, posture};
use super::provider::{Service, is_same, path};
use super::settings::KeyAlgorithm;
use crate::cloud::{CallFault, ask};
use crate::uri::{AzureKey, KeyUri};

/// A key of a vault.
pub(super) struct AzureKek {
    service: Arc<Service>,
    key: AzureKey,
    uri: String,
    algorithm: KeyAlgorithm,
}

/// What one use of a key is about, owned so that it can travel.
struct Use {
    service: Arc<Service>,
    key: AzureKey,
    algorithm: KeyAlgorithm,
    bound: [u8; BOUND_LEN],
    dek_id: [u8; 16],
}

impl AzureKek {
    pub(super) fn new(service: Arc<Service>, key: AzureKey) -> Self {
        Self {
            algorithm: service.algorithm(key.name()),
            uri: KeyUri::AzureKv(key.clone()).without_version().to_string(),
            service,
            key,
        }
    }

    fn used(&self, binding: &Binding<'_>) -> Use {
        Use {
            service: Arc::clone(&self.service),
            key: self.key.clone(),
            algorithm: self.algorithm,
            bound: bound(binding),
            dek_id: *binding.dek_id,
        }
    }

    fn params(&self) -> WrapParams {
        match self.algorithm {
            KeyAlgorithm::RsaOaep256 => WrapParams::Mechanism(WrapMechanism::RsaOaep256),
            KeyAlgorithm::A256Kw => WrapParams::Mechanism(WrapMechanism::AesKw),
            KeyAlgorithm::A256Gcm => WrapParams::None,
        }
    }

    /// The version that wrapped, if all of a recipient can have come from here. Anything else is not worth a call.
    fn version(&self, wrapped: &WrappedKey) -> Option<AzureKey> {
        let lengths = match self.algorithm {
            KeyAlgorithm::RsaOaep256 => 256..=512,
            KeyAlgorithm::A256Kw => KW_LEN..=KW_LEN,
            KeyAlgorithm::A256Gcm => GCM_LEN..=GCM_LEN,
        };
        if wrapped.params != self.params() || !lengths.contains(&wrapped.w.len()) {
            return None;
        }
        let version = std::str::from_utf8(wrapped.version.as_deref()?).ok()?;
        match KeyUri::parse(&format!("{}/{version}", self.uri)) {
            Ok(KeyUri::AzureKv(key)) => Some(key),
            _ => None,
        }
    }
}

#[async_trait]
impl Kek for AzureKek {
    fn uri(&self) -> &str {
        &self.uri
    }

    fn scheme(&self) -> Scheme {
        match self.algorithm {
            KeyAlgorithm::A256Gcm => Scheme::WrapBound,
            KeyAlgorithm::RsaOaep256 | KeyAlgorithm::A256Kw => Scheme::Wrap,
        }
    }

    fn posture(&self) -> Posture {
        self.service.client.carried(posture(self.algorithm))
    }

    async fn settled_posture(&self) -> Result<Posture, KekError> {
        if posture(self.algorithm) > Posture::Classical && !self.service.client.is_met() {
            self.describe().await?;
        }
        Ok(self.posture())
    }

    async fn generate(&self, binding: &Binding<'_>) -> Result<Generated, KekError> {
        let (used, params) = (self.used(binding), self.params());
        let generated = ask(async move { used.generate(params).await }).await;
        generated.map_err(|fault| fault.of(&self.uri, KekOperation::Wrap))
    }

    async fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Result<Unwrapped, KekError> {
        let fail = |fault: CallFault| fault.of(&self.uri, KekOperation::Unwrap);
        let version = self
            .version(wrapped)
            .ok_or_else(|| fail(KekFault::DoesNotUnwrap.into()))?;
        let (used, w) = (self.used(binding), wrapped.w.clone());
        ask(async move { used.unwrap(&version, &w).await }).await.map_err(fail)
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        let (service, key, algorithm) = (Arc::clone(&self.service), self.key.clone(), self.algorithm);
        let described = async move {
            let facts = service.facts(&key).await?;
            facts.fits(algorithm)?;
            let domain = service.trust_domain().await;
            let mut info = facts.info(algorithm, domain, service.settings.region.clone());
            info.posture = service.client.carried(info.posture);
            info.key_exchange = service.client.key_exchange();
            Ok(info)
        };
        let described = ask(described).await;
        described.map_err(|fault| fault.of(&self.uri, KekOperation::Describe))
    }
}

impl Use {
    /// A fresh secret under the current version, or under the one that is pinned.
    async fn generate(&self, params: WrapParams) -> Result<Generated, CallFault> {
        let service = &self.service;
        let facts = service.recent(&self.key).await?;
        facts.usable()?;
        facts.fits(self.algorithm)?;
        let secret = Secret::try_init_with(|place| service.backend.random.fill(place)).map_err(|_| KekFault::Random)?;
        let (w, request_id) = match self.algorithm.is_rsa() && service.settings.wrap_here {
            true => (wrap_here(&facts, &secret)?, None),
            false => self.wrap(&facts.key, &secret).await?,
        };
        Ok(Generated {
            wrapped: WrappedKey {
                version: Some(facts.version().as_bytes().to_vec()),
                w,
                params,
            },
            secret,
            request_id,
        })
    }

    async fn wrap(&self, version: &AzureKey, secret: &Secret<32>) -> Result<(Vec<u8>, Option<String>), CallFault> {
        let request = Operation {
            alg: self.algorithm.name(),
            value: Url(secret.expose()),
            iv: None,
            aad: self.is_bound().then_some(Url(&self.bound)),
            tag: None,
        };
        let [operation, _] = self.algorithm.operations();
        let Done { reply, request_id, .. } = self.call(operation, version, &request).await?;
        let w = match (self.algorithm, reply.iv, reply.tag) {
            (KeyAlgorithm::A256Gcm, Some(iv), Some(tag)) if iv.0.len() == IV_LEN && tag.0.len() == TAG_LEN => {
                [iv.0.as_slice(), &reply.value.0, &tag.0].concat()
            }
            (KeyAlgorithm::A256Gcm, ..) => Vec::new(),
            _ => reply.value.0.to_vec(),
        };
        let is_long_enough = match self.algorithm {
            KeyAlgorithm::RsaOaep256 => (256..=512).contains(&w.len()),
            KeyAlgorithm::A256Kw => w.len() == KW_LEN,
            KeyAlgorithm::A256Gcm => w.len() == GCM_LEN,
        };
        match is_long_enough {
            true => Ok((w, request_id)),
            false => Err(CallFault {
                kind: KekFault::BadReply,
                request_id,
            }),
        }
    }

    async fn unwrap(&self, version: &AzureKey, w: &[u8]) -> Result<Unwrapped, CallFault> {
        // Lengths were checked before.
        let (iv, rest) = match self.is_bound() {
            true => w.split_at(IV_LEN),
            false => w.split_at(0),
        };
        let (value, tag) = match self.is_bound() {
            true => rest.split_at(rest.len() - TAG_LEN),
            false => rest.split_at(rest.len()),
        };
        let request = Operation {
            alg: self.algorithm.name(),
            value: Url(value),
            iv: self.is_bound().then_some(Url(iv)),
            aad: self.is_bound().then_some(Url(&self.bound)),
            tag: self.is_bound().then_some(Url(tag)),
        };
        let [_, operation] = self.algorithm.operations();
        let done = self.call(operation, version, &request).await;
        let Done { reply, request_id, .. } = done.map_err(|fault| match fault.kind {
            // A request that Azure cannot do anything with: all of it but the envelope's part is ours.
            KekFault::Unsupported => CallFault {
                kind: KekFault::DoesNotUnwrap,
                ..fault
            },
            _ => fault,
        })?;
        match <&[u8; 32]>::try_from(reply.value.0.as_slice()) {
            Ok(secret) => Ok(Unwrapped {
                secret: Secret::init_with(|place| place.copy_from_slice(secret)),
                request_id,
            }),
            Err(_) => Err(CallFault {
                kind: KekFault::BadReply,
                request_id,
            }),
        }
    }

    /// Has Azure use a version of the key, and checks that it is that version which Azure used.
    async fn call(
        &self,
        operation: &'static str,
        version: &AzureKey,
        request: &Operation<'_>,
    ) -> Result<Done<Operated>, CallFault> {
        let path = format!("{}/{}", path(version), operation.to_ascii_lowercase());
        let done = self
            .service
            .client
            .used::<Operated>(operation, &path, request, &self.dek_id)
            .await;
        let done = match done {
            Ok(done) => done,
            Err(fault) => {
                self.service.told.forget(version);
                return Err(self.service.state_fault(version, fault).await);
            }
        };
        let answered = self.service.client.place.key(&done.reply.kid);
        match answered.is_some_and(|answered| is_same(version, &answered)) {
            true => Ok(done),
            false => Err(CallFault {
                kind: KekFault::BadReply,
                request_id: done.request_id,
            }),
        }
    }

    fn is_bound(&self) -> bool {
        self.algorithm == KeyAlgorithm::A256Gcm
    }
}

fn wrap_here(facts: &KeyFacts, secret: &Secret<32>) -> Result<Vec<u8>, KekFault> {
    let public = facts.public.as_ref().ok_or(KekFault::BadReply)?;
    public.encrypt(&OAEP_SHA256_MGF1SHA256, secret.expose())
}

/// What the envelope binds: `"KS1" || 00 || B || dek_id`.
fn bound(binding: &Binding<'_>) -> [u8; BOUND_LEN] {
    let mut bytes = [0; BOUND_LEN];
    bytes[..3].copy_from_slice(b"KS1");
    bytes[4..36].copy_from_slice(binding.digest);
    bytes[36..].copy_from_slice(binding.dek_id);
    bytes
}

const BOUND_LEN: usize = 52;
const IV_LEN: usize = 12;
const TAG_LEN: usize = 16;
const GCM_LEN: usize = IV_LEN + 32 + TAG_LEN;
const KW_LEN: usize = 40;

//! Key pairs: encapsulated here, decapsulated at Google.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::future::join_all;
use kms_core::crypto::kem::SharedSecret;
use kms_core::memory::SecretBytes;
use kms_core::{
    Decapsulated, HpkeKek, Kek, KekError, KekFault, KekInfo, KekOperation, Kem, KemPublicKey, KemRecipient, Posture,
    VersionedPublicKey,
};

use super::api::{self, Ciphertext};
use super::checksum::{Checked, Crc};
use super::client::{Call, Done};
use super::facts::kem_algorithm;
use super::kek::{Handle, undecryptable};
use super::keys::{version_of, version_of_bytes};
use super::lifecycle::NewKind;
use super::names;
use super::provider::{GcpProvider, Service};
use super::settings::KeyKind;
use crate::cloud::{Blob, CallFault, OaepKey};
use crate::provider::KemKeys;
use crate::uri::{GcpKey, KeyName, KeyUri, Thumbprint, VersionNumber};

/// A key pair of Google Cloud KMS.
pub(super) struct GcpPair {
    handle: Handle,
    kem: Kem,
    /// Where an envelope names the public key and not the key URI.
    published: Option<Published>,
}

/// A public key that stands in envelopes by itself.
struct Published {
    number: VersionNumber,
    /// The number as envelopes under the key URI have it.
    version: Vec<u8>,
    /// The thumbprint as a URI.
    uri: String,
}

/// Public keys that were asked for lately. So long a key that was disabled still wraps here; it does not unwrap.
#[derive(Default)]
pub(super) struct PublicKeys(Mutex<HashMap<GcpKey, (Instant, VersionNumber, Kept)>>);

#[derive(Clone)]
pub(super) enum Kept {
    Rsa(Arc<OaepKey>),
    Kem(KemPublicKey),
}

impl GcpPair {
    pub(super) fn new(service: Arc<Service>, key: GcpKey, kind: KeyKind, kem: Kem) -> Self {
        Self {
            handle: Handle::new(service, key, kind),
            kem,
            published: None,
        }
    }

    /// The version that an envelope means.
    fn version_in(&self, written: Option<&[u8]>) -> Result<VersionNumber, KekFault> {
        match (&self.published, written) {
            (Some(published), None) => Ok(published.number),
            (None, Some(_)) => version_of_bytes(written),
            _ => Err(KekFault::DoesNotUnwrap),
        }
    }

    fn told(&self, number: VersionNumber) -> Option<Vec<u8>> {
        let is_told = self.published.is_none();
        is_told.then(|| bytes_of(number))
    }
}

#[async_trait]
impl KemRecipient for GcpPair {
    fn uri(&self) -> &str {
        self.published
            .as_ref()
            .map_or(&self.handle.uri, |published| &published.uri)
    }

    fn kem(&self) -> Kem {
        self.kem
    }

    fn posture(&self) -> Posture {
        self.handle.posture()
    }

    async fn settled_posture(&self) -> Result<Posture, KekError> {
        self.handle.settled_posture().await
    }

    fn version_of(&self) -> Option<(&str, &[u8])> {
        let published = self.published.as_ref()?;
        Some((&self.handle.uri, &published.version))
    }

    async fn public_key(&self, version: Option<&[u8]>) -> Result<VersionedPublicKey, KekError> {
        let named = match (version, &self.published) {
            (None, None) => None,
            (None, Some(published)) => Some(published.number),
            (Some(_), _) => match self.version_in(version) {
                Ok(number) => Some(number),
                Err(_) => return self.handle.refuse(KekOperation::Wrap, KekFault::NotFound),
            },
        };
        let ((service, key), kind, kem) = (self.handle.parts(), self.handle.kind, self.kem);
        let asked = async move { public_key(&service, &key, named, kind, kem).await };
        let (number, key) = self.handle.ask(KekOperation::Wrap, asked).await?;
        let version = self.told(number);
        Ok(VersionedPublicKey { key, version })
    }

    async fn decapsulate(&self, ciphertext: &[u8], version: Option<&[u8]>) -> Result<Decapsulated, KekError> {
        let number = match self.version_in(version) {
            Ok(number) if ciphertext.len() == self.kem.ciphertext_len() => number,
            _ => return self.handle.refuse(KekOperation::Unwrap, KekFault::DoesNotUnwrap),
        };
        let ((service, key), kem, ciphertext) = (self.handle.parts(), self.kem, ciphertext.to_vec());
        let asked = async move { decapsulate(&service, &key, number, kem, &ciphertext).await };
        self.handle.ask(KekOperation::Unwrap, asked).await
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        let mut info = self.handle.describe().await?;
        info.version = match &self.published {
            Some(_) => None,
            None => info.version,
        };
        Ok(info)
    }
}

#[async_trait]
impl KemKeys for GcpProvider {
    fn mechanisms(&self) -> Vec<Kem> {
        KeyKind::ALL.into_iter().filter_map(KeyKind::kem).collect()
    }

    async fn create_pair(&self, name: &KeyName, kem: Kem) -> Result<KeyUri, KekError> {
        let mut new = self.new_key();
        new.kind = NewKind::Pair(kem);
        self.create_key(name, new).await
    }

    /// Every version of every key pair of the configured places that is not destroyed.
    async fn published(&self) -> Result<Vec<Arc<dyn Kek>>, KekError> {
        let service = Arc::clone(&self.0);
        let asked = async move { published(&service).await };
        self.ask(self.0.settings.project.as_str(), KekOperation::Describe, asked)
            .await
    }

    async fn published_of(&self, key: &KeyUri) -> Result<Vec<Arc<dyn Kek>>, KekError> {
        let own = self.own(key, KekOperation::Describe)?.with_version(None);
        let service = Arc::clone(&self.0);
        let kind = names::kind(&service.settings, &own);
        let asked = async move { published_of(&service, &own, kind).await };
        self.ask(&key.to_string(), KekOperation::Describe, asked).await
    }
}

async fn published(service: &Arc<Service>) -> Result<Vec<Arc<dyn Kek>>, CallFault> {
    let mut found = Vec::new();
    for facts in service.all_facts().await? {
        if let Some(kind) = facts.kind().filter(|kind| kind.kem().is_some()) {
            found.extend(published_of(service, &facts.key, kind).await?);
        }
    }
    Ok(found)
}

async fn published_of(service: &Arc<Service>, key: &GcpKey, kind: KeyKind) -> Result<Vec<Arc<dyn Kek>>, CallFault> {
    let kem = kind.kem().ok_or(KekFault::Unsupported)?;
    let versions = service.versions(key).await?;
    let usable = versions.iter().filter(|version| version.is_enabled());
    let asked = usable.map(|version| public_key(service, key, Some(version.number), kind, kem));
    let mut found: Vec<Arc<dyn Kek>> = Vec::new();
    for known in join_all(asked).await {
        let (number, public) = known?;
        let uri = KeyUri::Hpke(Thumbprint::new(*public.thumbprint())).to_string();
        let published = Published {
            number,
            version: bytes_of(number),
            uri,
        };
        let pair = GcpPair {
            published: Some(published),
            ..GcpPair::new(Arc::clone(service), key.clone(), kind, kem)
        };
        found.push(Arc::new(HpkeKek::new(service.backend.clone(), Arc::new(pair))));
    }
    Ok(found)
}

/// A version as it stands in envelopes.
fn bytes_of(number: VersionNumber) -> Vec<u8> {
    number.to_string().into_bytes()
}

/// Of a version, or of the one that new wraps use.
async fn public_key(
    service: &Service,
    key: &GcpKey,
    named: Option<VersionNumber>,
    kind: KeyKind,
    kem: Kem,
) -> Result<(VersionNumber, KemPublicKey), CallFault> {
    let pinned = named.map_or_else(|| key.clone(), |number| key.with_version(Some(number)));
    if let Some((number, Kept::Kem(public))) = service.public_keys.fresh(&pinned) {
        return Ok((number, public));
    }
    let number = match pinned.version() {
        Some(number) if named.is_some() => number,
        _ => {
            let current = service.current(key, false).await?;
            current.usable()?;
            current.number
        }
    };
    let version = key.with_version(Some(number));
    let call = Call::get(
        "GetPublicKey",
        &format!("{version}/publicKey?publicKeyFormat={}", format_of(kem)),
    );
    let reply: api::PublicKey = match service.at(key)?.fetch(&call).await {
        Ok(done) => done.reply,
        Err(fault) => return Err(service.explained(key, Some(number), fault).await),
    };
    let is_asked_for = version_of(&reply.name, &version).is_ok() && kem_algorithm(kind) == Some(&reply.algorithm);
    let public = reply.public_key.ok_or(KekFault::BadReply)?;
    if !is_asked_for || !public.crc32c_checksum.matches(&public.data.0) {
        return Err(CallFault::new(KekFault::BadReply));
    }
    let public = KemPublicKey::new(&service.backend, kem, &public.data.0).map_err(|_| KekFault::BadReply)?;
    service.public_keys.keep(&pinned, number, Kept::Kem(public.clone()));
    Ok((number, public))
}

async fn decapsulate(
    service: &Service,
    key: &GcpKey,
    number: VersionNumber,
    kem: Kem,
    ciphertext: &[u8],
) -> Result<Decapsulated, CallFault> {
    let body = Ciphertext {
        ciphertext: Blob(ciphertext),
        ciphertext_crc32c: Crc::of(ciphertext),
    };
    let version = key.with_version(Some(number));
    let call = Call::post("Decapsulate", &format!("{version}:decapsulate"));
    let is_intact = |reply: &api::Decapsulated| {
        reply.verified_ciphertext_crc32c && reply.shared_secret_crc32c.matches(reply.shared_secret.expose())
    };
    let Done { reply, request_id, .. } = match service.intact(key, &call, &body, is_intact).await {
        Err(fault) => return Err(service.explained(key, Some(number), undecryptable(fault)).await),
        done => done?,
    };
    version_of(&reply.name, &version)?;
    let secret = SecretBytes::copy_of(reply.shared_secret.expose());
    Ok(Decapsulated {
        shared_secret: SharedSecret::from_remote(kem, secret).map_err(|_| KekFault::BadReply)?,
        request_id,
    })
}

/// In which form Google hands out the public key.
fn format_of(kem: Kem) -> &'static str {
    match kem {
        Kem::XWing => "XWING_RAW_BYTES",
        _ => "NIST_PQC",
    }
}

impl PublicKeys {
    pub(super) fn fresh(&self, key: &GcpKey) -> Option<(VersionNumber, Kept)> {
        let kept = self.kept();
        let (since, number, public) = kept.get(key)?;
        (since.elapsed() < KEPT).then(|| (*number, public.clone()))
    }

    pub(super) fn keep(&self, key: &GcpKey, number: VersionNumber, public: Kept) {
        self.kept().insert(key.clone(), (Instant::now(), number, public));
    }

    /// Its versions have changed.
    pub(super) fn forget(&self, key: &GcpKey) {
        let key = key.with_version(None);
        self.kept().retain(|known, _| known.with_version(None) != key);
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, HashMap<GcpKey, (Instant, VersionNumber, Kept)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const KEPT: Duration = Duration::from_secs(300);

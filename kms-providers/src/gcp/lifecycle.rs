//! Making, rotating, disabling, destroying.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use kms_core::{KekError, KekFault, KekOperation, Kem};

use super::api::{
    Anything, CreateCryptoKey, CreateVersion, CryptoKey, ExternalOptions, NewTemplate, Nothing, UpdatePrimary,
    UpdateRotation, UpdateState, Version,
};
use super::client::{Call, Done};
use super::facts::{KeyFacts, VersionFacts, kem_algorithm};
use super::keys::{Waiting, current};
use super::names;
use super::provider::{GcpProvider, Service};
use super::settings::{KeyKind, Protection};
use crate::cloud::{CallFault, to_the_end};
use crate::provider::{DestroyWindow, KeyLifecycle, NeededBy, Swept};
use crate::uri::{GcpKey, KeyName, KeyUri, VersionNumber};

/// What a new key is to be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct NewKey {
    /// What it is for.
    pub kind: NewKind,
    /// Where it lives.
    pub protection: Protection,
    /// The connection to its external key manager.
    pub connection: Option<String>,
    /// Which key of the external key manager it is.
    pub external: Option<ExternalKey>,
    /// Days between automatic rotations, of a symmetric key.
    pub rotation_days: Option<u32>,
    /// Days between the order to destroy a version and its end, 1 to 120.
    pub destroy_days: u32,
    pub(super) is_imported: bool,
}

/// What a new key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum NewKind {
    /// Wrapping, by AES-256-GCM.
    #[default]
    Symmetric,
    /// Wrapping under a public key, by RSA-OAEP with SHA-256.
    Rsa(RsaBits),
    /// Deriving, signing and verifying, by HMAC-SHA-512.
    Hmac,
    /// A key pair: X-Wing, ML-KEM-768 or ML-KEM-1024.
    Pair(Kem),
    /// Encrypting data of your own, by AES-256-GCM; no KEK.
    Raw,
}

/// The length of an RSA key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RsaBits {
    /// 2048 bits.
    Bits2048,
    /// 3072 bits.
    #[default]
    Bits3072,
    /// 4096 bits.
    Bits4096,
}

/// A key of an external key manager.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExternalKey {
    /// Its URI (`EXTERNAL`).
    Uri(String),
    /// Its path behind the connection (`EXTERNAL_VPC`).
    Path(String),
}

impl NewKind {
    fn purpose(self) -> &'static str {
        match self {
            Self::Symmetric => "ENCRYPT_DECRYPT",
            Self::Rsa(_) => "ASYMMETRIC_DECRYPT",
            Self::Hmac => "MAC",
            Self::Pair(_) => "KEY_ENCAPSULATION",
            Self::Raw => "RAW_ENCRYPT_DECRYPT",
        }
    }

    fn algorithm(self, is_external: bool) -> Option<&'static str> {
        match (self, is_external) {
            (Self::Symmetric, true) => Some("EXTERNAL_SYMMETRIC_ENCRYPTION"),
            (_, true) => None,
            (Self::Symmetric, _) => Some("GOOGLE_SYMMETRIC_ENCRYPTION"),
            (Self::Rsa(RsaBits::Bits2048), _) => Some("RSA_DECRYPT_OAEP_2048_SHA256"),
            (Self::Rsa(RsaBits::Bits3072), _) => Some("RSA_DECRYPT_OAEP_3072_SHA256"),
            (Self::Rsa(RsaBits::Bits4096), _) => Some("RSA_DECRYPT_OAEP_4096_SHA256"),
            (Self::Hmac, _) => Some("HMAC_SHA512"),
            (Self::Pair(_), _) => kem_algorithm(self.key_kind()?),
            (Self::Raw, _) => Some("AES_256_GCM"),
        }
    }

    /// What its handle will be; none for what Google does not have.
    fn key_kind(self) -> Option<KeyKind> {
        match self {
            Self::Symmetric | Self::Raw => Some(KeyKind::Symmetric),
            Self::Rsa(_) => Some(KeyKind::Rsa),
            Self::Hmac => Some(KeyKind::Hmac),
            Self::Pair(kem) => KeyKind::ALL.into_iter().find(|kind| kind.kem() == Some(kem)),
        }
    }
}

impl GcpProvider {
    /// Makes a key of any kind, in the configured key ring. Its id is the name (with `_` for each dot), and of what is
    /// not symmetric tells what it is.
    ///
    /// # Errors
    /// `AlreadyExists`; `Unsupported` for what Google does not have, and for names that are too long for it; `Quota`.
    pub async fn create_key(&self, name: &KeyName, new: NewKey) -> Result<KeyUri, KekError> {
        let (service, named) = (Arc::clone(&self.0), name.clone());
        let made = async move { create(&service, &named, &new).await.map(KeyUri::GcpKms) };
        self.change(name.as_str(), made).await
    }

    /// What [`KeyLifecycle::create`] makes.
    #[must_use]
    pub fn new_key(&self) -> NewKey {
        let settings = &self.0.settings;
        NewKey {
            kind: NewKind::Symmetric,
            protection: settings.protection,
            connection: settings.ekm_connection.clone(),
            external: None,
            rotation_days: settings.rotation_days,
            destroy_days: settings.destroy_days,
            is_imported: false,
        }
    }

    /// Lets Google rotate a symmetric key every so many days; `None` stops it.
    ///
    /// # Errors
    /// `Unsupported` for keys that Google does not rotate: pairs, imported ones, external ones.
    pub async fn rotate_every(&self, uri: &KeyUri, days: Option<u32>) -> Result<(), KekError> {
        let key = self.own(uri, KekOperation::Lifecycle)?;
        let service = Arc::clone(&self.0);
        let changed = async move {
            let body = UpdateRotation {
                rotation_period: days.map(period),
                next_rotation_time: days.map(after),
            };
            let name = key.with_version(None);
            let call: Call<Anything> = Call::patch(
                "UpdateCryptoKey",
                &format!("{name}?updateMask=rotationPeriod,nextRotationTime"),
            );
            service.at(&key)?.send(&call, &body).await.map(drop)
        };
        self.change(&uri.to_string(), changed).await
    }

    /// Makes a new version of another key of the external key manager, and has new wraps use it.
    ///
    /// # Errors
    /// `Unsupported` for keys that are not external; the state of the key.
    pub async fn rotate_external(&self, uri: &KeyUri, external: ExternalKey) -> Result<KeyUri, KekError> {
        let key = self.own(uri, KekOperation::Lifecycle)?;
        let service = Arc::clone(&self.0);
        let rotated = async move {
            let facts = service.in_use(&key).await?.0;
            if !facts.protection.starts_with("EXTERNAL") {
                return Err(CallFault::new(KekFault::Unsupported));
            }
            let number = service.add_version(&facts, Some(&external)).await?;
            Ok(KeyUri::GcpKms(facts.key.with_version(Some(number))))
        };
        self.change(&uri.to_string(), rotated).await
    }

    /// Runs a change to its end.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        of: &str,
        change: impl Future<Output = Result<T, CallFault>> + Send + 'static,
    ) -> Result<T, KekError> {
        to_the_end(change)
            .await
            .map_err(|fault| fault.of(of, KekOperation::Lifecycle))
    }

    /// A change of a key as a whole, or of one version.
    async fn change_key<T, C, F>(&self, uri: &KeyUri, change: C) -> Result<T, KekError>
    where
        T: Send + 'static,
        C: FnOnce(Arc<Service>, GcpKey) -> F,
        F: Future<Output = Result<T, CallFault>> + Send + 'static,
    {
        let key = self.own(uri, KekOperation::Lifecycle)?;
        self.change(&uri.to_string(), change(Arc::clone(&self.0), key)).await
    }
}

#[async_trait]
impl KeyLifecycle for GcpProvider {
    async fn create(&self, name: &KeyName) -> Result<KeyUri, KekError> {
        self.create_key(name, self.new_key()).await
    }

    /// A new version; of a symmetric key, its primary from then on.
    async fn rotate(&self, key: &KeyUri) -> Result<KeyUri, KekError> {
        let rotated = |service: Arc<Service>, key: GcpKey| async move {
            let (facts, _) = service.in_use(&key).await?;
            // Google makes no material for a key that takes imported versions alone, nor over the Internet.
            if facts.is_import_only || facts.protection == "EXTERNAL" {
                return Err(CallFault::new(KekFault::Unsupported));
            }
            let number = service.add_version(&facts, None).await?;
            Ok(KeyUri::GcpKms(facts.key.with_version(Some(number))))
        };
        self.change_key(key, rotated).await
    }

    async fn enable(&self, key: &KeyUri) -> Result<(), KekError> {
        let enabled = |service: Arc<Service>, key: GcpKey| async move {
            match key.version() {
                Some(number) => {
                    let version = service.version(&key, number).await?;
                    service.enable_version(&version).await
                }
                None => service.bring_back(&key).await,
            }
        };
        self.change_key(key, enabled).await
    }

    async fn disable(&self, key: &KeyUri) -> Result<(), KekError> {
        let disabled = |service: Arc<Service>, key: GcpKey| async move {
            match key.version() {
                Some(number) => {
                    let version = service.spare_version(&key, number).await?;
                    service.set_state(&version.key, "DISABLED").await
                }
                None => service.disable_all(&key).await,
            }
        };
        self.change_key(key, disabled).await
    }

    /// The window is the key's own, which Google fixed when it was made: a shorter one than asked for is
    /// `Unsupported`, a longer one is told.
    async fn schedule_destroy(
        &self,
        key: &KeyUri,
        window: DestroyWindow,
        needed_by: NeededBy<'_>,
    ) -> Result<SystemTime, KekError> {
        if needed_by(key) > 0 {
            return Err(KekError::new(
                key.to_string(),
                KekOperation::Lifecycle,
                KekFault::StillNeeded,
            ));
        }
        let scheduled = |service: Arc<Service>, key: GcpKey| async move {
            let facts = service.facts(&key).await?;
            let own = facts.destroy_window.unwrap_or(DestroyWindow::DEFAULT.length());
            if own < window.length() {
                return Err(CallFault::new(KekFault::Unsupported));
            }
            let due = match key.version() {
                Some(number) => {
                    let version = service.spare_version(&key, number).await?;
                    service.destroy_version(&version.key).await?
                }
                None => service.destroy_all(&key).await?,
            };
            Ok(due.unwrap_or_else(|| SystemTime::now() + own))
        };
        self.change_key(key, scheduled).await
    }

    async fn cancel_destroy(&self, key: &KeyUri) -> Result<(), KekError> {
        let cancelled = |service: Arc<Service>, key: GcpKey| async move {
            match key.version() {
                Some(number) => {
                    let version = service.version(&key, number).await?;
                    service.restore_version(&version).await
                }
                None => service.restore_all(&key).await,
            }
        };
        self.change_key(key, cancelled).await
    }

    async fn destroy_due(&self, _: NeededBy<'_>) -> Result<Swept, KekError> {
        Ok(Swept::default())
    }
}

/// Ring first, if it is not there; then the key; then its first version, where Google does not make one by itself.
pub(super) async fn create(service: &Service, name: &KeyName, new: &NewKey) -> Result<GcpKey, CallFault> {
    let unsupported = || CallFault::new(KekFault::Unsupported);
    let is_external = new.protection.is_external();
    let kind = new.kind.key_kind().ok_or_else(unsupported)?;
    let algorithm = new.kind.algorithm(is_external).ok_or_else(unsupported)?;
    let key = names::key(&service.settings, name, kind).ok_or_else(unsupported)?;
    // Which key of an external manager it is has to be said, unless Google makes it there by itself.
    let is_told = match new.protection {
        Protection::External => matches!(new.external, Some(ExternalKey::Uri(_))),
        Protection::ExternalVpc => !matches!(new.external, Some(ExternalKey::Uri(_))) && new.connection.is_some(),
        Protection::Software | Protection::Hsm => new.external.is_none(),
    };
    if !is_told || !(1..=120).contains(&new.destroy_days) || new.is_imported && is_external {
        return Err(unsupported());
    }
    let connection = new.connection.as_deref();
    if connection.is_some_and(|connection| !names::is_of(&service.settings, connection, "ekmConnections")) {
        return Err(unsupported());
    }
    let is_rotated = new.kind == NewKind::Symmetric && !is_external && !new.is_imported;
    let rotation_days = new.rotation_days.filter(|_| is_rotated);
    let body = CreateCryptoKey {
        purpose: new.kind.purpose(),
        version_template: NewTemplate {
            protection_level: new.protection.name(),
            algorithm,
        },
        destroy_scheduled_duration: period(new.destroy_days),
        rotation_period: rotation_days.map(period),
        next_rotation_time: rotation_days.map(after),
        crypto_key_backend: connection.filter(|_| is_external),
        import_only: new.is_imported,
    };
    let is_bare = new.external.is_some() || new.is_imported;
    let facts = create_in_ring(service, &key, &body, is_bare).await?;
    if let Some(external) = &new.external {
        service.add_version(&facts, Some(external)).await?;
    } else if !new.is_imported {
        service.settled(&key, facts.has_primary()).await?;
    }
    Ok(key)
}

async fn create_in_ring(
    service: &Service,
    key: &GcpKey,
    body: &CreateCryptoKey<'_>,
    is_bare: bool,
) -> Result<KeyFacts, CallFault> {
    let ring = names::ring(&service.settings);
    let id = key.key_id();
    let path = format!("{ring}/cryptoKeys?cryptoKeyId={id}&skipInitialVersionCreation={is_bare}");
    let call: Call<CryptoKey> = Call::post("CreateCryptoKey", &path).once();
    let home = service.home()?;
    let made = match home.send(&call, body).await {
        Err(fault) if fault.kind == KekFault::NotFound => {
            create_ring(service).await?;
            home.send(&call, body).await?
        }
        made => made?,
    };
    let facts = KeyFacts::of(made.reply)?;
    match facts.key == *key {
        true => Ok(facts),
        false => Err(CallFault::new(KekFault::BadReply)),
    }
}

async fn create_ring(service: &Service) -> Result<(), CallFault> {
    let place = names::location(&service.settings);
    let path = format!("{place}/keyRings?keyRingId={}", service.settings.key_ring);
    let call: Call<Anything> = Call::post("CreateKeyRing", &path);
    match service.home()?.send(&call, &Nothing {}).await {
        Err(fault) if fault.kind == KekFault::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

impl Service {
    /// A key that is in use, and the version that wraps.
    pub(super) async fn in_use(&self, key: &GcpKey) -> Result<(KeyFacts, VersionFacts), CallFault> {
        let facts = self.facts(key).await?;
        let current = match &facts.primary {
            Some(primary) => primary.clone(),
            None => self.current(&facts.key, facts.has_primary()).await?,
        };
        current.usable()?;
        Ok((facts, current))
    }

    /// Makes a version, waits until it can be used, and has new wraps use it.
    async fn add_version(&self, facts: &KeyFacts, external: Option<&ExternalKey>) -> Result<VersionNumber, CallFault> {
        let body = CreateVersion {
            external_protection_level_options: external.map(|external| match external {
                ExternalKey::Uri(uri) => ExternalOptions {
                    external_key_uri: Some(uri),
                    ekm_connection_key_path: None,
                },
                ExternalKey::Path(path) => ExternalOptions {
                    external_key_uri: None,
                    ekm_connection_key_path: Some(path),
                },
            }),
        };
        let path = format!("{}/cryptoKeyVersions", facts.key);
        let call: Call<Version> = Call::post("CreateCryptoKeyVersion", &path).once();
        let made = match self.at(&facts.key)?.send(&call, &body).await {
            // The key is in use: it takes no versions of this kind.
            Err(fault) if fault.kind == KekFault::Disabled => return Err(CallFault::new(KekFault::Unsupported)),
            made => VersionFacts::of(made?.reply)?,
        };
        self.adopt(facts, &made).await
    }

    /// Has new wraps use a version, once it can be used.
    pub(super) async fn adopt(&self, facts: &KeyFacts, made: &VersionFacts) -> Result<VersionNumber, CallFault> {
        if made.key.with_version(None) != facts.key {
            return Err(CallFault::new(KekFault::BadReply));
        }
        self.settled(&made.key, false).await?;
        self.public_keys.forget(&facts.key);
        if facts.has_primary() {
            let body = UpdatePrimary {
                crypto_key_version_id: made.number.to_string(),
            };
            let call: Call<CryptoKey> =
                Call::post("UpdatePrimaryVersion", &format!("{}:updatePrimaryVersion", facts.key));
            let Done { reply, .. } = self.at(&facts.key)?.send(&call, &body).await?;
            let primary = KeyFacts::of(reply)?.primary;
            if primary.is_none_or(|primary| primary.number != made.number) {
                return Err(CallFault::new(KekFault::BadReply));
            }
            self.primaries.made(&facts.key, made.number);
        }
        Ok(made.number)
    }

    /// Waits while a version is being generated or brought in.
    async fn settled(&self, key: &GcpKey, has_primary: bool) -> Result<(), CallFault> {
        let mut waiting = Waiting::of(SETTLES);
        loop {
            match self.current(key, has_primary).await?.usable() {
                Err(KekFault::Unavailable) => waiting.on().await?,
                settled => return settled.map_err(CallFault::new),
            }
        }
    }

    /// A version that may be taken away: in use or disabled, and not the one that new wraps use.
    async fn spare_version(&self, key: &GcpKey, number: VersionNumber) -> Result<VersionFacts, CallFault> {
        let facts = self.facts(key).await?;
        let versions = self.versions(&facts.key).await?;
        if current(&facts, &versions).is_some_and(|current| current.number == number) {
            return Err(CallFault::new(KekFault::Primary));
        }
        let version = versions.into_iter().find(|version| version.number == number);
        let version = version.ok_or_else(|| CallFault::new(KekFault::NotFound))?;
        match version.usable() {
            Ok(()) | Err(KekFault::Disabled) => Ok(version),
            Err(fault) => Err(CallFault::new(fault)),
        }
    }

    /// Allows use of a version again, also of what waits for destruction.
    pub(super) async fn enable_version(&self, version: &VersionFacts) -> Result<(), CallFault> {
        self.restore_version(version).await?;
        match version.is_enabled() {
            true => Ok(()),
            false => self.set_state(&version.key, "ENABLED").await,
        }
    }

    /// Takes back the destruction of a version; what was saved is disabled.
    pub(super) async fn restore_version(&self, version: &VersionFacts) -> Result<(), CallFault> {
        match version.usable() {
            Err(KekFault::PendingDestruction) => {
                let call: Call<Version> = Call::post("RestoreCryptoKeyVersion", &format!("{}:restore", version.key));
                self.at(&version.key)?.send(&call, &Nothing {}).await.map(drop)
            }
            Err(KekFault::Destroyed) => Err(CallFault::new(KekFault::Destroyed)),
            _ => Ok(()),
        }
    }

    pub(super) async fn set_state(&self, version: &GcpKey, state: &'static str) -> Result<(), CallFault> {
        let call: Call<Version> = Call::patch("UpdateCryptoKeyVersion", &format!("{version}?updateMask=state"));
        let sent = self.at(version)?.send(&call, &UpdateState { state }).await;
        self.public_keys.forget(version);
        sent.map(drop)
    }

    /// When it will be destroyed.
    pub(super) async fn destroy_version(&self, version: &GcpKey) -> Result<Option<SystemTime>, CallFault> {
        let call: Call<Version> = Call::post("DestroyCryptoKeyVersion", &format!("{version}:destroy")).once();
        let sent = self.at(version)?.send(&call, &Nothing {}).await;
        self.public_keys.forget(version);
        Ok(VersionFacts::of(sent?.reply)?.destruction)
    }
}

/// A duration as protobuf writes it in JSON.
fn period(days: u32) -> String {
    format!("{}s", u64::from(days) * DAY)
}

/// So many days from now.
fn after(days: u32) -> String {
    let time = SystemTime::now() + Duration::from_secs(u64::from(days) * DAY);
    humantime::format_rfc3339_seconds(time).to_string()
}

const DAY: u64 = 86_400;
/// How long a version may take until it can be used.
const SETTLES: Duration = Duration::from_secs(60);

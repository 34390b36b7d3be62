//! What Azure tells of a key version; kept for a minute.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use kms_core::{KekFault, KekInfo, Posture};

use super::api::{Attributes, Bundle, Tags};
use super::place::Place;
use super::rsa::PublicKey;
use super::settings::KeyAlgorithm;
use crate::uri::AzureKey;

/// A version of a key, as Azure describes it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct KeyFacts {
    /// The key, with its version.
    pub key: AzureKey,
    /// `RSA`, `RSA-HSM`, `oct-HSM`, `EC` …
    pub kind: String,
    /// The length of an RSA key.
    pub bits: Option<usize>,
    /// `wrapKey`, `unwrapKey`, `encrypt` …
    pub operations: Vec<String>,
    /// Whether it may be used.
    pub is_enabled: bool,
    /// It wraps from then on.
    pub not_before: Option<SystemTime>,
    /// It wraps until then. What it wrapped still unwraps.
    pub expires: Option<SystemTime>,
    /// When it was made.
    pub created: Option<SystemTime>,
    /// Whether it may leave for an attested enclave.
    pub is_exportable: bool,
    /// Days that it is kept after it was deleted.
    pub recoverable_days: u64,
    /// Tags.
    pub tags: Tags,
    /// Whether a certificate of the vault has made it.
    pub is_managed: bool,
    pub(super) public: Option<PublicKey>,
}

impl KeyFacts {
    pub(super) fn of(bundle: Bundle, place: &Place) -> Result<Self, KekFault> {
        let key = place.key(&bundle.key.kid).filter(|key| key.version().is_some());
        let public = match (&bundle.key.n, &bundle.key.e) {
            (Some(n), Some(e)) if bundle.key.kty.starts_with("RSA") => Some(PublicKey::new(&n.0, &e.0)?),
            _ => None,
        };
        let Attributes {
            enabled,
            nbf,
            exp,
            created,
            exportable,
            recoverable_days,
            recovery_level,
        } = bundle.attributes;
        let is_kept = recovery_level.is_some_and(|level| level.contains("Recoverable"));
        Ok(Self {
            key: key.ok_or(KekFault::BadReply)?,
            kind: bundle.key.kty,
            bits: public.as_ref().map(PublicKey::bits),
            operations: bundle.key.key_ops,
            is_enabled: enabled.unwrap_or_default(),
            not_before: nbf.and_then(time),
            expires: exp.and_then(time),
            created: created.and_then(time),
            is_exportable: exportable.unwrap_or_default(),
            recoverable_days: recoverable_days.filter(|_| is_kept).unwrap_or_default(),
            tags: bundle.tags.unwrap_or_default(),
            is_managed: bundle.managed,
            public,
        })
    }

    pub(super) fn version(&self) -> &str {
        self.key.version().unwrap_or_default()
    }

    /// Why new wraps must not use it, if they must not. Azure itself lets a disabled RSA key wrap: its public half is
    /// public.
    pub(super) fn usable(&self) -> Result<(), KekFault> {
        let now = SystemTime::now();
        let is_early = self.not_before.is_some_and(|time| now < time);
        let is_late = self.expires.is_some_and(|time| now >= time);
        match self.is_enabled && !is_early && !is_late {
            true => Ok(()),
            false => Err(KekFault::Disabled),
        }
    }

    /// Whether it is what the configuration takes it for.
    pub(super) fn fits(&self, algorithm: KeyAlgorithm) -> Result<(), KekFault> {
        let is_kind = match algorithm {
            KeyAlgorithm::RsaOaep256 => self.kind.starts_with("RSA"),
            KeyAlgorithm::A256Kw | KeyAlgorithm::A256Gcm => self.kind.starts_with("oct"),
        };
        let [seal, open] = algorithm.operations();
        let has = |wanted: &str| self.operations.iter().any(|operation| operation == wanted);
        match is_kind && has(seal) && has(open) {
            true => Ok(()),
            false => Err(KekFault::Unsupported),
        }
    }

    pub(super) fn info(&self, algorithm: KeyAlgorithm, domain: String, region: Option<String>) -> KekInfo {
        let name = match self.bits {
            Some(bits) => format!("RSA-{bits} {}", algorithm.name()),
            None => algorithm.name().to_owned(),
        };
        let protection = if self.kind.ends_with("-HSM") { "hsm" } else { "software" };
        let version = Some(self.version().as_bytes().to_vec());
        let mut info = KekInfo::new(name, version, protection, posture(algorithm), domain);
        info.region = region;
        info.exportable = self.is_exportable;
        info
    }
}

pub(super) fn posture(algorithm: KeyAlgorithm) -> Posture {
    match algorithm.is_rsa() {
        true => Posture::Classical,
        false => Posture::Hedged,
    }
}

/// Seconds since 1970.
pub(super) fn time(seconds: i64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(seconds).ok()?))
}

/// What was told of versions lately. So long a version that was disabled or replaced elsewhere still wraps here.
#[derive(Default)]
pub(super) struct Told(Mutex<HashMap<Named, (Instant, Arc<KeyFacts>)>>);

/// A key, and a version where one was asked for.
type Named = (String, Option<String>);

impl Told {
    pub(super) fn fresh(&self, key: &AzureKey) -> Option<Arc<KeyFacts>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, facts) = kept.get(&index(key))?;
        (since.elapsed() < KEPT).then(|| Arc::clone(facts))
    }

    pub(super) fn keep(&self, of: &AzureKey, facts: Arc<KeyFacts>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(index(of), (Instant::now(), facts));
    }

    /// After a change.
    pub(super) fn forget(&self, key: &AzureKey) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(name, _), _| *name != key.name());
    }
}

fn index(key: &AzureKey) -> Named {
    (key.name().to_owned(), key.version().map(str::to_owned))
}

const KEPT: Duration = Duration::from_secs(60);

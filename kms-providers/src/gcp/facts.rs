//! What Google tells of keys and versions.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kms_core::{KekFault, KekInfo, Posture};

use super::api::{CryptoKey, Version};
use super::names;
use super::protocol::seconds;
use super::settings::KeyKind;
use crate::cloud::CallFault;
use crate::provider::{KeyState, VersionSummary};
use crate::uri::{GcpKey, VersionNumber};

/// A key as Google describes it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct KeyFacts {
    /// The key.
    pub key: GcpKey,
    /// `ENCRYPT_DECRYPT`, `ASYMMETRIC_DECRYPT`, `MAC`, `KEY_ENCAPSULATION` …
    pub purpose: String,
    /// The algorithm of new versions: `GOOGLE_SYMMETRIC_ENCRYPTION`, `KEM_XWING` …
    pub algorithm: String,
    /// The protection level of new versions: `SOFTWARE`, `HSM`, `EXTERNAL`, `EXTERNAL_VPC` …
    pub protection: String,
    /// The version that new wraps use, of a symmetric key.
    pub primary: Option<VersionFacts>,
    /// When it was made.
    pub created: Option<SystemTime>,
    /// When Google rotates it next.
    pub next_rotation: Option<SystemTime>,
    /// How often it does.
    pub rotation_period: Option<Duration>,
    /// The time between the order to destroy a version and its end.
    pub destroy_window: Option<Duration>,
    /// Whether it takes no versions but imported ones.
    pub is_import_only: bool,
    /// The connection to its external key manager.
    pub connection: Option<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

/// A version as Google describes it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct VersionFacts {
    /// The version.
    pub key: GcpKey,
    /// Its number.
    pub number: VersionNumber,
    /// `ENABLED`, `DISABLED`, `DESTROY_SCHEDULED`, `DESTROYED`, `PENDING_GENERATION` …
    pub state: String,
    /// Its own algorithm.
    pub algorithm: String,
    /// Its own protection level.
    pub protection: String,
    /// When it was made.
    pub created: Option<SystemTime>,
    /// When it is to be destroyed.
    pub destruction: Option<SystemTime>,
}

impl KeyFacts {
    pub(super) fn of(key: CryptoKey) -> Result<Self, CallFault> {
        let template = key.version_template;
        let (protection, algorithm) =
            template.map_or_else(Default::default, |told| (told.protection_level, told.algorithm));
        Ok(Self {
            key: parsed(&key.name)
                .filter(|key| key.version().is_none())
                .ok_or(KekFault::BadReply)?,
            purpose: key.purpose,
            algorithm,
            protection,
            primary: key.primary.map(VersionFacts::of).transpose()?,
            created: key.create_time.as_deref().and_then(time),
            next_rotation: key.next_rotation_time.as_deref().and_then(time),
            rotation_period: key.rotation_period.as_deref().and_then(seconds),
            destroy_window: key.destroy_scheduled_duration.as_deref().and_then(seconds),
            is_import_only: key.import_only,
            connection: key.crypto_key_backend,
            labels: key.labels,
        })
    }

    /// What it can be used as here; nothing, for keys that sign.
    pub(super) fn kind(&self) -> Option<KeyKind> {
        match (self.purpose.as_str(), self.algorithm.as_str()) {
            ("ENCRYPT_DECRYPT", _) => Some(KeyKind::Symmetric),
            ("ASYMMETRIC_DECRYPT", algorithm) if algorithm.ends_with("_SHA256") => Some(KeyKind::Rsa),
            ("MAC", algorithm) if is_long_enough(algorithm) => Some(KeyKind::Hmac),
            ("KEY_ENCAPSULATION", algorithm) => kem_of(algorithm),
            _ => None,
        }
    }

    /// Whether Google takes one of its versions by itself for what is new.
    pub(super) fn has_primary(&self) -> bool {
        self.purpose == "ENCRYPT_DECRYPT"
    }

    /// The description, if the key is what the configuration takes it for. `current` is what new wraps use.
    pub(super) fn info(&self, kind: KeyKind, current: &VersionFacts) -> Result<KekInfo, CallFault> {
        if self.kind() != Some(kind) {
            return Err(CallFault::new(KekFault::Unsupported));
        }
        let version = Some(current.number.to_string().into_bytes());
        let domain = format!("gcp-kms:{}", self.key.project());
        let algorithm = match (kind, current.algorithm.as_str()) {
            (KeyKind::Symmetric, "GOOGLE_SYMMETRIC_ENCRYPTION") => "AES-256-GCM".to_owned(),
            (_, algorithm) => algorithm.to_owned(),
        };
        let mut info = KekInfo::new(algorithm, version, current.protection_told(), posture(kind), domain);
        info.region = Some(self.key.location().to_owned());
        Ok(info)
    }
}

impl VersionFacts {
    pub(super) fn of(version: Version) -> Result<Self, CallFault> {
        let key = parsed(&version.name).ok_or(KekFault::BadReply)?;
        Ok(Self {
            number: key.version().ok_or(KekFault::BadReply)?,
            key,
            state: version.state,
            algorithm: version.algorithm,
            protection: version.protection_level,
            created: version.create_time.as_deref().and_then(time),
            destruction: version.destroy_time.as_deref().and_then(time),
        })
    }

    /// Why it cannot be used, if it cannot.
    pub(super) fn usable(&self) -> Result<(), KekFault> {
        match self.state.as_str() {
            "ENABLED" => Ok(()),
            "DISABLED" => Err(KekFault::Disabled),
            "DESTROY_SCHEDULED" => Err(KekFault::PendingDestruction),
            "DESTROYED" | "PENDING_EXTERNAL_DESTRUCTION" | "EXTERNAL_DESTRUCTION_FAILED" => Err(KekFault::Destroyed),
            "PENDING_GENERATION" | "PENDING_IMPORT" => Err(KekFault::Unavailable),
            // What was not made, or not brought, is not there.
            _ => Err(KekFault::NotFound),
        }
    }

    pub(super) fn is_enabled(&self) -> bool {
        self.usable().is_ok()
    }

    pub(super) fn is_external(&self) -> bool {
        self.protection.starts_with("EXTERNAL")
    }

    pub(super) fn key_state(&self) -> KeyState {
        match self.usable() {
            Ok(()) => KeyState::Enabled,
            Err(KekFault::PendingDestruction) => KeyState::PendingDestruction {
                due: self.destruction.unwrap_or(UNIX_EPOCH),
            },
            Err(KekFault::Destroyed) => KeyState::Destroyed,
            Err(_) => KeyState::Disabled,
        }
    }

    pub(super) fn summary(&self, is_primary: bool) -> VersionSummary {
        let mut summary = VersionSummary::new(self.number.to_string(), self.key_state(), self.created);
        summary.primary = is_primary;
        summary
    }

    fn protection_told(&self) -> &'static str {
        match self.protection.as_str() {
            "SOFTWARE" => "software",
            "HSM" => "hsm",
            "HSM_SINGLE_TENANT" => "hsm, single tenant",
            "EXTERNAL" => "external key manager",
            "EXTERNAL_VPC" => "external key manager, private network",
            _ => "unknown",
        }
    }
}

/// The posture that envelopes may count on.
pub(super) fn posture(kind: KeyKind) -> Posture {
    match kind {
        KeyKind::Symmetric | KeyKind::Hmac => Posture::Hedged,
        KeyKind::Rsa => Posture::Classical,
        KeyKind::XWing | KeyKind::MlKem768 | KeyKind::MlKem1024 => {
            kind.kem().map_or(Posture::Classical, kms_core::Kem::posture)
        }
    }
}

/// The name of a mechanism in Google's terms.
pub(super) fn kem_algorithm(kind: KeyKind) -> Option<&'static str> {
    KEMS.iter().find(|(known, _)| *known == kind).map(|(_, name)| *name)
}

fn kem_of(algorithm: &str) -> Option<KeyKind> {
    KEMS.iter().find(|(_, name)| *name == algorithm).map(|(kind, _)| *kind)
}

/// Whether the first 32 bytes of a MAC are as good as any 32 bytes.
fn is_long_enough(algorithm: &str) -> bool {
    matches!(algorithm, "HMAC_SHA256" | "HMAC_SHA384" | "HMAC_SHA512")
}

fn parsed(resource: &str) -> Option<GcpKey> {
    names::parse(resource)
}

/// RFC 3339, as Google writes times.
pub(super) fn time(text: &str) -> Option<SystemTime> {
    humantime::parse_rfc3339(text).ok()
}

const KEMS: [(KeyKind, &str); 3] = [
    (KeyKind::XWing, "KEM_XWING"),
    (KeyKind::MlKem768, "ML_KEM_768"),
    (KeyKind::MlKem1024, "ML_KEM_1024"),
];

//! What DescribeKey and ListKeyRotations tell.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kms_core::{KekFault, KekInfo, Posture};

use super::api::{Metadata, Rotation};
use crate::cloud::CallFault;
use crate::provider::{KeyState, KeySummary};
use crate::uri::{AwsKey, KeyUri};

/// A key as AWS describes it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct KeyFacts {
    /// The key.
    pub key: AwsKey,
    /// `Enabled`, `Disabled`, `PendingDeletion`, `PendingImport`, `Unavailable` …
    pub state: String,
    /// `SYMMETRIC_DEFAULT`, `RSA_4096` …
    pub spec: String,
    /// `ENCRYPT_DECRYPT`, `SIGN_VERIFY` …
    pub usage: String,
    /// `AWS_KMS`, `EXTERNAL` (imported), `AWS_CLOUDHSM`, `EXTERNAL_KEY_STORE`.
    pub origin: String,
    /// The custom key store that it is in.
    pub custom_key_store: Option<String>,
    /// Whether the customer manages it, rather than an AWS service.
    pub is_customers: bool,
    /// Whether it is a multi-region key.
    pub is_multi_region: bool,
    /// The material that new wraps use, where AWS tells.
    pub current_material: Option<String>,
    /// When it was made.
    pub created: Option<SystemTime>,
    /// When it is to be deleted.
    pub deletion: Option<SystemTime>,
}

/// One rotation of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyRotation {
    /// The material that came with it, where AWS tells: what stands as version in envelopes.
    pub material: Option<String>,
    /// Whether new wraps use it, where AWS tells.
    pub is_current: Option<bool>,
    /// When it happened.
    pub at: Option<SystemTime>,
    /// `AUTOMATIC` or `ON_DEMAND`.
    pub kind: String,
}

impl KeyFacts {
    pub(super) fn of(metadata: Metadata) -> Result<Self, CallFault> {
        let Ok(KeyUri::AwsKms(key)) = KeyUri::parse(&format!("aws-kms://{}", metadata.arn)) else {
            return Err(CallFault::new(KekFault::BadReply));
        };
        Ok(Self {
            key,
            state: metadata.key_state.unwrap_or_default(),
            spec: metadata.key_spec.unwrap_or_default(),
            usage: metadata.key_usage.unwrap_or_default(),
            origin: metadata.origin.unwrap_or_default(),
            custom_key_store: metadata.custom_key_store_id,
            is_customers: metadata.key_manager.as_deref() != Some("AWS"),
            is_multi_region: metadata.multi_region.unwrap_or_default(),
            current_material: metadata.current_key_material_id,
            created: metadata.creation_date.and_then(time),
            deletion: metadata.deletion_date.and_then(time),
        })
    }

    /// The description, if the key is what the configuration takes it for. The version is told where wraps tell theirs.
    pub(super) fn info(&self, is_rsa: bool, is_versioned: bool) -> Result<KekInfo, CallFault> {
        let is_as_configured = self.usage == "ENCRYPT_DECRYPT" && self.is_rsa() == is_rsa;
        if !is_as_configured || !(self.is_rsa() || self.spec == SYMMETRIC) {
            return Err(CallFault::new(KekFault::Unsupported));
        }
        let algorithm = if is_rsa {
            format!("{} RSAES_OAEP_SHA_256", self.spec)
        } else {
            "AES-256-GCM".to_owned()
        };
        let posture = if is_rsa { Posture::Classical } else { Posture::Hedged };
        let version = self
            .current_material
            .clone()
            .filter(|_| is_versioned)
            .map(String::into_bytes);
        let domain = format!("aws-kms:{}:{}", self.key.partition(), self.key.account());
        let mut info = KekInfo::new(algorithm, version, self.protection(), posture, domain);
        info.region = Some(self.key.region().to_owned());
        Ok(info)
    }

    pub(super) fn summary(&self) -> KeySummary {
        let uri = KeyUri::AwsKms(self.key.clone());
        KeySummary::new(uri, self.key_state(), self.created)
    }

    /// Why it cannot be used, if it cannot.
    pub(super) fn usable(&self) -> Result<(), KekFault> {
        match self.state.as_str() {
            "Enabled" => Ok(()),
            "Disabled" => Err(KekFault::Disabled),
            "PendingDeletion" | "PendingReplicaDeletion" => Err(KekFault::PendingDestruction),
            // Without material there is nothing to use.
            "PendingImport" => Err(KekFault::NotFound),
            _ => Err(KekFault::Unavailable),
        }
    }

    pub(super) fn is_pending_deletion(&self) -> bool {
        self.usable() == Err(KekFault::PendingDestruction)
    }

    pub(super) fn is_symmetric(&self) -> bool {
        self.spec == SYMMETRIC
    }

    fn is_rsa(&self) -> bool {
        self.spec.starts_with("RSA_")
    }

    fn key_state(&self) -> KeyState {
        match (self.usable(), self.deletion) {
            (Ok(()), _) => KeyState::Enabled,
            (Err(KekFault::PendingDestruction), due) => KeyState::PendingDestruction {
                due: due.unwrap_or(UNIX_EPOCH),
            },
            _ => KeyState::Disabled,
        }
    }

    fn protection(&self) -> &'static str {
        match self.origin.as_str() {
            "EXTERNAL" => "hsm, imported material",
            "AWS_CLOUDHSM" => "cloudhsm cluster",
            "EXTERNAL_KEY_STORE" => "external key store",
            _ => "hsm",
        }
    }
}

impl KeyRotation {
    pub(super) fn of(rotation: Rotation) -> Self {
        Self {
            material: rotation.key_material_id,
            is_current: rotation.key_material_state.map(|state| state == "CURRENT"),
            at: rotation.rotation_date.and_then(time),
            kind: rotation.rotation_type.unwrap_or_default(),
        }
    }
}

/// Seconds since 1970, as AWS JSON has them.
pub(super) fn time(seconds: f64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(seconds).ok()?)
}

const SYMMETRIC: &str = "SYMMETRIC_DEFAULT";

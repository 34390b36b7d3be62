//! `[provider.NAME]` with `kind = "gcp-kms"`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use kms_core::Kem;
use serde::Deserialize;

use crate::cloud::CallSettings;

/// Settings of Google Cloud KMS.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct GcpSettings {
    /// The project that keys are made in, and whose keys are served.
    pub project: String,
    /// The location that keys are made in, and whose keys are served: a region, a multi-region or `global`.
    pub location: String,
    /// The key ring that keys are made in; it is made with the first of them.
    #[serde(default = "key_ring")]
    pub key_ring: String,
    /// Further projects whose keys are served.
    #[serde(default)]
    pub projects: Vec<String>,
    /// Further locations whose keys are served.
    #[serde(default)]
    pub locations: Vec<String>,
    /// Another endpoint than `https://cloudkms.googleapis.com`. `{location}` in it stands for each key's own.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// What keys are, by resource name, where their names do not tell: all others are symmetric.
    #[serde(default)]
    pub keys: BTreeMap<String, KeyKind>,
    /// Where keys that are made here live.
    #[serde(default)]
    pub protection: Protection,
    /// The connection to the external key manager that keys are made at: `projects/…/ekmConnections/…`.
    #[serde(default)]
    pub ekm_connection: Option<String>,
    /// Days between automatic rotations of symmetric keys that are made here; none unless said.
    #[serde(default)]
    pub rotation_days: Option<u32>,
    /// Days between the order to destroy a version and its end, of keys that are made here: 1 to 120. Google fixes it
    /// when a key is made.
    #[serde(default = "destroy_days")]
    pub destroy_days: u32,
    /// Whose name requests are made in, where no file says it.
    #[serde(default)]
    pub identity: Identity,
    /// A credentials file, in place of those that Google's own tools look for.
    #[serde(default)]
    pub credentials_file: Option<PathBuf>,
    /// A service account to act as.
    #[serde(default)]
    pub impersonate: Option<Impersonate>,
    /// Sign tokens here with a service account's key, and do not exchange them for Google's.
    #[serde(default)]
    pub self_signed_jwt: bool,
    /// The metadata server, in place of `http://169.254.169.254`.
    #[serde(default)]
    pub metadata_endpoint: Option<String>,
    /// Where service accounts are impersonated, in place of `https://iamcredentials.googleapis.com`.
    #[serde(default)]
    pub iam_endpoint: Option<String>,
    /// Hosts beside Google's own (`*.googleapis.com`) that URLs of a credentials file may name: `HOST` or `HOST:PORT`.
    #[serde(default)]
    pub token_hosts: Vec<String>,
    /// The project whose quota is used, where it is not the key's.
    #[serde(default)]
    pub quota_project: Option<String>,
    /// Tell the data-key id as the reason of wraps and unwraps, so that it stands in Google's audit log.
    #[serde(default = "yes")]
    pub request_reason: bool,
    /// Times, attempts, concurrency, trusted certificates.
    #[serde(default)]
    pub calls: CallSettings,
}

/// Whose name requests are made in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Identity {
    /// As Google's own tools find it: `GOOGLE_APPLICATION_CREDENTIALS`, the file that gcloud keeps, the metadata server.
    #[default]
    ApplicationDefault,
    /// The machine's own, from the metadata server; no file is looked for.
    Metadata,
    /// Nobody's: for emulators, which are on this machine.
    Nobody,
}

/// A service account to act as.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Impersonate {
    /// Its address.
    pub service_account: String,
    /// The chain of accounts that leads to it.
    #[serde(default)]
    pub delegates: Vec<String>,
}

/// What a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum KeyKind {
    /// Symmetric (purpose ENCRYPT_DECRYPT).
    #[default]
    Symmetric,
    /// RSA-OAEP with SHA-256 (ASYMMETRIC_DECRYPT).
    Rsa,
    /// HMAC (MAC).
    Hmac,
    /// X-Wing (KEY_ENCAPSULATION).
    XWing,
    /// ML-KEM-768 (KEY_ENCAPSULATION).
    #[serde(rename = "ml-kem-768")]
    MlKem768,
    /// ML-KEM-1024 (KEY_ENCAPSULATION).
    #[serde(rename = "ml-kem-1024")]
    MlKem1024,
}

/// Where a key lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Protection {
    /// In Google's software.
    #[default]
    Software,
    /// In Google's HSMs.
    Hsm,
    /// At an external key manager, over the Internet.
    External,
    /// At an external key manager, over a private network.
    ExternalVpc,
}

impl KeyKind {
    /// All kinds.
    pub const ALL: [Self; 6] = [
        Self::Symmetric,
        Self::Rsa,
        Self::Hmac,
        Self::XWing,
        Self::MlKem768,
        Self::MlKem1024,
    ];

    /// The mechanism of a key pair.
    #[must_use]
    pub fn kem(self) -> Option<Kem> {
        match self {
            Self::XWing => Some(Kem::XWing),
            Self::MlKem768 => Some(Kem::MlKem768),
            Self::MlKem1024 => Some(Kem::MlKem1024),
            Self::Symmetric | Self::Rsa | Self::Hmac => None,
        }
    }

    /// What the id of a key that is made here ends in, so that its name tells what it is. Names have no capitals.
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Self::Symmetric => "",
            Self::Rsa => "-RSA",
            Self::Hmac => "-HMAC",
            Self::XWing => "-XWING",
            Self::MlKem768 => "-MLKEM768",
            Self::MlKem1024 => "-MLKEM1024",
        }
    }
}

impl Protection {
    /// As Google names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Software => "SOFTWARE",
            Self::Hsm => "HSM",
            Self::External => "EXTERNAL",
            Self::ExternalVpc => "EXTERNAL_VPC",
        }
    }

    pub(super) fn is_external(self) -> bool {
        matches!(self, Self::External | Self::ExternalVpc)
    }
}

impl GcpSettings {
    /// Settings for the keys of one project and location, everything else as the environment has it.
    #[must_use]
    pub fn of(project: impl Into<String>, location: impl Into<String>) -> Self {
        Self {
            project: project.into(),
            location: location.into(),
            key_ring: key_ring(),
            projects: Vec::new(),
            locations: Vec::new(),
            endpoint: None,
            keys: BTreeMap::new(),
            protection: Protection::default(),
            ekm_connection: None,
            rotation_days: None,
            destroy_days: destroy_days(),
            identity: Identity::default(),
            credentials_file: None,
            impersonate: None,
            self_signed_jwt: false,
            metadata_endpoint: None,
            iam_endpoint: None,
            token_hosts: Vec::new(),
            quota_project: None,
            request_reason: true,
            calls: CallSettings::default(),
        }
    }

    /// Every project whose keys are served.
    pub(super) fn all_projects(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.project).chain(&self.projects)
    }

    /// Every location whose keys are served.
    pub(super) fn all_locations(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.location).chain(&self.locations)
    }
}

fn key_ring() -> String {
    "keystrand".to_owned()
}

fn destroy_days() -> u32 {
    30
}

fn yes() -> bool {
    true
}

//! The settings of `kind = "aws-kms"`.

use std::path::PathBuf;

use serde::Deserialize;

use crate::cloud::CallSettings;

/// What `[provider.NAME]` says of AWS KMS.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AwsSettings {
    /// The region whose keys are served.
    pub region: String,
    /// Further regions where replicas of multi-region keys may answer when `region` does not, in this order.
    #[serde(default)]
    pub replica_regions: Vec<String>,
    /// Accounts whose keys are served; all that the credentials reach unless said.
    #[serde(default)]
    pub accounts: Vec<String>,
    /// The profile of the AWS configuration files that credentials come from.
    #[serde(default)]
    pub profile: Option<String>,
    /// A credentials file in place of the user's own (`~/.aws/credentials`).
    #[serde(default)]
    pub credentials_file: Option<PathBuf>,
    /// A role to assume with those credentials.
    #[serde(default)]
    pub assume_role: Option<AssumeRole>,
    /// Another endpoint than the region's own. With several regions, `{region}` in it stands for each.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// Use the endpoints whose cryptography is FIPS-validated.
    #[serde(default)]
    pub fips: bool,
    /// ARNs of the RSA keys among those that are used; all others are symmetric.
    #[serde(default)]
    pub rsa_keys: Vec<String>,
    /// What aliases of keys made here begin with, after `alias/`.
    #[serde(default = "alias_prefix")]
    pub alias_prefix: String,
    /// Grant tokens to send along: for the minutes until a new grant is known everywhere.
    #[serde(default)]
    pub grant_tokens: Vec<String>,
    /// Where W comes from.
    #[serde(default)]
    pub secret_source: SecretSource,
    /// Days between automatic rotations of keys that are made here, 90 to 2560; none unless said.
    #[serde(default)]
    pub rotation_days: Option<u32>,
    /// Whether keys that are made here are multi-region keys.
    #[serde(default)]
    pub multi_region: bool,
    /// The custom key store in which keys are made here.
    #[serde(default)]
    pub custom_key_store: Option<String>,
    /// Times, attempts, concurrency, trusted certificates.
    #[serde(default)]
    pub calls: CallSettings,
}

/// A role to assume.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AssumeRole {
    /// The role's ARN.
    pub arn: String,
    /// What the role's owner asks of third parties.
    pub external_id: Option<String>,
    /// How sessions are named in CloudTrail; `keystrand` unless said.
    pub session_name: Option<String>,
}

/// Where W, the 32 bytes that protect one recipient, comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SecretSource {
    /// GenerateDataKey: AWS makes it. One call, permission `kms:GenerateDataKey`.
    #[default]
    Provider,
    /// This machine makes it, and Encrypt protects it: permission `kms:Encrypt`.
    Local,
}

/// What a new key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum KeySpec {
    /// AES-256 in GCM.
    #[default]
    Symmetric,
    /// RSA of 2048 bits.
    Rsa2048,
    /// RSA of 3072 bits.
    Rsa3072,
    /// RSA of 4096 bits.
    Rsa4096,
}

impl KeySpec {
    /// As AWS names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Symmetric => "SYMMETRIC_DEFAULT",
            Self::Rsa2048 => "RSA_2048",
            Self::Rsa3072 => "RSA_3072",
            Self::Rsa4096 => "RSA_4096",
        }
    }
}

impl AwsSettings {
    /// Settings for the keys of one region, everything else as the environment has it.
    #[must_use]
    pub fn of_region(region: impl Into<String>) -> Self {
        Self {
            region: region.into(),
            replica_regions: Vec::new(),
            accounts: Vec::new(),
            profile: None,
            credentials_file: None,
            assume_role: None,
            endpoint: None,
            fips: false,
            rsa_keys: Vec::new(),
            alias_prefix: alias_prefix(),
            grant_tokens: Vec::new(),
            secret_source: SecretSource::default(),
            rotation_days: None,
            multi_region: false,
            custom_key_store: None,
            calls: CallSettings::default(),
        }
    }
}

fn alias_prefix() -> String {
    "keystrand/".to_owned()
}

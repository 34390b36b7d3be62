//! The settings of `kind = "azure-kv"`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::cloud::CallSettings;

/// What `[provider.NAME]` says of a vault or a managed HSM.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AzureSettings {
    /// The vault whose keys are served: `NAME.vault.azure.net`, `NAME.managedhsm.azure.net` …
    pub vault: String,
    /// Where the vault is. Azure does not tell, so residency rests on this.
    #[serde(default)]
    pub region: Option<String>,
    /// Further regions that hold the vault's keys and may answer: a paired region, or those a managed HSM is extended to.
    #[serde(default)]
    pub replica_regions: Vec<String>,
    /// Where to connect in place of `https://VAULT`. The vault's name goes along as `Host`, and keys keep it.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// For whom tokens are asked, such as `https://vault.azure.net`. Needed only where the vault's name does not tell.
    #[serde(default)]
    pub audience: Option<String>,
    /// How to prove who asks.
    #[serde(default)]
    pub credential: CredentialSettings,
    /// How keys wrap; unless said, RSA-OAEP-256 in a vault and A256GCM in a managed HSM.
    #[serde(default)]
    pub algorithm: Option<KeyAlgorithm>,
    /// Keys, by their names in Azure, that wrap otherwise.
    #[serde(default)]
    pub algorithms: BTreeMap<String, KeyAlgorithm>,
    /// Wrap here under the public key, where it is RSA: the secret is then never sent to Azure, only received from there.
    #[serde(default)]
    pub wrap_here: bool,
    /// Whether keys that are made here are to be in an HSM. In a managed HSM they always are.
    #[serde(default)]
    pub hsm: bool,
    /// The length of RSA keys that are made here: 2048, 3072 or 4096.
    #[serde(default = "rsa_bits")]
    pub rsa_bits: u32,
    /// Days after which Azure rotates keys that are made here; never unless said.
    #[serde(default)]
    pub rotation_days: Option<u32>,
    /// The key under which key material is brought here. It is made when it is first needed.
    #[serde(default = "exchange_key")]
    pub exchange_key: String,
    /// Times, attempts, concurrency, trusted certificates.
    #[serde(default)]
    pub calls: CallSettings,
}

/// How a key wraps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[non_exhaustive]
pub enum KeyAlgorithm {
    /// wrapKey under RSA (RFC 8017 7.1 with SHA-256).
    #[serde(rename = "RSA-OAEP-256")]
    RsaOaep256,
    /// wrapKey under AES (RFC 3394). Managed HSM only.
    #[serde(rename = "A256KW")]
    A256Kw,
    /// encrypt under AES in GCM, with what the envelope binds as additional data. Managed HSM only.
    #[serde(rename = "A256GCM")]
    A256Gcm,
}

/// `[provider.NAME.credential]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct CredentialSettings {
    /// Which proof.
    pub kind: CredentialKind,
    /// Who issues tokens, such as `https://login.microsoftonline.com`. Unless said, `AZURE_AUTHORITY_HOST`, or that of the
    /// vault's cloud.
    pub authority: Option<String>,
    /// The tenant, by id or domain. Unless said, `AZURE_TENANT_ID`, or that which the vault names.
    pub tenant: Option<String>,
    /// The application, or the user-assigned managed identity; `AZURE_CLIENT_ID` unless said.
    pub client_id: Option<String>,
    /// The resource id of a user-assigned managed identity, in place of `client_id`.
    pub resource_id: Option<String>,
    /// A file with the client secret; `AZURE_CLIENT_SECRET` unless said.
    pub secret_file: Option<PathBuf>,
    /// A PEM file with certificate and RSA key; `AZURE_CLIENT_CERTIFICATE_PATH` unless said.
    pub certificate_file: Option<PathBuf>,
    /// Send the certificates along, for applications that are registered by subject and issuer.
    pub send_certificates: bool,
    /// A file with a token of another issuer; `AZURE_FEDERATED_TOKEN_FILE` unless said. It is read each time.
    pub token_file: Option<PathBuf>,
    /// Where the metadata service of this machine is; `http://169.254.169.254` unless said.
    pub metadata_endpoint: Option<String>,
}

/// Which proof of identity is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CredentialKind {
    /// What the environment holds: client secret, certificate, federated token, else a managed identity.
    #[default]
    Environment,
    /// A client secret.
    ClientSecret,
    /// A certificate's RSA key.
    ClientCertificate,
    /// A token of another issuer (Kubernetes, GitHub, SPIFFE …) that the application trusts.
    WorkloadIdentity,
    /// The identity of this machine, app or function.
    ManagedIdentity,
}

impl KeyAlgorithm {
    /// As Azure names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RsaOaep256 => "RSA-OAEP-256",
            Self::A256Kw => "A256KW",
            Self::A256Gcm => "A256GCM",
        }
    }

    pub(super) fn is_rsa(self) -> bool {
        self == Self::RsaOaep256
    }

    /// The operations that a key needs for it, sealing first.
    pub(super) fn operations(self) -> [&'static str; 2] {
        match self {
            Self::RsaOaep256 | Self::A256Kw => ["wrapKey", "unwrapKey"],
            Self::A256Gcm => ["encrypt", "decrypt"],
        }
    }
}

impl AzureSettings {
    /// Settings for the keys of one vault, everything else as the environment has it.
    #[must_use]
    pub fn of_vault(vault: impl Into<String>) -> Self {
        Self {
            vault: vault.into(),
            region: None,
            replica_regions: Vec::new(),
            endpoint: None,
            audience: None,
            credential: CredentialSettings::default(),
            algorithm: None,
            algorithms: BTreeMap::new(),
            wrap_here: false,
            hsm: false,
            rsa_bits: rsa_bits(),
            rotation_days: None,
            exchange_key: exchange_key(),
            calls: CallSettings::default(),
        }
    }
}

fn rsa_bits() -> u32 {
    3072
}

fn exchange_key() -> String {
    "keystrand-exchange".to_owned()
}

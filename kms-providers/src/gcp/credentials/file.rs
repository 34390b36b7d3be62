//! Credentials files: what they say. Unknown members are left alone, because Google adds some.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use zeroize::Zeroizing;

use super::CredentialsFault;
use super::remote::secret;

/// A credentials file.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum CredentialsFile {
    ServiceAccount(ServiceAccount),
    AuthorizedUser(AuthorizedUser),
    ExternalAccount(ExternalAccount),
    ImpersonatedServiceAccount(ImpersonatedServiceAccount),
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
pub(super) struct ServiceAccount {
    pub(super) client_email: String,
    #[serde(default)]
    pub(super) private_key_id: String,
    #[serde(deserialize_with = "secret")]
    pub(super) private_key: Zeroizing<String>,
    #[serde(default = "token_uri")]
    pub(super) token_uri: String,
    quota_project_id: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct AuthorizedUser {
    pub(super) client_id: String,
    #[serde(deserialize_with = "secret")]
    pub(super) client_secret: Zeroizing<String>,
    #[serde(deserialize_with = "secret")]
    pub(super) refresh_token: Zeroizing<String>,
    #[serde(default = "token_uri")]
    pub(super) token_uri: String,
    quota_project_id: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ExternalAccount {
    pub(super) audience: String,
    pub(super) subject_token_type: String,
    pub(super) token_url: String,
    pub(super) credential_source: CredentialSource,
    pub(super) service_account_impersonation_url: Option<String>,
    pub(super) workforce_pool_user_project: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<String>,
    quota_project_id: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct CredentialSource {
    pub(super) file: Option<PathBuf>,
    pub(super) url: Option<String>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) format: Format,
}

/// In what form the subject token is found.
#[derive(Deserialize, Default)]
pub(super) struct Format {
    #[serde(default, rename = "type")]
    pub(super) kind: FormatKind,
    pub(super) subject_token_field_name: Option<String>,
}

#[derive(Deserialize, Default, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum FormatKind {
    #[default]
    Text,
    Json,
}

#[derive(Deserialize)]
pub(super) struct ImpersonatedServiceAccount {
    pub(super) service_account_impersonation_url: String,
    #[serde(default)]
    pub(super) delegates: Vec<String>,
    pub(super) source_credentials: Box<CredentialsFile>,
    quota_project_id: Option<String>,
}

impl CredentialsFile {
    /// Reads a file.
    ///
    /// # Errors
    /// [`CredentialsFault`]; nothing of the file is in it.
    pub(super) fn read(path: &Path) -> Result<Self, CredentialsFault> {
        let content = Zeroizing::new(fs::read(path).map_err(|_| CredentialsFault::Unreadable)?);
        Self::parse(&content)
    }

    pub(super) fn parse(content: &[u8]) -> Result<Self, CredentialsFault> {
        match serde_json::from_slice(content) {
            Ok(Self::Other) => Err(CredentialsFault::Kind),
            Ok(file) => Ok(file),
            Err(_) => Err(CredentialsFault::Form),
        }
    }

    /// The project whose quota is used.
    pub(super) fn quota_project(&self) -> Option<String> {
        match self {
            Self::ServiceAccount(file) => file.quota_project_id.clone(),
            Self::AuthorizedUser(file) => file.quota_project_id.clone(),
            Self::ExternalAccount(file) => file.quota_project_id.clone(),
            Self::ImpersonatedServiceAccount(file) => file.quota_project_id.clone(),
            Self::Other => None,
        }
    }
}

fn token_uri() -> String {
    "https://oauth2.googleapis.com/token".to_owned()
}

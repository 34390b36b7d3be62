//! The chain of credentials: environment, profiles, web identity, ECS, EC2, external processes; and a role on top.

use std::time::{Duration, SystemTime};

use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use kms_core::KekFault;
use tokio::sync::{Mutex, OnceCell};

use super::settings::AwsSettings;

/// Credentials, and where new ones come from.
pub(super) struct CredentialSource {
    settings: AwsSettings,
    /// Made at the first call, because making it asks the environment.
    chain: OnceCell<SharedCredentialsProvider>,
    kept: Mutex<Option<Credentials>>,
}

impl CredentialSource {
    pub(super) fn new(settings: &AwsSettings) -> Self {
        Self {
            settings: settings.clone(),
            chain: OnceCell::new(),
            kept: Mutex::default(),
        }
    }

    /// Credentials that are good for a while. With `afresh`, not those that were given last: they were refused.
    pub(super) async fn credentials(&self, afresh: bool) -> Result<Credentials, KekFault> {
        // Others wait here: one renewal is enough for all.
        let mut kept = self.kept.lock().await;
        if let Some(credentials) = kept.as_ref().filter(|kept| !afresh && is_good(kept)) {
            return Ok(credentials.clone());
        }
        let chain = self.chain.get_or_init(|| self.chain()).await;
        let asked = tokio::time::timeout(PATIENCE, chain.provide_credentials()).await;
        let credentials = asked
            .map_err(|_| KekFault::Timeout)?
            .map_err(|error| fault_of(&error))?;
        *kept = Some(credentials.clone());
        Ok(credentials)
    }

    async fn chain(&self) -> SharedCredentialsProvider {
        let region = Region::new(self.settings.region.clone());
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).region(region.clone());
        if let Some(profile) = &self.settings.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(file) = &self.settings.credentials_file {
            let files = EnvConfigFiles::builder().with_file(EnvConfigFileKind::Credentials, file);
            loader = loader.profile_files(files.build());
        }
        let config = loader.load().await;
        let base = config.credentials_provider();
        let Some(role) = &self.settings.assume_role else {
            return base.unwrap_or_else(|| SharedCredentialsProvider::new(Nobody));
        };
        let session = role.session_name.as_deref().unwrap_or("keystrand");
        let mut assumed = AssumeRoleProvider::builder(&role.arn)
            .session_name(session)
            .region(region)
            .configure(&config);
        if let Some(id) = &role.external_id {
            assumed = assumed.external_id(id);
        }
        SharedCredentialsProvider::new(assumed.build().await)
    }
}

fn is_good(credentials: &Credentials) -> bool {
    let soon = SystemTime::now() + RENEW_BEFORE;
    credentials.expiry().is_none_or(|expiry| expiry > soon)
}

fn fault_of(error: &CredentialsError) -> KekFault {
    match error {
        CredentialsError::ProviderTimedOut(_) => KekFault::Timeout,
        _ => KekFault::Denied,
    }
}

/// No source of credentials at all.
#[derive(Debug)]
struct Nobody;

impl ProvideCredentials for Nobody {
    fn provide_credentials<'a>(&'a self) -> aws_credential_types::provider::future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let none = CredentialsError::not_loaded("no source of credentials");
        aws_credential_types::provider::future::ProvideCredentials::ready(Err(none))
    }
}

const PATIENCE: Duration = Duration::from_secs(10);
/// AWS hands out new ones some minutes before the old ones expire.
const RENEW_BEFORE: Duration = Duration::from_secs(60);

//! What callers open.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use kms_core::crypto::CryptoBackend;
use kms_core::{Kek, KekError, KekFault, KekOperation};

use super::api::{Bundle, Deleted, Item, Page};
use super::client::{Client, Done};
use super::facts::{KeyFacts, Told};
use super::identity::{IdentityFault, Tokens, identity};
use super::kek::AzureKek;
use super::listing;
use super::place::{Place, PlaceFault};
use super::settings::{AzureSettings, KeyAlgorithm};
use crate::cloud::{CallFault, Endpoint, EndpointFault, ask};
use crate::config::{ConfigError, ProviderConfig};
use crate::provider::{KeyImport, KeyLifecycle, KeySummary, Provider, Reach};
use crate::uri::{AzureKey, KeyUri, UriScheme};

/// Keys of one vault or managed HSM.
///
/// ```
/// use kms_providers::azure::{AzureProvider, AzureSettings};
/// use kms_providers::{KeyUri, Provider};
///
/// let mut settings = AzureSettings::of_vault("acme.vault.azure.net");
/// settings.region = Some("westeurope".into());
/// let provider = AzureProvider::new(settings, Default::default())?;
/// let key: KeyUri = "azure-kv://acme.vault.azure.net/keys/payments".parse()?;
/// assert!(provider.serves(&key));
/// assert!(!provider.serves(&"azure-kv://evil.vault.azure.net/keys/payments".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct AzureProvider(pub(super) Arc<Service>);

/// The provider cannot be set up as configured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AzureError {
    /// A setting is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The vault is none.
    #[error("`vault` is the host of a vault or managed HSM, such as acme.vault.azure.net")]
    Vault,
    /// The audience is none.
    #[error("`audience` is https:// and the domain that tokens are for, such as https://vault.azure.net")]
    Audience,
    /// A region's name cannot be one.
    #[error("`region` and `replica_regions` are names of Azure regions, such as westeurope, each once")]
    Region,
    /// A length of RSA keys that Azure does not have.
    #[error("`rsa_bits` is 2048, 3072 or 4096")]
    RsaBits,
    /// The name of the key for imports cannot be one.
    #[error("`exchange_key` is a name of 1 to 127 letters, digits and dashes")]
    ExchangeKey,
    /// The endpoint cannot be used.
    #[error("`endpoint`: {0}")]
    Endpoint(#[from] EndpointFault),
    /// The credential cannot be used.
    #[error("`credential`: {0}")]
    Credential(#[from] IdentityFault),
    /// Connections cannot be made as configured.
    #[error("`calls`: {0}")]
    Connection(String),
}

/// The vault as configured: shared by the provider, its keys and the calls that are under way.
pub(super) struct Service {
    pub(super) settings: AzureSettings,
    pub(super) backend: CryptoBackend,
    pub(super) client: Client,
    pub(super) told: Told,
}

impl AzureProvider {
    /// The provider that the configuration describes.
    ///
    /// # Errors
    /// [`AzureError`] names the setting that is wrong. Nothing is asked of Azure yet.
    pub fn configured(config: &ProviderConfig, backend: CryptoBackend) -> Result<Self, AzureError> {
        let mut settings: AzureSettings = config.settings()?;
        let credential = &mut settings.credential;
        let files = [
            &mut credential.secret_file,
            &mut credential.certificate_file,
            &mut credential.token_file,
        ];
        for file in files.into_iter().chain([&mut settings.calls.ca_file]) {
            *file = file.take().map(|file| config.path(&file));
        }
        Self::new(settings, backend)
    }

    /// A provider with these settings; what they leave open of the credential, the environment (`AZURE_…`) says.
    ///
    /// # Errors
    /// [`AzureError`] names the setting that is wrong. Nothing is asked of Azure yet.
    pub fn new(settings: AzureSettings, backend: CryptoBackend) -> Result<Self, AzureError> {
        check(&settings)?;
        let place = Place::new(&settings.vault, settings.audience.as_deref()).map_err(|fault| match fault {
            PlaceFault::Vault => AzureError::Vault,
            PlaceFault::Audience => AzureError::Audience,
        })?;
        let endpoint = match &settings.endpoint {
            Some(endpoint) => Endpoint::parse(endpoint)?,
            None => Endpoint::parse(&format!("https://{}", settings.vault))?,
        };
        let environment = |name: &str| std::env::var(name).ok();
        let identity = identity(&settings.credential, place.authority(), &settings.calls, &environment)?;
        let client = Client::new(place, endpoint, Tokens::new(identity), &settings.calls)?;
        Ok(Self(Arc::new(Service {
            client,
            settings,
            backend,
            told: Told::default(),
        })))
    }

    /// What Azure tells of a key's current version, or of the one that the URI names.
    ///
    /// # Errors
    /// `Unsupported` for a key of another provider; what kept Azure from answering.
    pub async fn facts(&self, uri: &KeyUri) -> Result<KeyFacts, KekError> {
        let key = self.own(uri, KekOperation::Describe)?;
        let service = Arc::clone(&self.0);
        let facts = async move { service.facts(&key).await };
        self.ask(&uri.to_string(), KekOperation::Describe, facts).await
    }

    pub(super) async fn ask<T: Send + 'static>(
        &self,
        of: &str,
        operation: KekOperation,
        question: impl Future<Output = Result<T, CallFault>> + Send + 'static,
    ) -> Result<T, KekError> {
        ask(question).await.map_err(|fault| fault.of(of, operation))
    }

    /// The key of a URI that is for this provider.
    pub(super) fn own(&self, uri: &KeyUri, operation: KekOperation) -> Result<AzureKey, KekError> {
        match uri {
            KeyUri::AzureKv(key) if self.serves(uri) => Ok(key.clone()),
            _ => Err(KekError::new(uri.to_string(), operation, KekFault::Unsupported)),
        }
    }
}

fn check(settings: &AzureSettings) -> Result<(), AzureError> {
    let mut regions: Vec<_> = settings.region.iter().chain(&settings.replica_regions).collect();
    let is_region = |region: &&String| {
        matches!(region.len(), 1..=32) && region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    let count = regions.len();
    let are_regions = regions.iter().all(is_region);
    regions.sort_unstable();
    regions.dedup();
    if !are_regions || regions.len() != count || settings.region.is_none() && count > 0 {
        return Err(AzureError::Region);
    }
    if ![2048, 3072, 4096].contains(&settings.rsa_bits) {
        return Err(AzureError::RsaBits);
    }
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    if !matches!(settings.exchange_key.len(), 1..=127) || !settings.exchange_key.bytes().all(is_name) {
        return Err(AzureError::ExchangeKey);
    }
    Ok(())
}

#[async_trait]
impl Provider for AzureProvider {
    fn kind(&self) -> &str {
        UriScheme::AzureKv.name()
    }

    /// Keys of the configured vault. Whatever else a URI names is never asked for.
    fn serves(&self, uri: &KeyUri) -> bool {
        matches!(uri, KeyUri::AzureKv(key) if self.0.client.place.has(key))
    }

    fn kek(&self, uri: &KeyUri) -> Result<Arc<dyn Kek>, KekError> {
        let key = self.own(uri, KekOperation::Describe)?;
        Ok(Arc::new(AzureKek::new(Arc::clone(&self.0), key)))
    }

    fn regions(&self, uri: &KeyUri) -> Vec<String> {
        let settings = &self.0.settings;
        match self.serves(uri) {
            true => settings
                .region
                .iter()
                .chain(&settings.replica_regions)
                .cloned()
                .collect(),
            false => Vec::new(),
        }
    }

    async fn list(&self) -> Result<Vec<KeySummary>, KekError> {
        let service = Arc::clone(&self.0);
        let listed = async move { listing::list(&service).await };
        self.ask(self.kind(), KekOperation::Describe, listed).await
    }

    async fn probe(&self) -> Result<Option<Reach>, KekError> {
        let service = Arc::clone(&self.0);
        let probed = async move { service.probe().await };
        self.ask(self.kind(), KekOperation::Describe, probed).await.map(Some)
    }

    fn lifecycle(&self) -> Option<&dyn KeyLifecycle> {
        Some(self)
    }

    /// Where keys are AES keys: what is brought are 32 bytes. For RSA keys there is [`AzureProvider::import_rsa_key`].
    fn import(&self) -> Option<&dyn KeyImport> {
        self.0.has_aes_keys().then_some(self)
    }
}

impl Service {
    /// How keys of this name wrap.
    pub(super) fn algorithm(&self, name: &str) -> KeyAlgorithm {
        let mut named = self.settings.algorithms.iter();
        let named = named.find(|(known, _)| known.eq_ignore_ascii_case(name));
        named.map_or_else(|| self.usual_algorithm(), |(_, algorithm)| *algorithm)
    }

    fn usual_algorithm(&self) -> KeyAlgorithm {
        let of_vault = match self.client.place.is_managed_hsm() {
            true => KeyAlgorithm::A256Gcm,
            false => KeyAlgorithm::RsaOaep256,
        };
        self.settings.algorithm.unwrap_or(of_vault)
    }

    fn has_aes_keys(&self) -> bool {
        let mut others = self.settings.algorithms.values();
        !self.usual_algorithm().is_rsa() || others.any(|algorithm| !algorithm.is_rsa())
    }

    /// Who could be compelled or breached as one: all vaults of a tenant, as the vault itself names it.
    pub(super) async fn trust_domain(&self) -> String {
        let tenant = self.client.protocol.tenant().await;
        let place = &self.client.place;
        let owner = tenant.or_else(|| self.settings.credential.tenant.clone());
        let owner = owner.map_or_else(|| place.vault.clone(), |tenant| tenant.to_ascii_lowercase());
        format!("azure-kv:{}:{owner}", place.cloud())
    }

    /// As Azure tells now.
    pub(super) async fn facts(&self, key: &AzureKey) -> Result<KeyFacts, CallFault> {
        let told = self.client.read::<Bundle>("GetKey", &path(key)).await;
        let Done { reply, request_id, .. } = match told {
            Ok(done) => done,
            Err(fault) => return Err(self.state_fault(key, fault).await),
        };
        let facts = KeyFacts::of(reply, &self.client.place).map_err(|kind| CallFault { kind, request_id })?;
        match is_same(key, &facts.key) {
            true => Ok(facts),
            false => Err(CallFault::new(KekFault::BadReply)),
        }
    }

    /// As Azure told within the last minute.
    pub(super) async fn recent(&self, key: &AzureKey) -> Result<Arc<KeyFacts>, CallFault> {
        if let Some(told) = self.told.fresh(key) {
            return Ok(told);
        }
        let facts = Arc::new(self.facts(key).await?);
        self.told.keep(key, Arc::clone(&facts));
        Ok(facts)
    }

    /// A key that is not found may be one that waits for its deletion.
    pub(super) async fn state_fault(&self, key: &AzureKey, fault: CallFault) -> CallFault {
        if fault.kind != KekFault::NotFound {
            return fault;
        }
        match self.deleted(key).await {
            Ok(_) => CallFault {
                kind: KekFault::PendingDestruction,
                ..fault
            },
            Err(_) => fault,
        }
    }

    pub(super) async fn deleted(&self, key: &AzureKey) -> Result<Deleted, CallFault> {
        let path = format!("/deletedkeys/{}", key.name());
        Ok(self.client.read("GetDeletedKey", &path).await?.reply)
    }

    async fn probe(&self) -> Result<Reach, CallFault> {
        // With a connection and a token at hand, so that what is measured is the vault.
        let path = "/keys?maxresults=1";
        self.client.read::<Page<Item>>("GetKeys", path).await?;
        let started = Instant::now();
        let done = self.client.read::<Page<Item>>("GetKeys", path).await?;
        Ok(Reach {
            took: started.elapsed(),
            clock_ahead: self.client.ahead(),
            key_exchange: done.key_exchange,
        })
    }
}

/// Where a key, or a version of it, is in the vault.
pub(super) fn path(key: &AzureKey) -> String {
    match key.version() {
        Some(version) => format!("/keys/{}/{version}", key.name()),
        None => format!("/keys/{}", key.name()),
    }
}

/// Whether `answered` is the key that was asked for and, where one was named, the version.
pub(super) fn is_same(asked: &AzureKey, answered: &AzureKey) -> bool {
    asked.name().eq_ignore_ascii_case(answered.name())
        && answered.version().is_some()
        && asked
            .version()
            .is_none_or(|version| answered.version() == Some(version))
}

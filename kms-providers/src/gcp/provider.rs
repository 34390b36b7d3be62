//! What callers open.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use futures::future::join_all;
use kms_core::crypto::CryptoBackend;
use kms_core::{HpkeKek, Kek, KekError, KekFault, KekOperation};

use super::api::{Anything, CryptoKey, Named};
use super::client::{Call, Client, Done};
use super::credentials::{Credentials, CredentialsFault};
use super::facts::KeyFacts;
use super::kek::GcpKek;
use super::kem::{GcpPair, PublicKeys};
use super::keys::{Primaries, current};
use super::mac::HmacKek;
use super::names;
use super::rsa::RsaKek;
use super::settings::{GcpSettings, KeyKind};
use crate::cloud::{CallFault, Endpoint, EndpointFault, ask};
use crate::config::{ConfigError, ProviderConfig};
use crate::provider::{KemKeys, KeyImport, KeyLifecycle, KeySummary, Provider, Reach};
use crate::uri::{GcpKey, KeyUri, UriScheme};

/// Keys of Google Cloud KMS.
///
/// ```
/// use kms_providers::gcp::{GcpProvider, GcpSettings, Identity};
/// use kms_providers::{KeyUri, Provider};
///
/// let provider = GcpProvider::new(GcpSettings::of("acme", "europe-west1"), Default::default())?;
/// let key: KeyUri = "gcp-kms://projects/acme/locations/europe-west1/keyRings/main/cryptoKeys/payments".parse()?;
/// assert!(provider.serves(&key));
/// assert!(!provider.serves(&key.to_string().replace("europe-west1", "us-east1").parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct GcpProvider(pub(super) Arc<Service>);

/// The provider cannot be set up as configured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GcpError {
    /// A setting is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Project, location or key ring cannot be one.
    #[error("`project`, `location` and `key_ring` make no name of a key; neither may `projects` and `locations`")]
    Place,
    /// A name in `keys` is no key.
    #[error(
        "`keys`: the names are projects/P/locations/L/keyRings/R/cryptoKeys/K of the projects and locations served"
    )]
    Keys,
    /// Keys at an external key manager need to know where it is.
    #[error("`ekm_connection` is projects/P/locations/L/ekmConnections/C, for `protection = \"external-vpc\"` alone")]
    Connections,
    /// The window is none that Google has.
    #[error("`destroy_days` is 1 to 120, `rotation_days` 1 to 36500")]
    Days,
    /// The endpoint cannot be used.
    #[error("`endpoint`: {0}")]
    Endpoint(#[from] EndpointFault),
    /// Connections cannot be made as configured.
    #[error("`calls`: {0}")]
    Connection(String),
    /// The credentials cannot be used.
    #[error("credentials: {0}")]
    Credentials(#[from] CredentialsFault),
}

/// The service as configured: shared by the provider, its keys and the calls that are under way.
pub(super) struct Service {
    pub(super) settings: GcpSettings,
    pub(super) backend: CryptoBackend,
    pub(super) public_keys: PublicKeys,
    pub(super) primaries: Primaries,
    /// By location; where the endpoint is the same for all, they are one.
    clients: BTreeMap<String, Arc<Client>>,
}

impl GcpProvider {
    /// The provider that the configuration describes.
    ///
    /// # Errors
    /// [`GcpError`] names the setting that is wrong. Nothing is asked of Google yet.
    pub fn configured(config: &ProviderConfig, backend: CryptoBackend) -> Result<Self, GcpError> {
        let mut settings: GcpSettings = config.settings()?;
        settings.calls.ca_file = settings.calls.ca_file.map(|file| config.path(&file));
        settings.credentials_file = settings.credentials_file.map(|file| config.path(&file));
        Self::new(settings, backend)
    }

    /// A provider with these settings.
    ///
    /// # Errors
    /// [`GcpError`] names the setting that is wrong. Nothing is asked of Google yet.
    pub fn new(settings: GcpSettings, backend: CryptoBackend) -> Result<Self, GcpError> {
        check(&settings)?;
        let endpoints = endpoints(&settings)?;
        let is_on_this_machine = endpoints.values().all(|endpoint| !endpoint.is_tls());
        let credentials = Arc::new(Credentials::configured(&settings, is_on_this_machine)?);
        let mut made: Vec<(Endpoint, Arc<Client>)> = Vec::new();
        let mut clients = BTreeMap::new();
        for (location, endpoint) in endpoints {
            let known = made.iter().find(|(known, _)| *known == endpoint);
            let client = match known {
                Some((_, client)) => Arc::clone(client),
                None => Arc::new(Client::new(
                    endpoint.clone(),
                    Arc::clone(&credentials),
                    &settings.calls,
                )?),
            };
            made.push((endpoint, Arc::clone(&client)));
            clients.insert(location, client);
        }
        Ok(Self(Arc::new(Service {
            settings,
            backend,
            public_keys: PublicKeys::default(),
            primaries: Primaries::default(),
            clients,
        })))
    }

    /// What Google tells of a key.
    ///
    /// # Errors
    /// `Unsupported` for a key of another provider; what kept Google from answering.
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
    pub(super) fn own(&self, uri: &KeyUri, operation: KekOperation) -> Result<GcpKey, KekError> {
        match uri {
            KeyUri::GcpKms(key) if self.serves(uri) => Ok(key.clone()),
            _ => Err(KekError::new(uri.to_string(), operation, KekFault::Unsupported)),
        }
    }
}

#[async_trait]
impl Provider for GcpProvider {
    fn kind(&self) -> &str {
        UriScheme::GcpKms.name()
    }

    /// Keys of the configured projects and locations. Whatever else a name says is never asked for, and none names an
    /// endpoint.
    fn serves(&self, uri: &KeyUri) -> bool {
        matches!(uri, KeyUri::GcpKms(key) if self.0.serves(key))
    }

    fn kek(&self, uri: &KeyUri) -> Result<Arc<dyn Kek>, KekError> {
        let key = self.own(uri, KekOperation::Describe)?;
        let service = Arc::clone(&self.0);
        Ok(match names::kind(&self.0.settings, &key) {
            KeyKind::Symmetric => Arc::new(GcpKek::new(service, key)),
            KeyKind::Rsa => Arc::new(RsaKek::new(service, key)),
            KeyKind::Hmac => Arc::new(HmacKek::new(service, key)),
            kind => {
                let backend = self.0.backend.clone();
                let kem = kind
                    .kem()
                    .ok_or_else(|| KekError::new(uri.to_string(), KekOperation::Describe, KekFault::Unsupported))?;
                Arc::new(HpkeKek::new(backend, Arc::new(GcpPair::new(service, key, kind, kem))))
            }
        })
    }

    async fn list(&self) -> Result<Vec<KeySummary>, KekError> {
        let service = Arc::clone(&self.0);
        let listed = async move { service.list().await };
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

    fn kem_keys(&self) -> Option<&dyn KemKeys> {
        Some(self)
    }

    fn import(&self) -> Option<&dyn KeyImport> {
        Some(self)
    }
}

impl Service {
    /// KMS where a key is.
    pub(super) fn at(&self, key: &GcpKey) -> Result<&Client, CallFault> {
        self.at_location(key.location())
    }

    /// KMS where keys are made.
    pub(super) fn home(&self) -> Result<&Client, CallFault> {
        self.at_location(&self.settings.location)
    }

    /// KMS where `projects/P/locations/L/…` is.
    pub(super) fn at_resource(&self, resource: &str) -> Result<&Client, CallFault> {
        self.at_location(resource.split('/').nth(3).unwrap_or_default())
    }

    fn at_location(&self, location: &str) -> Result<&Client, CallFault> {
        let client = self.clients.get(location);
        client
            .map(Arc::as_ref)
            .ok_or_else(|| CallFault::new(KekFault::Unsupported))
    }

    pub(super) fn serves(&self, key: &GcpKey) -> bool {
        let is_ours = |project: &String| project == key.project();
        self.settings.all_projects().any(is_ours) && self.clients.contains_key(key.location())
    }

    /// What Google tells of a key; its primary version is the one that wraps for a while.
    pub(super) async fn facts(&self, key: &GcpKey) -> Result<KeyFacts, CallFault> {
        let name = key.with_version(None).resource_name();
        let done: Done<CryptoKey> = self.at(key)?.fetch(&Call::get("GetCryptoKey", &name)).await?;
        let facts = KeyFacts::of(done.reply)?;
        if facts.key != key.with_version(None) {
            return Err(CallFault::new(KekFault::BadReply));
        }
        if let Some(primary) = &facts.primary {
            self.primaries.told(&facts.key, primary.number);
        }
        Ok(facts)
    }

    /// The keys of every ring of the configured places. Places that may not be looked into are somebody else's.
    pub(super) async fn list(&self) -> Result<Vec<KeySummary>, CallFault> {
        let keys = self.all_facts().await?;
        let mut listed = Vec::with_capacity(keys.len());
        for some in keys.chunks(AT_ONCE) {
            for summary in join_all(some.iter().map(|facts| self.summary(facts))).await {
                listed.extend(summary?);
            }
        }
        listed.sort_by(|one, other| one.uri.cmp(&other.uri));
        Ok(listed)
    }

    /// All keys that can be used here.
    pub(super) async fn all_facts(&self) -> Result<Vec<KeyFacts>, CallFault> {
        let mut found = Vec::new();
        for project in self.settings.all_projects() {
            for (location, client) in &self.clients {
                let rings = format!("projects/{project}/locations/{location}/keyRings");
                let rings: Vec<Named> = permitted(client.list("ListKeyRings", &rings, "").await)?;
                for ring in rings {
                    if !names::is_of(&self.settings, &ring.name, "keyRings") {
                        return Err(CallFault::new(KekFault::BadReply));
                    }
                    let keys = format!("{}/cryptoKeys", ring.name);
                    for key in permitted(client.list::<CryptoKey>("ListCryptoKeys", &keys, "").await)? {
                        let facts = KeyFacts::of(key)?;
                        found.extend(facts.kind().is_some().then_some(facts));
                    }
                }
            }
        }
        Ok(found)
    }

    async fn summary(&self, facts: &KeyFacts) -> Result<Option<KeySummary>, CallFault> {
        let versions = permitted(self.versions(&facts.key).await)?;
        let Some(current) = current(facts, &versions) else {
            return Ok(None);
        };
        let mut summary = KeySummary::new(KeyUri::GcpKms(facts.key.clone()), current.key_state(), facts.created);
        summary.name = names::name(&self.settings, &facts.key);
        summary.kem = facts.kind().and_then(KeyKind::kem);
        let told = versions
            .iter()
            .map(|version| version.summary(version.number == current.number));
        summary.versions = told.collect();
        Ok(Some(summary))
    }

    async fn probe(&self) -> Result<Reach, CallFault> {
        let started = Instant::now();
        let place = names::location(&self.settings);
        let home = self.home()?;
        let done: Done<Anything> = home.fetch(&Call::get("GetLocation", &place)).await?;
        Ok(Reach {
            took: started.elapsed(),
            clock_ahead: home.ahead(),
            key_exchange: done.key_exchange,
        })
    }
}

/// What may not be listed is somebody else's.
pub(super) fn permitted<T>(listed: Result<Vec<T>, CallFault>) -> Result<Vec<T>, CallFault> {
    match listed {
        Err(fault) if matches!(fault.kind, KekFault::Denied | KekFault::NotFound) => Ok(Vec::new()),
        listed => listed,
    }
}

fn check(settings: &GcpSettings) -> Result<(), GcpError> {
    for project in settings.all_projects() {
        for location in settings.all_locations() {
            let probe = format!(
                "projects/{project}/locations/{location}/keyRings/{}/cryptoKeys/k",
                settings.key_ring
            );
            names::parse(&probe).ok_or(GcpError::Place)?;
        }
    }
    for name in settings.keys.keys() {
        let key = names::parse(name)
            .filter(|key| key.version().is_none())
            .ok_or(GcpError::Keys)?;
        let is_served = settings.all_projects().any(|project| project == key.project())
            && settings.all_locations().any(|location| location == key.location());
        if !is_served {
            return Err(GcpError::Keys);
        }
    }
    let is_vpc = settings.protection == super::settings::Protection::ExternalVpc;
    let is_fitting = match &settings.ekm_connection {
        Some(connection) => is_vpc && names::is_of(settings, connection, "ekmConnections"),
        None => !is_vpc,
    };
    if !is_fitting {
        return Err(GcpError::Connections);
    }
    let days = settings.rotation_days.unwrap_or(1);
    match (1..=120).contains(&settings.destroy_days) && (1..=36_500).contains(&days) {
        true => Ok(()),
        false => Err(GcpError::Days),
    }
}

/// The endpoint of each location.
fn endpoints(settings: &GcpSettings) -> Result<BTreeMap<String, Endpoint>, EndpointFault> {
    let form = settings.endpoint.as_deref().unwrap_or(ENDPOINT);
    let of = |location: &String| {
        let endpoint = Endpoint::parse(&form.replace("{location}", location))?;
        Ok((location.clone(), endpoint))
    };
    settings.all_locations().map(of).collect()
}

const ENDPOINT: &str = "https://cloudkms.googleapis.com";
const AT_ONCE: usize = 16;

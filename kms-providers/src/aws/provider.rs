//! What callers open.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use futures::future::join_all;
use kms_core::crypto::CryptoBackend;
use kms_core::{Binding, Kek, KekError, KekFault, KekOperation, Posture, WrappedKey};

use super::api::{Action, DescribeKey, ListAliases, ListKeys};
use super::client::{Client, Done};
use super::credentials::CredentialSource;
use super::kek::{self, AwsKek};
use super::metadata::KeyFacts;
use super::nitro::{Attestation, AttestedSecret};
use super::region;
use super::rsa::PublicKeys;
use super::settings::AwsSettings;
use crate::cloud::{CallFault, Endpoint, EndpointFault, ask};
use crate::config::{ConfigError, ProviderConfig};
use crate::provider::{KeyImport, KeyLifecycle, KeySummary, Provider, Reach};
use crate::uri::{AwsKey, KeyName, KeyUri, UriScheme};

/// Keys of AWS KMS.
///
/// ```
/// use kms_providers::aws::{AwsProvider, AwsSettings};
/// use kms_providers::{KeyUri, Provider};
///
/// let provider = AwsProvider::new(AwsSettings::of_region("eu-west-1"), Default::default())?;
/// let key: KeyUri = "aws-kms://arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab".parse()?;
/// assert!(provider.serves(&key));
/// assert!(!provider.serves(&key.to_string().replace("eu-west-1", "us-east-1").parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct AwsProvider(pub(super) Arc<Service>);

/// The provider cannot be set up as configured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AwsError {
    /// A setting is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A region's name cannot be one.
    #[error("`region` and `replica_regions` are names of AWS regions, such as eu-west-1, each once")]
    Region,
    /// The endpoint cannot be used.
    #[error("`endpoint`: {0}")]
    Endpoint(#[from] EndpointFault),
    /// Connections cannot be made as configured.
    #[error("`calls`: {0}")]
    Connection(String),
}

/// What a test call found.
pub type Probe = Reach;

/// The service as configured: shared by the provider, its keys and the calls that are under way.
pub(super) struct Service {
    pub(super) settings: AwsSettings,
    pub(super) backend: CryptoBackend,
    pub(super) public_keys: PublicKeys,
    attestation: Option<Arc<dyn Attestation>>,
    /// The home region first.
    clients: Vec<Client>,
}

impl AwsProvider {
    /// The provider that the configuration describes.
    ///
    /// # Errors
    /// [`AwsError`] names the setting that is wrong. Nothing is asked of AWS yet.
    pub fn configured(config: &ProviderConfig, backend: CryptoBackend) -> Result<Self, AwsError> {
        let mut settings: AwsSettings = config.settings()?;
        settings.calls.ca_file = settings.calls.ca_file.map(|file| config.path(&file));
        settings.credentials_file = settings.credentials_file.map(|file| config.path(&file));
        Self::new(settings, backend)
    }

    /// A provider with these settings.
    ///
    /// # Errors
    /// [`AwsError`] names the setting that is wrong. Nothing is asked of AWS yet.
    pub fn new(settings: AwsSettings, backend: CryptoBackend) -> Result<Self, AwsError> {
        Self::build(settings, backend, None)
    }

    /// A provider to which W is sent so that only this enclave can read it. A reply that shows W breaks the protocol.
    ///
    /// # Errors
    /// As [`AwsProvider::new`].
    pub fn attested(
        settings: AwsSettings,
        backend: CryptoBackend,
        attestation: Arc<dyn Attestation>,
    ) -> Result<Self, AwsError> {
        Self::build(settings, backend, Some(attestation))
    }

    fn build(
        settings: AwsSettings,
        backend: CryptoBackend,
        attestation: Option<Arc<dyn Attestation>>,
    ) -> Result<Self, AwsError> {
        let mut regions = vec![&settings.region];
        regions.extend(&settings.replica_regions);
        let is_twice = regions
            .iter()
            .enumerate()
            .any(|(n, region)| regions[..n].contains(region));
        if is_twice || !regions.iter().all(|region| region::is_region(region)) {
            return Err(AwsError::Region);
        }
        let credentials = Arc::new(CredentialSource::new(&settings));
        let client = |region: &&String| {
            let endpoint = match &settings.endpoint {
                Some(endpoint) => Endpoint::parse(&endpoint.replace("{region}", region))?,
                None => region::endpoint(region, settings.fips)?,
            };
            Client::new(region, endpoint, Arc::clone(&credentials), &settings.calls)
        };
        let clients = regions.iter().map(client).collect::<Result<_, _>>()?;
        Ok(Self(Arc::new(Service {
            clients,
            settings,
            backend,
            public_keys: PublicKeys::default(),
            attestation,
        })))
    }

    /// The key that an alias (`alias/NAME`, or its ARN) stands for now. Keys are stored by ARN: an alias that is moved
    /// later moves nothing that was sealed before.
    ///
    /// # Errors
    /// `NotFound`, or what kept AWS from answering.
    pub async fn resolve_alias(&self, alias: &str) -> Result<KeyUri, KekError> {
        let (service, name) = (Arc::clone(&self.0), alias.to_owned());
        let found = async move { service.facts(&name).await };
        let facts = self.ask(alias, KekOperation::Describe, found).await?;
        Ok(KeyUri::AwsKms(facts.key))
    }

    /// What AWS tells of a key.
    ///
    /// # Errors
    /// `Unsupported` for a key of another provider; what kept AWS from answering.
    pub async fn facts(&self, uri: &KeyUri) -> Result<KeyFacts, KekError> {
        let key = self.own(uri, KekOperation::Describe)?;
        let service = Arc::clone(&self.0);
        let facts = async move { service.describe(&key).await };
        self.ask(&uri.to_string(), KekOperation::Describe, facts).await
    }

    /// Moves a wrapped key under its key's current material; W does not come here. Key, level and context stay, because
    /// the envelope's seal is made with W and all of these. `Unsupported` for RSA keys.
    ///
    /// # Errors
    /// As unwrapping.
    pub async fn re_encrypt(
        &self,
        uri: &KeyUri,
        wrapped: &WrappedKey,
        binding: &Binding<'_>,
    ) -> Result<WrappedKey, KekError> {
        let key = self.own(uri, KekOperation::Wrap)?;
        let text = uri.to_string();
        if self.0.is_rsa(&key) {
            return Err(KekError::new(text, KekOperation::Wrap, KekFault::Unsupported));
        }
        let (service, wrapped) = (Arc::clone(&self.0), wrapped.clone());
        let context = kek::context(binding, binding.exposed);
        let moved = async move { kek::re_encrypt(&service, &key, &wrapped, &context).await };
        self.ask(&text, KekOperation::Wrap, moved).await
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
    pub(super) fn own(&self, uri: &KeyUri, operation: KekOperation) -> Result<AwsKey, KekError> {
        match uri {
            KeyUri::AwsKms(key) if self.serves(uri) => Ok(key.clone()),
            _ => Err(KekError::new(uri.to_string(), operation, KekFault::Unsupported)),
        }
    }
}

#[async_trait]
impl Provider for AwsProvider {
    fn kind(&self) -> &str {
        UriScheme::AwsKms.name()
    }

    /// Keys of the configured region, and multi-region keys of the configured further ones; of the configured accounts,
    /// where some are. Whatever else an ARN names is never asked for, and no ARN names an endpoint.
    fn serves(&self, uri: &KeyUri) -> bool {
        matches!(uri, KeyUri::AwsKms(key) if self.0.serves(key))
    }

    fn kek(&self, uri: &KeyUri) -> Result<Arc<dyn Kek>, KekError> {
        let key = self.own(uri, KekOperation::Describe)?;
        Ok(Arc::new(AwsKek::new(Arc::clone(&self.0), key)))
    }

    fn regions(&self, uri: &KeyUri) -> Vec<String> {
        match uri {
            KeyUri::AwsKms(key) => self
                .0
                .places(key)
                .iter()
                .map(|(client, _)| client.region.clone())
                .collect(),
            _ => Vec::new(),
        }
    }

    async fn list(&self) -> Result<Vec<KeySummary>, KekError> {
        let service = Arc::clone(&self.0);
        let listed = async move { service.list().await };
        self.ask(self.kind(), KekOperation::Describe, listed).await
    }

    /// Keys that AWS does not rotate have no rotations to list.
    async fn rotated(&self, uri: &KeyUri) -> Result<Option<SystemTime>, KekError> {
        match self.rotations(uri).await {
            Ok(rotations) => Ok(rotations.into_iter().filter_map(|rotation| rotation.at).max()),
            Err(error) if error.kind.is_unavailable() => Err(error),
            Err(_) => Ok(None),
        }
    }

    async fn probe(&self) -> Result<Option<Reach>, KekError> {
        let service = Arc::clone(&self.0);
        let probed = async move { service.probe().await };
        self.ask(self.kind(), KekOperation::Describe, probed).await.map(Some)
    }

    fn lifecycle(&self) -> Option<&dyn KeyLifecycle> {
        Some(self)
    }

    #[cfg(feature = "esdk")]
    fn message_keys(&self) -> Option<&dyn crate::provider::MessageKeys> {
        Some(self)
    }

    fn import(&self) -> Option<&dyn KeyImport> {
        Some(self)
    }
}

#[cfg(feature = "esdk")]
impl crate::provider::MessageKeys for AwsProvider {
    /// `Unsupported` for RSA keys: their data keys are `aws-kms-rsa`, another kind.
    fn message_key(&self, uri: &KeyUri) -> Result<Arc<dyn kms_core::esdk::Keyring>, KekError> {
        let key = self.own(uri, KekOperation::Describe)?;
        if self.0.is_rsa(&key) {
            return Err(KekError::new(
                uri.to_string(),
                KekOperation::Describe,
                KekFault::Unsupported,
            ));
        }
        let key = super::message::MessageKey::new(Arc::clone(&self.0), key);
        Ok(Arc::new(kms_core::esdk::KmsKeyring::new(key)))
    }
}

impl Service {
    /// KMS of the home region: where keys are made and changed.
    pub(super) fn home(&self) -> &Client {
        &self.clients[0]
    }

    pub(super) fn is_rsa(&self, key: &AwsKey) -> bool {
        self.settings.rsa_keys.contains(&key.arn())
    }

    pub(super) async fn attested(&self) -> Result<Option<AttestedSecret>, CallFault> {
        match &self.attestation {
            Some(attestation) => Ok(Some(AttestedSecret::ask(Arc::clone(attestation)).await?)),
            None => Ok(None),
        }
    }

    fn serves(&self, key: &AwsKey) -> bool {
        let is_ours = |region: &str| key.region() == region;
        let is_here = is_ours(&self.settings.region)
            || is_multi_region(key) && self.settings.replica_regions.iter().any(|region| is_ours(region));
        let accounts = &self.settings.accounts;
        is_here && (accounts.is_empty() || accounts.iter().any(|account| account == key.account()))
    }

    /// Where a key may be asked for, and its ARN there: its own region first; a multi-region key then elsewhere too.
    fn places(&self, key: &AwsKey) -> Vec<(&Client, String)> {
        let (own, others): (Vec<_>, Vec<_>) = self.clients.iter().partition(|client| client.region == key.region());
        let others = others.into_iter().filter(|_| is_multi_region(key));
        let places = own.into_iter().chain(others);
        places
            .map(|client| (client, key.in_region(&client.region).arn()))
            .collect()
    }

    /// The posture of a key, by the weakest of the connections over which its secrets may go.
    pub(super) fn carried(&self, key: &AwsKey, posture: Posture) -> Posture {
        let places = self.places(key).into_iter();
        places
            .map(|(client, _)| client.carried(posture))
            .min()
            .unwrap_or(posture)
    }

    /// Whether one of the regions of a key has answered yet.
    pub(super) fn is_met(&self, key: &AwsKey) -> bool {
        self.places(key).iter().any(|(client, _)| client.is_met())
    }

    pub(super) fn key_exchange(&self, key: &AwsKey) -> Option<String> {
        let places = self.places(key);
        let weakest = places.iter().min_by_key(|(client, _)| client.carried(Posture::Hedged));
        weakest.and_then(|(client, _)| client.key_exchange())
    }

    /// Asks at the key's region and, where that is not to be had, at those of its replicas. `answered` is the key that a
    /// reply names: any other than the one that was asked for breaks the contract.
    pub(super) async fn at_a_region<A: Action>(
        &self,
        key: &AwsKey,
        request: impl Fn(String) -> A + Send,
        answered: fn(&A::Reply) -> &String,
    ) -> Result<Done<A::Reply>, CallFault> {
        let mut failed = CallFault::new(KekFault::Unsupported);
        for (client, arn) in self.places(key) {
            let action = request(arn.clone());
            match client.call(&action).await {
                Ok(done) if *answered(&done.reply) == arn => return Ok(done),
                Ok(Done { request_id, .. }) => {
                    return Err(CallFault {
                        kind: KekFault::BadReply,
                        request_id,
                    });
                }
                Err(fault) if fault.kind.is_unavailable() => failed = fault,
                // One exception stands for several states of a key.
                Err(fault) if fault.kind == KekFault::PendingDestruction => {
                    return Err(self.state_fault(client, &arn, fault).await);
                }
                Err(fault) => return Err(fault),
            }
        }
        Err(failed)
    }

    async fn state_fault(&self, client: &Client, arn: &str, fault: CallFault) -> CallFault {
        match self.facts_at(client, arn).await.map(|facts| facts.usable()) {
            Ok(Err(kind)) => CallFault { kind, ..fault },
            _ => fault,
        }
    }

    pub(super) async fn describe(&self, key: &AwsKey) -> Result<KeyFacts, CallFault> {
        let request = |key_id| DescribeKey {
            key_id,
            grant_tokens: &self.settings.grant_tokens,
        };
        let done = self.at_a_region(key, request, |reply| &reply.key_metadata.arn).await?;
        KeyFacts::of(done.reply.key_metadata)
    }

    /// By ARN, key id or alias, at the home region.
    pub(super) async fn facts(&self, id: &str) -> Result<KeyFacts, CallFault> {
        self.facts_at(self.home(), id).await
    }

    async fn facts_at(&self, client: &Client, id: &str) -> Result<KeyFacts, CallFault> {
        let request = DescribeKey {
            key_id: id.to_owned(),
            grant_tokens: &self.settings.grant_tokens,
        };
        KeyFacts::of(client.call(&request).await?.reply.key_metadata)
    }

    /// The customer's keys of the home region. Those that may not be described are somebody else's.
    async fn list(&self) -> Result<Vec<KeySummary>, CallFault> {
        let arns = self.key_arns().await?;
        let names = self.names().await?;
        let mut keys = Vec::new();
        for facts in self.facts_of_all(&arns).await {
            match facts {
                Ok(facts) if facts.is_customers && facts.usage == "ENCRYPT_DECRYPT" => {
                    let mut summary = facts.summary();
                    let name = names.iter().find(|(id, _)| id == facts.key.key_id());
                    summary.name = name.map(|(_, name)| name.clone());
                    keys.push(summary);
                }
                Ok(_) => {}
                Err(fault) if matches!(fault.kind, KekFault::Denied | KekFault::NotFound) => {}
                Err(fault) => return Err(fault),
            }
        }
        keys.sort_by(|one, other| one.uri.cmp(&other.uri));
        Ok(keys)
    }

    async fn facts_of_all(&self, arns: &[String]) -> Vec<Result<KeyFacts, CallFault>> {
        let mut all = Vec::with_capacity(arns.len());
        for some in arns.chunks(DESCRIBED_AT_ONCE) {
            all.extend(join_all(some.iter().map(|arn| self.facts(arn))).await);
        }
        all
    }

    async fn key_arns(&self) -> Result<Vec<String>, CallFault> {
        let (mut arns, mut marker) = (Vec::new(), None);
        for _ in 0..PAGES {
            let page = self.home().call(&ListKeys { limit: PAGE, marker }).await?.reply;
            arns.extend(page.keys.into_iter().map(|key| key.key_arn));
            if !page.truncated {
                return Ok(arns);
            }
            marker = page.next_marker;
        }
        Err(CallFault::new(KekFault::BadReply))
    }

    /// Key ids and the names that their aliases give them here.
    async fn names(&self) -> Result<Vec<(String, KeyName)>, CallFault> {
        let (mut names, mut marker) = (Vec::new(), None);
        for _ in 0..PAGES {
            let page = self.home().call(&ListAliases { limit: 100, marker }).await?.reply;
            names.extend(page.aliases.into_iter().filter_map(|alias| {
                let name = self.name_of(&alias.alias_name)?;
                Some((alias.target_key_id?, name))
            }));
            if !page.truncated {
                return Ok(names);
            }
            marker = page.next_marker;
        }
        Err(CallFault::new(KekFault::BadReply))
    }

    /// The alias of a name. Aliases have no dots, names no slashes.
    pub(super) fn alias(&self, name: &KeyName) -> String {
        format!(
            "alias/{}{}",
            self.settings.alias_prefix,
            name.as_str().replace('.', "/")
        )
    }

    fn name_of(&self, alias: &str) -> Option<KeyName> {
        let name = alias
            .strip_prefix("alias/")?
            .strip_prefix(&self.settings.alias_prefix)?;
        KeyName::parse(&name.replace('/', ".")).ok()
    }

    async fn probe(&self) -> Result<Reach, CallFault> {
        let started = Instant::now();
        let listed = self.home().call(&ListKeys { limit: 1, marker: None }).await;
        let took = started.elapsed();
        let reach = |key_exchange| Reach {
            took,
            clock_ahead: self.home().ahead(),
            key_exchange,
        };
        match listed {
            Ok(Done { key_exchange, .. }) => Ok(reach(key_exchange)),
            Err(fault) => Err(fault),
        }
    }
}

fn is_multi_region(key: &AwsKey) -> bool {
    key.key_id().starts_with("mrk-")
}

/// How long a listing may become before it is taken for one that never ends.
const PAGES: usize = 1_000;
const PAGE: u32 = 1_000;
const DESCRIBED_AT_ONCE: usize = 16;

/// How long a change may take to show everywhere.
pub(super) const SETTLES: Duration = Duration::from_secs(30);

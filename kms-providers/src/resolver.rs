//! From names and URIs to keys.
//!
//! Two questions that look alike are kept apart. [`Resolver::logical`] and [`Resolver::kek`] answer the operator, who
//! may name any key of a configured provider. [`Resolver::keyring`] answers an envelope, which may only select among
//! the keys that are configured: nothing that an envelope says makes this software talk to a key it was not told of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use kms_core::crypto::CryptoBackend;
use kms_core::{
    Asking, Header, HpkeKek, HybridKek, Kek, KekError, Keyring, Kind, OpeningOrder, Recipient, RecipientId, Sealer,
};

use crate::config::{Config, ConfiguredKey, LogicalKey, Member, OpenConfig, PolicyConfig, Recipients, Residency};
use crate::exposing::Exposing;
use crate::pinned::Pinned;
use crate::provider::{KeySummary, Provider};
use crate::resident::{Place, resident};
use crate::uri::{KeyName, KeyUri, NamedKey, Thumbprint, UriError, UriScheme};

/// Configured keys and the providers that serve them.
#[derive(Clone)]
pub struct Resolver {
    providers: BTreeMap<KeyName, Arc<dyn Provider>>,
    keys: BTreeMap<KeyName, LogicalKey>,
    policy: PolicyConfig,
    open: OpenConfig,
    /// Each configured key, without version.
    configured: BTreeMap<KeyUri, Configured>,
    /// KEKs that the caller holds itself, by their URI: passphrases, key files, private keys.
    supplied: BTreeMap<String, Arc<dyn Kek>>,
    /// Public keys of the configuration, by their URI.
    public: BTreeMap<String, Arc<dyn Kek>>,
    /// What the public keys of key pairs may be.
    pins: BTreeMap<KeyUri, Vec<Thumbprint>>,
    backend: CryptoBackend,
}

/// What the configuration says of one KEK.
#[derive(Clone)]
struct Configured {
    provider: KeyName,
    /// Context pairs that its provider is shown, and the logical key that says so.
    expose: Vec<String>,
    named: KeyName,
    /// Where each logical key that has it lets it live.
    residencies: Vec<Residency>,
}

/// A name or URI leads to no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// It is neither a configured name nor a key URI.
    #[error("no key named `{name}` is configured; `kmsctl key list` shows the keys there are")]
    UnknownName {
        /// The name.
        name: KeyName,
    },
    /// It is neither a name nor a key URI.
    #[error(transparent)]
    Uri(#[from] UriError),
    /// A provider stands in the configuration and was not opened.
    #[error("the provider `{name}` is configured but not open; this program cannot use its kind")]
    NotOpen {
        /// The provider.
        name: KeyName,
    },
    /// No provider is for this key.
    #[error("{uri}: no configured provider serves this key; add [provider.NAME] to the configuration")]
    NotServed {
        /// The key.
        uri: KeyUri,
    },
    /// Several providers are for this key.
    #[error("{uri}: `{one}` and `{other}` both serve this key; write {{ uri = …, provider = … }} in [key.NAME]")]
    Ambiguous {
        /// The key.
        uri: KeyUri,
        /// A provider.
        one: KeyName,
        /// Another provider.
        other: KeyName,
    },
    /// Two logical keys share a KEK and show its provider different pairs: an envelope could not tell which.
    #[error("{uri}: [key.{one}] and [key.{other}] share this key; give them the same `expose`")]
    Exposure {
        /// The key.
        uri: KeyUri,
        /// A logical key.
        one: KeyName,
        /// Another logical key.
        other: KeyName,
    },
    /// The caller holds this KEK, and did not supply it.
    #[error("{uri}: this passphrase, key file or public key was not given")]
    NotSupplied {
        /// The key.
        uri: KeyUri,
    },
    /// A symmetric key stands where a key pair has to.
    #[error("{uri}: this is no key pair; `kmsctl key create --kem x-wing` makes one")]
    NotAKeyPair {
        /// The key.
        uri: KeyUri,
    },
    /// The two keys make no hybrid.
    #[error("{} and {} make no hybrid: it is a KEK or a P-256 key, and a post-quantum key pair", halves[0], halves[1])]
    Hybrid {
        /// The classical half and the post-quantum half.
        halves: Box<[KeyUri; 2]>,
    },
    /// A key may not live where it lives.
    #[error("{uri}: this key is in {}, which the key's residency does not allow", region.as_deref().unwrap_or("no known region"))]
    Residency {
        /// The key.
        uri: KeyUri,
        /// Where it lives, where the provider tells.
        region: Option<String>,
    },
    /// A provider refuses.
    #[error(transparent)]
    Kek(#[from] KekError),
}

impl Resolver {
    /// A resolver over the configuration and its providers, each under its configured name.
    ///
    /// # Errors
    /// [`ResolveError::NotOpen`] for a provider that a key needs and that was not given;
    /// [`ResolveError::NotServed`] and [`ResolveError::Ambiguous`] for keys that not exactly one of them serves.
    pub fn new(
        config: &Config,
        providers: impl IntoIterator<Item = (KeyName, Arc<dyn Provider>)>,
    ) -> Result<Self, ResolveError> {
        let mut resolver = Self {
            providers: providers.into_iter().collect(),
            keys: config.keys.clone(),
            policy: config.policy.clone(),
            open: config.open.clone(),
            configured: BTreeMap::new(),
            supplied: BTreeMap::new(),
            public: BTreeMap::new(),
            pins: BTreeMap::new(),
            backend: CryptoBackend::default(),
        };
        for key in config.keys.values().flat_map(|key| key.recipients.members().keys()) {
            resolver.learn(key);
        }
        for (name, key) in &config.keys {
            for (uri, provider) in key.recipients.members().served() {
                if uri.scheme().is_supplied_by_caller() {
                    continue;
                }
                let served_by = match provider {
                    Some(name) => name.clone(),
                    None => resolver.server(uri)?.0.clone(),
                };
                if !resolver.providers.contains_key(&served_by) {
                    return Err(ResolveError::NotOpen { name: served_by });
                }
                resolver.check_regions(uri, &served_by, key)?;
                resolver.configure(uri, served_by, name, key)?;
            }
        }
        Ok(resolver)
    }

    /// Where replicas of a key may answer for it, its residency has to allow them too: failing over is no way out.
    fn check_regions(&self, uri: &KeyUri, provider: &KeyName, key: &LogicalKey) -> Result<(), ResolveError> {
        let Some(provider) = self.providers.get(provider) else {
            return Ok(());
        };
        let outside = provider
            .regions(uri)
            .into_iter()
            .find(|region| !key.residency.permits(region));
        match outside {
            Some(region) => Err(ResolveError::Residency {
                uri: uri.clone(),
                region: Some(region),
            }),
            None => Ok(()),
        }
    }

    fn configure(
        &mut self,
        uri: &KeyUri,
        provider: KeyName,
        name: &KeyName,
        key: &LogicalKey,
    ) -> Result<(), ResolveError> {
        let uri = uri.without_version();
        let mut expose = key.expose.clone();
        expose.sort();
        if let Some(earlier) = self.configured.get(&uri).filter(|earlier| earlier.expose != expose) {
            return Err(ResolveError::Exposure {
                uri,
                one: earlier.named.clone(),
                other: name.clone(),
            });
        }
        let configured = self.configured.entry(uri).or_insert(Configured {
            provider,
            expose,
            named: name.clone(),
            residencies: Vec::new(),
        });
        configured.residencies.push(key.residency.clone());
        Ok(())
    }

    /// Notes a public key that stands in the configuration, and what it pins.
    fn learn(&mut self, key: &ConfiguredKey) {
        if let Some(public) = &key.public {
            let kek = Arc::new(HpkeKek::public(self.backend.clone(), public.clone()));
            self.public.insert(key.uri.to_string(), kek);
        }
        if !key.thumbprints.is_empty() {
            let pins = self.pins.entry(key.uri.without_version()).or_default();
            pins.extend(key.thumbprints.iter().cloned());
        }
    }

    /// Uses these primitives for public keys and hybrids.
    #[must_use]
    pub fn backend(mut self, backend: CryptoBackend) -> Self {
        self.backend = backend;
        self
    }

    /// Adds a KEK that the caller holds itself.
    #[must_use]
    pub fn with_kek(mut self, kek: Arc<dyn Kek>) -> Self {
        self.supplied.insert(kek.uri().to_owned(), kek);
        self
    }

    /// The logical keys of the configuration.
    pub fn keys(&self) -> impl Iterator<Item = (&KeyName, &LogicalKey)> {
        self.keys.iter()
    }

    /// The open providers.
    pub fn providers(&self) -> impl Iterator<Item = (&KeyName, &Arc<dyn Provider>)> {
        self.providers.iter()
    }

    /// What the operator means: a logical key of the configuration, a key URI, or the name of a key in the embedded
    /// keystore.
    ///
    /// # Errors
    /// [`ResolveError::UnknownName`], or what is wrong with the URI.
    pub fn logical(&self, name_or_uri: &str) -> Result<LogicalKey, ResolveError> {
        let Ok(name) = KeyName::parse(name_or_uri) else {
            return Ok(LogicalKey::of_uri(KeyUri::parse(name_or_uri)?));
        };
        if let Some(key) = self.keys.get(&name) {
            return Ok(key.clone());
        }
        let local = KeyUri::Local(NamedKey::new(name.clone(), None));
        if !self
            .providers
            .values()
            .any(|provider| provider.owns_its_keys() && provider.serves(&local))
        {
            return Err(ResolveError::UnknownName { name });
        }
        let mut key = LogicalKey::of_uri(local);
        key.name = Some(name);
        Ok(key)
    }

    /// The KEK of a URI that the operator or the configuration names. A version in it is the one that wraps.
    ///
    /// # Errors
    /// [`ResolveError::NotServed`], [`ResolveError::Ambiguous`], [`ResolveError::NotSupplied`], or the provider's.
    pub fn kek(&self, uri: &KeyUri) -> Result<Arc<dyn Kek>, ResolveError> {
        let text = uri.to_string();
        if let Some(kek) = self.supplied.get(&text).or_else(|| self.public.get(&text)) {
            return Ok(Arc::clone(kek));
        }
        if uri.scheme().is_supplied_by_caller() {
            return Err(ResolveError::NotSupplied { uri: uri.clone() });
        }
        let provider = self.provider(uri)?;
        Ok(self.bound(uri, &**provider, provider.kek(uri)?))
    }

    /// `kek` as the configuration wants it: pinned, in its place, showing what it is to show.
    fn bound(&self, uri: &KeyUri, provider: &dyn Provider, kek: Arc<dyn Kek>) -> Arc<dyn Kek> {
        self.exposing(uri, self.resident(uri, provider, self.pinned(uri, kek)))
    }

    /// The KEK, held to the residency of the policy and of every logical key that has it: an envelope does not tell
    /// which of them it is of.
    fn resident(&self, uri: &KeyUri, provider: &dyn Provider, kek: Arc<dyn Kek>) -> Arc<dyn Kek> {
        let configured = self.configured.get(&uri.without_version());
        let of_keys = configured.into_iter().flat_map(|configured| &configured.residencies);
        let residencies = of_keys.chain([&self.policy.residency]).cloned().collect();
        let mut place = Place::new(residencies, &provider.regions(uri));
        match place.is_fine() {
            true => kek,
            false => resident(&self.backend, kek, place),
        }
    }

    /// The KEK of a configured recipient: of a hybrid, of both halves.
    ///
    /// # Errors
    /// As [`Resolver::kek`]; [`ResolveError::NotAKeyPair`], [`ResolveError::Hybrid`].
    pub fn member(&self, member: &Member) -> Result<Arc<dyn Kek>, ResolveError> {
        let key = self.kek(&member.key.uri)?;
        if !member.key.thumbprints.is_empty() && key.kem().is_none() {
            let uri = member.key.uri.clone();
            return Err(ResolveError::NotAKeyPair { uri });
        }
        let Some(half) = &member.pq else { return Ok(key) };
        let pq = self.kek(&half.uri)?;
        let Some(pair) = pq.kem() else {
            let uri = half.uri.clone();
            return Err(ResolveError::NotAKeyPair { uri });
        };
        let hybrid = HybridKek::new(self.backend.clone(), key, Arc::clone(pair));
        let hybrid = hybrid.map_err(|_| ResolveError::Hybrid {
            halves: Box::new([member.key.uri.clone(), half.uri.clone()]),
        })?;
        Ok(Arc::new(hybrid))
    }

    /// The KEK, showing its provider the pairs that the configuration names.
    fn exposing(&self, uri: &KeyUri, kek: Arc<dyn Kek>) -> Arc<dyn Kek> {
        match self.configured.get(&uri.without_version()) {
            Some(Configured { expose, .. }) if !expose.is_empty() => Arc::new(Exposing {
                kek,
                names: expose.clone(),
            }),
            _ => kek,
        }
    }

    /// `kek`, believed only with a public key that the configuration pins, if it pins any for this key.
    fn pinned(&self, uri: &KeyUri, kek: Arc<dyn Kek>) -> Arc<dyn Kek> {
        match (self.pins.get(&uri.without_version()), kek.kem()) {
            (Some(thumbprints), Some(key)) => {
                let key = Arc::clone(key);
                let thumbprints = thumbprints.clone();
                Arc::new(HpkeKek::new(
                    self.backend.clone(),
                    Arc::new(Pinned { key, thumbprints }),
                ))
            }
            _ => kek,
        }
    }

    /// The provider that serves a URI.
    ///
    /// # Errors
    /// [`ResolveError::NotServed`], [`ResolveError::Ambiguous`].
    pub fn provider(&self, uri: &KeyUri) -> Result<&Arc<dyn Provider>, ResolveError> {
        let configured = self.configured.get(&uri.without_version());
        match configured.and_then(|key| self.providers.get(&key.provider)) {
            Some(provider) => Ok(provider),
            None => Ok(self.server(uri)?.1),
        }
    }

    /// The recipients of a logical key.
    ///
    /// # Errors
    /// As [`Resolver::kek`], for any of them.
    pub fn recipients(&self, key: &LogicalKey) -> Result<Vec<Recipient>, ResolveError> {
        let members = key.recipients.members().iter();
        let keks: Vec<_> = members.map(|member| self.member(member)).collect::<Result<_, _>>()?;
        Ok(match key.recipients {
            Recipients::Any(_) => keks.into_iter().map(Recipient::single).collect(),
            Recipients::Quorum { k, .. } => vec![Recipient::quorum(k, keks)],
        })
    }

    /// A sealer of what the logical key asks for: recipients, suite, floor. Context and audit trail are the caller's;
    /// [`LogicalKey::context`] names the pairs that it has to bind.
    ///
    /// # Errors
    /// As [`Resolver::recipients`].
    pub fn sealer(&self, key: &LogicalKey, backend: CryptoBackend) -> Result<Sealer, ResolveError> {
        let suites = self.policy.suites.clone();
        let preferred = || suites.preferred(Kind::Message, SystemTime::now());
        let mut sealer = Sealer::new(backend)
            .floor(key.floor)
            .least_posture(self.policy.posture)
            .max_recipients(self.policy.max_recipients);
        if let Some(suite) = key.suite.or_else(preferred) {
            sealer = sealer.suite(suite);
        }
        sealer = sealer.suites(suites);
        if let Some(name) = &key.name {
            sealer = sealer.key_name(name.as_str());
        }
        if key.mixed_passphrase {
            sealer = sealer.allow_mixed_passphrase();
        }
        Ok(key.add_to(sealer, self.recipients(key)?))
    }

    /// The order in which openers ask, as `[open]` says; one for a process, which learns from what it measures.
    #[must_use]
    pub fn opening_order(&self) -> OpeningOrder {
        let served: BTreeMap<KeyUri, KeyName> = self
            .configured
            .iter()
            .map(|(uri, configured)| (uri.clone(), configured.provider.clone()))
            .collect();
        let costs = self.open.cost.clone();
        let order = OpeningOrder::new(move |text| {
            let Ok(uri) = KeyUri::parse(text) else {
                return asking(UriScheme::Local, None);
            };
            let provider = served.get(&uri.without_version());
            asking(uri.scheme(), provider.and_then(|name| costs.get(name)).copied())
        });
        self.hedged(order.by(self.open.order.iter().copied()))
    }

    #[cfg(feature = "cloud")]
    fn hedged(&self, order: OpeningOrder) -> OpeningOrder {
        match self.open.hedge_after {
            Some(after) => order.hedged(crate::cloud::timer(), after),
            None => order,
        }
    }

    /// Without clouds there is nobody who is slow, and no timer.
    #[cfg(not(feature = "cloud"))]
    #[expect(clippy::unused_self, reason = "as with clouds")]
    fn hedged(&self, order: OpeningOrder) -> OpeningOrder {
        order
    }

    /// Asks the providers of a logical key where its keys live, where the configuration restricts that and the URIs
    /// do not tell.
    ///
    /// # Errors
    /// [`ResolveError::Residency`] for a key outside, and for one of which nobody says where it is.
    pub async fn check_residency(&self, key: &LogicalKey) -> Result<(), ResolveError> {
        if key.residency.is_anywhere() {
            return Ok(());
        }
        for uri in key
            .uris()
            .filter(|uri| uri.region().is_none() && !uri.scheme().is_supplied_by_caller())
        {
            let region = self.kek(uri)?.describe().await?.region;
            if !region.as_deref().is_some_and(|region| key.residency.permits(region)) {
                return Err(ResolveError::Residency {
                    uri: uri.clone(),
                    region,
                });
            }
        }
        Ok(())
    }

    /// The keys that may open an envelope: those of its recipients that are configured, cheapest first. Where
    /// recipients are hidden, every configured key, because only trying their URIs tells.
    ///
    /// # Errors
    /// Where recipients are hidden and a provider that owns its keys does not list them.
    pub async fn keyring(&self, header: &Header) -> Result<Keyring, ResolveError> {
        let mut uris = BTreeSet::new();
        for id in header.recipient_ids() {
            match id {
                RecipientId::Kid(kid) => uris.extend(KeyUri::parse(kid).ok()),
                RecipientId::Hint(_) => {
                    uris.extend(self.all_configured().await?);
                    break;
                }
            }
        }
        let mut keks: Vec<_> = uris
            .iter()
            .filter_map(|uri| Some((cost(uri), self.selectable(uri)?)))
            .collect();
        let by_thumbprint = |id: &RecipientId| match id {
            RecipientId::Kid(kid) => kid.starts_with("hpke:"),
            RecipientId::Hint(_) => true,
        };
        if header.recipient_ids().any(by_thumbprint) {
            keks.extend(self.published().await?.into_iter().map(|kek| (0, kek)));
        }
        keks.sort_by_key(|(cost, _)| *cost);
        Ok(keks.into_iter().map(|(_, kek)| kek).collect())
    }

    /// Key pairs of this installation, and those of the configuration that are at other providers, each version by the
    /// thumbprint of its public key.
    ///
    /// # Errors
    /// When a provider does not list them. One that is away for the moment fails only where there is nothing else.
    pub async fn published(&self) -> Result<Vec<Arc<dyn Kek>>, ResolveError> {
        let (mut found, mut away) = (Vec::new(), None);
        for provider in self.providers.values().filter(|provider| provider.owns_its_keys()) {
            if let Some(pairs) = provider.kem_keys() {
                found.extend(pairs.published().await?);
            }
        }
        for (uri, configured) in &self.configured {
            let provider = self.providers.get(&configured.provider);
            let Some(provider) = provider.filter(|provider| !provider.owns_its_keys()) else {
                continue;
            };
            let is_pair = provider.kek(uri).is_ok_and(|kek| kek.kem().is_some());
            if let Some(pairs) = provider.kem_keys().filter(|_| is_pair) {
                match pairs.published_of(uri).await {
                    Ok(pairs) => found.extend(pairs),
                    Err(error) => away = Some(error),
                }
            }
        }
        match away.filter(|_| found.is_empty()) {
            Some(error) => Err(error.into()),
            None => Ok(found),
        }
    }

    /// The KEK that an envelope selects by this URI, if it is configured.
    fn selectable(&self, uri: &KeyUri) -> Option<Arc<dyn Kek>> {
        if let Some(kek) = self.supplied.get(&uri.to_string()) {
            return Some(Arc::clone(kek));
        }
        let key = uri.without_version();
        let provider = match self.configured.get(&key) {
            Some(configured) => self.providers.get(&configured.provider)?,
            None => {
                self.server(&key)
                    .ok()
                    .filter(|(_, provider)| provider.owns_its_keys())?
                    .1
            }
        };
        Some(self.bound(&key, &**provider, provider.kek(&key).ok()?))
    }

    async fn all_configured(&self) -> Result<Vec<KeyUri>, ResolveError> {
        let mut all: Vec<_> = self.configured.keys().cloned().collect();
        all.extend(self.supplied.keys().filter_map(|uri| KeyUri::parse(uri).ok()));
        for provider in self.providers.values().filter(|provider| provider.owns_its_keys()) {
            let keys = provider.list().await?.into_iter().filter(KeySummary::is_kek);
            all.extend(keys.map(|key| key.uri));
        }
        Ok(all)
    }

    /// The one provider that says that `uri` is for it.
    fn server(&self, uri: &KeyUri) -> Result<(&KeyName, &Arc<dyn Provider>), ResolveError> {
        let mut serving = self.providers.iter().filter(|(_, provider)| provider.serves(uri));
        let first = serving
            .next()
            .ok_or_else(|| ResolveError::NotServed { uri: uri.clone() })?;
        match serving.next() {
            None => Ok(first),
            Some((other, _)) => Err(ResolveError::Ambiguous {
                uri: uri.clone(),
                one: first.0.clone(),
                other: other.clone(),
            }),
        }
    }
}

/// What asking a key costs: nothing, a round trip in this building, one to a cloud, or a person's time.
fn cost(uri: &KeyUri) -> u8 {
    match uri.scheme() {
        UriScheme::Memory | UriScheme::Local | UriScheme::KeyFile | UriScheme::Hpke => 0,
        UriScheme::Pkcs11 | UriScheme::Kmip => 1,
        UriScheme::AwsKms | UriScheme::GcpKms | UriScheme::AzureKv => 2,
        UriScheme::Passphrase => 3,
    }
}

/// What asking a key of this kind means, before anything was measured. `cost` is what the configuration says.
fn asking(scheme: UriScheme, cost: Option<u32>) -> Asking {
    let (usual, typical) = match scheme {
        UriScheme::Memory | UriScheme::Local | UriScheme::KeyFile | UriScheme::Hpke => (0, Duration::ZERO),
        UriScheme::Pkcs11 | UriScheme::Kmip => (1, Duration::from_millis(2)),
        UriScheme::AwsKms | UriScheme::GcpKms | UriScheme::AzureKv => (1, Duration::from_millis(40)),
        UriScheme::Passphrase => (1, Duration::from_millis(100)),
    };
    Asking {
        cost: cost.unwrap_or(usual),
        typical,
        person: scheme == UriScheme::Passphrase,
        hedged: !typical.is_zero() && scheme != UriScheme::Passphrase,
    }
}

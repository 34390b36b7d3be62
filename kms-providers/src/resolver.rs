//! From names and URIs to keys.
//!
//! Two questions that look alike are kept apart. [`Resolver::logical`] and [`Resolver::kek`] answer the operator, who
//! may name any key of a configured provider. [`Resolver::keyring`] answers an envelope, which may only select among
//! the keys that are configured: nothing that an envelope says makes this software talk to a key it was not told of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use kms_core::crypto::CryptoBackend;
use kms_core::{
    Binding, Entry, Generated, Header, Kek, KekError, KekInfo, Keyring, Posture, Recipient, RecipientId, Scheme,
    Sealer, Unwrapped, WrappedKey,
};

use crate::config::{Config, LogicalKey, PolicyConfig, Recipients};
use crate::provider::Provider;
use crate::uri::{KeyName, KeyUri, NamedKey, UriError, UriScheme};

/// Configured keys and the providers that serve them.
#[derive(Clone)]
pub struct Resolver {
    providers: BTreeMap<KeyName, Arc<dyn Provider>>,
    keys: BTreeMap<KeyName, LogicalKey>,
    policy: PolicyConfig,
    /// Each configured key, without version.
    configured: BTreeMap<KeyUri, Configured>,
    /// KEKs that the caller holds itself, by their URI: passphrases, key files, public keys.
    supplied: BTreeMap<String, Arc<dyn Kek>>,
}

/// What the configuration says of one KEK.
#[derive(Clone)]
struct Configured {
    provider: KeyName,
    /// Context pairs that its provider is shown, and the logical key that says so.
    expose: Vec<String>,
    named: KeyName,
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
            configured: BTreeMap::new(),
            supplied: BTreeMap::new(),
        };
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
        let outside = provider.regions(uri).into_iter().find(|region| !key.residency.permits(region));
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
        let named = name.clone();
        self.configured.insert(uri, Configured { provider, expose, named });
        Ok(())
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
        if let Some(kek) = self.supplied.get(&uri.to_string()) {
            return Ok(Arc::clone(kek));
        }
        if uri.scheme().is_supplied_by_caller() {
            return Err(ResolveError::NotSupplied { uri: uri.clone() });
        }
        let kek = self.provider(uri)?.kek(uri)?;
        Ok(self.exposing(uri, kek))
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
        let keks: Vec<_> = key.uris().map(|uri| self.kek(uri)).collect::<Result<_, _>>()?;
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
        let mut sealer = Sealer::new(backend)
            .floor(key.floor)
            .max_recipients(self.policy.max_recipients);
        if let Some(suite) = key.suite {
            sealer = sealer.suite(suite);
        }
        if let Some(name) = &key.name {
            sealer = sealer.key_name(name.as_str());
        }
        if key.mixed_passphrase {
            sealer = sealer.allow_mixed_passphrase();
        }
        Ok(self.recipients(key)?.into_iter().fold(sealer, Sealer::add))
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
        for id in recipient_ids(header) {
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
        keks.sort_by_key(|(cost, _)| *cost);
        Ok(keks.into_iter().map(|(_, kek)| kek).collect())
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
        let kek = provider.kek(&key).ok()?;
        Some(self.exposing(&key, kek))
    }

    async fn all_configured(&self) -> Result<Vec<KeyUri>, ResolveError> {
        let mut all: Vec<_> = self.configured.keys().cloned().collect();
        all.extend(self.supplied.keys().filter_map(|uri| KeyUri::parse(uri).ok()));
        for provider in self.providers.values().filter(|provider| provider.owns_its_keys()) {
            all.extend(provider.list().await?.into_iter().map(|key| key.uri));
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

/// A KEK and the names that its logical key exposes.
struct Exposing {
    kek: Arc<dyn Kek>,
    names: Vec<String>,
}

#[async_trait]
impl Kek for Exposing {
    fn uri(&self) -> &str {
        self.kek.uri()
    }

    fn scheme(&self) -> Scheme {
        self.kek.scheme()
    }

    fn posture(&self) -> Posture {
        self.kek.posture()
    }

    fn exposes(&self) -> &[String] {
        &self.names
    }

    async fn generate(&self, binding: &Binding<'_>) -> Result<Generated, KekError> {
        self.kek.generate(binding).await
    }

    async fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Result<Unwrapped, KekError> {
        self.kek.unwrap(wrapped, binding).await
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        self.kek.describe().await
    }
}

/// The ids of all recipients of a header, members of quorums too.
fn recipient_ids(header: &Header) -> impl Iterator<Item = &RecipientId> {
    let singles = header.entries().iter().filter_map(|entry| match entry {
        Entry::Single(single) => Some(&single.id),
        _ => None,
    });
    singles.chain(header.shares().iter().flatten().map(|share| &share.recipient.id))
}

/// What asking a key costs: nothing, a round trip in this building, one to a cloud, or a tenth of a second.
fn cost(uri: &KeyUri) -> u8 {
    match uri.scheme() {
        UriScheme::Memory | UriScheme::Local | UriScheme::KeyFile | UriScheme::Hpke => 0,
        UriScheme::Pkcs11 | UriScheme::Kmip => 1,
        UriScheme::AwsKms | UriScheme::GcpKms | UriScheme::AzureKv => 2,
        UriScheme::Passphrase => 3,
    }
}

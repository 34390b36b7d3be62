//! An open home: configured keys, keystore and audit trail. Every command that uses a KEK begins with one.

mod audit;
mod providers;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use kms_core::audit::{Action, Attempt, AuditTrail, Details, KeyRef, Reason, Subject};
use kms_core::crypto::CryptoBackend;
use kms_core::{
    Error, Kek, KekError, KekOperation, Keyring, OpenPolicy, Opener, OpeningOrder, PolicyFault, Posture, esdk,
};
use kms_providers::config::{Config, LogicalKey};
use kms_providers::files::KeyIndex;
use kms_providers::grants::GrantError;
use kms_providers::uri::{KeyName, Label};
use kms_providers::{CloudRequest, KeySummary, KeyUri, Resolver, with_requests};

pub use audit::{open_at, open_log};
pub use providers::keystore_passphrase;

use crate::App;
use crate::args::RecipientSecrets;
use crate::asked::AskedPassphrase;
use crate::failure::{Failure, Result};
use crate::home::Home;

/// Errors of changes.
pub trait ChangeError {
    /// The failure of a provider, where it was one.
    fn of_provider(&self) -> Option<&KekError>;
}

impl ChangeError for KekError {
    fn of_provider(&self) -> Option<&KekError> {
        Some(self)
    }
}

impl ChangeError for GrantError {
    fn of_provider(&self) -> Option<&KekError> {
        match self {
            Self::Core(Error::Provider(error)) => Some(error),
            _ => None,
        }
    }
}

/// An open home.
pub struct Session {
    home: Home,
    config: Config,
    resolver: Resolver,
    asked: Vec<Arc<AskedPassphrase>>,
    supplied: Vec<Arc<dyn Kek>>,
    backend: CryptoBackend,
    trail: AuditTrail,
    order: Arc<OpeningOrder>,
}

impl Session {
    /// Opens the home: reads the configuration, asks for the passphrase where one is needed, opens the audit log.
    ///
    /// # Errors
    /// When any of these fails. Nothing is done with a key before the audit log is open.
    pub async fn open(app: &App) -> Result<Self> {
        let home = Home::locate(&app.globals)?;
        let config = home.load()?;
        let backend = CryptoBackend::default();
        let trail = audit::trail(&home, &config)?;
        let providers = providers::providers(app, &config, &backend, &trail).await?;
        let resolver = Resolver::new(&config, providers)?;
        Ok(Self {
            order: Arc::new(resolver.opening_order()),
            resolver,
            asked: Vec::new(),
            supplied: Vec::new(),
            home,
            config,
            backend,
            trail,
        })
    }

    /// The same session with the passphrases and key files that the command line names, and passphrases that are asked
    /// for when an envelope needs them: the unnamed one, and those that the configuration names.
    ///
    /// # Errors
    /// When a key file cannot be used.
    pub fn with_secrets(mut self, secrets: &RecipientSecrets) -> Result<Self> {
        let configured = self.config.keys.values().flat_map(LogicalKey::uris);
        let configured = configured.filter_map(|uri| match uri {
            KeyUri::Passphrase(label) => Some(label),
            _ => None,
        });
        let labels: BTreeSet<_> = configured
            .chain(secrets.passphrase_labels())
            .cloned()
            .chain([Label::default()])
            .collect();
        self.asked = labels.iter().map(|label| Arc::new(secrets.passphrase(label))).collect();
        for kek in secrets.key_files()? {
            self.supplied.push(Arc::new(kek));
        }
        self.supplied
            .extend(self.asked.iter().map(|asked| asked.clone() as Arc<dyn Kek>));
        for kek in &self.supplied {
            self.resolver = self.resolver.with_kek(kek.clone());
        }
        Ok(self)
    }

    /// Where things stand.
    #[must_use]
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// From names and URIs to keys.
    #[must_use]
    pub fn resolver(&self) -> &Resolver {
        &self.resolver
    }

    /// The primitives.
    #[must_use]
    pub fn backend(&self) -> &CryptoBackend {
        &self.backend
    }

    /// The audit trail of this run of the program.
    #[must_use]
    pub fn trail(&self) -> AuditTrail {
        self.trail.clone()
    }

    /// Which key versions known envelopes need.
    #[must_use]
    pub fn index(&self) -> KeyIndex {
        KeyIndex::open(self.home.dir())
    }

    /// What a failure really was, if it was for want of a passphrase that was asked for.
    #[must_use]
    pub fn explain(&self, failure: Failure) -> Failure {
        if failure.code != AskedPassphrase::FAILURE {
            return failure;
        }
        self.asked.iter().find_map(|asked| asked.failure()).unwrap_or(failure)
    }

    /// An opener of any envelope whose keys are configured here.
    ///
    /// # Errors
    /// When a provider does not list its keys.
    pub async fn opener(&self, policy: OpenPolicy) -> Result<Opener> {
        let keyring = self.keyring().await?;
        Ok(Opener::new(self.backend.clone(), keyring)
            .policy(policy)
            .order(Arc::clone(&self.order))
            .audit(self.trail()))
    }

    /// An opener of AWS Encryption SDK messages under the keys that are configured for them here. Raw keys are read
    /// now: one that cannot be used stands in the way of messages only.
    ///
    /// # Errors
    /// When a key cannot be used.
    pub fn message_opener(&self, required: esdk::Context) -> Result<esdk::Opener> {
        let opener = kms_providers::esdk::opener(&self.config.esdk, &self.resolver, &self.backend)?;
        Ok(opener.require(required).audit(self.trail()))
    }

    /// A sealer of such messages for the keys of these names in `[esdk.key]`, and the posture of the weakest of them.
    ///
    /// # Errors
    /// When one of them is not configured, cannot be used, or is weaker than the policy allows.
    pub fn message_sealer(&self, names: &[String]) -> Result<(esdk::Sealer, Posture)> {
        let config = &self.config.esdk;
        let sealer =
            kms_providers::esdk::sealer(config, names.iter().map(String::as_str), &self.resolver, &self.backend)?;
        let named = config
            .keys
            .iter()
            .filter(|(name, _)| names.iter().any(|wanted| wanted == name.as_str()));
        let weakest = named.map(|(_, key)| key.posture()).min().unwrap_or(Posture::Classical);
        match self.config.policy.posture {
            Some(least) if weakest < least => Err(Error::from(PolicyFault::Posture).into()),
            _ => Ok((sealer.audit(self.trail()), weakest)),
        }
    }

    /// What the configuration lets a reader accept.
    #[must_use]
    pub fn open_policy(&self) -> OpenPolicy {
        self.config.open_policy()
    }

    /// The current version of every configured key that tells it, by key URI, as it stands in envelopes.
    ///
    /// # Errors
    /// When a provider does not answer.
    pub async fn current_versions(&self) -> Result<HashMap<String, Vec<u8>>> {
        let mut versions = HashMap::new();
        for kek in self.keyring().await?.keks() {
            match kek.describe().await {
                Ok(info) => versions.extend(info.version.map(|version| (kek.uri().to_owned(), version))),
                // A key that is switched off has no envelopes brought under it.
                Err(error) if error.kind.is_key_state() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(versions)
    }

    /// What the operator means by a name, by `NAME/VERSION` of the embedded keystore, or by a URI.
    ///
    /// # Errors
    /// When it means nothing here.
    pub fn logical(&self, text: &str) -> Result<LogicalKey> {
        match text.split_once('/') {
            Some((name, version)) if KeyName::parse(name).is_ok() => {
                Ok(LogicalKey::of_uri(format!("local://{name}/{version}").parse()?))
            }
            _ => Ok(self.resolver.logical(text)?),
        }
    }

    /// The one key that a life-cycle command is about.
    ///
    /// # Errors
    /// When it means nothing here, or several keys.
    pub fn target(&self, text: &str) -> Result<KeyUri> {
        let key = self.logical(text)?;
        let mut uris = key.uris();
        match (uris.next(), uris.next()) {
            (Some(only), None) => Ok(only.clone()),
            _ => {
                let members: Vec<_> = key.uris().map(KeyUri::to_string).collect();
                Err(Failure::usage(
                    format!("`{text}` stands for several keys"),
                    format!("name one of {}", members.join(", ")),
                ))
            }
        }
    }

    /// Makes a change in the life cycle of `keys`, under the audit trail. Gives what was made, and the requests that it
    /// took in a cloud.
    ///
    /// # Errors
    /// That of the change, or of the audit trail; without an intent on record nothing is changed.
    pub async fn recorded<T>(
        &self,
        action: Action,
        keys: &[KeyUri],
        change: impl Future<Output = Result<T, KekError>>,
    ) -> Result<(T, Vec<CloudRequest>)> {
        self.recorded_as(action, None, keys, change).await
    }

    /// The same of a key that goes by `name` and whose URI may not be known yet.
    ///
    /// # Errors
    /// As [`Session::recorded`].
    pub async fn recorded_as<T, E>(
        &self,
        action: Action,
        name: Option<&str>,
        keys: &[KeyUri],
        change: impl Future<Output = Result<T, E>>,
    ) -> Result<(T, Vec<CloudRequest>)>
    where
        E: ChangeError,
        Failure: From<E>,
        for<'e> Reason: From<&'e E>,
    {
        let texts: Vec<_> = keys
            .iter()
            .map(|key| (key.without_version().to_string(), key.version()))
            .collect();
        let keys: Vec<_> = texts
            .iter()
            .map(|(uri, version)| KeyRef {
                uri,
                version: version.as_ref().map(|version| version.as_bytes()),
            })
            .collect();
        let subject = Subject {
            key_name: name,
            keys: &keys,
            ..Subject::default()
        };
        let mut intent = self.trail.intent(action, &subject)?;
        let (changed, requests) = with_requests(change).await;
        let key = || keys.first().copied().unwrap_or(KeyRef::new(name.unwrap_or_default()));
        for request in &requests {
            intent.attempt(&Attempt {
                request_id: Some(&request.id),
                ..Attempt::new(key(), KekOperation::Lifecycle)
            });
        }
        match changed {
            Ok(made) => {
                intent.succeed(&Details::default())?;
                Ok((made, requests))
            }
            Err(error) => {
                let failed = error.of_provider().map(|error| Attempt {
                    request_id: error.request_id.as_deref(),
                    ..Attempt::new(KeyRef::new(&error.uri), error.operation).failed(error.kind)
                });
                intent.fail(&error, failed.as_slice())?;
                Err(error.into())
            }
        }
    }

    /// Every key that an envelope may select, those in this house before those in a cloud.
    async fn keyring(&self) -> Result<Keyring> {
        let mut keyring = Keyring::new();
        for (_, provider) in self
            .resolver
            .providers()
            .filter(|(_, provider)| provider.owns_its_keys())
        {
            for key in provider.list().await?.into_iter().filter(KeySummary::is_kek) {
                keyring.insert(self.resolver.kek(&key.uri)?);
            }
        }
        for kek in self.resolver.published().await? {
            keyring.insert(kek);
        }
        for uri in self.config.keys.values().flat_map(LogicalKey::uris) {
            if !uri.scheme().is_supplied_by_caller() {
                keyring.insert(self.resolver.kek(&uri.without_version())?);
            }
        }
        for kek in &self.supplied {
            keyring.insert(kek.clone());
        }
        Ok(keyring)
    }
}

//! An open home: configured keys, keystore and audit trail. Every command that uses a KEK begins with one.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use kms_core::audit::{Action, AuditTrail, Details, KeyRef, Subject, TraceContext};
use kms_core::crypto::CryptoBackend;
use kms_core::{KekError, Keyring, OpenPolicy, Opener};
use kms_providers::audit::{DeadlineSink, LogKey, TlogOptions, TlogSink, this_process};
use kms_providers::config::{AuditConfig, Config, LogicalKey, ProviderConfig};
use kms_providers::files::KeyIndex;
use kms_providers::local::Keystore;
use kms_providers::memory::{MemoryProvider, MemoryWrap};
use kms_providers::uri::{KeyName, UriScheme};
use kms_providers::{KeyUri, Provider, Resolver};

use crate::App;
use crate::asked::AskedPassphrase;
use crate::failure::{Failure, Result};
use crate::home::Home;
use crate::passphrase::Passphrase;

/// An open home.
pub struct Session {
    home: Home,
    config: Config,
    resolver: Resolver,
    asked: Option<Arc<AskedPassphrase>>,
    backend: CryptoBackend,
    trail: AuditTrail,
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
        let trail = trail(&home, &config)?;
        let providers = providers(app, &config, &backend).await?;
        Ok(Self {
            resolver: Resolver::new(&config, providers)?,
            asked: None,
            home,
            config,
            backend,
            trail,
        })
    }

    /// The same session, in which `asked` stands for passphrase recipients.
    #[must_use]
    pub fn asking(mut self, asked: Arc<AskedPassphrase>) -> Self {
        self.resolver = self.resolver.with_kek(asked.clone());
        self.asked = Some(asked);
        self
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

    /// What a failure to open really was, if a passphrase was asked for and not given.
    #[must_use]
    pub fn explain(&self, failure: Failure) -> Failure {
        let asked = self.asked.as_ref().and_then(|asked| asked.failure());
        asked.unwrap_or(failure)
    }

    /// An opener of any envelope whose keys are configured here.
    ///
    /// # Errors
    /// When a provider does not list its keys.
    pub async fn opener(&self, policy: OpenPolicy) -> Result<Opener> {
        let keyring = self.keyring().await?;
        Ok(Opener::new(self.backend.clone(), keyring)
            .policy(policy)
            .audit(self.trail()))
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

    /// Makes a change in the life cycle of `keys`, under the audit trail.
    ///
    /// # Errors
    /// That of the change, or of the audit trail; without an intent on record nothing is changed.
    pub async fn recorded<T>(
        &self,
        action: Action,
        keys: &[KeyUri],
        change: impl Future<Output = Result<T, KekError>>,
    ) -> Result<T> {
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
            keys: &keys,
            ..Subject::default()
        };
        let intent = self.trail.intent(action, &subject)?;
        match change.await {
            Ok(made) => {
                intent.succeed(&Details::default())?;
                Ok(made)
            }
            Err(error) => {
                intent.fail(&error, &[])?;
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
            for key in provider.list().await? {
                keyring.insert(provider.kek(&key.uri)?);
            }
        }
        for uri in self.config.keys.values().flat_map(LogicalKey::uris) {
            if !uri.scheme().is_supplied_by_caller() {
                keyring.insert(self.resolver.kek(&uri.without_version())?);
            }
        }
        if let Some(asked) = &self.asked {
            keyring.insert(asked.clone());
        }
        Ok(keyring)
    }
}

/// Opens the audit log of a home for writing; `None` where the configuration says that there is none.
///
/// # Errors
/// When the log or its key cannot be used.
pub fn open_log(home: &Home, config: &Config) -> Result<Option<TlogSink>> {
    let AuditConfig::Tlog { dir, .. } = &config.audit else {
        return Ok(None);
    };
    let key = LogKey::load(&home.log_key())?;
    let mut options = TlogOptions::default();
    options.anchor = Some(key.anchor());
    Ok(Some(TlogSink::open(dir, key, options).map_err(kms_core::Error::from)?))
}

fn trail(home: &Home, config: &Config) -> Result<AuditTrail> {
    let Some(log) = open_log(home, config)? else {
        return Ok(AuditTrail::none());
    };
    let deadline = match &config.audit {
        AuditConfig::Tlog { deadline, .. } => *deadline,
        _ => Duration::ZERO,
    };
    let sink = DeadlineSink::new(Arc::new(log), deadline).map_err(kms_core::Error::from)?;
    let trace = std::env::var("TRACEPARENT").ok();
    let trace = trace.and_then(|parent| TraceContext::from_traceparent(&parent));
    Ok(AuditTrail::new(Arc::new(sink), this_process()).within(trace.unwrap_or_else(TraceContext::fresh)))
}

async fn providers(app: &App, config: &Config, backend: &CryptoBackend) -> Result<Vec<(KeyName, Arc<dyn Provider>)>> {
    let mut providers: Vec<(KeyName, Arc<dyn Provider>)> = Vec::new();
    for (name, settings) in &config.providers {
        let provider: Arc<dyn Provider> = match settings.kind() {
            UriScheme::Local => Arc::new(keystore(app, settings, backend)?.open().await?),
            UriScheme::Memory => Arc::new(MemoryProvider::new(backend.clone(), MemoryWrap::Derive)?),
            // A key that needs it is refused by the resolver, which names it; other keys go on working.
            _ => continue,
        };
        providers.push((name.clone(), provider));
    }
    Ok(providers)
}

fn keystore(app: &App, settings: &ProviderConfig, backend: &CryptoBackend) -> Result<Keystore> {
    let mut failure = None;
    let keystore = Keystore::configured(
        settings,
        || {
            let asked = keystore_passphrase(app, "Passphrase of the keystore").ask();
            asked.map_err(|why| failure = Some(why)).ok()
        },
        backend,
    );
    keystore.map_err(|error| failure.unwrap_or_else(|| error.into()))
}

/// Whence the passphrase of the keystore comes.
#[must_use]
pub fn keystore_passphrase<'a>(app: &'a App, prompt: &'a str) -> Passphrase<'a> {
    Passphrase {
        file: app.globals.passphrase_file.as_deref(),
        prompt,
        option: "--passphrase-file or KEYSTRAND_PASSPHRASE_FILE",
    }
}

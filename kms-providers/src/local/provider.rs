//! Opening and making keystores.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kms_core::audit::{AuditTrail, Clock, SystemClock};
use kms_core::crypto::CryptoBackend;
use kms_core::memory::SecretBytes;
use kms_core::{Kek, KekError, KekFault, PassphraseKek};

use super::key_file::KeyFileKek;
use super::seal::Seal;
use super::settings::{LocalSettings, SealKind};
use super::store::Store;
use crate::config::ProviderConfig;
use crate::error::Error;
use crate::keyset::{self, Host};
use crate::provider::{DerivationKeys, FpeKeys, KemKeys, KeyImport, KeyLifecycle, KeySummary, Provider, SigningKeys};
use crate::uri::{KeyUri, UriScheme};

/// Which keystore to open, and how.
///
/// ```
/// use std::sync::Arc;
/// use kms_core::crypto::CryptoBackend;
/// use kms_providers::Provider;
/// use kms_providers::local::{KeyFileKek, Keystore};
///
/// # futures::executor::block_on(async {
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// let seal = KeyFileKek::create(&folder.join("keystore.key"), CryptoBackend::default())?;
/// let provider = Keystore::new(folder.join("keystore.ks1"), Arc::new(seal)).create().await?;
/// let lifecycle = provider.lifecycle().expect("the local provider has a life cycle");
/// let uri = lifecycle.create(&"payments".parse()?).await?;
/// assert_eq!(uri.to_string(), "local://payments");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct Keystore {
    pub(super) path: PathBuf,
    pub(super) seal: Arc<dyn Kek>,
    pub(super) backend: CryptoBackend,
    pub(super) trail: AuditTrail,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) patience: Duration,
    pub(super) freshness: Duration,
    pub(super) region: Option<String>,
}

impl Keystore {
    /// The keystore at `path`, sealed under `seal`: a [`KeyFileKek`](super::KeyFileKek), a
    /// [`PassphraseKek`](kms_core::PassphraseKek) or a KEK of another provider.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, seal: Arc<dyn Kek>) -> Self {
        Self {
            path: path.into(),
            seal,
            backend: CryptoBackend::default(),
            trail: AuditTrail::none(),
            clock: Arc::new(SystemClock),
            patience: PATIENCE,
            freshness: FRESHNESS,
            region: None,
        }
    }

    /// The keystore that the configuration describes. `passphrase` is asked for only where one seals it.
    ///
    /// # Errors
    /// [`Error::Config`] for its settings, [`Error::KeyFile`] when the key file cannot be used,
    /// [`Error::PassphraseMissing`].
    pub fn configured(
        config: &ProviderConfig,
        passphrase: impl FnOnce() -> Option<SecretBytes>,
        backend: &CryptoBackend,
    ) -> Result<Self, Error> {
        let settings: LocalSettings = config.settings()?;
        let seal: Arc<dyn Kek> = match settings.seal {
            SealKind::KeyFile => Arc::new(KeyFileKek::open(&config.path(&settings.key_file), backend.clone())?),
            SealKind::Passphrase => {
                let passphrase = passphrase().ok_or(Error::PassphraseMissing)?;
                Arc::new(PassphraseKek::new(backend.clone(), passphrase))
            }
        };
        let keystore = Self::new(config.path(&settings.keystore), seal).backend(backend.clone());
        Ok(Self {
            region: settings.region,
            ..keystore
        })
    }

    /// Uses these primitives.
    #[must_use]
    pub fn backend(mut self, backend: CryptoBackend) -> Self {
        self.backend = backend;
        self
    }

    /// Records each use of the KEK that seals the keystore.
    #[must_use]
    pub fn audit(mut self, trail: AuditTrail) -> Self {
        self.trail = trail;
        self
    }

    /// Lets waiting periods follow this clock.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Says where the keystore is kept, for logical keys that may not live everywhere.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Waits at most this long for another process that is changing the keystore (10 s unless said).
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Looks for changes of other processes at most this often (1 s unless said): so long a key that another
    /// process has disabled may still be used here.
    #[must_use]
    pub fn freshness(mut self, freshness: Duration) -> Self {
        self.freshness = freshness;
        self
    }

    /// Opens a keystore.
    ///
    /// # Errors
    /// [`KekFault::NotFound`]; [`KekFault::BadPassphrase`] when the seal does not open; [`KekFault::OtherSeal`] when
    /// it is sealed in another way; [`KekFault::Corrupt`], [`KekFault::TooNew`], [`KekFault::Storage`].
    pub async fn open(self) -> Result<LocalProvider, KeystoreError> {
        let path = self.path.clone();
        match Store::open(self).await {
            Ok(store) => Ok(LocalProvider(Arc::new(store))),
            Err(fault) => Err(KeystoreError { path, fault }),
        }
    }

    /// Makes an empty keystore, readable by its owner alone.
    ///
    /// # Errors
    /// [`KekFault::AlreadyExists`]; [`KekFault::Locked`], [`KekFault::NotWritable`], [`KekFault::StorageFull`],
    /// [`KekFault::Storage`], [`KekFault::Random`].
    pub async fn create(self) -> Result<LocalProvider, KeystoreError> {
        let path = self.path.clone();
        match Store::create(self).await {
            Ok(store) => Ok(LocalProvider(Arc::new(store))),
            Err(fault) => Err(KeystoreError { path, fault }),
        }
    }
}

/// A keystore could not be made, opened or sealed anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeystoreError {
    /// The keystore, as configured.
    pub path: PathBuf,
    /// What went wrong.
    pub fault: KekFault,
}

impl std::error::Error for KeystoreError {}

impl fmt::Display for KeystoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.path.display())?;
        match self.fault {
            KekFault::NotFound => f.write_str("there is no keystore here; `kmsctl init` makes one"),
            KekFault::AlreadyExists => f.write_str("a keystore exists here and was not touched"),
            KekFault::Denied => f.write_str("the keystore may not be read; check its owner and mode"),
            fault => fault.fmt(f),
        }
    }
}

/// The provider of an open keystore.
pub struct LocalProvider(Arc<Store>);

impl LocalProvider {
    /// The keystore file.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Seals the keystore under another KEK: another passphrase, a key file in place of a passphrase. Copies and
    /// backups of the file keep their old seal.
    ///
    /// # Errors
    /// As a change of the life cycle; the old seal then stands.
    pub async fn reseal(&self, seal: Arc<dyn Kek>) -> Result<(), KeystoreError> {
        let seal = Seal::new(self.0.backend().clone(), self.0.trail(), seal);
        let sealed = self.0.reseal(seal).await;
        sealed.map_err(|fault| KeystoreError {
            path: self.path().to_owned(),
            fault,
        })
    }
}

#[async_trait]
impl Provider for LocalProvider {
    fn kind(&self) -> &str {
        UriScheme::Local.name()
    }

    fn owns_its_keys(&self) -> bool {
        true
    }

    fn kek(&self, uri: &KeyUri) -> Result<Arc<dyn Kek>, KekError> {
        keyset::kek(&self.0, uri)
    }

    async fn list(&self) -> Result<Vec<KeySummary>, KekError> {
        keyset::list(&*self.0).await
    }

    fn lifecycle(&self) -> Option<&dyn KeyLifecycle> {
        Some(&*self.0)
    }

    fn import(&self) -> Option<&dyn KeyImport> {
        Some(&*self.0)
    }

    fn kem_keys(&self) -> Option<&dyn KemKeys> {
        Some(&self.0)
    }

    fn signing_keys(&self) -> Option<&dyn SigningKeys> {
        Some(&*self.0)
    }

    fn derivation_keys(&self) -> Option<&dyn DerivationKeys> {
        Some(&*self.0)
    }

    fn fpe_keys(&self) -> Option<&dyn FpeKeys> {
        Some(&*self.0)
    }
}

const PATIENCE: Duration = Duration::from_secs(10);
const FRESHNESS: Duration = Duration::from_secs(1);

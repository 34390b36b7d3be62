//! Keys that live as long as the process: for tests, and for data that shall not outlive it.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

use async_trait::async_trait;
use data_encoding::HEXLOWER;
use kms_core::audit::{Clock, SystemClock};
use kms_core::crypto::CryptoBackend;
use kms_core::{Kek, KekError, KekFault};

use crate::keyset::{self, Host, Keyset, WrapStyle};
use crate::provider::{DerivationKeys, FpeKeys, KemKeys, KeyImport, KeyLifecycle, KeySummary, Provider, SigningKeys};
use crate::uri::{KeyUri, UriScheme};

/// How an in-memory provider protects a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum MemoryWrap {
    /// Scheme 1: derived from the key, bound to the envelope.
    #[default]
    Derive,
    /// Scheme 2: AES key wrap with padding, as HSMs do; the envelope's own seal does the binding.
    KeyWrap,
}

/// A provider whose keys are gone with it.
///
/// ```
/// use kms_providers::memory::{MemoryProvider, MemoryWrap};
/// use kms_providers::{KeyUri, Provider};
///
/// let provider = MemoryProvider::new(kms_core::crypto::CryptoBackend::default(), MemoryWrap::Derive)?;
/// let lifecycle = provider.lifecycle().expect("the memory provider has a life cycle");
/// let uri = futures::executor::block_on(lifecycle.create(&"payments".parse()?))?;
/// assert_eq!(uri.to_string(), "memory://payments");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct MemoryProvider(Arc<Store>);

struct Store {
    backend: CryptoBackend,
    clock: Arc<dyn Clock>,
    style: WrapStyle,
    trust_domain: String,
    keys: RwLock<Arc<Keyset>>,
    /// Changes wait here for each other; readers never wait for a change.
    turn: Mutex<()>,
}

impl MemoryProvider {
    /// A provider without keys.
    ///
    /// # Errors
    /// `Random` when the random source fails.
    pub fn new(backend: CryptoBackend, wrap: MemoryWrap) -> Result<Self, KekError> {
        Self::with_clock(backend, wrap, Arc::new(SystemClock))
    }

    /// A provider without keys, whose waiting periods follow `clock`.
    ///
    /// # Errors
    /// `Random` when the random source fails.
    pub fn with_clock(backend: CryptoBackend, wrap: MemoryWrap, clock: Arc<dyn Clock>) -> Result<Self, KekError> {
        let style = match wrap {
            MemoryWrap::Derive => WrapStyle::Derive,
            MemoryWrap::KeyWrap => WrapStyle::KeyWrap,
        };
        let id = keyset::random_id(&backend);
        let id = id.map_err(|fault| KekError::new("memory", kms_core::KekOperation::Lifecycle, fault))?;
        Ok(Self(Arc::new(Store {
            backend,
            clock,
            style,
            trust_domain: format!("memory:{}", HEXLOWER.encode(&id)),
            keys: RwLock::default(),
            turn: Mutex::default(),
        })))
    }
}

#[async_trait]
impl Provider for MemoryProvider {
    fn kind(&self) -> &str {
        UriScheme::Memory.name()
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

impl Store {
    fn keys(&self) -> Arc<Keyset> {
        // A panic elsewhere cannot leave a keyset half changed: it is replaced whole.
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Host for Store {
    fn scheme(&self) -> UriScheme {
        UriScheme::Memory
    }

    fn backend(&self) -> &CryptoBackend {
        &self.backend
    }

    fn style(&self) -> WrapStyle {
        self.style
    }

    fn trust_domain(&self) -> String {
        self.trust_domain.clone()
    }

    fn region(&self) -> Option<String> {
        None
    }

    fn time(&self) -> SystemTime {
        self.clock.now()
    }

    fn last_seen(&self) -> Arc<Keyset> {
        self.keys()
    }

    fn current(&self) -> Option<Arc<Keyset>> {
        Some(self.keys())
    }

    async fn look(&self) -> Result<Arc<Keyset>, KekFault> {
        Ok(self.keys())
    }

    async fn change<T: Send>(
        &self,
        change: impl FnOnce(&mut Keyset) -> Result<T, KekFault> + Send,
    ) -> Result<T, KekFault> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut keys = Keyset::clone(&self.keys());
        let outcome = change(&mut keys)?;
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        Ok(outcome)
    }
}

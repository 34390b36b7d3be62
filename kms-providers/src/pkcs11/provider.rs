//! What callers open.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use async_trait::async_trait;
use kms_core::audit::{Clock, SystemClock};
use kms_core::crypto::CryptoBackend;
use kms_core::{Kek, KekError, KekFault, KekOperation};

use super::calls::{Calls, Repeat};
use super::fault::Fault;
use super::kek::TokenKek;
use super::key::{KeyView, Kind};
use super::lifecycle::{labels, uri_of};
use super::mechanism::WrapBy;
use super::pair::{self, Named, TokenPair};
use super::seat::At;
use super::settings::Pkcs11Settings;
use super::survey::Survey;
use super::target::{Class, Target};
use super::token::Token;
use crate::config::{ConfigError, ProviderConfig};
use crate::provider::{KemKeys, KeyImport, KeyLifecycle, KeySummary, Provider, Reach, Remark, VersionSummary};
use crate::uri::{KeyUri, UriScheme};

/// Keys of one token.
///
/// ```
/// use kms_providers::pkcs11::{Pkcs11Provider, Pkcs11Settings};
/// use kms_providers::{KeyUri, Provider};
///
/// let settings = Pkcs11Settings::new("/usr/lib/softhsm/libsofthsm2.so", "pkcs11:token=payments".parse()?);
/// let provider = Pkcs11Provider::new(settings, Default::default())?;
/// let key: KeyUri = "pkcs11:token=payments;object=kek;type=secret-key".parse()?;
/// assert!(provider.serves(&key));
/// assert!(!provider.serves(&"pkcs11:token=other;object=kek".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Pkcs11Provider(pub(super) Arc<Service>);

/// The provider cannot be set up as configured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Pkcs11Error {
    /// A setting is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The module is looked for in no search path.
    #[error("`module` is the whole path of the vendor's library, such as /usr/lib/softhsm/libsofthsm2.so")]
    Module,
    /// A number is outside its range.
    #[error("`sessions` is 1 to 256 and `call_ms` 1 to 600000")]
    Range,
}

/// The token as configured: shared by the provider and its keys.
pub(super) struct Service {
    pub(super) token: Arc<Token>,
    pub(super) calls: Calls,
    /// Keys that are being changed.
    busy: Mutex<HashSet<Vec<u8>>>,
    free: Condvar,
}

/// The right to change one key.
pub(super) struct Turn<'a> {
    service: &'a Service,
    name: Vec<u8>,
}

impl Pkcs11Provider {
    /// The provider that the configuration describes.
    ///
    /// # Errors
    /// [`Pkcs11Error`] names the setting that is wrong. Nothing is asked of the token yet.
    pub fn configured(config: &ProviderConfig, backend: CryptoBackend) -> Result<Self, Pkcs11Error> {
        let mut settings: Pkcs11Settings = config.settings()?;
        let pin = settings.pin_file.as_ref().or(settings.token.pin_source());
        settings.pin_file = pin.map(|file| config.path(file));
        Self::new(settings, backend)
    }

    /// A provider with these settings.
    ///
    /// # Errors
    /// As [`Pkcs11Provider::configured`].
    pub fn new(settings: Pkcs11Settings, backend: CryptoBackend) -> Result<Self, Pkcs11Error> {
        Self::with_clock(settings, backend, Arc::new(SystemClock))
    }

    /// A provider whose waiting periods follow this clock.
    ///
    /// # Errors
    /// As [`Pkcs11Provider::configured`].
    pub fn with_clock(
        settings: Pkcs11Settings,
        backend: CryptoBackend,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Pkcs11Error> {
        // A bare name would be looked for where the environment says.
        if !Path::new(&settings.module).is_absolute() {
            return Err(Pkcs11Error::Module);
        }
        if !(1..=256).contains(&settings.sessions) || !(1..=600_000).contains(&settings.call_ms) {
            return Err(Pkcs11Error::Range);
        }
        let (sessions, patience) = (settings.sessions, settings.call());
        let token = Arc::new(Token::new(settings, backend, clock));
        Ok(Self(Arc::new(Service {
            calls: Calls::new(Arc::clone(&token), sessions, patience),
            token,
            busy: Mutex::default(),
            free: Condvar::new(),
        })))
    }

    /// The token, its mechanisms, and what can be used of them.
    ///
    /// # Errors
    /// `Unavailable` when there is no such token, `Denied` when it does not let us in.
    pub async fn survey(&self) -> Result<Survey, KekError> {
        let surveyed = self.0.calls.call(Repeat::Safe, Survey::of);
        surveyed
            .await
            .map_err(|fault| KekError::new(UriScheme::Pkcs11.name(), KekOperation::Describe, fault))
    }

    /// What a URI of this provider means, and the version that it names.
    pub(super) fn target(&self, uri: &KeyUri, operation: KekOperation) -> Result<(Target, Option<String>), KekError> {
        let failed = |fault| KekError::new(uri.to_string(), operation, fault);
        match uri {
            KeyUri::Pkcs11(key) if self.0.token.settings.token.admits(key) => {
                let target = Target::of(key).map_err(failed)?;
                Ok((target, key.version().map(str::to_owned)))
            }
            _ => Err(failed(KekFault::Unsupported)),
        }
    }
}

#[async_trait]
impl Provider for Pkcs11Provider {
    fn kind(&self) -> &str {
        UriScheme::Pkcs11.name()
    }

    /// Keys whose URI says nothing of their token that the configuration says otherwise.
    fn serves(&self, uri: &KeyUri) -> bool {
        matches!(uri, KeyUri::Pkcs11(key) if self.0.token.settings.token.admits(key))
    }

    /// Asks the token what kind of key it is, no longer than a call may take: envelopes record how W is protected, and
    /// the key's own attributes decide that. A token that does not answer is found out at the first use.
    fn kek(&self, uri: &KeyUri) -> Result<Arc<dyn Kek>, KekError> {
        let (target, pinned) = self.target(uri, KekOperation::Describe)?;
        let (service, uri) = (Arc::clone(&self.0), uri.without_version().to_string());
        let of = target.clone();
        let kind = self.0.calls.call_here(move |at| kind(at, &of));
        Ok(match kind.unwrap_or_else(|_| self.guess(&target)) {
            Handle::Pair(kem) => {
                let named = Named::Openly(pinned);
                pair::handle(TokenPair {
                    service,
                    target,
                    uri,
                    named,
                    kem,
                })
            }
            Handle::Kek(by) => Arc::new(TokenKek {
                service,
                target,
                uri,
                pinned,
                by,
            }),
        })
    }

    async fn list(&self) -> Result<Vec<KeySummary>, KekError> {
        let listed = self.0.calls.call(Repeat::Safe, list);
        listed
            .await
            .map_err(|fault| KekError::new(UriScheme::Pkcs11.name(), KekOperation::Describe, fault))
    }

    /// Whether the token is there and lets us in. There is no network of ours between.
    async fn probe(&self) -> Result<Option<Reach>, KekError> {
        let probed = self
            .0
            .calls
            .call(Repeat::Safe, |at| Ok(at.session.get_session_info().map(drop)?));
        probed
            .await
            .map_err(|fault| KekError::new(UriScheme::Pkcs11.name(), KekOperation::Describe, fault))?;
        Ok(None)
    }

    async fn remarks(&self) -> Result<Vec<Remark>, KekError> {
        Ok(self.survey().await?.remarks())
    }

    fn lifecycle(&self) -> Option<&dyn KeyLifecycle> {
        Some(self)
    }

    /// Where the token has ML-KEM, as far as it tells in time.
    fn kem_keys(&self) -> Option<&dyn KemKeys> {
        let has = self.0.calls.call_here(|at| Ok(WrapBy::negotiated(at)?.has_ml_kem));
        has.unwrap_or(false).then_some(self)
    }

    fn import(&self) -> Option<&dyn KeyImport> {
        Some(self)
    }
}

/// What stands behind a URI.
#[derive(Clone, Copy)]
enum Handle {
    Kek(WrapBy),
    Pair(kms_core::Kem),
}

fn kind(at: &At<'_>, target: &Target) -> Result<Handle, Fault> {
    let view = KeyView::of(at, target)?;
    let version = view.primary().ok_or_else(|| Fault::new(KekFault::NotFound))?;
    Ok(match version.facts.kind() {
        Kind::MlKem => Handle::Pair(pair::kem_of(at, target, version)?),
        _ => Handle::Kek(version.by(at)?),
    })
}

impl Pkcs11Provider {
    /// What a key is likely to be that cannot be asked.
    fn guess(&self, target: &Target) -> Handle {
        let configured = self.0.token.settings.mechanism;
        let negotiated = || Some(*self.0.token.negotiated().as_ref()?.usable.first()?);
        Handle::Kek(match target.class {
            Class::Private => WrapBy::RsaOaep256,
            Class::Secret => configured.or_else(negotiated).unwrap_or(WrapBy::AesKwp),
        })
    }
}

impl Service {
    pub(super) fn allows_weak(&self) -> bool {
        self.token.settings.allow_weak_keys
    }

    /// The right to change the key `name`; waits for another change of it.
    pub(super) fn turn(&self, name: &[u8]) -> Result<Turn<'_>, Fault> {
        let busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = |busy: &mut HashSet<Vec<u8>>| busy.contains(name);
        let waited = self.free.wait_timeout_while(busy, self.token.settings.call(), taken);
        let (mut busy, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match busy.insert(name.to_vec()) {
            true => Ok(Turn {
                service: self,
                name: name.to_vec(),
            }),
            false => Err(Fault::new(KekFault::Locked)),
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut busy = self.service.busy.lock().unwrap_or_else(PoisonError::into_inner);
        busy.remove(&self.name);
        self.service.free.notify_all();
    }
}

/// Keys that Keystrand made in the token, by label. Those of others are for others to rotate and to destroy.
fn list(at: &At<'_>) -> Result<Vec<KeySummary>, Fault> {
    let mut keys = Vec::new();
    for class in [Class::Secret, Class::Private] {
        for label in labels(at, class)? {
            let uri = uri_of(at, &label, class)?;
            let KeyUri::Pkcs11(key) = &uri else { continue };
            match summary(at, &Target::of(key)?, &uri) {
                Ok(Some(summary)) => keys.push(summary),
                Ok(None) => {}
                // Several objects of others under one label: none can be named by it.
                Err(fault) if fault.kind == KekFault::Unsupported => {}
                Err(fault) => return Err(fault),
            }
        }
    }
    Ok(keys)
}

fn summary(at: &At<'_>, target: &Target, uri: &KeyUri) -> Result<Option<KeySummary>, Fault> {
    let view = KeyView::now(at, target)?;
    if !view.is_ours() {
        return Ok(None);
    }
    let mut summary = KeySummary::new(uri.clone(), view.record.key.into(), None);
    let primary = view.primary().and_then(|version| version.text.clone());
    for text in view.versions.iter().filter_map(|version| version.text.clone()) {
        let mut entry = VersionSummary::new(text.clone(), view.record.version(&text).into(), None);
        entry.primary = Some(text) == primary;
        summary.versions.push(entry);
    }
    if let Some(version) = view.primary().filter(|version| version.facts.kind() == Kind::MlKem) {
        summary.kem = pair::kem_of(at, target, version).ok();
    }
    summary.name = target
        .name()
        .ok()
        .and_then(|label| std::str::from_utf8(label).ok())
        .and_then(|label| crate::uri::KeyName::parse(label).ok());
    Ok(Some(summary))
}

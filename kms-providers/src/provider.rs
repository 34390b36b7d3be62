//! What a key-management service is to the rest: keys by URI, and, where it can, their life cycle.
//!
//! Optional abilities are traits of their own that a provider hands out, so that a caller asks before it promises.
//! Every provider passes the suite of `kms_providers::conformance`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use kms_core::akd::{TreeId, Usage};
use kms_core::crypto::signature::SignatureScheme;
use kms_core::fpe::FpeKey;
use kms_core::memory::Secret;
use kms_core::{Kek, KekError, Kem};

use crate::signing::VerifierKey;
use crate::uri::{KeyName, KeyUri};

/// A key-management service, as it was configured.
#[async_trait]
pub trait Provider: Send + Sync {
    /// The kind, which is the scheme of its key URIs: `local`, `aws-kms` …
    fn kind(&self) -> &str;

    /// Whether `uri` is for this provider. Where several providers of a kind are configured, exactly one must say so.
    fn serves(&self, uri: &KeyUri) -> bool {
        uri.scheme_name() == self.kind()
    }

    /// Whether every key here belongs to this installation, so that an envelope may select any of them. Keys of a
    /// provider that does not say so must stand in the configuration.
    fn owns_its_keys(&self) -> bool {
        false
    }

    /// A handle to the key. Nothing is asked of the service yet: a key that does not exist shows at its first use.
    ///
    /// # Errors
    /// `Unsupported` when `uri` is not for this provider.
    fn kek(&self, uri: &KeyUri) -> Result<Arc<dyn Kek>, KekError>;

    /// All keys, by URI.
    ///
    /// # Errors
    /// When the service does not answer or refuses.
    async fn list(&self) -> Result<Vec<KeySummary>, KekError>;

    /// Every region that may be asked for this key: its own, and those of replicas that stand in for it. A residency has
    /// to allow them all.
    fn regions(&self, uri: &KeyUri) -> Vec<String> {
        uri.region().map(str::to_owned).into_iter().collect()
    }

    /// When the key last got new material, where the provider tells and a listing does not.
    ///
    /// # Errors
    /// When the service does not answer or refuses.
    async fn rotated(&self, _uri: &KeyUri) -> Result<Option<SystemTime>, KekError> {
        Ok(None)
    }

    /// A test call: whether the service answers and lets us in. `None` where there is nothing to reach.
    ///
    /// # Errors
    /// When the service does not answer or refuses.
    async fn probe(&self) -> Result<Option<Reach>, KekError> {
        Ok(None)
    }

    /// What an operator should know of the service beyond its keys: what it is, what it can do, what it lacks.
    ///
    /// # Errors
    /// When the service does not answer or refuses.
    async fn remarks(&self) -> Result<Vec<Remark>, KekError> {
        Ok(Vec::new())
    }

    /// Making, rotating and destroying keys, where this provider can.
    fn lifecycle(&self) -> Option<&dyn KeyLifecycle> {
        None
    }

    /// Key pairs, where this provider has them.
    fn kem_keys(&self) -> Option<&dyn KemKeys> {
        None
    }

    /// Signature keys, where this provider has them.
    fn signing_keys(&self) -> Option<&dyn SigningKeys> {
        None
    }

    /// Roots of attribute keys, where this provider has them.
    fn derivation_keys(&self) -> Option<&dyn DerivationKeys> {
        None
    }

    /// Keys of tokens, where this provider has them.
    fn fpe_keys(&self) -> Option<&dyn FpeKeys> {
        None
    }

    /// Wrapping keys of AWS Encryption SDK messages, where this provider has them.
    #[cfg(feature = "esdk")]
    fn message_keys(&self) -> Option<&dyn MessageKeys> {
        None
    }

    /// Taking in key material from outside, where this provider can.
    fn import(&self) -> Option<&dyn KeyImport> {
        None
    }
}

/// The life cycle of keys.
///
/// A URI without a version means the key; with one, that version alone. The state of a key overrules those of its
/// versions, and enabling the key again brings each version back as it was.
#[async_trait]
pub trait KeyLifecycle: Send + Sync {
    /// Makes a key and returns its URI.
    ///
    /// # Errors
    /// `AlreadyExists`, also when a key of that name was destroyed.
    async fn create(&self, name: &KeyName) -> Result<KeyUri, KekError>;

    /// Makes a new version, which all new wraps use; the older ones still unwrap. Returns the URI of the version
    /// where the provider names versions.
    ///
    /// # Errors
    /// `NotFound`; `Disabled`, `PendingDestruction` or `Destroyed` when the key is not in use.
    async fn rotate(&self, key: &KeyUri) -> Result<KeyUri, KekError>;

    /// Allows use again, also of what waits for destruction.
    ///
    /// # Errors
    /// `NotFound`, `Destroyed`.
    async fn enable(&self, key: &KeyUri) -> Result<(), KekError>;

    /// Forbids use until it is enabled.
    ///
    /// # Errors
    /// `NotFound`, `PendingDestruction`, `Destroyed`; `Primary` for the version that new wraps use.
    async fn disable(&self, key: &KeyUri) -> Result<(), KekError>;

    /// Forbids use and has the material erased when `window` is over. Returns that time.
    ///
    /// # Errors
    /// `StillNeeded` when `needed_by` counts any envelope; `NotFound`, `PendingDestruction`, `Destroyed`; `Primary`
    /// for the version that new wraps use.
    async fn schedule_destroy(
        &self,
        key: &KeyUri,
        window: DestroyWindow,
        needed_by: NeededBy<'_>,
    ) -> Result<SystemTime, KekError>;

    /// Takes back a scheduled destruction; what was saved is disabled.
    ///
    /// # Errors
    /// `NotFound`; `Destroyed` when it is too late.
    async fn cancel_destroy(&self, key: &KeyUri) -> Result<(), KekError>;

    /// Erases what is due and no longer needed. Services that do so by themselves report nothing.
    ///
    /// # Errors
    /// When the change cannot be made durable; then nothing was erased.
    async fn destroy_due(&self, needed_by: NeededBy<'_>) -> Result<Swept, KekError>;
}

/// Key pairs: recipients that anyone can seal to who has the public key. Their life cycle is that of every key.
#[async_trait]
pub trait KemKeys: Send + Sync {
    /// The mechanisms that key pairs are made of here: every one that makes a recipient, unless a service has fewer.
    fn mechanisms(&self) -> Vec<Kem> {
        Kem::ALL.into_iter().filter(|kem| kem.is_recipient()).collect()
    }

    /// Makes a key pair and returns its URI.
    ///
    /// # Errors
    /// `AlreadyExists`, also when a key of that name was destroyed; `Unsupported` for a mechanism that is not to be
    /// had here.
    async fn create_pair(&self, name: &KeyName, kem: Kem) -> Result<KeyUri, KekError>;

    /// Every version of every key pair, by the thumbprint of its public key: envelopes name it so that were sealed
    /// with the public key alone.
    ///
    /// # Errors
    /// When the service does not answer or refuses.
    async fn published(&self) -> Result<Vec<Arc<dyn Kek>>, KekError>;

    /// The same of one key pair, where not every key of the provider is this installation's.
    ///
    /// # Errors
    /// As [`KemKeys::published`].
    async fn published_of(&self, key: &KeyUri) -> Result<Vec<Arc<dyn Kek>>, KekError> {
        let _ = key;
        self.published().await
    }
}

/// Signature keys. Their life cycle is that of every key.
#[async_trait]
pub trait SigningKeys: Send + Sync {
    /// Makes a signature key and returns its URI.
    ///
    /// # Errors
    /// `AlreadyExists`, also when a key of that name was destroyed.
    async fn create_signing_key(&self, name: &KeyName, scheme: SignatureScheme) -> Result<KeyUri, KekError>;

    /// Signs the text of a note under the current version, or the one that the URI names.
    ///
    /// # Errors
    /// `Unsupported` for a key that is none of these; the state of the key.
    async fn sign_note(&self, key: &KeyUri, text: &[u8]) -> Result<Vec<u8>, KekError>;

    /// The public key of the current version, or of the one that the URI names.
    ///
    /// # Errors
    /// As [`SigningKeys::sign_note`], but for disabled keys.
    async fn verifier(&self, key: &KeyUri) -> Result<VerifierKey, KekError>;
}

/// Roots of attribute keys (`kms_core::akd`). Their life cycle is that of every key; a new version is another root.
#[async_trait]
pub trait DerivationKeys: Send + Sync {
    /// Makes a root and returns its URI.
    ///
    /// # Errors
    /// `AlreadyExists`, also when a key of that name was destroyed.
    async fn create_derivation_key(&self, name: &KeyName) -> Result<KeyUri, KekError>;

    /// The key of one usage of one tree. The root itself never leaves.
    ///
    /// # Errors
    /// `Unsupported` for a key that is no root, or a URI that names no version; the state of the key.
    async fn usage_key(&self, root: &KeyUri, tree: TreeId, usage: Usage) -> Result<Secret<32>, KekError>;
}

/// Keys of tokens that keep their format. Their life cycle is that of every key.
#[async_trait]
pub trait FpeKeys: Send + Sync {
    /// Makes a key of tokens and returns its URI.
    ///
    /// # Errors
    /// `AlreadyExists`, also when a key of that name was destroyed.
    async fn create_fpe_key(&self, name: &KeyName) -> Result<KeyUri, KekError>;

    /// What tokenizers are made from: of the current version, or of the one that the URI names.
    ///
    /// # Errors
    /// `Unsupported` for a key that is none of these; the state of the key.
    async fn fpe_key(&self, key: &KeyUri) -> Result<FpeKey, KekError>;
}

/// Keys that wrap the data keys of AWS Encryption SDK messages: those of a service that takes an encryption context.
#[cfg(feature = "esdk")]
pub trait MessageKeys: Send + Sync {
    /// A handle to the key. Nothing is asked of the service yet.
    ///
    /// # Errors
    /// `Unsupported` when `key` is not for this provider, or wraps no data keys of messages.
    fn message_key(&self, key: &KeyUri) -> Result<Arc<dyn kms_core::esdk::Keyring>, KekError>;
}

/// Key material from outside ("bring your own key").
#[async_trait]
pub trait KeyImport: Send + Sync {
    /// Makes a key whose first version is `material`.
    ///
    /// # Errors
    /// `AlreadyExists`; `WeakMaterial` for all-zero bytes.
    async fn import_key(&self, name: &KeyName, material: &Secret<32>) -> Result<KeyUri, KekError>;

    /// Makes `material` the new primary version of a key.
    ///
    /// # Errors
    /// As [`KeyLifecycle::rotate`]; `WeakMaterial` for all-zero bytes.
    async fn import_version(&self, key: &KeyUri, material: &Secret<32>) -> Result<KeyUri, KekError>;
}

/// How many envelopes still need a key version, as far as the caller knows (its journal).
pub type NeededBy<'a> = &'a (dyn Fn(&KeyUri) -> u64 + Send + Sync);

/// What a test call found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// How long the answer took, a new connection included where one was made.
    pub took: Duration,
    /// By how many seconds the service's clock is ahead of ours.
    pub clock_ahead: i64,
    /// The key exchange of the connection; none without TLS.
    pub key_exchange: Option<String>,
}

/// Something that an operator should know of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// What is so.
    pub text: String,
    /// What to do about it, where something should be done.
    pub advice: Option<String>,
}

/// A key as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeySummary {
    /// The key, without a version.
    pub uri: KeyUri,
    /// What the provider's users call it, where its URI does not say.
    pub name: Option<KeyName>,
    /// The state of the key as a whole.
    pub state: KeyState,
    /// Of a key pair: its mechanism.
    pub kem: Option<Kem>,
    /// Of a signature key: its scheme.
    pub signature: Option<SignatureScheme>,
    /// Whether it is a root of attribute keys.
    pub derives: bool,
    /// Whether it is a key of tokens that keep their format.
    pub fpe: bool,
    /// When it was made, where the provider tells.
    pub created: Option<SystemTime>,
    /// Its versions, oldest first, where the provider lists them.
    pub versions: Vec<VersionSummary>,
}

/// A key version as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VersionSummary {
    /// The version, as it stands in a key URI.
    pub version: String,
    /// Its own state.
    pub state: KeyState,
    /// Whether new wraps use it.
    pub primary: bool,
    /// When it was made, where the provider tells.
    pub created: Option<SystemTime>,
}

/// Whether a key or a version may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyState {
    /// In use.
    Enabled,
    /// Not usable until it is enabled.
    Disabled,
    /// Not usable, and erased after `due`.
    PendingDestruction {
        /// The earliest time of erasure.
        due: SystemTime,
    },
    /// Erased.
    Destroyed,
}

/// What [`KeyLifecycle::destroy_due`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Swept {
    /// Keys and versions that were erased.
    pub destroyed: Vec<KeyUri>,
    /// Due, but kept because this many envelopes need them.
    pub still_needed: Vec<(KeyUri, u64)>,
}

/// The time between the order to destroy a key and its erasure, in which the order can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DestroyWindow(Duration);

impl DestroyWindow {
    /// Thirty days.
    pub const DEFAULT: Self = Self(Duration::from_secs(30 * DAY));

    /// A window of `days`, 7 to 365; `None` outside that.
    #[must_use]
    pub fn days(days: u64) -> Option<Self> {
        DAYS.contains(&days).then(|| Self(Duration::from_secs(days * DAY)))
    }

    /// No window: the next sweep erases the key and nobody can take it back. For tests, and for operators who have
    /// said so twice.
    #[must_use]
    pub fn dangerously_none() -> Self {
        Self(Duration::ZERO)
    }

    /// The length of the window.
    #[must_use]
    pub fn length(self) -> Duration {
        self.0
    }
}

impl Default for DestroyWindow {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl KeySummary {
    /// Whether envelopes can be sealed to it.
    #[must_use]
    pub fn is_kek(&self) -> bool {
        self.signature.is_none() && !self.derives && !self.fpe
    }

    /// A summary without versions.
    #[must_use]
    pub fn new(uri: KeyUri, state: KeyState, created: Option<SystemTime>) -> Self {
        Self {
            uri,
            name: None,
            state,
            kem: None,
            signature: None,
            derives: false,
            fpe: false,
            created,
            versions: Vec::new(),
        }
    }
}

impl VersionSummary {
    /// A summary of a version that is not primary.
    #[must_use]
    pub fn new(version: impl Into<String>, state: KeyState, created: Option<SystemTime>) -> Self {
        Self {
            version: version.into(),
            state,
            primary: false,
            created,
        }
    }
}

const DAY: u64 = 86_400;
const DAYS: std::ops::RangeInclusive<u64> = 7..=365;

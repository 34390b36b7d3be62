//! `keystrand.toml`: which providers there are, and what people and code mean by `payments`.
//!
//! ```toml
//! [provider.local]
//! kind = "local"
//!
//! [provider.aws-eu]
//! kind = "aws-kms"
//! region = "eu-west-1"
//!
//! [key.payments]                                       # any one of these opens
//! any = ["local://payments", "aws-kms://arn:aws:kms:eu-west-1:111122223333:key/mrk-1"]
//! wrap_at_least = 1                                    # sealing goes on without the other, and tells
//! suite = "KS1-AES256GCM"
//! residency = ["eu"]
//! context = ["tenant"]                                 # every envelope has to bind this pair
//!
//! [key.board-minutes]                                  # two of these must agree
//! quorum = { k = 2, of = ["local://board", "passphrase:chair", "keyfile:safe"] }
//! floor = { posture = "hedged", quorum = 2 }
//!
//! [key.vault]                                          # both halves are needed
//! hybrid = { classical = "local://rsa-like", kem = "local://pair", thumbprint = "…" }
//!
//! [key.partner]                                        # a public key in the clear: seals, and opens elsewhere
//! any = [{ public_key_file = "partner.pub" }, "local://payments"]
//!
//! [policy]
//! posture = "quantum-safe"                             # no recipient may be weaker, whatever stands beside it
//! residency = ["eu"]                                   # no key elsewhere wraps, unwraps or stands in for another
//!
//! [open]                                               # among keys of one posture
//! order = ["latency", "cost"]
//! cost = { aws-eu = 3 }
//! hedge_after_ms = 300                                 # until enough is measured; hedge = false asks one at a time
//!
//! [policy.suites]                                      # what is not listed is forbidden
//! KS1-AES256GCM = "preferred"
//! KS1-CHACHA20POLY1305 = { status = "allowed", decrypt_only_from = 2027-01-01, forbidden_from = 2028-01-01 }
//!
//! [audit]
//! kind = "tlog"
//!
//! [esdk.key.legacy]                                    # a key of AWS Encryption SDK messages
//! kind = "raw-aes"
//! namespace = "my-app"
//! name = "key-2019"
//! file = "legacy.key"
//!
//! [esdk.key.ledger]                                    # and one whose data keys AWS KMS wraps
//! kind = "aws-kms"
//! arn = "arn:aws:kms:eu-west-1:111122223333:key/mrk-1"
//! ```
//!
//! What is not understood is an error with its line and column: a misspelt promise must not be a promise unkept.
//! Only the configuration selects endpoints and credentials; a key URI in an envelope selects among the keys here.

mod audit;
mod date;
mod error;
mod esdk;
mod initial;
mod key;
mod member;
mod open;
mod policy;
mod provider;
mod raw_key;
mod residency;
mod source;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use kms_core::OpenPolicy;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub use audit::AuditConfig;
pub use error::ConfigError;
pub use esdk::{CurveName, EsdkConfig, KeyEncoding, KmsKeyConfig, MessageKeyConfig, Padding, RawKeyConfig, RawKeyKind};
pub use initial::initial;
pub use key::{LogicalKey, Recipients};
pub use member::{ConfiguredKey, Member, Members};
pub use open::OpenConfig;
pub use policy::PolicyConfig;
pub use provider::ProviderConfig;
pub use residency::Residency;

use source::{Source, table};

use crate::uri::KeyName;

/// A configuration that has been checked as far as it can be without asking a provider.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// Providers by name.
    pub providers: BTreeMap<KeyName, ProviderConfig>,
    /// Logical keys by name.
    pub keys: BTreeMap<KeyName, LogicalKey>,
    /// What is allowed for all keys.
    pub policy: PolicyConfig,
    /// Whom to ask first when an envelope is opened.
    pub open: OpenConfig,
    /// Where uses of keys are recorded.
    pub audit: AuditConfig,
    /// Messages of the AWS Encryption SDK.
    pub esdk: EsdkConfig,
}

impl Config {
    /// Reads a configuration file. Paths in it are relative to its folder.
    ///
    /// # Errors
    /// [`ConfigError`] with file, line and column, what is wrong and what to do.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError::unreadable(path, &error))?;
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        Self::parse(&text, &folder).map_err(|error| error.in_file(path))
    }

    /// Parses a configuration. Paths in it are relative to `folder`.
    ///
    /// # Errors
    /// [`ConfigError`] with line and column, what is wrong and what to do.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, ConfigError> {
        let source = Arc::new(Source::new(text, folder));
        let sections = Sections::split(&source)?;
        let providers = named(&source, sections.provider, ProviderConfig::read)?;
        let policy = PolicyConfig::read(&source, sections.policy)?;
        let reader = key::Reader {
            source: &source,
            providers: &providers,
            policy: &policy,
        };
        let keys = named(&source, sections.key, |_, name, value| reader.read(name, value))?;
        let open = OpenConfig::read(&source, &providers, sections.open)?;
        let audit = AuditConfig::read(&source, sections.audit)?;
        let esdk = EsdkConfig::read(&source, sections.esdk)?;
        Ok(Self {
            providers,
            keys,
            policy,
            open,
            audit,
            esdk,
        })
    }

    /// What a reader of envelopes accepts under this configuration.
    #[must_use]
    pub fn open_policy(&self) -> OpenPolicy {
        OpenPolicy {
            suites: self.policy.suites.clone(),
            posture: self.policy.posture,
            max_recipients: self.policy.max_recipients,
            mixed_passphrase: self.keys.values().any(|key| key.mixed_passphrase),
            ..OpenPolicy::default()
        }
    }
}

/// The top level.
#[derive(Default)]
struct Sections<'t> {
    provider: Option<Spanned<DeValue<'t>>>,
    key: Option<Spanned<DeValue<'t>>>,
    policy: Option<Spanned<DeValue<'t>>>,
    open: Option<Spanned<DeValue<'t>>>,
    audit: Option<Spanned<DeValue<'t>>>,
    esdk: Option<Spanned<DeValue<'t>>>,
}

impl<'t> Sections<'t> {
    fn split(source: &'t Arc<Source>) -> Result<Self, ConfigError> {
        let root = DeTable::parse(source.text()).map_err(|error| source.reading(&error, 0..0))?;
        let mut sections = Self::default();
        for (name, value) in root.into_inner() {
            let place = match name.get_ref().as_ref() {
                "provider" => &mut sections.provider,
                "key" => &mut sections.key,
                "policy" => &mut sections.policy,
                "open" => &mut sections.open,
                "audit" => &mut sections.audit,
                "esdk" => &mut sections.esdk,
                _ => {
                    let message = "unknown section; expected provider, key, policy, open, audit or esdk";
                    return Err(source.error(name.span(), message));
                }
            };
            *place = Some(value);
        }
        Ok(sections)
    }
}

/// The tables `[section.NAME]` of a section.
fn named<T>(
    source: &Arc<Source>,
    section: Option<Spanned<DeValue<'_>>>,
    read: impl Fn(&Arc<Source>, &KeyName, Spanned<DeValue<'_>>) -> Result<T, ConfigError>,
) -> Result<BTreeMap<KeyName, T>, ConfigError> {
    let Some(section) = section else {
        return Ok(BTreeMap::new());
    };
    let mut entries = BTreeMap::new();
    for (name, value) in table(source, section)? {
        let parsed = KeyName::parse(name.get_ref()).map_err(|fault| source.error(name.span(), fault))?;
        let entry = read(source, &parsed, value)?;
        entries.insert(parsed, entry);
    }
    Ok(entries)
}

#[cfg(test)]
mod tests;

//! From the keys of a command line to a sealer: what several logical keys ask for, together.

use std::sync::Arc;
use std::time::SystemTime;

use kms_core::audit::Reason;
use kms_core::{EncryptionContext, Error, Floor, HpkeKek, KemPublicKey, Kind, Level, Recipient, Sealer, Suite};
use kms_providers::config::LogicalKey;

use crate::exit::Exit;
use crate::failure::{Failure, Party, Result};
use crate::session::Session;

/// Keys to seal for, any of which opens, and how.
pub struct Sealing {
    /// The keys.
    pub keys: Vec<LogicalKey>,
    /// Public keys that nothing but the command line names.
    pub public_keys: Vec<KemPublicKey>,
    /// The suite, in place of the keys' own.
    pub suite: Option<Suite>,
    /// What recipients lead to.
    pub level: Level,
    /// Whether key URIs are replaced by hints.
    pub hidden: bool,
}

impl Sealing {
    /// Whether `context` has every pair that the keys are configured to bind.
    ///
    /// # Errors
    /// When one is missing: an envelope without it would be refused where it is needed.
    pub fn check_context(&self, context: &EncryptionContext) -> Result<()> {
        let names = self.keys.iter().flat_map(|key| &key.context);
        match names.into_iter().find(|name| context.value(name).is_none()) {
            None => Ok(()),
            Some(name) => Err(refused(
                "policy.Context",
                format!("the key is configured to bind the context pair `{name}`"),
                format!("give --context {name}=…"),
            )),
        }
    }

    /// The sealer. Context is the caller's.
    ///
    /// # Errors
    /// When a key is not configured, lies outside of its residency, or the keys contradict each other.
    pub async fn sealer(&self, session: &Session) -> Result<Sealer> {
        let mut sealer = Sealer::new(session.backend().clone())
            .suite(self.suite(session)?)
            .floor(self.floor())
            .suites(session.config().policy.suites.clone())
            .least_posture(session.config().policy.posture)
            .max_recipients(session.config().policy.max_recipients)
            .audit(session.trail());
        if let ([LogicalKey { name: Some(name), .. }], true) = (&self.keys[..], self.public_keys.is_empty()) {
            sealer = sealer.key_name(name.as_str());
        }
        // One key that does not want to stand beside a passphrase is enough.
        if self.keys.iter().all(|key| key.mixed_passphrase) {
            sealer = sealer.allow_mixed_passphrase();
        }
        for key in &self.keys {
            sealer = key.add_to(sealer, self.recipients_of(session, key).await?);
        }
        Ok(self.public(session).fold(sealer, Sealer::add))
    }

    /// The recipients.
    ///
    /// # Errors
    /// When a key is not configured, or lies outside of its residency.
    pub async fn recipients(&self, session: &Session) -> Result<Vec<Recipient>> {
        let mut recipients = Vec::new();
        for key in &self.keys {
            recipients.extend(self.recipients_of(session, key).await?);
        }
        recipients.extend(self.public(session));
        Ok(recipients)
    }

    async fn recipients_of(&self, session: &Session, key: &LogicalKey) -> Result<Vec<Recipient>> {
        let recipients = session.resolver().recipients(key)?;
        // With a part of them sealing may go on, so one that does not tell where it is must not be in the way: it is
        // asked again before it wraps.
        if key.wrap_at_least.is_none() {
            session.resolver().check_residency(key).await?;
        }
        Ok(recipients.into_iter().map(|recipient| self.shaped(recipient)).collect())
    }

    fn public<'s>(&'s self, session: &'s Session) -> impl Iterator<Item = Recipient> + 's {
        self.public_keys.iter().map(|public| {
            let kek = HpkeKek::public(session.backend().clone(), public.clone());
            self.shaped(Recipient::single(Arc::new(kek)))
        })
    }

    fn shaped(&self, recipient: Recipient) -> Recipient {
        let recipient = recipient.at(self.level);
        if self.hidden { recipient.hidden() } else { recipient }
    }

    /// The one that was asked for, or that the keys agree on.
    fn suite(&self, session: &Session) -> Result<Suite> {
        let mut configured = self.keys.iter().filter_map(|key| key.suite);
        let policy = &session.config().policy.suites;
        let now = SystemTime::now();
        let preferred = policy.preferred(Kind::Message, now).unwrap_or(Suite::Aes256Gcm);
        let suite = self.suite.or(configured.next()).unwrap_or(preferred);
        if self.suite.is_none() && configured.any(|other| other != suite) {
            return Err(Failure::usage(
                "the keys are configured for different suites",
                "say which with --suite",
            ));
        }
        check_suite(session, suite)?;
        Ok(suite)
    }

    /// What every key asks for at least.
    fn floor(&self) -> Floor {
        let floors = || self.keys.iter().map(|key| key.floor);
        Floor {
            posture: floors().filter_map(|floor| floor.posture).max(),
            quorum: floors().filter_map(|floor| floor.quorum).max(),
        }
    }
}

/// Whether the policy lets envelopes be sealed with `suite` now.
///
/// # Errors
/// When it does not.
pub fn check_suite(session: &Session, suite: Suite) -> Result<()> {
    let policy = &session.config().policy.suites;
    policy.check_sealing(suite, SystemTime::now()).map_err(|fault| {
        let code = Reason::from(&Error::Policy(fault)).code().to_owned();
        refused(
            &code,
            format!("the policy does not allow to seal with {}: {fault}", suite.name()),
            "choose a suite that [policy] in keystrand.toml allows",
        )
    })
}

fn refused(code: &str, message: String, next: impl Into<String>) -> Failure {
    Failure::new(code, Exit::Refused, Party::Policy, message, next)
}

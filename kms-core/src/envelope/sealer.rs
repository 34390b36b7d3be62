//! Sealing: from a specification to a data key.

use std::sync::Arc;

use super::binding::{Pairs, Scope};
use super::recipients::{AnyOf, Recipient, Secrets, Wraps, check, settle, wrap_all};
use super::{DataKey, Message, MessageOptions, trail};
use crate::audit::{Action, AuditTrail, Clock, Details, Intent, SystemClock};
use crate::caps;
use crate::cbor::encode;
use crate::context::{EncryptionContext, Labels, canonical_names};
use crate::crypto::CryptoBackend;
use crate::error::{CallerFault, Error, PolicyFault, Result};
use crate::header::{Floor, Immutable, Level, is_logical_name, meets_floor, meets_posture};
use crate::kek::{Kek, Posture};
use crate::memory::Secret;
use crate::record::RecordMode;
use crate::schedule::{Domain, hedged_id};
use crate::suite::{Kind, Suite};
use crate::suite_policy::SuitePolicy;

/// What envelopes are to be: suite, kind, context, recipients and promises.
#[derive(Clone)]
pub struct Sealer {
    pub(super) backend: CryptoBackend,
    domain: Domain,
    context: EncryptionContext,
    external: Vec<String>,
    key_name: Option<String>,
    floor: Floor,
    recipients: Vec<Recipient>,
    any_of: Vec<AnyOf>,
    mixed_passphrase: bool,
    max_recipients: usize,
    pub(super) suites: Retirement,
    posture: Option<Posture>,
    pub(super) record_mode: Option<RecordMode>,
    pub(super) audit: AuditTrail,
}

/// When the sealer's suite seals no more.
#[derive(Clone)]
pub(super) struct Retirement {
    policy: Arc<SuitePolicy>,
    clock: Arc<dyn Clock>,
}

impl Retirement {
    pub(super) fn check(&self, suite: Suite) -> Result<(), PolicyFault> {
        self.policy.check_sealing(suite, self.clock.now())
    }
}

impl Sealer {
    /// A sealer of messages in the default suite, without recipients yet.
    #[must_use]
    pub fn new(backend: CryptoBackend) -> Self {
        Self {
            backend,
            domain: Domain {
                suite: Suite::Aes256Gcm,
                kind: Kind::Message,
            },
            context: EncryptionContext::new(),
            external: Vec::new(),
            key_name: None,
            floor: Floor::default(),
            recipients: Vec::new(),
            any_of: Vec::new(),
            mixed_passphrase: false,
            max_recipients: caps::RECIPIENTS_DEFAULT,
            suites: Retirement {
                policy: Arc::default(),
                clock: Arc::new(SystemClock),
            },
            posture: None,
            record_mode: None,
            audit: AuditTrail::none(),
        }
    }

    /// Uses this suite.
    #[must_use]
    pub fn suite(mut self, suite: Suite) -> Self {
        self.domain.suite = suite;
        self
    }

    /// Seals secrets (grants, keystores) in place of messages.
    #[must_use]
    pub fn sealed_secret(mut self) -> Self {
        self.domain.kind = Kind::SealedSecret;
        self.record_mode = None;
        self
    }

    /// Makes tickets in place of messages; their records are bound as `mode` says.
    #[must_use]
    pub fn ticket(mut self, mode: RecordMode) -> Self {
        self.domain.kind = Kind::Ticket;
        self.record_mode = Some(mode);
        self
    }

    /// Binds this encryption context.
    #[must_use]
    pub fn context(mut self, context: EncryptionContext) -> Self {
        self.context = context;
        self
    }

    /// Names the pairs of the context that are not to be stored: who opens must supply them.
    #[must_use]
    pub fn external<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.external = canonical_names(names.into_iter().map(Into::into));
        self
    }

    /// Writes a logical key name into the envelope: a hint for people.
    #[must_use]
    pub fn key_name(mut self, name: impl Into<String>) -> Self {
        self.key_name = Some(name.into());
        self
    }

    /// Promises that no recipient, now or later, is below `floor`.
    #[must_use]
    pub fn floor(mut self, floor: Floor) -> Self {
        self.floor = floor;
        self
    }

    /// Adds a KEK that opens alone.
    #[must_use]
    pub fn recipient(self, kek: Arc<dyn Kek>) -> Self {
        self.add(Recipient::single(kek))
    }

    /// Adds a recipient.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "adds to a list, not to a number")]
    pub fn add(mut self, recipient: Recipient) -> Self {
        self.recipients.push(recipient);
        self
    }

    /// Adds recipients of which `at_least` have to be wrapped for. Those that a provider keeps from it are left out and
    /// told ([`Message::missing`]); a rewrap puts them in ([`crate::Target::Complete`]). Every other recipient of this
    /// sealer has to be wrapped for, or nothing is sealed.
    #[must_use]
    pub fn any_of(mut self, recipients: impl IntoIterator<Item = Recipient>, at_least: usize) -> Self {
        let from = self.recipients.len();
        self.recipients.extend(recipients);
        let places = from..self.recipients.len();
        self.any_of.push(AnyOf { places, at_least });
        self
    }

    /// Allows a passphrase beside other recipients: the envelope is then as weak as the passphrase.
    #[must_use]
    pub fn allow_mixed_passphrase(mut self) -> Self {
        self.mixed_passphrase = true;
        self
    }

    /// Allows up to `count` recipients and shares, at most 64.
    #[must_use]
    pub fn max_recipients(mut self, count: usize) -> Self {
        self.max_recipients = count;
        self
    }

    /// Seals only with suites that this policy lets seal, at the time of each message.
    #[must_use]
    pub fn suites(mut self, policy: SuitePolicy) -> Self {
        self.suites.policy = Arc::new(policy);
        self
    }

    /// Lets the dates of the suite policy follow this clock.
    #[must_use]
    pub fn by_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.suites.clock = clock;
        self
    }

    /// Refuses recipients below `least`, without promising anything to readers as a [`Sealer::floor`] does.
    #[must_use]
    pub fn least_posture(mut self, least: Option<Posture>) -> Self {
        self.posture = least;
        self
    }

    /// Records each use of a KEK.
    #[must_use]
    pub fn audit(mut self, trail: AuditTrail) -> Self {
        self.audit = trail;
        self
    }

    /// Seals `plaintext` under a data key of its own: header, then payload.
    ///
    /// # Errors
    /// [`crate::Error::Caller`], [`crate::Error::Policy`], [`crate::Error::Provider`], [`crate::Error::Audit`] or
    /// [`crate::Error::Random`]; nothing was sealed.
    pub async fn seal(&self, plaintext: &[u8]) -> Result<Vec<u8>> {
        let options = MessageOptions {
            plaintext_len: Some(plaintext.len() as u64),
            ..MessageOptions::default()
        };
        self.begin(options).await?.seal(plaintext)
    }

    /// Seals `plaintext` under a data key of its own: header and payload apart.
    ///
    /// # Errors
    /// As [`Sealer::seal`].
    pub async fn seal_detached(&self, plaintext: &[u8]) -> Result<(Vec<u8>, Vec<u8>)> {
        let options = MessageOptions {
            detached: true,
            ..MessageOptions::default()
        };
        self.begin(options).await?.seal_detached(plaintext)
    }

    /// Makes the header of one message under a data key of its own.
    ///
    /// # Errors
    /// As [`Sealer::seal`].
    pub async fn begin(&self, options: MessageOptions) -> Result<Message> {
        self.check_recorded(Action::Seal)?;
        let message_id = hedged_id(&self.backend)?;
        let dek_id = hedged_id(&self.backend)?;
        let intent = self.intent(Action::Seal, &dek_id)?;
        let made = self.wrap(dek_id, message_id).await.and_then(|(data_key, wraps)| {
            let message = data_key.message(message_id, options)?;
            Ok((message, wraps))
        });
        self.settle(intent, made, |message| Details {
            message_id: Some(&message.keys.message_id),
            header: Some(trail::mark(0, &message.tag)),
            ..Details::default()
        })
    }

    /// Makes a data key for many messages: one provider call a recipient, whatever the number of messages.
    ///
    /// # Errors
    /// As [`Sealer::seal`], and [`CallerFault::MessageLevel`] if a recipient is for one message only.
    pub async fn data_key(&self) -> Result<DataKey> {
        self.check_recorded(Action::Wrap)?;
        if self
            .recipients
            .iter()
            .any(|recipient| recipient.level() == Level::Message)
        {
            return Err(CallerFault::MessageLevel.into());
        }
        let dek_id = hedged_id(&self.backend)?;
        let intent = self.intent(Action::Wrap, &dek_id)?;
        let made = self.wrap(dek_id, [0; 32]).await;
        self.settle(intent, made, |_| Details::default())
    }

    /// Refusals of policy are recorded; misuse by the caller is not a use of a key.
    fn check_recorded(&self, action: Action) -> Result<()> {
        self.recorded(action, self.check())
    }

    /// What can have changed since a data key was made under this specification.
    pub(crate) fn check_still(&self) -> Result<()> {
        self.recorded(Action::Seal, self.suites.check(self.domain.suite).map_err(Error::from))
    }

    fn recorded(&self, action: Action, checked: Result<()>) -> Result<()> {
        checked.or_else(|error| {
            if matches!(error, Error::Policy(_)) {
                trail::refused_sealing(&self.audit, action, self.domain, self.key_name.as_deref(), &error)?;
            }
            Err(error)
        })
    }

    fn check(&self) -> Result<()> {
        if !self.domain.suite.allows(self.domain.kind) {
            return Err(CallerFault::SuiteForKind.into());
        }
        self.suites.check(self.domain.suite)?;
        if self.domain.suite == Suite::Aes256Siv && self.record_mode == Some(RecordMode::None) {
            return Err(CallerFault::RecordMode.into());
        }
        if self.key_name.as_deref().is_some_and(|name| !is_logical_name(name)) {
            return Err(CallerFault::KeyName.into());
        }
        if self.external.iter().any(|name| self.context.value(name).is_none()) {
            return Err(CallerFault::Context.into());
        }
        if self
            .floor
            .quorum
            .is_some_and(|threshold| !(2..=16).contains(&threshold))
        {
            return Err(CallerFault::Quorum.into());
        }
        self.any_of.iter().try_for_each(AnyOf::check)?;
        check(&self.recipients, self.max_recipients, self.mixed_passphrase)?;
        Ok(self.check_postures()?)
    }

    /// By what the KEKs say of themselves: it may be less than what their kind promises, where a secret crosses a
    /// classical connection. What stands in the header is checked again when it is wrapped.
    fn check_postures(&self) -> Result<(), PolicyFault> {
        let weakest = self.recipients.iter().map(Recipient::posture).min();
        let below = |least: Option<Posture>| least.zip(weakest).is_some_and(|(least, weakest)| weakest < least);
        if below(self.floor.posture) {
            return Err(PolicyFault::FloorPosture);
        }
        if below(self.posture) {
            return Err(PolicyFault::Posture);
        }
        Ok(())
    }

    /// By what carried the secrets that were just wrapped.
    fn check_carried(&self, present: &[usize]) -> Result<()> {
        let least = self.floor.posture.max(self.posture);
        let below = |recipient: &&Recipient| least.is_some_and(|least| recipient.posture() < least);
        let mut wrapped = present.iter().map(|&at| &self.recipients[at]);
        wrapped.find(below).map_or(Ok(()), |recipient| Err(recipient.crossed()))
    }

    /// Whether a data key may serve several messages of this sealer.
    pub(crate) fn is_cacheable(&self) -> bool {
        self.recipients
            .iter()
            .all(|recipient| recipient.level() == Level::DataKey)
    }

    /// Everything that messages of one data key must share, and `partition`.
    pub(crate) fn fingerprint(&self, partition: &str) -> Vec<u8> {
        encode(|out| {
            out.text(partition);
            out.uint(u64::from(self.domain.suite.wire()));
            out.uint(u64::from(self.domain.kind.wire()));
            out.text(self.record_mode.map_or("", RecordMode::name));
            self.context.encode(out);
            out.array(self.external.len());
            self.external.iter().for_each(|name| out.text(name));
            out.text(self.key_name.as_deref().unwrap_or(""));
            self.floor.encode(out);
            out.array(self.recipients.len());
            self.recipients.iter().for_each(|recipient| recipient.fingerprint(out));
            out.array(self.any_of.len());
            for group in &self.any_of {
                out.array(3);
                [group.places.start, group.places.end, group.at_least]
                    .into_iter()
                    .for_each(|number| out.uint(number as u64));
            }
        })
    }

    /// What IMM is but for the message id and labels.
    pub(super) fn template(&self, dek_id: [u8; 16]) -> Immutable {
        let (context, _) = self.context.split(&self.external);
        Immutable {
            domain: self.domain,
            message_id: [0; 32],
            dek_id,
            context,
            external: self.external.clone(),
            labels: Labels::new(),
            key_name: self.key_name.clone(),
            floor: self.floor,
        }
    }

    /// A fresh data key, wrapped for all recipients, and what the providers returned.
    async fn wrap(&self, dek_id: [u8; 16], message_id: [u8; 32]) -> Result<(DataKey, Wraps)> {
        let dek = Secret::try_init_with(|out| self.backend.random.fill(out))?;
        let message = self.domain.message_secret(&self.backend, &dek, &dek_id, &message_id);
        let context = self.context.digest(&self.backend);
        let scope = Scope {
            backend: &self.backend,
            domain: self.domain,
            dek_id: &dek_id,
            message_id: &message_id,
            context: &context,
            pairs: Pairs {
                stored: &self.context,
                supplied: &self.context,
            },
        };
        settle(self.floor.posture.max(self.posture), self.recipients.iter()).await?;
        let wrapped = wrap_all(
            scope,
            &self.recipients,
            &self.any_of,
            Secrets {
                data_key: Some(&dek),
                message: &message,
            },
        )
        .await?;
        meets_floor(self.floor, &wrapped.entries, &wrapped.shares)?;
        meets_posture(self.posture, &wrapped.entries, &wrapped.shares)?;
        let wraps = wrapped.wraps();
        self.check_carried(&wraps.present)?;
        Ok((DataKey::new(self, dek, dek_id, wrapped)?, wraps))
    }

    fn intent(&self, action: Action, dek_id: &[u8; 16]) -> Result<Intent> {
        trail::wrapping(
            &self.audit,
            action,
            self.domain,
            self.key_name.as_deref(),
            dek_id,
            &self.recipients,
        )
    }

    fn settle<T>(
        &self,
        intent: Intent,
        made: Result<(T, Wraps)>,
        details: impl for<'a> FnOnce(&'a T) -> Details<'a>,
    ) -> Result<T> {
        match made {
            Ok((value, wraps)) => {
                let present = wraps.present.iter().map(|&at| &self.recipients[at]);
                let members = present.flat_map(Recipient::members);
                trail::wrapped(intent, members.zip(wraps.wraps), &wraps.missing, &details(&value))?;
                Ok(value)
            }
            Err(error) => {
                trail::fail(intent, &error)?;
                Err(error)
            }
        }
    }
}

//! Opening, in the normative order of docs/format.md ("Order of open").

use std::sync::Arc;

use subtle::ConstantTimeEq;

use super::MessageKeys;
use super::anchor::{HeaderAnchor, SeenHeader};
use super::attempt::{Attempt, AttemptOutcome};
use super::binding::Scope;
use super::order::OpeningOrder;
use super::recipients::Recipient;
use super::search::{Found, Manner, Search, ShareCheck};
use super::trail;
use crate::audit::{Action, AuditTrail, Clock, Details, SystemClock};
use crate::cache::OpenCache;
use crate::caps;
use crate::context::EncryptionContext;
use crate::crypto::CryptoBackend;
use crate::error::{CallerFault, Error, FormatFault, LimitFault, PolicyFault, Result};
use crate::header::{Entry, Header, Immutable, Level, RecipientId, Single, meets_floor, meets_posture};
use crate::kek::{Kek, Posture, WrapParams};
use crate::keyring::{Keyring, names};
use crate::memory::Secret;
use crate::payload::plaintext_len;
use crate::record::TicketKeys;
use crate::schedule::{Digest, HeaderMac, MessageSchedule};
use crate::suite::Kind;
use crate::suite_policy::SuitePolicy;

/// What a reader accepts.
#[derive(Debug, Clone)]
pub struct OpenPolicy {
    /// Suites that may be opened, and for rewraps sealed.
    pub suites: SuitePolicy,
    /// The least posture of every recipient, whatever floor the envelope has or lacks.
    pub posture: Option<Posture>,
    /// Recipients and shares, at most 64.
    pub max_recipients: usize,
    /// Provider calls that one open may make; a larger quorum may use as many as it has members.
    pub provider_calls: usize,
    /// Whether a passphrase may stand beside other recipients.
    pub mixed_passphrase: bool,
    /// The oldest sequence number that is accepted.
    pub min_sequence: Option<u64>,
}

impl Default for OpenPolicy {
    fn default() -> Self {
        Self {
            suites: SuitePolicy::default(),
            posture: None,
            max_recipients: caps::RECIPIENTS_DEFAULT,
            provider_calls: caps::PROVIDER_CALLS,
            mixed_passphrase: false,
            min_sequence: None,
        }
    }
}

/// Opens envelopes with the keys of a keyring.
#[derive(Clone)]
pub struct Opener {
    pub(super) backend: CryptoBackend,
    pub(super) keyring: Arc<Keyring>,
    pub(super) required: EncryptionContext,
    pub(super) policy: OpenPolicy,
    pub(super) audit: AuditTrail,
    pub(super) clock: Arc<dyn Clock>,
    cache: Option<(Arc<OpenCache>, Arc<str>)>,
    anchor: Option<Arc<dyn HeaderAnchor>>,
    order: Option<Arc<OpeningOrder>>,
}

/// An opened header.
pub struct Opened {
    header: Header,
    keys: MessageKeys,
    level: Level,
    opened_by: Vec<String>,
    shares: Vec<Vec<ShareCheck>>,
}

/// A header whose tag was verified, and the secrets behind it.
pub(super) struct Unlocked {
    pub(super) context: Digest,
    /// What was found, unless it is the message secret itself.
    pub(super) data_key: Option<Secret<32>>,
    pub(super) message: Secret<32>,
    pub(super) mac: HeaderMac,
    schedule: MessageSchedule,
    attempts: Vec<Attempt>,
    shares: Vec<Vec<ShareCheck>>,
}

impl Opener {
    /// An opener that uses these keys and requires no context.
    #[must_use]
    pub fn new(backend: CryptoBackend, keyring: impl Into<Arc<Keyring>>) -> Self {
        Self {
            backend,
            keyring: keyring.into(),
            required: EncryptionContext::new(),
            policy: OpenPolicy::default(),
            audit: AuditTrail::none(),
            clock: Arc::new(SystemClock),
            cache: None,
            anchor: None,
            order: None,
        }
    }

    /// Requires these pairs: stored ones are compared, pairs that are not stored are supplied by this.
    #[must_use]
    pub fn require(mut self, context: EncryptionContext) -> Self {
        self.required = context;
        self
    }

    /// Accepts what this policy says.
    #[must_use]
    pub fn policy(mut self, policy: OpenPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Records each use of a KEK.
    #[must_use]
    pub fn audit(mut self, trail: AuditTrail) -> Self {
        self.audit = trail;
        self
    }

    /// Lets the dates of the policy follow this clock.
    #[must_use]
    pub fn by_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Spares provider calls through `cache`. `partition` names everything outside the envelope that must not be
    /// crossed: principal, tenant, policy version.
    #[must_use]
    pub fn cache(mut self, cache: Arc<OpenCache>, partition: &str) -> Self {
        self.cache = Some((cache, partition.into()));
        self
    }

    /// Asks `anchor` of every authentic header whether it is the newest.
    #[must_use]
    pub fn anchor(mut self, anchor: Arc<dyn HeaderAnchor>) -> Self {
        self.anchor = Some(anchor);
        self
    }

    /// Asks recipients in this order, in place of that of the keyring.
    #[must_use]
    pub fn order(mut self, order: Arc<OpeningOrder>) -> Self {
        self.order = Some(order);
        self
    }

    /// Recipients and shares that headers may have here.
    #[must_use]
    pub fn max_recipients(&self) -> usize {
        self.policy.max_recipients
    }

    /// What of `recipients` does not stand in `header`, as it would stand there: hidden, and for the secret, that its
    /// recipients are for. A quorum is wrapped whole or not at all, so none is ever missing.
    #[must_use]
    pub fn missing(&self, header: &Header, recipients: &[Recipient]) -> Vec<Recipient> {
        let dek_id = &header.immutable().dek_id;
        let singles: Vec<_> = header.entries().iter().filter_map(Entry::single).collect();
        let stands = |uri: &str, id: &RecipientId| names(&self.backend, dek_id, id, uri);
        let has = |recipient: &Recipient| match recipient {
            Recipient::Single { member, .. } => singles.iter().any(|single| is_of(single, &*member.kek, stands)),
            Recipient::Quorum { .. } => true,
        };
        let shaped = |recipient: &Recipient| match singles.first() {
            Some(first) if first.id.is_hidden() => recipient.clone().at(first.level).hidden(),
            Some(first) => recipient.clone().at(first.level),
            None => recipient.clone(),
        };
        recipients
            .iter()
            .filter(|recipient| !has(recipient))
            .map(shaped)
            .collect()
    }

    /// Opens an envelope: header, then payload, then nothing.
    ///
    /// # Errors
    /// [`Error::DoesNotOpen`] for wrong keys, wrong context and altered bytes alike; [`Error::Format`],
    /// [`Error::Limit`], [`Error::Policy`] and [`Error::Caller`] before any provider is called;
    /// [`Error::Provider`] if a provider is not available; [`Error::Audit`].
    pub async fn open(&self, envelope: &[u8]) -> Result<Vec<u8>> {
        let header = Header::parse_prefix(envelope, self.policy.max_recipients)?;
        let payload = &envelope[header.len()..];
        self.open_parts(header, payload).await
    }

    /// Opens a payload with its detached header.
    ///
    /// # Errors
    /// As [`Opener::open`].
    pub async fn open_detached(&self, header: &[u8], payload: &[u8]) -> Result<Vec<u8>> {
        let header = Header::parse_detached(header, self.policy.max_recipients)?;
        self.open_parts(header, payload).await
    }

    /// Opens a ticket.
    ///
    /// # Errors
    /// As [`Opener::open`], and [`FormatFault::WrongKind`].
    pub async fn open_ticket(&self, ticket: &[u8]) -> Result<TicketKeys> {
        let header = Header::parse_detached(ticket, self.policy.max_recipients)?;
        if header.domain().kind != Kind::Ticket {
            return Err(FormatFault::WrongKind.into());
        }
        self.open_header(header).await?.keys.ticket()
    }

    /// Opens a header: everything up to the payload.
    ///
    /// # Errors
    /// As [`Opener::open`].
    pub async fn open_header(&self, header: Header) -> Result<Opened> {
        let unlocked = self.unlock(&header, None).await?;
        let immutable = header.immutable();
        let keys = MessageKeys::new(
            &self.backend,
            &unlocked.schedule,
            header.domain(),
            immutable.message_id,
            header.immutable_hash(&self.backend),
            immutable.record_mode(),
        );
        Ok(Opened {
            header,
            keys,
            level: unlocked.level(),
            opened_by: opened_by(unlocked.attempts),
            shares: unlocked.shares,
        })
    }

    async fn open_parts(&self, header: Header, payload: &[u8]) -> Result<Vec<u8>> {
        if header.domain().kind == Kind::Ticket {
            return Err(FormatFault::WrongKind.into());
        }
        header.check_payload_start(payload)?;
        let length = plaintext_len(payload.len() as u64);
        let opened = self.open_header(header).await?;
        // An impossible length is truncation like any other, so it is told only to who could open the rest.
        let length = length
            .ok()
            .and_then(|length| usize::try_from(length).ok())
            .ok_or(Error::DoesNotOpen)?;
        let mut plaintext = vec![0; length];
        opened.keys.payload()?.open_into(payload, &mut plaintext)?;
        Ok(plaintext)
    }

    /// Reaches the secrets of a header, through a recipient of `level` if that is asked for, and verifies its tag.
    pub(super) async fn unlock(&self, header: &Header, level: Option<Level>) -> Result<Unlocked> {
        let context = self.checked_context(header);
        let context = context.or_else(|error| self.refuse(header, error))?;
        let scope = Scope::of(&self.backend, header, &context, &self.required);
        let manner = Manner {
            provider_calls: self.policy.provider_calls,
            cache: self.cache.as_ref().map(|(cache, partition)| (&**cache, &**partition)),
            order: self.order.as_deref(),
            least: self.policy.posture.max(header.immutable().floor.posture),
        };
        let mut search = Search::new(scope, header, &self.keyring, level, manner);
        let candidates = search.candidates();
        let candidates = candidates.or_else(|fault| self.refuse(header, fault.into()))?;
        let mut intent = trail::using(&self.audit, Action::Open, &self.backend, header, &self.keyring)?;
        let found = search.secret(candidates).await;
        trail::calls(&mut intent, &search.attempts);
        let exhausted = search.is_exhausted();
        match found.and_then(|found| self.verify(header, context, found, search)) {
            Err(error) => {
                // Who reads the trail learns that there were more recipients; who sent the envelope does not.
                let reason = if exhausted {
                    LimitFault::ProviderCalls.into()
                } else {
                    error.clone()
                };
                intent.fail(&reason, &[])?;
                Err(error)
            }
            Ok(unlocked) => {
                intent.succeed(&Details::default())?;
                Ok(unlocked)
            }
        }
    }

    fn refuse<T>(&self, header: &Header, error: Error) -> Result<T> {
        trail::refused(&self.audit, Action::Open, header, &error)?;
        Err(error)
    }

    /// The checks that come before any provider call; gives `ctx_hash`.
    pub(super) fn checked_context(&self, header: &Header) -> Result<Digest> {
        self.check_policy(header)?;
        self.context_digest(header)
    }

    /// What needs no key: suite, floor, and the rule that a passphrase stands alone.
    fn check_policy(&self, header: &Header) -> Result<(), PolicyFault> {
        self.policy
            .suites
            .check_opening(header.domain().suite, self.clock.now())?;
        let entries = header.entries();
        if !self.policy.mixed_passphrase && entries.len() > 1 && entries.iter().any(Entry::is_passphrase) {
            return Err(PolicyFault::PassphraseMixed);
        }
        meets_floor(header.immutable().floor, header.entries(), header.shares())?;
        meets_posture(self.policy.posture, header.entries(), header.shares())
    }

    /// `ctx_hash`: the stored pairs, compared with the required ones, and the supplied ones that are not stored.
    fn context_digest(&self, header: &Header) -> Result<Digest> {
        let immutable = header.immutable();
        let (compared, supplied) = self.required.split(&immutable.external);
        if compared
            .pairs()
            .any(|(key, value)| immutable.context.value(key) != Some(value))
        {
            return Err(PolicyFault::ContextMismatch.into());
        }
        if supplied.pairs().len() != immutable.external.len() {
            return Err(CallerFault::ContextMissing.into());
        }
        if supplied.is_empty() {
            return Ok(immutable.context.digest(&self.backend));
        }
        let full = immutable.context.union(&supplied).ok_or(FormatFault::Context)?;
        full.check_size()?;
        Ok(full.digest(&self.backend))
    }

    /// Derives the message secret and verifies the tag. A tag failure is final: no further provider is called.
    fn verify(&self, header: &Header, context: Digest, found: Found, search: Search<'_>) -> Result<Unlocked> {
        let domain = header.domain();
        let Immutable { dek_id, message_id, .. } = header.immutable();
        let (message, data_key) = match found.level {
            Level::Message => (found.secret, None),
            Level::DataKey => {
                let message = domain.message_secret(&self.backend, &found.secret, dek_id, message_id);
                (message, Some(found.secret))
            }
        };
        let schedule = MessageSchedule::new(&self.backend, domain, &message);
        let mac = schedule.header_mac(&self.backend);
        let genuine = bool::from(mac.tag(header.tagged()).ct_eq(header.tag()));
        if !genuine || !self.is_fresh(header) {
            return Err(Error::DoesNotOpen);
        }
        Ok(Unlocked {
            context,
            data_key,
            message,
            mac,
            schedule,
            attempts: search.attempts,
            shares: search.shares,
        })
    }

    /// Whether an authentic header is new enough for the policy and the anchor.
    fn is_fresh(&self, header: &Header) -> bool {
        let sequence = header.sequence();
        let Immutable { dek_id, message_id, .. } = header.immutable();
        let seen = SeenHeader {
            dek_id,
            message_id,
            sequence,
            tag: header.tag(),
        };
        self.policy.min_sequence.is_none_or(|least| sequence >= least)
            && self.anchor.as_ref().is_none_or(|anchor| anchor.accepts(&seen))
    }
}

/// Whether `single` is under `kek`, and of a hybrid under both its halves: a classical key does not take the place of
/// the hybrid that it is a half of.
pub(super) fn is_of(single: &Single, kek: &dyn Kek, stands: impl Fn(&str, &RecipientId) -> bool) -> bool {
    let first = stands(kek.uri(), &single.id);
    match (&single.wrapped.params, kek.hybrid()) {
        (WrapParams::Hybrid { id, .. }, Some(halves)) => first && stands(halves.pq().uri(), id),
        (WrapParams::Hybrid { .. }, None) | (_, Some(_)) => false,
        (_, None) => first,
    }
}

fn opened_by(attempts: Vec<Attempt>) -> Vec<String> {
    let opened = |attempt: &Attempt| matches!(attempt.outcome, AttemptOutcome::Opened | AttemptOutcome::Cached);
    let attempts = attempts.into_iter().filter(opened);
    attempts.map(|attempt| attempt.uri).collect()
}

impl Unlocked {
    fn level(&self) -> Level {
        if self.data_key.is_some() {
            Level::DataKey
        } else {
            Level::Message
        }
    }
}

impl Opened {
    /// The header, authenticated (share bodies as [`Opened::share_checks`] says).
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The keys of the payload or of the records.
    #[must_use]
    pub fn keys(&self) -> &MessageKeys {
        &self.keys
    }

    /// The keys whose providers answered: one, or as many as the quorum needed.
    #[must_use]
    pub fn opened_by(&self) -> &[String] {
        &self.opened_by
    }

    /// The secret that was reached.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// What was learned of each share body, quorum by quorum.
    #[must_use]
    pub fn share_checks(&self) -> &[Vec<ShareCheck>] {
        &self.shares
    }
}

impl Header {
    /// Compares the first 24 bytes of a payload with this header, which names it: a mix-up is seen without any key.
    /// A shorter payload is left to the truncation checks.
    ///
    /// # Errors
    /// [`FormatFault::OtherPayload`].
    pub fn check_payload_start(&self, payload: &[u8]) -> Result<(), FormatFault> {
        match payload.first_chunk::<24>() {
            Some(start) if !self.immutable().message_id.starts_with(start) => Err(FormatFault::OtherPayload),
            _ => Ok(()),
        }
    }
}

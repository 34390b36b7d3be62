//! Wrapping a secret for recipients.

use std::ops::Range;
use std::sync::Arc;

use futures_util::future::{join_all, try_join_all};

use super::binding::{Place, Scope, commitment};
use super::seal;
use crate::caps;
use crate::cbor::Writer;
use crate::error::{CallerFault, Error, KekError, KekFault, KekOperation, PolicyFault, Result};
use crate::header::{Entry, Level, Quorum, RecipientId, Share, Single, is_key_uri, posture_of_members};
use crate::kek::{Binding, Kek, Posture, Scheme, WrapParams, WrappedKey};
use crate::kem::HybridKek;
use crate::keyring::hint;
use crate::memory::Secret;
use crate::quorum::split;
use crate::schedule::hedged_id;

/// Who may open an envelope.
#[derive(Clone)]
pub enum Recipient {
    /// One KEK opens alone.
    Single {
        /// The KEK.
        member: Member,
        /// The secret it leads to.
        level: Level,
    },
    /// `threshold` of the members open together.
    Quorum {
        /// Members needed: 2 to the number of members.
        threshold: u8,
        /// 2 to 16 members.
        members: Vec<Member>,
        /// The secret they lead to.
        level: Level,
    },
}

/// A KEK and how it is named in the envelope.
#[derive(Clone)]
pub struct Member {
    /// The KEK.
    pub kek: Arc<dyn Kek>,
    /// Whether the key URI is replaced by an 8-byte hint.
    pub hidden: bool,
}

impl Member {
    /// The keys that it takes: one, or the two of a hybrid.
    pub(super) fn key_uris(&self) -> impl Iterator<Item = &str> {
        let second = self.kek.hybrid().map(|halves| halves.pq().uri());
        std::iter::once(self.kek.uri()).chain(second)
    }
}

impl Recipient {
    /// `kek`, openly named, for the data key.
    #[must_use]
    pub fn single(kek: Arc<dyn Kek>) -> Self {
        Self::Single {
            member: Member { kek, hidden: false },
            level: Level::DataKey,
        }
    }

    /// `threshold` of `keks`, openly named, for the data key.
    #[must_use]
    pub fn quorum(threshold: u8, keks: impl IntoIterator<Item = Arc<dyn Kek>>) -> Self {
        let members = keks.into_iter().map(|kek| Member { kek, hidden: false }).collect();
        Self::Quorum {
            threshold,
            members,
            level: Level::DataKey,
        }
    }

    /// The same recipient for the data key or for one message only.
    #[must_use]
    pub fn at(mut self, wanted: Level) -> Self {
        let (Self::Single { level, .. } | Self::Quorum { level, .. }) = &mut self;
        *level = wanted;
        self
    }

    /// The same recipient with its key URIs replaced by hints.
    #[must_use]
    pub fn hidden(mut self) -> Self {
        self.members_mut().iter_mut().for_each(|member| member.hidden = true);
        self
    }

    /// The secret it leads to.
    #[must_use]
    pub fn level(&self) -> Level {
        let (Self::Single { level, .. } | Self::Quorum { level, .. }) = self;
        *level
    }

    /// Its KEKs.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        match self {
            Self::Single { member, .. } => std::slice::from_ref(member),
            Self::Quorum { members, .. } => members,
        }
    }

    /// The posture of this way to the secret, by what its KEKs say of themselves.
    #[must_use]
    pub fn posture(&self) -> Posture {
        let members = self.members().iter().map(|member| member.kek.posture());
        match self {
            Self::Single { .. } => posture_of_members(1, members),
            Self::Quorum { threshold, .. } => posture_of_members(*threshold, members),
        }
    }

    /// The same, after finding out how the services are reached.
    pub(super) async fn settled_posture(&self) -> Result<Posture, KekError> {
        let settled = self.members().iter().map(|member| member.kek.settled_posture());
        let settled = try_join_all(settled).await?.into_iter();
        Ok(match self {
            Self::Single { .. } => posture_of_members(1, settled),
            Self::Quorum { threshold, .. } => posture_of_members(*threshold, settled),
        })
    }

    /// The weakest key is the one to name: its connection gives its secrets away.
    pub(super) fn crossed(&self) -> Error {
        let weakest = self.members().iter().min_by_key(|member| member.kek.posture());
        let uri = weakest.map_or("", |member| member.kek.uri());
        KekError::new(uri, KekOperation::Wrap, KekFault::Transport).into()
    }

    fn members_mut(&mut self) -> &mut [Member] {
        match self {
            Self::Single { member, .. } => std::slice::from_mut(member),
            Self::Quorum { members, .. } => members,
        }
    }

    /// Who this is, for cache keys.
    pub(super) fn fingerprint(&self, out: &mut Writer<'_>) {
        let threshold = match self {
            Self::Single { .. } => 1,
            Self::Quorum { threshold, .. } => *threshold,
        };
        out.array(3);
        out.uint(u64::from(threshold));
        out.uint(u64::from(self.level() == Level::Message));
        out.array(self.members().len());
        for member in self.members() {
            out.array(5);
            out.uint(u64::from(member.kek.scheme().wire()));
            out.text(member.kek.uri());
            out.uint(u64::from(member.hidden));
            let pq = member.kek.kem().or(member.kek.hybrid().map(HybridKek::pq));
            out.uint(pq.map_or(0, |key| u64::from(key.kem().wire())));
            out.text(pq.map_or("", |key| key.uri()));
        }
    }

    fn is_quorum(&self) -> bool {
        matches!(self, Self::Quorum { .. })
    }

    fn check(&self) -> Result<()> {
        if let Self::Quorum { threshold, members, .. } = self {
            let sizes_fit =
                members.len() <= caps::QUORUM_MEMBERS && (2..=members.len()).contains(&usize::from(*threshold));
            if !sizes_fit {
                return Err(CallerFault::Quorum.into());
            }
        }
        for Member { kek, .. } in self.members() {
            if !is_key_uri(kek.uri()) {
                return Err(CallerFault::KeyUri.into());
            }
        }
        Ok(())
    }

    fn is_passphrase(&self) -> bool {
        matches!(self, Self::Single { member, .. } if member.kek.scheme() == Scheme::Passphrase)
    }
}

/// Recipients any of which opens, of which not all have to be wrapped for.
#[derive(Clone)]
pub(super) struct AnyOf {
    /// Their places among the recipients.
    pub(super) places: Range<usize>,
    pub(super) at_least: usize,
}

impl AnyOf {
    pub(super) fn check(&self) -> Result<(), CallerFault> {
        match (1..=self.places.len()).contains(&self.at_least) {
            true => Ok(()),
            false => Err(CallerFault::AtLeast),
        }
    }
}

/// Checks what can be checked before any provider is called.
pub(super) fn check(recipients: &[Recipient], max_recipients: usize, mixed_passphrase: bool) -> Result<()> {
    if recipients.iter().all(|recipient| recipient.members().is_empty()) {
        return Err(CallerFault::NoRecipients.into());
    }
    let recipients: Vec<_> = recipients.iter().collect();
    check_beside(&recipients, &[], max_recipients, mixed_passphrase)
}

/// The same of recipients that are to stand beside `others`.
pub(super) fn check_beside(
    recipients: &[&Recipient],
    others: &[&Entry],
    max_recipients: usize,
    mixed_passphrase: bool,
) -> Result<()> {
    let count: usize = recipients.iter().map(|recipient| recipient.members().len()).sum();
    let standing: usize = others.iter().map(|entry| entry.recipients()).sum();
    let quorums = recipients.iter().filter(|recipient| recipient.is_quorum()).count();
    let standing_quorums = others.iter().filter(|entry| matches!(entry, Entry::Quorum(_))).count();
    if count + standing > max_recipients.min(caps::RECIPIENTS_HARD) || quorums + standing_quorums > caps::QUORUMS {
        return Err(PolicyFault::RecipientCount.into());
    }
    let passphrase = recipients.iter().any(|recipient| recipient.is_passphrase())
        || others.iter().any(|entry| entry.is_passphrase());
    if !mixed_passphrase && recipients.len() + others.len() > 1 && passphrase {
        return Err(PolicyFault::PassphraseMixed.into());
    }
    recipients.iter().try_for_each(|recipient| recipient.check())
}

/// Asks, before a secret is at stake, how the services of remote keys are reached, where `least` wants more of them than
/// of classical ones. A service that does not answer is not weak: it will not wrap either.
pub(super) async fn settle<'r>(least: Option<Posture>, recipients: impl Iterator<Item = &'r Recipient>) -> Result<()> {
    let Some(least) = least.filter(|&least| least > Posture::Classical) else {
        return Ok(());
    };
    let settled = recipients.map(|recipient| async move { (recipient, recipient.settled_posture().await) });
    let settled = join_all(settled).await;
    let below = settled
        .iter()
        .find(|(_, settled)| matches!(settled, Ok(posture) if *posture < least));
    below.map_or(Ok(()), |(recipient, _)| Err(recipient.crossed()))
}

/// Entries and share bodies of a header.
#[derive(Default)]
pub(super) struct Wrapped {
    pub(super) entries: Vec<Entry>,
    pub(super) shares: Vec<Vec<Share>>,
    pub(super) request_ids: Vec<Option<String>>,
    /// Recipients that could not be wrapped for, where others sufficed.
    pub(super) missing: Vec<KekError>,
    /// The places of the others.
    pub(super) present: Vec<usize>,
}

/// What the audit trail is told of wraps.
pub(super) struct Wraps {
    /// In order of the members of the recipients that stand in the envelope.
    pub(super) wraps: Vec<Wrap>,
    /// The places of these recipients.
    pub(super) present: Vec<usize>,
    /// Recipients that could not be wrapped for, where others sufficed.
    pub(super) missing: Vec<KekError>,
}

/// One wrap: by one key, or by the two of a hybrid recipient.
pub(super) struct Wrap {
    pub(super) version: Option<Vec<u8>>,
    pub(super) request_id: Option<String>,
    /// Of a hybrid, the version of its post-quantum key.
    pub(super) pq_version: Option<Vec<u8>>,
}

impl Wrapped {
    pub(super) fn push(&mut self, part: Part) {
        self.entries.push(part.entry);
        self.shares.extend(part.shares);
        self.request_ids.extend(part.request_ids);
    }

    pub(super) fn wraps(&self) -> Wraps {
        Wraps {
            wraps: wraps(&self.entries, &self.shares, &self.request_ids),
            present: self.present.clone(),
            missing: self.missing.clone(),
        }
    }
}

fn wraps(entries: &[Entry], shares: &[Vec<Share>], request_ids: &[Option<String>]) -> Vec<Wrap> {
    let mut shares = shares.iter();
    let wrapped = entries.iter().flat_map(|entry| match entry {
        Entry::Single(single) => vec![&single.wrapped],
        Entry::Quorum(_) => {
            let bodies = shares.next().into_iter().flatten();
            bodies.map(|share| &share.recipient.wrapped).collect()
        }
        Entry::Unknown(_) => Vec::new(),
    });
    let told = wrapped.zip(request_ids);
    told.map(|(wrapped, request_id)| Wrap::of(wrapped, request_id.clone()))
        .collect()
}

impl Wrap {
    pub(super) fn of(wrapped: &WrappedKey, request_id: Option<String>) -> Self {
        Self {
            version: wrapped.version.clone(),
            request_id,
            pq_version: match &wrapped.params {
                WrapParams::Hybrid { version, .. } => version.clone(),
                _ => None,
            },
        }
    }
}

/// One entry, with its share bodies if it is a quorum.
pub(super) struct Part {
    pub(super) entry: Entry,
    pub(super) shares: Option<Vec<Share>>,
    pub(super) request_ids: Vec<Option<String>>,
}

impl Part {
    /// What the audit trail is told, in order of the members.
    pub(super) fn wraps(&self) -> Vec<Wrap> {
        wraps(
            std::slice::from_ref(&self.entry),
            self.shares.as_slice(),
            &self.request_ids,
        )
    }
}

/// Wraps for all recipients at once. One failure fails all, but for those that enough others stand in for.
pub(super) async fn wrap_all(
    scope: Scope<'_>,
    recipients: &[Recipient],
    any_of: &[AnyOf],
    secrets: Secrets<'_>,
) -> Result<Wrapped> {
    let group = |at: usize| any_of.iter().find(|group| group.places.contains(&at));
    let tries = recipients.iter().enumerate().map(|(at, recipient)| async move {
        match wrap(scope, recipient, secrets).await {
            Err(Error::Provider(error)) if group(at).is_some() && error.kind.may_be_missing() => Ok(Err(error)),
            decided => decided.map(Ok),
        }
    });
    let (mut wrapped, mut failed) = (Wrapped::default(), Vec::new());
    for (at, tried) in try_join_all(tries).await?.into_iter().enumerate() {
        match tried {
            Ok(part) => {
                wrapped.push(part);
                wrapped.present.push(at);
            }
            Err(error) => failed.push((at, error)),
        }
    }
    for group in any_of {
        let (there, gone): (Vec<_>, Vec<_>) = group.places.clone().partition(|at| wrapped.present.contains(at));
        if there.len() < group.at_least {
            let errors = failed.iter().filter(|(at, _)| gone.contains(at));
            return Err(Error::of_providers(errors.map(|(_, error)| error.clone()).collect()));
        }
    }
    wrapped.missing = failed.into_iter().map(|(_, error)| error).collect();
    Ok(wrapped)
}

/// The secrets that recipients may lead to. Who opened by a message secret has no data key.
#[derive(Clone, Copy)]
pub(super) struct Secrets<'a> {
    pub(super) data_key: Option<&'a Secret<32>>,
    pub(super) message: &'a Secret<32>,
}

impl<'a> Secrets<'a> {
    pub(super) fn at(&self, level: Level) -> Result<&'a Secret<32>, CallerFault> {
        match level {
            Level::DataKey => self.data_key.ok_or(CallerFault::Level),
            Level::Message => Ok(self.message),
        }
    }
}

/// Wraps for one recipient.
pub(super) async fn wrap(scope: Scope<'_>, recipient: &Recipient, secrets: Secrets<'_>) -> Result<Part> {
    let secret = secrets.at(recipient.level())?;
    match recipient {
        Recipient::Single { member, level } => {
            let (single, request_id) = wrap_single(scope, member, *level, None, secret).await?;
            Ok(Part {
                entry: Entry::Single(single),
                shares: None,
                request_ids: vec![request_id],
            })
        }
        Recipient::Quorum {
            threshold,
            members,
            level,
        } => {
            let (quorum, shares, request_ids) = deal(scope, *threshold, members, *level, secret).await?;
            Ok(Part {
                entry: Entry::Quorum(quorum),
                shares: Some(shares),
                request_ids,
            })
        }
    }
}

async fn deal(
    scope: Scope<'_>,
    threshold: u8,
    members: &[Member],
    level: Level,
    secret: &Secret<32>,
) -> Result<(Quorum, Vec<Share>, Vec<Option<String>>)> {
    check_domains(threshold, members).await?;
    let id = hedged_id(scope.backend)?;
    let count = u8::try_from(members.len()).map_err(|_| CallerFault::Quorum)?;
    let parts = split(secret, threshold, count, &*scope.backend.random)?;
    let commitments = (1..=count)
        .zip(&parts)
        .map(|(x, part)| commitment(scope.backend, &id, x, part.expose()))
        .collect();
    let quorum = Quorum {
        id,
        threshold,
        commitments,
        level,
    };
    let wraps = (1..=count).zip(members).zip(&parts).map(|((x, member), part)| {
        let place = Place {
            quorum: &quorum,
            x,
            version: 0,
        };
        wrap_single(scope, member, level, Some(place), part)
    });
    let (recipients, request_ids): (Vec<_>, Vec<_>) = try_join_all(wraps).await?.into_iter().unzip();
    let shares = recipients
        .into_iter()
        .map(|recipient| Share { recipient, version: 0 })
        .collect();
    Ok((quorum, shares, request_ids))
}

/// Counts trust domains, not URIs: one domain with `threshold` shares would void the quorum.
async fn check_domains(threshold: u8, members: &[Member]) -> Result<()> {
    let infos = try_join_all(members.iter().map(|member| member.kek.describe())).await?;
    let heaviest = infos
        .iter()
        .map(|info| {
            infos
                .iter()
                .filter(|other| other.trust_domain == info.trust_domain)
                .count()
        })
        .max();
    if heaviest.is_some_and(|count| count >= usize::from(threshold)) {
        return Err(PolicyFault::QuorumDomain.into());
    }
    Ok(())
}

/// A fresh `W` from the member's provider, and `secret` sealed under it.
pub(super) async fn wrap_single(
    scope: Scope<'_>,
    member: &Member,
    level: Level,
    place: Option<Place<'_>>,
    secret: &Secret<32>,
) -> Result<(Single, Option<String>)> {
    let kek = &member.kek;
    let digest = scope.binding(&**kek, level, place);
    let binding = Binding {
        domain: scope.domain,
        digest: &digest,
        dek_id: scope.dek_id,
        exposed: &scope.exposed(&**kek),
    };
    let mut generated = kek.generate(&binding).await?;
    let named = |uri: &str| match member.hidden {
        true => RecipientId::Hint(hint(scope.backend, scope.dek_id, uri)),
        false => RecipientId::Kid(uri.to_owned()),
    };
    if let (WrapParams::Hybrid { id, .. }, Some(halves)) = (&mut generated.wrapped.params, kek.hybrid()) {
        *id = named(halves.pq().uri());
    }
    // A provider whose answer does not fit the format must not make an envelope that nobody can parse.
    let bad_reply = || KekError::new(kek.uri(), KekOperation::Wrap, KekFault::BadReply);
    let sealed = seal::seal(scope, &generated.wrapped.params, &generated.secret, &digest, secret);
    let single = Single {
        scheme: kek.scheme(),
        id: named(kek.uri()),
        wrapped: generated.wrapped,
        sealed: sealed.ok_or_else(bad_reply)?,
        level,
    };
    single.check().map_err(|_| bad_reply())?;
    Ok((single, generated.request_id))
}

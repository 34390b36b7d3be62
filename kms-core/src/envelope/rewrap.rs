//! Rewrap: new recipients or new key versions for an envelope whose payload is not touched
//! (docs/format.md, "Rewrap"). Only MUT, TAG and SHARES change.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::binding::{Place, Scope};
use super::opener::{Opener, Unlocked};
use super::recipients::{Member, Part, Recipient, Secrets, Wrapped, check_beside, wrap, wrap_single};
use super::search::{ShareCheck, open_committed_share};
use super::{read_back, trail};
use crate::audit::{Action, Details, Intent};
use crate::error::{CallerFault, Error, PolicyFault, Result};
use crate::header::{
    Entry, Header, Level, Mutable, Prelude, RecipientId, Reserve, Share, Single, TAG_LEN, assemble, encode_shares,
    meets_floor,
};
use crate::kek::Kek;
use crate::memory::Secret;
use crate::schedule::Digest;
use crate::suite::Kind;

/// What the recipients are to be after a rewrap.
#[derive(Clone)]
pub enum Target {
    /// The same, each under the current version of its key.
    Current,
    /// The same, with entries of this key URI under its current version; others stay as they are.
    CurrentOf(String),
    /// The same and these; what stands already is not added again.
    Add(Vec<Recipient>),
    /// The same and `add`, without the recipients under a key URI of `drop`. Quorums stay whole.
    Change {
        /// Recipients that are to be there.
        add: Vec<Recipient>,
        /// Keys that are not to open alone any more.
        drop: Vec<String>,
    },
    /// Exactly these.
    Replace(Vec<Recipient>),
}

/// How a rewrap ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RewrapOutcome {
    /// Nothing to do: every entry is as wanted already.
    AlreadyCurrent,
    /// A new header.
    Rewrapped(Rewrapped),
}

/// A new header for an old payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewrapped {
    /// The header; its length is that of the old one wherever the reserved space allows.
    pub header: Vec<u8>,
    /// Its sequence number. Unchanged if only shares moved.
    pub sequence: u64,
    /// Its tag. Unchanged if only shares moved.
    pub tag: Digest,
    /// Entries and shares that were wrapped anew.
    pub wrapped: usize,
    /// Entries and shares that were dropped. What they copied before stays theirs.
    pub dropped: usize,
}

/// How a rewrap began that its caller settles.
pub enum RewrapBegun {
    /// Nothing to do: every entry is as wanted already.
    AlreadyCurrent,
    /// A new header.
    Unsettled(Box<UnsettledRewrap>),
}

/// A new header that does not stand in its place yet. The audit trail has the intent and gets the outcome when the
/// header is on disk: a crash in between shows as a rewrap without outcome, not as a header that was rolled back.
#[must_use = "settle it when the header is in place, or abandon it"]
pub struct UnsettledRewrap {
    rewrapped: Rewrapped,
    intent: Intent,
}

/// Rewraps headers, with one description a key for as long as it lives.
pub struct Rewrapper {
    opener: Opener,
    drop_unknown: bool,
    force: bool,
    redeal: bool,
    verify: bool,
    versions: Mutex<HashMap<String, Option<Vec<u8>>>>,
}

impl Rewrapper {
    /// A rewrapper that opens with `opener`.
    #[must_use]
    pub fn new(opener: Opener) -> Self {
        let versions = Mutex::new(HashMap::new());
        Self {
            opener,
            drop_unknown: false,
            force: false,
            redeal: false,
            verify: false,
            versions,
        }
    }

    /// Allows recipients of unknown schemes to be dropped.
    #[must_use]
    pub fn drop_unknown(mut self, allowed: bool) -> Self {
        self.drop_unknown = allowed;
        self
    }

    /// Wraps anew even what is current, and what a provider does not tell the version of.
    #[must_use]
    pub fn force(mut self, force: bool) -> Self {
        self.force = force;
        self
    }

    /// Deals every wanted quorum anew. Old header copies still open with the old shares: this is no revocation.
    #[must_use]
    pub fn redeal(mut self, redeal: bool) -> Self {
        self.redeal = redeal;
        self
    }

    /// Opens each new entry with its provider before the new header is given out.
    #[must_use]
    pub fn verify(mut self, verify: bool) -> Self {
        self.verify = verify;
        self
    }

    /// What it opens with.
    #[must_use]
    pub fn opener(&self) -> &Opener {
        &self.opener
    }

    /// Makes the header that `target` asks for. The payload is `payload_len` bytes behind an attached header; `None`
    /// for sidecars and tickets.
    ///
    /// # Errors
    /// As [`Opener::open_header`]; [`PolicyFault`] where a floor or an unknown recipient stands against it;
    /// [`CallerFault::Level`] where the data key is needed and only the message secret is open;
    /// [`CallerFault::Reserve`] where shares do not fit.
    pub async fn rewrap(&self, header: &Header, target: &Target, payload_len: Option<u64>) -> Result<RewrapOutcome> {
        match self.begin(header, target, payload_len).await? {
            RewrapBegun::AlreadyCurrent => Ok(RewrapOutcome::AlreadyCurrent),
            RewrapBegun::Unsettled(unsettled) => unsettled.settle().map(RewrapOutcome::Rewrapped),
        }
    }

    /// [`Rewrapper::rewrap`] for callers that first put the header in its place.
    ///
    /// # Errors
    /// As [`Rewrapper::rewrap`].
    pub async fn begin(&self, header: &Header, target: &Target, payload_len: Option<u64>) -> Result<RewrapBegun> {
        let keep = |but| Others::Keep { but };
        match target {
            Target::Current => self.refresh(header, None, payload_len).await,
            Target::CurrentOf(uri) => self.refresh(header, Some(uri), payload_len).await,
            Target::Add(recipients) => self.change(header, recipients, keep(&[]), payload_len).await,
            Target::Change { add, drop } => self.change(header, add, keep(drop), payload_len).await,
            Target::Replace(recipients) => self.change(header, recipients, Others::Drop, payload_len).await,
        }
    }

    /// The writer's rules for `new` beside `kept`: only what is there afterwards counts.
    fn check<'a>(&self, new: impl Iterator<Item = &'a Recipient>, kept: &[&Entry]) -> Result<()> {
        let policy = &self.opener.policy;
        let new: Vec<_> = new.collect();
        check_beside(&new, kept, policy.max_recipients, policy.mixed_passphrase)
    }

    fn intent(&self, header: &Header) -> Result<Intent> {
        let opener = &self.opener;
        trail::using(&opener.audit, Action::Rewrap, &opener.backend, header, &opener.keyring)
    }

    /// Wraps stale entries and shares under the current versions of their keys.
    async fn refresh(&self, header: &Header, only: Option<&str>, payload_len: Option<u64>) -> Result<RewrapBegun> {
        let stale = self.stale(header, only).await?;
        if stale.entries.is_empty() && stale.shares.is_empty() {
            return Ok(RewrapBegun::AlreadyCurrent);
        }
        let mut intent = self.intent(header)?;
        let outcome = self.refresh_stale(&mut intent, header, &stale, payload_len).await;
        begun(intent, outcome)
    }

    async fn refresh_stale(
        &self,
        intent: &mut Intent,
        header: &Header,
        stale: &Stale,
        payload_len: Option<u64>,
    ) -> Result<Rewrapped> {
        let wrapped = stale.entries.len() + stale.shares.len();
        let shares = self.move_shares(intent, header, &stale.shares).await?;
        if stale.entries.is_empty() {
            meets_floor(header.immutable().floor, header.entries(), &shares)?;
            let moved = header.with_shares(shares)?;
            let (sequence, tag) = (header.sequence(), *header.tag());
            return Ok(Rewrapped {
                header: moved.as_bytes().to_vec(),
                sequence,
                tag,
                wrapped,
                dropped: 0,
            });
        }
        let needs_data_key = stale
            .entries
            .iter()
            .any(|&at| header.entries()[at].level() == Some(Level::DataKey));
        let level = needs_data_key.then_some(Level::DataKey);
        let unlocked = self.opener.unlock(header, level).await?;
        let scope = Scope::of(&self.opener.backend, header, &unlocked.context);
        let secrets = unlocked.secrets();
        let mut entries = Vec::with_capacity(header.entries().len());
        for (at, entry) in header.entries().iter().enumerate() {
            entries.push(match entry {
                Entry::Single(single) if stale.entries.contains(&at) => {
                    let member = self.member(header, single).ok_or(CallerFault::NoConfiguredKey)?;
                    let secret = secrets.at(single.level)?;
                    Entry::Single(self.wrap_verified(scope, &member, single.level, None, secret).await?)
                }
                kept => kept.clone(),
            });
        }
        Self::assemble(
            header,
            &unlocked,
            Wrapped {
                entries,
                shares,
                request_ids: Vec::new(),
            },
            wrapped,
            0,
            payload_len,
        )
    }

    /// Keeps what fits `recipients` already and wraps for the rest.
    async fn change(
        &self,
        header: &Header,
        recipients: &[Recipient],
        others: Others<'_>,
        payload_len: Option<u64>,
    ) -> Result<RewrapBegun> {
        self.check(recipients.iter(), &[])?;
        let plan = match others {
            Others::Keep { but } => self.plan_change(header, recipients, but).await?,
            Others::Drop => self.plan_replacement(header, recipients).await?,
        };
        if plan.entries.is_empty() {
            return Err(CallerFault::NoRecipients.into());
        }
        self.check(plan.additions(), &plan.kept())?;
        if plan.additions().next().is_none() && plan.dropped == 0 && plan.in_order {
            return Ok(RewrapBegun::AlreadyCurrent);
        }
        let intent = self.intent(header)?;
        begun(intent, self.carry_out(header, plan, payload_len).await)
    }

    async fn carry_out(&self, header: &Header, plan: Plan, payload_len: Option<u64>) -> Result<Rewrapped> {
        let needs_data_key = plan.additions().any(|recipient| recipient.level() == Level::DataKey);
        let level = needs_data_key.then_some(Level::DataKey);
        let unlocked = match self.opener.unlock(header, level).await {
            Err(Error::Caller(CallerFault::NoConfiguredKey)) if needs_data_key && self.opens_message_only(header) => {
                return Err(CallerFault::Level.into());
            }
            other => other?,
        };
        let scope = Scope::of(&self.opener.backend, header, &unlocked.context);
        let mut wrapped = Wrapped::default();
        let count: usize = plan.additions().map(|recipient| recipient.members().len()).sum();
        for entry in plan.entries {
            wrapped.push(match entry {
                Planned::Kept(part) => *part,
                Planned::New(recipient) => {
                    let part = wrap(scope, &recipient, unlocked.secrets()).await?;
                    if self.verify {
                        read_back::check_part(scope, &recipient, &part, unlocked.secrets()).await?;
                    }
                    part
                }
            });
        }
        Self::assemble(header, &unlocked, wrapped, count, plan.dropped, payload_len)
    }

    fn opens_message_only(&self, header: &Header) -> bool {
        header.entries().iter().any(|entry| match entry {
            Entry::Single(single) => single.level == Level::Message && self.member(header, single).is_some(),
            _ => false,
        })
    }

    /// Keeps what stands, but for the keys `but`, and sorts out what of `recipients` is still to be wrapped.
    async fn plan_change(&self, header: &Header, recipients: &[Recipient], but: &[String]) -> Result<Plan> {
        let mut existing = Existing::of(header);
        let mut plan = Plan {
            in_order: true,
            ..Plan::default()
        };
        let mut new = Vec::new();
        for recipient in recipients {
            if self.standing(header, &existing, recipient).await?.is_none() {
                self.take_older(header, &mut existing, recipient);
                new.push(Planned::New(recipient.clone()));
            }
        }
        for part in existing.slots.into_iter().flatten() {
            let dropped = matches!(&part.entry, Entry::Single(single)
                if but.iter().any(|uri| self.is_named(header, single, uri)));
            if dropped {
                plan.dropped += 1;
            } else {
                plan.entries.push(Planned::Kept(Box::new(part)));
            }
        }
        plan.entries.extend(new);
        Ok(plan)
    }

    /// Takes away what `recipient` replaces: the same key for the same secret, under an older version.
    fn take_older(&self, header: &Header, existing: &mut Existing, recipient: &Recipient) {
        let Recipient::Single { member, level } = recipient else {
            return;
        };
        for slot in &mut existing.slots {
            let older = matches!(slot, Some(Part { entry: Entry::Single(single), .. })
                if single.level == *level && self.is_named(header, single, member.kek.uri()));
            if older {
                *slot = None;
            }
        }
    }

    /// Sorts `recipients` into those that stand already, under their current version, and those to be wrapped.
    async fn plan_replacement(&self, header: &Header, recipients: &[Recipient]) -> Result<Plan> {
        let mut existing = Existing::of(header);
        let mut plan = Plan {
            in_order: true,
            ..Plan::default()
        };
        for recipient in recipients {
            let standing = self.standing(header, &existing, recipient).await?;
            let part = standing.and_then(|at| existing.slots[at].take());
            plan.in_order &= standing == Some(plan.entries.len());
            plan.entries.push(match part {
                Some(part) => Planned::Kept(Box::new(part)),
                None => Planned::New(recipient.clone()),
            });
        }
        for Part { entry, .. } in existing.slots.into_iter().flatten() {
            if matches!(entry, Entry::Unknown(_)) && !self.drop_unknown {
                return Err(PolicyFault::UnknownRecipient.into());
            }
            plan.dropped += entry.recipients();
        }
        Ok(plan)
    }

    /// Where in the header `recipient` stands under its current version and with its level.
    async fn standing(&self, header: &Header, existing: &Existing, recipient: &Recipient) -> Result<Option<usize>> {
        for (at, slot) in existing.slots.iter().enumerate() {
            let stands = match (slot, recipient) {
                (
                    Some(Part {
                        entry: Entry::Single(single),
                        ..
                    }),
                    Recipient::Single { member, level },
                ) => *level == single.level && self.is_current(header, single, member).await?,
                (
                    Some(Part {
                        entry: Entry::Quorum(quorum),
                        shares: Some(shares),
                        ..
                    }),
                    Recipient::Quorum {
                        threshold,
                        members,
                        level,
                    },
                ) => {
                    let same = !self.redeal
                        && quorum.threshold == *threshold
                        && quorum.level == *level
                        && shares.len() == members.len();
                    same && self.all_current(header, shares, members).await?
                }
                _ => false,
            };
            if stands {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    async fn all_current(&self, header: &Header, shares: &[Share], members: &[Member]) -> Result<bool> {
        for (share, member) in shares.iter().zip(members) {
            if !self.is_current(header, &share.recipient, member).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn is_current(&self, header: &Header, single: &Single, member: &Member) -> Result<bool> {
        let as_hidden = member.hidden == matches!(single.id, RecipientId::Hint(_));
        let named = as_hidden && self.is_named(header, single, member.kek.uri());
        Ok(named && single.scheme == member.kek.scheme() && !self.is_stale(single, &*member.kek).await?)
    }

    fn is_named(&self, header: &Header, single: &Single, uri: &str) -> bool {
        match &single.id {
            RecipientId::Kid(kid) => kid == uri,
            RecipientId::Hint(hint) => {
                *hint == crate::keyring::hint(&self.opener.backend, &header.immutable().dek_id, uri)
            }
        }
    }

    async fn stale(&self, header: &Header, only: Option<&str>) -> Result<Stale> {
        let mut stale = Stale::default();
        let wanted = |member: &Member| only.is_none_or(|uri| member.kek.uri() == uri);
        for (at, entry) in header.entries().iter().enumerate() {
            let Entry::Single(single) = entry else { continue };
            if let Some(member) = self.member(header, single).filter(wanted)
                && self.is_stale(single, &*member.kek).await?
            {
                stale.entries.push(at);
            }
        }
        for (quorum, shares) in header.shares().iter().enumerate() {
            for (at, share) in shares.iter().enumerate() {
                if let Some(member) = self.member(header, &share.recipient).filter(wanted)
                    && self.is_stale(&share.recipient, &*member.kek).await?
                {
                    stale.shares.push((quorum, at));
                }
            }
        }
        Ok(stale)
    }

    /// Whether `single` is under another version than the current one. A provider that hides versions makes nothing
    /// stale, unless it is forced.
    async fn is_stale(&self, single: &Single, kek: &dyn Kek) -> Result<bool> {
        if self.force {
            return Ok(true);
        }
        if let Some(current) = lock(&self.versions).get(kek.uri()) {
            return Ok(differs(current.as_deref(), single));
        }
        let current = kek.describe().await?.version;
        let stale = differs(current.as_deref(), single);
        lock(&self.versions).insert(kek.uri().to_owned(), current);
        Ok(stale)
    }

    fn member(&self, header: &Header, single: &Single) -> Option<Member> {
        let (_, kek) = self
            .opener
            .keyring
            .find(&self.opener.backend, &single.id, &header.immutable().dek_id)?;
        let hidden = matches!(single.id, RecipientId::Hint(_));
        (kek.scheme() == single.scheme).then(|| Member {
            kek: Arc::clone(kek),
            hidden,
        })
    }

    /// Moves single shares to the current versions of their keys: needs neither the other members nor the tag's key.
    async fn move_shares(
        &self,
        intent: &mut Intent,
        header: &Header,
        stale: &[(usize, usize)],
    ) -> Result<Vec<Vec<Share>>> {
        let mut shares = header.shares().to_vec();
        if stale.is_empty() {
            return Ok(shares);
        }
        let context = self.opener.checked_context(header)?;
        let scope = Scope::of(&self.opener.backend, header, &context);
        let quorums: Vec<_> = header.quorums().map(|(quorum, _)| quorum).collect();
        for &(at, member_at) in stale {
            let share = &mut shares[at][member_at];
            let x = u8::try_from(member_at + 1).map_err(|_| CallerFault::Quorum)?;
            let place = Place {
                quorum: quorums[at],
                x,
                version: share.version,
            };
            let member = self
                .member(header, &share.recipient)
                .ok_or(CallerFault::NoConfiguredKey)?;
            let (attempt, secret) = open_committed_share(scope, place, &share.recipient, &*member.kek).await;
            trail::calls(intent, &[attempt]);
            let secret = secret.ok_or(Error::DoesNotOpen)?;
            let version = share.version.checked_add(1).ok_or(CallerFault::Reserve)?;
            let place = Place { version, ..place };
            let recipient = self
                .wrap_verified(scope, &member, share.recipient.level, Some(place), &secret)
                .await?;
            *share = Share { recipient, version };
        }
        Ok(shares)
    }

    async fn wrap_verified(
        &self,
        scope: Scope<'_>,
        member: &Member,
        level: Level,
        place: Option<Place<'_>>,
        secret: &Secret<32>,
    ) -> Result<Single> {
        let (single, _) = wrap_single(scope, member, level, place, secret).await?;
        if self.verify {
            read_back::check_single(scope, &single, &*member.kek, place, secret).await?;
        }
        Ok(single)
    }

    fn assemble(
        header: &Header,
        unlocked: &Unlocked,
        new: Wrapped,
        wrapped: usize,
        dropped: usize,
        payload_len: Option<u64>,
    ) -> Result<Rewrapped> {
        meets_floor(header.immutable().floor, &new.entries, &new.shares)?;
        let sequence = header.sequence().checked_add(1).ok_or(CallerFault::Reserve)?;
        let previous = header.tag().first_chunk().copied();
        let mutable = Mutable {
            sequence,
            previous,
            entries: new.entries,
        }
        .encode();
        let capacity = (new.shares.len() == header.shares().len()).then(|| header.shares_capacity());
        let shares = encode_shares(&new.shares, capacity).or_else(|_| encode_shares(&new.shares, None))?;
        let immutable = header.immutable_bytes();
        let bare = Prelude::LEN + immutable.len() + mutable.len() + TAG_LEN + shares.len();
        let padding = padding(header, bare, payload_len);
        let mut tag = [0; TAG_LEN];
        let raw = assemble(header.domain(), immutable, &mutable, padding, &shares, |covered| {
            tag = unlocked.mac.tag(covered);
            tag
        })?;
        Ok(Rewrapped {
            header: raw,
            sequence,
            tag,
            wrapped,
            dropped,
        })
    }

    /// Checks every share body that a configured key can open, quorum by quorum: those that an open did not use are
    /// covered by no tag.
    ///
    /// # Errors
    /// [`Error::Policy`] or [`Error::Caller`] for the context.
    pub async fn check_shares(&self, header: &Header) -> Result<Vec<Vec<ShareCheck>>> {
        let context = self.opener.checked_context(header)?;
        let scope = Scope::of(&self.opener.backend, header, &context);
        let mut checks = Vec::new();
        for (quorum, shares) in header.quorums() {
            let mut row = Vec::new();
            for (x, share) in (1..=u8::MAX).zip(shares) {
                let place = Place {
                    quorum,
                    x,
                    version: share.version,
                };
                row.push(match self.member(header, &share.recipient) {
                    None => ShareCheck::Unverified,
                    Some(member) => match open_committed_share(scope, place, &share.recipient, &*member.kek)
                        .await
                        .1
                    {
                        Some(_) => ShareCheck::Verified,
                        None => ShareCheck::Damaged,
                    },
                });
            }
            checks.push(row);
        }
        Ok(checks)
    }
}

impl UnsettledRewrap {
    /// The header and what was done.
    #[must_use]
    pub fn rewrapped(&self) -> &Rewrapped {
        &self.rewrapped
    }

    /// Records that the header is in its place.
    ///
    /// # Errors
    /// [`Error::Audit`]: the header stands, and the trail does not say so.
    pub fn settle(self) -> Result<Rewrapped> {
        let header = Some(trail::mark(self.rewrapped.sequence, &self.rewrapped.tag));
        self.intent.succeed(&Details {
            header,
            ..Details::default()
        })?;
        Ok(self.rewrapped)
    }

    /// Records that the header was not put in its place.
    ///
    /// # Errors
    /// [`Error::Audit`].
    pub fn abandon(self, error: &Error) -> Result<()> {
        trail::fail(self.intent, error)
    }
}

fn begun(intent: Intent, outcome: Result<Rewrapped>) -> Result<RewrapBegun> {
    match outcome {
        Ok(rewrapped) => Ok(RewrapBegun::Unsettled(Box::new(UnsettledRewrap { rewrapped, intent }))),
        Err(error) => {
            trail::fail(intent, &error)?;
            Err(error)
        }
    }
}

/// What becomes of the entries that are not asked for.
enum Others<'a> {
    /// They stay, but for those under these key URIs.
    Keep { but: &'a [String] },
    /// They go.
    Drop,
}

/// Positions of what is under an old key version.
#[derive(Default)]
struct Stale {
    entries: Vec<usize>,
    /// Quorum, then member.
    shares: Vec<(usize, usize)>,
}

/// The entries of the new header, in order.
#[derive(Default)]
struct Plan {
    entries: Vec<Planned>,
    dropped: usize,
    in_order: bool,
}

enum Planned {
    Kept(Box<Part>),
    New(Recipient),
}

impl Plan {
    fn additions(&self) -> impl Iterator<Item = &Recipient> {
        self.entries.iter().filter_map(|entry| match entry {
            Planned::New(recipient) => Some(recipient),
            Planned::Kept(_) => None,
        })
    }

    fn kept(&self) -> Vec<&Entry> {
        let kept = self.entries.iter().filter_map(|entry| match entry {
            Planned::Kept(part) => Some(&part.entry),
            Planned::New(_) => None,
        });
        kept.collect()
    }
}

/// The entries of a header, each with its share bodies, to be taken one by one.
struct Existing {
    slots: Vec<Option<Part>>,
}

impl Existing {
    fn of(header: &Header) -> Self {
        let mut shares = header.shares().iter();
        let slot = |entry: &Entry| {
            let bodies = matches!(entry, Entry::Quorum(_))
                .then(|| shares.next().cloned())
                .flatten();
            Some(Part {
                entry: entry.clone(),
                shares: bodies,
                request_ids: Vec::new(),
            })
        };
        Self {
            slots: header.entries().iter().map(slot).collect(),
        }
    }
}

impl Unlocked {
    fn secrets(&self) -> Secrets<'_> {
        Secrets {
            data_key: self.data_key.as_ref(),
            message: &self.message,
        }
    }
}

/// Keeps the header's length where its reserved space allows, so that the payload stays where it is.
fn padding(old: &Header, bare: usize, payload_len: Option<u64>) -> usize {
    if old.padding() > 0 && old.len() >= bare {
        return old.len() - bare;
    }
    let attached = payload_len.is_some() && old.domain().kind != Kind::Ticket;
    Reserve::Auto.padding(bare, attached, payload_len)
}

fn differs(current: Option<&[u8]>, single: &Single) -> bool {
    match (current, single.wrapped.version.as_deref()) {
        (Some(current), Some(version)) => current != version,
        _ => false,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! Rewrap: new recipients or new key versions for an envelope whose payload is not touched
//! (docs/format.md, "Rewrap"). Only MUT, TAG and SHARES change.

mod assembly;
mod change;
mod currency;
mod outcome;
mod refresh;

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

pub use outcome::{RewrapBegun, RewrapOutcome, Rewrapped, UnsettledRewrap};

use super::attempt::open_committed_share;
use super::binding::{Place, Scope};
use super::opener::Opener;
use super::recipients::{Member, Recipient, Wrap, wrap_single};
use super::search::ShareCheck;
use super::{read_back, trail};
use crate::audit::{Action, Intent};
use crate::error::{PolicyFault, Result};
use crate::header::{Entry, Header, Level, Share, Single, meets_floor, meets_posture};
use crate::kek::Posture;
use crate::memory::Secret;
use change::Others;

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
    /// The same and, by the name of the logical key that stands in the header, those of its recipients that are missing:
    /// they could not be wrapped for when it was sealed ([`crate::Sealer::any_of`]).
    Complete(BTreeMap<String, Vec<Recipient>>),
    /// Exactly these.
    Replace(Vec<Recipient>),
}

/// Rewraps headers, with one description a key for as long as it lives.
pub struct Rewrapper {
    opener: Opener,
    posture: Option<Posture>,
    drop_unknown: bool,
    force: bool,
    redeal: bool,
    verify: bool,
    versions: Mutex<HashMap<String, Option<Vec<u8>>>>,
}

impl Rewrapper {
    /// A rewrapper that opens with `opener`. The least posture of its policy is asked of the new header and not of the
    /// old one: a rewrap is how an envelope comes to meet it.
    #[must_use]
    pub fn new(mut opener: Opener) -> Self {
        let versions = Mutex::new(HashMap::new());
        let posture = opener.policy.posture.take();
        Self {
            opener,
            posture,
            drop_unknown: false,
            force: false,
            redeal: false,
            verify: false,
            versions,
        }
    }

    /// Lets no recipient below this posture stand in a new header, where the policy asks for less.
    #[must_use]
    pub fn least_posture(mut self, least: Option<Posture>) -> Self {
        self.posture = self.posture.max(least);
        self
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
    /// As [`Opener::open_header`]; [`crate::PolicyFault`] where a floor or an unknown recipient stands against it;
    /// [`crate::CallerFault::Level`] where the data key is needed and only the message secret is open;
    /// [`crate::CallerFault::Reserve`] where shares do not fit.
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
            Target::Complete(by_name) => self.complete(header, by_name, payload_len).await,
            Target::Replace(recipients) => self.change(header, recipients, Others::Drop, payload_len).await,
        }
    }

    /// Checks every share body that a configured key can open, quorum by quorum: those that an open did not use are
    /// covered by no tag.
    ///
    /// # Errors
    /// [`crate::Error::Policy`] or [`crate::Error::Caller`] for the context.
    pub async fn check_shares(&self, header: &Header) -> Result<Vec<Vec<ShareCheck>>> {
        let context = self.opener.checked_context(header)?;
        let scope = Scope::of(&self.opener.backend, header, &context, &self.opener.required);
        let mut checks = Vec::new();
        for (quorum, shares) in header.quorums() {
            let mut row = Vec::new();
            for (x, share) in (1..=u8::MAX).zip(shares) {
                let place = Place {
                    quorum,
                    x,
                    version: share.version,
                };
                row.push(match self.opening_member(header, &share.recipient) {
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

    fn intent(&self, header: &Header) -> Result<Intent> {
        let opener = &self.opener;
        trail::using(&opener.audit, Action::Rewrap, &opener.backend, header, &opener.keyring)
    }

    /// The floor of the envelope and the policy here, of what is to stand in the header.
    fn meets_promises(&self, header: &Header, entries: &[Entry], shares: &[Vec<Share>]) -> Result<(), PolicyFault> {
        meets_floor(header.immutable().floor, entries, shares)?;
        meets_posture(self.posture, entries, shares)
    }

    async fn wrap_verified(
        &self,
        intent: &mut Intent,
        scope: Scope<'_>,
        member: &Member,
        level: Level,
        place: Option<Place<'_>>,
        secret: &Secret<32>,
    ) -> Result<Single> {
        let (single, request_id) = wrap_single(scope, member, level, place, secret).await?;
        trail::wraps(intent, [(member, Wrap::of(&single.wrapped, request_id))]);
        if self.verify {
            read_back::check_single(scope, &single, &*member.kek, place, secret).await?;
        }
        Ok(single)
    }
}

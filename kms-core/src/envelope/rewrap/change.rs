//! For other recipients.

use std::collections::BTreeMap;

use super::outcome::{RewrapBegun, Rewrapped, begun};
use super::{Rewrapper, assembly::assemble};
use crate::audit::Intent;
use crate::envelope::binding::Scope;
use crate::envelope::recipients::{Member, Part, Recipient, Wrapped, check_beside, settle, wrap};
use crate::envelope::{read_back, trail};
use crate::error::{CallerFault, Error, PolicyFault, Result};
use crate::header::{Entry, Header, Level, Share};

/// What becomes of the entries that are not asked for.
pub(super) enum Others<'a> {
    /// They stay, but for those under these key URIs.
    Keep { but: &'a [String] },
    /// They go.
    Drop,
}

impl Rewrapper {
    /// Keeps what fits `recipients` already and wraps for the rest.
    pub(super) async fn change(
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
        self.check_additions(header, &plan).await?;
        if plan.additions().next().is_none() && plan.dropped == 0 && plan.in_order {
            return Ok(RewrapBegun::AlreadyCurrent);
        }
        let mut intent = self.intent(header)?;
        let outcome = self.carry_out(&mut intent, header, plan, payload_len).await;
        begun(intent, outcome)
    }

    /// Adds what of its logical key a header lacks.
    pub(super) async fn complete(
        &self,
        header: &Header,
        by_name: &BTreeMap<String, Vec<Recipient>>,
        payload_len: Option<u64>,
    ) -> Result<RewrapBegun> {
        let wanted = header.immutable().key_name.as_ref().and_then(|name| by_name.get(name));
        let missing = self.opener.missing(header, wanted.map_or(&[], Vec::as_slice));
        match missing.is_empty() {
            true => Ok(RewrapBegun::AlreadyCurrent),
            false => {
                self.change(header, &missing, Others::Keep { but: &[] }, payload_len)
                    .await
            }
        }
    }

    async fn carry_out(
        &self,
        intent: &mut Intent,
        header: &Header,
        plan: Plan,
        payload_len: Option<u64>,
    ) -> Result<Rewrapped> {
        let needs_data_key = plan.additions().any(|recipient| recipient.level() == Level::DataKey);
        let level = needs_data_key.then_some(Level::DataKey);
        let unlocked = match self.opener.unlock(header, level).await {
            Err(Error::Caller(CallerFault::NoConfiguredKey)) if needs_data_key && self.opens_message_only(header) => {
                return Err(CallerFault::Level.into());
            }
            other => other?,
        };
        let scope = Scope::of(&self.opener.backend, header, &unlocked.context, &self.opener.required);
        let mut wrapped = Wrapped::default();
        let count: usize = plan.additions().map(|recipient| recipient.members().len()).sum();
        for entry in plan.entries {
            wrapped.push(match entry {
                Planned::Kept(part) => *part,
                Planned::New(recipient) => {
                    let part = wrap(scope, &recipient, unlocked.secrets()).await?;
                    trail::wraps(intent, recipient.members().iter().zip(part.wraps()));
                    if self.verify {
                        read_back::check_part(scope, &recipient, &part, unlocked.secrets()).await?;
                    }
                    part
                }
            });
        }
        self.meets_promises(header, &wrapped.entries, &wrapped.shares)?;
        assemble(header, &unlocked, wrapped, count, plan.dropped, payload_len)
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
                if but.iter().any(|uri| self.is_under(header, single, uri)));
            if dropped {
                plan.dropped += 1;
            } else {
                plan.entries.push(Planned::Kept(Box::new(part)));
            }
        }
        plan.entries.extend(new);
        Ok(plan)
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

    /// Takes away what `recipient` replaces: the same key for the same secret, under an older version.
    fn take_older(&self, header: &Header, existing: &mut Existing, recipient: &Recipient) {
        let Recipient::Single { member, level } = recipient else {
            return;
        };
        for slot in &mut existing.slots {
            let older = matches!(slot, Some(Part { entry: Entry::Single(single), .. })
                if single.level == *level && self.is_of(header, single, &*member.kek));
            if older {
                *slot = None;
            }
        }
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

    /// The writer's rules for `new` beside `kept`: only what is there afterwards counts.
    fn check<'a>(&self, new: impl Iterator<Item = &'a Recipient>, kept: &[&Entry]) -> Result<()> {
        let policy = &self.opener.policy;
        let new: Vec<_> = new.collect();
        check_beside(&new, kept, policy.max_recipients, policy.mixed_passphrase)
    }

    /// Whoever is added gets what the suite sealed: that is a use of the suite like sealing. And no provider is asked
    /// for a recipient that may not stand in the header.
    async fn check_additions(&self, header: &Header, plan: &Plan) -> Result<()> {
        let opener = &self.opener;
        let Some(weakest) = plan.additions().map(Recipient::posture).min() else {
            return Ok(());
        };
        let suites = &opener.policy.suites;
        suites.check_sealing(header.domain().suite, opener.clock.now())?;
        let floor = header.immutable().floor.posture;
        if floor.is_some_and(|least| weakest < least) {
            return Err(PolicyFault::FloorPosture.into());
        }
        if self.posture.is_some_and(|least| weakest < least) {
            return Err(PolicyFault::Posture.into());
        }
        settle(floor.max(self.posture), plan.additions()).await
    }

    fn opens_message_only(&self, header: &Header) -> bool {
        header.entries().iter().any(|entry| match entry {
            Entry::Single(single) => single.level == Level::Message && self.opening_member(header, single).is_some(),
            _ => false,
        })
    }
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

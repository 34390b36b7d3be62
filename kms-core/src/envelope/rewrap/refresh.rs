//! Under new versions of the same keys.

use super::outcome::{RewrapBegun, Rewrapped, begun};
use super::{Rewrapper, assembly::assemble};
use crate::audit::Intent;
use crate::envelope::attempt::open_committed_share;
use crate::envelope::binding::{Place, Scope};
use crate::envelope::recipients::{Recipient, Wrapped, settle};
use crate::envelope::trail;
use crate::error::{CallerFault, Error, Result};
use crate::header::{Entry, Header, Level, Share, Single};

impl Rewrapper {
    /// Wraps stale entries and shares under the current versions of their keys.
    pub(super) async fn refresh(
        &self,
        header: &Header,
        only: Option<&str>,
        payload_len: Option<u64>,
    ) -> Result<RewrapBegun> {
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
            self.meets_promises(header, header.entries(), &shares)?;
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
        let renewed: Vec<_> = stale
            .entries
            .iter()
            .filter_map(|&at| self.member(header, header.entries()[at].single()?))
            .map(|member| Recipient::single(member.kek))
            .collect();
        settle(header.immutable().floor.posture.max(self.posture), renewed.iter()).await?;
        let unlocked = self.opener.unlock(header, level).await?;
        let scope = Scope::of(&self.opener.backend, header, &unlocked.context, &self.opener.required);
        let secrets = unlocked.secrets();
        let mut entries = Vec::with_capacity(header.entries().len());
        for (at, entry) in header.entries().iter().enumerate() {
            entries.push(match entry {
                Entry::Single(single) if stale.entries.contains(&at) => {
                    let member = self.member(header, single).ok_or(CallerFault::NoConfiguredKey)?;
                    let member = self.opener.successor(member).await?;
                    let secret = secrets.at(single.level)?;
                    Entry::Single(
                        self.wrap_verified(intent, scope, &member, single.level, None, secret)
                            .await?,
                    )
                }
                kept => kept.clone(),
            });
        }
        self.meets_promises(header, &entries, &shares)?;
        assemble(
            header,
            &unlocked,
            Wrapped {
                entries,
                shares,
                ..Wrapped::default()
            },
            wrapped,
            0,
            payload_len,
        )
    }

    async fn stale(&self, header: &Header, only: Option<&str>) -> Result<Stale> {
        let mut stale = Stale::default();
        let wanted = |single: &Single| only.is_none_or(|uri| self.is_under(header, single, uri));
        for (at, entry) in header.entries().iter().enumerate() {
            let Entry::Single(single) = entry else { continue };
            if wanted(single)
                && let Some(member) = self.member(header, single)
                && self.is_stale(single, &*member.kek).await?
            {
                stale.entries.push(at);
            }
        }
        for (quorum, shares) in header.shares().iter().enumerate() {
            for (at, share) in shares.iter().enumerate() {
                if wanted(&share.recipient)
                    && let Some(member) = self.opening_member(header, &share.recipient)
                    && self.is_stale(&share.recipient, &*member.kek).await?
                {
                    stale.shares.push((quorum, at));
                }
            }
        }
        Ok(stale)
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
        let scope = Scope::of(&self.opener.backend, header, &context, &self.opener.required);
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
            let (attempts, secret) = open_committed_share(scope, place, &share.recipient, &*member.kek).await;
            trail::calls(intent, &attempts);
            let secret = secret.ok_or(Error::DoesNotOpen)?;
            let version = share.version.checked_add(1).ok_or(CallerFault::Reserve)?;
            let place = Place { version, ..place };
            let member = self.opener.successor(member).await?;
            let recipient = self
                .wrap_verified(intent, scope, &member, share.recipient.level, Some(place), &secret)
                .await?;
            *share = Share { recipient, version };
        }
        Ok(shares)
    }
}

/// Positions of what is under an old key version.
#[derive(Default)]
struct Stale {
    entries: Vec<usize>,
    /// Quorum, then member.
    shares: Vec<(usize, usize)>,
}

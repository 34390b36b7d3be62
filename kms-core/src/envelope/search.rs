//! Finding the secret of an envelope through its recipients, within a budget of provider calls.

use std::sync::Arc;

use futures_util::future::join_all;

use super::binding::{Place, Scope, commitment};
use super::seal;
use crate::cache::OpenCache;
use crate::error::{CallerFault, Error, KekFault, Result};
use crate::header::{Entry, Header, Level, Quorum, Share, Single};
use crate::kek::{Binding, Kek, Scheme, WrapParams};
use crate::kem::{Halves, HybridKek};
use crate::keyring::Keyring;
use crate::memory::Secret;
use crate::quorum::combine;

/// One provider call of an open, for the audit trail; the reader of the envelope does not see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Key URI as configured.
    pub uri: String,
    /// Key version as it stands in the envelope.
    pub version: Option<Vec<u8>>,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// The provider's own request id.
    pub request_id: Option<String>,
}

/// How a provider call of an open ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttemptOutcome {
    /// The secret was found.
    Opened,
    /// The secret was held in a cache; no provider was called.
    Cached,
    /// The provider failed.
    Provider(KekFault),
    /// The provider answered, but the seal does not open: a wrong `W`, or altered bytes. The two cannot be told
    /// apart, so nobody is accused.
    SealDoesNotOpen,
    /// The provider answered, but the other half of the recipient did not.
    Answered,
    /// The share opens but is not the one that was committed to: who has this `W` planted it.
    PlantedShare,
}

impl Attempt {
    /// One attempt for each key of the recipient.
    fn of(single: &Single, kek: &dyn Kek, outcome: AttemptOutcome) -> Vec<Self> {
        let keys = std::iter::once((kek.uri(), &single.wrapped.version)).chain(second_key(single, kek));
        keys.map(|(uri, version)| Self {
            uri: uri.to_owned(),
            version: version.clone(),
            outcome,
            request_id: None,
        })
        .collect()
    }
}

/// The post-quantum key of a hybrid recipient, and its version.
pub(super) fn second_key<'a>(single: &'a Single, kek: &'a dyn Kek) -> Option<(&'a str, &'a Option<Vec<u8>>)> {
    match (&single.wrapped.params, kek.hybrid()) {
        (WrapParams::Hybrid { version, .. }, Some(halves)) => Some((halves.pq().uri(), version)),
        _ => None,
    }
}

/// Provider calls that opening an entry takes.
fn calls(single: &Single) -> usize {
    1 + usize::from(single.scheme == Scheme::Hybrid)
}

/// What an open learned of one share body, which the header's tag does not cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ShareCheck {
    /// Not used in this open.
    Unverified,
    /// Opened, and as committed.
    Verified,
    /// Did not open, or not as committed.
    Damaged,
}

/// One search through the recipients of one header.
pub(super) struct Search<'a> {
    scope: Scope<'a>,
    header: &'a Header,
    keyring: &'a Keyring,
    /// The level to find, if one is asked for.
    level: Option<Level>,
    calls_left: usize,
    /// Whether a provider was left out because the budget was spent.
    pub(super) exhausted: bool,
    cache: Option<(&'a OpenCache, &'a str)>,
    pub(super) attempts: Vec<Attempt>,
    pub(super) shares: Vec<Vec<ShareCheck>>,
}

/// A secret and the level it stands on.
pub(super) struct Found {
    pub(super) secret: Secret<32>,
    pub(super) level: Level,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        scope: Scope<'a>,
        header: &'a Header,
        keyring: &'a Keyring,
        level: Option<Level>,
        provider_calls: usize,
        cache: Option<(&'a OpenCache, &'a str)>,
    ) -> Self {
        let largest = header
            .quorums()
            .map(|(_, shares)| shares.iter().map(|share| calls(&share.recipient)).sum())
            .max()
            .unwrap_or(0);
        let shares = header
            .shares()
            .iter()
            .map(|shares| vec![ShareCheck::Unverified; shares.len()])
            .collect();
        Self {
            scope,
            header,
            keyring,
            level,
            calls_left: provider_calls.max(largest),
            exhausted: false,
            cache,
            attempts: Vec::new(),
            shares,
        }
    }

    /// The recipients that open alone with a configured key, the most preferred key first.
    ///
    /// # Errors
    /// [`CallerFault::NoConfiguredKey`] if there are none and the configured keys suffice for no quorum either.
    pub(super) fn candidates(&self) -> Result<Vec<Candidate<'a>>, CallerFault> {
        let entries = self.header.entries().iter().filter_map(|entry| match entry {
            Entry::Single(single) if self.wants(single.level) => Some(single),
            _ => None,
        });
        let mut candidates: Vec<_> = entries
            .filter_map(|single| {
                let (rank, kek) = self.configured(single)?;
                Some(Candidate { rank, single, kek })
            })
            .collect();
        candidates.sort_by_key(|candidate| candidate.rank);
        let suffices = |(quorum, shares): (&Quorum, &[Share])| {
            self.wants(quorum.level) && self.members(quorum, shares).len() >= usize::from(quorum.threshold)
        };
        if candidates.is_empty() && !self.header.quorums().any(suffices) {
            return Err(CallerFault::NoConfiguredKey);
        }
        Ok(candidates)
    }

    fn wants(&self, level: Level) -> bool {
        self.level.is_none_or(|wanted| wanted == level)
    }

    /// The first secret that one of the candidates, or else a quorum, leads to.
    pub(super) async fn secret(&mut self, candidates: Vec<Candidate<'_>>) -> Result<Found> {
        for Candidate { single, kek, .. } in candidates {
            if let Some(secret) = self.open_single(single, &kek).await {
                return Ok(Found {
                    secret,
                    level: single.level,
                });
            }
        }
        let quorums: Vec<_> = self.header.quorums().collect();
        for (at, (quorum, shares)) in quorums.into_iter().enumerate() {
            if !self.wants(quorum.level) {
                continue;
            }
            if let Some(secret) = self.open_quorum(at, quorum, shares).await? {
                return Ok(Found {
                    secret,
                    level: quorum.level,
                });
            }
        }
        Err(self.failure())
    }

    fn configured(&self, single: &Single) -> Option<(usize, Arc<dyn Kek>)> {
        let (rank, kek) = self.keyring.find(self.scope.backend, single, self.scope.dek_id)?;
        (kek.scheme() == single.scheme && kek.opens()).then_some((rank, kek))
    }

    async fn open_single(&mut self, single: &Single, kek: &Arc<dyn Kek>) -> Option<Secret<32>> {
        let scope = self.scope;
        let Some((cache, partition)) = self.cache else {
            if !self.spend(calls(single)) {
                return None;
            }
            let (attempts, secret) = unseal(scope, single, &**kek, None).await;
            self.attempts.extend(attempts);
            return secret;
        };
        let key = scope.cache_key(partition, single, &**kek);
        let mut made = None;
        let secret = cache.secret(&key, async || {
            if !self.spend(calls(single)) {
                return Err(());
            }
            let (attempts, secret) = unseal(scope, single, &**kek, None).await;
            made = Some(attempts);
            secret.ok_or(())
        });
        let secret = secret.await.ok();
        let held = || {
            secret
                .is_some()
                .then(|| Attempt::of(single, &**kek, AttemptOutcome::Cached))
        };
        self.attempts.extend(made.or_else(held).into_iter().flatten());
        secret.map(|secret| Secret::init_with(|out| out.copy_from_slice(secret.expose())))
    }

    /// Gathers `threshold` shares in parallel and replaces those that fail, as far as there are members.
    async fn open_quorum(&mut self, at: usize, quorum: &Quorum, shares: &[Share]) -> Result<Option<Secret<32>>> {
        let mut waiting = self.members(quorum, shares);
        waiting.sort_by_key(|member| std::cmp::Reverse(member.rank));
        let mut good: Vec<(u8, Secret<32>)> = Vec::new();
        while good.len() < usize::from(quorum.threshold) {
            let missing = usize::from(quorum.threshold) - good.len();
            if waiting.len() < missing {
                return Ok(None);
            }
            let batch = waiting.split_off(waiting.len() - missing);
            if !self.spend(batch.iter().map(|member| calls(&member.share.recipient)).sum()) {
                return Ok(None);
            }
            let scope = self.scope;
            let opened = join_all(batch.iter().map(|member| open_share(scope, quorum, member))).await;
            for (member, (attempts, share)) in batch.iter().zip(opened) {
                self.attempts.extend(attempts);
                self.shares[at][usize::from(member.x) - 1] = if share.is_some() {
                    ShareCheck::Verified
                } else {
                    ShareCheck::Damaged
                };
                good.extend(share.map(|share| (member.x, share)));
            }
        }
        let points: Vec<_> = good.iter().map(|(x, share)| (*x, share)).collect();
        combine(&points).map(Some)
    }

    fn members<'s>(&self, quorum: &Quorum, shares: &'s [Share]) -> Vec<ShareMember<'s>> {
        let count = u8::try_from(quorum.commitments.len()).unwrap_or(0);
        let places = (1..=count).zip(shares);
        places
            .filter_map(|(x, share)| {
                let (rank, kek) = self.configured(&share.recipient)?;
                Some(ShareMember { rank, x, share, kek })
            })
            .collect()
    }

    /// Whether the budget has `calls` more.
    fn spend(&mut self, calls: usize) -> bool {
        let left = self.calls_left.checked_sub(calls);
        self.exhausted |= left.is_none();
        self.calls_left = left.unwrap_or(self.calls_left);
        left.is_some()
    }

    /// Unavailable providers are named, because trying later may help; so are keys that are switched off, because
    /// that says nothing of the envelope. Everything else is the one flat failure.
    fn failure(&self) -> Error {
        let faults = || {
            self.attempts.iter().filter_map(|attempt| match attempt.outcome {
                AttemptOutcome::Provider(fault) => Some((attempt, fault)),
                _ => None,
            })
        };
        let named = faults()
            .find(|(_, fault)| fault.is_unavailable())
            .or_else(|| faults().find(|(_, fault)| fault.is_key_state()));
        named.map_or(Error::DoesNotOpen, |(attempt, fault)| {
            crate::KekError::new(attempt.uri.clone(), crate::KekOperation::Unwrap, fault).into()
        })
    }
}

/// A recipient that a configured key may open alone.
pub(super) struct Candidate<'a> {
    rank: usize,
    single: &'a Single,
    kek: Arc<dyn Kek>,
}

struct ShareMember<'s> {
    rank: usize,
    x: u8,
    share: &'s Share,
    kek: Arc<dyn Kek>,
}

async fn open_share(scope: Scope<'_>, quorum: &Quorum, member: &ShareMember<'_>) -> (Vec<Attempt>, Option<Secret<32>>) {
    let place = Place {
        quorum,
        x: member.x,
        version: member.share.version,
    };
    open_committed_share(scope, place, &member.share.recipient, &*member.kek).await
}

/// Opens one share and compares it with its commitment, so that a false share is known before combination.
pub(super) async fn open_committed_share(
    scope: Scope<'_>,
    place: Place<'_>,
    recipient: &Single,
    kek: &dyn Kek,
) -> (Vec<Attempt>, Option<Secret<32>>) {
    let (mut attempts, share) = unseal(scope, recipient, kek, Some(place)).await;
    let committed = place.quorum.commitments.get(usize::from(place.x) - 1);
    let share = share.filter(|share| {
        let seen = commitment(scope.backend, &place.quorum.id, place.x, share.expose());
        let as_committed = committed == Some(&seen);
        if !as_committed {
            set_outcome(&mut attempts, AttemptOutcome::PlantedShare);
        }
        as_committed
    });
    (attempts, share)
}

/// Asks the provider, or both of a hybrid recipient, for what the seal is under, and opens the seal.
pub(super) async fn unseal(
    scope: Scope<'_>,
    single: &Single,
    kek: &dyn Kek,
    place: Option<Place<'_>>,
) -> (Vec<Attempt>, Option<Secret<32>>) {
    let digest = scope.binding(kek, single.level, place);
    let binding = Binding {
        domain: scope.domain,
        digest: &digest,
        dek_id: scope.dek_id,
        exposed: &scope.exposed(kek),
    };
    let (mut attempts, recovered) = match kek.hybrid() {
        Some(halves) => recover_both(halves, single, &binding).await,
        None => recover(kek, single, &binding).await,
    };
    let Some(recovered) = recovered else {
        return (attempts, None);
    };
    let secret = seal::open(scope, &single.wrapped.params, &recovered, &digest, &single.sealed);
    if secret.is_none() {
        set_outcome(&mut attempts, AttemptOutcome::SealDoesNotOpen);
    }
    (attempts, secret)
}

async fn recover(kek: &dyn Kek, single: &Single, binding: &Binding<'_>) -> (Vec<Attempt>, Option<Secret<32>>) {
    let mut attempts = Attempt::of(single, kek, AttemptOutcome::Opened);
    match kek.unwrap(&single.wrapped, binding).await {
        Err(error) => {
            set_outcome(&mut attempts, AttemptOutcome::Provider(error.kind));
            attempts[0].request_id = error.request_id;
            (attempts, None)
        }
        Ok(unwrapped) => {
            attempts[0].request_id = unwrapped.request_id;
            (attempts, Some(unwrapped.secret))
        }
    }
}

/// One attempt a half. Which half is at fault is for the trail alone.
async fn recover_both(kek: &HybridKek, single: &Single, binding: &Binding<'_>) -> (Vec<Attempt>, Option<Secret<32>>) {
    let mut attempts = Attempt::of(single, kek, AttemptOutcome::Answered);
    let Halves { classical, pq } = kek.unwrap_halves(&single.wrapped, binding).await;
    let faults = [classical.as_ref().err(), pq.as_ref().err()];
    for (attempt, fault) in attempts.iter_mut().zip(faults) {
        if let Some(error) = fault {
            attempt.outcome = AttemptOutcome::Provider(error.kind);
        }
    }
    let (Ok(classical), Ok((pq, public))) = (classical, pq) else {
        return (attempts, None);
    };
    set_outcome(&mut attempts, AttemptOutcome::Opened);
    for (attempt, request_id) in attempts.iter_mut().zip([classical.request_id, pq.request_id]) {
        attempt.request_id = request_id;
    }
    let secret = kek.combine(&single.wrapped, binding, &classical.secret, &pq.secret, &public);
    (attempts, secret)
}

fn set_outcome(attempts: &mut [Attempt], outcome: AttemptOutcome) {
    attempts.iter_mut().for_each(|attempt| attempt.outcome = outcome);
}

//! Finding the secret of an envelope through its recipients, within a budget of provider calls.

use std::sync::Arc;

use futures_util::future::join_all;

use super::binding::{Place, Scope, commitment};
use super::recipients::SEAL_NONCE;
use crate::cache::OpenCache;
use crate::crypto::CryptoBackend;
use crate::error::{CallerFault, Error, KekFault, Result};
use crate::header::{Entry, Header, Level, Quorum, Share, Single};
use crate::kek::{Binding, Kek};
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
    /// The share opens but is not the one that was committed to: who has this `W` planted it.
    PlantedShare,
}

impl Attempt {
    fn cached(single: &Single, kek: &dyn Kek) -> Self {
        Self {
            uri: kek.uri().to_owned(),
            version: single.wrapped.version.clone(),
            outcome: AttemptOutcome::Cached,
            request_id: None,
        }
    }
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
            .map(|(quorum, _)| quorum.commitments.len())
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
        let (rank, kek) = self.keyring.find(self.scope.backend, &single.id, self.scope.dek_id)?;
        (kek.scheme() == single.scheme && single.scheme.is_usable()).then(|| (rank, Arc::clone(kek)))
    }

    async fn open_single(&mut self, single: &Single, kek: &Arc<dyn Kek>) -> Option<Secret<32>> {
        let scope = self.scope;
        let Some((cache, partition)) = self.cache else {
            if !self.spend(1) {
                return None;
            }
            let (attempt, secret) = unseal(scope, single, &**kek, None).await;
            self.attempts.push(attempt);
            return secret;
        };
        let key = scope.cache_key(partition, single, kek.uri());
        let mut made = None;
        let secret = cache.secret(&key, async || {
            if !self.spend(1) {
                return Err(());
            }
            let (attempt, secret) = unseal(scope, single, &**kek, None).await;
            made = Some(attempt);
            secret.ok_or(())
        });
        let secret = secret.await.ok();
        let held = || secret.is_some().then(|| Attempt::cached(single, &**kek));
        self.attempts.extend(made.or_else(held));
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
            if !self.spend(missing) {
                return Ok(None);
            }
            let batch = waiting.split_off(waiting.len() - missing);
            let scope = self.scope;
            let opened = join_all(batch.iter().map(|member| open_share(scope, quorum, member))).await;
            for (member, (attempt, share)) in batch.iter().zip(opened) {
                self.attempts.push(attempt);
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

async fn open_share(scope: Scope<'_>, quorum: &Quorum, member: &ShareMember<'_>) -> (Attempt, Option<Secret<32>>) {
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
) -> (Attempt, Option<Secret<32>>) {
    let (mut attempt, share) = unseal(scope, recipient, kek, Some(place)).await;
    let committed = place.quorum.commitments.get(usize::from(place.x) - 1);
    let share = share.filter(|share| {
        let seen = commitment(scope.backend, &place.quorum.id, place.x, share.expose());
        let as_committed = committed == Some(&seen);
        if !as_committed {
            attempt.outcome = AttemptOutcome::PlantedShare;
        }
        as_committed
    });
    (attempt, share)
}

/// Asks the provider for `W` and opens the seal.
pub(super) async fn unseal(
    scope: Scope<'_>,
    single: &Single,
    kek: &dyn Kek,
    place: Option<Place<'_>>,
) -> (Attempt, Option<Secret<32>>) {
    let digest = scope.binding(single.scheme, single.level, kek.uri(), place);
    let binding = Binding {
        domain: scope.domain,
        digest: &digest,
        dek_id: scope.dek_id,
        exposed: &scope.exposed(kek),
    };
    let mut attempt = Attempt {
        uri: kek.uri().to_owned(),
        version: single.wrapped.version.clone(),
        outcome: AttemptOutcome::Opened,
        request_id: None,
    };
    match kek.unwrap(&single.wrapped, &binding).await {
        Err(error) => {
            attempt.outcome = AttemptOutcome::Provider(error.kind);
            attempt.request_id = error.request_id;
            (attempt, None)
        }
        Ok(unwrapped) => {
            attempt.request_id = unwrapped.request_id;
            let key = scope.domain.seal_key(scope.backend, &unwrapped.secret, &digest);
            let secret = open_seal(scope, &key, &single.sealed);
            if secret.is_none() {
                attempt.outcome = AttemptOutcome::SealDoesNotOpen;
            }
            (attempt, secret)
        }
    }
}

fn open_seal(scope: Scope<'_>, key: &[u8; 32], sealed: &[u8; 48]) -> Option<Secret<32>> {
    let aead: &CryptoBackend = scope.backend;
    let key = scope.domain.suite.aead(aead).key(key);
    Secret::try_init_with(|out| key.open_into(&SEAL_NONCE, &[], sealed, out)).ok()
}

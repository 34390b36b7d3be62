//! Finding the secret of an envelope through its recipients, within a budget of provider calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::attempt::{Attempt, AttemptOutcome, calls, open_committed_share, unseal};
use super::binding::{Place, Scope};
use super::gather::CROSSED;
use super::order::OpeningOrder;
use crate::cache::OpenCache;
use crate::error::{CallerFault, Error, KekError, KekOperation, Result};
use crate::header::{Entry, Header, Level, Quorum, Share, Single};
use crate::kek::{Kek, Posture};
use crate::keyring::Keyring;
use crate::memory::Secret;
use crate::quorum::combine;

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
    pub(super) calls_left: AtomicUsize,
    /// Whether a provider was left out because the budget was spent.
    pub(super) exhausted: AtomicBool,
    cache: Option<(&'a OpenCache, &'a str)>,
    pub(super) order: Option<&'a OpeningOrder>,
    /// What every way to the secret has to be worth, connections included.
    pub(super) least: Option<Posture>,
    pub(super) attempts: Vec<Attempt>,
    pub(super) shares: Vec<Vec<ShareCheck>>,
}

/// How a search goes about it.
#[derive(Clone, Copy)]
pub(super) struct Manner<'a> {
    pub(super) provider_calls: usize,
    pub(super) cache: Option<(&'a OpenCache, &'a str)>,
    pub(super) order: Option<&'a OpeningOrder>,
    pub(super) least: Option<Posture>,
}

/// A secret and the level it stands on.
pub(super) struct Found {
    pub(super) secret: Secret<32>,
    pub(super) level: Level,
}

/// A recipient or share that a configured key may open.
pub(super) struct Way<'a> {
    pub(super) rank: usize,
    pub(super) single: &'a Single,
    pub(super) kek: Arc<dyn Kek>,
    share: Option<(u8, Place<'a>)>,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        scope: Scope<'a>,
        header: &'a Header,
        keyring: &'a Keyring,
        level: Option<Level>,
        manner: Manner<'a>,
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
            calls_left: AtomicUsize::new(manner.provider_calls.max(largest)),
            exhausted: AtomicBool::new(false),
            cache: manner.cache,
            order: manner.order,
            least: manner.least,
            attempts: Vec::new(),
            shares,
        }
    }

    /// Whether a provider was left out because the budget was spent.
    pub(super) fn is_exhausted(&self) -> bool {
        self.exhausted.load(Ordering::Relaxed)
    }

    /// The recipients that open alone with a configured key.
    ///
    /// # Errors
    /// [`CallerFault::NoConfiguredKey`] if there are none and the configured keys suffice for no quorum either.
    pub(super) fn candidates(&self) -> Result<Vec<Way<'a>>, CallerFault> {
        let singles = self.header.entries().iter().filter_map(Entry::single);
        let candidates: Vec<_> = singles
            .filter(|single| self.wants(single.level))
            .filter_map(|single| self.way(single, None))
            .collect();
        let suffices = |(quorum, shares): (&'a Quorum, &'a [Share])| {
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
    pub(super) async fn secret(&mut self, candidates: Vec<Way<'a>>) -> Result<Found> {
        if let Some((at, secret)) = self.gather(&candidates, 1).await.pop() {
            return Ok(Found {
                secret,
                level: candidates[at].single.level,
            });
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

    fn way(&self, single: &'a Single, share: Option<(u8, Place<'a>)>) -> Option<Way<'a>> {
        let (rank, kek) = self.keyring.find(self.scope.backend, single, self.scope.dek_id)?;
        let opens = kek.scheme() == single.scheme && kek.opens();
        opens.then_some(Way {
            rank,
            single,
            kek,
            share,
        })
    }

    /// Gathers `threshold` shares in parallel and replaces those that fail, as far as there are members.
    async fn open_quorum(&mut self, at: usize, quorum: &'a Quorum, shares: &'a [Share]) -> Result<Option<Secret<32>>> {
        let members = self.members(quorum, shares);
        let before = self.attempts.len();
        let good = self.gather(&members, usize::from(quorum.threshold)).await;
        for attempt in &self.attempts[before..] {
            let asked = members.iter().filter(|way| way.kek.uri() == attempt.uri);
            let asked = asked.filter(|_| attempt.outcome != AttemptOutcome::Overtaken);
            for (x, _) in asked.filter_map(|way| way.share) {
                self.shares[at][usize::from(x) - 1] = ShareCheck::Damaged;
            }
        }
        let points: Vec<_> = good
            .iter()
            .filter_map(|(at, share)| Some((members[*at].share?.0, share)))
            .collect();
        for (x, _) in &points {
            self.shares[at][usize::from(*x) - 1] = ShareCheck::Verified;
        }
        match points.len() >= usize::from(quorum.threshold) {
            true => combine(&points).map(Some),
            false => Ok(None),
        }
    }

    fn members(&self, quorum: &'a Quorum, shares: &'a [Share]) -> Vec<Way<'a>> {
        let count = u8::try_from(quorum.commitments.len()).unwrap_or(0);
        let places = (1..=count).zip(shares);
        places
            .filter_map(|(x, share)| {
                let place = Place {
                    quorum,
                    x,
                    version: share.version,
                };
                self.way(&share.recipient, Some((x, place)))
            })
            .collect()
    }

    /// Asks one provider, or both of a hybrid recipient, unless the answer is held.
    pub(super) async fn open_way(&self, way: &Way<'_>) -> (Vec<Attempt>, Option<Secret<32>>) {
        match (way.share, self.cache) {
            (Some((_, place)), _) => self.asked_share(way, place).await,
            (None, None) => self.asked(way.single, &way.kek).await,
            (None, Some(cache)) => self.asked_or_held(way.single, &way.kek, cache).await,
        }
    }

    async fn asked_share(&self, way: &Way<'_>, place: Place<'_>) -> (Vec<Attempt>, Option<Secret<32>>) {
        match self.spend(calls(way.single)) {
            true => open_committed_share(self.scope, place, way.single, &*way.kek).await,
            false => (Vec::new(), None),
        }
    }

    async fn asked(&self, single: &Single, kek: &Arc<dyn Kek>) -> (Vec<Attempt>, Option<Secret<32>>) {
        if self.is_crossed(&**kek).await {
            return (Attempt::of(single, &**kek, CROSSED), None);
        }
        match self.spend(calls(single)) {
            true => unseal(self.scope, single, &**kek, None).await,
            false => (Vec::new(), None),
        }
    }

    async fn asked_or_held(
        &self,
        single: &Single,
        kek: &Arc<dyn Kek>,
        (cache, partition): (&OpenCache, &str),
    ) -> (Vec<Attempt>, Option<Secret<32>>) {
        let key = self.scope.cache_key(partition, single, &**kek);
        let mut made = None;
        let secret = cache.secret(&key, async || {
            let (attempts, secret) = self.asked(single, kek).await;
            made = Some(attempts);
            secret.ok_or(())
        });
        let secret = secret.await.ok();
        let held = || {
            secret
                .is_some()
                .then(|| Attempt::of(single, &**kek, AttemptOutcome::Cached))
        };
        let attempts = made.or_else(held).unwrap_or_default();
        let copied = secret.map(|secret| Secret::init_with(|out| out.copy_from_slice(secret.expose())));
        (attempts, copied)
    }

    /// Takes `calls` from the budget, if it has them.
    fn spend(&self, calls: usize) -> bool {
        let taken = self
            .calls_left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(calls));
        if taken.is_err() {
            self.exhausted.store(true, Ordering::Relaxed);
        }
        taken.is_ok()
    }

    /// Every provider is named that is not to be had, because trying later may help; whose key is switched off, or
    /// which the configuration forbids to ask, because that says nothing of the envelope. Everything else is the one
    /// flat failure.
    fn failure(&self) -> Error {
        let told = self.attempts.iter().filter_map(|attempt| match attempt.outcome {
            AttemptOutcome::Provider(fault) if fault.may_be_told() => {
                let error = KekError::new(attempt.uri.clone(), KekOperation::Unwrap, fault);
                Some(error.of_request(attempt.request_id.clone()))
            }
            _ => None,
        });
        Error::of_providers(told.collect())
    }
}

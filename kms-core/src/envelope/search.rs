//! Finding the secret of an envelope through its recipients, within a budget of provider calls.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use futures_util::future::{Either, join_all, select};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};

use super::binding::{Place, Scope, commitment};
use super::order::OpeningOrder;
use super::seal;
use crate::cache::OpenCache;
use crate::error::{CallerFault, Error, KekError, KekFault, KekOperation, Result};
use crate::header::{Entry, Header, Level, Quorum, Share, Single};
use crate::kek::{Binding, Kek, Posture, Scheme, WrapParams};
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
    /// Another recipient opened before this one answered, so nobody waited for it. It may have done its part.
    Overtaken,
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
    calls_left: AtomicUsize,
    /// Whether a provider was left out because the budget was spent.
    exhausted: AtomicBool,
    cache: Option<(&'a OpenCache, &'a str)>,
    order: Option<&'a OpeningOrder>,
    /// What every way to the secret has to be worth, connections included.
    least: Option<Posture>,
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
    rank: usize,
    single: &'a Single,
    kek: Arc<dyn Kek>,
    share: Option<(u8, Place<'a>)>,
}

/// What came of asking one of several.
struct Asked {
    at: usize,
    attempts: Vec<Attempt>,
    secret: Option<Secret<32>>,
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

    /// Asks `need` of `ways` at once and replaces those that fail; where one is slow, asks another one beside it. The
    /// calls that are under way when enough have answered end with this.
    async fn gather(&mut self, ways: &[Way<'a>], need: usize) -> Vec<(usize, Secret<32>)> {
        let (mut good, mut attempts) = (Vec::new(), Vec::new());
        let mut waiting = self.in_order(ways);
        if !self.refuse_crossed(ways, need, &mut waiting, &mut attempts).await {
            self.attempts.extend(attempts);
            return good;
        }
        if need == 1 && self.order.is_none() {
            // One after the other: the usual case of a local key, without a heap of futures.
            while let (Some(at), true) = (waiting.pop_front(), good.is_empty()) {
                let answer = self.ask(at, &ways[at]).await;
                attempts.extend(answer.attempts);
                good.extend(answer.secret.map(|secret| (at, secret)));
            }
        } else {
            let this = &*self;
            let mut asked = FuturesUnordered::new();
            let mut under_way: Vec<(usize, Instant)> = Vec::new();
            let mut patience = None;
            let mut may_hedge = true;
            loop {
                let missing = need - good.len();
                while under_way.len() < missing && this.affords(ways, &waiting, missing - under_way.len(), need) {
                    let Some(at) = waiting.pop_front() else { break };
                    patience = patience.or_else(|| this.patience(&ways[at].kek, may_hedge));
                    under_way.push((at, Instant::now()));
                    asked.push(this.ask(at, &ways[at]));
                }
                // `None`: whoever is asked is slow.
                let answered = match patience.take() {
                    None => Some(asked.next().await),
                    Some(slow) => match select(asked.next(), slow).await {
                        Either::Left((answer, slow)) => {
                            patience = Some(slow);
                            Some(answer)
                        }
                        Either::Right(_) => None,
                    },
                };
                let Some(answer) = answered else {
                    may_hedge = false;
                    if let Some(at) = this.second(ways, &under_way, &mut waiting) {
                        under_way.push((at, Instant::now()));
                        asked.push(this.ask(at, &ways[at]));
                    }
                    continue;
                };
                let Some(answer) = answer else { break };
                let mut next = Some(answer);
                // All that is there is seen before anybody is asked in vain.
                while let Some(answer) = next {
                    under_way.retain(|(at, _)| *at != answer.at);
                    attempts.extend(answer.attempts);
                    good.extend(answer.secret.map(|secret| (answer.at, secret)));
                    next = match good.len() < need {
                        true => asked.next().now_or_never().flatten(),
                        false => None,
                    };
                }
                let can_do = good.len() + under_way.len() + waiting.len() >= need;
                if good.len() == need || !can_do && under_way.is_empty() {
                    break;
                }
            }
            drop(asked);
            for (at, since) in under_way {
                let Way { single, kek, .. } = &ways[at];
                attempts.extend(Attempt::of(single, &**kek, AttemptOutcome::Overtaken));
                this.order
                    .iter()
                    .for_each(|order| order.overtaken(&**kek, since.elapsed()));
            }
        }
        self.attempts.extend(attempts);
        good
    }

    /// The ways in the order in which they are to be asked.
    fn in_order(&self, ways: &[Way<'_>]) -> VecDeque<usize> {
        let mut places: Vec<_> = (0..ways.len()).collect();
        match self.order {
            Some(order) => places.sort_by_cached_key(|&at| order.place(&*ways[at].kek, ways[at].rank)),
            None => places.sort_by_key(|&at| ways[at].rank),
        }
        places.into()
    }

    /// Takes shares out that are reached over connections worth less than is asked for, where so many are that they would
    /// suffice. Returns whether enough are left. A recipient that opens alone is looked at when its turn comes.
    async fn refuse_crossed(
        &self,
        ways: &[Way<'_>],
        need: usize,
        waiting: &mut VecDeque<usize>,
        attempts: &mut Vec<Attempt>,
    ) -> bool {
        if self.least.is_some() && need > 1 && waiting.len() >= need {
            let crossed = join_all(ways.iter().map(|way| self.is_crossed(&way.kek))).await;
            if crossed.iter().filter(|&&crossed| crossed).count() >= need {
                for (way, _) in ways.iter().zip(&crossed).filter(|&(_, &crossed)| crossed) {
                    attempts.extend(Attempt::of(way.single, &*way.kek, CROSSED));
                }
                waiting.retain(|&at| !crossed[at]);
            }
        }
        waiting.len() >= need
    }

    /// Whether secrets of `kek` would cross connections that are worth less than is asked for. A service that does not
    /// answer is not weak.
    async fn is_crossed(&self, kek: &Arc<dyn Kek>) -> bool {
        match self.least.filter(|&least| least > Posture::Classical) {
            Some(least) => kek.settled_posture().await.is_ok_and(|posture| posture < least),
            None => false,
        }
    }

    /// Whether the budget has room for the next `count` of `waiting`. A quorum that it does not suffice for is not
    /// begun; of recipients that open alone, each sees for itself.
    fn affords(&self, ways: &[Way<'_>], waiting: &VecDeque<usize>, count: usize, need: usize) -> bool {
        if need == 1 {
            return true;
        }
        if waiting.len() < count {
            return false;
        }
        let costs = waiting.iter().take(count).map(|&at| calls(ways[at].single));
        let affords = costs.sum::<usize>() <= self.calls_left.load(Ordering::Relaxed);
        if !affords {
            self.exhausted.store(true, Ordering::Relaxed);
        }
        affords
    }

    fn patience(&self, kek: &Arc<dyn Kek>, may_hedge: bool) -> Option<Pin<Box<dyn Future<Output = ()> + Send>>> {
        let order = self.order.filter(|order| may_hedge && order.is_hedged(&**kek))?;
        order.patience(&**kek)
    }

    /// The one to ask beside those that are slow: no weaker than any of them.
    fn second(&self, ways: &[Way<'_>], slow: &[(usize, Instant)], waiting: &mut VecDeque<usize>) -> Option<usize> {
        let order = self.order?;
        let least = slow.iter().map(|(at, _)| ways[*at].kek.posture()).max()?;
        let fits = |at: &usize| ways[*at].kek.posture() >= least && order.is_hedged(&*ways[*at].kek);
        let found = waiting.iter().position(fits)?;
        waiting.remove(found)
    }

    async fn ask(&self, at: usize, way: &Way<'_>) -> Asked {
        let since = Instant::now();
        let (attempts, secret) = match (way.share, self.cache) {
            (Some((_, place)), _) => self.asked_share(way, place).await,
            (None, None) => self.asked(way.single, &way.kek).await,
            (None, Some(cache)) => self.asked_or_held(way.single, &way.kek, cache).await,
        };
        if let Some(order) = self.order
            && !attempts.is_empty()
        {
            let is_down = |attempt: &Attempt| matches!(attempt.outcome, AttemptOutcome::Provider(fault) if fault.is_unavailable());
            let is_held = |attempt: &Attempt| attempt.outcome == AttemptOutcome::Cached;
            if attempts.iter().any(is_down) {
                order.failed(&*way.kek);
            } else if !attempts.iter().any(is_held) {
                order.answered(&*way.kek, since.elapsed());
            }
        }
        Asked { at, attempts, secret }
    }

    async fn asked_share(&self, way: &Way<'_>, place: Place<'_>) -> (Vec<Attempt>, Option<Secret<32>>) {
        match self.spend(calls(way.single)) {
            true => open_committed_share(self.scope, place, way.single, &*way.kek).await,
            false => (Vec::new(), None),
        }
    }

    async fn asked(&self, single: &Single, kek: &Arc<dyn Kek>) -> (Vec<Attempt>, Option<Secret<32>>) {
        if self.is_crossed(kek).await {
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

/// What is not asked for, because the secret would cross a connection that is worth too little.
const CROSSED: AttemptOutcome = AttemptOutcome::Provider(KekFault::Transport);

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

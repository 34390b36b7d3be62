//! Asking several recipients for one answer, or for as many as a quorum needs.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use futures_util::future::{Either, join_all, select};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};

use super::attempt::{Attempt, AttemptOutcome, calls};
use super::search::{Search, Way};
use crate::error::KekFault;
use crate::kek::{Kek, Posture};
use crate::memory::Secret;

/// How far it has come.
struct Race {
    /// Places of the ways that opened, with what they gave.
    good: Vec<(usize, Secret<32>)>,
    attempts: Vec<Attempt>,
    /// Those to be asked next.
    waiting: VecDeque<usize>,
    /// Those that were asked, and since when.
    under_way: Vec<(usize, Instant)>,
}

/// What came of asking one of several.
struct Asked {
    at: usize,
    attempts: Vec<Attempt>,
    secret: Option<Secret<32>>,
}

/// Ends when a second recipient is to be asked.
type Patience = Pin<Box<dyn Future<Output = ()> + Send>>;

impl<'a> Search<'a> {
    /// Asks `need` of `ways` at once and replaces those that fail; where one is slow, asks another one beside it. The
    /// calls that are under way when enough have answered end with this.
    pub(super) async fn gather(&mut self, ways: &[Way<'a>], need: usize) -> Vec<(usize, Secret<32>)> {
        let mut race = Race {
            good: Vec::new(),
            attempts: Vec::new(),
            waiting: self.in_order(ways),
            under_way: Vec::new(),
        };
        if self.refuse_crossed(ways, need, &mut race).await {
            match need == 1 && self.order.is_none() {
                true => self.one_by_one(ways, &mut race).await,
                false => self.at_once(ways, need, &mut race).await,
            }
        }
        self.attempts.extend(race.attempts);
        race.good
    }

    /// The usual case of a local key, without a heap of futures.
    async fn one_by_one(&self, ways: &[Way<'_>], race: &mut Race) {
        while race.good.is_empty()
            && let Some(at) = race.waiting.pop_front()
        {
            race.note(self.ask(at, &ways[at]).await);
        }
    }

    async fn at_once(&self, ways: &[Way<'_>], need: usize, race: &mut Race) {
        let mut asked = FuturesUnordered::new();
        let (mut patience, mut may_hedge) = (None, true);
        while race.good.len() < need {
            while race.lacks(need) > 0 && self.affords(ways, race, need) {
                let Some(at) = race.next() else { break };
                patience = patience.or_else(|| self.patience(&ways[at].kek, may_hedge));
                asked.push(self.ask(at, &ways[at]));
            }
            let Some(answer) = next(&mut asked, &mut patience).await else {
                may_hedge = false;
                asked.extend(self.second(ways, race).map(|at| self.ask(at, &ways[at])));
                continue;
            };
            let Some(answer) = answer else { break };
            race.note(answer);
            // All that is there is seen before anybody is asked in vain.
            while race.good.len() < need
                && let Some(Some(answer)) = asked.next().now_or_never()
            {
                race.note(answer);
            }
        }
        drop(asked);
        self.let_go(ways, race);
    }

    /// Notes those that nobody waits for any longer.
    fn let_go(&self, ways: &[Way<'_>], race: &mut Race) {
        for (at, since) in std::mem::take(&mut race.under_way) {
            let Way { single, kek, .. } = &ways[at];
            let overtaken = Attempt::of(single, &**kek, AttemptOutcome::Overtaken);
            race.attempts.extend(overtaken);
            if let Some(order) = self.order {
                order.overtaken(&**kek, since.elapsed());
            }
        }
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
    async fn refuse_crossed(&self, ways: &[Way<'_>], need: usize, race: &mut Race) -> bool {
        if self.least.is_some() && need > 1 && race.waiting.len() >= need {
            let crossed = join_all(ways.iter().map(|way| self.is_crossed(&*way.kek))).await;
            if crossed.iter().filter(|&&crossed| crossed).count() >= need {
                for (way, _) in ways.iter().zip(&crossed).filter(|&(_, &crossed)| crossed) {
                    race.attempts.extend(Attempt::of(way.single, &*way.kek, CROSSED));
                }
                race.waiting.retain(|&at| !crossed[at]);
            }
        }
        race.waiting.len() >= need
    }

    /// Whether secrets of `kek` would cross connections that are worth less than is asked for. A service that does not
    /// answer is not weak.
    pub(super) async fn is_crossed(&self, kek: &dyn Kek) -> bool {
        match self.least.filter(|&least| least > Posture::Classical) {
            Some(least) => kek.settled_posture().await.is_ok_and(|posture| posture < least),
            None => false,
        }
    }

    /// Whether the budget has room for those that are to be asked. A quorum that it does not suffice for is not begun; of
    /// recipients that open alone, each sees for itself.
    fn affords(&self, ways: &[Way<'_>], race: &Race, need: usize) -> bool {
        let count = race.lacks(need);
        if need == 1 || race.waiting.len() < count {
            return need == 1;
        }
        let costs = race.waiting.iter().take(count).map(|&at| calls(ways[at].single));
        let affords = costs.sum::<usize>() <= self.calls_left.load(Ordering::Relaxed);
        if !affords {
            self.exhausted.store(true, Ordering::Relaxed);
        }
        affords
    }

    fn patience(&self, kek: &Arc<dyn Kek>, may_hedge: bool) -> Option<Patience> {
        let order = self.order.filter(|order| may_hedge && order.is_hedged(&**kek))?;
        order.patience(&**kek)
    }

    /// The one to ask beside those that are slow: no weaker than any of them.
    fn second(&self, ways: &[Way<'_>], race: &mut Race) -> Option<usize> {
        let order = self.order?;
        let least = race.under_way.iter().map(|(at, _)| ways[*at].kek.posture()).max()?;
        let fits = |at: &usize| ways[*at].kek.posture() >= least && order.is_hedged(&*ways[*at].kek);
        let found = race.waiting.iter().position(fits)?;
        let at = race.waiting.remove(found)?;
        race.under_way.push((at, Instant::now()));
        Some(at)
    }

    async fn ask(&self, at: usize, way: &Way<'_>) -> Asked {
        let since = Instant::now();
        let (attempts, secret) = self.open_way(way).await;
        if let Some(order) = self.order
            && let Some(first) = attempts.first()
        {
            let is_down = |attempt: &Attempt| matches!(attempt.outcome, AttemptOutcome::Provider(fault) if fault.is_unavailable());
            match first.outcome {
                _ if attempts.iter().any(is_down) => order.failed(&*way.kek),
                AttemptOutcome::Cached | CROSSED => {}
                _ => order.answered(&*way.kek, since.elapsed()),
            }
        }
        Asked { at, attempts, secret }
    }
}

impl Race {
    /// How many more have to be asked.
    fn lacks(&self, need: usize) -> usize {
        need.saturating_sub(self.good.len() + self.under_way.len())
    }

    fn next(&mut self) -> Option<usize> {
        let at = self.waiting.pop_front()?;
        self.under_way.push((at, Instant::now()));
        Some(at)
    }

    fn note(&mut self, answer: Asked) {
        self.under_way.retain(|(at, _)| *at != answer.at);
        self.attempts.extend(answer.attempts);
        self.good.extend(answer.secret.map(|secret| (answer.at, secret)));
    }
}

/// The next answer, or that nobody is asked any more; `None` where patience ends before that.
async fn next<F: Future<Output = Asked>>(
    asked: &mut FuturesUnordered<F>,
    patience: &mut Option<Patience>,
) -> Option<Option<Asked>> {
    let Some(slow) = patience.take() else {
        return Some(asked.next().await);
    };
    match select(asked.next(), slow).await {
        Either::Left((answer, slow)) => {
            *patience = Some(slow);
            Some(answer)
        }
        Either::Right(_) => None,
    }
}

/// What is not asked for, because the secret would cross a connection that is worth too little.
pub(super) const CROSSED: AttemptOutcome = AttemptOutcome::Provider(KekFault::Transport);

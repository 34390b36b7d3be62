//! Whom to ask first, and when to ask a second one.
//!
//! The order cannot change what an envelope opens to, only who is asked (docs/format.md 9). Strong recipients come before
//! weak ones, so that failing over is the only way down; among equals, what was measured decides.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::kek::{Kek, Posture};

/// Waits. This crate has no runtime of its own, so who wants a second recipient asked brings one.
pub trait Timer: Send + Sync {
    /// Ends after `time`.
    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// What asking a key means, before anything was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asking {
    /// What a call costs, in any unit.
    pub cost: u32,
    /// How long an answer takes as a rule.
    pub typical: Duration,
    /// Whether a person has to answer: then everything else is tried before.
    pub person: bool,
    /// Whether another recipient may be asked while this one is slow, and this one while another is.
    pub hedged: bool,
}

/// What decides among keys of one posture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Criterion {
    /// The median of what was measured, by its magnitude: answers that take about as long are equal.
    Latency,
    /// What a call costs.
    Cost,
}

/// In which order recipients are asked: by posture, then by latency and cost, then as the keyring has them. A key that
/// failed lately comes after its equals. All openers that share one learn from each other.
pub struct OpeningOrder {
    criteria: Vec<Criterion>,
    asking: Box<dyn Fn(&str) -> Asking + Send + Sync>,
    hedge: Option<Hedge>,
    measured: Mutex<HashMap<String, Measured>>,
}

struct Hedge {
    timer: Arc<dyn Timer>,
    after: Duration,
}

/// What is known of one key.
#[derive(Default)]
struct Measured {
    /// The latest last.
    answers: Vec<(Instant, Duration)>,
    failed: Option<Instant>,
}

/// The place of a key: the least is asked first.
pub(super) type Place = (bool, Reverse<Posture>, bool, [u64; 2], usize);

impl OpeningOrder {
    /// By posture, then latency, then cost; `asking` tells of each key URI what asking it means.
    #[must_use]
    pub fn new(asking: impl Fn(&str) -> Asking + Send + Sync + 'static) -> Self {
        Self {
            criteria: vec![Criterion::Latency, Criterion::Cost],
            asking: Box::new(asking),
            hedge: None,
            measured: Mutex::default(),
        }
    }

    /// By posture, then by these; the first decides before the second. None leave it to the keyring.
    #[must_use]
    pub fn by(mut self, criteria: impl IntoIterator<Item = Criterion>) -> Self {
        self.criteria = criteria.into_iter().collect();
        self.criteria.dedup();
        self
    }

    /// Asks one recipient more where an answer takes longer than 95 of 100 did, or than `after` where too few were
    /// measured. The first that opens ends the others. Never a weaker recipient than the one that is slow.
    #[must_use]
    pub fn hedged(mut self, timer: Arc<dyn Timer>, after: Duration) -> Self {
        self.hedge = Some(Hedge { timer, after });
        self
    }

    /// How long answers of this key took lately: their median, if there were any.
    #[must_use]
    pub fn latency(&self, uri: &str) -> Option<Duration> {
        self.measured().get(uri)?.quantile(50)
    }

    /// The place of a key among others. Of a hybrid both halves are asked, so the worse counts.
    pub(super) fn place(&self, kek: &dyn Kek, rank: usize) -> Place {
        let asked: Vec<_> = names(kek).map(|uri| (uri, (self.asking)(uri))).collect();
        let measured = self.measured();
        let latency = |(uri, asking): &(&str, Asking)| {
            let known = measured.get(*uri).and_then(|known| known.quantile(50));
            magnitude(known.unwrap_or(asking.typical))
        };
        let mut weights = [0; 2];
        for (weight, criterion) in weights.iter_mut().zip(&self.criteria) {
            *weight = match criterion {
                Criterion::Latency => asked.iter().map(latency).max().unwrap_or(0),
                Criterion::Cost => asked.iter().map(|(_, asking)| u64::from(asking.cost)).sum(),
            };
        }
        let failing = asked
            .iter()
            .any(|(uri, _)| measured.get(*uri).is_some_and(Measured::is_failing));
        let person = asked.iter().any(|(_, asking)| asking.person);
        (person, Reverse(kek.posture()), failing, weights, rank)
    }

    /// Whether `kek` may be one of two that are asked for one answer.
    pub(super) fn is_hedged(&self, kek: &dyn Kek) -> bool {
        self.hedge.is_some() && names(kek).all(|uri| (self.asking)(uri).hedged)
    }

    /// Ends when `kek` has been slow for long enough to ask another.
    pub(super) fn patience(&self, kek: &dyn Kek) -> Option<Pin<Box<dyn Future<Output = ()> + Send>>> {
        let Hedge { timer, after } = self.hedge.as_ref()?;
        let usual = {
            let measured = self.measured();
            names(kek).filter_map(|uri| measured.get(uri)?.quantile(95)).max()
        };
        let usual = usual.map_or(*after, |usual| usual.clamp(SHORTEST, after.saturating_mul(LONGEST)));
        Some(timer.sleep(usual))
    }

    /// Notes that `kek` answered.
    pub(super) fn answered(&self, kek: &dyn Kek, took: Duration) {
        self.note(kek, |known| {
            known.failed = None;
            known.add(took);
        });
    }

    /// Notes that the service of `kek` did not answer.
    pub(super) fn failed(&self, kek: &dyn Kek) {
        self.note(kek, |known| known.failed = Some(Instant::now()));
    }

    /// Notes that `kek` was not waited for any longer: it would have taken longer still.
    pub(super) fn overtaken(&self, kek: &dyn Kek, waited: Duration) {
        self.note(kek, |known| known.add(waited));
    }

    fn note(&self, kek: &dyn Kek, note: impl Fn(&mut Measured)) {
        let mut measured = self.measured();
        for uri in names(kek) {
            if measured.len() >= MOST_KEYS && !measured.contains_key(uri) {
                measured.clear();
            }
            note(measured.entry(uri.to_owned()).or_default());
        }
    }

    fn measured(&self) -> MutexGuard<'_, HashMap<String, Measured>> {
        self.measured.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for OpeningOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpeningOrder({:?}, hedged: {})", self.criteria, self.hedge.is_some())
    }
}

impl Measured {
    fn add(&mut self, took: Duration) {
        if self.answers.len() == WINDOW {
            self.answers.remove(0);
        }
        self.answers.push((Instant::now(), took));
    }

    /// Of what was measured lately; `None` of too little to tell the rare from the usual.
    fn quantile(&self, percent: usize) -> Option<Duration> {
        let fresh = self.answers.iter().filter(|(at, _)| at.elapsed() < FRESH);
        let mut times: Vec<_> = fresh.map(|(_, took)| *took).collect();
        let least = if percent > 50 { ENOUGH } else { 1 };
        if times.len() < least {
            return None;
        }
        times.sort_unstable();
        times.get((times.len() * percent / 100).min(times.len() - 1)).copied()
    }

    fn is_failing(&self) -> bool {
        self.failed.is_some_and(|at| at.elapsed() < FAILING)
    }
}

fn names(kek: &dyn Kek) -> impl Iterator<Item = &str> {
    let second = kek.hybrid().map(|halves| halves.pq().uri());
    std::iter::once(kek.uri()).chain(second)
}

/// Twice as long is another magnitude.
fn magnitude(time: Duration) -> u64 {
    u64::from(u128::BITS - time.as_micros().leading_zeros())
}

/// Answers that are kept of each key.
const WINDOW: usize = 64;
/// Answers from which the slowest twentieth can be told.
const ENOUGH: usize = 8;
/// What is older tells nothing of now.
const FRESH: Duration = Duration::from_secs(300);
/// How long a failure is held against a key.
const FAILING: Duration = Duration::from_secs(30);
const SHORTEST: Duration = Duration::from_millis(5);
/// How many times longer than `after` nobody is waited for.
const LONGEST: u32 = 10;
/// More keys than any installation has: what is known of them is then forgotten.
const MOST_KEYS: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_need_enough_answers() {
        let mut known = Measured::default();
        assert_eq!(known.quantile(50), None);
        (1..=7).for_each(|n| known.add(Duration::from_millis(n)));
        assert_eq!(known.quantile(50), Some(Duration::from_millis(4)));
        assert_eq!(known.quantile(95), None);
        (8..=100).for_each(|n| known.add(Duration::from_millis(n)));
        assert_eq!(known.answers.len(), WINDOW);
        assert_eq!(known.quantile(95), Some(Duration::from_millis(97)));
    }

    #[test]
    fn answers_that_take_about_as_long_are_equal() {
        let of = |micros| magnitude(Duration::from_micros(micros));
        assert_eq!(of(0), 0);
        assert_eq!(of(33_000), of(60_000));
        assert!(of(30_000) < of(70_000));
    }
}

//! When not to ask at all.
//!
//! A service that has failed several times in a row is left alone for a while: callers are told at once in place of
//! waiting for a timeout, and can turn to another recipient. One request then tries whether it is back.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The state of one endpoint.
pub(super) struct Breaker(Mutex<State>);

#[derive(Clone, Copy)]
enum State {
    /// Open for traffic; this many failures in a row.
    Closed { failures: u32 },
    /// Left alone until then.
    Open { until: Instant, rest: Duration },
    /// One request is out to see; others are not let through.
    Trying { rest: Duration },
}

/// The right to send one request. Dropped without a verdict (the caller left), it changes nothing for good.
pub(super) struct Admission<'a> {
    breaker: &'a Breaker,
    is_trial: bool,
}

impl Breaker {
    pub(super) fn closed() -> Self {
        Self(Mutex::new(State::Closed { failures: 0 }))
    }

    /// Admits a request, or says that the service is to be left alone.
    pub(super) fn admit(&self, now: Instant) -> Option<Admission<'_>> {
        let mut state = self.state();
        let is_trial = match *state {
            State::Closed { .. } => false,
            State::Open { until, rest } if now >= until => {
                *state = State::Trying { rest };
                true
            }
            State::Open { .. } | State::Trying { .. } => return None,
        };
        Some(Admission {
            breaker: self,
            is_trial,
        })
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Admission<'_> {
    /// The service answered, be it with a refusal.
    pub(super) fn answered(mut self) {
        self.is_trial = false;
        *self.breaker.state() = State::Closed { failures: 0 };
    }

    /// The service did not answer, or said that it cannot.
    pub(super) fn failed(mut self, now: Instant) {
        let is_trial = std::mem::take(&mut self.is_trial);
        let mut state = self.breaker.state();
        *state = match *state {
            State::Trying { rest } if is_trial => open(now, (rest * 2).min(LONGEST)),
            State::Closed { failures } if failures + 1 >= FAILURES => open(now, SHORTEST),
            State::Closed { failures } => State::Closed { failures: failures + 1 },
            // Requests that were under way when it opened add nothing.
            other => other,
        };
    }
}

impl Drop for Admission<'_> {
    fn drop(&mut self) {
        if !self.is_trial {
            return;
        }
        let mut state = self.breaker.state();
        if let State::Trying { rest } = *state {
            // The next one may try at once.
            *state = State::Open {
                until: Instant::now(),
                rest,
            };
        }
    }
}

fn open(now: Instant, rest: Duration) -> State {
    State::Open {
        until: now + rest,
        rest,
    }
}

const FAILURES: u32 = 8;
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_failures_in_a_row_and_closes_at_an_answer() {
        let (breaker, start) = (Breaker::closed(), Instant::now());
        for _ in 0..FAILURES - 1 {
            breaker.admit(start).unwrap().failed(start);
        }
        breaker.admit(start).unwrap().answered();
        for _ in 0..FAILURES {
            breaker.admit(start).unwrap().failed(start);
        }
        assert!(breaker.admit(start).is_none());

        let later = start + SHORTEST;
        let trial = breaker.admit(later).unwrap();
        assert!(breaker.admit(later).is_none(), "two tried at once");
        trial.failed(later);
        assert!(breaker.admit(later + SHORTEST).is_none(), "the rest did not grow");
        breaker.admit(later + SHORTEST * 2).unwrap().answered();
        assert!(breaker.admit(later).is_some());
    }

    #[test]
    fn a_trial_that_is_dropped_leaves_room_for_the_next() {
        let (breaker, start) = (Breaker::closed(), Instant::now());
        (0..FAILURES).for_each(|_| breaker.admit(start).unwrap().failed(start));
        drop(breaker.admit(start + SHORTEST).unwrap());
        assert!(breaker.admit(Instant::now() + Duration::from_millis(1)).is_some());
    }
}

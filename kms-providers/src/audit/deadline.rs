//! A deadline for sinks that may hang.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use kms_core::AuditFault;
use kms_core::audit::{AuditEvent, AuditSink};

/// Turns a sink that hangs into one that fails: an event that is not recorded within the deadline fails with
/// [`AuditFault::Deadline`], and so does every further one, at once, until the sink has answered.
///
/// A thread of its own drives the sink. Events that wait at the same time reach it together
/// ([`AuditSink::record_all`]), so group commit is kept. An event that failed by deadline may still be recorded when the
/// sink comes back; its use was refused, so it shows as an intent without outcome.
pub struct DeadlineSink {
    shared: Arc<Shared>,
    deadline: Duration,
}

struct Shared {
    state: Mutex<State>,
    work: Condvar,
    answer: Condvar,
}

#[derive(Default)]
struct State {
    queue: Vec<(AuditEvent, Ticket)>,
    /// An event has waited for too long, and the worker has not answered since.
    overdue: bool,
    closing: bool,
    closed: bool,
}

type Ticket = Arc<OnceLock<Result<(), AuditFault>>>;

impl DeadlineSink {
    /// Puts a deadline on `sink`.
    ///
    /// # Errors
    /// [`AuditFault::Failed`] when the system gives no thread.
    pub fn new(sink: Arc<dyn AuditSink>, deadline: Duration) -> Result<Self, AuditFault> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            work: Condvar::new(),
            answer: Condvar::new(),
        });
        let worker = shared.clone();
        thread::Builder::new()
            .name("keystrand-audit".into())
            .spawn(move || {
                worker.drive(&*sink);
                drop(sink); // may take its time, and the owner waits for it until the deadline
                worker.state().closed = true;
                worker.answer.notify_all();
            })
            .map_err(|_| AuditFault::Failed)?;
        Ok(Self { shared, deadline })
    }
}

impl AuditSink for DeadlineSink {
    fn record(&self, event: &AuditEvent) -> Result<(), AuditFault> {
        self.record_all(std::slice::from_ref(event))
    }

    fn record_all(&self, events: &[AuditEvent]) -> Result<(), AuditFault> {
        let ticket = Ticket::default();
        let mut state = self.shared.state();
        if state.overdue {
            return Err(AuditFault::Deadline);
        }
        state
            .queue
            .extend(events.iter().map(|event| (event.clone(), ticket.clone())));
        self.shared.work.notify_one();
        let mut state = self.shared.wait(state, self.deadline, |_| ticket.get().is_none());
        match ticket.get() {
            Some(result) => *result,
            None => {
                state.overdue = true;
                state.queue.retain(|(_, queued)| !Arc::ptr_eq(queued, &ticket));
                Err(AuditFault::Deadline)
            }
        }
    }
}

impl Drop for DeadlineSink {
    /// Lets the sink finish, but not for longer than the deadline.
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.closing = true;
        self.shared.work.notify_one();
        drop(self.shared.wait(state, self.deadline, |state| !state.closed));
    }
}

impl Shared {
    fn drive(&self, sink: &dyn AuditSink) {
        loop {
            let state = self.state();
            let idle = |state: &mut State| {
                state.overdue = false; // whoever set it has taken its event back, and the sink is not at work
                state.queue.is_empty() && !state.closing
            };
            let mut state = self
                .work
                .wait_while(state, idle)
                .unwrap_or_else(PoisonError::into_inner);
            if state.queue.is_empty() {
                return;
            }
            let (events, tickets): (Vec<_>, Vec<_>) = std::mem::take(&mut state.queue).into_iter().unzip();
            drop(state);
            let result = sink.record_all(&events);
            let mut state = self.state();
            for ticket in tickets {
                let _ = ticket.set(result);
            }
            state.overdue = false;
            drop(state);
            self.answer.notify_all();
        }
    }

    fn wait<'a>(
        &self,
        state: MutexGuard<'a, State>,
        deadline: Duration,
        waiting: impl Fn(&State) -> bool,
    ) -> MutexGuard<'a, State> {
        self.answer
            .wait_timeout_while(state, deadline, |state| waiting(state))
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Instant;

    use kms_core::Error;
    use kms_core::audit::{Action, AuditTrail, MemorySink, Principal, Subject};

    use super::*;

    /// Hangs until it is told to go on.
    struct Gate {
        inner: MemorySink,
        go: Mutex<mpsc::Receiver<()>>,
    }

    impl AuditSink for Gate {
        fn record(&self, event: &AuditEvent) -> Result<(), AuditFault> {
            self.go.lock().unwrap().recv().unwrap();
            self.inner.record(event)
        }
    }

    #[test]
    fn a_hanging_sink_fails_by_deadline_then_at_once_and_recovers_when_it_answers() {
        let (go, gate) = mpsc::channel();
        let inner = Arc::new(Gate {
            inner: MemorySink::new(),
            go: Mutex::new(gate),
        });
        let deadline = Duration::from_millis(100);
        let sink = DeadlineSink::new(inner.clone(), deadline).unwrap();
        let trail = AuditTrail::new(Arc::new(sink), Principal::default());
        let intent = || trail.intent(Action::Open, &Subject::default()).map(|_| ());
        let overdue = Err(Error::Audit(AuditFault::Deadline));

        let start = Instant::now();
        assert_eq!(intent(), overdue);
        assert!(start.elapsed() >= deadline);
        let start = Instant::now();
        assert_eq!(intent(), overdue, "the sink has not answered yet");
        assert!(start.elapsed() < deadline, "no second wait");

        go.send(()).unwrap();
        while inner.inner.is_empty() {
            thread::yield_now();
        }
        go.send(()).unwrap();
        let since = Instant::now();
        while intent() == overdue {
            assert!(since.elapsed() < Duration::from_secs(10), "never recovered");
            go.send(()).unwrap();
        }
        go.send(()).unwrap();
    }

    #[test]
    fn results_and_events_pass_through_and_dropping_waits_for_the_sink() {
        let inner = Arc::new(MemorySink::new());
        let sink = DeadlineSink::new(inner.clone(), Duration::from_secs(30)).unwrap();
        let trail = AuditTrail::new(Arc::new(sink), Principal::default());
        trail.intent(Action::Open, &Subject::default()).map(drop).unwrap();
        inner.fail_after(0, AuditFault::Full);
        assert!(trail.intent(Action::Open, &Subject::default()).is_err());
        assert_eq!(inner.len(), 1);
        drop(trail);
        assert_eq!(Arc::strong_count(&inner), 1, "the worker is gone");
    }
}

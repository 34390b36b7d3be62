//! A sink for tests and for embedding: it keeps the events, and fails on demand.

use std::sync::{Mutex, PoisonError};

use super::{AuditEvent, AuditSink};
use crate::error::AuditFault;

/// Keeps events in memory. Not durable: for tests and for callers that forward events themselves.
#[derive(Debug, Default)]
pub struct MemorySink(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    events: Vec<AuditEvent>,
    fault: Option<(usize, AuditFault)>,
}

impl MemorySink {
    /// An empty sink.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The events so far.
    #[must_use]
    pub fn events(&self) -> Vec<AuditEvent> {
        self.state().events.clone()
    }

    /// How many events were recorded.
    #[must_use]
    pub fn len(&self) -> usize {
        self.state().events.len()
    }

    /// Whether nothing was recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Accepts `more` events from now on and then fails each with `fault`: shows that a caller fails closed.
    pub fn fail_after(&self, more: usize, fault: AuditFault) {
        let mut state = self.state();
        state.fault = Some((state.events.len() + more, fault));
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AuditSink for MemorySink {
    fn record(&self, event: &AuditEvent) -> Result<(), AuditFault> {
        let mut state = self.state();
        match state.fault {
            Some((limit, fault)) if state.events.len() >= limit => Err(fault),
            _ => {
                state.events.push(event.clone());
                Ok(())
            }
        }
    }
}

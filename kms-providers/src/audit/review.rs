//! Review of the events themselves: uses that were not finished, and order in time.

use std::collections::BTreeMap;
use std::fmt;

use kms_core::audit::{AuditEvent, EventId, Phase};
use serde::Serialize;

use super::log::Entry;

/// Something that a person should look at. None of it means that the log was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum EventFinding {
    /// A use began and its end was not recorded: it still runs, its process was stopped, or there is a bug.
    IntentWithoutOutcome {
        /// Sequence number of the intent.
        seq: u64,
        /// Id of the intent.
        id: String,
        /// What was begun.
        action: &'static str,
        /// When, in nanoseconds since 1970.
        unix_nanos: u64,
    },
    /// The end of a use of which no beginning is recorded, or which had ended already.
    OutcomeWithoutIntent {
        /// Sequence number of the outcome.
        seq: u64,
    },
    /// The clock was set back by more than ten seconds between two entries.
    ClockSetBack {
        /// Sequence number of the entry with the earlier time.
        seq: u64,
        /// By how many milliseconds.
        by_ms: u64,
    },
    /// An entry that this version does not understand; perhaps a newer one wrote it.
    NotUnderstood {
        /// Its sequence number.
        seq: u64,
    },
}

impl fmt::Display for EventFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IntentWithoutOutcome { seq, action, .. } => {
                write!(f, "entry {seq}: {action} began and its end was not recorded")
            }
            Self::OutcomeWithoutIntent { seq } => write!(f, "entry {seq}: the end of a use that did not begin"),
            Self::ClockSetBack { seq, by_ms } => write!(f, "entry {seq}: the clock was set back by {by_ms} ms"),
            Self::NotUnderstood { seq } => write!(f, "entry {seq}: not understood by this version"),
        }
    }
}

/// Goes through the entries in order.
#[derive(Debug, Default)]
pub(super) struct Review {
    /// Uses that have begun, by their intent.
    open: BTreeMap<EventId, (u64, AuditEvent)>,
    latest_nanos: u64,
    findings: Vec<EventFinding>,
}

impl Review {
    pub(super) fn entry(&mut self, entry: &Entry) {
        let seq = entry.seq;
        let Some(event) = entry.event() else {
            self.findings.push(EventFinding::NotUnderstood { seq });
            return;
        };
        self.check_time(seq, event.unix_nanos);
        match event.phase {
            Phase::Intent => {
                self.open.insert(event.id, (seq, event));
            }
            Phase::Outcome if event.use_id.and_then(|id| self.open.remove(&id)).is_none() => {
                self.findings.push(EventFinding::OutcomeWithoutIntent { seq });
            }
            Phase::Outcome | Phase::Refusal => {}
        }
    }

    pub(super) fn finish(mut self) -> Vec<EventFinding> {
        let unfinished = self.open.into_values();
        self.findings
            .extend(unfinished.map(|(seq, event)| EventFinding::IntentWithoutOutcome {
                seq,
                id: event.id.to_string(),
                action: event.action.name(),
                unix_nanos: event.unix_nanos,
            }));
        self.findings
    }

    fn check_time(&mut self, seq: u64, unix_nanos: u64) {
        let by_ms = self.latest_nanos.saturating_sub(unix_nanos) / 1_000_000;
        if by_ms > CLOCK_TOLERANCE_MS {
            self.findings.push(EventFinding::ClockSetBack { seq, by_ms });
            // The next entries go by the new clock.
            self.latest_nanos = unix_nanos;
        }
        self.latest_nanos = self.latest_nanos.max(unix_nanos);
    }
}

/// Events of concurrent threads and processes reach the log in another order than their times; by no more than this.
pub(super) const CLOCK_TOLERANCE_MS: u64 = 10_000;

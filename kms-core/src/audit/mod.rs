//! The audit trail: every use of a KEK is an event, durable before the use, and a sink that cannot write fails the
//! request (docs/audit.md).
//!
//! Three parts, none of which does any I/O:
//! - [`AuditEvent`]: who did what with which key, and how it ended. Serialized as OCSF *API Activity*.
//! - [`AuditSink`]: where events become durable. `kms_providers::audit` has the transparency log.
//! - [`AuditTrail`]: what a request carries. It gives an [`Intent`] before a KEK is used, and the intent is settled
//!   afterwards. An intent without outcome in the log is a crash or a bug, and verification reports it.
//!
//! ```
//! use std::sync::Arc;
//! use kms_core::audit::{Action, AuditTrail, Details, KeyRef, MemorySink, Phase, Principal, Subject};
//!
//! let log = Arc::new(MemorySink::new());
//! let trail = AuditTrail::new(log.clone(), Principal::named("anna"));
//! let keys = [KeyRef::new("local://payments")];
//!
//! let intent = trail.intent(Action::Seal, &Subject { keys: &keys, ..Subject::default() })?;
//! // … the KEK is used here …
//! intent.succeed(&Details::default())?;
//!
//! assert_eq!(log.events().iter().map(|event| event.phase).collect::<Vec<_>>(), [Phase::Intent, Phase::Outcome]);
//! # Ok::<(), kms_core::Error>(())
//! ```

mod action;
mod clock;
mod event;
mod id;
mod memory_sink;
mod ocsf;
mod principal;
mod reason;
mod subject;
mod trace;
mod trail;

pub use action::Action;
pub use clock::{Clock, SystemClock};
pub use event::{AttemptRecord, AuditEvent, HeaderMark, KeyUse, Outcome, Phase, SubjectRecord};
pub use id::EventId;
pub use memory_sink::MemorySink;
pub use principal::Principal;
pub use reason::Reason;
pub use subject::{Attempt, Details, KeyRef, Subject};
pub use trace::TraceContext;
pub use trail::{AuditTrail, Intent};

use crate::error::AuditFault;

/// Where events become durable.
pub trait AuditSink: Send + Sync {
    /// Records `event`; returns only when it is durable.
    ///
    /// # Errors
    /// The event may not be durable: the caller must refuse the request.
    fn record(&self, event: &AuditEvent) -> Result<(), AuditFault>;

    /// Records several events in order; returns only when all are durable. Sinks that sync override it, so that
    /// many events share one sync.
    ///
    /// # Errors
    /// Some of the events may not be durable: every request that they belong to must be refused.
    fn record_all(&self, events: &[AuditEvent]) -> Result<(), AuditFault> {
        events.iter().try_for_each(|event| self.record(event))
    }
}

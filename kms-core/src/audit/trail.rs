//! What a request carries: it turns uses of keys into events.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::event::{AttemptRecord, AuditEvent, Outcome, Phase, SubjectRecord};
use super::subject::{Attempt, Details, Subject};
use super::{Action, AuditSink, Clock, EventId, Principal, Reason, SystemClock, TraceContext};
use crate::error::Result;

/// Who asks, within which trace, and where events go. Cheap to clone; a server makes one for each request.
#[derive(Clone)]
pub struct AuditTrail(Option<Recording>);

#[derive(Clone)]
struct Recording {
    sink: Arc<dyn AuditSink>,
    clock: Arc<dyn Clock>,
    principal: Arc<Principal>,
    trace: Option<TraceContext>,
}

impl AuditTrail {
    /// A trail into `sink` on behalf of `principal`.
    #[must_use]
    pub fn new(sink: Arc<dyn AuditSink>, principal: Principal) -> Self {
        Self(Some(Recording {
            sink,
            clock: Arc::new(SystemClock),
            principal: Arc::new(principal),
            trace: None,
        }))
    }

    /// No trail. Only for a configuration that says `audit = "none"`.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// The same trail on behalf of someone else.
    #[must_use]
    pub fn on_behalf_of(mut self, principal: Principal) -> Self {
        if let Some(recording) = &mut self.0 {
            recording.principal = Arc::new(principal);
        }
        self
    }

    /// The same trail within `trace`.
    #[must_use]
    pub fn within(mut self, trace: TraceContext) -> Self {
        if let Some(recording) = &mut self.0 {
            recording.trace = Some(trace);
        }
        self
    }

    /// The same trail by another clock.
    #[must_use]
    pub fn by_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        if let Some(recording) = &mut self.0 {
            recording.clock = clock;
        }
        self
    }

    /// Whether events are recorded; lets a caller skip collecting what only they need.
    #[must_use]
    pub fn is_recording(&self) -> bool {
        self.0.is_some()
    }

    /// Makes the intent durable. To be called before a KEK is used, after every check that needs none.
    ///
    /// # Errors
    /// [`crate::Error::Audit`]: the intent is not durable, so the KEK must not be used.
    pub fn intent(&self, action: Action, subject: &Subject<'_>) -> Result<Intent> {
        let Some(recording) = &self.0 else {
            return Ok(Intent(None));
        };
        let event = recording.event(Phase::Intent, action, subject.into());
        recording.sink.record(&event)?;
        Ok(Intent(Some(Box::new(Pending {
            recording: recording.clone(),
            intent: event,
            attempts: Vec::new(),
        }))))
    }

    /// Records that a use was refused before it began.
    ///
    /// # Errors
    /// [`crate::Error::Audit`]: the refusal is not durable. The use is refused all the same.
    pub fn refuse(&self, action: Action, subject: &Subject<'_>, reason: impl Into<Reason>) -> Result<()> {
        let Some(recording) = &self.0 else {
            return Ok(());
        };
        let mut event = recording.event(Phase::Refusal, action, subject.into());
        event.use_id = None;
        event.outcome = Some(Outcome::Failure(reason.into()));
        Ok(recording.sink.record(&event)?)
    }
}

impl fmt::Debug for AuditTrail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(recording) => write!(f, "AuditTrail({:?})", recording.principal),
            None => f.write_str("AuditTrail(none)"),
        }
    }
}

/// A use that has begun. It must be settled by [`Intent::succeed`] or [`Intent::fail`]; dropped, it stays in the log
/// as an intent without outcome, which verification reports.
#[must_use = "an intent without outcome is reported as a crash; call succeed or fail"]
pub struct Intent(Option<Box<Pending>>);

struct Pending {
    recording: Recording,
    intent: AuditEvent,
    attempts: Vec<AttemptRecord>,
}

impl Intent {
    /// Notes a call to a provider, for the outcome.
    pub fn attempt(&mut self, attempt: &Attempt<'_>) {
        if let Some(pending) = &mut self.0 {
            pending.attempts.push(attempt.into());
        }
    }

    /// Makes success durable. To be called before the result leaves the caller's hands.
    ///
    /// # Errors
    /// [`crate::Error::Audit`]: the outcome is not durable, so the result must be withheld.
    pub fn succeed(self, details: &Details<'_>) -> Result<()> {
        let Some(mut pending) = self.0 else {
            return Ok(());
        };
        let subject = &mut pending.intent.subject;
        subject.message_id = details.message_id.copied().or(subject.message_id);
        subject.dek_id = details.dek_id.copied().or(subject.dek_id);
        subject.header = details.header.or(subject.header);
        pending.settle(Outcome::Success, details.attempts)
    }

    /// Makes failure durable; `attempts` are added to those already noted.
    ///
    /// # Errors
    /// [`crate::Error::Audit`]: the outcome is not durable. The use has failed all the same.
    pub fn fail(self, reason: impl Into<Reason>, attempts: &[Attempt<'_>]) -> Result<()> {
        match self.0 {
            Some(pending) => pending.settle(Outcome::Failure(reason.into()), attempts),
            None => Ok(()),
        }
    }
}

impl Pending {
    fn settle(self, outcome: Outcome, attempts: &[Attempt<'_>]) -> Result<()> {
        let mut event = self
            .recording
            .event(Phase::Outcome, self.intent.action, self.intent.subject);
        event.use_id = Some(self.intent.id);
        event.outcome = Some(outcome);
        event.attempts = self.attempts;
        event.attempts.extend(attempts.iter().map(AttemptRecord::from));
        Ok(self.recording.sink.record(&event)?)
    }
}

impl Recording {
    fn event(&self, phase: Phase, action: Action, subject: SubjectRecord) -> AuditEvent {
        let unix_nanos = unix_nanos(self.clock.now());
        let id = EventId::fresh(unix_nanos);
        AuditEvent {
            id,
            unix_nanos,
            phase,
            use_id: Some(id),
            action,
            principal: self.principal.clone(),
            trace: self.trace,
            subject,
            outcome: None,
            attempts: Vec::new(),
        }
    }
}

/// Nanoseconds since 1970; a clock outside 1970 to 2554 gives the nearest end.
pub(super) fn unix_nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

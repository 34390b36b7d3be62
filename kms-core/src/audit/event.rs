//! The event, owned: what a sink records and a reader gets back.

use std::sync::Arc;

use super::action::Action;
use super::id::EventId;
use super::principal::Principal;
use super::reason::Reason;
use super::subject::{Attempt, KeyRef, Subject};
use super::trace::TraceContext;
use crate::error::KekOperation;
use crate::suite::{Kind, Suite};

/// One entry of the audit trail. Its serialized form is an OCSF event (docs/audit.md).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// Id of this event.
    pub id: EventId,
    /// Nanoseconds since 1970-01-01 UTC.
    pub unix_nanos: u64,
    /// Whether the use is about to happen or is over.
    pub phase: Phase,
    /// The use that this event belongs to: the id of its intent event. A refusal belongs to none.
    pub use_id: Option<EventId>,
    /// What was done.
    pub action: Action,
    /// Who did it.
    pub principal: Arc<Principal>,
    /// The trace of the request.
    pub trace: Option<TraceContext>,
    /// With which key, on which envelope.
    pub subject: SubjectRecord,
    /// How it ended; `None` in an intent.
    pub outcome: Option<Outcome>,
    /// Calls to providers, in order.
    pub attempts: Vec<AttemptRecord>,
}

/// Where in its use an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Durable before the KEK is used.
    Intent,
    /// The use is over.
    Outcome,
    /// The use was refused before it began, so it has no intent.
    Refusal,
}

/// How a use ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It did what was asked.
    Success,
    /// It did not.
    Failure(Reason),
}

/// The owned form of [`Subject`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SubjectRecord {
    /// Logical key name.
    pub key_name: Option<String>,
    /// The KEKs that may be used.
    pub keys: Vec<KeyUse>,
    /// Message id of the envelope.
    pub message_id: Option<[u8; 32]>,
    /// Data-key id of the envelope.
    pub dek_id: Option<[u8; 16]>,
    /// Kind of the envelope.
    pub kind: Option<Kind>,
    /// Suite of the envelope.
    pub suite: Option<Suite>,
    /// The header that was read (intent) or written (outcome of a seal or rewrap).
    pub header: Option<HeaderMark>,
}

/// A KEK and its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// Key URI without version.
    pub uri: String,
    /// Version as the provider gives it.
    pub version: Option<Vec<u8>>,
}

/// Which header of an envelope: enough to find one that was rolled back or forked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HeaderMark {
    /// Sequence number: 0 at seal, one more at each rewrap.
    pub seq: u64,
    /// First 16 bytes of TAG.
    pub tag: [u8; 16],
}

/// The owned form of [`Attempt`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRecord {
    /// The KEK, with the version that the provider used.
    pub key: KeyUse,
    /// What the provider was asked for.
    pub operation: KekOperation,
    /// The provider's own request id.
    pub request_id: Option<String>,
    /// Where the key lives.
    pub region: Option<String>,
    /// Why it failed; `None` when it did not.
    pub failure: Option<Reason>,
}

impl From<&Subject<'_>> for SubjectRecord {
    fn from(subject: &Subject<'_>) -> Self {
        Self {
            key_name: subject.key_name.map(str::to_owned),
            keys: subject.keys.iter().map(KeyUse::from).collect(),
            message_id: subject.message_id.copied(),
            dek_id: subject.dek_id.copied(),
            kind: subject.kind,
            suite: subject.suite,
            header: subject.header,
        }
    }
}

impl From<&KeyRef<'_>> for KeyUse {
    fn from(key: &KeyRef<'_>) -> Self {
        Self {
            uri: key.uri.to_owned(),
            version: key.version.map(<[u8]>::to_vec),
        }
    }
}

impl From<&Attempt<'_>> for AttemptRecord {
    fn from(attempt: &Attempt<'_>) -> Self {
        Self {
            key: (&attempt.key).into(),
            operation: attempt.operation,
            request_id: attempt.request_id.map(str::to_owned),
            region: attempt.region.map(str::to_owned),
            failure: attempt.failure.clone(),
        }
    }
}

//! An entry of the log as it is shown.

use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use kms_core::audit::{AuditEvent, Outcome, Phase};
use kms_providers::audit::Entry;
use serde::Serialize;
use serde_json::Value;

use crate::printable::{Printable, hex, time};

/// An entry: for programs the OCSF event as it stands in the log, for people one line.
#[derive(Debug, Serialize)]
pub(super) struct EntryView {
    /// Its place.
    seq: u64,
    /// Whether the checkpoint covers it.
    signed: bool,
    /// The event, as written; `null` if it is no JSON.
    event: Option<Value>,
    #[serde(skip)]
    parsed: Option<AuditEvent>,
}

impl From<&Entry> for EntryView {
    fn from(entry: &Entry) -> Self {
        Self {
            seq: entry.seq,
            signed: entry.signed,
            event: serde_json::from_slice(&entry.line).ok(),
            parsed: entry.event(),
        }
    }
}

impl fmt::Display for EntryView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>8}  ", self.seq)?;
        let Some(event) = &self.parsed else {
            return f.write_str("not understood by this version");
        };
        let at = UNIX_EPOCH + Duration::from_nanos(event.unix_nanos);
        write!(
            f,
            "{}  {:<14} {:<7} ",
            time(at),
            event.action.name(),
            phase_name(event.phase)
        )?;
        f.write_str(
            event
                .principal
                .name
                .as_deref()
                .or(event.principal.id.as_deref())
                .unwrap_or("?"),
        )?;
        if let Some(name) = &event.subject.key_name {
            write!(f, "  {}", Printable(name))?;
        }
        for key in &event.subject.keys {
            write!(f, "  {}", Printable(&key.uri))?;
        }
        if let Some(id) = &event.subject.message_id {
            write!(f, "  message {}", &hex(id)[..16])?;
        }
        match &event.outcome {
            Some(Outcome::Failure(reason)) => write!(f, "  FAILED: {reason}"),
            Some(Outcome::Success) | None => Ok(()),
        }
    }
}

fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Intent => "begins",
        Phase::Outcome => "ended",
        Phase::Refusal => "refused",
    }
}

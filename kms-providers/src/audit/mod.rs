//! The audit trail on disk: a transparency log (docs/audit.md).
//!
//! Writing: [`TlogSink`] appends events to a journal, syncs it, and from time to time signs the tree over all entries.
//! Around it, [`DeadlineSink`] turns a hanging disk into an error. Reading: [`AuditLog`] lists, traces, verifies and
//! proves; it needs no key but the log's public one.
//!
//! ```
//! use std::sync::Arc;
//! use kms_core::audit::{Action, AuditTrail, Details, Subject};
//! use kms_providers::audit::{AuditLog, LogKey, TlogOptions, TlogSink, this_process};
//!
//! # let home = tempfile::tempdir()?;
//! # let home = home.path();
//! // Once:
//! let key = LogKey::create(&home.join("audit.key"), "example.com/keystrand")?;
//! TlogSink::create(&home.join("audit"), &key)?;
//! let auditor_pins = key.verifier().to_string();
//!
//! // In every process that uses keys:
//! let key = LogKey::load(&home.join("audit.key"))?;
//! let sink = Arc::new(TlogSink::open(&home.join("audit"), key, TlogOptions::default())?);
//! let trail = AuditTrail::new(sink.clone(), this_process());
//! trail.intent(Action::Seal, &Subject::default())?.succeed(&Details::default())?;
//! sink.publish()?;
//!
//! // The auditor:
//! let log = AuditLog::open_read(&home.join("audit"))?;
//! let report = log.verify(&auditor_pins.parse()?)?;
//! assert!(report.is_clean());
//! assert_eq!(report.size, 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Inside, top down: `sink` (group commit through `group`) → `writer` (locked append, catch up with other processes,
//! rotate, publish) → `edge` (right edge of the Merkle tree), `segment` (journal files), `tiles`, `bundle` and
//! `checkpoint` (what standard tools read); `tree` reads them back. `log`, `verify` (with `journal`
//! and `review`), `headers` and `proof` are the reader's side.

mod bundle;
mod checkpoint;
mod create;
mod deadline;
mod edge;
mod fault;
mod group;
mod headers;
mod journal;
mod key;
mod lock;
mod log;
mod options;
mod principal;
mod proof;
mod report;
mod review;
mod segment;
mod sink;
mod tiles;
mod tree;
mod verify;
mod writer;

pub use crate::signing::VerifierKey;
pub use checkpoint::Head;
pub use deadline::DeadlineSink;
pub use fault::LogError;
pub use headers::{HeaderFinding, HeaderState};
pub use key::LogKey;
pub use log::{AuditLog, Entries, Entry};
pub use options::TlogOptions;
pub use principal::this_process;
pub use proof::{ConsistencyProof, InclusionProof};
pub use report::{Damage, Report};
pub use review::EventFinding;
pub use sink::TlogSink;

/// Bytes of one entry: what the length prefix of an entry bundle can say (C2SP tlog-tiles, "Log entries").
pub const ENTRY_MAX: usize = 65_535;

//! The audit trail of a session.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kms_core::audit::{AuditTrail, TraceContext};
use kms_providers::audit::{DeadlineSink, LogKey, TlogOptions, TlogSink, this_process};
use kms_providers::config::{AuditConfig, Config};

use crate::failure::Result;
use crate::home::Home;

/// Opens the audit log of a home for writing; `None` where the configuration says that there is none.
///
/// # Errors
/// When the log or its key cannot be used.
pub fn open_log(home: &Home, config: &Config) -> Result<Option<TlogSink>> {
    let AuditConfig::Tlog { dir, .. } = &config.audit else {
        return Ok(None);
    };
    open_at(dir, LogKey::load(&home.log_key())?).map(Some)
}

/// Opens the audit log at `dir` for writing.
///
/// # Errors
/// When the log cannot be used.
pub fn open_at(dir: &Path, key: LogKey) -> Result<TlogSink> {
    let mut options = TlogOptions::default();
    options.anchor = Some(key.anchor());
    Ok(TlogSink::open(dir, key, options).map_err(kms_core::Error::from)?)
}

/// The trail of this run of the program, into the configured log, within the caller's trace where it names one.
pub(super) fn trail(home: &Home, config: &Config) -> Result<AuditTrail> {
    let Some(log) = open_log(home, config)? else {
        return Ok(AuditTrail::none());
    };
    let deadline = match &config.audit {
        AuditConfig::Tlog { deadline, .. } => *deadline,
        _ => Duration::ZERO,
    };
    let sink = DeadlineSink::new(Arc::new(log), deadline).map_err(kms_core::Error::from)?;
    let trace = std::env::var("TRACEPARENT").ok();
    let trace = trace.and_then(|parent| TraceContext::from_traceparent(&parent));
    Ok(AuditTrail::new(Arc::new(sink), this_process()).within(trace.unwrap_or_else(TraceContext::fresh)))
}

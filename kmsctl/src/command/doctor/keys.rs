//! Keystore, providers, configured keys, audit log: everything that opening a session opens.

use kms_providers::audit::AuditLog;
use kms_providers::config::{AuditConfig, Config};
use kms_providers::uri::KeyName;
use kms_providers::{Provider, Reach, Remark};

use super::{Doctor, Report};
use crate::App;
use crate::failure::Failure;
use crate::home::Home;
use crate::printable::count;
use crate::session::Session;

/// The open session, if it opens.
pub(super) async fn check(app: &App, doctor: &Doctor, home: &Home, report: &mut Report<'_>) -> Option<Session> {
    // Without one, the failure is told under "config" already.
    let config = home.load().ok()?;
    let opened = Session::open(app)
        .await
        .and_then(|session| session.with_secrets(&doctor.secrets));
    let session = match opened {
        Ok(session) => session,
        Err(failure) => {
            report.fail("session", &failure);
            return None;
        }
    };
    audit(&config, report);
    for (name, provider) in session.resolver().providers() {
        self::provider(name, &**provider, report).await;
    }
    for (name, settings) in &config.providers {
        if !session.resolver().providers().any(|(open, _)| open == name) {
            let detail = format!(
                "{name}: this program has no provider of the kind {}",
                settings.kind().name()
            );
            report.warn(
                "provider",
                detail,
                "use a build that has it, or take it out of keystrand.toml",
            );
        }
    }
    names(&session, report).await;
    Some(session)
}

fn audit(config: &Config, report: &mut Report<'_>) {
    let AuditConfig::Tlog { dir, .. } = &config.audit else {
        return;
    };
    // The session has it open for writing, which includes that it fits its checkpoint.
    match AuditLog::open_read(dir) {
        Ok(log) => report.ok("audit", format!("{}: {} entries signed", log.origin(), log.head().size)),
        Err(error) => report.fail("audit", &error.into()),
    }
}

async fn provider(name: &KeyName, provider: &dyn Provider, report: &mut Report<'_>) {
    match provider.probe().await {
        Ok(Some(reach)) => reached(name, &reach, report),
        Ok(None) => {}
        // What follows would only fail in the same way.
        Err(error) => return report.fail("provider", &error.into()),
    }
    match provider.remarks().await {
        Ok(remarks) => remarks.into_iter().for_each(|remark| remarked(name, remark, report)),
        Err(error) => return report.fail("provider", &error.into()),
    }
    match provider.list().await {
        Ok(keys) => report.ok("provider", format!("{name}: answers, {}", count(keys.len(), "key"))),
        Err(error) => report.fail("provider", &error.into()),
    }
}

fn remarked(name: &KeyName, remark: Remark, report: &mut Report<'_>) {
    let detail = format!("{name}: {}", remark.text);
    match remark.advice {
        None => report.ok("about", detail),
        Some(advice) => report.warn("about", detail, advice),
    }
}

fn reached(name: &KeyName, reach: &Reach, report: &mut Report<'_>) {
    let over = reach.key_exchange.as_deref().unwrap_or("no TLS");
    report.ok("reach", format!("{name}: {} ms, over {over}", reach.took.as_millis()));
    if reach.clock_ahead.unsigned_abs() > CLOCK_TOLERANCE {
        let detail = format!(
            "{name}: the clock there is {} s ahead of this machine's",
            reach.clock_ahead
        );
        report.warn(
            "clock",
            detail,
            "set this machine's clock; requests that are signed too far off are refused",
        );
    }
}

/// Whether each configured key can be used.
async fn names(session: &Session, report: &mut Report<'_>) {
    for (name, key) in session.resolver().keys() {
        let mut failures = Vec::new();
        for uri in key.uris().filter(|uri| !uri.scheme().is_supplied_by_caller()) {
            let described = match session.resolver().kek(uri) {
                Ok(kek) => kek.describe().await.map_err(Failure::from),
                Err(error) => Err(error.into()),
            };
            failures.extend(described.err());
        }
        match failures.first() {
            None => report.ok("name", format!("{name}: every key answers")),
            Some(failure) => report.fail("name", failure),
        }
    }
}

/// Seconds. Clouds take signatures that are five minutes off.
const CLOCK_TOLERANCE: u64 = 30;

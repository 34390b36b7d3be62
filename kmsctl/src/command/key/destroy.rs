//! `kmsctl key destroy`.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use kms_core::audit::Action;
use kms_core::{KekError, KekFault, KekOperation};
use kms_providers::{CloudRequest, DestroyWindow, KeyUri};
use serde::Serialize;

use super::{lifecycle, needed_by, sweep};
use crate::App;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::printable::{count, time};
use crate::session::Session;

/// Schedule the destruction of a key
///
/// The key cannot be used from now on, and is erased for ever when the waiting period is over: by the first `kmsctl
/// key` or `kmsctl rotate` after that. Until then `kmsctl key cancel-destroy` saves it. Refused while envelopes that
/// this home has sealed or rewrapped need the key, or that --search finds. Backups of the keystore keep their copy of the key.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Destroy {
    /// Logical name, NAME/VERSION or key URI
    key: String,
    /// Waiting period: 7 to 365
    #[arg(long, value_name = "DAYS", default_value = "30", value_parser = parse_window)]
    days: Days,
    /// Do not count envelopes at or below this path: they were deleted, or are to be lost with the key
    #[arg(long, value_name = "PATH")]
    forget: Vec<PathBuf>,
    /// Count the envelopes at or below this path too, whoever sealed them: others, to a public key; or copies
    #[arg(long, value_name = "PATH")]
    search: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy)]
struct Days(DestroyWindow);

/// The result.
#[derive(Serialize)]
struct Scheduled {
    key: String,
    state: &'static str,
    due: String,
    /// The requests that it took in a cloud.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    requests: Vec<CloudRequest>,
}

impl Destroy {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no such key, or envelopes need it.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let session = Session::open(app).await?;
        sweep(app, &session).await?;
        let key = session.target(&self.key)?;
        let lifecycle = lifecycle(&session, &key)?;
        let index = session.index();
        for path in &self.forget {
            index.forget(path)?;
        }
        let opener = session.opener(session.open_policy()).await?;
        match self.search.is_empty() {
            false => drop(index.learn(&self.search, &opener)?),
            true if session.resolver().kek(&key)?.kem().is_some() => app.out.warn(OTHERS),
            true => {}
        }
        let seen = index.recheck(&key, &opener)?;
        if seen.needed > 0 || !seen.missing.is_empty() {
            return Err(still_needed(&key, seen.needed, &seen.missing));
        }
        let needed = |key: &KeyUri| needed_by(&index, key);
        let schedule = lifecycle.schedule_destroy(&key, self.days.0, &needed);
        let (due, requests) = session
            .recorded(Action::DestroyKey, std::slice::from_ref(&key), schedule)
            .await?;
        app.out.say(&Scheduled {
            key: key.to_string(),
            state: "pending-destruction",
            due: time(due),
            requests,
        });
        Ok(Exit::Done)
    }
}

/// What stands against it, and what to run.
fn still_needed(key: &KeyUri, needed: u64, missing: &[PathBuf]) -> Failure {
    let error = KekError::new(key.to_string(), KekOperation::Lifecycle, KekFault::StillNeeded);
    let mut message = format!("{key}: needed by {}", count(needed, "known envelope"));
    let whole = key.without_version();
    let mut next = match key.version() {
        // A version is left by moving to the current one, a key only by moving to another key.
        Some(_) => format!("run `kmsctl rewrap PATH…` over them to bring them to the current version of {whole}"),
        None => format!("run `kmsctl rewrap PATH… --add OTHER-KEY --drop {whole}` over them"),
    };
    if let [first, rest @ ..] = missing {
        message += &format!(", and by {} that are gone or not readable", missing.len());
        let others = if rest.is_empty() { "" } else { " …" };
        next += &format!("; `--forget {}{others}` for those that were deleted", first.display());
    }
    Failure {
        message,
        next,
        ..Failure::from(error)
    }
}

fn parse_window(text: &str) -> Result<Days, String> {
    let window = text.parse().ok().and_then(DestroyWindow::days);
    window.map(Days).ok_or_else(|| "expected 7 to 365 days".to_owned())
}

impl fmt::Display for Scheduled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} cannot be used any more and is erased after {}",
            self.key, self.due
        )?;
        write!(f, "\n`kmsctl key cancel-destroy {}` saves it until then", self.key)
    }
}

const OTHERS: &str =
    "envelopes that others have sealed to its public key are counted only where --search PATH finds them";

const EXAMPLES: &str = "\
Examples:
  kmsctl key destroy payments/1
  kmsctl key destroy payments --days 90
  kmsctl key destroy inbox --search /data --search /backup        others seal to its public key
  kmsctl key destroy old-tenant --forget /data/old-tenant      its data is to be lost with it";

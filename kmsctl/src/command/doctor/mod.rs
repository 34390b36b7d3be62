//! `kmsctl doctor`.

mod envelopes;
mod house;
mod keys;
mod machine;

use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::App;
use crate::args::{ContextArgs, RecipientSecrets};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::home::Home;

/// Check home, keystore, providers, audit log and memory
///
/// Each check says ok, warn or fail, and what to do. With paths, what crashes have left there is looked for too.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Doctor {
    /// Files, folders or patterns in which to look for what crashes have left
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Put right what crashes have left below the paths
    #[arg(long, requires = "paths")]
    repair: bool,
    /// Open every share of the quorums below this path: those that an open does not use are covered by no tag
    #[arg(long, value_name = "PATH", num_args = 1..)]
    all_shares: Vec<PathBuf>,
    #[command(flatten)]
    context: ContextArgs,
    #[command(flatten)]
    secrets: RecipientSecrets,
}

/// What a check has found.
#[derive(Debug, Clone, Serialize)]
struct Finding {
    /// Name of the check.
    check: &'static str,
    /// How it stands.
    status: Status,
    /// What was seen.
    detail: String,
    /// What to do; absent where all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    Warn,
    Fail,
}

/// Findings as they come.
struct Report<'a> {
    app: &'a App,
    failed: usize,
}

impl Doctor {
    /// Runs the command.
    ///
    /// # Errors
    /// None of its own: what is wrong is a finding.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let home = Home::locate(&app.globals)?;
        let mut report = Report { app, failed: 0 };
        machine::check(app, &mut report);
        house::check(app, &home, &mut report);
        if let Some(session) = keys::check(app, self, &home, &mut report).await {
            envelopes::runs(&session, &mut report);
            envelopes::shares(&session, &self.all_shares, &self.context, &mut report).await;
        }
        envelopes::leftovers(&self.paths, self.repair, &mut report);
        Ok(if report.failed == 0 { Exit::Done } else { Exit::Failed })
    }
}

impl Report<'_> {
    fn ok(&mut self, check: &'static str, detail: impl Into<String>) {
        self.tell(&Finding {
            check,
            status: Status::Ok,
            detail: detail.into(),
            next: None,
        });
    }

    fn warn(&mut self, check: &'static str, detail: impl Into<String>, next: impl Into<String>) {
        self.tell(&Finding {
            check,
            status: Status::Warn,
            detail: detail.into(),
            next: Some(next.into()),
        });
    }

    fn fail(&mut self, check: &'static str, failure: &Failure) {
        let detail = match &failure.path {
            Some(path) if !failure.message.contains(&*path.to_string_lossy()) => {
                format!("{}: {}", path.display(), failure.message)
            }
            _ => failure.message.clone(),
        };
        self.tell(&Finding {
            check,
            status: Status::Fail,
            detail,
            next: Some(failure.next.clone()),
        });
    }

    fn tell(&mut self, finding: &Finding) {
        self.failed += usize::from(finding.status == Status::Fail);
        self.app.out.answer(finding);
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = match self.status {
            Status::Ok => "ok  ",
            Status::Warn => "warn",
            Status::Fail => "FAIL",
        };
        write!(f, "{status}  {:<10} {}", self.check, self.detail)?;
        match &self.next {
            Some(next) => write!(f, "\n                 next: {next}"),
            None => Ok(()),
        }
    }
}

/// Whether group or others have any right on `path`.
#[cfg(unix)]
fn is_exposed(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_exposed(_: &Path) -> bool {
    false
}

const EXAMPLES: &str = "\
Examples:
  kmsctl doctor
  kmsctl doctor /data --repair
  kmsctl doctor --all-shares /data/board";

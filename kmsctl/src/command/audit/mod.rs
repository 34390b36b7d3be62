//! `kmsctl audit`: the transparency log of the home, or a copy of one.

mod checkpoint;
mod entry;
mod prove;
mod show;
mod trace;
mod verify;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use kms_providers::audit::{AuditLog, LogKey, VerifierKey};
use kms_providers::config::{AuditConfig, Config};

use crate::App;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::home::Home;

/// Verify, read and prove the audit log
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Verify the whole log, and headers against it
    Verify(verify::Verify),
    /// Show entries
    Show(show::Show),
    /// Show everything about one id
    Trace(trace::Trace),
    /// Prove that an entry is in the log
    Prove(prove::Prove),
    /// Sign the log as it stands, and show the checkpoint to keep elsewhere
    Checkpoint(checkpoint::Checkpoint),
}

/// Which log.
#[derive(Debug, Clone, Args)]
pub struct LogArgs {
    /// Folder of a log, for instance a copy; without it, the log of the home
    #[arg(long, value_name = "DIR")]
    log: Option<PathBuf>,
}

impl Audit {
    /// Runs the command.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        match self {
            Self::Verify(command) => command.run(app).await,
            Self::Show(command) => command.run(app).await,
            Self::Trace(command) => command.run(app).await,
            Self::Prove(command) => command.run(app).await,
            Self::Checkpoint(command) => command.run(app).await,
        }
    }
}

impl LogArgs {
    /// The log, open for reading.
    fn open(&self, app: &App) -> Result<AuditLog> {
        let dir = match &self.log {
            Some(dir) => dir.clone(),
            None => log_dir(&Home::locate(&app.globals)?.load()?)?,
        };
        Ok(AuditLog::open_read(&dir)?)
    }
}

/// The key that signs the log of the home.
fn own_verifier(app: &App) -> Result<VerifierKey> {
    let home = Home::locate(&app.globals)?;
    Ok(LogKey::load(&home.log_key())?.verifier())
}

/// The folder of the configured log.
fn log_dir(config: &Config) -> Result<PathBuf> {
    match &config.audit {
        AuditConfig::Tlog { dir, .. } => Ok(dir.clone()),
        _ => Err(no_log()),
    }
}

fn no_log() -> Failure {
    Failure::usage(
        "this home keeps no audit log: its configuration says so",
        "set [audit] kind = \"tlog\"",
    )
}

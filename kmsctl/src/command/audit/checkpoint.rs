//! `kmsctl audit checkpoint`.

use std::fmt;

use clap::Args;
use kms_core::AuditFault;
use kms_providers::audit::AuditLog;
use serde::Serialize;

use super::{log_dir, no_log, own_verifier};
use crate::App;
use crate::exit::Exit;
use crate::failure::Result;
use crate::home::Home;
use crate::session::open_log;

/// Sign the log as it stands, and show the checkpoint to keep elsewhere
///
/// A checkpoint that is kept where the operator of this machine cannot change it makes a rewritten log evident:
/// `kmsctl audit verify --kept FILE`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Checkpoint {
    /// Show the log's public key instead: what an auditor pins
    #[arg(long)]
    key: bool,
}

#[derive(Serialize)]
struct Signed {
    size: u64,
    verifier: String,
    checkpoint: String,
}

#[derive(Serialize)]
struct PublicKey {
    verifier: String,
}

impl Checkpoint {
    /// Runs the command.
    ///
    /// # Errors
    /// When the log cannot be signed.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let verifier = own_verifier(app)?.to_string();
        if self.key {
            app.out.answer(&PublicKey { verifier });
            return Ok(Exit::Done);
        }
        let home = Home::locate(&app.globals)?;
        let config = home.load()?;
        let log = open_log(&home, &config)?;
        log.ok_or_else(no_log)?.publish()?;
        let log = AuditLog::open_read(&log_dir(&config)?)?;
        let checkpoint = String::from_utf8(log.checkpoint().to_vec());
        app.out.answer(&Signed {
            size: log.head().size,
            verifier,
            checkpoint: checkpoint.map_err(|_| AuditFault::Broken)?,
        });
        Ok(Exit::Done)
    }
}

impl fmt::Display for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.checkpoint)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.verifier)
    }
}

const EXAMPLES: &str = "\
Examples:
  kmsctl audit checkpoint > checkpoint-$(date +%F)
  kmsctl audit checkpoint --key";

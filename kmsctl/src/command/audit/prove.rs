//! `kmsctl audit prove`.

use std::fmt;

use clap::Args;
use kms_providers::audit::InclusionProof;
use serde::Serialize;

use super::{LogArgs, own_verifier};
use crate::App;
use crate::exit::Exit;
use crate::failure::Result;

/// Prove that an entry is in the log
///
/// The proof stands alone: with the log's public key and any implementation of RFC 6962 it can be checked.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Prove {
    #[command(flatten)]
    log: LogArgs,
    /// Number of the entry, as `kmsctl audit show` has it
    entry: u64,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Proof(InclusionProof);

impl Prove {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no such entry under the checkpoint, or the log is damaged.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let proof = self.log.open(app)?.prove_inclusion(self.entry)?;
        if self.log.log.is_none() {
            proof.check(&own_verifier(app)?)?;
        }
        app.out.answer(&Proof(proof));
        Ok(Exit::Done)
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(proof) = self;
        writeln!(f, "entry {} of {}", proof.index, proof.size)?;
        writeln!(f, "  entry  {}", proof.entry)?;
        writeln!(f, "  leaf   {}", proof.leaf)?;
        proof.proof.iter().try_for_each(|hash| writeln!(f, "  path   {hash}"))?;
        writeln!(f, "  root   {}", proof.root)?;
        write!(f, "checkpoint:\n{}", proof.checkpoint)
    }
}

const EXAMPLES: &str = "\
Examples:
  kmsctl audit prove 17
  kmsctl audit prove 17 --json > proof.json";

//! `kmsctl grant show`.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use kms_core::crypto::CryptoBackend;
use kms_providers::grants::{GrantReader, Revocations, Statement, signature_of};
use kms_providers::signing::VerifierKey;
use serde::Serialize;

use super::view::{GrantView, NodeView, nodes};
use crate::App;
use crate::args::RecipientSecrets;
use crate::command::verify::pinned;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::session::Session;

/// Verify a grant, and show what it is for; no key is printed
///
/// With --pin the issuer's signature, the list of revocations and the time are checked, which needs no home: exit code 3
/// for a foreign or altered grant, 5 for one that is revoked or expired. With --open the grant is opened as well, and its
/// nodes are listed. Without --pin only what it says of itself is shown.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Show {
    /// The issuer's public key, or a file that holds it; both halves
    #[arg(long, value_name = "KEY")]
    pin: Option<String>,
    /// A list that `kmsctl grant revoke --list` wrote
    #[arg(long, value_name = "FILE", requires = "pin")]
    revocations: Option<PathBuf>,
    /// Open it with the keys of this home, and list its nodes
    #[arg(long, requires = "pin")]
    open: bool,
    /// The signature, where it is not FILE.sig
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    #[command(flatten)]
    secrets: RecipientSecrets,
    /// The grant
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// The result.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    grant: GrantView,
    /// Whether the pinned issuer signed it, and stands by it.
    verified: bool,
    /// Of an opened grant: its nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    nodes: Option<Vec<NodeView>>,
}

impl Show {
    /// Runs the command.
    ///
    /// # Errors
    /// When the grant is not accepted, or cannot be read.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let signature = self.signature.clone().unwrap_or_else(|| signature_of(&self.file));
        let (envelope, note) = (read(&self.file)?, read(&signature)?);
        let Some(pin) = &self.pin else {
            app.out
                .warn("nobody's signature was verified; give the issuer's key with --pin");
            let statement = Statement::unverified(&note).map_err(|error| Failure::from(error).at(&signature))?;
            return Ok(self.say(app, &statement, false, None));
        };
        let issuer = pinned(pin, "`kmsctl key show NAME` prints it")?;
        let reader = self.reader(&issuer)?;
        let refused = |error| Failure::from(error).at(&self.file);
        let statement = reader.verify(&envelope, &note).map_err(refused)?;
        if !self.open {
            return Ok(self.say(app, &statement, true, None));
        }
        let session = Session::open(app).await?.with_secrets(&self.secrets)?;
        let opener = session.opener(session.open_policy()).await?;
        let grant = reader.open(&opener, &envelope, &note).await;
        let grant = grant.map_err(|error| session.explain(error.into()).at(&self.file))?;
        Ok(self.say(app, &statement, true, Some(nodes(&grant))))
    }

    fn reader(&self, issuer: &VerifierKey) -> Result<GrantReader> {
        let reader = GrantReader::new(CryptoBackend::default(), issuer.clone())?;
        match &self.revocations {
            None => Ok(reader),
            Some(path) => {
                let list = Revocations::open(&read(path)?, issuer);
                Ok(reader.heed(list.map_err(|error| Failure::from(error).at(path))?))
            }
        }
    }

    fn say(&self, app: &App, statement: &Statement, verified: bool, nodes: Option<Vec<NodeView>>) -> Exit {
        app.out.answer(&Shown {
            grant: GrantView::new(statement),
            verified,
            nodes,
        });
        Exit::Done
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| Failure::io(path, &error))
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.grant)?;
        for node in self.nodes.iter().flatten() {
            write!(f, "\n  {node}")?;
        }
        Ok(())
    }
}

const EXAMPLES: &str = "\
Examples:
  kmsctl grant show analysts.grant
  kmsctl grant show --pin issuer.pub --revocations revoked.list analysts.grant
  kmsctl grant show --pin issuer.pub --open analysts.grant";

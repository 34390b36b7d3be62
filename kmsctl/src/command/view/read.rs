//! `kmsctl view read`.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use kms_core::audit::AuditTrail;
use kms_core::crypto::CryptoBackend;
use kms_views::{AttributeKeys, Manifest, TableReader};
use serde::Serialize;

use super::{GrantArgs, manifest_of, policy, read_file, write_whole};
use crate::App;
use crate::command::grant::schema_file;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::session::Session;

/// Write what a role sees of a sealed table
///
/// The policy says what the role is to see, and the grants what it can: a value without a key is shown as its token. With
/// no grant no home is needed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Read {
    /// The policy of views
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// The role of the policy
    #[arg(long, value_name = "ROLE")]
    role: String,
    #[command(flatten)]
    grants: GrantArgs,
    /// Overwrite a file that exists
    #[arg(short, long)]
    force: bool,
    /// The sealed table; IN.view stands beside it
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// The view; `-` writes to stdout
    #[arg(value_name = "OUT")]
    output: PathBuf,
}

/// The result.
#[derive(Serialize)]
struct Shown {
    input: PathBuf,
    output: PathBuf,
    role: String,
    rows: u64,
    /// Values that the policy would have shown and no grant opened.
    without_key: u64,
}

impl Read {
    /// Runs the command.
    ///
    /// # Errors
    /// When policy, grants or table are at fault.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let policy = policy(&self.policy)?;
        let manifest = manifest_of(&self.input);
        let said = Manifest::parse(&read_file(&manifest)?).map_err(|error| Failure::from(error).at(&manifest))?;
        let schema = schema_file(&policy.schema)?;
        let mut keys = AttributeKeys::new(CryptoBackend::default(), schema.schema().clone());
        let mut trail = AuditTrail::none();
        if !self.grants.grants.is_empty() {
            let session = Session::open(app).await?;
            for grant in self.grants.open(&session).await? {
                keys = keys.with_grant(grant)?;
            }
            trail = session.trail();
        }
        let mut reader = TableReader::new(&policy, &self.role, &said, &Arc::new(keys), &trail)?;
        let mut show = |output: &mut dyn Write| {
            let input = File::open(&self.input).map_err(|error| Failure::io(&self.input, &error))?;
            let rows = kms_views::csv::view(&policy, &mut reader, BufReader::new(input), output);
            rows.map_err(|error| Failure::from(error).at(&self.input))
        };
        let rows = match self.output == Path::new("-") {
            true => {
                app.out.reserve_stdout();
                show(&mut io::stdout().lock())?
            }
            false => write_whole(&self.output, self.force, |output| show(output))?,
        };
        app.out.say(&Shown {
            input: self.input.clone(),
            output: self.output.clone(),
            role: self.role.clone(),
            rows,
            without_key: reader.without_key(),
        });
        Ok(Exit::Done)
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = crate::printable::count(self.rows, "row");
        write!(f, "{}: {rows} as {} sees them", self.output.display(), self.role)?;
        match self.without_key {
            0 => Ok(()),
            count => write!(f, "; no key for {count} values, which are shown as their tokens"),
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  kmsctl view read --policy views.toml --role analyst orders.sealed.csv -
  kmsctl view read --policy views.toml --role support --grant support.grant --pin issuer.pub orders.sealed.csv mine.csv";

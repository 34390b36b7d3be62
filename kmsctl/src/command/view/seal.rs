//! `kmsctl view seal`.

use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use kms_core::akd::{NodeKey, Usage};
use kms_core::audit::Action;
use kms_core::fpe::OnFault;
use kms_providers::durable::{self, Sites};
use kms_providers::grants::{Register, SchemaFile};
use kms_views::{AttributeKeys, Policy, TableSealer};
use serde::Serialize;

use super::{GrantArgs, manifest_of, policy, write_whole};
use crate::App;
use crate::command::grant::schema_file;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::session::Session;

/// Seal a CSV table: every form that some role of the policy may see
///
/// Values become records under keys of their column and class of row; a token that keeps the format takes their place.
/// Masks and deterministic tokens stand beside it where the policy has them. OUT.view says what the table is; both belong
/// together. Keys come from the schema's root in this home, or from a grant of the usages aead, ff1 and beacon.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Seal {
    /// The policy of views
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// The epoch of the keys [default: the one that data is written in now]
    #[arg(long, value_name = "EPOCH")]
    epoch: Option<u16>,
    #[command(flatten)]
    grants: GrantArgs,
    /// What becomes of a value that does not fit its template
    #[arg(long, value_enum, default_value_t = Fault::Stop)]
    on_fault: Fault,
    /// Overwrite files that exist
    #[arg(short, long)]
    force: bool,
    /// The table: CSV with a header
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// The sealed table
    #[arg(value_name = "OUT")]
    output: PathBuf,
}

/// What becomes of a value that has no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Fault {
    /// Nothing is sealed.
    Stop,
    /// It is sealed and has neither token nor mask.
    Null,
}

/// The result.
#[derive(Serialize)]
struct Sealed {
    input: PathBuf,
    output: PathBuf,
    manifest: PathBuf,
    epoch: u16,
    rows: u64,
    /// Values that are sealed and have no token.
    without_token: u64,
}

impl Seal {
    /// Runs the command.
    ///
    /// # Errors
    /// When policy, keys or table are at fault; nothing was written under OUT.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let policy = policy(&self.policy)?;
        let schema = schema_file(&policy.schema)?;
        let session = Session::open(app).await?;
        let current = Register::new(session.home().grants()).revocations(schema.schema().tree())?;
        let epoch = self.epoch.unwrap_or(current.epoch());
        if epoch < current.epoch() {
            app.out.warn(&format!(
                "grants were revoked: data is written in epoch {} or later, and who lost a grant may read epoch {epoch}",
                current.epoch()
            ));
        }
        let keys = Arc::new(self.keys(&session, &policy, &schema).await?);
        let on_fault = match self.on_fault {
            Fault::Stop => OnFault::Stop,
            Fault::Null => OnFault::Null,
        };
        let mut sealer = TableSealer::new(&policy, &keys, epoch, on_fault, &session.trail())?;
        let manifest = manifest_of(&self.output);
        let input = File::open(&self.input).map_err(|error| Failure::io(&self.input, &error))?;
        let done = write_whole(&self.output, self.force, |output| {
            let done = kms_views::csv::seal(&policy, &mut sealer, BufReader::new(input), output);
            let done = done.map_err(|error| Failure::from(error).at(&self.input))?;
            let said = sealer.finish().to_json();
            let written = durable::publish(&manifest, &said, self.force, &Sites::SIDECAR);
            written.map_err(|error| Failure::io(&manifest, &error))?;
            Ok(done)
        })?;
        app.out.say(&Sealed {
            input: self.input.clone(),
            output: self.output.clone(),
            manifest,
            epoch,
            rows: done.rows,
            without_token: done.without_token,
        });
        Ok(Exit::Done)
    }

    async fn keys(&self, session: &Session, policy: &Policy, schema: &SchemaFile) -> Result<AttributeKeys> {
        let mut keys = AttributeKeys::new(session.backend().clone(), schema.schema().clone());
        if !self.grants.grants.is_empty() {
            for grant in self.grants.open(session).await? {
                keys = keys.with_grant(grant)?;
            }
            return Ok(keys);
        }
        let provider = session.resolver().provider(schema.root())?;
        let roots = provider.derivation_keys().ok_or_else(|| {
            Failure::usage(
                "the schema's root is not of this home",
                "give a --grant, or use the home of the root",
            )
        })?;
        for usage in usages(policy) {
            let derive = roots.usage_key(schema.root(), schema.schema().tree(), usage);
            let root = [schema.root().clone()];
            let (key, _) = session.recorded(Action::Derive, &root, derive).await?;
            keys = keys.with_node(NodeKey::of_usage_key(schema.schema(), usage, key));
        }
        Ok(keys)
    }
}

/// No more than the policy needs.
fn usages(policy: &Policy) -> impl Iterator<Item = Usage> {
    let tokens = policy.columns.values().any(|column| column.token);
    let beacons = policy.columns.values().any(|column| column.deterministic);
    let usages = [(Usage::Aead, true), (Usage::Ff1, tokens), (Usage::Beacon, beacons)];
    usages.into_iter().filter(|(_, needed)| *needed).map(|(usage, _)| usage)
}

impl fmt::Display for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = crate::printable::count(self.rows, "row");
        write!(f, "{}: {rows} sealed in epoch {}", self.output.display(), self.epoch)?;
        match self.without_token {
            0 => Ok(()),
            count => write!(f, "; {count} values have no token"),
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  kmsctl view seal --policy views.toml orders.csv orders.sealed.csv
  kmsctl view seal --policy views.toml --grant writer.grant --pin issuer.pub --on-fault null orders.csv orders.sealed.csv";

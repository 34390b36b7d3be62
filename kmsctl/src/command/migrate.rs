//! `kmsctl migrate`.

use std::path::PathBuf;

use clap::Args;
use kms_core::Suite;
use kms_providers::files::Campaign;

use super::encrypt::parse_suite;
use crate::App;
use crate::args::{ContextArgs, RecipientSecrets};
use crate::campaign::{Format, Migration, migrate, survey_migration, unfinished};
use crate::exit::Exit;
use crate::failure::Result;
use crate::session::Session;

/// Seal anew what is in another format or suite
///
/// With --from, files of that format become KS1 envelopes under --key; their context goes with them. With --to,
/// attached envelopes get another suite and a new data key; context, recipients and promises stay. Each file keeps its
/// name and is replaced at once, when its new content is on disk; plaintext is never written. Files of other kinds are
/// left alone. Copies and backups stay as they are.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Migrate {
    /// Files, folders or patterns
    #[arg(value_name = "PATH", required_unless_present = "resume", conflicts_with = "resume")]
    paths: Vec<PathBuf>,
    /// The format that is left
    #[arg(long, value_enum, requires = "keys", required_unless_present_any = ["to", "resume"])]
    from: Option<Format>,
    /// Key that opens the new envelopes: logical name or key URI; may be repeated
    #[arg(short, long = "key", value_name = "KEY", requires = "from", conflicts_with = "to")]
    keys: Vec<String>,
    /// Suite of the new envelopes, in place of the keys' own
    #[arg(long, value_name = "SUITE", value_parser = parse_suite, requires = "from", conflicts_with = "to")]
    suite: Option<Suite>,
    /// The suite that envelopes are brought to
    #[arg(long, value_name = "SUITE", value_parser = parse_suite, conflicts_with = "from")]
    to: Option<Suite>,
    #[command(flatten)]
    context: ContextArgs,
    #[command(flatten)]
    secrets: RecipientSecrets,
    /// Open each new envelope, payload and all, before it takes the old file's place
    #[arg(long)]
    verify: bool,
    /// Tell what would be done, and do nothing
    #[arg(long, conflicts_with = "resume")]
    dry_run: bool,
    /// Go on with migrations that were broken off
    #[arg(long, conflicts_with_all = ["from", "to"])]
    resume: bool,
}

impl Migrate {
    /// Runs the command.
    ///
    /// # Errors
    /// When a key means nothing here, or the run cannot be recorded. Files that fail are told one by one.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let session = Session::open(app).await?.with_secrets(&self.secrets)?;
        if self.resume {
            return self.resume(app, &session).await;
        }
        let migration = Migration {
            from: self.from,
            keys: self.keys.clone(),
            suite: self.suite.or(self.to).map(|suite| suite.name().to_owned()),
        };
        // A mistyped key is to be told before a run is begun that could never come to its end.
        let migrator = migration.migrator(&session, &self.context).await?.verify(self.verify);
        if self.dry_run {
            return Ok(survey_migration(app, &migrator, &self.paths));
        }
        let campaign = Campaign::begin(session.home().dir(), migration.plan(&self.paths)?)?;
        migrate(app, &session, campaign, &migrator)
    }

    async fn resume(&self, app: &App, session: &Session) -> Result<Exit> {
        let mut exit = Exit::Done;
        for (run, migration) in unfinished(session, Migration::of, |_| true)? {
            let campaign = Campaign::resume(session.home().dir(), &run.id)?;
            let migrator = migration.migrator(session, &self.context).await?.verify(self.verify);
            exit = exit.max(migrate(app, session, campaign, &migrator)?);
        }
        Ok(exit)
    }
}

const EXAMPLES: &str = "\
Examples:
  kmsctl migrate --from esdk --key payments --dry-run /data
  kmsctl migrate --from esdk --key payments --verify /data
  kmsctl migrate --from esdk --key payments --context tenant=acme in.encrypted
  kmsctl migrate --to KS1-AES256GCMSIV /data
  kmsctl migrate --resume";

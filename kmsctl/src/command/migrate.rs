//! `kmsctl migrate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use kms_core::Suite;
use kms_providers::files::Campaign;

use super::encrypt::parse_suite;
use crate::App;
use crate::args::{ContextArgs, RecipientSecrets};
use crate::campaign::{Format, Migration, migrate, survey_migration, unfinished};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::session::Session;

/// Seal anew what is in another format or suite
///
/// With --from, files of that format become KS1 envelopes under --key; their context goes with them. With --to SUITE,
/// envelopes get another suite and a new data key; context, recipients and promises stay. With --to esdk, attached
/// envelopes become messages of the AWS Encryption SDK under the keys that --key names in [esdk.key]. Each file keeps its
/// name and is replaced when its new content is on disk; plaintext is never written. Of a detached envelope the payload
/// is replaced first and then the header: in between it does not open, and after a crash there, --resume puts it right.
/// Files of other kinds are left alone. Copies and backups stay as they are.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Migrate {
    /// Files, folders or patterns
    #[arg(value_name = "PATH", required_unless_present = "resume", conflicts_with = "resume")]
    paths: Vec<PathBuf>,
    /// The format that is left
    #[arg(long, value_enum, requires = "keys", required_unless_present_any = ["to", "resume"])]
    from: Option<Format>,
    /// Key that opens what is made: logical name or key URI; with --to esdk, a name in [esdk.key]; may be repeated
    #[arg(short, long = "key", value_name = "KEY", conflicts_with = "resume")]
    keys: Vec<String>,
    /// Suite of the new envelopes, in place of the keys' own
    #[arg(long, value_name = "SUITE", value_parser = parse_suite, requires = "from", conflicts_with = "to")]
    suite: Option<Suite>,
    /// The suite that envelopes are brought to, or `esdk`
    #[arg(long, value_name = "SUITE|esdk", value_parser = parse_to, conflicts_with = "from")]
    to: Option<To>,
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

/// What envelopes become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum To {
    Suite(Suite),
    Format(Format),
}

impl Migrate {
    /// Runs the command.
    ///
    /// # Errors
    /// When a key means nothing here, or the run cannot be recorded. Files that fail are told one by one.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        self.check()?;
        let session = Session::open(app).await?.with_secrets(&self.secrets)?;
        if self.resume {
            return self.resume(app, &session).await;
        }
        let (suite, to) = match self.to {
            None => (self.suite, None),
            Some(To::Suite(suite)) => (Some(suite), None),
            Some(To::Format(format)) => (None, Some(format)),
        };
        let migration = Migration {
            from: self.from,
            to,
            keys: self.keys.clone(),
            suite: suite.map(|suite| suite.name().to_owned()),
        };
        // A mistyped key is to be told before a run is begun that could never come to its end.
        let migrator = migration.migrator(&session, &self.context).await?.verify(self.verify);
        if self.dry_run {
            return Ok(survey_migration(app, &migrator, &self.paths));
        }
        let campaign = Campaign::begin(session.home().dir(), migration.plan(&self.paths)?)?;
        migrate(app, &session, campaign, &migrator)
    }

    /// Which of the two ways names keys.
    fn check(&self) -> Result<()> {
        match self.to {
            Some(To::Suite(_)) if !self.keys.is_empty() => Err(Failure::usage(
                "a change of suite keeps the recipients",
                "leave --key away; `kmsctl rewrap` changes who can open",
            )),
            Some(To::Format(_)) if self.keys.is_empty() => Err(Failure::usage(
                "a message needs a key",
                "say --key NAME; [esdk.key] in keystrand.toml has the names",
            )),
            _ => Ok(()),
        }
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

fn parse_to(text: &str) -> Result<To, String> {
    match Format::from_str(text, true) {
        Ok(format) => Ok(To::Format(format)),
        Err(_) => parse_suite(text).map(To::Suite),
    }
}

const EXAMPLES: &str = "\
Examples:
  kmsctl migrate --from esdk --key payments --dry-run /data
  kmsctl migrate --from esdk --key payments --verify /data
  kmsctl migrate --from esdk --key payments --context tenant=acme in.encrypted
  kmsctl migrate --to KS1-AES256GCMSIV /data
  kmsctl migrate --to esdk --key partner outbox/              for a program of the AWS Encryption SDK
  kmsctl migrate --resume";

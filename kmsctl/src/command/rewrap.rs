//! `kmsctl rewrap`.

use std::path::PathBuf;

use clap::Args;
use kms_providers::files::Campaign;

use super::encrypt::LevelName;
use crate::App;
use crate::campaign::{Change, LeastPosture, Order, RewrapArgs, carry_out, refuse_messages, survey, unfinished};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::session::Session;

/// Change who can open envelopes; payloads are not touched
///
/// Without --to, --add and --drop, the same recipients are brought under the current versions of their keys. What a
/// dropped recipient has copied stays theirs: who must not read the data any more needs it sealed anew.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Rewrap {
    /// Files, folders or patterns of envelopes, sidecars and tickets
    #[arg(value_name = "PATH", required_unless_present = "resume", conflicts_with = "resume")]
    paths: Vec<PathBuf>,
    /// Exactly these keys open from now on: logical name or key URI
    #[arg(long, value_name = "KEY", conflicts_with_all = ["add", "drop"])]
    to: Vec<String>,
    /// This key opens too
    #[arg(long, value_name = "KEY")]
    add: Vec<String>,
    /// This key does not open any more
    #[arg(long, value_name = "KEY")]
    drop: Vec<String>,
    /// The keys open too that the configured key of an envelope has and the envelope lacks: they could not be had when
    /// it was sealed
    #[arg(long, conflicts_with_all = ["to", "add", "drop", "hidden", "level", "redeal"])]
    missing: bool,
    /// Let no recipient be weaker afterwards; what would be is left as it is and told
    #[arg(long, value_enum, value_name = "LEAST")]
    posture: Option<LeastPosture>,
    /// Deal the shares of quorums anew; old copies of headers still open with the old shares
    #[arg(long, requires = "to")]
    redeal: bool,
    /// Do not name new keys in the envelope
    #[arg(long)]
    hidden: bool,
    /// What new recipients lead to
    #[arg(long, value_enum, default_value_t = LevelName::DataKey)]
    level: LevelName,
    /// Let recipients go whose scheme this version does not know
    #[arg(long)]
    drop_unknown: bool,
    /// Wrap anew what is current too, and what a provider does not tell the version of
    #[arg(short, long)]
    force: bool,
    #[command(flatten)]
    how: RewrapArgs,
}

impl Rewrap {
    /// Runs the command.
    ///
    /// # Errors
    /// When a key means nothing here, or the run cannot be recorded. Files that fail are told one by one.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        refuse_messages(&self.paths)?;
        let session = Session::open(app).await?.with_secrets(&self.how.secrets)?;
        if self.how.resume {
            return self.resume(app, &session).await;
        }
        let order = Order::Rewrap(self.change());
        if self.how.dry_run {
            return survey(app, &session, &order, &self.paths, &self.how).await;
        }
        // A mistyped key is to be told before a run is begun that could never come to its end.
        order.target(&session).await?;
        if !self.drop.is_empty() || !self.to.is_empty() {
            app.out
                .warn("what dropped recipients have copied stays theirs; rewrap is no revocation");
        }
        if self.posture.is_some() {
            app.out.warn(
                "copies of old headers stay as weak as they are: data that must outlast a quantum computer and whose \
                 headers were copied needs a new data key (kmsctl decrypt, then encrypt)",
            );
        }
        let campaign = Campaign::begin(session.home().dir(), order.plan(&self.paths)?)?;
        carry_out(app, &session, campaign, &order, &self.how).await
    }

    async fn resume(&self, app: &App, session: &Session) -> Result<Exit> {
        if !self.change().is_refresh() {
            return Err(Failure::usage(
                "a run is resumed as it was begun",
                "leave --to, --add, --drop and --missing away",
            ));
        }
        let mut exit = Exit::Done;
        for (run, order) in unfinished(session, Order::of, |order| matches!(order, Order::Rewrap(_)))? {
            let campaign = Campaign::resume(session.home().dir(), &run.id)?;
            exit = exit.max(carry_out(app, session, campaign, &order, &self.how).await?);
        }
        Ok(exit)
    }

    fn change(&self) -> Change {
        Change {
            to: self.to.clone(),
            add: self.add.clone(),
            drop: self.drop.clone(),
            missing: self.missing,
            message_level: self.level == LevelName::Message,
            hidden: self.hidden,
            redeal: self.redeal,
            drop_unknown: self.drop_unknown,
            force: self.force,
            posture: self.posture,
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  kmsctl rewrap /data                                 to the current key versions
  kmsctl rewrap /data --add aws-kms://arn:…           a second cloud opens too
  kmsctl rewrap /data --missing                       what an outage kept out comes in
  kmsctl rewrap /data --to payments-2027 --dry-run
  kmsctl rewrap /data --to vault --posture hedged     no classical recipient is left
  kmsctl rewrap /data --drop local://old-laptop
  kmsctl rewrap --resume";

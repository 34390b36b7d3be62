//! Sealing many files anew: what a run is ordered to do, what it would do, and carrying it out.

use std::fmt;
use std::path::PathBuf;

use kms_core::{Level, Suite};
use kms_providers::files::{
    Campaign, CampaignOptions, CampaignProgress, DiscoverOptions, Migrator, Plan, Report, regular_files,
};
use serde::{Deserialize, Serialize};

use super::order::unreadable;
use super::work::{done, tell, write_rest};
use crate::App;
use crate::args::ContextArgs;
use crate::exit::Exit;
use crate::failure::Result;
use crate::printable::{Printable, count};
use crate::progress::Progress;
use crate::sealing::{Sealing, check_suite};
use crate::session::Session;

/// What a migration is ordered to do. It stands in the record of the run, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename = "migrate")]
pub struct Migration {
    /// The format that is left; without it, envelopes change their suite or become another format.
    pub from: Option<Format>,
    /// The format that envelopes become.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Format>,
    /// Keys of the new envelopes or messages; of a change of suite, they stay.
    pub keys: Vec<String>,
    /// Suite of the new envelopes, by name.
    pub suite: Option<String>,
}

/// Another format than KS1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Messages of the AWS Encryption SDK
    Esdk,
}

impl Migration {
    /// The plan of a run over `paths`.
    ///
    /// # Errors
    /// None that a caller can cause.
    pub fn plan(&self, paths: &[PathBuf]) -> Result<Plan> {
        Ok(Plan {
            operation: serde_json::to_string(self).map_err(|_| unreadable())?,
            keys: self.keys.clone(),
            version: None,
            paths: paths.to_vec(),
        })
    }

    /// The migration of a recorded plan.
    ///
    /// # Errors
    /// When it is another command's, or another version wrote it.
    pub fn of(plan: &Plan) -> Result<Self> {
        serde_json::from_str(&plan.operation).map_err(|_| unreadable())
    }

    /// What carries it out.
    ///
    /// # Errors
    /// When a key means nothing here or cannot be used, or the policy does not allow the suite.
    pub async fn migrator(&self, session: &Session, context: &ContextArgs) -> Result<Migrator> {
        let suite = self.suite()?;
        let opener = session.opener(session.open_policy()).await?;
        match (self.from, self.to, suite) {
            (Some(Format::Esdk), None, suite) => {
                let messages = session.message_opener(context.of_message()?)?;
                let sealing = self.sealing(session, suite)?;
                let sealer = sealing.sealer(session).await?;
                let opener = opener.require(context.context()?);
                let bound = sealing.keys.iter().flat_map(|key| key.context.iter().cloned());
                Ok(Migrator::from_esdk(messages, sealer, opener).binding(bound))
            }
            (None, Some(Format::Esdk), None) => {
                let (sealer, posture) = session.message_sealer(&self.keys)?;
                let messages = session.message_opener(kms_core::esdk::Context::new())?;
                let opener = opener.require(context.context()?);
                Ok(Migrator::to_esdk(opener, sealer, posture, messages))
            }
            (None, None, Some(suite)) => {
                check_suite(session, suite)?;
                Ok(Migrator::to_suite(opener.require(context.context()?), suite))
            }
            _ => Err(unreadable()),
        }
    }

    fn sealing(&self, session: &Session, suite: Option<Suite>) -> Result<Sealing> {
        let keys = self.keys.iter().map(|name| session.logical(name));
        Ok(Sealing {
            keys: keys.collect::<Result<_>>()?,
            public_keys: Vec::new(),
            suite,
            level: Level::DataKey,
            hidden: false,
        })
    }

    fn suite(&self) -> Result<Option<Suite>> {
        let suite = self
            .suite
            .as_deref()
            .map(|name| Suite::from_name(name).ok_or_else(unreadable));
        suite.transpose()
    }
}

/// One file.
#[derive(Serialize)]
struct Would<'a> {
    file: &'a PathBuf,
    /// `migrate` or `nothing`.
    would: &'static str,
}

/// All of them.
#[derive(Serialize)]
struct Total {
    would_migrate: usize,
    already_current: usize,
    failed: usize,
}

/// Tells what a run over `paths` would do. Nothing is changed, and nothing is opened.
///
/// # Errors
/// When a key means nothing here.
pub fn survey_migration(app: &App, migrator: &Migrator, paths: &[PathBuf]) -> Exit {
    let (mut migrate, mut current, mut failures) = (0, 0, Vec::new());
    for path in regular_files(paths, &DiscoverOptions::default()) {
        let looked = path.and_then(|path| Ok((migrator.wants(&path)?, path)));
        match looked {
            Err(error) => failures.push(app.out.fail_one(&error.into())),
            Ok((None, _)) => {}
            Ok((Some(wanted), file)) => {
                *(if wanted { &mut migrate } else { &mut current }) += 1;
                let would = if wanted { "migrate" } else { "nothing" };
                app.out.say(&Would { file: &file, would });
            }
        }
    }
    app.out.say(&Total {
        would_migrate: migrate,
        already_current: current,
        failed: failures.len(),
    });
    Exit::of_many(migrate + current, failures)
}

/// How a run ended.
#[derive(Serialize)]
struct Ended {
    run: String,
    migrated: u64,
    already_current: u64,
    recovered: u64,
    failed: u64,
}

/// Seals anew every file below the paths of `campaign` that `migrator` is for.
///
/// # Errors
/// When the record of the run cannot be written. Files that fail are told one by one.
pub fn migrate(app: &App, session: &Session, campaign: Campaign, migrator: &Migrator) -> Result<Exit> {
    let bar = Progress::files(&app.out, None);
    let heard = |progress: &CampaignProgress| {
        if progress.all_found {
            bar.of(progress.found);
        }
        bar.at(done(progress));
    };
    let options = CampaignOptions {
        progress: Some(&heard),
        ..CampaignOptions::default()
    };
    let report = campaign.migrate(migrator, &options)?;
    drop(bar);
    let ended = Ended::from(&report);
    Ok(tell(app, session, report, &ended))
}

impl From<&Report> for Ended {
    fn from(report: &Report) -> Self {
        Self {
            run: report.run.to_string(),
            migrated: report.counts.rewrapped,
            already_current: report.counts.already_current,
            recovered: report.counts.recovered,
            failed: report.counts.failed,
        }
    }
}

impl fmt::Display for Would<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display().to_string();
        match self.would {
            "migrate" => write!(f, "would migrate  {}", Printable(&file)),
            _ => write!(f, "current        {}", Printable(&file)),
        }
    }
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} would be migrated, ", count(self.would_migrate, "file"))?;
        write!(
            f,
            "{} already current, {} failed; nothing was changed",
            self.already_current, self.failed
        )
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} migrated, ", self.migrated)?;
        write_rest(f, self.already_current, self.recovered, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::Order;

    #[test]
    fn a_migration_survives_its_record_and_is_no_other_order() {
        let migration = Migration {
            from: Some(Format::Esdk),
            to: None,
            keys: vec!["payments".to_owned()],
            suite: Some("KS1-AES256GCM".to_owned()),
        };
        let plan = migration.plan(&["/data".into()]).unwrap();
        assert_eq!(Migration::of(&plan).unwrap(), migration);
        assert!(Order::of(&plan).is_err());
        let rotate = Order::Rotate {
            from: Default::default(),
        };
        assert!(Migration::of(&rotate.plan(&[]).unwrap()).is_err());
    }
}

//! `kmsctl audit show`.

use std::collections::VecDeque;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use kms_core::audit::{AuditEvent, Outcome};
use kms_providers::audit::Entry;

use super::LogArgs;
use super::entry::EntryView;
use crate::App;
use crate::exit::Exit;
use crate::failure::Result;

/// Show entries
///
/// With --json, each line has the event in the OCSF form in which it stands in the log.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Show {
    #[command(flatten)]
    log: LogArgs,
    /// The last this many of the entries that fit; 0 for all
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 50)]
    last: usize,
    /// Only entries about a key: URI or logical name
    #[arg(long)]
    key: Option<String>,
    /// Only failures and refusals
    #[arg(long)]
    failed: bool,
    /// Only entries from this time on, as in 2026-01-31T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    since: Option<SystemTime>,
}

impl Show {
    /// Runs the command.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let log = self.log.open(app)?;
        let mut kept = VecDeque::new();
        for entry in log.entries(0) {
            let entry = entry?;
            if !self.wants(&entry) {
                continue;
            }
            kept.push_back(entry);
            if self.last > 0 && kept.len() > self.last {
                kept.pop_front();
            }
        }
        kept.iter().for_each(|entry| app.out.answer(&EntryView::from(entry)));
        Ok(Exit::Done)
    }

    /// What is not understood is shown only where nothing is asked of it.
    fn wants(&self, entry: &Entry) -> bool {
        let asks_nothing = self.key.is_none() && !self.failed && self.since.is_none();
        entry.event().map_or(asks_nothing, |event| self.fits(&event))
    }

    fn fits(&self, event: &AuditEvent) -> bool {
        let about = |key: &String| {
            event.subject.key_name.as_ref() == Some(key) || event.subject.keys.iter().any(|used| used.uri == *key)
        };
        let since = |time: SystemTime| {
            let nanos = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
            u128::from(event.unix_nanos) >= nanos
        };
        self.key.as_ref().is_none_or(about)
            && self.since.is_none_or(since)
            && (!self.failed || matches!(event.outcome, Some(Outcome::Failure(_))))
    }
}

fn parse_time(text: &str) -> Result<SystemTime, humantime::TimestampError> {
    humantime::parse_rfc3339_weak(text)
}

const EXAMPLES: &str = "\
Examples:
  kmsctl audit show
  kmsctl audit show --failed --since 2026-01-31T00:00:00Z
  kmsctl audit show --key payments -n 0 --json";

//! `kmsctl audit trace`.

use clap::Args;

use super::LogArgs;
use super::entry::EntryView;
use crate::App;
use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// Show everything about one id
///
/// The id may be a message id, a data-key id, a trace id, an event id, a key URI or a provider's request id, or the
/// beginning of one: at least 8 characters.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Trace {
    #[command(flatten)]
    log: LogArgs,
    /// The id, or its beginning
    #[arg(value_parser = parse_id)]
    id: String,
}

impl Trace {
    /// Runs the command.
    ///
    /// # Errors
    /// When the log cannot be read, or knows nothing of the id.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let entries = self.log.open(app)?.trace(&self.id)?;
        if entries.is_empty() {
            return Err(Failure::usage(
                "the log has nothing about this id",
                "`kmsctl inspect FILE` shows the ids of an envelope",
            ));
        }
        entries.iter().for_each(|entry| app.out.answer(&EntryView::from(entry)));
        Ok(Exit::Done)
    }
}

fn parse_id(text: &str) -> Result<String, &'static str> {
    match text.len() {
        8.. => Ok(text.to_owned()),
        _ => Err("an id has at least 8 characters"),
    }
}

const EXAMPLES: &str = "\
Examples:
  kmsctl audit trace $(kmsctl inspect --json report.csv.ks1 | jq -r .message_id)
  kmsctl audit trace local://payments";

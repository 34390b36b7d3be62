//! `kmsctl inspect`: what an envelope says about itself.

use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use clap::Args;
use kms_core::esdk::Header;
use kms_providers::files::{is_message, read_message_header};

use crate::App;
use crate::envelope::{EnvelopeView, MessageView, Sighting};
use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// Show what an envelope says about itself; needs no key
///
/// Shows header, recipients, context, posture and sizes. Nothing of it is authenticated: that needs a key, so
/// `kmsctl decrypt` tells. A payload with its header beside it (FILE.ksh) may be named by either file. Messages of the
/// AWS Encryption SDK are shown too, with the keys that they are under.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Inspect {
    /// Envelopes, headers (.ksh), tickets, or payloads with a header beside them; `-` reads stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Inspect {
    /// Runs the command.
    ///
    /// # Errors
    /// None of its own: each file's failure is told, and counts in the exit.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let mut failures = Vec::new();
        for path in &self.files {
            match look(path) {
                Ok(Seen::Envelope(sighting)) => app.out.answer(&EnvelopeView::from(&*sighting)),
                Ok(Seen::Message(view)) => app.out.answer(&view),
                Err(failure) => failures.push(app.out.fail_one(&failure)),
            }
        }
        Ok(Exit::of_many(self.files.len() - failures.len(), failures))
    }
}

enum Seen {
    Envelope(Box<Sighting>),
    Message(MessageView),
}

fn look(path: &Path) -> Result<Seen> {
    if path == Path::new("-") {
        let mut stdin = io::stdin().lock();
        if stdin.fill_buf().is_ok_and(Header::is_start_of_message) {
            let header = Header::read(&mut stdin, MOST_DATA_KEYS).map_err(|error| Failure::from(error).at(path))?;
            return Ok(Seen::Message(MessageView::new(path, &header)));
        }
        return Ok(Seen::Envelope(Box::new(Sighting::of_stream(stdin)?)));
    }
    if is_message(path).unwrap_or(false) {
        let header = read_message_header(path, MOST_DATA_KEYS)?;
        return Ok(Seen::Message(MessageView::new(path, &header)));
    }
    Ok(Seen::Envelope(Box::new(Sighting::of(path)?)))
}

/// As many as the format has room for: looking asks no provider.
const MOST_DATA_KEYS: usize = 0xffff;
const EXAMPLES: &str = "\
Examples:
  kmsctl inspect report.csv.ks1
  kmsctl inspect --json backup/*.ks1 | jq -r '[.file, .posture] | @tsv'
  kmsctl inspect - < report.csv.ks1";

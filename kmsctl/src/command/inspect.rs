//! `kmsctl inspect`: what an envelope says about itself.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::App;
use crate::envelope::{EnvelopeView, Sighting};
use crate::exit::Exit;
use crate::failure::Result;

/// Show what an envelope says about itself; needs no key
///
/// Shows header, recipients, context, posture and sizes. Nothing of it is authenticated: that needs a key, so
/// `kmsctl decrypt` tells. A payload with its header beside it (FILE.ksh) may be named by either file.
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
                Ok(sighting) => app.out.answer(&EnvelopeView::from(&sighting)),
                Err(failure) => failures.push(app.out.fail_one(&failure)),
            }
        }
        Ok(Exit::of_many(self.files.len() - failures.len(), failures))
    }
}

fn look(path: &Path) -> Result<Sighting> {
    if path == Path::new("-") {
        Sighting::of_stream(io::stdin().lock())
    } else {
        Sighting::of(path)
    }
}

const EXAMPLES: &str = "\
Examples:
  kmsctl inspect report.csv.ks1
  kmsctl inspect --json backup/*.ks1 | jq -r '[.file, .posture] | @tsv'
  kmsctl inspect - < report.csv.ks1";

//! `kmsctl decrypt`.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use kms_core::{OpenPolicy, Opener};
use kms_providers::files::{OpenOptions, OpenedFile, SidecarAt, open_file};
use serde::Serialize;

use crate::App;
use crate::args::{ContextArgs, RecipientSecrets};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::jobs::{Direction, Job, Paths, Worker};
use crate::printable::{Printable, hex};
use crate::session::Session;

/// Open files
///
/// A plaintext appears under its name only when all of it was authenticated. On stdout it appears as it is opened: exit
/// code 3 then says that what was written is only the beginning. The header of a detached envelope is found in
/// FILE.ksh. Context pairs that are given are compared with those of the envelope, not trusted.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Decrypt {
    #[command(flatten)]
    paths: Paths,
    #[command(flatten)]
    context: ContextArgs,
    /// Header of a detached envelope, where it is not in FILE.ksh
    #[arg(long, value_name = "FILE.ksh")]
    header: Option<PathBuf>,
    #[command(flatten)]
    secrets: RecipientSecrets,
    /// Refuse headers that were rewrapped fewer times than this: an old copy was put back
    #[arg(long, value_name = "NUMBER")]
    min_sequence: Option<u64>,
}

/// The result for one file.
#[derive(Debug, Serialize)]
struct Plain<'a> {
    input: &'a Path,
    output: &'a Path,
    plaintext_bytes: u64,
    message_id: String,
    opened_by: &'a [String],
}

impl Decrypt {
    /// Runs the command.
    ///
    /// # Errors
    /// When the command line, the keys or the home are at fault; failures of single files are told as they come.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let jobs = self.paths.jobs(Direction::Open)?;
        if self.header.is_some() && jobs.count() != 1 {
            return Err(Failure::usage(
                "one header belongs to one payload",
                "name one input with --header",
            ));
        }
        let session = Session::open(app).await?.with_secrets(&self.secrets)?;
        let policy = OpenPolicy {
            min_sequence: self.min_sequence,
            ..session.open_policy()
        };
        let opener = session.opener(policy).await?.require(self.context.context()?);
        if jobs.use_stdout() {
            app.out.reserve_stdout();
        }
        Ok(jobs.run(&app.out, |job, worker| {
            let opened = self.open(&opener, job, worker);
            let opened = opened.map_err(|failure| session.explain(failure))?;
            app.out.say(&Plain::new(job, &opened));
            Ok(())
        }))
    }

    fn open(&self, opener: &Opener, job: &Job, worker: &Worker<'_>) -> Result<OpenedFile> {
        let heard = |bytes| worker.heard(bytes);
        let options = OpenOptions {
            sidecar: self.header.as_deref().map_or(SidecarAt::Detect, SidecarAt::File),
            overwrite: self.paths.force,
            stream: worker.stream.clone(),
            progress: Some(&heard),
            ..OpenOptions::default()
        };
        worker.with_ends(job, |input, output| open_file(opener, input, output, &options))
    }
}

impl<'a> Plain<'a> {
    fn new(job: &'a Job, opened: &'a OpenedFile) -> Self {
        Self {
            input: job.input.path(),
            output: job.output.path(),
            plaintext_bytes: opened.plaintext_len,
            message_id: hex(&opened.header.immutable().message_id),
            opened_by: &opened.opened_by,
        }
    }
}

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (input, output) = (self.input.display().to_string(), self.output.display().to_string());
        write!(f, "{} opened to {}", Printable(&input), Printable(&output))
    }
}

const EXAMPLES: &str = "\
Examples:
  kmsctl decrypt report.csv.ks1                                 to report.csv
  kmsctl decrypt --context tenant=acme in.ks1 out
  kmsctl decrypt db.ks1 - | psql db
  kmsctl decrypt --out-dir restored exports/
  kmsctl decrypt --header video.ksh video.ks1 video.mp4";

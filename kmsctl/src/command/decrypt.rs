//! `kmsctl decrypt`.

use std::fmt;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use clap::Args;
use kms_core::{CallerFault, Error, OpenPolicy, Opener, esdk};
use kms_providers::files::{
    OpenOptions, OpenedFile, OpenedMessage, SidecarAt, is_message, open_file, open_message, read_message_header,
};
use serde::Serialize;

use crate::App;
use crate::args::{ContextArgs, RecipientSecrets};
use crate::envelope::MessageKeys;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::jobs::{Direction, Job, Paths, Place, Worker};
use crate::printable::{Printable, hex};
use crate::session::Session;

/// Open files
///
/// A plaintext appears under its name only when all of it was authenticated. On stdout it appears as it is opened: exit
/// code 3 then says that what was written is only the beginning. The header of a detached envelope is found in
/// FILE.ksh. Messages of the AWS Encryption SDK are opened too, with the keys of [esdk.key] in keystrand.toml. Context pairs that are given are compared with those of the envelope, not trusted.
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
    /// `KS1` or `ESDK`.
    format: &'static str,
    plaintext_bytes: u64,
    message_id: String,
    opened_by: &'a [String],
}

/// What was opened.
enum Opened {
    Envelope(OpenedFile),
    Message(OpenedMessage),
}

/// What opens: envelopes always, messages when the first of them is met.
struct Openers<'s> {
    session: &'s Session,
    context: &'s ContextArgs,
    envelopes: Opener,
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
        let openers = Openers {
            session: &session,
            context: &self.context,
            envelopes: session.opener(policy).await?.require(self.context.context()?),
        };
        if jobs.use_stdout() {
            app.out.reserve_stdout();
        }
        Ok(jobs.run(&app.out, |job, worker| {
            let opened = self.open(&openers, job, worker);
            let opened = opened.map_err(|failure| session.explain(failure))?;
            app.out.say(&Plain::new(job, &opened));
            Ok(())
        }))
    }

    fn open(&self, openers: &Openers<'_>, job: &Job, worker: &Worker<'_>) -> Result<Opened> {
        let heard = |bytes| worker.heard(bytes);
        let options = OpenOptions {
            sidecar: self.header.as_deref().map_or(SidecarAt::Detect, SidecarAt::File),
            overwrite: self.paths.force,
            stream: worker.stream.clone(),
            progress: Some(&heard),
            ..OpenOptions::default()
        };
        if self.header.is_none() && is_message_in(&job.input) {
            return openers.open_message(job, worker, &options).map(Opened::Message);
        }
        let opened = worker.with_ends(job, |input, output| {
            open_file(&openers.envelopes, input, output, &options)
        });
        opened.map(Opened::Envelope)
    }
}

impl Openers<'_> {
    /// A home whose raw keys cannot be used opens envelopes all the same, so they are read for messages only.
    fn open_message(&self, job: &Job, worker: &Worker<'_>, options: &OpenOptions<'_>) -> Result<OpenedMessage> {
        let opener = self.session.message_opener(self.context.of_message()?)?;
        let opened = worker.with_ends(job, |input, output| open_message(&opener, input, output, options));
        opened.map_err(|failure| self.naming_keys(failure, job))
    }

    /// Where no key of a message is configured here, says which would be needed.
    fn naming_keys(&self, failure: Failure, job: &Job) -> Failure {
        let missing = Failure::from(Error::from(CallerFault::NoConfiguredKey));
        if failure.code != missing.code {
            return failure;
        }
        let most = self.session.config().esdk.max_data_keys;
        match read_message_header(job.input.path(), most) {
            Ok(header) => failure.advise(format!(
                "configure one of these in [esdk.key] in keystrand.toml: {}",
                MessageKeys(&header)
            )),
            Err(_) => failure.advise("`kmsctl inspect` names the keys; configure one in [esdk.key] in keystrand.toml"),
        }
    }
}

/// Whether the input starts as a message of the AWS Encryption SDK does. Stdin is looked at without taking from it.
fn is_message_in(place: &Place) -> bool {
    match place {
        Place::File(path) => is_message(path).unwrap_or(false),
        Place::Stream => io::stdin()
            .lock()
            .fill_buf()
            .is_ok_and(esdk::Header::is_start_of_message),
    }
}

impl<'a> Plain<'a> {
    fn new(job: &'a Job, opened: &'a Opened) -> Self {
        let (input, output) = (job.input.path(), job.output.path());
        match opened {
            Opened::Envelope(opened) => Self {
                input,
                output,
                format: "KS1",
                plaintext_bytes: opened.plaintext_len,
                message_id: hex(&opened.header.immutable().message_id),
                opened_by: &opened.opened_by,
            },
            Opened::Message(opened) => Self {
                input,
                output,
                format: "ESDK",
                plaintext_bytes: opened.plaintext_len,
                message_id: hex(opened.header.message_id()),
                opened_by: std::slice::from_ref(&opened.opened_by),
            },
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
  kmsctl decrypt --header video.ksh video.ks1 video.mp4
  kmsctl decrypt report.csv.encrypted                           a message of the AWS Encryption SDK";

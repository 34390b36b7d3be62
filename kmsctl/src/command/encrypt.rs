//! `kmsctl encrypt`.

use std::fmt;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use kms_core::audit::Reason;
use kms_core::{KekError, Level, Sealer, Suite};
use kms_providers::files::{SealOptions, SealedFile, seal_file, sidecar_of};
use serde::Serialize;

use super::key::public_key;
use crate::App;
use crate::args::{ContextArgs, RecipientSecrets, labels, parse_pair};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::jobs::{Direction, Job, Jobs, Paths, Place, Worker};
use crate::printable::{Printable, hex};
use crate::sealing::Sealing;
use crate::session::Session;

/// Seal files
///
/// Each file gets a data key of its own. An output appears under its name only when it is complete and on disk.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Encrypt {
    #[command(flatten)]
    paths: Paths,
    /// Key that can open: logical name or key URI; any of several opens
    #[arg(
        short,
        long = "key",
        value_name = "KEY",
        required_unless_present_any = ["passphrase_recipient", "public_keys"]
    )]
    keys: Vec<String>,
    /// Public key that can open with its private key: a file with it, or its base64url
    #[arg(long = "public-key", value_name = "FILE|TEXT")]
    public_keys: Vec<String>,
    #[command(flatten)]
    context: ContextArgs,
    /// Name of a context pair that is not stored: who opens must give it
    #[arg(long = "required-context", value_name = "NAME")]
    required_context: Vec<String>,
    /// A fact about the file that is stored in clear and authenticated
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = parse_pair)]
    labels: Vec<(String, String)>,
    /// Header and payload in files of their own: OUT and OUT.ksh
    #[arg(long)]
    detached: bool,
    /// Cipher suite, in place of the key's own
    #[arg(long, value_parser = parse_suite)]
    suite: Option<Suite>,
    /// Seal for a passphrase; the terminal is asked, or --recipient-passphrase-file
    #[arg(long)]
    passphrase_recipient: bool,
    #[command(flatten)]
    secrets: RecipientSecrets,
    /// Do not name the keys in the envelope: an 8-byte hint stands in place of each key URI
    #[arg(long)]
    hidden: bool,
    /// What the keys lead to
    #[arg(long, value_enum, default_value_t = LevelName::DataKey)]
    level: LevelName,
}

/// What a recipient leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LevelName {
    /// The data key, with which recipients of the same kind can be added later
    DataKey,
    /// This message only
    Message,
}

impl From<LevelName> for Level {
    fn from(name: LevelName) -> Self {
        match name {
            LevelName::DataKey => Self::DataKey,
            LevelName::Message => Self::Message,
        }
    }
}

/// The result for one file.
#[derive(Debug, Serialize)]
struct Sealed<'a> {
    input: &'a Path,
    output: &'a Path,
    sidecar: Option<PathBuf>,
    plaintext_bytes: u64,
    suite: &'static str,
    message_id: String,
    /// Keys that the envelope was to be sealed for, and that could not be had.
    missing: Vec<Missing>,
}

/// A key that an envelope lacks.
#[derive(Debug, Serialize)]
struct Missing {
    key: String,
    /// Stable name of the cause.
    code: String,
    message: String,
}

impl From<&KekError> for Missing {
    fn from(error: &KekError) -> Self {
        Self {
            key: error.uri.clone(),
            code: Reason::from(error).code().to_owned(),
            message: error.kind.to_string(),
        }
    }
}

impl Encrypt {
    /// Runs the command.
    ///
    /// # Errors
    /// When the command line, the keys or the home are at fault; failures of single files are told as they come.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let jobs = self.paths.jobs(Direction::Seal)?;
        self.check(&jobs)?;
        let session = Session::open(app).await?.with_secrets(&self.secrets)?;
        let sealer = self.sealer(&session).await?;
        if jobs.use_stdout() {
            app.out.reserve_stdout();
        }
        let (index, opener) = (session.index(), session.opener(session.open_policy()).await?);
        Ok(jobs.run(&app.out, |job, worker| {
            let sealed = self.seal(&sealer, job, worker);
            let sealed = sealed.map_err(|failure| session.explain(failure))?;
            if let Place::File(output) = &job.output {
                // Which key versions the new envelope needs, so that none of them is destroyed unawares.
                let sidecar = self.detached.then(|| sidecar_of(output));
                index.record(sidecar.as_ref().unwrap_or(output), &sealed.header, &opener)?;
            }
            app.out.say(&Sealed::new(job, self.detached, &sealed));
            for error in &sealed.missing {
                let output = job.output.path().display().to_string();
                app.out.warn(&format!(
                    "{}: sealed without {}: {}; `kmsctl rewrap --missing` puts it in later",
                    Printable(&output),
                    error.uri,
                    error.kind
                ));
            }
            Ok(())
        }))
    }

    /// What needs no key to be refused.
    fn check(&self, jobs: &Jobs) -> Result<()> {
        if jobs.use_stdout() && self.detached {
            return Err(Failure::usage(
                "a detached envelope has two files, and stdout is one",
                "name the output, or leave --detached away",
            ));
        }
        if jobs.use_stdout() && io::stdout().is_terminal() && !self.paths.force {
            return Err(Failure::usage(
                "an envelope is no text for a terminal",
                "name an output, redirect stdout, or say --force",
            ));
        }
        Ok(())
    }

    async fn sealer(&self, session: &Session) -> Result<Sealer> {
        let asked = self.passphrase_recipient.then_some(PASSPHRASE);
        let names = self.keys.iter().map(String::as_str).chain(asked);
        let keys = names.map(|name| session.logical(name)).collect::<Result<Vec<_>>>()?;
        let sealing = Sealing {
            keys,
            suite: self.suite,
            public_keys: self
                .public_keys
                .iter()
                .map(|text| public_key(text))
                .collect::<Result<_>>()?,
            level: self.level.into(),
            hidden: self.hidden,
        };
        let context = self.context.context()?;
        sealing.check_context(&context)?;
        let sealer = sealing.sealer(session).await?;
        Ok(sealer.context(context).external(self.required_context.iter().cloned()))
    }

    fn seal(&self, sealer: &Sealer, job: &Job, worker: &Worker<'_>) -> Result<SealedFile> {
        let heard = |bytes| worker.heard(bytes);
        let options = SealOptions {
            detached: self.detached,
            overwrite: self.paths.force,
            labels: labels(&self.labels)?,
            stream: worker.stream.clone(),
            progress: Some(&heard),
            ..SealOptions::default()
        };
        worker.with_ends(job, |input, output| seal_file(sealer, input, output, &options))
    }
}

impl<'a> Sealed<'a> {
    fn new(job: &'a Job, detached: bool, sealed: &SealedFile) -> Self {
        Self {
            input: job.input.path(),
            output: job.output.path(),
            sidecar: detached.then(|| sidecar_of(job.output.path())),
            plaintext_bytes: sealed.plaintext_len,
            suite: sealed.header.domain().suite.name(),
            message_id: hex(&sealed.header.immutable().message_id),
            missing: sealed.missing.iter().map(Missing::from).collect(),
        }
    }
}

impl fmt::Display for Sealed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (input, output) = (self.input.display().to_string(), self.output.display().to_string());
        write!(f, "{} sealed to {}", Printable(&input), Printable(&output))?;
        match &self.sidecar {
            Some(sidecar) => write!(f, " and {}", Printable(&sidecar.display().to_string())),
            None => Ok(()),
        }
    }
}

pub(super) fn parse_suite(text: &str) -> Result<Suite, String> {
    let of_files = |suite: &Suite| suite.payload_aead_name().is_some();
    Suite::from_name(text).filter(of_files).ok_or_else(|| {
        let names: Vec<_> = Suite::ALL
            .iter()
            .filter(|suite| of_files(suite))
            .map(|suite| suite.name())
            .collect();
        format!("suites for files are {}", names.join(", "))
    })
}

/// The key URI of passphrases.
const PASSPHRASE: &str = "passphrase:";

const EXAMPLES: &str = "\
Examples:
  kmsctl encrypt --key payments report.csv                      to report.csv.ks1
  kmsctl encrypt --key payments --context tenant=acme in out
  kmsctl encrypt -k payments -k aws-kms://arn:… report.csv      either key opens
  kmsctl encrypt --public-key partner.pub report.csv            opens where the private key is
  kmsctl encrypt --key payments exports/                        every file below, each beside itself
  pg_dump db | kmsctl encrypt --key backup - > db.ks1
  kmsctl encrypt --key payments --detached video.mp4            payload video.mp4.ks1, header video.mp4.ks1.ksh";

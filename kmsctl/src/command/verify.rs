//! `kmsctl verify`: detached signatures, with the public key alone.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use kms_providers::signing::{DetachedError, NoteError, VerifierKey};
use serde::Serialize;

use super::sign::{beside, statement};
use crate::App;
use crate::exit::Exit;
use crate::failure::{Failure, Party, Result};

/// Verify signatures of files; needs no home
///
/// Checks FILE.sig against FILE. The public key is what `kmsctl key show` printed for the signature key; where it has
/// two halves, both must have signed. A signature that does not verify ends with exit code 3.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Verify {
    /// Public key, or a file that holds it
    #[arg(long, value_name = "KEY")]
    pin: String,
    /// What the signature must be for
    #[arg(long, value_name = "TEXT")]
    context: Option<String>,
    /// The signature, where it is not FILE.sig
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    /// Files that were signed; `-` reads stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// A signature is good.
#[derive(Serialize)]
struct Verified {
    file: PathBuf,
    signed_by: String,
    /// Whether a quantum computer could have forged it.
    post_quantum: bool,
}

impl Verify {
    /// Runs the command.
    ///
    /// # Errors
    /// When the key is none, or one signature is named for several files. Files that fail are told one by one.
    pub fn run(&self, app: &App) -> Result<Exit> {
        let key = pinned(&self.pin, "`kmsctl key show NAME` prints it")?;
        if self.signature.is_some() && self.files.len() > 1 {
            return Err(Failure::usage(
                "one signature is of one file",
                "run the command once for each file",
            ));
        }
        let mut failures = Vec::new();
        for file in &self.files {
            match self.check(file, &key) {
                Ok(verified) => app.out.say(&verified),
                Err(failure) => failures.push(app.out.fail_one(&failure)),
            }
        }
        Ok(Exit::of_many(self.files.len() - failures.len(), failures))
    }

    fn check(&self, file: &Path, key: &VerifierKey) -> Result<Verified> {
        let signature = match &self.signature {
            Some(signature) => signature.clone(),
            None if file == Path::new("-") => {
                return Err(Failure::usage(
                    "the signature of stdin has no name",
                    "name it with --signature",
                ));
            }
            None => beside(file),
        };
        let note = fs::read(&signature).map_err(|error| Failure::io(&signature, &error))?;
        let good = statement(file, self.context.as_deref())?.check(&note, key);
        good.map_err(|error| does_not_verify(error).at(&signature))?;
        Ok(Verified {
            file: file.to_owned(),
            signed_by: key.name().to_owned(),
            post_quantum: key.is_post_quantum(),
        })
    }
}

/// The public key itself, or what the file of that name holds: with its post-quantum half it is long.
///
/// # Errors
/// When the file cannot be read, or it is no key.
pub(super) fn pinned(key: &str, next: &'static str) -> Result<VerifierKey> {
    let text = match key.contains('+') {
        true => key.to_owned(),
        false => fs::read_to_string(key).map_err(|error| Failure::io(Path::new(key), &error))?,
    };
    let parsed = text.trim_end().parse();
    parsed.map_err(|error: NoteError| Failure::usage(error.to_string(), next))
}

fn does_not_verify(error: DetachedError) -> Failure {
    let next = match error {
        DetachedError::OtherContent => "the file, or its signature, is another one: get both again",
        DetachedError::OtherContext => "name what it was signed for with --context",
        _ => "do not use the file before you know why",
    };
    Failure::new(
        "data.Signature",
        Exit::DoesNotOpen,
        Party::Data,
        error.to_string(),
        next,
    )
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: good, signed by {}", self.file.display(), self.signed_by)?;
        match self.post_quantum {
            true => Ok(()),
            false => f.write_str(" (classical: a quantum computer could forge it)"),
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  kmsctl key show release --json | jq -r '.public_keys[0].public_key' > release.pub
  kmsctl verify --pin release.pub app.tar.gz";

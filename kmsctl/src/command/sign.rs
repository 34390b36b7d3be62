//! `kmsctl sign`: detached signatures.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use kms_core::audit::Action;
use kms_providers::durable::{self, Sites};
use kms_providers::signing::{Content, Statement};
use kms_providers::{KeyUri, SigningKeys};
use serde::Serialize;

use crate::App;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::session::Session;

/// Sign files
///
/// Writes FILE.sig beside each file: a signed note (C2SP signed-note) that states SHA-512 and length of the file, with
/// one signature line for each half of the key. `kmsctl verify` checks it with the public key alone.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Sign {
    /// Signature key: name or key URI; NAME/VERSION for an older version
    #[arg(long, value_name = "KEY")]
    key: String,
    /// What the signature is for; who verifies must name the same
    #[arg(long, value_name = "TEXT")]
    context: Option<String>,
    /// Overwrite signatures that exist
    #[arg(short, long)]
    force: bool,
    /// Files to sign; `-` signs stdin, and writes to stdout
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// A file is signed.
#[derive(Serialize)]
struct Signed {
    file: PathBuf,
    signature: PathBuf,
    key: String,
}

impl Sign {
    /// Runs the command.
    ///
    /// # Errors
    /// When the key is no signature key, or the home cannot be used. Files that fail are told one by one.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let session = Session::open(app).await?;
        let key = session.target(&self.key)?;
        let keys = session.resolver().provider(&key)?.signing_keys();
        let keys = keys.ok_or_else(|| no_signature_key(&self.key))?;
        // Told before any file is read: whether this key can sign.
        keys.verifier(&key).await.map_err(|error| match error.kind {
            kms_core::KekFault::Unsupported => no_signature_key(&self.key),
            _ => error.into(),
        })?;
        let mut failures = Vec::new();
        for file in &self.files {
            let signed = self.sign(app, &session, keys, &key, file).await;
            failures.extend(signed.err().map(|failure| app.out.fail_one(&failure)));
        }
        Ok(Exit::of_many(self.files.len() - failures.len(), failures))
    }

    async fn sign(
        &self,
        app: &App,
        session: &Session,
        keys: &dyn SigningKeys,
        key: &KeyUri,
        file: &Path,
    ) -> Result<()> {
        let statement = statement(file, self.context.as_deref())?;
        let text = statement.to_text();
        let signing = keys.sign_note(key, text.as_bytes());
        let uris = [key.clone()];
        let (note, _) = session.recorded(Action::Sign, &uris, signing).await?;
        if file == Path::new("-") {
            app.out.bytes(&note);
            return Ok(());
        }
        let signature = beside(file);
        let written = durable::publish(&signature, &note, self.force, &Sites::SIGNATURE);
        written.map_err(|error| Failure::io(&signature, &error))?;
        app.out.say(&Signed {
            file: file.to_owned(),
            signature,
            key: key.to_string(),
        });
        Ok(())
    }
}

/// What a signature of `file` states.
///
/// # Errors
/// When the file cannot be read, or the context does not fit a line.
pub(super) fn statement(file: &Path, context: Option<&str>) -> Result<Statement> {
    let content = match file == Path::new("-") {
        true => Content::of(io::stdin().lock()),
        false => File::open(file).and_then(Content::of),
    };
    let content = content.map_err(|error| Failure::io(file, &error))?;
    let statement = Statement::new(content, context);
    statement.map_err(|error| Failure::usage(error.to_string(), "give a shorter --context, of one line"))
}

/// The signature of `file`, where nobody says otherwise.
pub(super) fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".sig");
    name.into()
}

fn no_signature_key(name: &str) -> Failure {
    Failure::usage(
        format!("`{name}` is no signature key"),
        "`kmsctl key create NAME --signature mldsa65-ed25519` makes one",
    )
}

impl fmt::Display for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} signed: {}", self.file.display(), self.signature.display())
    }
}

const EXAMPLES: &str = "\
Examples:
  kmsctl key create release --signature mldsa65-ed25519
  kmsctl sign --key release app.tar.gz
  kmsctl sign --key release --context staging app.tar.gz";

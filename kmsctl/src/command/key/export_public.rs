//! `kmsctl key export-public`.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use kms_core::KemPublicKey;
use kms_providers::durable::{self, Sites};
use serde::Serialize;

use super::show::pair_of;
use crate::App;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::session::Session;

/// Write the public key of a key pair
///
/// Who has it can seal to this key and open nothing. It is one line of base64url, whose length tells the mechanism;
/// give its thumbprint by another way, so that who receives it can pin it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ExportPublic {
    /// Logical name or key URI; NAME/VERSION for an older version
    key: String,
    /// File to write; stdout without it
    output: Option<PathBuf>,
    /// Write the bytes themselves, not their text
    #[arg(long)]
    raw: bool,
    /// Overwrite the file
    #[arg(short, long)]
    force: bool,
}

/// The result.
#[derive(Serialize)]
struct Exported {
    key: String,
    kem: &'static str,
    thumbprint: String,
    file: PathBuf,
}

impl ExportPublic {
    /// Runs the command.
    ///
    /// # Errors
    /// When the key is no key pair, or the file cannot be written.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let session = Session::open(app).await?;
        let uri = session.target(&self.key)?;
        let pair = pair_of(&session, &uri)?;
        let version = uri.version().map(|version| version.into_owned().into_bytes());
        let public = pair.public_key(version.as_deref()).await?.key;
        let content = self.content(&public);
        let Some(output) = &self.output else {
            app.out.bytes(&content);
            return Ok(Exit::Done);
        };
        let written = durable::publish(output, &content, self.force, &Sites::PUBLIC_KEY);
        written.map_err(|error| Failure::io(output, &error))?;
        app.out.say(&Exported {
            key: uri.to_string(),
            kem: public.kem().name(),
            thumbprint: public.uri(),
            file: output.clone(),
        });
        Ok(Exit::Done)
    }

    fn content(&self, public: &KemPublicKey) -> Vec<u8> {
        match self.raw {
            true => public.bytes().to_vec(),
            false => format!("{public}\n").into_bytes(),
        }
    }
}

impl fmt::Display for Exported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "public key of {} ({}) written to {}; its thumbprint is {}",
            self.key,
            self.kem,
            self.file.display(),
            self.thumbprint
        )
    }
}

const EXAMPLES: &str = "\
Examples:
  kmsctl key export-public inbox inbox.pub
  kmsctl key export-public inbox > inbox.pub
  kmsctl encrypt --public-key inbox.pub report.csv       on another machine, without the private key";

//! `kmsctl key import`.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use kms_core::audit::Action;
use kms_core::memory::Secret;
use kms_providers::uri::KeyName;
use kms_providers::{CloudRequest, KeyImport, KeyUri, Provider};
use serde::Serialize;
use zeroize::Zeroizing;

use super::create::{configure, entry, makes_none, taken};
use crate::App;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::session::Session;

/// Take in key material from outside
///
/// The file holds 32 random bytes. They become a new key, or with --new-version the version of a key that new wraps
/// use. At a cloud they travel encrypted under a key of its own. Whoever keeps a copy of the file can use the key without
/// asking anybody: delete it, or lock it away.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Import {
    /// Name of the new key; with --new-version a logical name or key URI
    name: String,
    /// File of 32 bytes
    file: PathBuf,
    /// Import at this provider of keystrand.toml; the embedded keystore without it
    #[arg(long, value_name = "PROVIDER", conflicts_with = "new_version")]
    provider: Option<String>,
    /// Give the key a new version of this material
    #[arg(long)]
    new_version: bool,
}

/// The result.
#[derive(Serialize)]
struct Imported {
    key: String,
    configured: bool,
    /// The requests that it took in a cloud.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    requests: Vec<CloudRequest>,
}

/// The key, and the requests that it took.
type Made = (KeyUri, Vec<CloudRequest>);

impl Import {
    /// Runs the command.
    ///
    /// # Errors
    /// When the file is no key material, the name is taken, or the provider takes none.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let material = material(&self.file)?;
        let session = Session::open(app).await?;
        let ((key, requests), configured) = match self.new_version {
            true => (self.version(&session, &material).await?, false),
            false => self.key(&session, &material).await?,
        };
        app.out.say(&Imported {
            key: key.to_string(),
            configured,
            requests,
        });
        Ok(Exit::Done)
    }

    async fn key(&self, session: &Session, material: &Secret<32>) -> Result<(Made, bool)> {
        let name = KeyName::parse(&self.name);
        let name = name.map_err(|_| kms_core::Error::Caller(kms_core::CallerFault::KeyName))?;
        let local: KeyUri = format!("local://{name}").parse()?;
        let (provider, intended) = match &self.provider {
            None => (session.resolver().provider(&local)?, vec![local]),
            Some(_) if session.resolver().keys().any(|(known, _)| *known == name) => return Err(taken(&name)),
            Some(wanted) => {
                let mut providers = session.resolver().providers();
                let found = providers.find(|(name, _)| name.as_str() == wanted);
                (found.ok_or_else(|| makes_none(wanted))?.1, Vec::new())
            }
        };
        let importing = importer(provider)?.import_key(&name, material);
        let (key, requests) = session
            .recorded_as(Action::CreateKey, Some(name.as_str()), &intended, importing)
            .await?;
        if matches!(key, KeyUri::Local(_)) {
            return Ok(((key, requests), false));
        }
        configure(session.home(), &name, &entry(&[key.to_string()], None))?;
        Ok(((key, requests), true))
    }

    async fn version(&self, session: &Session, material: &Secret<32>) -> Result<Made> {
        let key = session.target(&self.name)?;
        let provider = session.resolver().provider(&key)?;
        let importing = importer(provider)?.import_version(&key, material);
        session
            .recorded(Action::Rotate, std::slice::from_ref(&key), importing)
            .await
    }
}

fn importer(provider: &Arc<dyn Provider>) -> Result<&dyn KeyImport> {
    provider.import().ok_or_else(|| makes_none(provider.kind()))
}

fn material(path: &Path) -> Result<Secret<32>> {
    let bytes = fs::read(path).map_err(|error| Failure::io(path, &error))?;
    let bytes = Zeroizing::new(bytes);
    if bytes.len() != 32 {
        return Err(Failure::usage(
            format!("{}: key material is 32 bytes long, this file is not", path.display()),
            "`head -c 32 /dev/urandom > FILE` makes such a file",
        ));
    }
    Ok(Secret::init_with(|place| place.copy_from_slice(&bytes)))
}

impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} has the material", self.key)
    }
}

const EXAMPLES: &str = "\
Examples:
  kmsctl key import payments payments.key --provider aws-eu
  kmsctl key import payments next.key --new-version";

//! `kmsctl view`: one table, sealed once, seen by each role in its own way.

mod read;
mod seal;

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use kms_core::akd::Grant;
use kms_core::crypto::CryptoBackend;
use kms_providers::grants::{GrantReader, Revocations, signature_of};
use kms_views::Policy;

use super::verify::pinned;
use crate::App;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::session::Session;

/// Seal a table once, and show each role its view of it
#[derive(Debug, Subcommand)]
pub enum View {
    /// Seal a CSV table: every form that some role of the policy may see
    Seal(seal::Seal),
    /// Write what a role sees of a sealed table
    Read(read::Read),
}

impl View {
    /// Runs the command.
    ///
    /// # Errors
    /// When policy, keys or table are at fault.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        match self {
            Self::Seal(command) => command.run(app).await,
            Self::Read(command) => command.run(app).await,
        }
    }
}

/// Grants of a command line.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct GrantArgs {
    /// A grant, with its signature in FILE.sig; may be repeated
    #[arg(long = "grant", value_name = "FILE", requires = "pin")]
    pub(super) grants: Vec<PathBuf>,
    /// The public key of the grants' issuer, or a file that holds it; both halves
    #[arg(long, value_name = "KEY")]
    pin: Option<String>,
    /// A list that `kmsctl grant revoke --list` wrote
    #[arg(long, value_name = "FILE", requires = "pin")]
    revocations: Option<PathBuf>,
}

impl GrantArgs {
    /// Opens the grants, each as `kmsctl grant show --open` does.
    async fn open(&self, session: &Session) -> Result<Vec<Grant>> {
        let Some(pin) = &self.pin else {
            return Ok(Vec::new());
        };
        let issuer = pinned(pin, "`kmsctl key show NAME` prints it")?;
        let mut reader = GrantReader::new(CryptoBackend::default(), issuer.clone())?;
        if let Some(path) = &self.revocations {
            let list = Revocations::open(&read_file(path)?, &issuer);
            reader = reader.heed(list.map_err(|error| Failure::from(error).at(path))?);
        }
        let opener = session.opener(session.open_policy()).await?;
        let mut grants = Vec::new();
        for path in &self.grants {
            let (envelope, note) = (read_file(path)?, read_file(&signature_of(path))?);
            let grant = reader.open(&opener, &envelope, &note).await;
            grants.push(grant.map_err(|error| session.explain(error.into()).at(path))?);
        }
        Ok(grants)
    }
}

/// The policy in a file.
fn policy(path: &Path) -> Result<Policy> {
    let text = fs::read_to_string(path).map_err(|error| Failure::io(path, &error))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    Policy::parse(&text, folder).map_err(|error| Failure::from(error).at(path))
}

/// Where a sealed table says what it is.
fn manifest_of(table: &Path) -> PathBuf {
    let mut name = table.as_os_str().to_owned();
    name.push(".view");
    name.into()
}

/// Writes a file under another name first: it has its own when it is whole and on disk.
fn write_whole<T>(path: &Path, force: bool, write: impl FnOnce(&mut BufWriter<File>) -> Result<T>) -> Result<T> {
    let failed = |error: std::io::Error| Failure::io(path, &error);
    if !force && path.exists() {
        return Err(failed(std::io::ErrorKind::AlreadyExists.into()));
    }
    let name = path
        .file_name()
        .ok_or_else(|| failed(std::io::ErrorKind::InvalidInput.into()))?;
    let part = Part(path.with_file_name(format!(".{}.part", name.to_string_lossy())));
    let mut file = BufWriter::new(File::create(&part.0).map_err(failed)?);
    let written = write(&mut file)?;
    file.flush().map_err(failed)?;
    file.get_ref().sync_all().map_err(failed)?;
    fs::rename(&part.0, path).map_err(failed)?;
    Ok(written)
}

/// A file that goes away unless it gets its name.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| Failure::io(path, &error))
}

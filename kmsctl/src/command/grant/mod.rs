//! `kmsctl grant`: attribute keys for others, and their end.

mod create;
mod list;
mod revoke;
mod schema;
mod show;
mod view;

use std::fs;
use std::path::Path;

use clap::Subcommand;
use kms_core::KekFault;
use kms_providers::KeyUri;
use kms_providers::grants::{Issuer, SchemaFile};

use crate::App;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::session::Session;

/// Grant attribute keys, and revoke grants
#[derive(Debug, Subcommand)]
pub enum Grant {
    /// Make a schema: the attributes that keys are derived by
    Schema(schema::Schema),
    /// Grant keys to somebody
    Create(create::Create),
    /// Verify a grant, and show what it is for; no key is printed
    Show(show::Show),
    /// List what was granted from this home
    List(list::List),
    /// Revoke grants
    Revoke(revoke::Revoke),
}

impl Grant {
    /// Runs the command.
    ///
    /// # Errors
    /// When the grant, its keys or the home are at fault.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        match self {
            Self::Schema(command) => command.run(app).await,
            Self::Create(command) => command.run(app).await,
            Self::Show(command) => command.run(app).await,
            Self::List(command) => command.run(app),
            Self::Revoke(command) => command.run(app).await,
        }
    }
}

/// The schema in a file.
///
/// # Errors
/// When it cannot be read, or is none.
pub(in crate::command) fn schema_file(path: &Path) -> Result<SchemaFile> {
    let text = fs::read_to_string(path).map_err(|error| Failure::io(path, &error))?;
    SchemaFile::parse(&text).map_err(|error| Failure::from(error).at(path))
}

/// The issuer with the signature key `name`, and that key.
async fn issuer<'s>(session: &'s Session, name: &str) -> Result<(Issuer<'s>, KeyUri)> {
    let key = session.target(name)?;
    let no_signature_key = || {
        Failure::usage(
            format!("`{name}` is no signature key"),
            "`kmsctl key create NAME --signature mldsa65-ed25519` makes one",
        )
    };
    let keys = session.resolver().provider(&key)?.signing_keys();
    let issuer = Issuer::new(keys.ok_or_else(no_signature_key)?, key.clone()).await;
    match issuer {
        Err(kms_providers::grants::GrantError::Core(kms_core::Error::Provider(error)))
            if error.kind == KekFault::Unsupported =>
        {
            Err(no_signature_key())
        }
        issuer => Ok((issuer?, key)),
    }
}

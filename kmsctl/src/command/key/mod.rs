//! `kmsctl key`: keys and their life cycle.

mod create;
mod destroy;
mod export_public;
mod import;
mod list;
mod show;
mod state;
mod sweep;
mod view;

use clap::Subcommand;
use kms_core::KekFault;
use kms_providers::{KeyLifecycle, KeyUri};

#[cfg(feature = "pkcs11")]
pub(in crate::command) use create::add_section;
pub(in crate::command) use create::public_key;
pub(in crate::command) use sweep::{needed_by, sweep};

use crate::App;
use crate::exit::Exit;
use crate::failure::{Failure, Party, Result};
use crate::session::Session;

/// Make, list, switch off and destroy keys
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Make a key, or give a name to keys that exist
    Create(create::Create),
    /// Take in key material from outside
    Import(import::Import),
    /// List the keys of all providers, and the configured names
    List(list::List),
    /// Show a key, its versions, and what needs them
    Show(show::Show),
    /// Write the public key of a key pair
    ExportPublic(export_public::ExportPublic),
    /// Allow the use of a key again
    Enable(state::Enable),
    /// Forbid the use of a key until it is enabled
    Disable(state::Disable),
    /// Schedule the destruction of a key
    Destroy(destroy::Destroy),
    /// Take back a scheduled destruction; the key is then disabled
    CancelDestroy(state::CancelDestroy),
}

impl Key {
    /// Runs the command.
    ///
    /// # Errors
    /// When the key, its provider or the home is at fault.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        match self {
            Self::Create(command) => command.run(app).await,
            Self::Import(command) => command.run(app).await,
            Self::List(command) => command.run(app).await,
            Self::Show(command) => command.run(app).await,
            Self::ExportPublic(command) => command.run(app).await,
            Self::Enable(command) => command.run(app).await,
            Self::Disable(command) => command.run(app).await,
            Self::Destroy(command) => command.run(app).await,
            Self::CancelDestroy(command) => command.run(app).await,
        }
    }
}

/// The life cycle of the provider that serves `key`.
///
/// # Errors
/// When none serves it, or the one that does has no life cycle.
pub(in crate::command) fn lifecycle<'a>(session: &'a Session, key: &KeyUri) -> Result<&'a dyn KeyLifecycle> {
    let provider = session.resolver().provider(key)?;
    provider.lifecycle().ok_or_else(|| {
        Failure::new(
            "provider.Unsupported",
            Exit::Failed,
            Party::Provider,
            format!("{key}: {}", KekFault::Unsupported),
            "use the provider's own tool for this",
        )
    })
}

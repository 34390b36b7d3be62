//! `kmsctl key enable`, `disable` and `cancel-destroy`.

use std::fmt;

use clap::Args;
use kms_core::KekError;
use kms_core::audit::Action;
use kms_providers::{CloudRequest, KeyLifecycle, KeyUri};
use serde::Serialize;

use super::lifecycle;
use crate::App;
use crate::exit::Exit;
use crate::failure::Result;
use crate::session::Session;

/// Allow the use of a key again
///
/// Also saves a key that waits for destruction.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  kmsctl key enable payments\n  kmsctl key enable payments/2")]
pub struct Enable {
    /// Logical name, NAME/VERSION or key URI
    key: String,
}

/// Forbid the use of a key until it is enabled
///
/// Processes that have the keystore open notice within a second.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  kmsctl key disable payments\n  kmsctl key disable payments/2")]
pub struct Disable {
    /// Logical name, NAME/VERSION or key URI
    key: String,
}

/// Take back a scheduled destruction; the key is then disabled
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  kmsctl key cancel-destroy payments && kmsctl key enable payments")]
pub struct CancelDestroy {
    /// Logical name, NAME/VERSION or key URI
    key: String,
}

/// The result.
#[derive(Serialize)]
struct Changed {
    key: String,
    state: &'static str,
    /// The requests that it took in a cloud.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    requests: Vec<CloudRequest>,
}

impl Enable {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no such key, or it is destroyed.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let step = async |lifecycle: &dyn KeyLifecycle, key: &KeyUri| lifecycle.enable(key).await;
        change(app, &self.key, Action::EnableKey, "enabled", step).await
    }
}

impl Disable {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no such key, or it is destroyed or about to be.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let step = async |lifecycle: &dyn KeyLifecycle, key: &KeyUri| lifecycle.disable(key).await;
        change(app, &self.key, Action::DisableKey, "disabled", step).await
    }
}

impl CancelDestroy {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no such key, or it is too late.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let step = async |lifecycle: &dyn KeyLifecycle, key: &KeyUri| lifecycle.cancel_destroy(key).await;
        change(app, &self.key, Action::CancelDestroy, "disabled", step).await
    }
}

async fn change(
    app: &App,
    key: &str,
    action: Action,
    state: &'static str,
    step: impl AsyncFnOnce(&dyn KeyLifecycle, &KeyUri) -> Result<(), KekError>,
) -> Result<Exit> {
    let session = Session::open(app).await?;
    let key = session.target(key)?;
    let lifecycle = lifecycle(&session, &key)?;
    let ((), requests) = session
        .recorded(action, std::slice::from_ref(&key), step(lifecycle, &key))
        .await?;
    app.out.say(&Changed {
        key: key.to_string(),
        state,
        requests,
    });
    Ok(Exit::Done)
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}", self.key, self.state)
    }
}

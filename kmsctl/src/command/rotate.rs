//! `kmsctl rotate`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use clap::Args;
use kms_core::audit::Action;
use kms_providers::files::Campaign;
use kms_providers::{CloudRequest, KeyState, KeyUri};
use serde::Serialize;

use super::key::{lifecycle, sweep};
use crate::App;
use crate::campaign::{Order, RewrapArgs, carry_out, refuse_messages, survey, unfinished};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::printable::{count, version};
use crate::session::Session;

/// Give a key a new version, and bring envelopes under it
///
/// New envelopes use the new version at once. With --rewrap, every envelope and sidecar below the paths that is under
/// the key gets a new header; payloads are not touched. A run that was broken off, by a crash too, goes on with
/// --resume. Old versions go on opening old copies of headers until they are destroyed: `kmsctl key destroy KEY/1`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Rotate {
    /// Keys: logical name or key URI
    #[arg(value_name = "KEY", required_unless_present_any = ["all", "resume"], conflicts_with = "all")]
    keys: Vec<String>,
    /// Every key in use of every provider that can
    #[arg(long)]
    all: bool,
    /// Files, folders or patterns of envelopes to bring under the new version
    #[arg(long = "rewrap", value_name = "PATH", num_args = 1.., conflicts_with = "resume")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    how: RewrapArgs,
}

/// A key has a new version.
#[derive(Serialize)]
struct Rotated {
    key: String,
    version: Option<String>,
    /// Known envelopes that need older versions.
    needing_older: u64,
    /// The requests that it took in a cloud.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    requests: Vec<CloudRequest>,
}

impl Rotate {
    /// Runs the command.
    ///
    /// # Errors
    /// When a key means nothing here or cannot be rotated, or the run cannot be recorded. Files that fail are told one
    /// by one.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        refuse_messages(&self.paths)?;
        let session = Session::open(app).await?.with_secrets(&self.how.secrets)?;
        if self.how.resume {
            return self.resume(app, &session).await;
        }
        let keys = self.keys(&session).await?;
        let order = Order::Rotate {
            from: versions(&session, &keys).await?,
        };
        if self.how.dry_run {
            return self.foretell(app, &session, &order).await;
        }
        sweep(app, &session).await?;
        // Recorded before the first key is rotated: whatever happens from here on, --resume knows what was wanted.
        let campaign = match self.paths.is_empty() {
            true => None,
            false => Some(Campaign::begin(session.home().dir(), order.plan(&self.paths)?)?),
        };
        for key in &keys {
            rotate(app, &session, key).await?;
        }
        match campaign {
            Some(campaign) => carry_out(app, &session, campaign, &order, &self.how).await,
            None => Ok(Exit::Done),
        }
    }

    async fn resume(&self, app: &App, session: &Session) -> Result<Exit> {
        let wanted = self.keys(session).await?;
        let is_meant = |order: &Order| match order {
            Order::Rotate { from } => wanted.is_empty() || wanted.iter().any(|key| from.contains_key(&key.to_string())),
            Order::Rewrap(_) => false,
        };
        let mut exit = Exit::Done;
        for (run, order) in unfinished(session, Order::of, is_meant)? {
            let campaign = Campaign::resume(session.home().dir(), &run.id)?;
            if let Order::Rotate { from } = &order {
                rotate_rest(app, session, from).await?;
            }
            exit = exit.max(carry_out(app, session, campaign, &order, &self.how).await?);
        }
        Ok(exit)
    }

    async fn foretell(&self, app: &App, session: &Session, order: &Order) -> Result<Exit> {
        if let Order::Rotate { from } = order {
            for key in from.keys() {
                app.out.warn(&format!("{key} would get a new version"));
            }
        }
        match self.paths.is_empty() {
            true => Ok(Exit::Done),
            false => survey(app, session, order, &self.paths, &self.how).await,
        }
    }

    /// The keys, without versions.
    async fn keys(&self, session: &Session) -> Result<Vec<KeyUri>> {
        let mut keys = Vec::new();
        for name in &self.keys {
            for uri in session
                .logical(name)?
                .uris()
                .filter(|uri| !uri.scheme().is_supplied_by_caller())
            {
                lifecycle(session, uri)?;
                keys.push(uri.without_version());
            }
        }
        if self.all {
            for (_, provider) in session
                .resolver()
                .providers()
                .filter(|(_, provider)| provider.lifecycle().is_some())
            {
                let listed = provider.list().await?.into_iter();
                keys.extend(listed.filter(|key| key.state == KeyState::Enabled).map(|key| key.uri));
            }
        }
        keys.sort();
        keys.dedup();
        if keys.is_empty() && !self.how.resume {
            return Err(Failure::usage(
                "there is no key to rotate",
                "`kmsctl key create NAME` makes one",
            ));
        }
        Ok(keys)
    }
}

async fn rotate(app: &App, session: &Session, key: &KeyUri) -> Result<()> {
    let lifecycle = lifecycle(session, key)?;
    let (new, requests) = session
        .recorded(Action::Rotate, std::slice::from_ref(key), lifecycle.rotate(key))
        .await?;
    let needing_older = session.index().still_needed(key)?;
    app.out.say(&Rotated {
        key: key.to_string(),
        version: new.version().map(Cow::into_owned),
        needing_older,
        requests,
    });
    Ok(())
}

/// Rotates the keys that a broken-off run had not got to: they still have the version that it found.
async fn rotate_rest(app: &App, session: &Session, from: &BTreeMap<String, Option<String>>) -> Result<()> {
    for (key, before) in from {
        let key: KeyUri = key.parse()?;
        let now = versions(session, std::slice::from_ref(&key)).await?;
        if before.is_some() && now.values().next() == Some(before) {
            rotate(app, session, &key).await?;
        }
    }
    Ok(())
}

/// The current version of each key, as it stands in envelopes.
async fn versions(session: &Session, keys: &[KeyUri]) -> Result<BTreeMap<String, Option<String>>> {
    let mut versions = BTreeMap::new();
    for key in keys {
        let info = session.resolver().kek(key)?.describe().await?;
        versions.insert(key.to_string(), info.version.as_deref().map(version));
    }
    Ok(versions)
}

impl fmt::Display for Rotated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{} has version {version}", self.key)?,
            None => write!(f, "{} is rotated", self.key)?,
        }
        match self.needing_older {
            0 => Ok(()),
            known => write!(f, "; under older versions: {}", count(known, "known envelope")),
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  kmsctl rotate payments
  kmsctl rotate payments --rewrap /data /backup
  kmsctl rotate --all --rewrap /data --dry-run
  kmsctl rotate --resume";

//! `kmsctl key create`.

use std::fmt;
use std::fs;

use clap::Args;
use kms_core::audit::Action;
use kms_providers::KeyUri;
use kms_providers::config::Config;
use kms_providers::durable::{self, FileLock, Sites};
use kms_providers::uri::KeyName;
use serde::Serialize;

use super::lifecycle;
use crate::App;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::home::Home;
use crate::session::Session;

/// Make a key, or give a name to keys that exist
///
/// `create NAME` makes a key in the embedded keystore, which goes by its name from then on. With --provider the key is
/// made there, with --uri nothing is made; both write [key.NAME] into keystrand.toml.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Create {
    /// Name: 1 to 64 characters of a-z 0-9 . _ -
    name: String,
    /// Make the key at this provider of keystrand.toml
    #[arg(long, value_name = "PROVIDER", conflicts_with = "uris")]
    provider: Option<String>,
    /// Name this key; of several, any opens
    #[arg(long = "uri", value_name = "URI")]
    uris: Vec<KeyUri>,
    /// Of several keys, this many must agree
    #[arg(long, value_name = "NUMBER", requires = "uris")]
    quorum: Option<u8>,
}

/// The result.
#[derive(Serialize)]
struct Created {
    name: String,
    keys: Vec<String>,
    /// Whether an entry was written into keystrand.toml.
    configured: bool,
}

impl Create {
    /// Runs the command.
    ///
    /// # Errors
    /// When the name is taken or malformed, or the provider cannot make keys.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let name = KeyName::parse(&self.name);
        let name = name.map_err(|_| kms_core::Error::Caller(kms_core::CallerFault::KeyName))?;
        let session = Session::open(app).await?;
        let (keys, configured) = if self.uris.is_empty() {
            let key = self.make(&session, &name).await?;
            let is_local = matches!(key, KeyUri::Local(_));
            (vec![key], !is_local)
        } else {
            (self.uris.clone(), true)
        };
        if configured {
            configure(session.home(), &name, &keys, self.quorum)?;
        }
        app.out.say(&Created {
            name: name.to_string(),
            keys: keys.iter().map(KeyUri::to_string).collect(),
            configured,
        });
        Ok(Exit::Done)
    }

    async fn make(&self, session: &Session, name: &KeyName) -> Result<KeyUri> {
        let (intended, lifecycle) = match &self.provider {
            None => {
                let key: KeyUri = format!("local://{name}").parse()?;
                let lifecycle = lifecycle(session, &key)?;
                (vec![key], lifecycle)
            }
            Some(wanted) => {
                if session.resolver().keys().any(|(taken, _)| taken == name) {
                    return Err(taken(name));
                }
                let mut providers = session.resolver().providers();
                let provider = providers
                    .find(|(name, _)| name.as_str() == wanted)
                    .map(|(_, provider)| provider);
                let lifecycle = provider.and_then(|provider| provider.lifecycle());
                let lifecycle = lifecycle.ok_or_else(|| {
                    Failure::usage(
                        format!("no provider `{wanted}` that makes keys is configured"),
                        "see [provider.NAME] in keystrand.toml",
                    )
                })?;
                (Vec::new(), lifecycle)
            }
        };
        session
            .recorded_as(
                Action::CreateKey,
                Some(name.as_str()),
                &intended,
                lifecycle.create(name),
            )
            .await
    }
}

/// Adds [key.NAME] to the configuration. What stands in it stays as it is, comments and all.
fn configure(home: &Home, name: &KeyName, keys: &[KeyUri], quorum: Option<u8>) -> Result<()> {
    let path = home.config();
    let failed = |error: std::io::Error| Failure::io(&path, &error);
    let _lock = FileLock::try_acquire(&FileLock::beside(&path))
        .map_err(failed)?
        .ok_or_else(|| Failure::io(&path, &std::io::ErrorKind::ResourceBusy.into()).advise("run the command again"))?;
    let text = fs::read_to_string(&path).map_err(failed)?;
    if Config::parse(&text, home.dir())?.keys.contains_key(name) {
        return Err(taken(name));
    }
    let text = format!(
        "{}\n{}",
        text.trim_end_matches('\n').to_owned() + "\n",
        entry(name, keys, quorum)
    );
    // Parsed as a whole before it is written: a configuration that does not load would lock everybody out.
    Config::parse(&text, home.dir())?;
    durable::replace(&path, text.as_bytes(), &Sites::CONFIG).map_err(failed)
}

fn entry(name: &KeyName, keys: &[KeyUri], quorum: Option<u8>) -> String {
    let list: Vec<_> = keys.iter().map(|key| format!("{:?}", key.to_string())).collect();
    let list = list.join(", ");
    match quorum {
        Some(k) => format!(
            "[key.{name:?}]\nquorum = {{ k = {k}, of = [{list}] }}\n",
            name = name.as_str()
        ),
        None => format!("[key.{name:?}]\nany = [{list}]\n", name = name.as_str()),
    }
}

fn taken(name: &KeyName) -> Failure {
    Failure::exists(
        &format!("keystrand.toml has a key named `{name}` already"),
        "choose another name",
    )
}

impl fmt::Display for Created {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}", self.name, self.keys.join(", "))
    }
}

const EXAMPLES: &str = "\
Examples:
  kmsctl key create payments
  kmsctl key create ledger --uri local://payments --uri local://backup       either opens
  kmsctl key create board --quorum 2 --uri local://a --uri aws-kms://arn:…   both must agree";

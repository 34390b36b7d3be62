//! What a run would do, from headers alone.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::PathBuf;

use kms_core::{Header, Opener, Recipient, caps};
use kms_providers::files::{DiscoverOptions, Found, discover, read_header};
use serde::Serialize;

use super::order::whole_keys;
use super::{Change, Order, RewrapArgs};
use crate::App;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::printable::{Printable, count};
use crate::session::Session;

/// One envelope.
#[derive(Serialize)]
struct Would<'a> {
    file: &'a PathBuf,
    /// `rewrap` or `nothing`.
    would: &'static str,
}

/// All of them.
#[derive(Serialize)]
struct Total {
    would_rewrap: usize,
    already_current: usize,
    failed: usize,
}

/// Tells what a run over `paths` would do. Nothing is changed, and no envelope is opened.
///
/// # Errors
/// When a key means nothing here, or a provider does not tell its versions.
pub async fn survey(app: &App, session: &Session, order: &Order, paths: &[PathBuf], args: &RewrapArgs) -> Result<Exit> {
    let opener = session
        .opener(session.open_policy())
        .await?
        .require(args.context.context()?);
    let question = Question::new(session, order).await?;
    let (mut rewrap, mut current, mut failures) = (0, 0, Vec::new());
    for found in discover(paths, &DiscoverOptions::default()) {
        let looked = found.map_err(Failure::from).and_then(|found| match found {
            Found::Envelope { path, .. } => {
                let header = read_header(&path, caps::RECIPIENTS_HARD)?.header;
                Ok(Some((question.wants(&header, &opener), path)))
            }
            _ => Ok(None),
        });
        match looked {
            Err(failure) => failures.push(app.out.fail_one(&failure)),
            Ok(None) => {}
            Ok(Some((wanted, file))) => {
                *(if wanted { &mut rewrap } else { &mut current }) += 1;
                let would = if wanted { "rewrap" } else { "nothing" };
                app.out.say(&Would { file: &file, would });
            }
        }
    }
    app.out.say(&Total {
        would_rewrap: rewrap,
        already_current: current,
        failed: failures.len(),
    });
    Ok(Exit::of_many(rewrap + current, failures))
}

/// What is asked of each header.
enum Question {
    /// Whether it is under one of these keys: all of them are about to get new versions.
    Under(Vec<String>),
    /// Whether it is under another than the current version of any key.
    Stale(HashMap<String, Vec<u8>>),
    /// Whether its keys are others than these.
    Other(Vec<String>),
    /// Whether one of the first is missing, or one of the second is there.
    Change { add: Vec<String>, drop: Vec<String> },
    /// Whether one of those of its logical key is missing.
    Missing(BTreeMap<String, Vec<Recipient>>),
    /// Nothing: all are wrapped anew.
    All,
}

impl Question {
    async fn new(session: &Session, order: &Order) -> Result<Self> {
        let change = match order {
            Order::Rotate { from } => return Ok(Self::Under(from.keys().cloned().collect())),
            Order::Rewrap(change) => change,
        };
        if change.force || change.redeal {
            return Ok(Self::All);
        }
        if change.missing {
            return Ok(Self::Missing(whole_keys(session)?));
        }
        if change.is_refresh() {
            return Ok(Self::Stale(session.current_versions().await?));
        }
        if !change.to.is_empty() {
            return Ok(Self::Other(Change::uris(session, &change.to)?));
        }
        Ok(Self::Change {
            add: Change::uris(session, &change.add)?,
            drop: Change::dropped(session, &change.drop)?,
        })
    }

    fn wants(&self, header: &Header, opener: &Opener) -> bool {
        let (named, keys) = (opener.key_versions(header), opener.needed_keys(header));
        let is_named = |uri: &String| named.iter().any(|(key, _)| key == uri);
        let has = |uri: &String| keys.iter().any(|(key, _)| key == uri);
        match self {
            Self::All => true,
            Self::Under(uris) => uris.iter().any(has),
            Self::Stale(current) => keys.iter().any(|(key, version)| {
                let current = current.get(key);
                current.is_some() && version.is_some() && current != version.as_ref()
            }),
            Self::Missing(keys) => {
                let name = header.immutable().key_name.as_ref();
                let recipients = name.and_then(|name| keys.get(name)).map_or(&[][..], Vec::as_slice);
                !opener.missing(header, recipients).is_empty()
            }
            Self::Other(uris) => header.recipient_ids().count() != uris.len() || !uris.iter().all(is_named),
            Self::Change { add, drop } => !add.iter().all(is_named) || drop.iter().any(has),
        }
    }
}

impl fmt::Display for Would<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display().to_string();
        match self.would {
            "rewrap" => write!(f, "would rewrap  {}", Printable(&file)),
            _ => write!(f, "current       {}", Printable(&file)),
        }
    }
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} would be rewrapped, ", count(self.would_rewrap, "envelope"))?;
        write!(
            f,
            "{} already current, {} failed; nothing was changed",
            self.already_current, self.failed
        )
    }
}

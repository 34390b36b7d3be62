//! The keys of this home, as assets of an inventory.

use kms_scan::{Asset, provider_keys};

use crate::App;
use crate::failure::{Failure, Result};
use crate::home::Home;
use crate::session::Session;

/// What a home has to say.
#[derive(Default)]
pub(super) struct Keys {
    pub(super) assets: Vec<Asset>,
    /// The current version of each key.
    pub(super) versions: Vec<(String, String)>,
    /// What the policy says of ages.
    pub(super) max_age_days: Option<u64>,
    /// Providers that did not answer.
    pub(super) failures: Vec<Failure>,
}

impl Keys {
    /// The keys of every provider of the home. Where there is no home there are none, unless nothing else is asked for.
    pub(super) async fn of_home(app: &App, leave_out: bool, is_all: bool) -> Result<Self> {
        if leave_out {
            return Ok(Self::default());
        }
        match Home::locate(&app.globals) {
            Ok(home) if is_all || home.config().exists() => Self::read(&Session::open(app).await?).await,
            Err(failure) if is_all => Err(failure),
            _ => Ok(Self::default()),
        }
    }

    async fn read(session: &Session) -> Result<Self> {
        let mut keys = Self {
            max_age_days: session.config().policy.max_age_days,
            ..Self::default()
        };
        for (_, provider) in session.resolver().providers() {
            match provider_keys(provider.as_ref()).await {
                Err(error) => keys.failures.push(error.into()),
                Ok(found) => {
                    for (mut asset, version) in found {
                        let key = asset.place.text();
                        keys.versions.extend(version.map(|version| (key.clone(), version)));
                        asset.name = names(session, &key);
                        keys.assets.push(asset);
                    }
                }
            }
        }
        Ok(keys)
    }
}

/// The logical keys that lead to this one.
fn names(session: &Session, key: &str) -> Option<String> {
    let leads = session.resolver().keys().filter(|(_, logical)| {
        let mut uris = logical.uris();
        uris.any(|uri| uri.without_version().to_string() == key)
    });
    let names: Vec<_> = leads.map(|(name, _)| name.as_str()).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

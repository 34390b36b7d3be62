//! `kmsctl key list`.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use clap::Args;
use futures::future::join_all;
use kms_core::crypto::signature::SignatureScheme;
use kms_core::{KekInfo, Posture};
use kms_providers::uri::KeyName;
use kms_providers::{KeySummary, Provider};
use serde::Serialize;

use super::sweep;
use super::view::{KeyView, NameView};
use crate::App;
use crate::envelope::posture_name;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::printable::{Printable, time, version};
use crate::session::Session;

/// List the keys of all providers, and the configured names
///
/// Every provider is asked at once. One that does not answer has a row of its own, and the exit code says that the list
/// is not whole.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct List {
    /// Only the keys of this provider
    #[arg(long, value_name = "PROVIDER")]
    provider: Option<String>,
}

/// A key, with what its provider says of it.
#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    key: KeyView,
    /// The version of new envelopes, as it stands in them.
    version: Option<String>,
    /// Algorithm in the provider's terms; absent while the key cannot be used.
    algorithm: Option<String>,
    /// `software`, `hsm` …
    protection: Option<String>,
    region: Option<String>,
    /// Quantum posture, by the key and the connection to it.
    posture: &'static str,
    /// The key exchange of that connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_exchange: Option<String>,
    /// Days since it was made or got new material.
    age_days: Option<u64>,
    /// When it is to get new material by the policy.
    rotation_due: Option<String>,
    /// Why it was not described.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// A provider that does not answer.
#[derive(Serialize)]
struct Unreached<'a> {
    provider: &'a str,
    error: &'a Failure,
}

impl List {
    /// Runs the command.
    ///
    /// # Errors
    /// When the home cannot be opened. A provider that does not answer is told, and counts in the exit.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let session = Session::open(app).await?;
        sweep(app, &session).await?;
        let days = session.config().policy.max_age_days.unwrap_or(MAX_AGE_DAYS);
        let providers: Vec<_> = session
            .resolver()
            .providers()
            .filter(|(name, _)| self.provider.as_ref().is_none_or(|wanted| wanted == name.as_str()))
            .collect();
        let listings = join_all(providers.iter().map(|(name, provider)| rows(name, provider, days))).await;
        let (mut table, mut listed, mut failures) = (Table::default(), 0, Vec::new());
        for ((name, _), listing) in providers.iter().zip(listings) {
            match listing {
                Ok(rows) => {
                    listed += 1;
                    failures.extend(rows.iter().filter(|row| row.error.is_some()).map(|_| Exit::Unavailable));
                    table.rows.extend(rows);
                }
                Err(failure) => {
                    failures.push(app.out.fail_one(&failure));
                    table.unreached.push((name.to_string(), failure));
                }
            }
        }
        table.tell(app);
        if self.provider.is_none() {
            for (name, key) in session.resolver().keys() {
                app.out.answer(&NameView::new(name.as_str(), key));
            }
        }
        Ok(Exit::of_many(listed, failures))
    }
}

async fn rows(name: &KeyName, provider: &Arc<dyn Provider>, days: u64) -> Result<Vec<Row>> {
    let keys = provider.list().await?;
    let mut rows = Vec::with_capacity(keys.len());
    for some in keys.chunks(AT_ONCE) {
        rows.extend(join_all(some.iter().map(|key| row(name, &**provider, key, days))).await);
    }
    Ok(rows)
}

async fn row(name: &KeyName, provider: &dyn Provider, key: &KeySummary, days: u64) -> Row {
    let view = KeyView::new(name.as_str(), key);
    let primary = key.versions.iter().find(|version| version.primary);
    let (described, rotated) = match key.signature {
        Some(_) => (Ok(None), Ok(None)),
        None => (described(provider, key).await, provider.rotated(&key.uri).await),
    };
    let made = primary.and_then(|version| version.created).or(key.created);
    let made = rotated.as_ref().ok().copied().flatten().or(made);
    let failed = described.as_ref().err().or(rotated.as_ref().err());
    let failed = failed.filter(|error| error.kind.is_unavailable());
    let error = failed.map(|error| error.kind.to_string());
    let (info, posture) = described.ok().flatten().unzip();
    let posture = key.signature.map(SignatureScheme::posture).or(posture);
    let info: Option<KekInfo> = info.flatten();
    Row {
        version: info
            .as_ref()
            .and_then(|info| info.version.as_deref().map(version))
            .or(view.current.clone()),
        algorithm: info
            .as_ref()
            .map(|info| info.algorithm.clone())
            .or(key.signature.map(|scheme| scheme.name().to_owned())),
        protection: info.as_ref().map(|info| info.protection.clone()),
        region: info
            .as_ref()
            .and_then(|info| info.region.clone())
            .or(key.uri.region().map(str::to_owned)),
        posture: posture.map_or("unknown", posture_name),
        key_exchange: info.and_then(|info| info.key_exchange),
        age_days: made.map(age),
        rotation_due: made
            .and_then(|made| made.checked_add(DAY.saturating_mul(u32::try_from(days).unwrap_or(u32::MAX))))
            .map(time),
        error,
        key: view,
    }
}

/// What the provider says of a key, and what it is worth. A key that is switched off may not be described.
async fn described(
    provider: &dyn Provider,
    key: &KeySummary,
) -> Result<Option<(Option<KekInfo>, Posture)>, kms_core::KekError> {
    let kek = provider.kek(&key.uri)?;
    match kek.describe().await {
        Ok(info) => Ok(Some((Some(info), kek.posture()))),
        Err(error) if error.kind.is_unavailable() => Err(error),
        Err(_) => Ok(Some((None, kek.posture()))),
    }
}

fn age(made: SystemTime) -> u64 {
    let age = SystemTime::now().duration_since(made).unwrap_or_default();
    age.as_secs() / DAY.as_secs()
}

/// All rows: for people their columns are as wide as they have to be.
#[derive(Default)]
struct Table {
    rows: Vec<Row>,
    unreached: Vec<(String, Failure)>,
}

impl Table {
    fn tell(&self, app: &App) {
        let unreached = self
            .unreached
            .iter()
            .map(|(provider, error)| Unreached { provider, error });
        if app.out.is_json() {
            self.rows.iter().for_each(|row| app.out.answer(row));
            unreached.for_each(|row| app.out.answer(&row));
            return;
        }
        let cells: Vec<_> = self.rows.iter().map(Row::cells).collect();
        if !cells.is_empty() {
            let widths: Vec<_> = (0..TITLES.len()).map(|column| width(&cells, column)).collect();
            app.out.answer(&Line(aligned(&TITLES.map(str::to_owned), &widths)));
            cells
                .iter()
                .for_each(|cells| app.out.answer(&Line(aligned(cells, &widths))));
        }
        unreached.for_each(|row| app.out.answer(&row));
    }
}

impl Row {
    fn cells(&self) -> [String; TITLES.len()] {
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let is_due = self
            .rotation_due
            .as_ref()
            .is_some_and(|due| *due <= time(SystemTime::now()));
        let day = |due: &String| due.chars().take(10).collect::<String>();
        let due = self.rotation_due.as_ref().map(|due| match is_due {
            true => format!("{} OVERDUE", day(due)),
            false => day(due),
        });
        let version = self.version.as_ref().map(|version| shortened(version));
        [
            self.key.name_or_uri_name(),
            self.key.key.clone(),
            or_dash(version),
            or_dash(self.algorithm.clone()),
            or_dash(self.protection.clone()),
            or_dash(self.region.clone()),
            self.error
                .as_ref()
                .map_or(self.key.state_text(), |error| format!("unreachable: {error}")),
            or_dash(self.age_days.map(|days| format!("{days} d"))),
            or_dash(due),
            self.posture.to_owned(),
        ]
        .map(|cell| Printable(&cell).to_string())
    }
}

fn shortened(version: &str) -> String {
    match version.char_indices().nth(VERSION_LEN) {
        Some((end, _)) => format!("{}…", &version[..end]),
        None => version.to_owned(),
    }
}

fn width(cells: &[[String; TITLES.len()]], column: usize) -> usize {
    let widths = cells.iter().map(|cells| cells[column].chars().count());
    widths.max().unwrap_or(0).max(TITLES[column].len())
}

fn aligned(cells: &[String], widths: &[usize]) -> String {
    let padded = cells.iter().zip(widths).map(|(cell, &width)| format!("{cell:<width$}"));
    padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

/// A line of the table.
#[derive(Serialize)]
struct Line(String);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cells().join("  "))
    }
}

impl fmt::Display for Unreached<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: not listed: {}", self.provider, self.error.message)
    }
}

const TITLES: [&str; 10] = [
    "NAME",
    "KEY",
    "VERSION",
    "ALGORITHM",
    "PROTECTION",
    "REGION",
    "STATE",
    "AGE",
    "ROTATION DUE",
    "POSTURE",
];
/// As inventories have it, where the policy says nothing.
const MAX_AGE_DAYS: u64 = 365;
const DAY: std::time::Duration = std::time::Duration::from_secs(86_400);
/// Keys of a provider that are described at once.
const AT_ONCE: usize = 16;
/// Characters of a version that people are shown: some are digests.
const VERSION_LEN: usize = 12;

const EXAMPLES: &str = "\
Examples:
  kmsctl key list
  kmsctl key list --json | jq -r 'select(.state == \"disabled\") | .key'
  kmsctl key list --json | jq -r 'select(.posture == \"classical\") | .key'";

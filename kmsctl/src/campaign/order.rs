//! What a run is ordered to do. It stands in the record of the run, as JSON.

use std::collections::BTreeMap;

use clap::ValueEnum;
use kms_core::{Level, Posture, Recipient, Target};
use kms_providers::files::Plan;
use kms_providers::{KeyUri, ResolveError};
use serde::{Deserialize, Serialize};

use crate::exit::Exit;
use crate::failure::{Failure, Party, Result};
use crate::sealing::Sealing;
use crate::session::Session;

/// What a run is ordered to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub enum Order {
    /// New key versions, then envelopes under them.
    Rotate {
        /// The keys, each with the version before, where its provider tells: a run that was broken off before the
        /// rotation is known by it.
        from: BTreeMap<String, Option<String>>,
    },
    /// Other recipients, or the current versions of the same.
    Rewrap(Change),
}

/// A change of recipients.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Change {
    /// Exactly these keys.
    pub to: Vec<String>,
    /// These keys too.
    pub add: Vec<String>,
    /// Without these.
    pub drop: Vec<String>,
    /// Those of the envelope's own logical key that are not there.
    pub missing: bool,
    /// New recipients are for the message only.
    pub message_level: bool,
    /// New recipients are hidden.
    pub hidden: bool,
    /// Quorums are dealt anew.
    pub redeal: bool,
    /// Recipients of unknown schemes may go.
    pub drop_unknown: bool,
    /// What is current is wrapped anew too.
    pub force: bool,
    /// No recipient may be weaker afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub posture: Option<LeastPosture>,
}

/// The least posture of recipients, as the configuration names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum LeastPosture {
    /// Post-quantum, with or without a classical hedge
    #[value(alias = "pq")]
    QuantumSafe,
    /// Symmetric, or classical and post-quantum together
    Hedged,
}

impl From<LeastPosture> for Posture {
    fn from(least: LeastPosture) -> Self {
        match least {
            LeastPosture::QuantumSafe => Self::PostQuantum,
            LeastPosture::Hedged => Self::Hedged,
        }
    }
}

impl Order {
    /// The plan of a run over `paths`.
    ///
    /// # Errors
    /// None that a caller can cause.
    pub fn plan(&self, paths: &[std::path::PathBuf]) -> Result<Plan> {
        let operation = serde_json::to_string(self).map_err(|_| unreadable())?;
        Ok(Plan {
            operation,
            keys: self.keys(),
            version: None,
            paths: paths.to_vec(),
        })
    }

    /// The order of a recorded plan.
    ///
    /// # Errors
    /// When another program, or another version, wrote it.
    pub fn of(plan: &Plan) -> Result<Self> {
        serde_json::from_str(&plan.operation).map_err(|_| unreadable())
    }

    /// What recipients are to be.
    ///
    /// # Errors
    /// When a key means nothing here.
    pub async fn target(&self, session: &Session) -> Result<Target> {
        match self {
            Self::Rotate { from } => {
                let mut keys = from.keys();
                Ok(match (keys.next(), keys.next()) {
                    (Some(only), None) => Target::CurrentOf(only.clone()),
                    _ => Target::Current,
                })
            }
            Self::Rewrap(change) => change.target(session).await,
        }
    }

    fn keys(&self) -> Vec<String> {
        match self {
            Self::Rotate { from } => from.keys().cloned().collect(),
            Self::Rewrap(Change { to, add, drop, .. }) => [to, add, drop].into_iter().flatten().cloned().collect(),
        }
    }
}

impl Change {
    /// Whether the recipients stay the same, under the current versions of their keys.
    #[must_use]
    pub fn is_refresh(&self) -> bool {
        self.to.is_empty() && self.add.is_empty() && self.drop.is_empty() && !self.missing
    }

    /// The key URIs that `names` stand for, without versions.
    ///
    /// # Errors
    /// When a name means nothing here.
    pub fn uris(session: &Session, names: &[String]) -> Result<Vec<String>> {
        let mut uris = Vec::new();
        for name in names {
            let key = session.logical(name)?;
            uris.extend(key.uris().map(KeyUri::without_version).map(|uri| uri.to_string()));
        }
        Ok(uris)
    }

    /// The same of recipients that are to go. A hybrid goes by its post-quantum half: its classical half may stand by
    /// itself beside it, and was not meant.
    ///
    /// # Errors
    /// When a name means nothing here.
    pub fn dropped(session: &Session, names: &[String]) -> Result<Vec<String>> {
        let mut uris = Vec::new();
        for name in names {
            let key = session.logical(name)?;
            let members = key.recipients.members().iter();
            let keys = members.map(|member| member.pq.as_ref().unwrap_or(&member.key));
            uris.extend(keys.map(|key| key.uri.without_version().to_string()));
        }
        Ok(uris)
    }

    async fn target(&self, session: &Session) -> Result<Target> {
        if self.is_refresh() {
            return Ok(Target::Current);
        }
        if self.missing {
            return Ok(Target::Complete(whole_keys(session)?));
        }
        if !self.to.is_empty() {
            return Ok(Target::Replace(self.recipients(session, &self.to).await?));
        }
        Ok(Target::Change {
            add: self.recipients(session, &self.add).await?,
            drop: Self::dropped(session, &self.drop)?,
        })
    }

    async fn recipients(&self, session: &Session, names: &[String]) -> Result<Vec<Recipient>> {
        let keys = names
            .iter()
            .map(|name| session.logical(name))
            .collect::<Result<Vec<_>>>()?;
        let sealing = Sealing {
            keys,
            suite: None,
            level: if self.message_level {
                Level::Message
            } else {
                Level::DataKey
            },
            hidden: self.hidden,
            public_keys: Vec::new(),
        };
        sealing.recipients(session).await
    }
}

/// The recipients of every logical key any one of which opens, by its name.
///
/// # Errors
/// When one of them cannot be used as configured.
pub(super) fn whole_keys(session: &Session) -> Result<BTreeMap<String, Vec<Recipient>>> {
    let mut keys = BTreeMap::new();
    for (name, key) in session.resolver().keys() {
        match session.resolver().recipients(key) {
            Ok(recipients) => drop(keys.insert(name.to_string(), recipients)),
            // What a person holds was never kept out by an outage.
            Err(ResolveError::NotSupplied { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(keys)
}

/// Of a record that this version cannot read.
pub(super) fn unreadable() -> Failure {
    let next = "run the command again without --resume";
    let message = "the record of this run was not written by this version of kmsctl";
    Failure::new("system.RunRecord", Exit::Failed, Party::Environment, message, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_survives_its_record() {
        let rotate = Order::Rotate {
            from: [("local://a".to_owned(), Some("3".to_owned()))].into(),
        };
        let rewrap = Order::Rewrap(Change {
            add: vec!["x".to_owned()],
            redeal: true,
            ..Change::default()
        });
        for order in [rotate, rewrap] {
            let plan = order.plan(&["/data".into()]).unwrap();
            assert_eq!(Order::of(&plan).unwrap(), order);
        }
        let foreign = Plan {
            operation: "rotate".to_owned(),
            keys: Vec::new(),
            version: None,
            paths: Vec::new(),
        };
        assert!(Order::of(&foreign).is_err());
    }
}

//! Keys as they are shown.

use std::fmt;

use kms_core::crypto::signature::SignatureScheme;
use kms_providers::config::{LogicalKey, Member, Recipients};
use kms_providers::{KeyState, KeySummary, VersionSummary};
use serde::Serialize;

use crate::printable::{count, time};

/// A key of a provider.
#[derive(Debug, Clone, Serialize)]
pub(super) struct KeyView {
    /// Its URI.
    pub(super) key: String,
    /// What its provider's users call it, where the URI does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The provider, as configured.
    pub(super) provider: String,
    /// `enabled`, `disabled`, `pending-destruction` or `destroyed`.
    state: &'static str,
    /// When it will be erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<String>,
    /// When it was made.
    created: Option<String>,
    /// The version that new envelopes use.
    pub(super) current: Option<String>,
    /// Of a key pair: its mechanism.
    #[serde(skip_serializing_if = "Option::is_none")]
    kem: Option<&'static str>,
    /// Of a signature key: its scheme.
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<&'static str>,
    /// Of a root: what is derived from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    derives: Option<&'static str>,
    /// Of a key of tokens: that it is one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    fpe: bool,
    /// Its versions, oldest first.
    pub(super) versions: Vec<VersionView>,
}

/// A version of a key.
#[derive(Debug, Clone, Serialize)]
pub(super) struct VersionView {
    pub(super) version: String,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<String>,
    created: Option<String>,
}

/// A configured name.
#[derive(Debug, Clone, Serialize)]
pub(super) struct NameView {
    /// The name.
    name: String,
    /// Members needed: 1 where any opens.
    threshold: u8,
    /// The keys.
    members: Vec<String>,
    /// The suite of new envelopes, where it is said.
    suite: Option<&'static str>,
}

impl KeyView {
    pub(super) fn new(provider: &str, key: &KeySummary) -> Self {
        let (state, due) = state(key.state);
        let current = key.versions.iter().find(|version| version.primary);
        Self {
            key: key.uri.to_string(),
            name: key.name.as_ref().map(ToString::to_string),
            provider: provider.to_owned(),
            state,
            due,
            created: key.created.map(time),
            current: current.map(|version| version.version.clone()),
            kem: key.kem.map(kms_core::Kem::name),
            signature: key.signature.map(SignatureScheme::name),
            derives: key.derives.then_some("attribute-keys"),
            fpe: key.fpe,
            versions: key.versions.iter().map(VersionView::from).collect(),
        }
    }
}

impl KeyView {
    /// Its name for people: that of its provider's users, or the last part of its URI.
    pub(super) fn name_or_uri_name(&self) -> String {
        let last = || self.key.rsplit(['/', ':']).next().unwrap_or(&self.key);
        self.name.clone().unwrap_or_else(|| last().to_owned())
    }

    /// Its state and, where it is to be erased, when.
    pub(super) fn state_text(&self) -> String {
        match &self.due {
            Some(due) => format!("{} due {due}", self.state),
            None => self.state.to_owned(),
        }
    }
}

impl From<&VersionSummary> for VersionView {
    fn from(summary: &VersionSummary) -> Self {
        let (state, due) = state(summary.state);
        Self {
            version: summary.version.clone(),
            state,
            due,
            created: summary.created.map(time),
        }
    }
}

impl NameView {
    pub(super) fn new(name: &str, key: &LogicalKey) -> Self {
        Self {
            name: name.to_owned(),
            threshold: match key.recipients {
                Recipients::Quorum { k, .. } => k,
                _ => 1,
            },
            members: key.recipients.members().iter().map(member).collect(),
            suite: key.suite.map(kms_core::Suite::name),
        }
    }
}

impl fmt::Display for KeyView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<32} {:<20}", self.key, self.state)?;
        if let Some(name) = &self.name {
            write!(f, " named {name}")?;
        }
        if let Some(current) = &self.current {
            write!(f, " version {current} of {}", self.versions.len())?;
        }
        if let Some(kem) = self.kem {
            write!(f, ", key pair ({kem})")?;
        }
        if let Some(scheme) = self.signature {
            write!(f, ", signature key ({scheme})")?;
        }
        if self.derives.is_some() {
            f.write_str(", root of attribute keys")?;
        }
        if self.fpe {
            f.write_str(", key of tokens")?;
        }
        match &self.due {
            Some(due) => write!(f, " due {due}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for VersionView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "version {:<4} {:<20}", self.version, self.state)?;
        if let Some(created) = &self.created {
            write!(f, " made {created}")?;
        }
        match &self.due {
            Some(due) => write!(f, " due {due}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for NameView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<32} ", self.name)?;
        match self.threshold {
            1 => write!(f, "any of ")?,
            threshold => write!(f, "{threshold} of {} together: ", count(self.members.len(), "key"))?,
        }
        f.write_str(&self.members.join(", "))
    }
}

fn member(member: &Member) -> String {
    match &member.pq {
        None => member.key.uri.to_string(),
        Some(pq) => format!("{} with {}", member.key.uri, pq.uri),
    }
}

fn state(state: KeyState) -> (&'static str, Option<String>) {
    match state {
        KeyState::Enabled => ("enabled", None),
        KeyState::Disabled => ("disabled", None),
        KeyState::PendingDestruction { due } => ("pending-destruction", Some(time(due))),
        KeyState::Destroyed => ("destroyed", None),
        _ => ("unknown", None),
    }
}

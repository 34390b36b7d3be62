//! Grants as they are shown.

use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use kms_core::akd::{Grant, Usage};
use kms_providers::grants::Statement;
use serde::Serialize;

use crate::printable::{Printable, hex, time};

/// What is said about a grant in public.
#[derive(Debug, Clone, Serialize)]
pub(super) struct GrantView {
    pub(super) grant: String,
    pub(super) grantee: String,
    tree: String,
    schema: String,
    usages: Vec<&'static str>,
    /// First and last.
    epochs: [u16; 2],
    issued: String,
    expires: String,
}

/// What is in it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct NodeView {
    usage: &'static str,
    /// Everything at and below it.
    node: String,
}

impl GrantView {
    pub(super) fn new(statement: &Statement) -> Self {
        Self {
            grant: hex(&statement.id),
            grantee: statement.grantee.clone(),
            tree: statement.tree.to_string(),
            schema: hex(&statement.schema),
            usages: statement.usages.iter().copied().map(Usage::name).collect(),
            epochs: [statement.epochs.0, statement.epochs.1],
            issued: seconds(statement.issued),
            expires: seconds(statement.not_after),
        }
    }
}

pub(super) fn nodes(grant: &Grant) -> Vec<NodeView> {
    let view = |node: &kms_core::akd::NodeKey| NodeView {
        usage: node.usage().name(),
        node: node.path().display(grant.schema()).to_string(),
    };
    grant.nodes().iter().map(view).collect()
}

/// A time that a statement tells. What the system cannot tell is shown as the number it is.
fn seconds(seconds: u64) -> String {
    match UNIX_EPOCH.checked_add(Duration::from_secs(seconds)) {
        // The calendar of the formatter ends there.
        Some(moment) if seconds < 253_402_300_800 => time(moment),
        _ => seconds.to_string(),
    }
}

impl fmt::Display for GrantView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, last] = self.epochs;
        write!(
            f,
            "{} to {}: {} in epochs {first} to {last}, until {}",
            self.grant,
            Printable(&self.grantee),
            self.usages.join(", "),
            self.expires
        )
    }
}

impl fmt::Display for NodeView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<10} {}", self.usage, Printable(&self.node))
    }
}

//! An inventory as a whole, and its forms: what it is made of, CycloneDX and a page.

mod cbom;
mod html;

use std::collections::BTreeMap;

use kms_core::Posture;
use serde::Serialize;

pub use cbom::{Serial, cbom};
pub use html::html;

use crate::finding::{Exposure, Finding, Priority};
use crate::time::Time;

/// An inventory.
#[derive(Debug, Clone)]
pub struct Report {
    /// What was found: most pressing first, then by place.
    pub findings: Vec<Finding>,
    /// Totals.
    pub summary: Summary,
    /// As of when.
    pub at: Time,
}

/// How much was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Files.
    pub files: u64,
    /// Their sizes together; most of it is never read.
    pub bytes: u64,
}

/// Totals of an inventory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// How much was looked at.
    #[serde(flatten)]
    pub tally: Tally,
    /// Findings.
    pub findings: u64,
    /// By priority: a finding counts once.
    pub priorities: BTreeMap<Priority, u64>,
    /// Of a classical posture.
    pub classical: u64,
    /// Post-quantum or hedged.
    pub quantum_safe: u64,
    /// Of an unknown posture.
    pub unknown: u64,
    /// Whose content can be recorded now and opened later.
    pub harvest: u64,
    /// Weak already.
    pub weak: u64,
    /// Due now.
    pub due: u64,
    /// That could not be read.
    pub unreadable: u64,
}

impl Report {
    /// An inventory of `findings`, as of `at`.
    #[must_use]
    pub fn new(findings: impl IntoIterator<Item = Finding>, tally: Tally, at: Time) -> Self {
        let mut findings: Vec<_> = findings.into_iter().collect();
        findings.sort_by(|a, b| {
            let key = |finding: &Finding| (finding.verdict.priority, finding.verdict.exposure);
            key(a).cmp(&key(b)).then_with(|| a.asset.place.cmp(&b.asset.place))
        });
        let mut summary = Summary {
            tally,
            ..Summary::default()
        };
        for priority in Priority::ALL {
            summary.priorities.insert(priority, 0);
        }
        findings.iter().for_each(|finding| summary.count(finding));
        Self { findings, summary, at }
    }
}

impl Summary {
    fn count(&mut self, finding: &Finding) {
        let one = |counter: &mut u64, counts: bool| *counter += u64::from(counts);
        self.findings += 1;
        *self.priorities.entry(finding.verdict.priority).or_default() += 1;
        one(&mut self.classical, finding.asset.posture == Some(Posture::Classical));
        one(
            &mut self.quantum_safe,
            finding
                .asset
                .posture
                .is_some_and(|posture| posture > Posture::Classical),
        );
        one(&mut self.unknown, finding.asset.posture.is_none());
        one(&mut self.harvest, finding.verdict.exposure == Exposure::Harvest);
        one(&mut self.weak, !finding.verdict.weaknesses.is_empty());
        one(&mut self.due, finding.is_due());
        one(&mut self.unreadable, finding.asset.fault.is_some());
    }
}

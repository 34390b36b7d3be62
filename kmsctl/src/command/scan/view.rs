//! An inventory on a terminal, and as JSON lines (docs/scan.md).

use std::fmt;

use kms_scan::{Due, DueReason, Finding, Priority, Report, Role, Summary};
use serde::Serialize;

use crate::printable::{Printable, count};

/// A finding as a JSON line.
#[derive(Serialize)]
pub(super) struct FindingView<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    finding: &'a Finding,
}

/// Findings in groups of one priority and one advice.
#[derive(Serialize)]
pub(super) struct Table<'a> {
    #[serde(skip)]
    report: &'a Report,
    #[serde(skip)]
    all: bool,
}

/// Totals.
#[derive(Serialize)]
pub(super) struct SummaryView<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    at: String,
    #[serde(flatten)]
    summary: &'a Summary,
    #[serde(skip)]
    all: bool,
}

impl<'a> FindingView<'a> {
    pub(super) fn new(finding: &'a Finding) -> Self {
        Self {
            kind: "finding",
            finding,
        }
    }
}

impl<'a> Table<'a> {
    pub(super) fn new(report: &'a Report, all: bool) -> Self {
        Self { report, all }
    }
}

impl<'a> SummaryView<'a> {
    pub(super) fn new(report: &'a Report, all: bool) -> Self {
        Self {
            kind: "summary",
            at: report.at.to_string(),
            summary: &report.summary,
            all,
        }
    }
}

impl fmt::Display for FindingView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&row(self.finding).join("  "))
    }
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |finding: &&Finding| self.all || finding.verdict.priority != Priority::Fine;
        let mut findings: Vec<_> = self.report.findings.iter().filter(shown).collect();
        let group = |finding: &Finding| (finding.verdict.priority, finding.verdict.advice.clone());
        findings.sort_by_key(|finding| group(finding));
        for same in findings.chunk_by(|a, b| group(a) == group(b)) {
            let (priority, advice) = group(same[0]);
            writeln!(f, "{}: {advice}", priority.text())?;
            let rows: Vec<_> = same.iter().map(|finding| row(finding)).collect();
            let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
            let widths = [width(0), width(1), width(2)];
            for [what, algorithm, posture, rest] in &rows {
                let [a, b, c] = widths;
                writeln!(f, "  {what:a$}  {algorithm:b$}  {posture:c$}  {rest}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for SummaryView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let summary = self.summary;
        let of = |priority| summary.priorities.get(&priority).copied().unwrap_or_default();
        write!(
            f,
            "{} in {}",
            count(summary.findings, "finding"),
            count(summary.tally.files, "file")
        )?;
        let parts = Priority::ALL.iter().filter(|priority| of(**priority) > 0);
        for (at, priority) in parts.enumerate() {
            let sign = if at == 0 { ':' } else { ',' };
            write!(f, "{sign} {} {}", of(*priority), priority.text())?;
        }
        if of(Priority::Fine) > 0 && !self.all {
            f.write_str(" (--all lists these too)")?;
        }
        Ok(())
    }
}

/// What, by what, how strong; and where, with its name, times and faults.
fn row(finding: &Finding) -> [String; 4] {
    let asset = &finding.asset;
    let algorithm = asset.deciding().or_else(|| asset.algorithm(Role::AtRest));
    let algorithm = algorithm.map_or("-", |algorithm| &algorithm.name);
    let posture = match asset.posture {
        Some(posture) => crate::envelope::posture_name(posture),
        None => "unknown",
    };
    let mut rest = Printable(&asset.place.text()).to_string();
    if let Some(name) = &asset.name {
        rest.push_str(&format!("  {}", Printable(name)));
    }
    let mut facts: Vec<String> = finding
        .verdict
        .weaknesses
        .iter()
        .map(|weakness| weakness.text().to_owned())
        .collect();
    facts.extend(finding.verdict.due.map(due_text));
    facts.extend(
        asset
            .fault
            .iter()
            .map(|fault| format!("looks like a {}, cannot be read: {fault}", asset.kind.text())),
    );
    if !facts.is_empty() {
        rest.push_str(&format!("  ({})", facts.join("; ")));
    }
    [
        asset.kind.text().to_owned(),
        Printable(algorithm).to_string(),
        posture.to_owned(),
        rest,
    ]
}

fn due_text(due: Due) -> String {
    match due.reason {
        DueReason::Expires if due.now => format!("ends {}", due.at.day()),
        DueReason::Expires => format!("until {}", due.at.day()),
        DueReason::OldVersion => "under an older key version".to_owned(),
        _ if due.now => format!("due since {}", due.at.day()),
        _ => format!("due {}", due.at.day()),
    }
}

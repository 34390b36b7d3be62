//! Findings in tables.

use std::fmt::Write;

use super::markup::escaped;
use crate::algorithm::posture_name;
use crate::asset::Role;
use crate::finding::{Due, DueReason, Finding};
use crate::time::Time;

/// The findings of one priority, grouped by what is to be done.
pub(super) fn findings(findings: &[&Finding]) -> String {
    let shown = &findings[..findings.len().min(MOST_ROWS)];
    let rows: String = shown.iter().map(|finding| row(finding)).collect();
    let more = match findings.len() - shown.len() {
        0 => String::new(),
        hidden => format!(
            "<p class=\"more\">and {} more: <code>kmsctl scan --json</code> has them all</p>",
            number(hidden as u64)
        ),
    };
    format!(
        "<div class=\"scroll\"><table><thead><tr><th>Where</th><th>What</th><th>Protected by</th><th>Since / due</th>\
         <th>What to do</th></tr></thead><tbody>{rows}</tbody></table></div>{more}"
    )
}

/// A number with its thousands apart.
pub(super) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

fn row(finding: &Finding) -> String {
    let asset = &finding.asset;
    let name = asset
        .name
        .as_deref()
        .map(|name| format!("<small>{}</small>", escaped(name)));
    format!(
        "<tr><td class=\"where\">{}</td><td>{}{}</td><td>{}</td><td>{}</td><td class=\"todo\">{}</td></tr>",
        place(finding),
        asset.kind.text(),
        name.unwrap_or_default(),
        protection(finding),
        times(finding),
        advice(finding),
    )
}

/// The file's name is what one looks for; its folder is there to be found.
fn place(finding: &Finding) -> String {
    let text = finding.asset.place.text();
    match text.rsplit_once('/').filter(|_| finding.asset.place.path().is_some()) {
        Some((folder, name)) => format!("{}<small>{}/</small>", escaped(name), escaped(folder)),
        None => escaped(&text),
    }
}

fn protection(finding: &Finding) -> String {
    let asset = &finding.asset;
    let mut cell = String::new();
    if let Some(algorithm) = asset.deciding().or_else(|| asset.algorithm(Role::AtRest)) {
        let _ = write!(cell, "{} ", escaped(&algorithm.name));
    }
    let posture = asset.posture.map_or("unknown", posture_name);
    let _ = write!(cell, "<span class=\"tag {posture}\">{posture}</span>");
    let mut small = Vec::new();
    small.extend(
        asset
            .recipients
            .iter()
            .take(MOST_RECIPIENTS)
            .map(|recipient| escaped(&recipient.id)),
    );
    if asset.recipients.len() > MOST_RECIPIENTS {
        small.push(format!("and {} more", asset.recipients.len() - MOST_RECIPIENTS));
    }
    let signed_by = asset.algorithm(Role::Signature);
    small.extend(signed_by.map(|algorithm| format!("signed by {}", escaped(&algorithm.name))));
    if asset.in_clear {
        small.push("secret key in clear".to_owned());
    }
    small.extend(asset.notes.iter().map(|note| escaped(note)));
    if !small.is_empty() {
        let _ = write!(cell, "<small>{}</small>", small.join(" · "));
    }
    cell
}

fn times(finding: &Finding) -> String {
    let asset = &finding.asset;
    let made = match (asset.created, asset.modified) {
        (Some(created), _) => day(created),
        (None, Some(modified)) => format!("file of {}", day(modified)),
        (None, None) => "–".to_owned(),
    };
    match finding.verdict.due {
        Some(due) => format!(
            "{made}<small{}>{}</small>",
            if due.now { " class=\"late\"" } else { "" },
            due_text(due)
        ),
        None => made,
    }
}

/// A day that is not broken at its hyphens.
fn day(time: Time) -> String {
    format!("<span class=\"day\">{}</span>", time.day())
}

fn due_text(due: Due) -> String {
    match due.reason {
        DueReason::Expires => format!("until {}", day(due.at)),
        DueReason::Age => format!("rotate by {}", day(due.at)),
        DueReason::OldVersion => "under an older key version".to_owned(),
    }
}

fn advice(finding: &Finding) -> String {
    let weaknesses = finding.verdict.weaknesses.iter();
    let tags: String = weaknesses
        .map(|weakness| format!("<span class=\"tag weak\">{}</span> ", weakness.text()))
        .collect();
    let fault = finding
        .asset
        .fault
        .as_deref()
        .map(|fault| format!("<span class=\"tag unknown\">{}</span> ", escaped(fault)));
    format!(
        "{tags}{}{}",
        fault.unwrap_or_default(),
        with_code(&finding.verdict.advice)
    )
}

/// Advice, its commands set as such. It is ours, and still escaped.
fn with_code(advice: &str) -> String {
    let parts = advice.split('`').enumerate().map(|(at, part)| match at % 2 {
        0 => escaped(part),
        _ => format!("<code>{}</code>", escaped(part)),
    });
    parts.collect()
}

const MOST_ROWS: usize = 500;
const MOST_RECIPIENTS: usize = 4;

//! Pictures, as inline SVG: their colours come from the style sheet, so they follow light and dark.

use std::collections::BTreeMap;
use std::fmt::Write;

use kms_core::Posture;

use super::Report;
use super::markup::escaped;
use super::tables::number;
use crate::asset::AssetKind;
use crate::finding::{Exposure, Finding};

/// What a later quantum computer would give away, as one bar over all findings.
pub(super) fn exposure_bar(report: &Report) -> String {
    let count = |wanted: Exposure| {
        let of_it = report
            .findings
            .iter()
            .filter(|finding| finding.verdict.exposure == wanted);
        of_it.count() as u64
    };
    let parts = [
        ("exposed", count(Exposure::Harvest), "secrets that can be harvested now"),
        ("due", count(Exposure::Possible), "the same, if used to encrypt"),
        ("migrate", count(Exposure::Forgery), "signatures"),
        ("unclear", count(Exposure::Unknown), "unknown"),
        ("fine", count(Exposure::None), "nothing known to fall"),
    ];
    let all = parts.iter().map(|(_, count, _)| count).sum::<u64>();
    if all == 0 {
        return String::new();
    }
    let (mut bar, mut legend, mut at) = (String::new(), String::new(), 0);
    for (class, count, name) in parts.iter().filter(|(_, count, _)| *count > 0) {
        let (start, end) = (WIDTH * at / all, WIDTH * (at + count) / all);
        at += count;
        let width = (end - start).max(2).saturating_sub(2).max(1);
        let _ = write!(
            bar,
            "<rect class=\"{class}\" x=\"{start}\" y=\"0\" width=\"{width}\" height=\"26\" rx=\"4\"><title>{name}: {count}</title></rect>"
        );
        let _ = write!(
            legend,
            "<li><i class=\"dot {class}\"></i>{name} <b>{}</b></li>",
            number(*count)
        );
    }
    format!(
        "<section class=\"card\"><h2>What a quantum computer would give away</h2>\
         <svg class=\"bar\" viewBox=\"0 0 {WIDTH} 26\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"exposure\">{bar}</svg>\
         <ul class=\"legend\">{legend}</ul></section>\n"
    )
}

/// The algorithms that decide, most frequent first.
pub(super) fn algorithms(report: &Report) -> String {
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for finding in &report.findings {
        if let Some(algorithm) = finding.asset.deciding() {
            let class = match (algorithm.weakness, algorithm.posture) {
                (Some(_), _) => "weak",
                (None, Some(Posture::Classical)) => "migrate",
                (None, Some(_)) => "fine",
                (None, None) => "unclear",
            };
            *counts.entry((&algorithm.name, class)).or_default() += 1;
        }
    }
    let mut rows: Vec<_> = counts
        .into_iter()
        .map(|((name, class), count)| (name, class, count))
        .collect();
    rows.sort_by(|a, b| b.2.cmp(&a.2).then(a.0.cmp(b.0)));
    let hidden = rows.len().saturating_sub(MOST_ROWS);
    rows.truncate(MOST_ROWS);
    let more = match hidden {
        0 => String::new(),
        hidden => format!("<p class=\"more\">and {hidden} more</p>"),
    };
    format!(
        "<section class=\"card\"><h2>What protects</h2>{}{more}</section>",
        bars(&rows)
    )
}

/// How old keys are.
pub(super) fn ages(report: &Report) -> String {
    let is_key = |finding: &&Finding| {
        let kind = finding.asset.kind;
        matches!(
            kind,
            AssetKind::ProviderKey | AssetKind::PrivateKey | AssetKind::Certificate
        )
    };
    let ages: Vec<_> = report
        .findings
        .iter()
        .filter(is_key)
        .filter_map(|finding| finding.verdict.age_days)
        .collect();
    let mut rows = Vec::new();
    for (at, (name, from)) in AGES.iter().enumerate() {
        let until = AGES.get(at + 1).map_or(u64::MAX, |next| next.1);
        let count = ages.iter().filter(|age| (*from..until).contains(age)).count() as u64;
        let class = if *from >= 365 { "due" } else { "fine" };
        rows.push((*name, class, count));
    }
    let body = match ages.is_empty() {
        true => "<p class=\"more\">No keys or certificates of known age.</p>".to_owned(),
        false => bars(&rows),
    };
    format!("<section class=\"card\"><h2>Age of keys and certificates</h2>{body}</section>\n")
}

fn bars(rows: &[(&str, &str, u64)]) -> String {
    let most = rows.iter().map(|(_, _, count)| *count).max().unwrap_or(0).max(1);
    let mut list = String::new();
    for (name, class, count) in rows {
        let width = (WIDTH * count / most).max(u64::from(*count > 0) * 12);
        let _ = write!(
            list,
            "<li><span>{}</span><svg viewBox=\"0 0 {WIDTH} 12\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
             <rect class=\"{class}\" width=\"{width}\" height=\"12\"/></svg><b>{}</b></li>",
            escaped(name),
            number(*count)
        );
    }
    format!("<ul class=\"bars\">{list}</ul>")
}

const WIDTH: u64 = 1000;
const MOST_ROWS: usize = 8;
/// A name, and the days from which it holds.
const AGES: &[(&str, u64)] = &[
    ("up to 90 days", 0),
    ("90 days to 1 year", 91),
    ("1 to 2 years", 365),
    ("2 to 5 years", 730),
    ("over 5 years", 1826),
];

//! An inventory as a page: one file, no script, nothing loaded from elsewhere, and a policy in it that says so. Printed
//! or mailed, it stays what it is.

mod charts;
mod markup;
mod tables;

use data_encoding::BASE64;
use kms_core::crypto::CryptoBackend;

use super::Report;
use crate::finding::Priority;
use charts::{ages, algorithms, exposure_bar};
use markup::escaped;
use tables::{findings, number};

/// The page, under this title.
#[must_use]
pub fn html(report: &Report, title: &str) -> String {
    let title = escaped(title);
    let at = report.at.to_string().replace('T', " ").replace('Z', " UTC");
    let body = [
        header(&title, &at, report),
        tiles(report),
        exposure_bar(report),
        format!("<div class=\"pair\">{}{}</div>", algorithms(report), ages(report)),
        sections(report),
        footer(),
    ]
    .concat();
    // What a person has written into a file must never run or load anything here, whatever the escaping missed.
    let hash = BASE64.encode(&CryptoBackend::default().hash.digest(&[STYLE.as_bytes()]));
    let policy = format!("default-src 'none'; style-src 'sha512-{hash}'; base-uri 'none'; form-action 'none'");
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )
}

fn header(title: &str, at: &str, report: &Report) -> String {
    let tally = report.summary.tally;
    let files = match tally.files {
        0 => String::new(),
        files => format!(" · {} files, {}", number(files), bytes(tally.bytes)),
    };
    format!(
        "<header><h1>{title}</h1><p>As of {at}{files}</p><p class=\"lead\">{}</p></header>\n",
        verdict(report)
    )
}

/// The page in one sentence.
fn verdict(report: &Report) -> String {
    let summary = &report.summary;
    let harvest = match summary.harvest {
        0 => "Nothing that was found keeps secrets by classical cryptography alone.".to_owned(),
        1 => "<b>One asset</b> keeps secrets that can be recorded today and opened by a later quantum computer."
            .to_owned(),
        many => format!(
            "<b>{} assets</b> keep secrets that can be recorded today and opened by a later quantum computer.",
            number(many)
        ),
    };
    match (summary.findings, summary.weak) {
        (0, _) => "Nothing was found.".to_owned(),
        (_, 0) => harvest,
        (_, 1) => format!("{harvest} <b>One</b> is weak already."),
        (_, weak) => format!("{harvest} <b>{}</b> are weak already.", number(weak)),
    }
}

fn tiles(report: &Report) -> String {
    let summary = &report.summary;
    let tile = |class: &str, count: u64, name: &str, hint: &str| {
        let class = if count == 0 && class != "fine" { "quiet" } else { class };
        format!(
            "<li class=\"tile {class}\"><strong>{}</strong><span>{name}</span><small>{hint}</small></li>",
            number(count)
        )
    };
    [
        "<ul class=\"tiles\">".to_owned(),
        tile(
            "weak",
            summary.weak,
            "weak today",
            "breakable without a quantum computer",
        ),
        tile(
            "exposed",
            summary.harvest,
            "harvest now, decrypt later",
            "classical, and keeps secrets",
        ),
        tile("due", summary.due, "due now", "to be rotated, renewed or rewrapped"),
        tile(
            "migrate",
            summary.priorities[&Priority::Migrate],
            "to migrate",
            "classical, no secret at stake yet or use unknown",
        ),
        tile(
            "unclear",
            summary.priorities[&Priority::Unclear],
            "unclear",
            "not readable, or of unknown algorithms",
        ),
        tile("fine", summary.quantum_safe, "quantum-safe", "post-quantum or hedged"),
        "</ul>\n".to_owned(),
    ]
    .concat()
}

/// A section for each priority, most pressing first; what is in order is folded.
fn sections(report: &Report) -> String {
    let section = |priority: &Priority| {
        let of_it: Vec<_> = report
            .findings
            .iter()
            .filter(|finding| finding.verdict.priority == *priority)
            .collect();
        let (name, why) = words(*priority);
        let class = class(*priority);
        let head = format!(
            "<h2><i class=\"dot {class}\"></i>{name} <em>{}</em></h2>",
            number(of_it.len() as u64)
        );
        match of_it.as_slice() {
            [] => String::new(),
            some if *priority == Priority::Fine => {
                format!(
                    "<details><summary>{head}</summary><p>{why}</p>{}</details>\n",
                    findings(some)
                )
            }
            some => format!("<section>{head}<p>{why}</p>{}</section>\n", findings(some)),
        }
    };
    let all: String = Priority::ALL.iter().map(section).collect();
    format!("<h2 class=\"part\">What to do first</h2>\n{all}")
}

fn words(priority: Priority) -> (&'static str, &'static str) {
    match priority {
        Priority::Weak => (
            "Weak today",
            "These can be attacked now, without a quantum computer. Replace them first.",
        ),
        Priority::Exposed => (
            "Harvest now, decrypt later",
            "Who records these today can read them when classical cryptography falls. Longest-lived secrets first.",
        ),
        Priority::Due => (
            "Due",
            "Keys past their age, certificates near their end, envelopes under an older key version.",
        ),
        Priority::Migrate => (
            "To migrate in time",
            "Signatures stay sound until the day they can be forged; keys that may encrypt need a look at their use.",
        ),
        Priority::Unclear => (
            "Unclear",
            "Damaged, opaque, or protected by something that this version does not know.",
        ),
        Priority::Fine => ("In order", "Post-quantum or hedged, strong, and not due."),
    }
}

fn class(priority: Priority) -> &'static str {
    match priority {
        Priority::Weak => "weak",
        Priority::Exposed => "exposed",
        Priority::Due => "due",
        Priority::Migrate => "migrate",
        Priority::Unclear => "unclear",
        Priority::Fine => "fine",
    }
}

fn bytes(count: u64) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let (mut count, mut unit) = (count, 0);
    while count >= 10 * 1024 && unit + 1 < units.len() {
        (count, unit) = (count / 1024, unit + 1);
    }
    format!("{} {}", number(count), units[unit])
}

fn footer() -> String {
    format!(
        "<footer><p><b>Classical</b> falls to a quantum computer. <b>Post-quantum</b> rests on one new assumption; \
         <b>hedged</b> on none, being symmetric, or on two of which both must fall.</p><p>Nothing here is authenticated: \
         an inventory reads what files say of themselves. Ages without a date in the file are those of the file. \
         Made by kmsctl {}.</p></footer>\n",
        env!("CARGO_PKG_VERSION")
    )
}

const STYLE: &str = include_str!("style.css");

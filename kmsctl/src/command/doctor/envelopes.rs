//! Envelopes: runs that were broken off, what crashes have left, shares that no open has used.

use std::path::{Path, PathBuf};

use kms_core::{Header, Rewrapper, ShareCheck, caps};
use kms_providers::files::{Campaign, DiscoverOptions, Found, Leftover, discover, find_payload, read_header, recover};

use super::Report;
use crate::args::ContextArgs;
use crate::failure::{Failure, Result};
use crate::printable::{Printable, count};
use crate::session::Session;

/// Runs that did not come to their end.
pub(super) fn runs(session: &Session, report: &mut Report<'_>) {
    match Campaign::runs(session.home().dir()) {
        Err(error) => report.fail("runs", &error.into()),
        Ok(runs) => {
            let broken: Vec<_> = runs.iter().filter(|run| !run.finished).collect();
            for run in &broken {
                let detail = format!("{} did not come to its end: {}", run.id, run.plan.operation);
                report.warn("runs", detail, "`kmsctl rotate --resume` or `kmsctl rewrap --resume`");
            }
            if broken.is_empty() {
                report.ok("runs", format!("{}, all at their end", count(runs.len(), "run")));
            }
        }
    }
}

/// What crashes have left below `paths`.
pub(super) fn leftovers(paths: &[PathBuf], repair: bool, report: &mut Report<'_>) {
    if paths.is_empty() {
        return;
    }
    let mut envelopes = 0;
    for found in discover(paths, &DiscoverOptions::default()) {
        match found {
            Err(error) => report.fail("leftovers", &error.into()),
            Ok(Found::Envelope { .. }) => envelopes += 1,
            Ok(Found::Leftover { path, what }) => leftover(&path, &what, paths, repair, report),
            Ok(_) => {}
        }
    }
    report.ok("envelopes", format!("{} found", count(envelopes, "envelope")));
}

fn leftover(path: &Path, what: &Leftover, paths: &[PathBuf], repair: bool, report: &mut Report<'_>) {
    let shown = path.display().to_string();
    let shown = Printable(&shown);
    match what {
        Leftover::OrphanSidecar { .. } => orphan(path, paths, report),
        Leftover::Journal { of } | Leftover::Temporary { of } if repair => match recover(of) {
            Ok(_) => report.ok("leftovers", format!("{shown}: put right")),
            Err(error) => report.fail("leftovers", &error.into()),
        },
        _ => report.warn(
            "leftovers",
            format!("{shown}: left by a crash"),
            "say --repair to put it right",
        ),
    }
}

/// A header without payload: where is it?
fn orphan(path: &Path, paths: &[PathBuf], report: &mut Report<'_>) {
    let candidates = || -> Result<Vec<PathBuf>> {
        let header = read_header(path, caps::RECIPIENTS_HARD)?.header;
        Ok(find_payload(&header, paths)
            .filter_map(std::result::Result::ok)
            .collect())
    };
    let shown = path.display().to_string();
    let detail = format!("{}: its payload is not beside it", Printable(&shown));
    match candidates() {
        Err(failure) => report.fail("leftovers", &failure),
        Ok(found) if found.is_empty() => report.warn("leftovers", detail, "look for it in other folders"),
        Ok(found) => {
            let places: Vec<_> = found.iter().map(|path| path.display().to_string()).collect();
            report.warn(
                "leftovers",
                detail,
                format!("found at {}: put them together", places.join(", ")),
            );
        }
    }
}

/// Opens every share that a configured key can open.
pub(super) async fn shares(session: &Session, paths: &[PathBuf], context: &ContextArgs, report: &mut Report<'_>) {
    if paths.is_empty() {
        return;
    }
    let rewrapper = match rewrapper(session, context).await {
        Ok(rewrapper) => rewrapper,
        Err(failure) => return report.fail("shares", &failure),
    };
    for found in discover(paths, &DiscoverOptions::default()) {
        let looked = found.map_err(Failure::from).and_then(|found| match found {
            Found::Envelope { path, .. } => {
                let header = read_header(&path, caps::RECIPIENTS_HARD)?.header;
                Ok(Some((path, header)))
            }
            _ => Ok(None),
        });
        match looked {
            Err(failure) => report.fail("shares", &failure),
            Ok(Some((path, header))) if header.quorums().next().is_some() => {
                shares_of(&rewrapper, &path, &header, report).await;
            }
            Ok(_) => {}
        }
    }
}

async fn rewrapper(session: &Session, context: &ContextArgs) -> Result<Rewrapper> {
    let opener = session.opener(session.open_policy()).await?;
    Ok(Rewrapper::new(opener.require(context.context()?)))
}

async fn shares_of(rewrapper: &Rewrapper, path: &Path, header: &Header, report: &mut Report<'_>) {
    let shown = path.display().to_string();
    let shown = Printable(&shown);
    let checks = match rewrapper.check_shares(header).await {
        Ok(checks) => checks.concat(),
        Err(error) => return report.fail("shares", &Failure::from(error).at(path)),
    };
    let number = |wanted: ShareCheck| checks.iter().filter(|check| **check == wanted).count();
    let (good, damaged) = (number(ShareCheck::Verified), number(ShareCheck::Damaged));
    let detail = format!("{shown}: {good} of {} shares open", checks.len());
    if damaged > 0 {
        let next = "rewrap with --to KEY --redeal while enough of them are good";
        report.warn("shares", format!("{detail}, {damaged} DAMAGED"), next);
    } else if good < checks.len() {
        report.ok(
            "shares",
            format!("{detail}; the keys of the others are not configured here"),
        );
    } else {
        report.ok("shares", detail);
    }
}

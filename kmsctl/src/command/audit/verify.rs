//! `kmsctl audit verify`.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use kms_core::audit::HeaderMark;
use kms_core::{Header, caps};
use kms_providers::audit::{AuditLog, HeaderFinding, HeaderState, Report};
use kms_providers::files::{DiscoverOptions, Found, discover, read_header};
use kms_providers::signing::VerifierKey;
use serde::Serialize;

use super::{LogArgs, own_verifier};
use crate::App;
use crate::command::verify::pinned;
use crate::exit::Exit;
use crate::failure::{Failure, Party, Result};
use crate::printable::Printable;

/// Verify the whole log, and headers against it
///
/// Reads every entry, rebuilds the tree, and checks the signature. Uses of keys that began and have no end are listed:
/// a crash explains them. With --headers, envelopes whose header is older than the last that the log has (put back
/// from a backup, say) are found, and headers that were made outside of it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Verify {
    #[command(flatten)]
    log: LogArgs,
    /// Public key of the log, as `kmsctl audit checkpoint --key` showed it, or a file that holds it; without it, that
    /// of the home
    #[arg(long, value_name = "KEY")]
    pin: Option<String>,
    /// A checkpoint that was kept elsewhere: the log must go on from it
    #[arg(long, value_name = "FILE")]
    kept: Option<PathBuf>,
    /// Files, folders or patterns of envelopes whose headers are compared with the log
    #[arg(long, value_name = "PATH", num_args = 1..)]
    headers: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Verdict {
    intact: bool,
    #[serde(flatten)]
    report: Report,
    /// Whether the log goes on from the kept checkpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    continues_kept: Option<bool>,
}

#[derive(Serialize)]
struct HeaderView {
    header: PathBuf,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    logged_sequence: Option<u64>,
}

impl Verify {
    /// Runs the command.
    ///
    /// # Errors
    /// When the log or a header cannot be read.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let log = self.log.open(app)?;
        let verifier = self.verifier(app)?;
        let report = log.verify(&verifier)?;
        let continues_kept = self
            .kept
            .as_deref()
            .map(|kept| continues(&log, kept, &verifier))
            .transpose()?;
        let verdict = Verdict {
            intact: report.is_intact(),
            report,
            continues_kept,
        };
        app.out.answer(&verdict);
        let headers_fit = self.compare_headers(app, &log)?;
        let good = verdict.intact && verdict.continues_kept != Some(false) && headers_fit;
        Ok(if good { Exit::Done } else { Exit::Failed })
    }

    fn verifier(&self, app: &App) -> Result<VerifierKey> {
        match &self.pin {
            Some(key) => pinned(key, "`kmsctl audit checkpoint --key` shows it"),
            None if self.log.log.is_some() => Err(Failure::usage(
                "a copy of a log does not say whose it is",
                "give its public key with --pin",
            )),
            None => own_verifier(app),
        }
    }

    /// Whether every header is one that the log leads to.
    fn compare_headers(&self, app: &App, log: &AuditLog) -> Result<bool> {
        let mut headers = Vec::new();
        if !self.headers.is_empty() {
            for found in discover(&self.headers, &DiscoverOptions::default()) {
                if let Found::Envelope { path, .. } = found? {
                    let header = read_header(&path, caps::RECIPIENTS_HARD)?.header;
                    headers.push((path, header.immutable().message_id, mark(&header)));
                }
            }
        }
        let mut fit = true;
        for finding in log.verify_headers(headers)? {
            let view = HeaderView::from(&finding);
            fit &= view.fits();
            app.out.answer(&view);
        }
        Ok(fit)
    }
}

impl HeaderView {
    fn fits(&self) -> bool {
        !matches!(self.state, "rolled-back" | "forked")
    }
}

impl From<&HeaderFinding<PathBuf>> for HeaderView {
    fn from(finding: &HeaderFinding<PathBuf>) -> Self {
        let (state, logged) = match finding.state {
            HeaderState::Current => ("current", None),
            HeaderState::RolledBack { latest } => ("rolled-back", Some(latest)),
            HeaderState::Forked { logged } => ("forked", Some(logged)),
            HeaderState::Remade { other } => ("remade", Some(other)),
            HeaderState::Newer {
                latest,
                unfinished: true,
            } => ("newer-after-a-crash", Some(latest)),
            HeaderState::Newer { latest, .. } => ("newer", Some(latest)),
            _ => ("unknown", None),
        };
        Self {
            header: finding.label.clone(),
            state,
            logged_sequence: logged.map(|mark| mark.seq),
        }
    }
}

impl fmt::Display for HeaderView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.header.display().to_string();
        let what = match self.state {
            "current" => "current",
            "rolled-back" => {
                "ROLLED BACK: the log has a later header; put back, or its rewrap was broken off and not resumed"
            }
            "forked" => "FORKED: the log has another header with this sequence number",
            "remade" => {
                "current; the log has another with this number: a rewrap was broken off, or two were made at once"
            }
            "newer-after-a-crash" => "newer than the log: a rewrap was broken off before its end was recorded",
            "newer" => "newer than the log: rewrapped with another log",
            _ => "unknown to this log",
        };
        write!(f, "{}: {what}", Printable(&path))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report {
            origin, size, unsigned, ..
        } = &self.report;
        let verdict = if self.intact { "intact" } else { "DAMAGED" };
        writeln!(
            f,
            "{origin}: {verdict}, {size} entries signed, {unsigned} not signed yet"
        )?;
        self.report
            .damage
            .iter()
            .try_for_each(|damage| writeln!(f, "  damage   {damage}"))?;
        self.report
            .findings
            .iter()
            .try_for_each(|finding| writeln!(f, "  look at  {finding}"))?;
        match self.continues_kept {
            Some(true) => writeln!(f, "  goes on from the kept checkpoint"),
            Some(false) => writeln!(f, "  REWRITTEN: does not go on from the kept checkpoint"),
            None => Ok(()),
        }
    }
}

fn mark(header: &Header) -> HeaderMark {
    HeaderMark {
        seq: header.sequence(),
        tag: *header.tag().first_chunk().expect("16 of 32 bytes"),
    }
}

/// Whether the log goes on from the checkpoint in the file `kept`.
fn continues(log: &AuditLog, kept: &Path, verifier: &VerifierKey) -> Result<bool> {
    let note = fs::read(kept).map_err(|error| Failure::io(kept, &error))?;
    let size = std::str::from_utf8(&note)
        .ok()
        .and_then(|text| text.lines().nth(1)?.parse().ok());
    let size = size.ok_or_else(|| {
        let next = "give a file that `kmsctl audit checkpoint` wrote";
        Failure::new(
            "caller.Checkpoint",
            Exit::Usage,
            Party::Caller,
            "this is no checkpoint",
            next,
        )
        .at(kept)
    })?;
    let head = log.head();
    // Nothing was signed yet, so anything goes on from it; and a log that is shorter now was cut.
    if size == 0 || size > head.size {
        return Ok(size == 0);
    }
    Ok(log.prove_consistency(size, head.size)?.check(&note, verifier).is_ok())
}

const EXAMPLES: &str = "\
Examples:
  kmsctl audit verify
  kmsctl audit verify --headers /data
  kmsctl audit verify --log /mnt/audit --pin log.pub --kept checkpoint-1";

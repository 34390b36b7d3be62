//! `kmsctl scan`: an inventory of cryptography. The reading and the judging are `kms_scan`'s.

mod keys;
mod outputs;
mod view;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use kms_core::Posture;
use kms_core::crypto::CryptoBackend;
use kms_scan::{Exposure, Finding, Judge, Report, ScanOptions, Scanned, Serial, Time, cbom, html, scan};

use crate::App;
use crate::exit::Exit;
use crate::failure::{Failure, Party, Result};
use crate::printable::count;
use crate::progress::Progress;
use keys::Keys;
use outputs::ReportFile;
use view::{FindingView, SummaryView, Table};

/// Take an inventory: what protects files and keys, and what to do first
///
/// Finds envelopes, keystores, AWS Encryption SDK messages, certificates, private and public keys, SSH keys, encrypted
/// Parquet files, age files, JWE and JWK below the paths, and the keys of this home. Says how each is protected, what
/// of it falls to a quantum computer, what is weak and what is due. Files need no key; nothing is changed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Scan {
    /// Files, folders or patterns; without any, the keys of this home alone
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Leave out the keys of this home, so that it is not opened
    #[arg(long, requires = "paths")]
    no_keys: bool,
    /// List what is in order too
    #[arg(short, long)]
    all: bool,
    /// Write a bill of materials in CycloneDX 1.6 (JSON); `-` is stdout
    #[arg(long, value_name = "FILE")]
    cbom: Option<PathBuf>,
    /// Serial number of the bill of materials [default: a random one]
    #[arg(long, value_name = "UUID", requires = "cbom")]
    cbom_serial: Option<Serial>,
    /// Write a page for people; `-` is stdout
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Title of the page
    #[arg(long, default_value = "Cryptographic posture", requires = "html")]
    title: String,
    /// Overwrite reports that exist
    #[arg(long)]
    force: bool,
    /// Exit with 5 if anything found is this; may be repeated
    #[arg(long, value_name = "WHAT", value_enum, value_delimiter = ',')]
    fail_on: Vec<FailOn>,
    /// Days after which a key is due [default: max_age_days of the policy, else 365]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u64).range(1..=36_500))]
    max_age: Option<u64>,
    /// Judge as of this time instead of now
    #[arg(long, value_name = "TIME")]
    as_of: Option<Time>,
    /// Follow symbolic links below the paths
    #[arg(long)]
    follow_links: bool,
    /// Stay on the file systems of the paths
    #[arg(long)]
    one_file_system: bool,
}

/// What `--fail-on` can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Of a classical posture
    Classical,
    /// Classical, and keeping secrets: harvest now, decrypt later
    Harvest,
    /// Weak already
    Weak,
    /// Due now
    Due,
}

impl Scan {
    /// Runs the command.
    ///
    /// # Errors
    /// When the home or a provider fails, a report cannot be written, or something is found that must not be. Files
    /// that cannot be read are told, and count in the exit.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let outputs = self.outputs()?;
        let keys = Keys::of_home(app, self.no_keys, self.paths.is_empty()).await?;
        let judge = self.judge(&keys);
        let scanned = self.scan(app);
        let failures: Vec<_> = scanned.failures.into_iter().map(Failure::from).collect();
        let ends: Vec<_> = failures
            .iter()
            .chain(&keys.failures)
            .map(|failure| app.out.fail_one(failure))
            .collect();

        let done = usize::try_from(scanned.tally.files)
            .unwrap_or(usize::MAX)
            .saturating_add(keys.assets.len());
        let assets = keys.assets.into_iter().chain(scanned.assets);
        let report = Report::new(assets.map(|asset| judge.finding(asset)), scanned.tally, judge.now());
        if outputs.iter().any(ReportFile::is_stdout) {
            app.out.reserve_stdout();
        }
        self.tell(app, &report);
        for output in &outputs {
            output.write(app, &self.content(output, &report)?)?;
        }
        self.judge_whole(&report)?;
        Ok(Exit::of_many(done, ends))
    }

    fn outputs(&self) -> Result<Vec<ReportFile>> {
        let cbom = self.cbom.iter().map(|path| ReportFile::cbom(path));
        let all: Vec<_> = cbom
            .chain(self.html.iter().map(|path| ReportFile::html(path)))
            .collect();
        if all.iter().filter(|output| output.is_stdout()).count() > 1 {
            return Err(Failure::usage(
                "two reports cannot share stdout",
                "name a file for one of them",
            ));
        }
        // Told before the work rather than after it.
        all.iter().try_for_each(|output| output.check(self.force))?;
        Ok(all)
    }

    fn content(&self, output: &ReportFile, report: &Report) -> Result<String> {
        if output.is_html() {
            return Ok(html(report, &self.title));
        }
        let serial = match &self.cbom_serial {
            Some(serial) => serial.clone(),
            None => Serial::random(&CryptoBackend::default())?,
        };
        Ok(format!("{:#}\n", cbom(report, &serial)))
    }

    fn judge(&self, keys: &Keys) -> Judge {
        let judge = Judge::at(self.as_of.unwrap_or_else(Time::now)).current_versions(keys.versions.clone());
        match self.max_age.or(keys.max_age_days) {
            Some(days) => judge.max_age_days(days),
            None => judge,
        }
    }

    fn scan(&self, app: &App) -> Scanned {
        let mut options = ScanOptions::default();
        options.discover.follow_links = self.follow_links;
        options.discover.one_file_system = self.one_file_system;
        let bar = Progress::files(&app.out, None);
        scan(&self.paths, &options, &|files| bar.at(files))
    }

    fn tell(&self, app: &App, report: &Report) {
        if app.out.is_json() {
            report
                .findings
                .iter()
                .for_each(|finding| app.out.answer(&FindingView::new(finding)));
        } else if !report.findings.is_empty() {
            app.out.say(&Table::new(report, self.all));
        }
        app.out.say(&SummaryView::new(report, self.all));
    }

    /// What `--fail-on` was said for.
    fn judge_whole(&self, report: &Report) -> Result<()> {
        let mut said = Vec::new();
        for wanted in &self.fail_on {
            let found = report.findings.iter().filter(|finding| wanted.is_met(finding)).count();
            if found > 0 {
                said.push(format!("{} ({})", wanted.text(), count(found, "finding")));
            }
        }
        if said.is_empty() {
            return Ok(());
        }
        let message = format!("found what must not be: {}", said.join(", "));
        let next = "see the findings; leave out --fail-on to take them as they are";
        Err(Failure::new("scan.Found", Exit::Refused, Party::Policy, message, next))
    }
}

impl FailOn {
    fn is_met(self, finding: &Finding) -> bool {
        match self {
            Self::Classical => finding.asset.posture == Some(Posture::Classical),
            Self::Harvest => finding.verdict.exposure == Exposure::Harvest,
            Self::Weak => !finding.verdict.weaknesses.is_empty(),
            Self::Due => finding.is_due(),
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Classical => "classical",
            Self::Harvest => "harvest",
            Self::Weak => "weak",
            Self::Due => "due",
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  kmsctl scan /data /etc/ssl
  kmsctl scan . --html posture.html --cbom cbom.json
  kmsctl scan --no-keys --fail-on harvest,weak .
  kmsctl scan --json /data | jq -r 'select(.priority == \"exposed\") | .path'
  kmsctl scan";

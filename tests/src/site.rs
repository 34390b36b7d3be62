//! A small installation that is worked on, killed and looked at: a keystore, an audit log and a tree of envelopes.
#![allow(
    missing_docs,
    clippy::missing_errors_doc,
    reason = "shared by one test and its worker process"
)]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::executor::block_on;
use kms_core::audit::AuditTrail;
use kms_core::crypto::CryptoBackend;
use kms_core::{Keyring, Opener, Rewrapper, Sealer, Target};
use kms_providers::audit::{LogKey, TlogOptions, TlogSink, this_process};
use kms_providers::files::{
    Campaign, CampaignOptions, Input, OpenOptions, Output, Placement, Plan, Report, RewrapOptions, SealOptions,
    open_file, seal_file,
};
use kms_providers::local::{KeyFileKek, Keystore, LocalProvider};
use kms_providers::{KeyUri, Provider};

pub type Outcome<T> = Result<T, Box<dyn Error>>;

/// Envelopes of a fresh site, by kind.
pub const SMALL: usize = 24;
pub const PAIRS: usize = 12;
pub const LARGE: usize = 8;
/// Outputs that each round seals and opens anew.
pub const OUTPUTS: usize = 3;

/// Where everything stands.
pub struct Site {
    pub root: PathBuf,
}

/// The site with its keys at hand.
pub struct OpenSite {
    pub site: Site,
    pub provider: LocalProvider,
    pub key: KeyUri,
    trail: AuditTrail,
}

impl Site {
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Makes keystore, log and envelopes.
    pub fn set_up(self) -> Outcome<OpenSite> {
        for folder in ["home", "files/small", "files/pairs", "files/large", "sealed", "opened"] {
            fs::create_dir_all(self.root.join(folder))?;
        }
        let log_key = LogKey::create(&self.home().join("audit.key"), "example.com/crash")?;
        TlogSink::create(&self.home().join("audit"), &log_key)?;
        let seal = KeyFileKek::create(&self.home().join("keystore.key"), CryptoBackend::default())?;
        let keystore = Keystore::new(self.home().join("keystore.ks1"), Arc::new(seal));
        let provider = block_on(keystore.create())?;
        block_on(provider.lifecycle().ok_or("no life cycle")?.create(&"crash".parse()?))?;
        let open = self.open_with(provider, log_key)?;
        for path in open.site.envelopes() {
            let detached = path.starts_with(open.site.root.join("files/pairs"));
            open.seal(&path, &contents(&path, 0), detached)?;
        }
        Ok(open)
    }

    /// Opens what stands, as each process does.
    pub fn open(self) -> Outcome<OpenSite> {
        let log_key = LogKey::load(&self.home().join("audit.key"))?;
        let seal = KeyFileKek::open(&self.home().join("keystore.key"), CryptoBackend::default())?;
        let provider = block_on(Keystore::new(self.home().join("keystore.ks1"), Arc::new(seal)).open())?;
        self.open_with(provider, log_key)
    }

    fn open_with(self, provider: LocalProvider, log_key: LogKey) -> Outcome<OpenSite> {
        let sink = TlogSink::open(&self.home().join("audit"), log_key, TlogOptions::default())?;
        Ok(OpenSite {
            site: self,
            provider,
            key: "local://crash".parse()?,
            trail: AuditTrail::new(Arc::new(sink), this_process()),
        })
    }

    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    /// The envelopes of a fresh site: the files that hold the payload.
    #[must_use]
    pub fn envelopes(&self) -> Vec<PathBuf> {
        let named = |folder: &str, count| {
            let folder = self.root.join("files").join(folder);
            (0..count).map(move |n| folder.join(format!("{n:02}.ks1")))
        };
        let (small, pairs, large) = (named("small", SMALL), named("pairs", PAIRS), named("large", LARGE));
        small.chain(pairs).chain(large).collect()
    }

    /// Outputs of sealing: whether detached, the envelope, and what it is opened to.
    #[must_use]
    pub fn outputs(&self) -> Vec<(bool, PathBuf, PathBuf)> {
        let output = |detached: bool, n: usize| {
            let name = format!("{}{n}", if detached { "pair" } else { "one" });
            (
                detached,
                self.root.join("sealed").join(&name),
                self.root.join("opened").join(&name),
            )
        };
        (0..OUTPUTS).flat_map(|n| [output(false, n), output(true, n)]).collect()
    }
}

impl OpenSite {
    /// One round of everything: a new key version, all envelopes under it, new envelopes, and those opened.
    pub fn round(&self, generation: u64) -> Outcome<()> {
        self.rotate()?;
        self.rewrap(&["files/large"], Placement::InPlace)?;
        self.rewrap(&["files", "sealed"], Placement::Auto)?;
        for (detached, sealed, opened) in self.site.outputs() {
            self.seal(&sealed, &contents(&sealed, generation), detached)?;
            let options = OpenOptions {
                overwrite: true,
                ..OpenOptions::default()
            };
            open_file(&self.opener(), Input::File(&sealed), Output::File(&opened), &options)?;
        }
        Ok(())
    }

    /// Ends what was begun: the last run if it was cut short, then one over everything.
    pub fn heal(&self) -> Outcome<Report> {
        let runs = Campaign::runs(&self.site.home())?;
        if let Some(cut) = runs.last().filter(|run| !run.finished) {
            let campaign = Campaign::resume(&self.site.home(), &cut.id)?;
            self.run(campaign, Placement::Auto)?;
        }
        self.rewrap(&["files", "sealed"], Placement::Auto)
    }

    pub fn rotate(&self) -> Outcome<KeyUri> {
        Ok(block_on(
            self.provider.lifecycle().ok_or("no life cycle")?.rotate(&self.key),
        )?)
    }

    pub fn opener(&self) -> Opener {
        let kek = self.provider.kek(&self.key).expect("the provider serves its own key");
        Opener::new(CryptoBackend::default(), Keyring::new().with(kek)).audit(self.trail.clone())
    }

    fn seal(&self, path: &Path, plaintext: &[u8], detached: bool) -> Outcome<()> {
        let sealer = Sealer::new(CryptoBackend::default()).recipient(self.provider.kek(&self.key)?);
        let options = SealOptions {
            overwrite: true,
            detached,
            ..SealOptions::default()
        };
        let mut plaintext = plaintext;
        seal_file(
            &sealer.audit(self.trail.clone()),
            Input::Stream(&mut plaintext),
            Output::File(path),
            &options,
        )?;
        Ok(())
    }

    fn rewrap(&self, folders: &[&str], placement: Placement) -> Outcome<Report> {
        let plan = Plan {
            operation: "rotate".into(),
            keys: vec![self.key.to_string()],
            version: None,
            paths: folders.iter().map(|folder| self.site.root.join(folder)).collect(),
        };
        let campaign = Campaign::begin(&self.site.home(), plan)?;
        self.run(campaign, placement)
    }

    fn run(&self, campaign: Campaign, placement: Placement) -> Outcome<Report> {
        let options = CampaignOptions {
            rewrap: RewrapOptions {
                placement,
                ..RewrapOptions::default()
            },
            ..CampaignOptions::default()
        };
        let report = campaign.run(&Rewrapper::new(self.opener()), &Target::Current, &options)?;
        match report.failures.first() {
            Some(failure) => Err(failure.to_string().into()),
            None => Ok(report),
        }
    }
}

/// The plaintext of the envelope at `path`: tells its file and generation, so that a mixture shows.
#[must_use]
pub fn contents(path: &Path, generation: u64) -> Vec<u8> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let length = if path.parent().is_some_and(|folder| folder.ends_with("large")) {
        300_000
    } else {
        2_000 + usize::try_from(generation % 70_000).unwrap_or(0)
    };
    let line = format!("{name} {generation}\n");
    line.bytes().cycle().take(length.max(line.len())).collect()
}

/// The generation that a plaintext says it is of.
#[must_use]
pub fn generation_of(plaintext: &[u8]) -> Option<u64> {
    let line = plaintext.split(|&byte| byte == b'\n').next()?;
    std::str::from_utf8(line).ok()?.rsplit(' ').next()?.parse().ok()
}

//! Rewrapping many envelopes, or sealing them anew: parallel, durable in batches, resumable.

mod batch;
mod engine;
mod record;
mod work;

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use kms_core::{Rewrapper, Target};
use serde::{Deserialize, Serialize};

use super::discover::{DiscoverOptions, check_root};
use super::error::{At, FileError};
use super::index::{KeyIndex, make_home};
use super::migrate::Migrator;
use super::path_text;
use super::rewrap::RewrapOptions;
use record::RunRecord;
use work::Rewrap;
pub(super) use work::{Sorted, Stage, Taken, Work, sorted};

/// Names a run: sorts by time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RunId(String);

/// What a run is to do, as its record keeps it. Recipients are objects, so they are not kept: who resumes a run
/// makes the [`Target`] again from what stands here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The operation in the caller's terms: `rotate`, `rewrap` …
    pub operation: String,
    /// The keys that it is about, by URI or logical name.
    pub keys: Vec<String>,
    /// The key version that the run leads to, where there is one.
    pub version: Option<String>,
    /// The paths and patterns to walk. Relative ones are made absolute when the run begins.
    #[serde(with = "path_text::list")]
    pub paths: Vec<PathBuf>,
}

/// One run over many envelopes. Its record stands in `HOME/runs/ID.jsonl`, a line a fact, and tells after a crash
/// which run to resume; what was done stands in the envelopes themselves, and a resumed run finds it done.
///
/// Files are taken in batches, so that the syncs that make them durable are shared: the new files of a batch reach
/// the disk before the first takes an old one's name, and the names do before the batch is reported. SIGKILL and
/// power loss leave each file old or new.
pub struct Campaign {
    record: RunRecord,
    plan: Plan,
    index: KeyIndex,
}

/// How [`Campaign::run`] works.
#[derive(Clone)]
pub struct CampaignOptions<'a> {
    /// Workers. Default: the cores, at most 8, and at least 2.
    pub threads: NonZeroUsize,
    /// How each file is rewrapped.
    pub rewrap: RewrapOptions,
    /// How envelopes are found.
    pub discover: DiscoverOptions,
    /// When it becomes true, the run ends after the batches in hand; it can be resumed.
    pub stop: Option<&'a AtomicBool>,
    /// Hears how the run goes, some times a second.
    pub progress: Option<&'a (dyn Fn(&CampaignProgress) + Sync)>,
}

/// How a run goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CampaignProgress {
    /// Envelopes found so far.
    pub found: u64,
    /// Whether the walk is over, so that `found` is all.
    pub all_found: bool,
    /// Envelopes that got a new header or, in a migration, were sealed anew.
    pub rewrapped: u64,
    /// Envelopes that were as wanted already.
    pub already_current: u64,
    /// Envelopes and leftovers that were put right after a crash.
    pub recovered: u64,
    /// Entries that failed.
    pub failed: u64,
}

/// How a run ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct Report {
    /// The run.
    pub run: RunId,
    /// The numbers.
    pub counts: CampaignProgress,
    /// The first 1 000 entries that failed, with their reasons. The record of the run names all of them.
    pub failures: Vec<FileError>,
    /// Whether the run was stopped before its end.
    pub stopped: bool,
}

/// A run as its record tells.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunSummary {
    /// The run.
    pub id: RunId,
    /// What it is to do.
    pub plan: Plan,
    /// Whether it came to its end, was not stopped, and nothing failed.
    pub finished: bool,
}

impl Campaign {
    /// Begins a run and makes its record durable. A mistyped path is told before: a run over it could never come to
    /// its end.
    ///
    /// # Errors
    /// When a path does not exist, or the record cannot be written.
    pub fn begin(home: &Path, mut plan: Plan) -> Result<Self, FileError> {
        for path in &mut plan.paths {
            *path = std::path::absolute(&*path).at(path)?;
            check_root(path)?;
        }
        make_home(&home.join(RUNS))?;
        let record = RunRecord::begin(&home.join(RUNS), &plan)?;
        Ok(Self {
            record,
            plan,
            index: KeyIndex::open(home),
        })
    }

    /// Takes up a run that did not come to its end.
    ///
    /// # Errors
    /// [`super::FileFault::RunRecord`]; when the record cannot be read or written;
    /// [`super::FileFault::Locked`] while another process carries it on.
    pub fn resume(home: &Path, run: &RunId) -> Result<Self, FileError> {
        let (record, plan) = RunRecord::resume(&home.join(RUNS), run)?;
        Ok(Self {
            record,
            plan,
            index: KeyIndex::open(home),
        })
    }

    /// All recorded runs, oldest first. Records that are damaged are passed over.
    ///
    /// # Errors
    /// When the records cannot be read.
    pub fn runs(home: &Path) -> Result<Vec<RunSummary>, FileError> {
        let folder = home.join(RUNS);
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let mut summaries = Vec::new();
        for entry in fs::read_dir(&folder).at(&folder)? {
            summaries.extend(record::summary(&entry.at(&folder)?.path())?);
        }
        summaries.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(summaries)
    }

    /// The run.
    #[must_use]
    pub fn id(&self) -> &RunId {
        self.record.id()
    }

    /// What the run is to do.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Recovers and rewraps every envelope below the plan's paths. A file that fails does not stop the others.
    ///
    /// # Errors
    /// When the record of the run or the index of keys cannot be written; files done until then are done.
    pub fn run(
        self,
        rewrapper: &Rewrapper,
        target: &Target,
        options: &CampaignOptions<'_>,
    ) -> Result<Report, FileError> {
        let work = Rewrap {
            rewrapper,
            target,
            placement: options.rewrap.placement,
        };
        engine::run(&self, &work, options)
    }

    /// Recovers and seals anew every file below the plan's paths that `migrator` is for, each atomically under its own
    /// name; [`CampaignProgress::rewrapped`] counts them. A file that fails does not stop the others.
    ///
    /// # Errors
    /// When the record of the run or the index of keys cannot be written; files done until then are done.
    pub fn migrate(self, migrator: &Migrator, options: &CampaignOptions<'_>) -> Result<Report, FileError> {
        engine::run(&self, migrator, options)
    }
}

impl RunId {
    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for RunId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for RunId {
    type Err = super::FileFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if text.is_empty() || !text.bytes().all(plain) {
            return Err(super::FileFault::RunRecord);
        }
        Ok(Self(text.to_owned()))
    }
}

impl Default for CampaignOptions<'_> {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, NonZeroUsize::get);
        Self {
            threads: NonZeroUsize::new(cores.clamp(2, 8)).expect("at least 2"),
            rewrap: RewrapOptions::default(),
            discover: DiscoverOptions::default(),
            stop: None,
            progress: None,
        }
    }
}

const RUNS: &str = "runs";

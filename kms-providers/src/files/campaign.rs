//! Rewrapping many envelopes: parallel, durable in batches, resumable.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use kms_core::{Rewrapper, Target};
use serde::{Deserialize, Serialize};

use super::discover::DiscoverOptions;
use super::error::FileError;
use super::rewrap::RewrapOptions;

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
    pub paths: Vec<PathBuf>,
}

/// One run over many envelopes. Its record stands in `HOME/runs/ID.jsonl`, a line a fact, and tells after a crash
/// which run to resume; what it did stands in the envelopes themselves.
pub struct Campaign {}

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
    /// Envelopes that got a new header.
    pub rewrapped: u64,
    /// Envelopes that were as wanted already.
    pub already_current: u64,
    /// Entries that failed.
    pub failed: u64,
}

/// How a run ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct Report {
    /// The run.
    pub run: RunId,
    /// Envelopes that got a new header.
    pub rewrapped: u64,
    /// Envelopes that were as wanted already.
    pub already_current: u64,
    /// Leftovers of crashes that were put right.
    pub recovered: u64,
    /// Entries that failed. The record of the run names all of them.
    pub failed: u64,
    /// The first 1 000 of them, with their reasons.
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
    /// Whether it came to its end without failures and was not stopped.
    pub finished: bool,
}

impl Campaign {
    /// Begins a run and makes its record durable.
    ///
    /// # Errors
    /// When the record cannot be written.
    pub fn begin(home: &Path, plan: Plan) -> Result<Self, FileError> {
        let _ = (home, plan);
        todo!()
    }

    /// Takes up a run that did not come to its end. What it did is found done.
    ///
    /// # Errors
    /// [`super::FileFault::RunRecord`]; when the record cannot be read or written;
    /// [`super::FileFault::Locked`] while another process carries it on.
    pub fn resume(home: &Path, run: &RunId) -> Result<Self, FileError> {
        let _ = (home, run);
        todo!()
    }

    /// All recorded runs, oldest first.
    ///
    /// # Errors
    /// When the records cannot be read.
    pub fn runs(home: &Path) -> Result<Vec<RunSummary>, FileError> {
        let _ = home;
        todo!()
    }

    /// The run.
    #[must_use]
    pub fn id(&self) -> &RunId {
        todo!()
    }

    /// What the run is to do.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        todo!()
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
        let _ = (rewrapper, target, options);
        todo!()
    }
}

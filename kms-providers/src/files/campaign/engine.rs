//! The workers of a run.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use kms_core::{CallerFault, Header};

use super::batch::Batch;
use super::record::Line as Record;
use super::work::{Sorted, Stage, Taken, Work};
use super::{Campaign, CampaignOptions, CampaignProgress, Report};
use crate::files::discover::Walk;
use crate::files::error::{FileError, FileFault};
use crate::files::index::Fact;
use crate::files::recovery::recover;
use crate::files::rewrap::is_changed_meanwhile;

/// Runs a campaign to its end, or until it is stopped.
pub(super) fn run<W: Work>(campaign: &Campaign, work: &W, options: &CampaignOptions<'_>) -> Result<Report, FileError> {
    let engine = Engine::new(campaign, work, options);
    thread::scope(|scope| {
        for _ in 1..options.threads.get() {
            let worker = thread::Builder::new().name("keystrand-files".into());
            if worker.spawn_scoped(scope, || engine.serve()).is_err() {
                // Fewer workers do the same work.
                break;
            }
        }
        engine.serve();
    });
    engine.report()
}

struct Engine<'e, W> {
    campaign: &'e Campaign,
    work: &'e W,
    options: &'e CampaignOptions<'e>,
    walk: Mutex<Walk>,
    counts: Counts,
    failures: Mutex<Vec<FileError>>,
    /// Why the run cannot go on.
    broken: Mutex<Option<FileError>>,
    ended: AtomicBool,
    told: Mutex<Instant>,
}

#[derive(Default)]
struct Counts {
    found: AtomicU64,
    all_found: AtomicBool,
    rewrapped: AtomicU64,
    already: AtomicU64,
    recovered: AtomicU64,
    failed: AtomicU64,
}

impl<'e, W: Work> Engine<'e, W> {
    fn new(campaign: &'e Campaign, work: &'e W, options: &'e CampaignOptions<'e>) -> Self {
        Self {
            campaign,
            work,
            options,
            walk: Mutex::new(Walk::new(&campaign.plan.paths, &options.discover)),
            counts: Counts::default(),
            failures: Mutex::default(),
            broken: Mutex::default(),
            ended: AtomicBool::new(false),
            told: Mutex::new(Instant::now()),
        }
    }

    /// One worker: batches until the walk is over.
    fn serve(&self) {
        let limit = (FILES_IN_HAND / self.options.threads.get()).clamp(1, MOST_A_BATCH);
        while !self.ended.load(Ordering::Relaxed) && !self.is_stopped() {
            let mut batch = Batch::new(limit);
            while batch.has_room() && self.take_next(&mut batch) {}
            if let Err(error) = self.settle(batch) {
                lock(&self.broken).get_or_insert(error);
                self.ended.store(true, Ordering::Relaxed);
            }
            self.tell(false);
        }
    }

    /// Takes the next file of the walk. Returns whether there may be more.
    fn take_next(&self, batch: &mut Batch<W::Staged>) -> bool {
        if self.is_stopped() {
            return false;
        }
        let next = lock(&self.walk).next();
        match next {
            None => {
                self.counts.all_found.store(true, Ordering::Relaxed);
                self.ended.store(true, Ordering::Relaxed);
                false
            }
            Some(entry) => {
                self.take(entry.and_then(|path| self.work.sort(path)), batch);
                true
            }
        }
    }

    fn take(&self, sorted: Result<Option<Sorted>, FileError>, batch: &mut Batch<W::Staged>) {
        match sorted {
            Ok(None) => {}
            Err(error) => self.fail(error),
            Ok(Some(Sorted::Mine(path))) => {
                self.counts.found.fetch_add(1, Ordering::Relaxed);
                self.stage(path, Duration::ZERO, batch);
            }
            Ok(Some(Sorted::Recover(of))) => self.recover(&of, batch),
        }
    }

    fn recover(&self, of: &Path, batch: &mut Batch<W::Staged>) {
        match recover(of) {
            // Somebody works on it, perhaps another worker, so it is no leftover.
            Err(error) if matches!(error.fault(), FileFault::Locked) => {}
            Err(error) => self.fail(error),
            Ok(recovery) => {
                if recovery.did_something() {
                    self.recovered(of);
                }
                if recovery.sidecar_named {
                    // The walk has read the folder before the file had this name.
                    self.take(self.work.sort(of.to_owned()), batch);
                }
            }
        }
    }

    /// Makes a file's new content under a temporary name, or finds that there is nothing to do.
    fn stage(&self, path: PathBuf, patience: Duration, batch: &mut Batch<W::Staged>) {
        match self.work.stage(&path, patience) {
            Ok(Taken::Current {
                path,
                header,
                recovered,
            }) => {
                if recovered {
                    self.recovered(&path);
                }
                let fact = self.fact(&path, Some(&header));
                batch.current.push((path, fact));
            }
            Ok(Taken::Staged { staged, recovered }) => {
                if recovered {
                    self.recovered(staged.path());
                }
                batch.add(*staged);
            }
            Err(error) if patience.is_zero() && may_pass(error.fault()) => batch.later.push(path),
            Err(error) => self.fail(error),
        }
    }

    /// Puts a batch in place and records it: what it may need before, what it has after.
    fn settle(&self, batch: Batch<W::Staged>) -> Result<(), FileError> {
        let (later, changed) = self.commit(batch)?;
        for path in later.into_iter().chain(changed) {
            self.stage_alone(&path)?;
        }
        Ok(())
    }

    fn stage_alone(&self, path: &Path) -> Result<(), FileError> {
        for _ in 0..TRIES {
            let mut batch = Batch::new(1);
            // Without patience it would be put off once more.
            let patience = self.options.rewrap.patience.max(Duration::from_millis(1));
            self.stage(path.to_owned(), patience, &mut batch);
            let (_, changed) = self.commit(batch)?;
            if changed.is_empty() {
                return Ok(());
            }
        }
        self.fail(FileError::new(path, CallerFault::ChangedMeanwhile));
        Ok(())
    }

    /// Returns what is to be tried again: files that were locked, and files that somebody changed.
    fn commit(&self, batch: Batch<W::Staged>) -> Result<(Vec<PathBuf>, Vec<PathBuf>), FileError> {
        let Batch {
            stagings,
            current,
            later,
            ..
        } = batch;
        let new = self.announce(&stagings)?;
        let outcomes = self.work.commit(stagings, self.options.rewrap.syncing.flush());
        let (mut facts, mut records, mut changed) = (Vec::new(), Vec::new(), Vec::new());
        for ((path, fact), outcome) in new.into_iter().zip(outcomes) {
            match outcome {
                Ok(sequence) => {
                    facts.push(fact);
                    records.push(Record::Done { path, sequence });
                }
                Err(error) if is_changed_meanwhile(error.fault()) => changed.push(path),
                Err(error) => self.fail(error),
            }
        }
        self.counts.rewrapped.fetch_add(facts.len() as u64, Ordering::Relaxed);
        self.counts.already.fetch_add(current.len() as u64, Ordering::Relaxed);
        for (path, fact) in current {
            facts.push(fact);
            records.push(Record::Already { path });
        }
        self.campaign.index.settle(facts.into_iter())?;
        self.campaign.record.add(&records)?;
        Ok((later, changed))
    }

    /// Says what is about to be put in place. Nothing may come to need a key before the index knows of it.
    fn announce(&self, stagings: &[W::Staged]) -> Result<Vec<(PathBuf, Fact)>, FileError> {
        let new = |staged: &W::Staged| {
            let path = staged.path().to_owned();
            let fact = self.fact(&path, staged.header()?.as_ref());
            Ok((path, fact))
        };
        let new: Vec<_> = stagings.iter().map(new).collect::<Result<_, FileError>>()?;
        if !new.is_empty() {
            self.campaign.index.announce(new.iter().map(|(_, fact)| fact))?;
            let pending = new.iter().map(|(path, _)| Record::Pending { path: path.clone() });
            self.campaign.record.add(&pending.collect::<Vec<_>>())?;
        }
        Ok(new)
    }

    fn fact(&self, path: &Path, header: Option<&Header>) -> Fact {
        let keys = header.map(|header| self.work.opener().needed_keys(header));
        Fact::new(path, &keys.unwrap_or_default())
    }

    fn recovered(&self, path: &Path) {
        self.counts.recovered.fetch_add(1, Ordering::Relaxed);
        self.note(Record::Recovered { path: path.to_owned() });
    }

    fn fail(&self, error: FileError) {
        self.counts.failed.fetch_add(1, Ordering::Relaxed);
        self.note(Record::Failed {
            path: error.path().unwrap_or(Path::new("")).to_owned(),
            reason: error.fault().to_string(),
        });
        let mut failures = lock(&self.failures);
        if failures.len() < MOST_FAILURES {
            failures.push(error);
        }
    }

    fn note(&self, line: Record) {
        if let Err(error) = self.campaign.record.add(&[line]) {
            lock(&self.broken).get_or_insert(error);
            self.ended.store(true, Ordering::Relaxed);
        }
    }

    fn is_stopped(&self) -> bool {
        self.options.stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    fn tell(&self, now: bool) {
        let Some(hear) = self.options.progress else { return };
        let mut told = lock(&self.told);
        if now || told.elapsed() >= TELL_EVERY {
            *told = Instant::now();
            hear(&self.counts.now());
        }
    }

    fn report(self) -> Result<Report, FileError> {
        self.tell(true);
        if let Some(error) = lock(&self.broken).take() {
            return Err(error);
        }
        let counts = self.counts.now();
        let stopped = !counts.all_found;
        self.campaign.index.compact()?;
        self.campaign.record.end(&counts, stopped)?;
        Ok(Report {
            run: self.campaign.id().clone(),
            counts,
            failures: self.failures.into_inner().unwrap_or_else(PoisonError::into_inner),
            stopped,
        })
    }
}

impl Counts {
    fn now(&self) -> CampaignProgress {
        CampaignProgress {
            found: self.found.load(Ordering::Relaxed),
            all_found: self.all_found.load(Ordering::Relaxed),
            rewrapped: self.rewrapped.load(Ordering::Relaxed),
            already_current: self.already.load(Ordering::Relaxed),
            recovered: self.recovered.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
        }
    }
}

fn may_pass(fault: &FileFault) -> bool {
    matches!(fault, FileFault::Locked) || is_changed_meanwhile(fault)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Two open files each: well below the usual limit of 1 024.
const FILES_IN_HAND: usize = 256;
const MOST_A_BATCH: usize = 128;
const TRIES: usize = 3;
const MOST_FAILURES: usize = 1000;
const TELL_EVERY: Duration = Duration::from_millis(100);

//! Files that share their syncs.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::work::Stage;
use crate::files::index::Fact;

/// Files in hand of one worker: locked, with their new contents under temporary names.
pub(super) struct Batch<S> {
    pub(super) stagings: Vec<S>,
    /// What the index is told of files that were current.
    pub(super) current: Vec<(PathBuf, Fact)>,
    /// Files that somebody else had locked, or changed: taken alone when this batch holds no locks any more, for two
    /// runs that wait for each other's files would wait for ever.
    pub(super) later: Vec<PathBuf>,
    limit: usize,
    bytes: u64,
    begun: Instant,
}

impl<S: Stage> Batch<S> {
    /// A batch of at most `limit` new contents.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            stagings: Vec::new(),
            current: Vec::new(),
            later: Vec::new(),
            limit,
            bytes: 0,
            begun: Instant::now(),
        }
    }

    pub(super) fn add(&mut self, staging: S) {
        self.bytes += staging.bytes();
        self.stagings.push(staging);
    }

    /// Whether more files may join. Locks are not held long: slow providers make small batches.
    pub(super) fn has_room(&self) -> bool {
        let taken = self.stagings.len() + self.current.len() + self.later.len();
        let is_young = self.stagings.is_empty() || self.begun.elapsed() < LONGEST;
        self.stagings.len() < self.limit && taken < MOST_FILES && self.bytes < MOST_BYTES && is_young
    }
}

const LONGEST: Duration = Duration::from_millis(100);
/// Copies of payloads that may stand beside their originals at once.
const MOST_BYTES: u64 = 64 << 20;
/// So that progress shows also where nothing is to be done.
const MOST_FILES: usize = 1024;

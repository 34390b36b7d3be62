use std::sync::atomic::{AtomicUsize, Ordering};

use super::pages::Kept;

/// How well the system protects the memory of this process's secrets, for `kmsctl doctor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Protection {
    /// Bytes in pages that cannot be swapped out.
    pub locked_bytes: usize,
    /// Bytes that may be swapped out: the limit on locked memory (`ulimit -l`) was reached, or the system has none.
    pub unlocked_bytes: usize,
    /// Bytes of those that are ordinary heap, because no pages could be had.
    pub heap_bytes: usize,
    /// Whether all pages are left out of core dumps.
    pub dump_excluded: bool,
}

/// The protection as it is now, the free part of the pool included.
#[must_use]
pub fn protection() -> Protection {
    let heap_bytes = TALLY.heap.load(Ordering::Relaxed);
    Protection {
        locked_bytes: TALLY.locked.load(Ordering::Relaxed),
        unlocked_bytes: TALLY.unlocked.load(Ordering::Relaxed) + heap_bytes,
        heap_bytes,
        dump_excluded: TALLY.dumpable.load(Ordering::Relaxed) + heap_bytes == 0,
    }
}

pub(super) static TALLY: Tally = Tally {
    locked: AtomicUsize::new(0),
    unlocked: AtomicUsize::new(0),
    dumpable: AtomicUsize::new(0),
    heap: AtomicUsize::new(0),
};

/// Bytes by what the system granted.
pub(super) struct Tally {
    locked: AtomicUsize,
    unlocked: AtomicUsize,
    dumpable: AtomicUsize,
    heap: AtomicUsize,
}

impl Tally {
    pub(super) fn mapped(&self, length: usize, kept: Kept) {
        for counter in self.counters(kept) {
            counter.fetch_add(length, Ordering::Relaxed);
        }
    }

    pub(super) fn unmapped(&self, length: usize, kept: Kept) {
        for counter in self.counters(kept) {
            counter.fetch_sub(length, Ordering::Relaxed);
        }
    }

    pub(super) fn on_heap(&self, length: usize) {
        self.heap.fetch_add(length, Ordering::Relaxed);
    }

    pub(super) fn off_heap(&self, length: usize) {
        self.heap.fetch_sub(length, Ordering::Relaxed);
    }

    fn counters(&self, kept: Kept) -> impl Iterator<Item = &AtomicUsize> {
        let place = if kept.locked { &self.locked } else { &self.unlocked };
        let dumpable = (!kept.dump_excluded).then_some(&self.dumpable);
        std::iter::once(place).chain(dumpable)
    }
}

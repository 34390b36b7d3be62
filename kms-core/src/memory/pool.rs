//! The slots of [`super::Secret`]: taken from a list of free ones, wiped, and put back.
//!
//! Threads are spread over a few shards, each with its own lock and list, so that threads seldom wait for each other.
//! A shard that runs dry maps another group of pages; groups are kept for the life of the process. Over the cap, and
//! when the system gives no pages, slots come from the heap: a secret is never refused, it is only less protected, and
//! [`super::protection`] says so.

use std::cell::Cell;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::heap::HeapBytes;
use super::pages::{Pages, SLOT, Slot, wipe};

/// Sole use of 64 bytes, zero at first. They are wiped when it is dropped.
pub(super) struct Lease(Place);

enum Place {
    /// The slot is there until `drop` takes it.
    Pooled {
        slot: Option<Slot>,
        home: &'static Shard,
    },
    Heap(HeapBytes),
}

/// A free slot.
pub(super) fn take() -> Lease {
    take_from(Shard::of_this_thread(), GROUPS)
}

fn take_from(home: &'static Shard, groups: usize) -> Lease {
    let mut free = home.lock();
    if free.is_empty() {
        home.grow(&mut free, groups);
    }
    match free.pop() {
        Some(slot) => Lease(Place::Pooled { slot: Some(slot), home }),
        None => Lease(Place::Heap(HeapBytes::zeroed(SLOT))),
    }
}

impl Lease {
    pub(super) fn bytes(&self) -> &[u8] {
        match &self.0 {
            Place::Pooled { slot, .. } => slot.as_ref().expect(PRESENT).bytes(),
            Place::Heap(heap) => heap.bytes(),
        }
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        match &mut self.0 {
            Place::Pooled { slot, .. } => slot.as_mut().expect(PRESENT).bytes_mut(),
            Place::Heap(heap) => heap.bytes_mut(),
        }
    }
}

const PRESENT: &str = "only drop takes the slot";

impl Drop for Lease {
    fn drop(&mut self) {
        if let Place::Pooled { slot, home } = &mut self.0 {
            let mut slot = slot.take().expect(PRESENT);
            wipe(slot.bytes_mut());
            home.lock().push(slot);
        }
    }
}

/// A list of free, zeroed slots. Alone on its cache line.
#[repr(align(64))]
struct Shard {
    free: Mutex<Vec<Slot>>,
    /// Slots of this shard, free or taken.
    slots: AtomicUsize,
}

static SHARDS: [Shard; 8] = [const { Shard::new() }; 8];

/// Groups of all shards together.
static MAPPED_GROUPS: AtomicUsize = AtomicUsize::new(0);

/// Bytes of a group: 256 slots where pages are small.
const GROUP: usize = 16 << 10;

/// The cap: 64 MiB and a million secrets alive at once, where pages are small.
const GROUPS: usize = 4096;

impl Shard {
    const fn new() -> Self {
        Self {
            free: Mutex::new(Vec::new()),
            slots: AtomicUsize::new(0),
        }
    }

    /// The shard of the calling thread, handed out in turn.
    fn of_this_thread() -> &'static Self {
        static NEXT: AtomicU8 = AtomicU8::new(0);
        thread_local! {
            static SHARD: Cell<Option<&'static Shard>> = const { Cell::new(None) };
        }
        SHARD.with(|shard| {
            shard.get().unwrap_or_else(|| {
                let turn = usize::from(NEXT.fetch_add(1, Ordering::Relaxed));
                let assigned = &SHARDS[turn % SHARDS.len()];
                shard.set(Some(assigned));
                assigned
            })
        })
    }

    /// A panic cannot leave the list half changed, so a poisoned lock is as good as any.
    fn lock(&self) -> MutexGuard<'_, Vec<Slot>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a group, if the cap and the system allow it. `free` is empty: every slot of this shard is taken.
    fn grow(&self, free: &mut Vec<Slot>, groups: usize) {
        let under_cap = |mapped| (mapped < groups).then_some(mapped + 1);
        let counted = MAPPED_GROUPS.fetch_update(Ordering::Relaxed, Ordering::Relaxed, under_cap);
        if counted.is_err() {
            return;
        }
        let Some(pages) = Pages::map(GROUP) else {
            MAPPED_GROUPS.fetch_sub(1, Ordering::Relaxed);
            return;
        };
        let fresh = pages.into_slots();
        let slots = self.slots.fetch_add(fresh.len(), Ordering::Relaxed) + fresh.len();
        // Room for all of them, so that giving a slot back never allocates.
        free.reserve(slots);
        free.extend(fresh);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static OWN: Shard = Shard::new();

    #[test]
    fn a_slot_comes_back_zeroed() {
        static OWN: Shard = Shard::new();
        let mut lease = take_from(&OWN, GROUPS);
        lease.bytes_mut().fill(0x5a);
        let before = lease.bytes().as_ptr();
        drop(lease);
        let again = take_from(&OWN, GROUPS);
        assert_eq!(again.bytes().as_ptr(), before, "the list is last in, first out");
        assert_eq!(again.bytes(), &[0; SLOT]);
    }

    #[test]
    fn a_group_is_used_up_before_the_next() {
        let leases: Vec<Lease> = (0..3 * GROUP / SLOT).map(|_| take_from(&OWN, GROUPS)).collect();
        let mut starts: Vec<_> = leases.iter().map(|lease| lease.bytes().as_ptr()).collect();
        starts.sort_unstable();
        starts.dedup();
        assert_eq!(starts.len(), leases.len(), "no slot is given out twice");
        let slots = OWN.slots.load(Ordering::Relaxed);
        drop(leases);
        assert_eq!(OWN.lock().len(), slots, "all of them come back");
        let again: Vec<Lease> = (0..slots).map(|_| take_from(&OWN, GROUPS)).collect();
        assert_eq!(OWN.slots.load(Ordering::Relaxed), slots, "and are used again");
        drop(again);
    }

    #[test]
    fn over_the_cap_slots_come_from_the_heap() {
        static CAPPED: Shard = Shard::new();
        let mut lease = take_from(&CAPPED, 0);
        assert!(matches!(lease.0, Place::Heap(_)));
        lease.bytes_mut().fill(1);
        assert_eq!(lease.bytes(), &[1; SLOT]);
    }

    #[test]
    fn threads_never_share_a_slot() {
        static BUSY: Shard = Shard::new();
        let (threads, rounds) = if cfg!(miri) { (3, 20) } else { (8, 20_000) };
        std::thread::scope(|scope| {
            for thread in 0..threads {
                scope.spawn(move || {
                    let mut held = std::collections::VecDeque::new();
                    for round in 0..rounds {
                        let mut lease = take_from(&BUSY, GROUPS);
                        assert_eq!(lease.bytes(), &[0; SLOT]);
                        let mark = u8::try_from((round * threads + thread) % 251 + 1).unwrap();
                        lease.bytes_mut().fill(mark);
                        held.push_back((lease, mark));
                        if held.len() > 40 {
                            let (lease, mark) = held.pop_front().unwrap();
                            assert_eq!(lease.bytes(), &[mark; SLOT], "another thread wrote here");
                        }
                    }
                });
            }
        });
        assert_eq!(BUSY.lock().len(), BUSY.slots.load(Ordering::Relaxed));
    }

    #[test]
    fn a_slot_may_be_dropped_on_another_thread() {
        static HOME: Shard = Shard::new();
        let lease = take_from(&HOME, GROUPS);
        std::thread::spawn(move || drop(lease)).join().unwrap();
        assert_eq!(HOME.lock().len(), HOME.slots.load(Ordering::Relaxed));
    }
}

//! Entries with limits on number, age, uses and bytes, and one maker at a time for each key.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// When an entry is used up. Whatever limit is reached first counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheLimits {
    /// Entries kept; the least recently used goes first. With 0 nothing is kept.
    pub entries: usize,
    /// Age of an entry.
    pub age: Duration,
    /// Messages sealed or opened with an entry.
    pub messages: u64,
    /// Bytes of plaintext sealed with an entry.
    pub bytes: u64,
}

impl Default for CacheLimits {
    /// 1024 entries, 5 minutes, 2^20 messages, 1 TiB.
    fn default() -> Self {
        Self {
            entries: 1024,
            age: Duration::from_secs(300),
            messages: 1 << 20,
            bytes: 1 << 40,
        }
    }
}

/// What a cache did so far: a cache that silently does not work shows here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheCounters {
    /// Served without a provider call.
    pub hits: u64,
    /// Of the hits, those that waited for another caller's provider call instead of making one.
    pub joined: u64,
    /// Made by a provider call.
    pub misses: u64,
    /// Provider calls that failed; nothing was kept.
    pub failures: u64,
    /// Not cacheable: a message of unknown length, or a recipient of one message only.
    pub bypassed: u64,
    /// Entries dropped for their age.
    pub expired_by_age: u64,
    /// Entries dropped for their number of messages.
    pub expired_by_messages: u64,
    /// Entries dropped for their bytes.
    pub expired_by_bytes: u64,
    /// Entries dropped to make room.
    pub evicted: u64,
    /// Entries held now.
    pub entries: u64,
}

/// A monotonic clock.
pub(super) type Now = Arc<dyn Fn() -> Instant + Send + Sync>;

/// Keys are whole descriptions, not digests of them: comparing is cheaper than hashing, and nothing can collide.
pub(super) struct Store<V> {
    limits: CacheLimits,
    now: Now,
    slots: Mutex<Slots<V>>,
    counts: Counts,
}

struct Slots<V> {
    by_key: HashMap<Box<[u8]>, (u64, Slot<V>)>,
    clock: u64,
}

/// One key's place. Who makes the value holds the lock meanwhile, so the others wait instead of calling too.
pub(super) type Slot<V> = Arc<futures_util::lock::Mutex<Option<Held<V>>>>;

pub(super) struct Held<V> {
    value: Arc<V>,
    made: Instant,
    messages: u64,
    bytes: u64,
}

#[derive(Default)]
pub(super) struct Counts {
    pub(super) hits: AtomicU64,
    pub(super) joined: AtomicU64,
    pub(super) misses: AtomicU64,
    pub(super) failures: AtomicU64,
    pub(super) bypassed: AtomicU64,
    by_age: AtomicU64,
    by_messages: AtomicU64,
    by_bytes: AtomicU64,
    evicted: AtomicU64,
}

pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

impl<V> Store<V> {
    pub(super) fn new(limits: CacheLimits) -> Self {
        let slots = Mutex::new(Slots {
            by_key: HashMap::new(),
            clock: 0,
        });
        Self {
            limits,
            now: Arc::new(Instant::now),
            slots,
            counts: Counts::default(),
        }
    }

    pub(super) fn by_clock(mut self, now: Now) -> Self {
        self.now = now;
        self
    }

    pub(super) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The value of `key`, made by `make` unless it is held and not used up by one more message of `bytes`.
    pub(super) async fn value<E>(
        &self,
        key: &[u8],
        bytes: u64,
        make: impl AsyncFnOnce() -> Result<V, E>,
    ) -> Result<Arc<V>, E> {
        let slot = self.slot(key);
        let (mut held, waited) = match slot.try_lock() {
            Some(held) => (held, false),
            None => (slot.lock().await, true),
        };
        if let Some(value) = self.charge(&mut held, bytes) {
            count(&self.counts.hits);
            if waited {
                count(&self.counts.joined);
            }
            return Ok(value);
        }
        match make().await {
            Ok(value) => {
                count(&self.counts.misses);
                let value = Arc::new(value);
                *held = Some(Held {
                    value: Arc::clone(&value),
                    made: (self.now)(),
                    messages: 1,
                    bytes,
                });
                Ok(value)
            }
            Err(error) => {
                count(&self.counts.failures);
                drop(held);
                self.forget(key, &slot);
                Err(error)
            }
        }
    }

    pub(super) fn clear(&self) {
        self.lock().by_key.clear();
    }

    pub(super) fn counters(&self) -> CacheCounters {
        let counts = &self.counts;
        CacheCounters {
            hits: counts.hits.load(Relaxed),
            joined: counts.joined.load(Relaxed),
            misses: counts.misses.load(Relaxed),
            failures: counts.failures.load(Relaxed),
            bypassed: counts.bypassed.load(Relaxed),
            expired_by_age: counts.by_age.load(Relaxed),
            expired_by_messages: counts.by_messages.load(Relaxed),
            expired_by_bytes: counts.by_bytes.load(Relaxed),
            evicted: counts.evicted.load(Relaxed),
            entries: self.lock().by_key.len() as u64,
        }
    }

    /// Takes one message of `bytes` from what is held; drops what is used up.
    fn charge(&self, held: &mut Option<Held<V>>, bytes: u64) -> Option<Arc<V>> {
        let entry = held.as_mut()?;
        let used_up = if (self.now)().saturating_duration_since(entry.made) >= self.limits.age {
            &self.counts.by_age
        } else if entry.messages >= self.limits.messages {
            &self.counts.by_messages
        } else if entry.bytes.saturating_add(bytes) > self.limits.bytes {
            &self.counts.by_bytes
        } else {
            entry.messages += 1;
            entry.bytes += bytes;
            return Some(Arc::clone(&entry.value));
        };
        count(used_up);
        *held = None;
        None
    }

    fn slot(&self, key: &[u8]) -> Slot<V> {
        let mut slots = self.lock();
        slots.clock += 1;
        let clock = slots.clock;
        if let Some((used, slot)) = slots.by_key.get_mut(key) {
            *used = clock;
            return Arc::clone(slot);
        }
        let slot = Slot::default();
        if self.limits.entries == 0 {
            return slot;
        }
        if slots.by_key.len() >= self.limits.entries {
            let oldest = slots
                .by_key
                .iter()
                .min_by_key(|(_, (used, _))| *used)
                .map(|(key, _)| key.clone());
            oldest.and_then(|oldest| slots.by_key.remove(&oldest));
            count(&self.counts.evicted);
        }
        slots.by_key.insert(key.into(), (clock, Arc::clone(&slot)));
        slot
    }

    /// Drops an empty slot, unless somebody has put another one in its place or is waiting for it.
    fn forget(&self, key: &[u8], slot: &Slot<V>) {
        let mut slots = self.lock();
        let idle = slots
            .by_key
            .get(key)
            .is_some_and(|(_, held)| Arc::ptr_eq(held, slot) && Arc::strong_count(held) <= 2);
        if idle {
            slots.by_key.remove(key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Slots<V>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

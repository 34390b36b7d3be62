//! Secrets that were unsealed already, for readers of many messages of one data key.

use std::sync::Arc;
use std::time::Instant;

use super::store::{CacheCounters, CacheLimits, Store};
use crate::memory::Secret;

/// Unsealed secrets by recipient entry, binding and partition. Give it to an opener with
/// [`crate::Opener::cache`]. An open that it serves makes no provider call; its audit events have no attempts.
pub struct OpenCache {
    store: Store<Secret<32>>,
}

impl OpenCache {
    /// An empty cache. The byte limit does not apply.
    #[must_use]
    pub fn new(limits: CacheLimits) -> Self {
        Self {
            store: Store::new(limits),
        }
    }

    /// The same cache by another clock.
    #[must_use]
    pub fn by_clock(self, now: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        Self {
            store: self.store.by_clock(Arc::new(now)),
        }
    }

    /// Drops every secret: after a revocation, or a change of policy.
    pub fn clear(&self) {
        self.store.clear();
    }

    /// What the cache did so far.
    #[must_use]
    pub fn counters(&self) -> CacheCounters {
        self.store.counters()
    }

    /// The secret of one recipient entry, unsealed by `unseal` unless it is held.
    pub(crate) async fn secret<E>(
        &self,
        key: &[u8],
        unseal: impl AsyncFnOnce() -> Result<Secret<32>, E>,
    ) -> Result<Arc<Secret<32>>, E> {
        self.store.value(key, 0, unseal).await
    }
}

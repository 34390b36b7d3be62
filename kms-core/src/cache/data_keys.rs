//! Data keys that serve many messages of one specification.

use std::sync::Arc;
use std::time::Instant;

use super::store::{CacheCounters, CacheLimits, Store, count};
use crate::envelope::{DataKey, Message, MessageOptions, Sealer};
use crate::error::Result;

/// Seals many messages for one provider call a recipient. Every message has keys of its own; what they share is the
/// right to open them (docs/format.md, "Levels").
pub struct DataKeyCache {
    store: Store<DataKey>,
}

impl DataKeyCache {
    /// An empty cache.
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

    /// Makes the header of one message, under a held data key where one fits. `partition` names everything outside
    /// the envelope that must not be crossed: principal, tenant, policy version.
    ///
    /// # Errors
    /// As [`Sealer::begin`].
    pub async fn begin(&self, sealer: &Sealer, partition: &str, options: MessageOptions) -> Result<Message> {
        let (true, Some(bytes)) = (sealer.is_cacheable(), options.plaintext_len) else {
            count(&self.store.counts().bypassed);
            return sealer.begin(options).await;
        };
        // A data key in hand skips no check that the making of one would have had to pass today.
        sealer.check_still()?;
        let key = sealer.fingerprint(partition);
        let data_key = self.store.value(&key, bytes, async || sealer.data_key().await).await?;
        data_key.begin(options)
    }

    /// Seals `plaintext`: header, then payload.
    ///
    /// # Errors
    /// As [`Sealer::seal`].
    pub async fn seal(&self, sealer: &Sealer, partition: &str, plaintext: &[u8]) -> Result<Vec<u8>> {
        let options = MessageOptions {
            plaintext_len: Some(plaintext.len() as u64),
            ..MessageOptions::default()
        };
        self.begin(sealer, partition, options).await?.seal(plaintext)
    }

    /// Drops every data key: after a revocation, or a change of policy.
    pub fn clear(&self) {
        self.store.clear();
    }

    /// What the cache did so far.
    #[must_use]
    pub fn counters(&self) -> CacheCounters {
        self.store.counters()
    }
}

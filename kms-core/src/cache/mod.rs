//! Caches that spare provider calls: data keys for sealing, unsealed secrets for opening.
//!
//! A hit skips the provider call and nothing else: policy, floor, context, tag and the audit event stay. Everything
//! that may not differ between two uses of one entry is in its key, so a hit can never cross a principal, a policy
//! version, a suite, a context or a recipient set. After a revocation at the provider an entry serves until its age
//! limit: choose it accordingly.

mod data_keys;
mod opened;
mod store;

pub use data_keys::DataKeyCache;
pub use opened::OpenCache;
pub use store::{CacheCounters, CacheLimits};

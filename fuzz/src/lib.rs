//! What the fuzz targets share: the keys and plaintexts of the golden files, and a watch over memory.
//!
//! The targets hold the readers to SECURITY.md: no panic, no memory out of proportion to the input, both backends of
//! one mind, and nothing that opens but what was sealed.

mod golden;
mod kek;
mod kem;
mod memory;
mod records;

pub use golden::{Golden, golden};
pub use memory::{bounded, bounded_by};
pub use records::{Records, split_place};

use kms_core::crypto::{CryptoBackend, aws_lc, rustcrypto};

/// Both backends.
pub fn backends() -> [CryptoBackend; 2] {
    [aws_lc(), rustcrypto()]
}

/// Waits for a future that never sleeps: the keys are local.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    futures::executor::block_on(future)
}

//! What the benches share: keys, peers, and the table of what was measured.
//!
//! Each bench file asks one question and measures Keystrand and its peers in the same run. [`summary`] holds the
//! goals and compares; `cargo run --release --bin table` writes what was measured into docs/performance.md.

pub mod keys;
pub mod peers;
mod processor_time;
pub mod summary;

use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkGroup, Throughput};
use futures::executor::block_on;
use kms_core::crypto::CryptoBackend;
use kms_core::{EncryptionContext, Kek, Keyring, Opener, Sealer};
pub use processor_time::ProcessorTime;

/// Criterion, measuring processor time.
pub type Criterion = criterion::Criterion<ProcessorTime>;

/// Polls to the end. Local keys never wait, so this is the only cost of asynchrony that a caller has.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    block_on(future)
}

/// A sealer with the two context pairs that every bench uses, and no recipient yet.
pub fn sealer(backend: &CryptoBackend) -> Sealer {
    Sealer::new(backend.clone()).context(context())
}

/// An opener with these keys.
pub fn opener(backend: &CryptoBackend, keks: impl IntoIterator<Item = Arc<dyn Kek>>) -> Opener {
    Opener::new(backend.clone(), keks.into_iter().collect::<Keyring>())
}

/// Two pairs, as an application has them.
pub fn context() -> EncryptionContext {
    EncryptionContext::from_pairs(CONTEXT).expect("two short pairs")
}

/// The pairs of [`context`], for peers that take them too.
pub const CONTEXT: [(&str, &str); 2] = [("tenant", "acme-0042"), ("purpose", "orders")];

/// Bytes that do not compress and are the same in each run.
pub fn plaintext(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

/// Runs the benches of one file and prints how they stand to their goals.
pub fn bench(file: &str, benches: impl FnOnce(&mut Criterion)) {
    let mut criterion = criterion::Criterion::default()
        .with_measurement(ProcessorTime)
        .configure_from_args();
    benches(&mut criterion);
    criterion.final_summary();
    summary::print(file);
}

/// The payload sizes that every peer is measured at.
pub const SIZES: [(&str, usize); 4] = [
    ("16KiB", 16 << 10),
    ("1MiB", 1 << 20),
    ("64MiB", 64 << 20),
    ("1GiB", 1 << 30),
];

/// A group whose functions each work on `length` bytes; long ones are sampled ten times only.
pub fn by_bytes<'c>(criterion: &'c mut Criterion, name: &str, length: usize) -> BenchmarkGroup<'c, ProcessorTime> {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Bytes(length as u64));
    if length >= 64 << 20 {
        group.sample_size(10).warm_up_time(Duration::from_millis(100));
    }
    group
}

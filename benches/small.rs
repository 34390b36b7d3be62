//! What does a message of 100 bytes cost, with a data key that is at hand?

use std::hint::black_box;
use std::sync::Arc;

use criterion::Throughput;
use kms_core::cache::{CacheLimits, DataKeyCache, OpenCache};
use kms_core::crypto::{CryptoBackend, aws_lc, rustcrypto};
use setup::keys::Keys;
use setup::{Criterion, opener, plaintext, run, sealer};

fn main() {
    setup::bench("small", |criterion| {
        for (name, backend) in [
            ("keystrand", CryptoBackend::default()),
            ("keystrand-aws-lc", aws_lc()),
            ("keystrand-rustcrypto", rustcrypto()),
        ] {
            seal(criterion, name, &backend);
            open(criterion, name, &backend);
        }
        peers(criterion);
    });
}

fn seal(criterion: &mut Criterion, name: &str, backend: &CryptoBackend) {
    let keys = Keys::new(backend, &["payments"]);
    let sealer = sealer(backend).recipient(keys.kek("payments"));
    let message = plaintext(LENGTH);
    let data_key = run(sealer.data_key()).expect("local keys do not fail");
    let cache = DataKeyCache::new(limits());

    let mut group = criterion.benchmark_group("seal-100B");
    group.throughput(Throughput::Elements(1));
    group.bench_function(format!("{name}-data-key"), |bencher| {
        bencher.iter(|| data_key.seal(black_box(&message)).expect("a short message"));
    });
    group.bench_function(format!("{name}-cache"), |bencher| {
        bencher.iter(|| run(cache.seal(&sealer, "tenant-1", black_box(&message))).expect("a short message"));
    });
    group.bench_function(format!("{name}-fresh-data-key"), |bencher| {
        bencher.iter(|| run(sealer.seal(black_box(&message))).expect("local keys do not fail"));
    });
    group.finish();
}

fn open(criterion: &mut Criterion, name: &str, backend: &CryptoBackend) {
    let keys = Keys::new(backend, &["payments"]);
    let sealer = sealer(backend).recipient(keys.kek("payments"));
    let envelope = run(sealer.seal(&plaintext(LENGTH))).expect("local keys do not fail");
    let plain = opener(backend, [keys.kek("payments")]).require(setup::context());
    let cached = plain.clone().cache(Arc::new(OpenCache::new(limits())), "tenant-1");

    let mut group = criterion.benchmark_group("open-100B");
    group.throughput(Throughput::Elements(1));
    for (name, opener) in [(format!("{name}-cache"), cached), (format!("{name}-local-key"), plain)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| run(opener.open(black_box(&envelope))).expect("just sealed"));
        });
    }
    group.finish();
}

fn peers(criterion: &mut Criterion) {
    let message = plaintext(LENGTH);
    let age = setup::peers::age::Age::default();
    let by_age = age.seal(&message);
    let mut out = vec![0; LENGTH];

    let mut group = criterion.benchmark_group("seal-100B");
    group.throughput(Throughput::Elements(1));
    group.bench_function("age-x25519", |bencher| bencher.iter(|| age.seal(black_box(&message))));
    group.finish();

    let mut group = criterion.benchmark_group("open-100B");
    group.throughput(Throughput::Elements(1));
    group.bench_function("age-x25519", |bencher| {
        bencher.iter(|| age.open(black_box(&by_age), &mut out))
    });
    group.finish();
}

const LENGTH: usize = 100;

/// No limit ends a measurement.
fn limits() -> CacheLimits {
    CacheLimits {
        age: std::time::Duration::from_secs(86_400),
        messages: u64::MAX,
        ..CacheLimits::default()
    }
}

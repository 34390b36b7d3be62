//! How fast are payloads in memory, and what does the envelope cost over the AEAD alone?

use std::hint::black_box;

use kms_core::Suite;
use kms_core::crypto::{CryptoBackend, aws_lc, rustcrypto};
use kms_core::memory::Secret;
use kms_core::payload::{PayloadKeys, sealed_len};
use setup::keys::Keys;
use setup::peers::age::Age;
use setup::peers::bare::Bare;
use setup::peers::tink::Tink;
use setup::{Criterion, by_bytes, opener, plaintext, run, sealer};

fn main() {
    setup::bench("payload", |criterion| {
        for (name, length) in setup::SIZES {
            let plaintext = plaintext(length);
            seal(criterion, name, &plaintext);
            open(criterion, name, &plaintext);
            whole(criterion, name, &plaintext);
        }
    });
}

/// Payloads in buffers that are there already.
fn seal(criterion: &mut Criterion, name: &str, plaintext: &[u8]) {
    let mut sealed = vec![0; sealed(plaintext.len())];
    let (bare, tink, age) = (Bare::default(), Tink::default(), Age::default());
    let (fast, pure) = (keys(&aws_lc()), keys(&rustcrypto()));
    let mut group = by_bytes(criterion, &format!("seal-{name}"), plaintext.len());
    group.bench_function("bare-aws-lc", |bencher| {
        bencher.iter(|| bare.seal(black_box(plaintext), &mut sealed))
    });
    group.bench_function("keystrand", |bencher| {
        bencher.iter(|| fast.seal_into(black_box(plaintext), &mut sealed))
    });
    group.bench_function("keystrand-rustcrypto", |bencher| {
        bencher.iter(|| pure.seal_into(black_box(plaintext), &mut sealed));
    });
    group.bench_function("tink", |bencher| bencher.iter(|| tink.seal_away(black_box(plaintext))));
    group.bench_function("age", |bencher| bencher.iter(|| age.seal_away(black_box(plaintext))));
    group.finish();
}

fn open(criterion: &mut Criterion, name: &str, plaintext: &[u8]) {
    let mut out = vec![0; plaintext.len()];
    let mut sealed = vec![0; sealed(plaintext.len())];
    let mut group = by_bytes(criterion, &format!("open-{name}"), plaintext.len());
    let bare = Bare::default();
    bare.seal(plaintext, &mut sealed);
    group.bench_function("bare-aws-lc", |bencher| {
        bencher.iter(|| bare.open(black_box(&sealed), &mut out))
    });
    for (name, backend) in [("keystrand", aws_lc()), ("keystrand-rustcrypto", rustcrypto())] {
        let keys = keys(&backend);
        keys.seal_into(plaintext, &mut sealed).expect("as long as a payload");
        group.bench_function(name, |bencher| {
            bencher.iter(|| keys.open_into(black_box(&sealed), &mut out))
        });
    }
    drop(sealed);
    let tink = Tink::default();
    let by_tink = tink.seal(plaintext);
    group.bench_function("tink", |bencher| {
        bencher.iter(|| tink.open(black_box(&by_tink), &mut out))
    });
    drop(by_tink);
    let age = Age::default();
    let by_age = age.seal(plaintext);
    group.bench_function("age", |bencher| bencher.iter(|| age.open(black_box(&by_age), &mut out)));
    group.finish();
}

/// Whole envelopes into fresh memory, as the one-call API gives them: the system's zeroing of new pages counts.
fn whole(criterion: &mut Criterion, name: &str, plaintext: &[u8]) {
    let backend = CryptoBackend::default();
    let keys = Keys::new(&backend, &["payments"]);
    let sealer = sealer(&backend).recipient(keys.kek("payments"));
    let opener = opener(&backend, [keys.kek("payments")]).require(setup::context());
    let mut group = by_bytes(criterion, &format!("envelope-{name}"), plaintext.len());
    group.bench_function("seal-keystrand", |bencher| {
        bencher.iter(|| run(sealer.seal(black_box(plaintext))))
    });
    let envelope = run(sealer.seal(plaintext)).expect("local keys do not fail");
    group.bench_function("open-keystrand", |bencher| {
        bencher.iter(|| run(opener.open(black_box(&envelope))))
    });
    drop(envelope);
    group.finish();
}

fn keys(backend: &CryptoBackend) -> PayloadKeys {
    let input_key = Secret::init_with(|key| key.fill(7));
    PayloadKeys::new(backend, Suite::Aes256Gcm, &input_key, &[1; 24], &[2; 32]).expect("a payload suite")
}

fn sealed(length: usize) -> usize {
    let length = sealed_len(length as u64).and_then(|length| usize::try_from(length).ok());
    length.expect("fits in memory")
}

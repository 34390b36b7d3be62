//! What does post-quantum cost? Each KEM, alone and as HPKE around a 32-byte secret, on both backends; X-Wing against
//! the bare AWS-LC calls it is made of; signatures beside it; and the bytes that each adds to a header.

use std::hint::black_box;

use aws_lc_rs::{agreement, kem, rand};
use kms_core::Suite;
use kms_core::crypto::CryptoBackend;
use kms_core::crypto::kem::{DecapsulationKey, EncapsulationKey, Kem};
use kms_core::crypto::signature::SignatureScheme;
use kms_core::crypto::{aws_lc, rustcrypto};
use kms_core::hpke::Hpke;
use kms_core::memory::Secret;
use setup::Criterion;

fn main() {
    setup::bench("kem", |criterion| {
        bytes_on_the_wire();
        // Side by side, so that a clock that drifts takes both along.
        mechanism(criterion, &aws_lc(), Kem::XWing);
        bare_x_wing(criterion);
        mechanism(criterion, &rustcrypto(), Kem::XWing);
        for backend in [aws_lc(), rustcrypto()] {
            for kem in Kem::ALL.into_iter().filter(|kem| *kem != Kem::XWing) {
                mechanism(criterion, &backend, kem);
            }
            for scheme in SignatureScheme::ALL {
                signature(criterion, &backend, scheme);
            }
        }
    });
}

fn bytes_on_the_wire() {
    println!(
        "{:<16} {:>10} {:>10} {:>18}",
        "KEM", "public key", "ciphertext", "32 B wrapped, HPKE"
    );
    for kem in Kem::ALL {
        let (public, ciphertext) = (kem.public_len(), kem.ciphertext_len());
        println!(
            "{:<16} {public:>10} {ciphertext:>10} {:>18}",
            kem.name(),
            ciphertext + 32 + 16
        );
    }
}

fn mechanism(criterion: &mut Criterion, backend: &CryptoBackend, kem: Kem) {
    let (key, public) = pair(backend, kem);
    let made = public.encapsulate(&*backend.random).expect("a random source");
    let hpke = Hpke::new(backend, Suite::Aes256Gcm.hpke(kem), b"bench");
    let sealed = hpke.seal(&*public, b"aad", &[7; 32]).expect("a random source");

    let mut group = criterion.benchmark_group(format!("kem-{}-{}", kem.name(), backend.name));
    group.bench_function("parse-public", |bencher| {
        bencher.iter(|| {
            backend
                .kems
                .public_key(kem, black_box(key.public()))
                .map(|key| key.kem())
        });
    });
    group.bench_function("derive-private", |bencher| {
        let seed = seed();
        bencher.iter(|| backend.kems.derive_key(kem, black_box(&seed)).map(|key| key.kem()));
    });
    group.bench_function("encapsulate", |bencher| {
        bencher.iter(|| public.encapsulate(&*backend.random).map(|made| made.ciphertext));
    });
    group.bench_function("decapsulate", |bencher| {
        bencher.iter(|| key.decapsulate(black_box(&made.ciphertext)).map(|secret| secret.kem()));
    });
    group.bench_function("wrap", |bencher| {
        bencher.iter(|| hpke.seal(&*public, b"aad", black_box(&[7; 32])));
    });
    group.bench_function("unwrap", |bencher| {
        bencher.iter(|| {
            Secret::<32>::try_init_with(|out| hpke.open(&*key, &sealed.enc, b"aad", &sealed.ciphertext, out)).is_ok()
        });
    });
    group.finish();
}

fn pair(backend: &CryptoBackend, kem: Kem) -> (Box<dyn DecapsulationKey>, Box<dyn EncapsulationKey>) {
    let key = backend.kems.derive_key(kem, &seed()).expect("any seed will do");
    let public = backend.kems.public_key(kem, key.public()).expect("just made");
    (key, public)
}

fn seed() -> Secret<32> {
    Secret::init_with(|seed| seed.fill(1))
}

fn signature(criterion: &mut Criterion, backend: &CryptoBackend, scheme: SignatureScheme) {
    let key = backend.signatures.derive_key(scheme, &seed());
    let public = backend.signatures.public_key(scheme, key.public()).expect("just made");
    let message = [5; 256];
    let signature = key.sign(b"bench", &message, &*backend.random).expect("a random source");

    let mut group = criterion.benchmark_group(format!("sign-{}-{}", scheme.name(), backend.name));
    group.bench_function("sign", |bencher| {
        bencher.iter(|| key.sign(b"bench", black_box(&message), &*backend.random));
    });
    group.bench_function("verify", |bencher| {
        bencher.iter(|| public.verify(b"bench", black_box(&message), &signature));
    });
    group.finish();
}

/// The calls of X-Wing with parsed keys, and nothing around them: no combiner, no copies.
fn bare_x_wing(criterion: &mut Criterion) {
    let pq = kem::DecapsulationKey::generate(&kem::ML_KEM_768).expect("a random source");
    let pq_public = pq.encapsulation_key().expect("generated");
    let (pq_ciphertext, _) = pq_public.encapsulate().expect("a random source");
    let pq_ciphertext = pq_ciphertext.as_ref();
    let classical = agreement::PrivateKey::generate(&agreement::X25519).expect("a random source");
    let classical_public = classical.compute_public_key().expect("any key");
    let peer = || agreement::UnparsedPublicKey::new(&agreement::X25519, classical_public.as_ref());

    let mut group = criterion.benchmark_group("kem-x-wing-bare");
    group.bench_function("encapsulate", |bencher| {
        bencher.iter(|| {
            let made = pq_public.encapsulate().expect("a random source");
            let random = rand::SystemRandom::new();
            let ephemeral = agreement::EphemeralPrivateKey::generate(&agreement::X25519, &random);
            let ephemeral = ephemeral.expect("a random source");
            let public = ephemeral.compute_public_key().expect("any key");
            let agreed = agreement::agree_ephemeral(ephemeral, peer(), (), |secret| Ok(secret[0]));
            (made, public, agreed)
        });
    });
    group.bench_function("decapsulate", |bencher| {
        bencher.iter(|| {
            let secret = pq.decapsulate(black_box(pq_ciphertext).into());
            (
                secret.is_ok(),
                agreement::agree(&classical, peer(), (), |secret| Ok(secret[0])),
            )
        });
    });
    group.finish();
}

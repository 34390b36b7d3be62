//! What does a rewrap of one header cost? In memory, with local keys, from the bytes of the old header to the bytes
//! of the new one. No peer rewraps; what their users do instead, opening and sealing anew, is in esdk.rs.

use std::hint::black_box;

use criterion::Throughput;
use kms_core::crypto::CryptoBackend;
use kms_core::{Header, Message, MessageOptions, Recipient, RewrapOutcome, Rewrapper, Sealer, Target};
use setup::keys::Keys;
use setup::{Criterion, opener, run, sealer};

fn main() {
    setup::bench("rewrap", |criterion| {
        let backend = CryptoBackend::default();
        recipients(criterion, &backend);
        payload_sizes(criterion, &backend);
    });
}

fn recipients(criterion: &mut Criterion, backend: &CryptoBackend) {
    let one = |keys: &Keys| sealer(backend).recipient(keys.kek("a"));
    let three = |keys: &Keys| one(keys).recipient(keys.kek("b")).recipient(keys.kek("c"));
    let quorum = |keys: &Keys| {
        let members = ["a", "b", "c"].map(|name| keys.kek(name));
        sealer(backend).add(Recipient::quorum(2, members))
    };
    let mut group = criterion.benchmark_group("rewrap");
    group.throughput(Throughput::Elements(1));
    let mut bench = |name: &str, job: &Job| {
        group.bench_function(name, |bencher| bencher.iter(|| job.rewrap()));
    };
    bench("one-recipient", &Job::new(backend, None, &["a"], one));
    bench(
        "one-recipient-verified",
        &Job::new(backend, None, &["a"], one).verified(),
    );
    bench("one-of-any-of-3", &Job::new(backend, None, &["a"], three));
    bench("all-of-any-of-3", &Job::new(backend, None, &["a", "b", "c"], three));
    bench("quorum-share-move", &Job::new(backend, None, &["b"], quorum));
    let current = Job::new(backend, None, &[], one);
    group.bench_function("already-current", |bencher| bencher.iter(|| current.look()));
    group.finish();
}

/// The same attached header whatever stands behind it: over 64 KiB it has 4 KiB of room for later rewraps.
fn payload_sizes(criterion: &mut Criterion, backend: &CryptoBackend) {
    let mut group = criterion.benchmark_group("rewrap-behind-payload");
    group.throughput(Throughput::Elements(1));
    for (name, length) in [
        ("100B", 100),
        ("1MiB", 1 << 20),
        ("1GiB", 1 << 30),
        ("1TiB", 1_u64 << 40),
    ] {
        let job = Job::new(backend, Some(length), &["a"], |keys| {
            sealer(backend).recipient(keys.kek("a"))
        });
        group.bench_function(name, |bencher| bencher.iter(|| job.rewrap()));
    }
    group.finish();
}

/// One header to be rewrapped again and again, from its bytes.
struct Job {
    header: Vec<u8>,
    payload: Option<u64>,
    rewrapper: Rewrapper,
    _keys: Keys,
}

impl Job {
    /// A header that was made before the keys named in `rotated` got their second version. Who rewraps has these keys
    /// and "a".
    fn new(
        backend: &CryptoBackend,
        payload: Option<u64>,
        rotated: &[&str],
        sealer: impl FnOnce(&Keys) -> Sealer,
    ) -> Self {
        let keys = Keys::new(backend, &["a", "b", "c"]);
        let header = header(&sealer(&keys), payload);
        rotated.iter().for_each(|name| keys.rotate(name));
        let held = if rotated.is_empty() { &["a"] } else { rotated };
        let keks = held.iter().map(|name| keys.kek(name));
        Self {
            header,
            payload,
            rewrapper: Rewrapper::new(opener(backend, keks)),
            _keys: keys,
        }
    }

    fn verified(self) -> Self {
        let rewrapper = self.rewrapper.verify(true);
        Self { rewrapper, ..self }
    }

    fn rewrap(&self) -> Vec<u8> {
        match self.outcome() {
            RewrapOutcome::Rewrapped(new) => new.header,
            RewrapOutcome::AlreadyCurrent => unreachable!("a key has a new version"),
        }
    }

    fn look(&self) {
        assert_eq!(self.outcome(), RewrapOutcome::AlreadyCurrent);
    }

    fn outcome(&self) -> RewrapOutcome {
        let header = Header::parse_prefix(black_box(&self.header), 16).expect("just sealed");
        run(self.rewrapper.rewrap(&header, &Target::Current, self.payload)).expect("local keys do not fail")
    }
}

fn header(sealer: &Sealer, payload: Option<u64>) -> Vec<u8> {
    let options = MessageOptions {
        plaintext_len: payload,
        detached: payload.is_none(),
        ..MessageOptions::default()
    };
    let message: Message = run(sealer.begin(options)).expect("local keys do not fail");
    message.into_parts().0
}

//! What does a rewrap of one header cost? In memory, with local keys, from the bytes of the old header to the bytes
//! of the new one. No peer rewraps; what their users do instead, opening and sealing anew, is in esdk.rs.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput};
use kms_core::crypto::CryptoBackend;
use kms_core::{Header, Kek, Message, MessageOptions, Recipient, RewrapOutcome, Rewrapper, Sealer, Target};
use setup::{kek, opener, run, sealer};

fn main() {
    setup::bench("rewrap", |criterion| {
        let backend = CryptoBackend::default();
        recipients(criterion, &backend);
        payload_sizes(criterion, &backend);
    });
}

fn recipients(criterion: &mut Criterion, backend: &CryptoBackend) {
    let one = sealer(backend).recipient(kek(backend, "a", 1));
    let three = ["b", "c"].into_iter().fold(one.clone(), |sealer, name| sealer.recipient(kek(backend, name, 1)));
    let members = ["a", "b", "c"].map(|name| kek(backend, name, 1));
    let quorum = sealer(backend).add(Recipient::quorum(2, members));

    let mut group = criterion.benchmark_group("rewrap");
    group.throughput(Throughput::Elements(1));
    let mut bench = |name: &str, sealer: &Sealer, keks: &[&str]| {
        let job = Job::new(backend, header(sealer, None), None, keks);
        group.bench_function(name, |bencher| bencher.iter(|| job.rewrap()));
    };
    bench("one-recipient", &one, &["a"]);
    bench("one-of-any-of-3", &three, &["a"]);
    bench("all-of-any-of-3", &three, &["a", "b", "c"]);
    bench("quorum-share-move", &quorum, &["b"]);

    let current = Job::new(backend, header(&one, None), None, &[]).with(kek(backend, "a", 1));
    group.bench_function("already-current", |bencher| bencher.iter(|| current.look()));
    let verified = Job::new(backend, header(&one, None), None, &["a"]).verified();
    group.bench_function("one-recipient-verified", |bencher| bencher.iter(|| verified.rewrap()));
    group.finish();
}

/// The same attached header whatever stands behind it: over 64 KiB it has 4 KiB of room for later rewraps.
fn payload_sizes(criterion: &mut Criterion, backend: &CryptoBackend) {
    let mut group = criterion.benchmark_group("rewrap-behind-payload");
    group.throughput(Throughput::Elements(1));
    for (name, length) in [("100B", 100), ("1MiB", 1 << 20), ("1GiB", 1 << 30), ("1TiB", 1_u64 << 40)] {
        let sealer = sealer(backend).recipient(kek(backend, "a", 1));
        let job = Job::new(backend, header(&sealer, Some(length)), Some(length), &["a"]);
        group.bench_function(name, |bencher| bencher.iter(|| job.rewrap()));
    }
    group.finish();
}

/// One header to be rewrapped again and again, from its bytes.
struct Job {
    header: Vec<u8>,
    payload: Option<u64>,
    rewrapper: Rewrapper,
    backend: CryptoBackend,
}

impl Job {
    /// The keys named in `stale` have a second version by now.
    fn new(backend: &CryptoBackend, header: Vec<u8>, payload: Option<u64>, stale: &[&str]) -> Self {
        let keks = stale.iter().map(|name| kek(backend, name, 2));
        Self {
            header,
            payload,
            rewrapper: Rewrapper::new(opener(backend, keks)),
            backend: backend.clone(),
        }
    }

    fn with(self, kek: Arc<dyn Kek>) -> Self {
        let rewrapper = Rewrapper::new(opener(&self.backend, [kek]));
        Self { rewrapper, ..self }
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

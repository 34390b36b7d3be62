//! The caches: what they spare, what they never cross, and when they let go.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use kms_core::audit::{AuditTrail, MemorySink, Principal};
use kms_core::cache::{CacheLimits, DataKeyCache, OpenCache};
use kms_core::crypto::{CryptoBackend, aws_lc};
use kms_core::*;
use support::{TestKek, run};

/// Counts provider calls, takes its time, and can be switched off.
struct Counting {
    inner: TestKek,
    wraps: AtomicUsize,
    unwraps: AtomicUsize,
    slow: Duration,
    failing: Mutex<bool>,
}

impl Counting {
    fn new(backend: &CryptoBackend, slow: Duration) -> Arc<Self> {
        let inner = TestKek::new(backend, "local://cached", 1);
        let (wraps, unwraps, failing) = (AtomicUsize::new(0), AtomicUsize::new(0), Mutex::new(false));
        Arc::new(Self {
            inner,
            wraps,
            unwraps,
            slow,
            failing,
        })
    }
}

#[async_trait]
impl Kek for Counting {
    fn uri(&self) -> &str {
        self.inner.uri()
    }
    fn scheme(&self) -> Scheme {
        self.inner.scheme()
    }
    fn posture(&self) -> Posture {
        self.inner.posture()
    }
    async fn generate(&self, binding: &Binding<'_>) -> Result<Generated, KekError> {
        self.wraps.fetch_add(1, SeqCst);
        std::thread::sleep(self.slow);
        if *self.failing.lock().unwrap() {
            return Err(KekError::new(self.uri(), KekOperation::Wrap, KekFault::Throttled));
        }
        self.inner.generate(binding).await
    }
    async fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Result<Unwrapped, KekError> {
        self.unwraps.fetch_add(1, SeqCst);
        self.inner.unwrap(wrapped, binding).await
    }
    async fn describe(&self) -> Result<KekInfo, KekError> {
        self.inner.describe().await
    }
}

fn sealer(backend: &CryptoBackend, kek: &Arc<Counting>) -> Sealer {
    Sealer::new(backend.clone()).recipient(kek.clone())
}

fn opener(backend: &CryptoBackend, kek: &Arc<Counting>) -> Opener {
    Opener::new(backend.clone(), Keyring::new().with(kek.clone()))
}

#[test]
fn one_provider_call_serves_many_messages_and_each_opens() {
    let backend = aws_lc();
    let kek = Counting::new(&backend, Duration::ZERO);
    let cache = DataKeyCache::new(CacheLimits::default());
    let envelopes: Vec<_> = (0..50u8)
        .map(|n| run(cache.seal(&sealer(&backend, &kek), "alice", &[n])).unwrap())
        .collect();
    assert_eq!(kek.wraps.load(SeqCst), 1);
    assert_eq!((cache.counters().hits, cache.counters().misses), (49, 1));
    for (n, envelope) in (0..50u8).zip(&envelopes) {
        assert_eq!(run(opener(&backend, &kek).open(envelope)).unwrap(), [n]);
    }
}

#[test]
fn nothing_that_matters_is_crossed() {
    let backend = aws_lc();
    let kek = Counting::new(&backend, Duration::ZERO);
    let cache = DataKeyCache::new(CacheLimits::default());
    let base = sealer(&backend, &kek);
    let context = EncryptionContext::from_pairs([("tenant", "t")]).unwrap();
    let floor = Floor {
        posture: Some(Posture::Hedged),
        quorum: None,
    };
    let variants = [
        ("alice", base.clone()),
        ("bob", base.clone()),
        ("alice", base.clone().suite(Suite::Aes256GcmSiv)),
        ("alice", base.clone().context(context.clone())),
        ("alice", base.clone().context(context).external(["tenant"])),
        ("alice", base.clone().floor(floor)),
        ("alice", base.clone().key_name("payments")),
        ("alice", base.clone().sealed_secret()),
        (
            "alice",
            base.clone()
                .recipient(Arc::new(TestKek::new(&backend, "local://second", 1))),
        ),
        (
            "alice",
            Sealer::new(backend.clone()).add(Recipient::single(kek.clone()).hidden()),
        ),
    ];
    for (partition, sealer) in &variants {
        run(cache.seal(sealer, partition, b"x")).unwrap();
    }
    assert_eq!(cache.counters().misses, variants.len() as u64);
    assert_eq!(cache.counters().hits, 0);
}

#[test]
fn entries_end_by_age_messages_and_bytes() {
    let backend = aws_lc();
    let kek = Counting::new(&backend, Duration::ZERO);
    let start = Instant::now();
    let later = Arc::new(Mutex::new(Duration::ZERO));
    let clock = {
        let later = later.clone();
        move || start + *later.lock().unwrap()
    };
    let limits = CacheLimits {
        entries: 2,
        age: Duration::from_secs(60),
        messages: 3,
        bytes: 100,
    };
    let cache = DataKeyCache::new(limits).by_clock(clock);
    let seal = |length: usize| drop(run(cache.seal(&sealer(&backend, &kek), "p", &vec![0; length])).unwrap());

    (0..3).for_each(|_| seal(1));
    assert_eq!(cache.counters().misses, 1, "at the limit of messages");
    seal(1);
    assert_eq!((cache.counters().misses, cache.counters().expired_by_messages), (2, 1));
    seal(99);
    assert_eq!(cache.counters().misses, 2, "at the limit of bytes");
    seal(1);
    assert_eq!((cache.counters().misses, cache.counters().expired_by_bytes), (3, 1));
    *later.lock().unwrap() = Duration::from_secs(59);
    seal(1);
    assert_eq!(cache.counters().misses, 3, "just inside the age");
    *later.lock().unwrap() = Duration::from_secs(60);
    seal(1);
    assert_eq!((cache.counters().misses, cache.counters().expired_by_age), (4, 1));
    for partition in ["q", "r"] {
        run(cache.seal(&sealer(&backend, &kek), partition, b"")).unwrap();
    }
    assert_eq!((cache.counters().entries, cache.counters().evicted), (2, 1));
}

#[test]
fn a_storm_makes_one_provider_call() {
    let backend = aws_lc();
    let kek = Counting::new(&backend, Duration::from_millis(50));
    let cache = DataKeyCache::new(CacheLimits::default());
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| run(cache.seal(&sealer(&backend, &kek), "p", b"x")).unwrap());
        }
    });
    assert_eq!(kek.wraps.load(SeqCst), 1);
    assert_eq!(cache.counters().hits, 15);
    assert!(cache.counters().joined > 0, "some of them waited");
}

#[test]
fn a_failure_is_not_kept() {
    let backend = aws_lc();
    let kek = Counting::new(&backend, Duration::ZERO);
    let cache = DataKeyCache::new(CacheLimits::default());
    *kek.failing.lock().unwrap() = true;
    assert!(matches!(
        run(cache.seal(&sealer(&backend, &kek), "p", b"x")),
        Err(Error::Provider(_))
    ));
    *kek.failing.lock().unwrap() = false;
    run(cache.seal(&sealer(&backend, &kek), "p", b"x")).unwrap();
    assert_eq!(
        (
            cache.counters().failures,
            cache.counters().misses,
            cache.counters().entries
        ),
        (1, 1, 1)
    );
}

#[test]
fn a_message_of_unknown_length_is_not_cached() {
    let backend = aws_lc();
    let kek = Counting::new(&backend, Duration::ZERO);
    let cache = DataKeyCache::new(CacheLimits::default());
    run(cache.begin(&sealer(&backend, &kek), "p", MessageOptions::default())).unwrap();
    assert_eq!((cache.counters().bypassed, cache.counters().entries), (1, 0));
}

#[test]
fn a_hit_still_leaves_an_audit_event_for_each_message() {
    let backend = aws_lc();
    let kek = Counting::new(&backend, Duration::ZERO);
    let sink = Arc::new(MemorySink::new());
    let sealer = sealer(&backend, &kek).audit(AuditTrail::new(sink.clone(), Principal::named("alice")));
    let cache = DataKeyCache::new(CacheLimits::default());
    run(cache.seal(&sealer, "p", b"1")).unwrap();
    let after_first = sink.len();
    run(cache.seal(&sealer, "p", b"2")).unwrap();
    assert_eq!(sink.len() - after_first, 2, "intent and outcome of the second message");
}

#[test]
fn opening_many_messages_of_a_data_key_calls_the_provider_once() {
    let backend = aws_lc();
    let kek = Counting::new(&backend, Duration::ZERO);
    let data_key = run(sealer(&backend, &kek).data_key()).unwrap();
    let cache = Arc::new(OpenCache::new(CacheLimits::default()));
    let opener = opener(&backend, &kek).cache(cache.clone(), "alice");
    for n in 0..20u8 {
        assert_eq!(run(opener.open(&data_key.seal(&[n]).unwrap())).unwrap(), [n]);
    }
    assert_eq!(kek.unwraps.load(SeqCst), 1);
    assert_eq!((cache.counters().hits, cache.counters().misses), (19, 1));

    let bob = opener.clone().cache(cache.clone(), "bob");
    run(bob.open(&data_key.seal(b"x").unwrap())).unwrap();
    assert_eq!(kek.unwraps.load(SeqCst), 2, "another principal asks the provider");
}

#[test]
fn a_cached_secret_does_not_open_altered_headers() {
    let backend = aws_lc();
    let kek = Counting::new(&backend, Duration::ZERO);
    let envelope = run(sealer(&backend, &kek).seal(b"x")).unwrap();
    let header_len = Header::parse_prefix(&envelope, 16).unwrap().len();
    let cache = Arc::new(OpenCache::new(CacheLimits::default()));
    let opener = opener(&backend, &kek).cache(cache, "alice");
    assert_eq!(run(opener.open(&envelope)).unwrap(), b"x");
    for at in 0..header_len {
        let mut altered = envelope.clone();
        altered[at] ^= 1;
        assert!(run(opener.open(&altered)).is_err(), "byte {at}");
    }
}

//! Some of several providers fail, are slow, or are reached over connections that are worth less: what is sealed, who is
//! asked, and what is told.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures::channel::oneshot;
use kms_core::audit::{AuditTrail, MemorySink, Phase, Principal};
use kms_core::crypto::{CryptoBackend, aws_lc};
use kms_core::*;
use support::{TestKek, run};

/// A key of a service that can be down, slow, or behind a classical connection.
struct Service {
    inner: TestKek,
    state: Mutex<State>,
    wraps: AtomicUsize,
    unwraps: AtomicUsize,
    dropped: AtomicUsize,
}

#[derive(Clone, Copy, Default)]
struct State {
    fault: Option<KekFault>,
    hangs: bool,
    posture: Option<Posture>,
    wrong: bool,
}

impl Service {
    fn new(uri: &str) -> Arc<Self> {
        Self::of(TestKek::new(&aws_lc(), uri, 1))
    }

    fn of(inner: TestKek) -> Arc<Self> {
        Arc::new(Self {
            inner,
            state: Mutex::default(),
            wraps: AtomicUsize::new(0),
            unwraps: AtomicUsize::new(0),
            dropped: AtomicUsize::new(0),
        })
    }

    fn is(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
    }

    fn fails(&self, fault: KekFault) {
        self.is(|state| state.fault = Some(fault));
    }

    fn heals(&self) {
        self.is(|state| *state = State::default());
    }

    fn state(&self) -> State {
        *self.state.lock().unwrap()
    }

    /// How often it was asked to unwrap since the last time.
    fn asked(&self) -> usize {
        self.unwraps.swap(0, SeqCst)
    }

    async fn answer(&self, operation: KekOperation) -> Result<(), KekError> {
        let State { fault, hangs, .. } = self.state();
        if hangs {
            let _noted = Noted(&self.dropped);
            std::future::pending::<()>().await;
        }
        let id = Some(format!("id-of-{}", self.inner.uri.rsplit('/').next().unwrap()));
        fault.map_or(Ok(()), |fault| {
            Err(KekError::new(self.uri(), operation, fault).of_request(id))
        })
    }
}

struct Noted<'a>(&'a AtomicUsize);

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

#[async_trait]
impl Kek for Service {
    fn uri(&self) -> &str {
        self.inner.uri()
    }

    fn scheme(&self) -> Scheme {
        self.inner.scheme()
    }

    fn posture(&self) -> Posture {
        self.state().posture.unwrap_or(Posture::Hedged)
    }

    async fn generate(&self, binding: &Binding<'_>) -> Result<Generated, KekError> {
        self.wraps.fetch_add(1, SeqCst);
        self.answer(KekOperation::Wrap).await?;
        self.inner.generate(binding).await
    }

    async fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Result<Unwrapped, KekError> {
        self.unwraps.fetch_add(1, SeqCst);
        self.answer(KekOperation::Unwrap).await?;
        let mut unwrapped = self.inner.unwrap(wrapped, binding).await?;
        if self.state().wrong {
            unwrapped.secret = support::secret(&[7; 32]);
        }
        Ok(unwrapped)
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        self.inner.describe().await
    }
}

/// Waits in a thread of its own.
struct Threads;

impl Timer for Threads {
    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let (done, slept) = oneshot::channel::<()>();
        std::thread::spawn(move || {
            std::thread::sleep(time);
            drop(done);
        });
        Box::pin(async move { slept.await.unwrap_or_default() })
    }
}

fn services<const N: usize>() -> [Arc<Service>; N] {
    std::array::from_fn(|at| Service::new(&format!("local://{}", ["a", "b", "c", "d"][at])))
}

fn recipients(services: &[Arc<Service>]) -> Vec<Recipient> {
    services
        .iter()
        .map(|service| Recipient::single(service.clone()))
        .collect()
}

fn keyring(services: &[Arc<Service>]) -> Keyring {
    services.iter().map(|service| service.clone() as Arc<dyn Kek>).collect()
}

fn opener(services: &[Arc<Service>]) -> Opener {
    Opener::new(aws_lc(), keyring(services))
}

fn remote(_: &str) -> Asking {
    Asking {
        cost: 1,
        typical: Duration::from_millis(10),
        person: false,
        hedged: true,
    }
}

fn hedging() -> OpeningOrder {
    OpeningOrder::new(remote).hedged(Arc::new(Threads), Duration::from_millis(20))
}

fn sealed(backend: &CryptoBackend, services: &[Arc<Service>]) -> Vec<u8> {
    let sealer = recipients(services)
        .into_iter()
        .fold(Sealer::new(backend.clone()), Sealer::add);
    run(sealer.seal(b"hello")).unwrap()
}

fn trail() -> (Arc<MemorySink>, AuditTrail) {
    let sink = Arc::new(MemorySink::new());
    (sink.clone(), AuditTrail::new(sink, Principal::named("test")))
}

/// Key, request id and reason of each attempt of the last outcome.
fn attempts(sink: &MemorySink) -> Vec<(String, Option<String>, Option<String>)> {
    let events = sink.events();
    let last = events.iter().rev().find(|event| event.phase == Phase::Outcome).unwrap();
    let told = last.attempts.iter().map(|attempt| {
        let reason = attempt.failure.as_ref().map(|reason| reason.code().to_owned());
        (attempt.key.uri.clone(), attempt.request_id.clone(), reason)
    });
    told.collect()
}

#[test]
fn enough_recipients_seal_and_the_missing_are_told() {
    for fault in [
        KekFault::Unavailable,
        KekFault::Timeout,
        KekFault::Throttled,
        KekFault::Disabled,
        KekFault::Denied,
        KekFault::Quota,
    ] {
        let all: [_; 3] = services();
        all[1].fails(fault);
        let (sink, trail) = trail();
        let sealer = Sealer::new(aws_lc()).any_of(recipients(&all), 2).audit(trail);
        let message = run(sealer.begin(MessageOptions::default())).unwrap();
        let [missing] = message.missing() else {
            panic!("{fault:?}: {:?}", message.missing())
        };
        assert_eq!((missing.uri.as_str(), missing.kind), ("local://b", fault));
        let told = (
            missing.uri.clone(),
            Some("id-of-b".into()),
            Some(format!("provider.{fault:?}")),
        );
        assert!(attempts(&sink).contains(&told), "{:?}", attempts(&sink));
        let envelope = message.seal(b"hello").unwrap();
        assert_eq!(Header::parse_prefix(&envelope, 16).unwrap().entries().len(), 2);
        for there in [&all[0], &all[2]] {
            assert_eq!(
                run(opener(std::slice::from_ref(there)).open(&envelope)).unwrap(),
                b"hello"
            );
        }
    }
}

#[test]
fn too_few_recipients_seal_nothing_and_all_are_named() {
    let all: [_; 3] = services();
    all[0].fails(KekFault::Timeout);
    all[2].fails(KekFault::Denied);
    let refused = run(Sealer::new(aws_lc()).any_of(recipients(&all), 2).seal(b"x")).unwrap_err();
    let named: Vec<_> = refused
        .provider_errors()
        .iter()
        .map(|error| (error.uri.as_str(), error.kind))
        .collect();
    assert_eq!(
        named,
        [("local://a", KekFault::Timeout), ("local://c", KekFault::Denied)]
    );
    let text = refused.to_string();
    assert!(
        text.contains("local://a") && text.contains("local://c") && !text.contains("local://b"),
        "{text}"
    );

    // Everyone who is not said to be dispensable has to be there.
    all[2].heals();
    let rest = recipients(&all[1..]);
    let sealer = Sealer::new(aws_lc())
        .add(Recipient::single(all[0].clone()))
        .any_of(rest, 1);
    assert!(matches!(run(sealer.seal(b"x")), Err(Error::Provider(error)) if error.uri == "local://a"));
}

#[test]
fn who_lies_is_no_outage() {
    for fault in [
        KekFault::BadReply,
        KekFault::NotPinned,
        KekFault::Random,
        KekFault::Residency,
    ] {
        let all: [_; 2] = services();
        all[1].fails(fault);
        let refused = run(Sealer::new(aws_lc()).any_of(recipients(&all), 1).seal(b"x"));
        assert!(
            matches!(refused, Err(Error::Provider(error)) if error.kind == fault),
            "{fault:?}"
        );
    }
}

#[test]
fn at_least_is_one_up_to_all() {
    let all: [_; 2] = services();
    for at_least in [0, 3] {
        let refused = run(Sealer::new(aws_lc()).any_of(recipients(&all), at_least).seal(b"x"));
        assert_eq!(refused, Err(CallerFault::AtLeast.into()));
    }
    assert_eq!(all[0].wraps.load(SeqCst), 0);
}

#[test]
fn a_shared_data_key_tells_what_all_of_its_messages_lack() {
    let all: [_; 2] = services();
    all[1].fails(KekFault::Unavailable);
    let key = run(Sealer::new(aws_lc()).any_of(recipients(&all), 1).data_key()).unwrap();
    assert_eq!(key.missing().len(), 1);
    assert_eq!(key.begin(MessageOptions::default()).unwrap().missing(), key.missing());
}

#[test]
fn a_rewrap_puts_in_what_is_missing_and_only_that() {
    let all: [_; 3] = services();
    for (hidden, level) in [(false, Level::DataKey), (true, Level::DataKey), (false, Level::Message)] {
        let shaped = |recipient: Recipient| match hidden {
            true => recipient.at(level).hidden(),
            false => recipient.at(level),
        };
        all[1].fails(KekFault::Unavailable);
        let sealer = Sealer::new(aws_lc()).key_name("ledger");
        let sealer = sealer.any_of(recipients(&all).into_iter().map(shaped), 2);
        let envelope = run(sealer.seal(b"hello")).unwrap();
        let header = Header::parse_prefix(&envelope, 16).unwrap();
        let whole = |name: &str| Target::Complete([(name.to_owned(), recipients(&all))].into());
        let (sink, trail) = trail();
        let rewrapper = Rewrapper::new(opener(&all).audit(trail));
        let payload = Some((envelope.len() - header.len()) as u64);

        let down = run(rewrapper.rewrap(&header, &whole("ledger"), payload));
        assert!(matches!(down, Err(Error::Provider(error)) if error.uri == "local://b"));
        all[1].heals();
        let other = run(rewrapper.rewrap(&header, &whole("another"), payload)).unwrap();
        assert_eq!(other, RewrapOutcome::AlreadyCurrent);
        let before: Vec<_> = all.iter().map(|service| service.wraps.load(SeqCst)).collect();
        let RewrapOutcome::Rewrapped(new) = run(rewrapper.rewrap(&header, &whole("ledger"), payload)).unwrap() else {
            panic!("nothing was put in")
        };
        assert_eq!((new.wrapped, new.dropped), (1, 0));
        let after: Vec<_> = all.iter().map(|service| service.wraps.load(SeqCst)).collect();
        assert_eq!(
            after,
            [before[0], before[1] + 1, before[2]],
            "only the missing one is wrapped for"
        );
        let told = attempts(&sink);
        assert!(
            told.iter()
                .any(|(uri, _, reason)| uri == "local://b" && reason.is_none()),
            "{told:?}"
        );

        let repaired = [&new.header, &envelope[header.len()..]].concat();
        assert_eq!(run(opener(&all[1..2]).open(&repaired)).unwrap(), b"hello");
        let header = Header::parse_prefix(&repaired, 16).unwrap();
        let again = run(rewrapper.rewrap(&header, &whole("ledger"), payload)).unwrap();
        assert_eq!(again, RewrapOutcome::AlreadyCurrent);
        let is_hidden = |id: &RecipientId| matches!(id, RecipientId::Hint(_));
        assert!(header.recipient_ids().all(|id| is_hidden(id) == hidden));
        assert!(header.entries().iter().all(|entry| entry.level() == Some(level)));
    }
}

#[test]
fn strong_recipients_are_asked_before_weak_ones_whatever_the_keyring_says() {
    let weak = TestKek::new(&aws_lc(), "local://weak", 1);
    let all = [Service::of(weak), Service::new("local://strong")];
    all[0].is(|state| state.posture = Some(Posture::Classical));
    let envelope = sealed(&aws_lc(), &all);
    let ordered = opener(&all).order(Arc::new(OpeningOrder::new(remote)));
    run(ordered.open(&envelope)).unwrap();
    assert_eq!((all[0].asked(), all[1].asked()), (0, 1));
    all[1].fails(KekFault::Unavailable);
    run(ordered.open(&envelope)).unwrap();
    assert_eq!(
        (all[0].asked(), all[1].asked()),
        (1, 1),
        "failing over is the only way down"
    );
    run(opener(&all).open(&envelope)).unwrap();
    assert_eq!(
        (all[0].asked(), all[1].asked()),
        (1, 0),
        "without an order, the keyring's"
    );
}

#[test]
fn among_equals_latency_and_cost_decide_and_people_come_last() {
    let all: [_; 3] = services();
    let asking = |uri: &str| Asking {
        cost: if uri.ends_with('c') { 1 } else { 5 },
        typical: Duration::from_millis(if uri.ends_with('b') { 1 } else { 40 }),
        person: uri.ends_with('b'),
        hedged: true,
    };
    let envelope = sealed(&aws_lc(), &all);
    let first = |order: OpeningOrder| {
        run(opener(&all).order(Arc::new(order)).open(&envelope)).unwrap();
        all.iter().map(|service| service.asked()).collect::<Vec<_>>()
    };
    assert_eq!(first(OpeningOrder::new(asking)), [0, 0, 1], "as fast, and cheaper");
    assert_eq!(first(OpeningOrder::new(asking).by([])), [1, 0, 0], "the keyring's");
    let quick_a = move |uri: &str| Asking {
        typical: Duration::from_millis(if uri.ends_with('a') { 1 } else { 40 }),
        ..asking(uri)
    };
    assert_eq!(first(OpeningOrder::new(quick_a)), [1, 0, 0], "faster");
    assert_eq!(
        first(OpeningOrder::new(quick_a).by([Criterion::Cost, Criterion::Latency])),
        [0, 0, 1],
        "cheaper"
    );
}

#[test]
fn what_was_measured_counts_more_than_what_is_usual() {
    let all: [_; 2] = services();
    let asking = |uri: &str| Asking {
        typical: Duration::from_secs(if uri.ends_with('a') { 1 } else { 2 }),
        ..remote(uri)
    };
    let envelope = sealed(&aws_lc(), &all);
    let order = Arc::new(OpeningOrder::new(asking));
    let opener = opener(&all).order(order.clone());
    run(opener.open(&envelope)).unwrap();
    assert_eq!((all[0].asked(), all[1].asked()), (1, 0));
    all[0].fails(KekFault::Unavailable);
    run(opener.open(&envelope)).unwrap();
    assert_eq!((all[0].asked(), all[1].asked()), (1, 1));
    assert!(
        order
            .latency("local://b")
            .is_some_and(|took| took < Duration::from_secs(1))
    );
    // It is back, but failed a moment ago.
    all[0].heals();
    run(opener.open(&envelope)).unwrap();
    assert_eq!((all[0].asked(), all[1].asked()), (0, 1));
}

#[test]
fn a_second_recipient_is_asked_where_the_first_is_slow_and_the_loser_is_let_go() {
    let all: [_; 3] = services();
    let envelope = sealed(&aws_lc(), &all);
    all[0].is(|state| state.hangs = true);
    let (sink, trail) = trail();
    let opener = opener(&all).order(Arc::new(hedging())).audit(trail);
    assert_eq!(run(opener.open(&envelope)).unwrap(), b"hello");
    assert_eq!(
        all.iter().map(|service| service.asked()).collect::<Vec<_>>(),
        [1, 1, 0],
        "one more, not all"
    );
    assert_eq!(all[0].dropped.load(SeqCst), 1);
    let told: Vec<_> = attempts(&sink)
        .into_iter()
        .map(|(uri, _, reason)| (uri, reason))
        .collect();
    let overtaken = Some("recipient.Overtaken".to_owned());
    assert_eq!(
        told,
        [("local://b".to_owned(), None), ("local://a".to_owned(), overtaken)]
    );
}

#[test]
fn a_second_try_is_never_weaker_nor_a_person_nor_over_the_budget() {
    let all: [_; 2] = services();
    let envelope = sealed(&aws_lc(), &all);
    all[0].is(|state| state.hangs = true);
    let gives_up = |opener: Opener| {
        let opening = opener.open(&envelope);
        let patience = Threads.sleep(Duration::from_millis(200));
        run(async {
            let opening = std::pin::pin!(opening);
            matches!(
                futures::future::select(opening, patience).await,
                futures::future::Either::Right(_)
            )
        })
    };
    all[1].is(|state| state.posture = Some(Posture::PostQuantum));
    assert!(
        gives_up(opener(&all).order(Arc::new(hedging()))),
        "a weaker one was asked"
    );
    all[1].heals();
    let person = |uri: &str| Asking {
        hedged: uri.ends_with('a'),
        person: uri.ends_with('b'),
        ..remote(uri)
    };
    let order = OpeningOrder::new(person).hedged(Arc::new(Threads), Duration::from_millis(5));
    assert!(gives_up(opener(&all).order(Arc::new(order))), "a person was asked");
    let one = OpenPolicy {
        provider_calls: 1,
        ..OpenPolicy::default()
    };
    assert!(
        gives_up(opener(&all).order(Arc::new(hedging())).policy(one)),
        "two were asked"
    );
    assert_eq!(all[1].asked(), 0);
    assert!(!gives_up(opener(&all).order(Arc::new(hedging()))));
}

#[test]
fn a_slow_member_of_a_quorum_is_replaced() {
    let all: [_; 3] = services();
    let sealer = Sealer::new(aws_lc()).add(Recipient::quorum(2, all.iter().map(|s| s.clone() as Arc<dyn Kek>)));
    let envelope = run(sealer.seal(b"minutes")).unwrap();
    for slow in 0..3 {
        all[slow].is(|state| state.hangs = true);
        assert_eq!(
            run(opener(&all).order(Arc::new(hedging())).open(&envelope)).unwrap(),
            b"minutes"
        );
        all[slow].heals();
    }
    all[0].fails(KekFault::Unavailable);
    all[1].fails(KekFault::Timeout);
    let failed = run(opener(&all).order(Arc::new(hedging())).open(&envelope)).unwrap_err();
    assert_eq!(failed.provider_errors().len(), 2, "{failed}");
}

#[test]
fn every_provider_that_failed_is_kept_in_the_failure_and_cryptography_fails_flat() {
    let all: [_; 3] = services();
    let envelope = sealed(&aws_lc(), &all);
    all[0].fails(KekFault::Disabled);
    all[1].fails(KekFault::Throttled);
    all[2].fails(KekFault::Unavailable);
    let failed = run(opener(&all).open(&envelope)).unwrap_err();
    let named: Vec<_> = failed
        .provider_errors()
        .iter()
        .map(|error| (error.uri.as_str(), error.kind))
        .collect();
    let expected = [
        ("local://b", KekFault::Throttled),
        ("local://c", KekFault::Unavailable),
        ("local://a", KekFault::Disabled),
    ];
    assert_eq!(named, expected, "those first that may be back");
    assert_eq!(failed.provider_errors()[0].request_id.as_deref(), Some("id-of-b"));
    for service in &all {
        service.heals();
        service.is(|state| state.wrong = true);
    }
    assert_eq!(run(opener(&all).open(&envelope)), Err(Error::DoesNotOpen));
}

#[test]
fn secrets_do_not_cross_connections_that_are_worth_less_than_the_policy_asks() {
    let all: [_; 2] = services();
    let envelope = sealed(&aws_lc(), &all);
    let policy = OpenPolicy {
        posture: Some(Posture::PostQuantum),
        ..OpenPolicy::default()
    };
    let reader = opener(&all).policy(policy);
    all[0].is(|state| state.posture = Some(Posture::Classical));
    run(reader.open(&envelope)).unwrap();
    assert_eq!((all[0].asked(), all[1].asked()), (0, 1), "fails over, and never down");
    all[1].is(|state| state.posture = Some(Posture::Classical));
    let refused = run(reader.open(&envelope)).unwrap_err();
    assert!(
        refused
            .provider_errors()
            .iter()
            .all(|error| error.kind == KekFault::Transport),
        "{refused}"
    );
    assert_eq!((all[0].asked(), all[1].asked()), (0, 0));

    let before = all[0].wraps.load(SeqCst);
    for sealer in [
        Sealer::new(aws_lc()).least_posture(Some(Posture::PostQuantum)),
        Sealer::new(aws_lc()).floor(Floor {
            posture: Some(Posture::PostQuantum),
            quorum: None,
        }),
    ] {
        let refused = run(sealer.add(Recipient::single(all[0].clone())).seal(b"x"));
        assert!(matches!(refused, Err(Error::Policy(_))), "{refused:?}");
    }
    assert_eq!(all[0].wraps.load(SeqCst), before);
}

#[test]
fn a_floor_counts_the_connection_too_and_a_quorum_counts_its_members() {
    let all: [_; 3] = services();
    let floor = Floor {
        posture: Some(Posture::Hedged),
        quorum: Some(2),
    };
    let sealer = Sealer::new(aws_lc()).floor(floor);
    let quorum = Recipient::quorum(2, all.iter().map(|s| s.clone() as Arc<dyn Kek>));
    let envelope = run(sealer.add(quorum).seal(b"minutes")).unwrap();
    all[0].is(|state| state.posture = Some(Posture::Classical));
    assert_eq!(
        run(opener(&all).open(&envelope)).unwrap(),
        b"minutes",
        "one share alone gives nothing away"
    );
    all[1].is(|state| state.posture = Some(Posture::Classical));
    let asked: Vec<_> = all.iter().map(|service| service.asked()).collect();
    assert_eq!(asked.iter().sum::<usize>(), 2);
    let refused = run(opener(&all).open(&envelope)).unwrap_err();
    assert!(
        refused
            .provider_errors()
            .iter()
            .all(|error| error.kind == KekFault::Transport),
        "{refused}"
    );
    assert_eq!(all.iter().map(|service| service.asked()).sum::<usize>(), 0);
}

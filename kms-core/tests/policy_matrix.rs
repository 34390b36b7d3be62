//! Every suite under every policy, with a cold and a warm data-key cache, at seal, open and rewrap, before and after the
//! dates of the policy: what is retired is retired everywhere at once, and a key in hand is no way around it.
#![allow(
    clippy::unwrap_used,
    reason = "clippy.toml allows unwrap in tests, and this is all tests"
)]

mod support;

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use kms_core::audit::Clock;
use kms_core::cache::{CacheLimits, DataKeyCache};
use kms_core::crypto::{CryptoBackend, aws_lc};
use kms_core::record::RecordMode;
use kms_core::*;
use support::{TestKek, TestKem, run};

/// A clock that stands where a test puts it.
struct Standing(Mutex<SystemTime>);

impl Standing {
    fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(noon())))
    }

    fn pass(&self, time: Duration) {
        *self.0.lock().unwrap() += time;
    }
}

impl Clock for Standing {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap()
    }
}

fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

const DAY: Duration = Duration::from_secs(86_400);

/// What may be done: seal, open, and a rewrap that adds somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct May {
    seal: Result<(), PolicyFault>,
    open: Result<(), PolicyFault>,
}

const ALL: May = May {
    seal: Ok(()),
    open: Ok(()),
};
const OPEN_ONLY: May = May {
    seal: Err(PolicyFault::SuiteDecryptOnly),
    open: Ok(()),
};
const NOTHING: May = May {
    seal: Err(PolicyFault::SuiteForbidden),
    open: Err(PolicyFault::SuiteForbidden),
};

/// Each rule, and what it allows today and after a day.
fn rules() -> Vec<(&'static str, Option<SuiteRule>, May, May)> {
    let always = SuiteRule::always;
    let allowed = always(SuiteStatus::Allowed);
    let tomorrow = Some(noon() + DAY);
    vec![
        ("preferred", Some(always(SuiteStatus::Preferred)), ALL, ALL),
        ("allowed", Some(allowed), ALL, ALL),
        (
            "decrypt-only",
            Some(always(SuiteStatus::DecryptOnly)),
            OPEN_ONLY,
            OPEN_ONLY,
        ),
        ("forbidden", Some(always(SuiteStatus::Forbidden)), NOTHING, NOTHING),
        ("not named", None, NOTHING, NOTHING),
        (
            "decrypt-only from tomorrow",
            Some(SuiteRule {
                decrypt_only_from: tomorrow,
                ..allowed
            }),
            ALL,
            OPEN_ONLY,
        ),
        (
            "forbidden from tomorrow",
            Some(SuiteRule {
                forbidden_from: tomorrow,
                ..always(SuiteStatus::Preferred)
            }),
            ALL,
            NOTHING,
        ),
        (
            "decrypt-only, forbidden from tomorrow",
            Some(SuiteRule {
                forbidden_from: tomorrow,
                ..always(SuiteStatus::DecryptOnly)
            }),
            OPEN_ONLY,
            NOTHING,
        ),
        (
            "forbidden since yesterday",
            Some(SuiteRule {
                forbidden_from: Some(noon() - DAY),
                ..allowed
            }),
            NOTHING,
            NOTHING,
        ),
    ]
}

fn policy(suite: Suite, rule: Option<SuiteRule>) -> SuitePolicy {
    let others = Suite::ALL.into_iter().filter(|other| *other != suite);
    let policy = SuitePolicy::only(others);
    match rule {
        Some(rule) => policy.with(suite, rule),
        None => policy,
    }
}

fn sealer(backend: &CryptoBackend, suite: Suite) -> Sealer {
    let sealer = Sealer::new(backend.clone())
        .suite(suite)
        .recipient(Arc::new(TestKek::new(backend, "local://a", 1)));
    match suite {
        Suite::Aes256Siv => sealer.ticket(RecordMode::Column),
        _ => sealer,
    }
}

fn refusal<T>(outcome: Result<T>) -> Result<(), PolicyFault> {
    match outcome {
        Ok(_) => Ok(()),
        Err(Error::Policy(fault)) => Err(fault),
        Err(other) => panic!("refused for another reason: {other}"),
    }
}

fn options() -> MessageOptions {
    MessageOptions {
        plaintext_len: Some(1),
        detached: true,
        ..MessageOptions::default()
    }
}

#[test]
fn no_suite_is_used_against_the_policy_cold_or_warm() {
    let backend = aws_lc();
    let mut cases = 0;
    for suite in Suite::ALL {
        for (name, rule, today, tomorrow) in rules() {
            for warm in [false, true] {
                let clock = Standing::new();
                let lenient = sealer(&backend, suite).by_clock(clock.clone());
                let strict = lenient.clone().suites(policy(suite, rule));
                let cache = DataKeyCache::new(CacheLimits::default());
                if warm {
                    // The same specification, so the same place in the cache: only the policy came later.
                    run(cache.begin(&lenient, "p", options())).unwrap();
                }
                for (when, may) in [("today", today), ("tomorrow", tomorrow)] {
                    let what = format!("{suite:?}, {name}, {when}, warm: {warm}");
                    assert_eq!(refusal(run(strict.begin(options()))), may.seal, "{what}: seal");
                    let cached = run(cache.begin(&strict, "p", options()));
                    assert_eq!(refusal(cached), may.seal, "{what}: seal by the cache");
                    assert_eq!(refusal(run(strict.data_key())), may.seal, "{what}: data key");
                    opens_and_rewraps(&backend, suite, rule, &clock, may, &what);
                    cases += 1;
                    clock.pass(DAY);
                }
            }
        }
    }
    println!("{cases} cases");
    assert_eq!(cases, Suite::ALL.len() * rules().len() * 4);
}

fn opens_and_rewraps(
    backend: &CryptoBackend,
    suite: Suite,
    rule: Option<SuiteRule>,
    clock: &Arc<Standing>,
    may: May,
    what: &str,
) {
    let message = run(sealer(backend, suite).begin(options())).unwrap();
    let header = Header::parse_detached(message.header(), 16).unwrap();
    let kek: Arc<dyn Kek> = Arc::new(TestKek::new(backend, "local://a", 2));
    let opener = Opener::new(backend.clone(), Keyring::new().with(kek))
        .policy(OpenPolicy {
            suites: policy(suite, rule),
            ..OpenPolicy::default()
        })
        .by_clock(clock.clone());
    assert_eq!(
        refusal(run(opener.open_header(header.clone()))),
        may.open,
        "{what}: open"
    );
    let rewrapper = Rewrapper::new(opener);
    let refresh = run(rewrapper.rewrap(&header, &Target::Current, None));
    assert_eq!(refusal(refresh), may.open, "{what}: rotation");
    let new: Arc<dyn Kek> = Arc::new(TestKek::new(backend, "local://new", 1));
    let add = Target::Add(vec![Recipient::single(new)]);
    let added = run(rewrapper.rewrap(&header, &add, None));
    assert_eq!(refusal(added), may.seal, "{what}: another recipient");
}

#[test]
fn a_data_key_in_hand_is_used_up_when_its_suite_is_retired() {
    let backend = aws_lc();
    let clock = Standing::new();
    let rule = SuiteRule {
        decrypt_only_from: Some(noon() + DAY),
        ..SuiteRule::always(SuiteStatus::Allowed)
    };
    let sealer = sealer(&backend, Suite::Aes256Gcm)
        .suites(policy(Suite::Aes256Gcm, Some(rule)))
        .by_clock(clock.clone());
    let held = run(sealer.data_key()).unwrap();
    held.seal(b"today").unwrap();
    clock.pass(DAY);
    assert_eq!(held.seal(b"tomorrow"), Err(PolicyFault::SuiteDecryptOnly.into()));
}

#[test]
fn no_recipient_set_is_diluted_whatever_its_order() {
    let backend = aws_lc();
    let kek = |posture: Posture| -> Arc<dyn Kek> {
        match posture {
            Posture::Classical => TestKem::new(&backend, "local://curve", Kem::X25519, 1).kek(),
            Posture::PostQuantum => TestKem::new(&backend, "local://bare", Kem::MlKem768, 1).kek(),
            _ => TestKem::new(&backend, "local://wing", Kem::XWing, 1).kek(),
        }
    };
    let postures = [Posture::Classical, Posture::PostQuantum, Posture::Hedged];
    for one in postures {
        for other in postures.into_iter().filter(|other| *other != one) {
            for least in [None, Some(Posture::PostQuantum), Some(Posture::Hedged)] {
                let weakest = one.min(other);
                let allowed = least.is_none_or(|least| weakest >= least);
                let what = format!("{one:?} and {other:?} under {least:?}");
                let sealer = Sealer::new(backend.clone()).recipient(kek(one)).recipient(kek(other));
                let sealed = run(sealer.clone().least_posture(least).seal(b"x"));
                assert_eq!(refusal(sealed).is_ok(), allowed, "{what}: writer");

                let envelope = run(sealer.seal(b"x")).unwrap();
                let header = Header::parse_prefix(&envelope, 16).unwrap();
                assert_eq!(header.posture(), Some(weakest), "{what}");
                let policy = OpenPolicy {
                    posture: least,
                    ..OpenPolicy::default()
                };
                let opener = Opener::new(backend.clone(), Keyring::new().with(kek(one))).policy(policy);
                assert_eq!(refusal(run(opener.open(&envelope))).is_ok(), allowed, "{what}: reader");

                let first = run(Sealer::new(backend.clone()).recipient(kek(one)).seal(b"x")).unwrap();
                let header = Header::parse_prefix(&first, 16).unwrap();
                let add = Target::Add(vec![Recipient::single(kek(other))]);
                let added = run(Rewrapper::new(opener).rewrap(&header, &add, None));
                assert_eq!(refusal(added).is_ok(), allowed, "{what}: rewrapper");
            }
        }
    }
}

#[test]
fn the_preferred_suite_seals_where_nobody_says() {
    let now = noon();
    let prefer = |suite| SuitePolicy::default().with(suite, SuiteRule::always(SuiteStatus::Preferred));
    assert_eq!(
        SuitePolicy::default().preferred(Kind::Message, now),
        Some(Suite::Aes256Gcm)
    );
    for suite in Suite::ALL {
        let expected = if suite.allows(Kind::Message) {
            suite
        } else {
            Suite::Aes256Gcm
        };
        assert_eq!(prefer(suite).preferred(Kind::Message, now), Some(expected));
    }
    assert_eq!(SuitePolicy::only([]).preferred(Kind::Message, now), None);
}

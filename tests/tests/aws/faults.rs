//! A service that fails, lies, stalls or talks of something else.

use std::time::{Duration, Instant};

use futures::executor::block_on;
use keystrand_fakes::aws::Fault;
use kms_core::{Generated, Kek, KekError, KekFault, WrappedKey};
use kms_providers::Provider;
use serde_json::json;

use crate::support::{BINDING, Fake, fresh_key};

/// A fault, what the caller is told, and how often the service was asked at least and at most.
struct Case {
    name: &'static str,
    fault: Fault,
    told: KekFault,
    asked: std::ops::RangeInclusive<usize>,
}

fn cases() -> Vec<Case> {
    let case = |name, fault, told, asked| Case {
        name,
        fault,
        told,
        asked,
    };
    vec![
        case(
            "no permission",
            Fault::refuse(400, "AccessDeniedException"),
            KekFault::Denied,
            1..=1,
        ),
        case(
            "unknown credentials",
            Fault::refuse(403, "UnrecognizedClientException"),
            KekFault::Denied,
            1..=1,
        ),
        case(
            "expired credentials",
            Fault::refuse(400, "ExpiredTokenException"),
            KekFault::Denied,
            2..=2,
        ),
        case(
            "no such key",
            Fault::refuse(400, "NotFoundException"),
            KekFault::NotFound,
            1..=1,
        ),
        case(
            "disabled key",
            Fault::refuse(400, "DisabledException"),
            KekFault::Disabled,
            1..=1,
        ),
        case(
            "throttled",
            Fault::refuse(400, "ThrottlingException"),
            KekFault::Throttled,
            3..=3,
        ),
        case(
            "throttled, later than we wait",
            Fault::Refuse(429, "ThrottlingException", vec![("retry-after", "3600".into())]),
            KekFault::Throttled,
            1..=1,
        ),
        case(
            "throttled, at once again",
            Fault::Refuse(429, "", vec![("retry-after", "0".into())]),
            KekFault::Throttled,
            3..=3,
        ),
        case(
            "internal error",
            Fault::refuse(500, "KMSInternalException"),
            KekFault::Unavailable,
            3..=3,
        ),
        case("gateway's page, 502", Fault::Html(502), KekFault::Unavailable, 3..=3),
        case(
            "page in place of an answer",
            Fault::Html(200),
            KekFault::BadReply,
            1..=1,
        ),
        case(
            "page of a proxy that wants a login",
            Fault::Html(407),
            KekFault::Denied,
            1..=1,
        ),
        case("half a body", Fault::HalfBody, KekFault::Unavailable, 3..=3),
        case("a body without end", Fault::TooLong, KekFault::BadReply, 1..=1),
        case(
            "a redirect",
            Fault::Redirect("http://127.0.0.1:9/".into()),
            KekFault::BadReply,
            1..=1,
        ),
        case("a closed connection", Fault::Close, KekFault::Unavailable, 3..=3),
        case(
            "silence",
            Fault::Silence(Duration::from_secs(2)),
            KekFault::Timeout,
            2..=3,
        ),
        case(
            "another key in the answer",
            Fault::Replace("KeyId", json!("arn:aws:kms:eu-west-1:999900000000:key/evil")),
            KekFault::BadReply,
            1..=1,
        ),
        case(
            "a secret of one byte",
            Fault::Replace("Plaintext", json!("AA==")),
            KekFault::BadReply,
            1..=1,
        ),
        case("no secret", Fault::Leave("Plaintext"), KekFault::BadReply, 1..=1),
        case(
            "a secret that is no base64",
            Fault::Replace("Plaintext", json!("!")),
            KekFault::BadReply,
            1..=1,
        ),
        case(
            "an attested answer that nobody asked for",
            Fault::Replace("CiphertextForRecipient", json!("AAAA")),
            KekFault::BadReply,
            1..=1,
        ),
    ]
}

#[test]
fn each_fault_is_told_and_none_is_retried_past_its_attempts() {
    let fake = Fake::start();
    let key = fresh_key(&fake.provider(), "faults");
    let wrapped = wrap(&*fake.provider().kek(&key).unwrap()).unwrap().wrapped;
    for case in cases() {
        for is_wrapping in [true, false] {
            // Each time a provider of its own: breaker and budget have tests of their own.
            let kek = fake.provider().kek(&key).unwrap();
            drop(fake.kms.seen());
            fake.kms.fail(8, &case.fault);
            let told = if is_wrapping {
                wrap(&*kek).err()
            } else {
                unwrap(&*kek, &wrapped).err()
            };
            fake.kms.heal();
            let told = told.unwrap_or_else(|| panic!("{}: it succeeded", case.name));
            assert_eq!(told.kind, case.told, "{}", case.name);
            let seen = fake.kms.seen();
            let asked = seen.iter().filter(|seen| seen.action != "DescribeKey").count();
            assert!(case.asked.contains(&asked), "{}: asked {asked} times", case.name);
            tells_no_secret(&format!("{told} {told:?}"), case.name);
            unwrap(&*kek, &wrapped).unwrap_or_else(|error| panic!("{}: {error} after recovery", case.name));
        }
    }
}

fn tells_no_secret(told: &str, case: &str) {
    for canary in ["canary", "AKID", "Authorization", "Signature", "html", "evil"] {
        assert!(!told.contains(canary), "{case}: {told}");
    }
}

#[test]
fn the_request_id_of_a_failure_is_told_and_that_of_a_success_too() {
    let fake = Fake::start();
    let key = fresh_key(&fake.provider(), "ids");
    let kek = fake.provider().kek(&key).unwrap();
    assert!(wrap(&*kek).unwrap().request_id.unwrap().starts_with("fake-"));
    fake.kms.fail(1, &Fault::refuse(400, "AccessDeniedException"));
    assert!(wrap(&*kek).err().unwrap().request_id.unwrap().starts_with("fake-"));
}

#[test]
fn a_fault_that_passes_is_not_noticed() {
    let fake = Fake::start();
    let key = fresh_key(&fake.provider(), "passing");
    let passing = [
        Fault::refuse(500, "KMSInternalException"),
        Fault::refuse(400, "ThrottlingException"),
        Fault::refuse(400, "ExpiredTokenException"),
        Fault::Html(503),
        Fault::HalfBody,
        Fault::Close,
        Fault::Silence(Duration::from_secs(1)),
    ];
    for fault in passing {
        let kek = fake.provider().kek(&key).unwrap();
        fake.kms.fail(1, &fault);
        let generated = wrap(&*kek).unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        fake.kms.fail(1, &fault);
        unwrap(&*kek, &generated.wrapped).unwrap_or_else(|error| panic!("{fault:?}: {error}"));
    }
}

#[test]
fn what_would_make_one_more_is_not_sent_again() {
    let fake = Fake::start();
    let provider = fake.provider();
    let lifecycle = provider.lifecycle().unwrap();
    // DescribeKey of the alias comes first; then CreateKey meets the fault.
    for fault in [
        Fault::refuse(500, "KMSInternalException"),
        Fault::Close,
        Fault::HalfBody,
    ] {
        drop(fake.kms.seen());
        fake.kms.fail(1, &Fault::refuse(400, "NotFoundException"));
        fake.kms.fail(1, &fault);
        assert!(block_on(lifecycle.create(&"once".parse().unwrap())).is_err());
        let made = fake.kms.seen().iter().filter(|seen| seen.action == "CreateKey").count();
        assert_eq!(made, 1, "{fault:?}");
    }
    // Refused for its number, it was not done: that may be sent again.
    fake.kms.fail(1, &Fault::refuse(400, "NotFoundException"));
    fake.kms.fail(1, &Fault::refuse(400, "ThrottlingException"));
    block_on(lifecycle.create(&"twice".parse().unwrap())).unwrap();
}

#[test]
fn a_key_whose_alias_cannot_be_made_is_deleted_again() {
    let fake = Fake::start();
    let provider = fake.provider();
    let steps = [
        Fault::refuse(400, "NotFoundException"),
        Fault::Leave("nothing"),
        Fault::refuse(400, "LimitExceededException"),
    ];
    steps.iter().for_each(|fault| fake.kms.fail(1, fault));
    let refused = block_on(provider.lifecycle().unwrap().create(&"orphan".parse().unwrap()));
    assert_eq!(refused.unwrap_err().kind, KekFault::Quota);
    let listed = block_on(provider.list()).unwrap();
    assert!(matches!(listed[..], [ref key] if matches!(key.state, kms_providers::KeyState::PendingDestruction { .. })));
}

#[test]
fn a_service_that_is_down_is_left_alone_for_a_while() {
    let fake = Fake::start();
    let key = fresh_key(&fake.provider(), "breaker");
    let kek = fake.provider().kek(&key).unwrap();
    fake.kms.fail(100, &Fault::refuse(500, "KMSInternalException"));
    drop(fake.kms.seen());
    for _ in 0..10 {
        assert_eq!(wrap(&*kek).err().unwrap().kind, KekFault::Unavailable);
    }
    let asked = fake.kms.seen().len();
    assert!(asked <= 9, "asked {asked} times while it was down");
    fake.kms.heal();
    std::thread::sleep(Duration::from_millis(1_100));
    wrap(&*kek).unwrap();
}

#[test]
fn a_clock_that_differs_is_told_and_followed() {
    let fake = Fake::start();
    let key = fresh_key(&fake.provider(), "clock");
    for ahead in [3_600, -3_600] {
        fake.kms.set_clock_ahead(ahead);
        let provider = fake.provider();
        wrap(&*provider.kek(&key).unwrap()).unwrap_or_else(|error| panic!("{ahead} s: {error}"));
        let reach = block_on(provider.probe()).unwrap().unwrap();
        assert!(
            reach.clock_ahead.abs_diff(ahead) <= 2,
            "{ahead} s told as {}",
            reach.clock_ahead
        );
    }
}

#[test]
fn a_dead_endpoint_is_unavailable_within_the_time_that_is_allowed() {
    let fake = Fake::start();
    let key = fresh_key(&fake.provider(), "dead");
    let mut settings = fake.settings();
    settings.endpoint = Some("http://127.0.0.1:1".into());
    let provider = kms_providers::aws::AwsProvider::new(settings, Default::default()).unwrap();
    let started = Instant::now();
    assert_eq!(
        wrap(&*provider.kek(&key).unwrap()).err().unwrap().kind,
        KekFault::Unavailable
    );
    assert!(started.elapsed() < Duration::from_secs(4));
}

#[test]
fn what_is_configured_is_contacted_and_nothing_else() {
    let fake = Fake::start();
    let mut settings = fake.settings();
    settings.accounts = vec!["111122223333".into()];
    let provider = kms_providers::aws::AwsProvider::new(settings, Default::default()).unwrap();
    let strangers = [
        "aws-kms://arn:aws:kms:us-east-1:111122223333:key/1234abcd",
        "aws-kms://arn:aws:kms:eu-west-1:999900000000:key/1234abcd",
        "aws-kms://arn:aws:kms:evil-1:111122223333:key/mrk-1234abcd",
    ];
    drop(fake.kms.seen());
    for stranger in strangers {
        let uri = stranger.parse().unwrap();
        assert!(!provider.serves(&uri), "{stranger}");
        assert_eq!(provider.kek(&uri).err().unwrap().kind, KekFault::Unsupported);
    }
    assert!(fake.kms.seen().is_empty());
}

fn wrap(kek: &dyn Kek) -> Result<Generated, KekError> {
    block_on(kek.generate(&BINDING))
}

fn unwrap(kek: &dyn Kek, wrapped: &WrappedKey) -> Result<(), KekError> {
    block_on(kek.unwrap(wrapped, &BINDING)).map(drop)
}

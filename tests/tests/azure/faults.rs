//! A service that fails, lies, stalls or talks of something else.

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use futures::executor::block_on;
use keystrand_fakes::azure::Fault;
use kms_core::{Generated, Kek, KekError, KekFault, WrappedKey};
use kms_providers::{KeyUri, Provider};
use serde_json::json;

use crate::support::{BINDING, Fake, fresh_key, open, round_trip};

/// A fault, what the caller is told, and how often the service was asked at least and at most.
struct Case {
    name: &'static str,
    fault: Fault,
    told: KekFault,
    asked: RangeInclusive<usize>,
}

fn cases() -> Vec<Case> {
    let case = |name, fault, told, asked| Case {
        name,
        fault,
        told,
        asked,
    };
    let refuse = Fault::refuse;
    let later = |seconds: &str| {
        let header = ("retry-after", seconds.to_owned());
        Fault::Refuse(429, "Throttled", "", vec![header])
    };
    vec![
        case(
            "no permission",
            refuse(403, "Forbidden", "ForbiddenByRbac"),
            KekFault::Denied,
            1..=1,
        ),
        case(
            "a firewall",
            refuse(403, "Forbidden", "ForbiddenByFirewall"),
            KekFault::Denied,
            1..=1,
        ),
        case(
            "a token that expired",
            refuse(401, "Unauthorized", ""),
            KekFault::Denied,
            2..=2,
        ),
        case("no such key", refuse(404, "KeyNotFound", ""), KekFault::NotFound, 1..=1),
        case(
            "a disabled key",
            refuse(403, "Forbidden", "KeyDisabled"),
            KekFault::Disabled,
            1..=1,
        ),
        case("throttled", refuse(429, "Throttled", ""), KekFault::Throttled, 3..=3),
        case(
            "throttled, later than we wait",
            later("3600"),
            KekFault::Throttled,
            1..=1,
        ),
        case("throttled, at once again", later("0"), KekFault::Throttled, 3..=3),
        case(
            "a change under way",
            refuse(409, "Conflict", "ObjectIsBeingRecovered"),
            KekFault::Throttled,
            3..=3,
        ),
        case(
            "an internal error",
            refuse(500, "InternalError", ""),
            KekFault::Unavailable,
            3..=3,
        ),
        case("a gateway's page, 502", Fault::Html(502), KekFault::Unavailable, 3..=3),
        case(
            "a page in place of an answer",
            Fault::Html(200),
            KekFault::BadReply,
            1..=1,
        ),
        case(
            "a page of a proxy that wants a login",
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
            "an answer without content",
            refuse(204, "", ""),
            KekFault::BadReply,
            1..=1,
        ),
        case("no key in the answer", Fault::Leave("kid"), KekFault::BadReply, 1..=1),
        case("no value", Fault::Leave("value"), KekFault::BadReply, 1..=1),
        case(
            "a value of one byte",
            Fault::Replace("value", json!("AA")),
            KekFault::BadReply,
            1..=1,
        ),
        case(
            "a value that is no base64url",
            Fault::Replace("value", json!("!")),
            KekFault::BadReply,
            1..=1,
        ),
        case(
            "a key of another vault",
            Fault::Replace(
                "kid",
                json!("https://evil.vault.azure.net/keys/faults/0123456789abcdef"),
            ),
            KekFault::BadReply,
            1..=1,
        ),
        case(
            "another key of this vault",
            Fault::Replace(
                "kid",
                json!("https://acme.managedhsm.azure.net/keys/evil/0123456789abcdef"),
            ),
            KekFault::BadReply,
            1..=1,
        ),
        case(
            "another version of the key",
            Fault::Replace(
                "kid",
                json!("https://acme.managedhsm.azure.net/keys/faults/0123456789abcdef"),
            ),
            KekFault::BadReply,
            1..=1,
        ),
        case(
            "no version",
            Fault::Replace("kid", json!("https://acme.managedhsm.azure.net/keys/faults")),
            KekFault::BadReply,
            1..=1,
        ),
    ]
}

#[test]
fn each_fault_is_told_and_none_is_retried_past_its_attempts() {
    let fake = Fake::hsm();
    let key = fresh_key(&fake.provider(), "faults");
    let wrapped = wrap(&*fake.provider().kek(&key).unwrap()).unwrap().wrapped;
    for case in cases() {
        for is_wrapping in [true, false] {
            // Each time a provider of its own: breaker and budget have tests of their own.
            let kek = ready(&fake, &key);
            fake.vault.fail(8, &case.fault);
            let told = if is_wrapping {
                wrap(&*kek).err()
            } else {
                unwrap(&*kek, &wrapped).err()
            };
            fake.vault.heal();
            let told = told.unwrap_or_else(|| panic!("{}: it succeeded", case.name));
            assert_eq!(told.kind, case.told, "{}", case.name);
            let seen = fake.vault.seen();
            let asked = seen.iter().filter(|seen| seen.line.starts_with("POST")).count();
            assert!(case.asked.contains(&asked), "{}: asked {asked} times", case.name);
            tells_no_secret(&format!("{told} {told:?}"), case.name);
            unwrap(&*kek, &wrapped).unwrap_or_else(|error| panic!("{}: {error} after recovery", case.name));
        }
    }
}

/// A key whose token and description are at hand, so that what comes next is its use.
fn ready(fake: &Fake, key: &KeyUri) -> std::sync::Arc<dyn Kek> {
    let kek = fake.provider().kek(key).unwrap();
    wrap(&*kek).unwrap();
    drop(fake.vault.seen());
    kek
}

fn tells_no_secret(told: &str, case: &str) {
    for canary in ["canary", "Bearer", "uthorization", "html", "evil"] {
        assert!(!told.contains(canary), "{case}: {told}");
    }
}

#[test]
fn parts_of_a_sealed_secret_that_are_missing_or_cut_are_missed() {
    let fake = Fake::hsm();
    let key = fresh_key(&fake.provider(), "parts");
    let cases = [
        Fault::Leave("iv"),
        Fault::Leave("tag"),
        Fault::Replace("iv", json!("AAAA")),
        Fault::Replace("tag", json!("AAAA")),
    ];
    for fault in cases {
        let kek = ready(&fake, &key);
        fake.vault.fail(1, &fault);
        assert_eq!(wrap(&*kek).err().unwrap().kind, KekFault::BadReply, "{fault:?}");
    }
}

#[test]
fn the_request_id_of_a_failure_is_told_and_that_of_a_success_too() {
    let fake = Fake::hsm();
    let key = fresh_key(&fake.provider(), "ids");
    let kek = ready(&fake, &key);
    assert!(wrap(&*kek).unwrap().request_id.unwrap().starts_with("fake-"));
    fake.vault
        .fail(1, &Fault::refuse(403, "Forbidden", "ForbiddenByPolicy"));
    assert!(wrap(&*kek).err().unwrap().request_id.unwrap().starts_with("fake-"));
}

#[test]
fn a_fault_that_passes_is_not_noticed() {
    let fake = Fake::hsm();
    let key = fresh_key(&fake.provider(), "passing");
    let passing = [
        Fault::refuse(500, "InternalError", ""),
        Fault::refuse(429, "Throttled", ""),
        Fault::refuse(401, "Unauthorized", ""),
        Fault::Html(503),
        Fault::HalfBody,
        Fault::Close,
        Fault::Silence(Duration::from_secs(1)),
    ];
    for fault in passing {
        let kek = ready(&fake, &key);
        fake.vault.fail(1, &fault);
        let generated = wrap(&*kek).unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        fake.vault.fail(1, &fault);
        unwrap(&*kek, &generated.wrapped).unwrap_or_else(|error| panic!("{fault:?}: {error}"));
    }
}

#[test]
fn what_would_make_one_more_is_not_sent_again() {
    let fake = Fake::hsm();
    let provider = fake.provider();
    let uri = fresh_key(&provider, "once");
    for fault in [Fault::refuse(500, "InternalError", ""), Fault::Close, Fault::HalfBody] {
        drop(fake.vault.seen());
        // The key's description comes first; then the rotation meets the fault.
        fake.vault.fail(1, &Fault::Leave("nothing"));
        fake.vault.fail(1, &fault);
        assert!(block_on(provider.lifecycle().unwrap().rotate(&uri)).is_err());
        let seen = fake.vault.seen();
        let made = seen.iter().filter(|seen| seen.line == "POST /keys/once/rotate").count();
        assert_eq!(made, 1, "{fault:?}");
    }
    // Refused for its number, it was not done: that may be sent again.
    fake.vault.fail(1, &Fault::Leave("nothing"));
    fake.vault.fail(1, &Fault::refuse(429, "Throttled", ""));
    block_on(provider.lifecycle().unwrap().rotate(&uri)).unwrap();
}

#[test]
fn a_service_that_is_down_is_left_alone_for_a_while() {
    let fake = Fake::hsm();
    let key = fresh_key(&fake.provider(), "breaker");
    let kek = ready(&fake, &key);
    fake.vault.fail(100, &Fault::refuse(500, "InternalError", ""));
    for _ in 0..10 {
        assert_eq!(wrap(&*kek).err().unwrap().kind, KekFault::Unavailable);
    }
    let asked = fake.vault.seen().len();
    assert!(asked <= 9, "asked {asked} times while it was down");
    fake.vault.heal();
    std::thread::sleep(Duration::from_millis(1_100));
    wrap(&*kek).unwrap();
}

#[test]
fn a_clock_that_differs_is_told() {
    let fake = Fake::hsm();
    for ahead in [3_600, -3_600] {
        fake.vault.set_clock_ahead(ahead);
        let reach = block_on(fake.provider().probe()).unwrap().unwrap();
        assert!(
            reach.clock_ahead.abs_diff(ahead) <= 2,
            "{ahead} s told as {}",
            reach.clock_ahead
        );
    }
}

#[test]
fn a_dead_endpoint_is_unavailable_within_the_time_that_is_allowed() {
    let fake = Fake::hsm();
    let key = fresh_key(&fake.provider(), "dead");
    let mut settings = fake.settings();
    settings.endpoint = Some("http://127.0.0.1:1".into());
    let started = Instant::now();
    let told = wrap(&*open(settings).kek(&key).unwrap()).err().unwrap();
    assert_eq!(told.kind, KekFault::Unavailable);
    assert!(started.elapsed() < Duration::from_secs(4));
}

/// Azure lets a disabled RSA key wrap; we do not.
#[test]
fn a_key_that_is_disabled_or_out_of_its_dates_wraps_nothing_more() {
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    for fake in [Fake::vault(), Fake::hsm()] {
        let provider = fake.provider();
        let uri = fresh_key(&provider, "dated");
        let wrapped = wrap(&*provider.kek(&uri).unwrap()).unwrap().wrapped;
        for (not_before, expires) in [(Some(now + 600), None), (None, Some(now - 1))] {
            fake.vault.set_dates("dated", not_before, expires);
            let kek = fake.provider().kek(&uri).unwrap();
            assert_eq!(wrap(&*kek).err().unwrap().kind, KekFault::Disabled);
            unwrap(&*kek, &wrapped).unwrap();
        }
        fake.vault.set_dates("dated", None, None);
        round_trip(&*fake.provider().kek(&uri).unwrap());
        block_on(provider.lifecycle().unwrap().disable(&uri)).unwrap();
        let elsewhere = fake.provider().kek(&uri).unwrap();
        assert_eq!(wrap(&*elsewhere).err().unwrap().kind, KekFault::Disabled);
        assert_eq!(unwrap(&*elsewhere, &wrapped).unwrap_err().kind, KekFault::Disabled);
    }
}

pub(crate) fn wrap(kek: &dyn Kek) -> Result<Generated, KekError> {
    block_on(kek.generate(&BINDING))
}

pub(crate) fn unwrap(kek: &dyn Kek, wrapped: &WrappedKey) -> Result<(), KekError> {
    block_on(kek.unwrap(wrapped, &BINDING)).map(drop)
}

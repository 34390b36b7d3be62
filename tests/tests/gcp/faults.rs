//! A service that fails, lies, stalls or talks of something else.

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use futures::executor::block_on;
use keystrand_fakes::gcp::Fault;
use kms_core::{Generated, Kek, KekError, KekFault, Kem, WrappedKey};
use kms_providers::gcp::{NewKind, RsaBits};
use kms_providers::{KemKeys, KeyUri, Provider};
use serde_json::json;

use crate::support::{BINDING, Fake, fresh_key};

/// A fault, what the caller is told, and how often the service was asked for the same at least and at most.
type Case = (&'static str, Fault, KekFault, RangeInclusive<usize>);

/// What any request may meet.
fn common() -> Vec<Case> {
    let refuse = Fault::refuse;
    vec![
        (
            "no permission",
            refuse(403, "PERMISSION_DENIED"),
            KekFault::Denied,
            1..=1,
        ),
        ("expired token", refuse(401, "UNAUTHENTICATED"), KekFault::Denied, 2..=2),
        ("no such key", refuse(404, "NOT_FOUND"), KekFault::NotFound, 1..=1),
        (
            "throttled",
            refuse(429, "RESOURCE_EXHAUSTED"),
            KekFault::Throttled,
            3..=3,
        ),
        (
            "throttled, later than we wait",
            Fault::Refuse(429, "RESOURCE_EXHAUSTED", vec![("retry-after", "3600".into())]),
            KekFault::Throttled,
            1..=1,
        ),
        (
            "throttled, at once again",
            Fault::Refuse(429, "", vec![("retry-after", "0".into())]),
            KekFault::Throttled,
            3..=3,
        ),
        ("internal error", refuse(500, "INTERNAL"), KekFault::Unavailable, 3..=3),
        ("overloaded", refuse(503, "UNAVAILABLE"), KekFault::Unavailable, 3..=3),
        (
            "too slow over there",
            refuse(504, "DEADLINE_EXCEEDED"),
            KekFault::Timeout,
            3..=3,
        ),
        ("gateway's page, 502", Fault::Html(502), KekFault::Unavailable, 3..=3),
        (
            "page in place of an answer",
            Fault::Html(200),
            KekFault::BadReply,
            1..=1,
        ),
        (
            "page of a proxy that wants a login",
            Fault::Html(407),
            KekFault::Denied,
            1..=1,
        ),
        ("half a body", Fault::HalfBody, KekFault::Unavailable, 3..=3),
        ("a body without end", Fault::TooLong, KekFault::BadReply, 1..=1),
        (
            "a redirect",
            Fault::Redirect("http://127.0.0.1:9/".into()),
            KekFault::BadReply,
            1..=1,
        ),
        ("a closed connection", Fault::Close, KekFault::Unavailable, 3..=3),
        (
            "silence",
            Fault::Silence(Duration::from_secs(2)),
            KekFault::Timeout,
            2..=3,
        ),
    ]
}

/// Lies of `encrypt`. What was damaged on its way is asked for once more, what is wrong is not.
fn of_encrypt() -> Vec<Case> {
    let elsewhere = "projects/evil/locations/europe-west1/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1";
    vec![
        (
            "the plaintext was not verified",
            Fault::Leave("verifiedPlaintextCrc32c"),
            KekFault::BadReply,
            2..=2,
        ),
        (
            "the additional data was not verified",
            Fault::Replace("verifiedAdditionalAuthenticatedDataCrc32c", json!(false)),
            KekFault::BadReply,
            2..=2,
        ),
        (
            "a ciphertext without a checksum",
            Fault::Leave("ciphertextCrc32c"),
            KekFault::BadReply,
            2..=2,
        ),
        (
            "a ciphertext that was damaged",
            Fault::Replace("ciphertext", json!("AAAA")),
            KekFault::BadReply,
            2..=2,
        ),
        (
            "a checksum that was damaged",
            Fault::Replace("ciphertextCrc32c", json!("1")),
            KekFault::BadReply,
            2..=2,
        ),
        (
            "a checksum of 33 bits",
            Fault::Replace("ciphertextCrc32c", json!("4294967296")),
            KekFault::BadReply,
            1..=1,
        ),
        (
            "another key in the answer",
            Fault::Replace("name", json!(elsewhere)),
            KekFault::BadReply,
            1..=1,
        ),
        ("no key in the answer", Fault::Leave("name"), KekFault::BadReply, 1..=1),
        ("no ciphertext", Fault::Leave("ciphertext"), KekFault::BadReply, 1..=1),
    ]
}

/// Lies of `decrypt` and `asymmetricDecrypt`.
fn of_decrypt() -> Vec<Case> {
    vec![
        (
            "a plaintext that was damaged",
            Fault::Replace("plaintext", json!("AAAA")),
            KekFault::BadReply,
            2..=2,
        ),
        (
            "a plaintext without a checksum",
            Fault::Leave("plaintextCrc32c"),
            KekFault::BadReply,
            2..=2,
        ),
        (
            "a checksum that was damaged",
            Fault::Replace("plaintextCrc32c", json!(7)),
            KekFault::BadReply,
            2..=2,
        ),
        ("no plaintext", Fault::Leave("plaintext"), KekFault::BadReply, 1..=1),
        (
            "a plaintext that is no base64",
            Fault::Replace("plaintext", json!("!")),
            KekFault::BadReply,
            1..=1,
        ),
    ]
}

/// Lies of `decapsulate`.
fn of_decapsulate() -> Vec<Case> {
    let elsewhere = "projects/acme/locations/europe-west1/keyRings/keystrand/cryptoKeys/pair-XWING/cryptoKeyVersions/2";
    vec![
        (
            "the ciphertext was not verified",
            Fault::Leave("verifiedCiphertextCrc32c"),
            KekFault::BadReply,
            2..=2,
        ),
        (
            "a secret that was damaged",
            Fault::Replace("sharedSecret", json!("AAAA")),
            KekFault::BadReply,
            2..=2,
        ),
        (
            "a secret without a checksum",
            Fault::Leave("sharedSecretCrc32c"),
            KekFault::BadReply,
            2..=2,
        ),
        (
            "another version in the answer",
            Fault::Replace("name", json!(elsewhere)),
            KekFault::BadReply,
            1..=1,
        ),
        ("no secret", Fault::Leave("sharedSecret"), KekFault::BadReply, 1..=1),
    ]
}

#[test]
fn each_fault_of_wrapping_is_told_and_none_is_retried_past_its_attempts() {
    let fake = Fake::start();
    let key = fresh_key(&fake.provider(), "wrapping");
    for case in common().into_iter().chain(of_encrypt()) {
        try_case(&fake, &key, "encrypt", &case, |kek| wrap(kek).map(drop));
    }
}

#[test]
fn each_fault_of_unwrapping_is_told_and_none_is_retried_past_its_attempts() {
    let fake = Fake::start();
    let provider = fake.provider();
    let mut rsa = provider.new_key();
    rsa.kind = NewKind::Rsa(RsaBits::Bits2048);
    let rsa = block_on(provider.create_key(&"rsa".parse().unwrap(), rsa)).unwrap();
    let symmetric = fresh_key(&provider, "unwrapping");
    for (key, method) in [(symmetric, "decrypt"), (rsa, "asymmetricDecrypt")] {
        let wrapped = wrap(&*provider.kek(&key).unwrap()).unwrap().wrapped;
        for case in common().into_iter().chain(of_decrypt()) {
            try_case(&fake, &key, method, &case, |kek| unwrap(kek, &wrapped));
        }
        // Of 31 bytes, with the checksum that they have.
        let short = Fault::Replace("plaintext", json!(data_encoding::BASE64.encode(&[0; 31])));
        try_case(
            &fake,
            &key,
            method,
            &("31 bytes", short, KekFault::BadReply, 2..=2),
            |kek| unwrap(kek, &wrapped),
        );
    }
}

#[test]
fn each_fault_of_decapsulating_is_told_and_none_is_retried_past_its_attempts() {
    let fake = Fake::start();
    let provider = fake.provider();
    let key = block_on(provider.create_pair(&"pair".parse().unwrap(), Kem::XWing)).unwrap();
    let wrapped = wrap(&*provider.kek(&key).unwrap()).unwrap().wrapped;
    for case in common().into_iter().chain(of_decapsulate()) {
        try_case(&fake, &key, "decapsulate", &case, |kek| unwrap(kek, &wrapped));
    }
}

/// A public key that is not the one that was asked for would have everything read by somebody else.
#[test]
fn public_keys_that_are_not_vouched_for_are_not_used() {
    let fake = Fake::start();
    let key = block_on(fake.provider().create_pair(&"pair".parse().unwrap(), Kem::MlKem768)).unwrap();
    let other = block_on(fake.provider().create_pair(&"other".parse().unwrap(), Kem::MlKem768)).unwrap();
    let elsewhere = other.to_string().replace("gcp-kms://", "") + "/cryptoKeyVersions/1";
    for fault in [
        Fault::Replace("name", json!(elsewhere)),
        Fault::Replace("algorithm", json!("ML_KEM_1024")),
        Fault::Replace("publicKey", json!({ "data": "AAAA", "crc32cChecksum": "1" })),
        Fault::Replace("publicKey", json!({ "data": "AAAA" })),
        Fault::Leave("publicKey"),
    ] {
        let kek = fake.provider().kek(&key).unwrap();
        // The versions are listed first.
        fake.gcp.fail(1, &Fault::Leave("nothing"));
        fake.gcp.fail(1, &fault);
        assert_eq!(wrap(&*kek).err().unwrap().kind, KekFault::BadReply, "{fault:?}");
        wrap(&*kek).unwrap();
    }
}

fn try_case(
    fake: &Fake,
    key: &KeyUri,
    method: &str,
    (name, fault, told, asked): &Case,
    call: impl Fn(&dyn Kek) -> Result<(), KekError>,
) {
    // Each time a provider of its own: breaker and budget have tests of their own.
    let kek = fake.provider().kek(key).unwrap();
    drop(fake.gcp.seen());
    fake.gcp.fail(8, fault);
    let found = call(&*kek).err();
    fake.gcp.heal();
    let found = found.unwrap_or_else(|| panic!("{method}, {name}: it succeeded"));
    assert_eq!(found.kind, *told, "{method}, {name}");
    let times = fake.gcp.seen().iter().filter(|seen| seen.method == method).count();
    assert!(asked.contains(&times), "{method}, {name}: asked {times} times");
    tells_no_secret(&format!("{found} {found:?}"), name);
    call(&*kek).unwrap_or_else(|error| panic!("{method}, {name}: {error} after recovery"));
}

fn tells_no_secret(told: &str, case: &str) {
    for canary in ["canary", "Bearer", "html", "evil"] {
        assert!(!told.contains(canary), "{case}: {told}");
    }
}

#[test]
fn what_is_damaged_once_is_asked_for_again_and_not_noticed() {
    let fake = Fake::start();
    let key = fresh_key(&fake.provider(), "damaged");
    let passing = [
        Fault::Leave("verifiedPlaintextCrc32c"),
        Fault::Replace("ciphertext", json!("AAAA")),
        Fault::refuse(503, "UNAVAILABLE"),
        Fault::refuse(429, "RESOURCE_EXHAUSTED"),
        Fault::refuse(401, "UNAUTHENTICATED"),
        Fault::HalfBody,
        Fault::Close,
        Fault::Silence(Duration::from_secs(1)),
    ];
    for fault in passing {
        let kek = fake.provider().kek(&key).unwrap();
        fake.gcp.fail(1, &fault);
        let generated = wrap(&*kek).unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        unwrap(&*kek, &generated.wrapped).unwrap();
    }
}

/// One refusal stands for many states; which it is, the version is asked.
#[test]
fn states_are_told_as_they_are() {
    let fake = Fake::start();
    let key = fresh_key(&fake.provider(), "states");
    let kek = fake.provider().kek(&key).unwrap();
    let wrapped = wrap(&*kek).unwrap().wrapped;
    // Nothing is wrong with the version, and yet it is refused: then the request is at fault, not the key.
    fake.gcp.fail(1, &Fault::refuse(400, "FAILED_PRECONDITION"));
    assert_eq!(wrap(&*kek).err().unwrap().kind, KekFault::Unsupported);
    // Nobody may ask for its state: then what the refusal says is all there is.
    fake.gcp.fail(1, &Fault::refuse(400, "FAILED_PRECONDITION"));
    fake.gcp.fail(1, &Fault::refuse(403, "PERMISSION_DENIED"));
    assert_eq!(unwrap(&*kek, &wrapped).err().unwrap().kind, KekFault::Disabled);
}

/// Who may decrypt and nothing more opens envelopes: no other permission is needed on the way.
#[test]
fn opening_takes_one_call() {
    let fake = Fake::start();
    let key = fresh_key(&fake.provider(), "opening");
    let wrapped = wrap(&*fake.provider().kek(&key).unwrap()).unwrap().wrapped;
    drop(fake.gcp.seen());
    unwrap(&*fake.provider().kek(&key).unwrap(), &wrapped).unwrap();
    let methods: Vec<_> = fake.gcp.seen().into_iter().map(|seen| seen.method).collect();
    assert_eq!(methods, ["decrypt"]);
}

#[test]
fn what_would_make_one_more_is_not_sent_again() {
    let fake = Fake::start();
    let provider = fake.provider();
    let key = fresh_key(&provider, "once");
    let lifecycle = provider.lifecycle().unwrap();
    for fault in [Fault::refuse(500, "INTERNAL"), Fault::Close, Fault::HalfBody] {
        drop(fake.gcp.seen());
        // The key is looked at first.
        fake.gcp.fail(1, &Fault::Leave("nothing"));
        fake.gcp.fail(1, &fault);
        assert!(block_on(lifecycle.rotate(&key)).is_err());
        let seen = fake.gcp.seen();
        let made = seen
            .iter()
            .filter(|seen| seen.method == "cryptoKeyVersions.create")
            .count();
        assert_eq!(made, 1, "{fault:?}");
    }
    // Refused for its number, it was not done: that may be sent again.
    fake.gcp.fail(1, &Fault::Leave("nothing"));
    fake.gcp.fail(1, &Fault::refuse(429, "RESOURCE_EXHAUSTED"));
    block_on(lifecycle.rotate(&key)).unwrap();
}

#[test]
fn a_service_that_is_down_is_left_alone_for_a_while() {
    let fake = Fake::start();
    let key = fresh_key(&fake.provider(), "breaker");
    let kek = fake.provider().kek(&key).unwrap();
    fake.gcp.fail(100, &Fault::refuse(500, "INTERNAL"));
    drop(fake.gcp.seen());
    for _ in 0..10 {
        assert_eq!(wrap(&*kek).err().unwrap().kind, KekFault::Unavailable);
    }
    let asked = fake.gcp.seen().len();
    assert!(asked <= 9, "asked {asked} times while it was down");
    fake.gcp.heal();
    std::thread::sleep(Duration::from_millis(1_100));
    wrap(&*kek).unwrap();
}

#[test]
fn a_clock_that_differs_is_told() {
    let fake = Fake::start();
    for ahead in [3_600, -3_600] {
        fake.gcp.set_clock_ahead(ahead);
        let reach = block_on(fake.provider().probe()).unwrap().unwrap();
        assert!(
            reach.clock_ahead.abs_diff(ahead) <= 2,
            "{ahead} s told as {}",
            reach.clock_ahead
        );
        assert_eq!(reach.key_exchange, None);
    }
}

#[test]
fn a_dead_endpoint_is_unavailable_within_the_time_that_is_allowed() {
    let fake = Fake::start();
    let key = fresh_key(&fake.provider(), "dead");
    let dead = fake.provider_of(|settings| settings.endpoint = Some("http://127.0.0.1:1".into()));
    let started = Instant::now();
    assert_eq!(
        wrap(&*dead.kek(&key).unwrap()).err().unwrap().kind,
        KekFault::Unavailable
    );
    assert!(started.elapsed() < Duration::from_secs(4));
}

#[test]
fn what_is_configured_is_contacted_and_nothing_else() {
    let fake = Fake::start();
    let provider = fake.provider();
    let strangers = [
        "gcp-kms://projects/acme/locations/us-east1/keyRings/r/cryptoKeys/k",
        "gcp-kms://projects/acme/locations/global/keyRings/r/cryptoKeys/k",
        "gcp-kms://projects/evil/locations/europe-west1/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1",
        "gcp-kms://projects/acme.evil/locations/europe-west1/keyRings/r/cryptoKeys/k",
    ];
    drop(fake.gcp.seen());
    for stranger in strangers {
        let uri = stranger.parse().unwrap();
        assert!(!provider.serves(&uri), "{stranger}");
        assert_eq!(provider.kek(&uri).err().unwrap().kind, KekFault::Unsupported);
        let lifecycle = provider.lifecycle().unwrap();
        assert_eq!(
            block_on(lifecycle.disable(&uri)).unwrap_err().kind,
            KekFault::Unsupported
        );
    }
    assert!(fake.gcp.seen().is_empty());
}

/// A listing that names what it was not asked for is not walked along.
#[test]
fn listings_that_name_other_places_are_refused() {
    let fake = Fake::start();
    let provider = fake.provider();
    drop(fresh_key(&provider, "listed"));
    for ring in [
        "projects/evil/locations/europe-west1/keyRings/r",
        "projects/acme/locations/europe-west1/keyRings/../x",
        "projects/acme/locations/europe-west1/keyRings/r?x=/y",
    ] {
        drop(fake.gcp.seen());
        fake.gcp.fail(1, &Fault::Replace("keyRings", json!([{ "name": ring }])));
        assert_eq!(
            block_on(provider.list()).unwrap_err().kind,
            KekFault::BadReply,
            "{ring}"
        );
        assert_eq!(fake.gcp.seen().len(), 1, "{ring}");
    }
    fake.gcp.fail(1, &Fault::Replace("nextPageToken", json!("&x=1")));
    assert!(block_on(provider.list()).is_err());
}

fn wrap(kek: &dyn Kek) -> Result<Generated, KekError> {
    block_on(kek.generate(&BINDING))
}

fn unwrap(kek: &dyn Kek, wrapped: &WrappedKey) -> Result<(), KekError> {
    block_on(kek.unwrap(wrapped, &BINDING)).map(drop)
}

//! What Google offers beyond wrapping: kinds of keys, imports, rotation, external key managers, Autokey.

use std::time::Duration;

use futures::executor::block_on;
use kms_core::memory::Secret;
use kms_core::{KekFault, Kem, Opener, Posture, Scheme, Sealer};
use kms_providers::gcp::{
    ExternalKey, GcpProvider, ImportWrapping, KeyKind, NewEkmConnection, NewKind, Protection, RawCiphertext, RsaBits,
};
use kms_providers::{DestroyWindow, KeyState, KeyUri, Provider};

use crate::support::{BINDING, Fake, fresh_key, patient, provider, round_trip};

fn material(byte: u8) -> Secret<32> {
    Secret::init_with(|place| place.fill(byte))
}

fn made(provider: &GcpProvider, name: &str, kind: NewKind) -> KeyUri {
    let mut new = provider.new_key();
    new.kind = kind;
    block_on(provider.create_key(&name.parse().unwrap(), new)).unwrap()
}

/// The bytes that docs say Google gets, and no others.
#[test]
fn google_gets_the_secret_the_digest_and_the_data_key_id() {
    let fake = Fake::start();
    let key = fresh_key(&fake.provider(), "shown");
    drop(fake.gcp.seen());
    let generated = block_on(fake.provider().kek(&key).unwrap().generate(&BINDING)).unwrap();
    let seen = fake.gcp.seen();
    assert_eq!(seen.len(), 1);
    let members: Vec<_> = seen[0].body.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "plaintext",
        "plaintextCrc32c",
        "additionalAuthenticatedData",
        "additionalAuthenticatedDataCrc32c",
    ];
    assert_eq!(members, expected);
    let aad = [b"KS1\0", &[0xb1; 32][..], &[0xd1; 16]].concat();
    let base64 = |bytes: &[u8]| data_encoding::BASE64.encode(bytes);
    assert_eq!(seen[0].body["plaintext"], base64(generated.secret.expose()));
    assert_eq!(seen[0].body["additionalAuthenticatedData"], base64(&aad));
    assert_eq!(
        seen[0].request.header("x-goog-request-reason"),
        Some("d1".repeat(16).as_str())
    );

    let quiet = fake.provider_of(|settings| settings.request_reason = false);
    block_on(quiet.kek(&key).unwrap().generate(&BINDING)).unwrap();
    assert_eq!(fake.gcp.seen()[0].request.header("x-goog-request-reason"), None);
}

#[test]
fn a_key_ring_is_made_with_its_first_key() {
    let fake = Fake::start();
    let provider = fake.provider();
    drop(fresh_key(&provider, "first"));
    let methods = |fake: &Fake| -> Vec<_> { fake.gcp.seen().into_iter().map(|seen| seen.method).collect() };
    let expected = [
        "cryptoKeys.create",
        "keyRings.create",
        "cryptoKeys.create",
        "cryptoKeys.get",
    ];
    assert_eq!(methods(&fake), expected);
    drop(fresh_key(&provider, "second"));
    assert_eq!(methods(&fake), ["cryptoKeys.create", "cryptoKeys.get"]);
}

#[test]
fn names_tell_what_keys_are_and_the_configuration_may_say_it() {
    let fake = Fake::start();
    let provider = fake.provider();
    for (kind, scheme, posture) in [
        (NewKind::Symmetric, Scheme::WrapBound, Posture::Hedged),
        (NewKind::Rsa(RsaBits::Bits2048), Scheme::Wrap, Posture::Classical),
        (NewKind::Hmac, Scheme::WrapBound, Posture::Hedged),
        (NewKind::Pair(Kem::XWing), Scheme::Hpke, Posture::Hedged),
        (NewKind::Pair(Kem::MlKem768), Scheme::Hpke, Posture::PostQuantum),
        (NewKind::Pair(Kem::MlKem1024), Scheme::Hpke, Posture::PostQuantum),
    ] {
        // Each time a provider that knows nothing of the key but its name.
        let uri = made(&provider, "acme.inbox", kind);
        let kek = fake.provider().kek(&uri).unwrap();
        assert_eq!((kek.scheme(), kek.posture()), (scheme, posture), "{uri}");
        assert_eq!(block_on(kek.describe()).unwrap().posture, posture, "{uri}");
        round_trip(&*kek);
    }
    let listed = block_on(provider.list()).unwrap();
    assert_eq!(listed.len(), 6);
    assert!(
        listed
            .iter()
            .all(|key| key.name.as_ref().unwrap().as_str() == "acme_inbox")
    );

    // Taken for another kind than it is, a key is refused and not used in another way than was meant.
    let pair = made(&provider, "mistaken", NewKind::Pair(Kem::XWing));
    let name = pair.to_string().trim_start_matches("gcp-kms://").to_owned();
    let mistaken = fake.provider_of(|settings| settings.keys.extend([(name, KeyKind::Symmetric)]));
    let kek = mistaken.kek(&pair).unwrap();
    assert_eq!(kek.scheme(), Scheme::WrapBound);
    assert_eq!(block_on(kek.describe()).unwrap_err().kind, KekFault::Unsupported);
    assert!(block_on(kek.generate(&BINDING)).is_err());
}

/// The private half is at Google, and the sealer has its public key alone.
#[test]
fn an_envelope_sealed_with_a_public_key_opens_at_google() {
    for backend in [kms_core::crypto::aws_lc(), kms_core::crypto::rustcrypto()] {
        let fake = Fake::start();
        let provider = GcpProvider::new(patient(fake.settings()), backend.clone()).unwrap();
        let pair = made(&provider, "inbox", NewKind::Pair(Kem::XWing));
        let owner = provider.kek(&pair).unwrap();
        let envelope = block_on(Sealer::new(backend.clone()).recipient(owner.clone()).seal(b"hello")).unwrap();
        let opener = Opener::new(backend, kms_core::Keyring::new().with(owner));
        assert_eq!(block_on(opener.open(&envelope)).unwrap(), b"hello");
    }
}

#[test]
fn material_is_imported_in_each_way() {
    let fake = Fake::start();
    let provider = provider(patient(fake.settings()));
    for (name, wrapping) in [
        ("kwp-4096", ImportWrapping::RsaAesKeyWrap4096),
        ("kwp-3072", ImportWrapping::RsaAesKeyWrap3072),
        ("oaep-3072", ImportWrapping::RsaOaep3072),
    ] {
        let uri = block_on(provider.import_key_by(&name.parse().unwrap(), &material(7), wrapping)).unwrap();
        round_trip(&*provider.kek(&uri).unwrap());
        assert!(block_on(provider.facts(&uri)).unwrap().is_import_only);
        // Google makes no material for it.
        let rotated = block_on(provider.lifecycle().unwrap().rotate(&uri));
        assert_eq!(rotated.unwrap_err().kind, KekFault::Unsupported);
    }
    assert!(fake.gcp.seen().iter().all(|seen| {
        let body = String::from_utf8_lossy(&seen.request.body).into_owned();
        !body.contains(&data_encoding::BASE64.encode(&[7; 32]))
    }));
}

#[test]
fn material_is_imported_into_an_hsm() {
    let fake = Fake::start();
    let mut settings = patient(fake.settings());
    settings.protection = Protection::Hsm;
    let provider = provider(settings);
    let name = "brought".parse().unwrap();
    let uri = block_on(provider.import_key_by(&name, &material(7), ImportWrapping::RsaAesKeyWrap3072)).unwrap();
    let kek = provider.kek(&uri).unwrap();
    round_trip(&*kek);
    assert_eq!(block_on(kek.describe()).unwrap().protection, "hsm");
}

/// Google may take hours until a new primary is used everywhere. What this process rotated, or described, it names.
#[test]
fn a_rotation_is_followed_at_once_also_where_google_lags() {
    let fake = Fake::start();
    let provider = fake.provider();
    let uri = fresh_key(&provider, "lagging");
    let kek = provider.kek(&uri).unwrap();
    assert_eq!(round_trip(&*kek), "1");
    let rotated = block_on(provider.lifecycle().unwrap().rotate(&uri)).unwrap();
    assert_eq!(rotated.version().as_deref(), Some("2"));
    fake.gcp.set_primary_lags(true);
    assert_eq!(round_trip(&*kek), "2");

    // Another process, that rewraps: it describes, then wraps.
    let other = fake.provider().kek(&uri).unwrap();
    assert_eq!(block_on(other.describe()).unwrap().version.as_deref(), Some(&b"2"[..]));
    assert_eq!(round_trip(&*other), "2");
    // And one that seals: any version of the key will do.
    assert_eq!(round_trip(&*fake.provider().kek(&uri).unwrap()), "1");

    // What was named is taken out of use elsewhere: Google decides again.
    fake.gcp.set_primary_lags(false);
    let elsewhere = fake.provider();
    let third = block_on(elsewhere.lifecycle().unwrap().rotate(&uri)).unwrap();
    block_on(elsewhere.lifecycle().unwrap().disable(&rotated)).unwrap();
    assert_eq!(third.version().as_deref(), Some("3"));
    assert_eq!(round_trip(&*kek), "3");
}

#[test]
fn google_rotates_when_it_is_told_to() {
    let fake = Fake::start();
    let provider = fake.provider_of(|settings| settings.rotation_days = Some(90));
    let uri = fresh_key(&provider, "rotating");
    let period = |days: u64| Some(Duration::from_secs(days * 86_400));
    let facts = block_on(provider.facts(&uri)).unwrap();
    assert_eq!(facts.rotation_period, period(90));
    assert!(facts.next_rotation.is_some());
    block_on(provider.rotate_every(&uri, Some(30))).unwrap();
    assert_eq!(block_on(provider.facts(&uri)).unwrap().rotation_period, period(30));
    block_on(provider.rotate_every(&uri, None)).unwrap();
    let facts = block_on(provider.facts(&uri)).unwrap();
    assert_eq!((facts.rotation_period, facts.next_rotation), (None, None));
    // Nothing rotates a pair by itself.
    let pair = made(&provider, "pair", NewKind::Pair(Kem::MlKem768));
    assert_eq!(
        block_on(provider.rotate_every(&pair, Some(30))).unwrap_err().kind,
        KekFault::Unsupported
    );
}

#[test]
fn the_window_of_a_destruction_is_the_keys_own() {
    let fake = Fake::start();
    let provider = fake.provider_of(|settings| settings.destroy_days = 10);
    let lifecycle = provider.lifecycle().unwrap();
    let uri = fresh_key(&provider, "windows");
    let scheduled = |days| block_on(lifecycle.schedule_destroy(&uri, DestroyWindow::days(days).unwrap(), &|_| 0));
    assert_eq!(scheduled(30).unwrap_err().kind, KekFault::Unsupported);
    let due = scheduled(7).unwrap();
    let wait = due.duration_since(std::time::SystemTime::now()).unwrap();
    assert!(wait > Duration::from_secs(9 * 86_400), "destroyed after {wait:?}");
    let listed = block_on(provider.list()).unwrap();
    assert!(matches!(listed[0].state, KeyState::PendingDestruction { .. }));

    // Google destroys by itself, and then nothing brings it back.
    fake.gcp.set_clock_ahead(11 * 86_400);
    let kek = provider.kek(&uri).unwrap();
    assert_eq!(
        block_on(kek.generate(&BINDING)).err().unwrap().kind,
        KekFault::Destroyed
    );
    assert_eq!(block_on(lifecycle.enable(&uri)).unwrap_err().kind, KekFault::Destroyed);
    assert_eq!(
        block_on(lifecycle.cancel_destroy(&uri)).unwrap_err().kind,
        KekFault::Destroyed
    );
    assert_eq!(block_on(lifecycle.rotate(&uri)).unwrap_err().kind, KekFault::Destroyed);
    let again = block_on(lifecycle.create(&"windows".parse().unwrap()));
    assert_eq!(again.unwrap_err().kind, KekFault::AlreadyExists);
    assert_eq!(block_on(provider.list()).unwrap()[0].state, KeyState::Destroyed);
}

/// An order that broke off half-way is finished by giving it again, and forgets nothing.
#[test]
fn disabling_a_key_twice_keeps_what_was_off_before() {
    let fake = Fake::start();
    let provider = fake.provider();
    let lifecycle = provider.lifecycle().unwrap();
    let uri = fresh_key(&provider, "twice");
    let version = |number: u32| -> KeyUri { format!("{uri}/cryptoKeyVersions/{number}").parse().unwrap() };
    block_on(lifecycle.rotate(&uri)).unwrap();
    block_on(lifecycle.rotate(&uri)).unwrap();
    block_on(lifecycle.disable(&version(1))).unwrap();
    block_on(lifecycle.disable(&uri)).unwrap();
    block_on(lifecycle.disable(&uri)).unwrap();
    block_on(lifecycle.enable(&uri)).unwrap();
    let listed = block_on(provider.list()).unwrap();
    let states: Vec<_> = listed[0]
        .versions
        .iter()
        .map(|version| version.state == KeyState::Enabled)
        .collect();
    assert_eq!(states, [false, true, true]);
    assert!(block_on(provider.facts(&uri)).unwrap().labels.is_empty());
}

#[test]
fn macs_are_made_and_verified_there() {
    let fake = Fake::start();
    let provider = fake.provider();
    let uri = made(&provider, "signer", NewKind::Hmac);
    let (version, mac) = block_on(provider.mac_sign(&uri, b"data")).unwrap();
    assert_eq!((version.version().as_deref(), mac.len()), (Some("1"), 64));
    block_on(provider.lifecycle().unwrap().rotate(&uri)).unwrap();
    assert!(block_on(provider.mac_verify(&version, b"data", mac.expose())).unwrap());
    assert!(!block_on(provider.mac_verify(&version, b"date", mac.expose())).unwrap());
    assert!(
        !block_on(provider.mac_verify(&uri, b"data", mac.expose())).unwrap(),
        "another version's"
    );
}

#[test]
fn raw_keys_encrypt_data_and_random_bytes_are_given() {
    let fake = Fake::start();
    let provider = fake.provider();
    let uri = made(&provider, "raw", NewKind::Raw);
    for aad in [&b""[..], b"aad"] {
        let raw = block_on(provider.raw_encrypt(&uri, b"hello", aad)).unwrap();
        assert_eq!((raw.ciphertext.len(), raw.tag_length), (5 + 16, 16));
        let opened = block_on(provider.raw_decrypt(&uri, &raw, aad)).unwrap();
        assert_eq!(opened.expose(), b"hello");
        let wrong = block_on(provider.raw_decrypt(&uri, &raw, b"other")).err().unwrap();
        assert_eq!(wrong.kind, KekFault::DoesNotUnwrap);
        let mut altered = raw.ciphertext.clone();
        altered[0] ^= 1;
        let altered = RawCiphertext::new(raw.version, altered, raw.initialization_vector, raw.tag_length);
        assert_eq!(
            block_on(provider.raw_decrypt(&uri, &altered, aad)).err().unwrap().kind,
            KekFault::DoesNotUnwrap
        );
    }
    // A raw key is no KEK.
    let kek = provider.kek(&uri).unwrap();
    assert_eq!(block_on(kek.describe()).unwrap_err().kind, KekFault::Unsupported);

    let (one, other) = (
        block_on(provider.random_bytes(32)).unwrap(),
        block_on(provider.random_bytes(32)).unwrap(),
    );
    assert!(one.len() == 32 && !one.ct_eq(&other));
    assert_eq!(
        block_on(provider.random_bytes(7)).err().unwrap().kind,
        KekFault::Unsupported
    );
}

#[test]
fn external_keys_wrap_where_their_manager_is() {
    let fake = Fake::start();
    let provider = fake.provider();
    let mut new = provider.new_key();
    new.protection = Protection::External;
    let name = "outside".parse().unwrap();
    let unsaid = block_on(provider.create_key(&name, new.clone())).unwrap_err();
    assert_eq!(unsaid.kind, KekFault::Unsupported, "without an external key");
    new.external = Some(ExternalKey::Uri("https://ekm.example/v0/keys/1".into()));
    let uri = block_on(provider.create_key(&name, new)).unwrap();
    let kek = provider.kek(&uri).unwrap();
    assert_eq!(round_trip(&*kek), "1");
    let info = block_on(kek.describe()).unwrap();
    assert_eq!(info.protection, "external key manager");
    assert_eq!(info.algorithm, "EXTERNAL_SYMMETRIC_ENCRYPTION");
    // A new version is another key of the manager.
    assert_eq!(
        block_on(provider.lifecycle().unwrap().rotate(&uri)).unwrap_err().kind,
        KekFault::Unsupported
    );
    let other = ExternalKey::Uri("https://ekm.example/v0/keys/2".into());
    block_on(provider.rotate_external(&uri, other)).unwrap();
    assert_eq!(round_trip(&*kek), "2");

    // That the manager is down says nothing against the key.
    fake.gcp.set_external_managers_down(true);
    assert_eq!(
        block_on(kek.generate(&BINDING)).err().unwrap().kind,
        KekFault::Unavailable
    );
}

#[test]
fn connections_are_made_verified_and_used() {
    let fake = Fake::start();
    let provider = fake.provider();
    let service = "projects/acme/locations/europe-west1/namespaces/n/services/ekm";
    let mut new = NewEkmConnection::new(service, "ekm.example", vec![vec![0x30, 0]]);
    new.crypto_space = Some("v0/space".into());
    let made = block_on(provider.create_ekm_connection("outside", &new)).unwrap();
    assert_eq!(made.name, "projects/acme/locations/europe-west1/ekmConnections/outside");
    assert!(made.is_managed && made.hostnames == ["ekm.example"]);
    assert_eq!(
        block_on(provider.ekm_connections()).unwrap(),
        std::slice::from_ref(&made)
    );
    let again = block_on(provider.create_ekm_connection("outside", &new)).unwrap_err();
    assert_eq!(again.kind, KekFault::AlreadyExists);

    block_on(provider.verify_connectivity(&made.name)).unwrap();
    fake.gcp.set_external_managers_down(true);
    let down = block_on(provider.verify_connectivity(&made.name)).unwrap_err();
    assert_eq!(down.kind, KekFault::Unavailable);
    fake.gcp.set_external_managers_down(false);
    for elsewhere in [
        "projects/evil/locations/europe-west1/ekmConnections/outside",
        "projects/acme/locations/europe-west1/ekmConnections/../x",
    ] {
        let refused = block_on(provider.verify_connectivity(elsewhere)).unwrap_err();
        assert_eq!(refused.kind, KekFault::Unsupported);
    }

    let behind = fake.provider_of(|settings| {
        (settings.protection, settings.ekm_connection) = (Protection::ExternalVpc, Some(made.name.clone()));
    });
    let mut new = behind.new_key();
    new.external = Some(ExternalKey::Path("v0/key/1".into()));
    let uri = block_on(behind.create_key(&"behind".parse().unwrap(), new)).unwrap();
    round_trip(&*behind.kek(&uri).unwrap());
    assert_eq!(block_on(behind.facts(&uri)).unwrap().connection, Some(made.name));
}

#[test]
fn autokey_makes_keys_for_handles() {
    let fake = Fake::start();
    let provider = fake.provider();
    let handle = block_on(provider.create_key_handle("bucket-1", "storage.googleapis.com/Bucket")).unwrap();
    assert_eq!(handle.resource_type, "storage.googleapis.com/Bucket");
    assert!(handle.key.to_string().ends_with("keyRings/autokey/cryptoKeys/bucket-1"));
    assert_eq!(block_on(provider.key_handles()).unwrap(), [handle]);
    let again = block_on(provider.create_key_handle("bucket-1", "storage.googleapis.com/Bucket"));
    assert_eq!(again.unwrap_err().kind, KekFault::AlreadyExists);
}

#[test]
fn listings_of_many_places_are_whole() {
    let fake = Fake::start();
    let elsewhere = fake.provider_of(|settings| settings.location = "global".into());
    let there = fresh_key(&elsewhere, "there");
    let both = fake.provider_of(|settings| settings.locations = vec!["global".into()]);
    (0..5).for_each(|n| drop(fresh_key(&both, &format!("key-{n}"))));
    assert_eq!(block_on(both.list()).unwrap().len(), 6);
    assert_eq!(block_on(fake.provider().list()).unwrap().len(), 5);
    round_trip(&*both.kek(&there).unwrap());
    assert_eq!(both.regions(&there), ["global"]);
}

//! What Azure offers beyond wrapping: versions, rotation policies, imports, deletion.

use std::process::Command;

use futures::executor::block_on;
use kms_core::memory::{Secret, SecretBytes};
use kms_core::{Kek, KekFault, Posture, Scheme};
use kms_providers::azure::{ImportWrapping, KeyAlgorithm};
use kms_providers::{DestroyWindow, KeyState, KeyUri, Provider};

use crate::faults::{unwrap, wrap};
use crate::support::{Fake, fresh_key, open, round_trip};

fn material(byte: u8) -> Secret<32> {
    Secret::init_with(|place| place.fill(byte))
}

fn version_of(kek: &dyn Kek) -> String {
    String::from_utf8(wrap(kek).unwrap().wrapped.version.unwrap()).unwrap()
}

#[test]
fn a_key_is_what_the_configuration_takes_it_for_or_is_refused() {
    let fake = Fake::hsm();
    let uri = fresh_key(&fake.provider(), "gcm");
    let kek = fake.provider().kek(&uri).unwrap();
    assert_eq!((kek.scheme(), kek.posture()), (Scheme::WrapBound, Posture::Hedged));
    let info = block_on(kek.describe()).unwrap();
    assert_eq!((info.algorithm.as_str(), info.protection.as_str()), ("A256GCM", "hsm"));
    assert_eq!(info.region.as_deref(), Some("westeurope"));
    assert_eq!(
        info.trust_domain,
        "azure-kv:public:72f988bf-86f1-41af-91ab-2d7cd011db47"
    );
    for mistaken in [KeyAlgorithm::A256Kw, KeyAlgorithm::RsaOaep256] {
        let mut settings = fake.settings();
        settings.algorithms.insert("gcm".into(), mistaken);
        let kek = open(settings).kek(&uri).unwrap();
        assert_eq!(block_on(kek.describe()).unwrap_err().kind, KekFault::Unsupported);
        assert_eq!(wrap(&*kek).err().unwrap().kind, KekFault::Unsupported);
    }
}

#[test]
fn keys_of_all_kinds_live_in_one_managed_hsm() {
    let fake = Fake::hsm();
    let mut settings = fake.settings();
    settings.algorithms.insert("rsa".into(), KeyAlgorithm::RsaOaep256);
    settings.algorithms.insert("kw".into(), KeyAlgorithm::A256Kw);
    let provider = open(settings);
    for (name, scheme) in [("rsa", Scheme::Wrap), ("kw", Scheme::Wrap), ("gcm", Scheme::WrapBound)] {
        let kek = provider.kek(&fresh_key(&provider, name)).unwrap();
        assert_eq!(kek.scheme(), scheme, "{name}");
        assert_eq!(block_on(kek.describe()).unwrap().protection, "hsm");
        round_trip(&*kek);
    }
    assert_eq!(block_on(provider.list()).unwrap().len(), 3);
}

#[test]
fn versions_are_listed_and_the_current_one_is_primary() {
    let fake = Fake::hsm();
    let provider = fake.provider();
    let uri = fresh_key(&provider, "acme.payments_1");
    assert_eq!(
        uri.to_string(),
        "azure-kv://acme.managedhsm.azure.net/keys/acme-payments-1"
    );
    let first = version_of(&*provider.kek(&uri).unwrap());
    let second = block_on(provider.lifecycle().unwrap().rotate(&uri)).unwrap();
    let listed = block_on(provider.list()).unwrap();
    assert_eq!(listed[0].name.as_ref().unwrap().as_str(), "acme.payments_1");
    let versions: Vec<_> = listed[0]
        .versions
        .iter()
        .map(|version| (version.version.as_str(), version.primary))
        .collect();
    let current = second.version().unwrap().into_owned();
    assert_eq!(versions.len(), 2);
    assert!(
        versions.contains(&(first.as_str(), false)) && versions.contains(&(current.as_str(), true)),
        "{versions:?}"
    );
}

#[test]
fn listings_of_many_pages_are_whole() {
    let fake = Fake::hsm();
    let provider = fake.patient(None);
    (0..53).for_each(|n| drop(fresh_key(&provider, &format!("key-{n}"))));
    assert_eq!(block_on(provider.list()).unwrap().len(), 53);
}

#[test]
fn a_rotation_policy_is_set_read_and_taken_back() {
    let fake = Fake::hsm();
    let mut settings = fake.settings();
    settings.rotation_days = Some(90);
    let provider = open(settings);
    let uri = fresh_key(&provider, "policy");
    let policy = || block_on(provider.rotation_policy(&uri)).unwrap().after_creation;
    assert_eq!(policy().as_deref(), Some("P90D"));
    block_on(provider.rotate_every(&uri, None)).unwrap();
    assert_eq!(policy(), None);
    assert_eq!(
        block_on(provider.rotate_every(&uri, Some(6))).unwrap_err().kind,
        KekFault::Unsupported
    );
}

#[test]
fn material_is_imported_in_both_ways() {
    let fake = Fake::hsm();
    let provider = fake.patient(None);
    for (name, wrapping) in [
        ("exchanged", ImportWrapping::KeyExchange),
        ("plain", ImportWrapping::Plain),
    ] {
        let uri = block_on(provider.import_key_by(&name.parse().unwrap(), &material(7), wrapping)).unwrap();
        round_trip(&*provider.kek(&uri).unwrap());
    }
    // What Azure was told of the first is sealed to its HSM.
    for seen in fake.vault.seen() {
        let is_exchange = seen.line == "PUT /keys/exchanged";
        assert!(!is_exchange || seen.body["key"].get("k").is_none() && seen.body["key"]["key_hsm"].is_string());
    }
}

/// A key that can also unwrap would show what is brought to whoever may use it.
#[test]
fn material_is_not_brought_under_a_key_that_can_do_more() {
    let fake = Fake::hsm();
    let mut settings = fake.settings();
    settings
        .algorithms
        .insert("keystrand-exchange".into(), KeyAlgorithm::RsaOaep256);
    let provider = open(settings);
    fresh_key(&provider, "keystrand-exchange");
    let brought = block_on(
        provider
            .import()
            .unwrap()
            .import_key(&"brought".parse().unwrap(), &material(7)),
    );
    assert_eq!(brought.unwrap_err().kind, KekFault::Unsupported);
    assert!(fake.vault.seen().iter().all(|seen| !seen.line.starts_with("PUT")));
}

#[test]
fn rsa_keys_are_imported_in_both_ways() {
    let fake = Fake::vault();
    let provider = fake.patient(None);
    assert!(provider.import().is_none(), "32 bytes are no RSA key");
    let Some(pkcs8) = rsa_key() else { return };
    for (name, wrapping, protection) in [
        ("exchanged", ImportWrapping::KeyExchange, "hsm"),
        ("plain", ImportWrapping::Plain, "software"),
    ] {
        let uri = block_on(provider.import_rsa_key(&name.parse().unwrap(), &pkcs8, wrapping)).unwrap();
        let kek = provider.kek(&uri).unwrap();
        assert_eq!(block_on(kek.describe()).unwrap().protection, protection);
        round_trip(&*kek);
    }
    let (one, other) = (brought(&provider, "exchanged"), brought(&provider, "plain"));
    // Both are the same key: what one wraps, the other unwraps.
    let wrapped = wrap(&*one).unwrap().wrapped;
    let mut moved = wrapped;
    moved.version = Some(version_of(&*other).into_bytes());
    unwrap(&*other, &moved).unwrap();
    let garbage = SecretBytes::copy_of(b"garbage");
    let refused = block_on(provider.import_rsa_key(&"no".parse().unwrap(), &garbage, ImportWrapping::Plain));
    assert_eq!(refused.unwrap_err().kind, KekFault::Unsupported);
}

fn brought(provider: &dyn Provider, name: &str) -> std::sync::Arc<dyn Kek> {
    let uri: KeyUri = format!("azure-kv://acme.vault.azure.net/keys/{name}").parse().unwrap();
    provider.kek(&uri).unwrap()
}

#[test]
fn a_vault_that_keeps_deleted_keys_too_short_deletes_nothing() {
    let fake = Fake::hsm();
    let provider = fake.provider();
    let uri = fresh_key(&provider, "windows");
    let schedule = |days: Option<u64>| {
        let window = days.map_or(DestroyWindow::dangerously_none(), |days| {
            DestroyWindow::days(days).unwrap()
        });
        block_on(provider.lifecycle().unwrap().schedule_destroy(&uri, window, &|_| 0))
    };
    for (kept, window) in [(0, Some(7)), (7, Some(8)), (90, Some(91)), (90, None)] {
        fake.vault.keep_deleted(kept);
        assert_eq!(
            schedule(window).unwrap_err().kind,
            KekFault::Unsupported,
            "{kept} {window:?}"
        );
    }
    fake.vault.keep_deleted(90);
    let due = schedule(Some(7)).unwrap();
    let days = due.duration_since(std::time::SystemTime::now()).unwrap().as_secs() / 86_400;
    assert!((89..=90).contains(&days), "Azure keeps it for 90 days, told are {days}");
}

#[test]
fn a_deleted_keys_name_is_taken_until_it_is_purged() {
    let fake = Fake::hsm();
    let provider = fake.provider();
    let uri = fresh_key(&provider, "gone");
    let wrapped = wrap(&*provider.kek(&uri).unwrap()).unwrap().wrapped;
    let lifecycle = provider.lifecycle().unwrap();
    block_on(lifecycle.schedule_destroy(&uri, DestroyWindow::days(7).unwrap(), &|_| 0)).unwrap();
    let again = || block_on(lifecycle.create(&"gone".parse().unwrap()));
    assert_eq!(again().unwrap_err().kind, KekFault::AlreadyExists);
    let listed = block_on(provider.list()).unwrap();
    assert!(
        matches!(listed[0].state, KeyState::PendingDestruction { .. }),
        "{listed:?}"
    );
    block_on(provider.purge(&uri)).unwrap();
    assert_eq!(block_on(provider.purge(&uri)).unwrap_err().kind, KekFault::NotFound);
    let kek = provider.kek(&again().unwrap()).unwrap();
    // Another key of that name has other versions.
    assert_eq!(unwrap(&*kek, &wrapped).unwrap_err().kind, KekFault::NotFound);
}

#[test]
fn a_version_that_is_enabled_while_its_key_is_disabled_waits_for_the_key() {
    let fake = Fake::hsm();
    let provider = fake.provider();
    let uri = fresh_key(&provider, "parts");
    let kek = provider.kek(&uri).unwrap();
    let wrapped = wrap(&*kek).unwrap().wrapped;
    let first: KeyUri = format!("{uri}/{}", version_of(&*kek)).parse().unwrap();
    let lifecycle = provider.lifecycle().unwrap();
    block_on(lifecycle.rotate(&uri)).unwrap();
    block_on(lifecycle.disable(&first)).unwrap();
    block_on(lifecycle.disable(&uri)).unwrap();
    block_on(lifecycle.enable(&first)).unwrap();
    assert_eq!(unwrap(&*kek, &wrapped).unwrap_err().kind, KekFault::Disabled);
    block_on(lifecycle.enable(&uri)).unwrap();
    unwrap(&*kek, &wrapped).unwrap();
}

/// An RSA key in PKCS#8, as openssl makes it.
fn rsa_key() -> Option<SecretBytes> {
    let line =
        "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 | openssl pkcs8 -topk8 -nocrypt -outform DER";
    let made = Command::new("sh").args(["-c", line]).output().unwrap();
    if made.stdout.is_empty() {
        println!("SKIPPED  no openssl to make an RSA key with");
        return None;
    }
    Some(SecretBytes::copy_of(&made.stdout))
}

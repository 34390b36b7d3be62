//! What AWS offers beyond wrapping: imports, rotation, RSA, replicas, aliases, key stores.

use futures::executor::block_on;
use keystrand_fakes::aws::FakeKms;
use kms_core::memory::{Secret, SecretBytes};
use kms_core::{Binding, Kek, KekFault, Scheme};
use kms_providers::aws::{AwsProvider, ImportWrapping, KeySpec, NewKeyStore, NewXksProxy};
use kms_providers::{DestroyWindow, KeyUri, Provider};

use crate::support::{BINDING, Fake, Scene, fresh_key};

fn material(byte: u8) -> Secret<32> {
    Secret::init_with(|place| place.fill(byte))
}

fn round_trip(kek: &dyn Kek) {
    let generated = block_on(kek.generate(&BINDING)).unwrap();
    let unwrapped = block_on(kek.unwrap(&generated.wrapped, &BINDING)).unwrap();
    assert!(generated.secret.ct_eq(&unwrapped.secret));
}

#[test]
fn material_is_imported_in_both_ways() {
    let fake = Fake::start();
    imports(&fake.provider());
    if let Some(scene) = Scene::of("ministack") {
        imports(&scene.provider());
    }
}

fn imports(provider: &AwsProvider) {
    for (name, wrapping) in [
        ("oaep", ImportWrapping::RsaOaep256),
        ("aes-kwp", ImportWrapping::RsaAesKeyWrap256),
    ] {
        let uri = block_on(provider.import_key_by(&name.parse().unwrap(), &material(7), wrapping)).unwrap();
        round_trip(&*provider.kek(&uri).unwrap());
        assert_eq!(block_on(provider.facts(&uri)).unwrap().origin, "EXTERNAL");
        block_on(provider.import_again(&uri, &material(7), wrapping)).unwrap();
    }
}

#[test]
fn other_material_is_not_imported_again() {
    let fake = Fake::start();
    let provider = fake.provider();
    let name = "imported".parse().unwrap();
    let uri = block_on(provider.import_key_by(&name, &material(7), ImportWrapping::default())).unwrap();
    let other = block_on(provider.import_again(&uri, &material(8), ImportWrapping::default()));
    assert_eq!(other.unwrap_err().kind, KekFault::Unsupported);
}

#[test]
fn rsa_is_wrapped_here_and_unwrapped_there() {
    let fake = Fake::start();
    let settings = fake.settings();
    rsa(settings, &fake.provider());
    if let Some(scene) = Scene::of("ministack") {
        rsa(scene.settings(), &scene.provider());
    }
}

fn rsa(mut settings: kms_providers::aws::AwsSettings, provider: &AwsProvider) {
    let mut new = provider.new_key();
    new.spec = KeySpec::Rsa2048;
    let uri = block_on(provider.create_key(&"rsa".parse().unwrap(), new)).unwrap();
    // Taken for a symmetric key, it is refused and not used in another way than was meant.
    let mistaken = provider.kek(&uri).unwrap();
    assert_eq!(block_on(mistaken.describe()).unwrap_err().kind, KekFault::Unsupported);
    let KeyUri::AwsKms(key) = &uri else { unreachable!() };
    settings.rsa_keys = vec![key.arn()];
    let provider = AwsProvider::new(settings, Default::default()).unwrap();
    let kek = provider.kek(&uri).unwrap();
    assert_eq!(kek.scheme(), Scheme::Wrap);
    assert_eq!(block_on(kek.describe()).unwrap().posture, kms_core::Posture::Classical);
    round_trip(&*kek);
}

#[test]
fn rotation_is_ordered_listed_and_repeated_by_aws() {
    let fake = Fake::start();
    let provider = fake.provider();
    let uri = fresh_key(&provider, "rotating");
    let kek = provider.kek(&uri).unwrap();
    let old = block_on(kek.generate(&BINDING)).unwrap();
    block_on(provider.lifecycle().unwrap().rotate(&uri)).unwrap();
    let new = block_on(kek.generate(&BINDING)).unwrap();
    assert_ne!(old.wrapped.version, new.wrapped.version);
    let rotations = block_on(provider.rotations(&uri)).unwrap();
    assert_eq!(rotations.len(), 2);
    let current = rotations
        .iter()
        .find(|rotation| rotation.is_current == Some(true))
        .unwrap();
    assert_eq!(
        current.material.as_deref().map(str::as_bytes),
        new.wrapped.version.as_deref()
    );

    assert_eq!(block_on(provider.rotation(&uri)).unwrap(), None);
    block_on(provider.rotate_every(&uri, Some(180))).unwrap();
    assert_eq!(block_on(provider.rotation(&uri)).unwrap().unwrap().0, Some(180));
    assert_eq!(
        block_on(provider.rotate_every(&uri, Some(10))).unwrap_err().kind,
        KekFault::Unsupported
    );
    block_on(provider.rotate_every(&uri, None)).unwrap();
    assert_eq!(block_on(provider.rotation(&uri)).unwrap(), None);

    // Moved under the new material without its secret coming here.
    let moved = block_on(provider.re_encrypt(&uri, &old.wrapped, &BINDING)).unwrap();
    assert_eq!(moved.version, new.wrapped.version);
    let opened = block_on(kek.unwrap(&moved, &BINDING)).unwrap();
    assert!(opened.secret.ct_eq(&old.secret));
}

#[test]
fn moto_re_encrypts_and_lists_rotations() {
    let Some(scene) = Scene::of("moto") else { return };
    let provider = scene.provider();
    let uri = fresh_key(&provider, "moved");
    let kek = provider.kek(&uri).unwrap();
    let old = block_on(kek.generate(&BINDING)).unwrap();
    let moved = block_on(provider.re_encrypt(&uri, &old.wrapped, &BINDING)).unwrap();
    assert_ne!(moved.w, old.wrapped.w);
    assert!(
        block_on(kek.unwrap(&moved, &BINDING))
            .unwrap()
            .secret
            .ct_eq(&old.secret)
    );
    block_on(provider.lifecycle().unwrap().rotate(&uri)).unwrap();
    assert!(!block_on(provider.rotations(&uri)).unwrap().is_empty());
}

/// One context for IAM to look at; the rest of the context stays here.
#[test]
fn exposed_pairs_are_shown_and_no_others() {
    let fake = Fake::start();
    let provider = fake.provider();
    let uri = fresh_key(&provider, "exposing");
    let kek = provider.kek(&uri).unwrap();
    let shown = [("tenant", "acme")];
    let exposing = Binding {
        exposed: &shown,
        ..BINDING
    };
    let before = block_on(kek.generate(&BINDING)).unwrap();
    drop(fake.kms.seen());
    let after = block_on(kek.generate(&exposing)).unwrap();
    let seen = fake.kms.seen();
    let context = seen[0].body["EncryptionContext"].as_object().unwrap();
    assert_eq!(context.len(), 3);
    assert_eq!(context["tenant"], "acme");
    assert_eq!(context["ks1-dek"], "d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1");
    assert_eq!(context["ks1-b"].as_str().unwrap().len(), 43);

    assert!(block_on(kek.unwrap(&after.wrapped, &exposing)).is_ok());
    let without = block_on(kek.unwrap(&after.wrapped, &BINDING)).err().unwrap();
    assert_eq!(without.kind, KekFault::DoesNotUnwrap);
    // Wrapped before anything was exposed.
    assert!(block_on(kek.unwrap(&before.wrapped, &exposing)).is_ok());
}

#[test]
fn a_replica_answers_when_its_region_is_down_and_only_for_multi_region_keys() {
    let (fake, down) = (Fake::start(), FakeKms::start("us-east-1"));
    let provider = fake.provider();
    let mut new = provider.new_key();
    new.multi_region = true;
    let replicated = block_on(provider.create_key(&"replicated".parse().unwrap(), new)).unwrap();
    let single = fresh_key(&provider, "single");
    let wrapped = block_on(provider.kek(&replicated).unwrap().generate(&BINDING)).unwrap();
    let KeyUri::AwsKms(key) = &replicated else {
        unreachable!()
    };
    drop(down);

    // As seen from the other region: its own endpoint is dead, the key's replica is where the stand-in is.
    let mut settings = fake.settings();
    (settings.region, settings.replica_regions) = ("us-east-1".into(), vec!["eu-west-1".into()]);
    let port = fake.kms.endpoint().rsplit(':').next().unwrap().to_owned();
    settings.endpoint = Some(format!("http://127.0.0.1:{port}"));
    let provider = AwsProvider::new(settings, Default::default()).unwrap();
    assert!(provider.serves(&replicated) && !provider.serves(&single));
    let elsewhere = KeyUri::AwsKms(key.in_region("us-east-1"));
    assert_eq!(provider.regions(&elsewhere), ["us-east-1", "eu-west-1"]);
    assert_eq!(provider.regions(&replicated), ["eu-west-1", "us-east-1"]);
    let opened = block_on(provider.kek(&replicated).unwrap().unwrap(&wrapped.wrapped, &BINDING)).unwrap();
    assert!(opened.secret.ct_eq(&wrapped.secret));
    // The first region fails; the second knows the key by its own ARN.
    let failing = keystrand_fakes::aws::Fault::refuse(500, "KMSInternalException");
    fake.kms.fail(3, &failing);
    let opened = block_on(provider.kek(&elsewhere).unwrap().unwrap(&wrapped.wrapped, &BINDING)).unwrap();
    assert!(opened.secret.ct_eq(&wrapped.secret));
}

#[test]
fn ministack_replicates_keys() {
    let Some(scene) = Scene::of("ministack") else { return };
    let provider = scene.provider();
    let mut new = provider.new_key();
    new.multi_region = true;
    let uri = block_on(provider.create_key(&"mrk".parse().unwrap(), new)).unwrap();
    let replica = block_on(provider.replicate(&uri, "us-east-1")).unwrap();
    let wrapped = block_on(provider.kek(&uri).unwrap().generate(&BINDING)).unwrap();
    let mut settings = scene.settings();
    settings.region = "us-east-1".into();
    let there = AwsProvider::new(settings, Default::default()).unwrap();
    let opened = block_on(there.kek(&replica).unwrap().unwrap(&wrapped.wrapped, &BINDING)).unwrap();
    assert!(opened.secret.ct_eq(&wrapped.secret));
}

#[test]
fn an_alias_is_resolved_to_the_key_that_is_stored() {
    let fake = Fake::start();
    let provider = fake.provider();
    let uri = fresh_key(&provider, "acme.payments");
    let found = block_on(provider.resolve_alias("alias/keystrand/acme/payments")).unwrap();
    assert_eq!(found, uri);
    let listed = block_on(provider.list()).unwrap();
    assert_eq!(listed[0].name.as_ref().unwrap().as_str(), "acme.payments");
    let absent = block_on(provider.resolve_alias("alias/absent")).unwrap_err();
    assert_eq!(absent.kind, KekFault::NotFound);
}

#[test]
fn listings_of_many_pages_are_whole() {
    let fake = Fake::start();
    let provider = fake.provider();
    (0..5).for_each(|n| drop(fresh_key(&provider, &format!("key-{n}"))));
    assert_eq!(block_on(provider.list()).unwrap().len(), 5);
}

#[test]
fn windows_that_aws_does_not_have_are_refused() {
    let fake = Fake::start();
    let provider = fake.provider();
    let uri = fresh_key(&provider, "windows");
    for window in [DestroyWindow::days(31).unwrap(), DestroyWindow::dangerously_none()] {
        let scheduled = provider.lifecycle().unwrap().schedule_destroy(&uri, window, &|_| 0);
        assert_eq!(block_on(scheduled).unwrap_err().kind, KekFault::Unsupported);
    }
}

#[test]
fn key_stores_are_made_connected_and_used() {
    let fake = Fake::start();
    let provider = fake.provider();
    let proxy = NewXksProxy {
        endpoint: "https://xks.example".into(),
        path: "/acme/kms/xks/v1".into(),
        vpc_service: None,
        access_key_id: "ABCDEFGHIJKLMNOPQRSTU".into(),
        secret_access_key: SecretBytes::copy_of(b"canary-0123456789012345678901234567890123456789"),
    };
    let id = block_on(provider.create_key_store("outside", NewKeyStore::External(proxy))).unwrap();
    let mut new = provider.new_key();
    (new.custom_key_store, new.external_id) = (Some(id.clone()), Some("key-1".into()));
    let name = "external".parse().unwrap();
    let early = block_on(provider.create_key(&name, new.clone())).unwrap_err();
    assert_eq!(early.kind, KekFault::Unavailable);
    block_on(provider.connect_key_store(&id, true)).unwrap();
    let uri = block_on(provider.create_key(&name, new)).unwrap();
    let kek = provider.kek(&uri).unwrap();
    round_trip(&*kek);
    let info = block_on(kek.describe()).unwrap();
    assert_eq!((info.protection.as_str(), info.version), ("external key store", None));
    let stores = block_on(provider.key_stores()).unwrap();
    assert_eq!(
        (stores[0].id.as_str(), stores[0].state.as_str()),
        (id.as_str(), "CONNECTED")
    );
    assert_eq!(
        block_on(provider.lifecycle().unwrap().rotate(&uri)).unwrap_err().kind,
        KekFault::Unsupported
    );
}

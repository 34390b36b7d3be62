//! A module that misbehaves: each fault ends in an answer, in time, and the provider works again afterwards.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::executor::block_on;
use futures::future::join_all;
use kms_core::{Kek, KekError, KekFault};
use kms_providers::Provider;
use kms_providers::pkcs11::{Pkcs11Provider, Pkcs11Settings};

use crate::scene::{Kind, Scene};
use crate::tokens::{BINDING, fresh_key, round_trip};

/// A key by way of the module that stands before the real one.
fn shimmed(scene: &Scene, change: impl FnOnce(&mut Pkcs11Settings)) -> (Pkcs11Provider, Arc<dyn Kek>) {
    let mut settings = scene.shimmed("");
    let uri = fresh_key(&scene.provider_with(settings.clone()), "k");
    change(&mut settings);
    let provider = scene.provider_with(settings);
    // The first call finds out what the token can do, which may take longer than the time that a test allows.
    let patience = Instant::now();
    loop {
        let kek = provider.kek(&uri).unwrap();
        match round_trip(&*kek) {
            Ok(()) => return (provider, kek),
            Err(error) => assert!(patience.elapsed() < Duration::from_secs(10), "{error}"),
        }
    }
}

fn kind(result: Result<(), KekError>) -> KekFault {
    result.unwrap_err().kind
}

#[test]
fn what_was_lost_is_found_again() {
    let Some(scene) = Scene::of(Kind::SoftHsm) else { return };
    let (provider, kek) = shimmed(&scene, |_| ());
    let wrapped = block_on(kek.generate(&BINDING)).unwrap();
    for (function, fault) in [
        ("C_WrapKey", "device-removed"),
        ("C_WrapKey", "session-handle-invalid"),
        ("C_WrapKey", "key-handle-invalid"),
        ("C_CreateObject", "user-not-logged-in"),
        ("C_FindObjectsInit", "session-handle-invalid"),
        ("C_GetAttributeValue", "device-removed"),
    ] {
        scene.script(&format!("fault {function} {fault} 1\n# {function} {fault}"));
        round_trip(&*kek).unwrap_or_else(|error| panic!("{function}, {fault}: {error}"));
    }
    for fault in [
        "device-removed",
        "session-handle-invalid",
        "key-handle-invalid",
        "user-not-logged-in",
    ] {
        scene.script(&format!("fault C_UnwrapKey {fault} 1"));
        let unwrapped = block_on(kek.unwrap(&wrapped.wrapped, &BINDING));
        let unwrapped = unwrapped.unwrap_or_else(|error| panic!("{fault}: {error}"));
        assert!(unwrapped.secret.ct_eq(&wrapped.secret), "{fault}: another secret");
    }
    // Gone for good is told so, and coming back is noticed.
    scene.script("fault * device-removed");
    assert_eq!(kind(round_trip(&*kek)), KekFault::Unavailable);
    assert_eq!(block_on(provider.list()).unwrap_err().kind, KekFault::Unavailable);
    scene.script("");
    round_trip(&*kek).unwrap();
}

/// Making a key is not done twice: nobody knows what the first attempt did.
#[test]
fn a_change_that_may_have_happened_is_not_made_again() {
    let Some(scene) = Scene::of(Kind::SoftHsm) else { return };
    let (provider, _) = shimmed(&scene, |_| ());
    let uri = fresh_key(&provider, "other");
    let lifecycle = provider.lifecycle().unwrap();
    scene.script("fault C_GenerateKey device-removed 1");
    assert_eq!(
        block_on(lifecycle.rotate(&uri)).unwrap_err().kind,
        KekFault::Unavailable
    );
    scene.script("fault C_GenerateKey session-handle-invalid 1");
    block_on(lifecycle.rotate(&uri)).unwrap();
    let listed = block_on(provider.list()).unwrap();
    assert_eq!(listed.iter().find(|key| key.uri == uri).unwrap().versions.len(), 2);
}

#[test]
fn a_call_that_hangs_is_given_up_and_others_go_on() {
    let Some(scene) = Scene::of(Kind::SoftHsm) else { return };
    let (_provider, kek) = shimmed(&scene, |settings| settings.call_ms = 800);
    scene.script("fault C_WrapKey hang 2");
    let started = Instant::now();
    let outcomes = block_on(join_all((0..2).map(|_| kek.generate(&BINDING))));
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "it waited for {:?}",
        started.elapsed()
    );
    for outcome in outcomes {
        assert_eq!(outcome.err().unwrap().kind, KekFault::Timeout);
    }
    // Two threads are stuck; others take their place.
    let started = Instant::now();
    round_trip(&*kek).unwrap();
    assert!(started.elapsed() < Duration::from_secs(2));
    std::thread::sleep(Duration::from_secs(4));
    round_trip(&*kek).unwrap();
}

#[test]
fn a_module_that_is_stuck_for_good_is_left_alone() {
    let Some(scene) = Scene::of(Kind::SoftHsm) else { return };
    let (_provider, kek) = shimmed(&scene, |settings| settings.call_ms = 1_000);
    scene.script("fault C_WrapKey hang");
    let outcomes = block_on(join_all((0..16).map(|_| kek.generate(&BINDING))));
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.as_ref().is_err_and(|error| error.kind == KekFault::Timeout))
    );
    let stuck = block_on(join_all((0..16).map(|_| kek.generate(&BINDING))));
    assert!(stuck.iter().all(Result::is_err));
    let started = Instant::now();
    assert_eq!(kind(round_trip(&*kek)), KekFault::Unavailable);
    assert!(
        started.elapsed() < Duration::from_millis(500),
        "it waited for {:?}",
        started.elapsed()
    );
}

#[test]
fn lengths_that_cannot_be_are_no_wrapped_keys() {
    let Some(scene) = Scene::of(Kind::SoftHsm) else { return };
    let (provider, kek) = shimmed(&scene, |_| ());
    for fault in ["long", "short"] {
        scene.script(&format!("fault C_WrapKey {fault} 1"));
        assert_eq!(
            block_on(kek.generate(&BINDING)).err().unwrap().kind,
            KekFault::BadReply,
            "{fault}"
        );
    }
    // A tebibyte is not reserved.
    let another = fresh_key(&provider, "huge");
    scene.script("fault C_GetAttributeValue huge");
    let huge = provider.kek(&another).unwrap();
    assert_eq!(kind(round_trip(&*huge)), KekFault::BadReply);
    scene.script("");
    round_trip(&*kek).unwrap();
}

#[test]
fn a_pin_that_was_refused_is_not_tried_again() {
    let Some(scene) = Scene::of(Kind::SoftHsm) else { return };
    let uri = fresh_key(&scene.provider(), "k");
    // A login is of the whole process: that of the first provider ends with its last session.
    std::thread::sleep(Duration::from_secs(2));
    let mut settings = scene.shimmed("");
    settings.pin_file = Some(scene.folder.join("wrong"));
    std::fs::write(scene.folder.join("wrong"), "000000\n").unwrap();
    let provider = scene.provider_with(settings);
    let kek = provider.kek(&uri).unwrap();
    assert_eq!(kind(round_trip(&*kek)), KekFault::Denied);
    // Were it tried again, this would show: a token locks after few wrong PINs.
    scene.script("fault C_Login general-error");
    assert_eq!(kind(round_trip(&*kek)), KekFault::Denied);
    scene.script("");
    std::fs::copy(scene.folder.join("pin"), scene.folder.join("wrong")).unwrap();
    let kek = provider.kek(&uri).unwrap();
    round_trip(&*kek).unwrap();
}

#[test]
fn an_absent_module_or_token_is_unavailable_and_not_an_end() {
    let Some(scene) = Scene::of(Kind::SoftHsm) else { return };
    let uri = fresh_key(&scene.provider(), "k");
    let absent = scene.provider_with(scene.settings_of("/nowhere/module.so".as_ref()));
    assert_eq!(kind(round_trip(&*absent.kek(&uri).unwrap())), KekFault::Unavailable);
    let mut settings = scene.settings();
    settings.token = "pkcs11:token=another".parse().unwrap();
    let other = scene.provider_with(settings);
    assert_eq!(block_on(other.list()).unwrap_err().kind, KekFault::Unavailable);
    let no_module = scene.provider_with(scene.settings_of(&scene.folder.join("pin")));
    assert_eq!(block_on(no_module.list()).unwrap_err().kind, KekFault::Unavailable);
}

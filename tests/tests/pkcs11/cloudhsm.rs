//! AWS CloudHSM's rules, by a module that enforces them over SoftHSM 2. The service itself was never asked.

use futures::executor::block_on;
use kms_core::{KekFault, Scheme};
use kms_providers::Provider;
use kms_providers::conformance::{self, Verdict};
use kms_providers::pkcs11::{Pkcs11Provider, WrapBy};

use crate::conformance::Token;
use crate::scene::{Kind, PIN, Scene};
use crate::tokens::{BINDING, fresh_key, round_trip};

fn cloudhsm(scene: &Scene) -> Pkcs11Provider {
    let mut settings = scene.shimmed("cloudhsm");
    settings.pin_file = Some(scene.folder.join("user-pin"));
    std::fs::write(scene.folder.join("user-pin"), format!("crypto_user:{PIN}\n")).unwrap();
    scene.provider_with(settings)
}

/// What CloudHSM has no place for: states of keys.
const NO_STATES: &[&str] = &[
    "a_disabled_key_does_nothing_until_it_is_enabled",
    "a_disabled_version_does_not_unwrap",
    "enabling_a_key_leaves_its_versions_as_they_were",
    "destruction_waits_and_can_be_taken_back",
    "a_destroyed_key_stays_destroyed",
    "what_is_still_needed_is_not_destroyed",
    "a_disabled_key_is_named",
];

#[test]
fn cloudhsm_conforms_but_for_states_of_keys() {
    let Some(scene) = Scene::of(Kind::SoftHsm) else { return };
    let token = Token {
        provider: cloudhsm(&scene),
        scene: &scene,
        kem: None,
        threads: 4,
    };
    let report = block_on(conformance::run(&token));
    println!("{report}");
    let failed: Vec<_> = report
        .checks()
        .filter(|(_, verdict, _)| matches!(verdict, Verdict::Failed(_)))
        .map(|(name, ..)| name)
        .collect();
    assert_eq!(failed, NO_STATES, "{report}");
    assert!(report.passed() >= 35, "{report}");
}

#[test]
fn its_iv_is_the_hsms_and_a_kept_one_is_refused() {
    let Some(scene) = Scene::of(Kind::SoftHsm) else { return };
    let provider = cloudhsm(&scene);
    let kek = provider.kek(&fresh_key(&provider, "k")).unwrap();
    assert_eq!(kek.scheme(), Scheme::WrapBound);
    let wraps: Vec<_> = (0..4)
        .map(|_| block_on(kek.generate(&BINDING)).unwrap().wrapped.w)
        .collect();
    for (n, w) in wraps.iter().enumerate() {
        assert!(w[..12] != [0; 12] && wraps[..n].iter().all(|other| other[..12] != w[..12]));
    }
    scene.script("cloudhsm\nfault C_Encrypt keep-iv");
    assert_eq!(block_on(kek.generate(&BINDING)).err().unwrap().kind, KekFault::BadReply);

    let survey = block_on(provider.survey()).unwrap();
    assert_eq!(
        (survey.profile, &survey.usable[..]),
        ("cloudhsm", &[WrapBy::AesGcm][..])
    );
    scene.script("cloudhsm");
    let disabled = block_on(provider.lifecycle().unwrap().disable(&fresh_key(&provider, "other")));
    assert_eq!(disabled.unwrap_err().kind, KekFault::Unsupported);
}

#[test]
fn a_pin_without_a_user_is_not_even_tried() {
    let Some(scene) = Scene::of(Kind::SoftHsm) else { return };
    let uri = fresh_key(&cloudhsm(&scene), "k");
    let mut settings = scene.settings_of(&scene.shimmed("cloudhsm\nfault C_Login general-error").module);
    settings.pin_file = Some(scene.folder.join("pin"));
    let provider = scene.provider_with(settings);
    let kek = provider.kek(&uri).unwrap();
    assert_eq!(round_trip(&*kek).unwrap_err().kind, KekFault::Denied);
}

//! The suite that every provider passes, over each emulator. Where an emulator differs from AWS the check fails, and
//! must: a divergence that is gone, and one that is new, fail the test alike.

use async_trait::async_trait;
use futures::executor::block_on;
use kms_core::KekError;
use kms_core::crypto::CryptoBackend;
use kms_providers::aws::{AwsProvider, AwsSettings, SecretSource};
use kms_providers::conformance::{self, Harness, Report, Verdict};
use kms_providers::{KeyUri, Provider};

use crate::support::{Fake, Scene};

struct Aws(AwsProvider);

#[async_trait]
impl Harness for Aws {
    fn provider(&self) -> &dyn Provider {
        &self.0
    }

    async fn fresh_key(&self) -> Result<KeyUri, KekError> {
        conformance::create_key(&self.0).await
    }

    fn threads(&self) -> usize {
        4
    }

    fn budget(&self) -> usize {
        24
    }
}

/// A check that an emulator cannot pass, and what it does in place of what AWS does.
type Divergence = (&'static str, &'static str);

const MOTO: &[Divergence] = &[
    (
        "a_disabled_key_does_nothing_until_it_is_enabled",
        "DisableKey by ARN answers 500, and states of keys are not enforced",
    ),
    (
        "destruction_waits_and_can_be_taken_back",
        "ScheduleKeyDeletion by ARN answers 500",
    ),
    (
        "a_destroyed_key_stays_destroyed",
        "ScheduleKeyDeletion by ARN answers 500",
    ),
    (
        "what_is_still_needed_is_not_destroyed",
        "ScheduleKeyDeletion by ARN answers 500",
    ),
    ("imported_material_wraps", "GetParametersForImport answers 500"),
    (
        "the_old_envelope_opens_after_rotation_and_rewrap_moves_it",
        "replies have no KeyMaterialId, so nothing shows that a key was rotated",
    ),
    ("a_disabled_key_is_named", "DisableKey by ARN answers 500"),
];

const MINISTACK: &[Divergence] = &[
    (
        "a_tampered_wrapped_key_does_not_unwrap",
        "ciphertexts are not authenticated, and part of them is not looked at",
    ),
    (
        "an_absent_key_is_not_found",
        "Decrypt under a key that does not exist answers IncorrectKeyException",
    ),
    ("old_versions_open_after_rotation", "there is no RotateKeyOnDemand"),
    ("imported_material_wraps", "there is no RotateKeyOnDemand"),
    ("rotation_under_load_loses_nothing", "there is no RotateKeyOnDemand"),
    (
        "the_old_envelope_opens_after_rotation_and_rewrap_moves_it",
        "there is no RotateKeyOnDemand",
    ),
];

#[test]
fn moto_conforms_but_for_its_divergences() {
    judge("moto", MOTO);
}

#[test]
fn ministack_conforms_but_for_its_divergences() {
    judge("ministack", MINISTACK);
}

/// The stand-in has no divergence: it enforces states, names key material and rotates.
#[test]
fn the_stand_in_conforms() {
    let fake = Fake::start();
    let provider = AwsProvider::new(patient(fake.settings()), CryptoBackend::default()).unwrap();
    let report = block_on(conformance::run(&Aws(provider)));
    println!("stand-in:\n{report}");
    assert!(report.is_passed() && report.passed() >= 38, "{report}");
}

/// W made here and protected by Encrypt, in place of GenerateDataKey.
#[test]
fn secrets_made_here_conform() {
    let fake = Fake::start();
    let mut settings = patient(fake.settings());
    settings.secret_source = SecretSource::Local;
    let provider = AwsProvider::new(settings, CryptoBackend::default()).unwrap();
    let report = block_on(conformance::run(&Aws(provider)));
    // Encrypt does not tell which material it used, so nothing shows that there is newer one.
    let blind = [
        "imported_material_wraps",
        "the_old_envelope_opens_after_rotation_and_rewrap_moves_it",
    ];
    assert_eq!(failed(&report), blind, "{report}");
}

fn patient(mut settings: AwsSettings) -> AwsSettings {
    (settings.calls.attempt_ms, settings.calls.total_ms) = (10_000, 30_000);
    settings
}

fn judge(emulator: &str, divergences: &[Divergence]) {
    let Some(scene) = Scene::of(emulator) else { return };
    let report = block_on(conformance::run(&Aws(scene.provider())));
    println!("{emulator}:\n{report}");
    let failed = failed(&report);
    let listed: Vec<_> = divergences.iter().map(|(check, _)| *check).collect();
    assert_eq!(failed, listed, "{emulator}:\n{report}");
    for (check, why) in divergences {
        println!("{emulator} differs from AWS in {check}: {why}");
    }
    assert!(report.passed() >= 30, "{emulator}: the suite has shrunk");
}

fn failed(report: &Report) -> Vec<&'static str> {
    let checks = report.checks();
    checks
        .filter(|(_, verdict, _)| matches!(verdict, Verdict::Failed(_)))
        .map(|(name, ..)| name)
        .collect()
}

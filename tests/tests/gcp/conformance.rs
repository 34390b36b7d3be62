//! The suite that every provider passes, over each kind of key that wraps.

use async_trait::async_trait;
use futures::executor::block_on;
use kms_core::crypto::CryptoBackend;
use kms_core::{KekError, Kem};
use kms_providers::conformance::{self, Harness, Report, Verdict};
use kms_providers::gcp::{GcpProvider, NewKind, Protection, RsaBits};
use kms_providers::{KemKeys, KeyUri, Provider};

use crate::support::{Fake, patient};

/// A provider whose fresh keys are of one kind.
struct Gcp {
    provider: GcpProvider,
    kind: NewKind,
}

#[async_trait]
impl Harness for Gcp {
    fn provider(&self) -> &dyn Provider {
        &self.provider
    }

    async fn fresh_key(&self) -> Result<KeyUri, KekError> {
        match self.kind {
            NewKind::Symmetric => conformance::create_key(&self.provider).await,
            NewKind::Pair(kem) => conformance::create_pair(&self.provider, kem).await,
            kind => {
                let mut new = self.provider.new_key();
                new.kind = kind;
                self.provider.create_key(&fresh_name(), new).await
            }
        }
    }

    fn threads(&self) -> usize {
        4
    }

    fn budget(&self) -> usize {
        24
    }
}

fn fresh_name() -> kms_providers::uri::KeyName {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNTER: AtomicU64 = AtomicU64::new(0);

    format!("fresh-{}", COUNTER.fetch_add(1, Ordering::Relaxed))
        .parse()
        .unwrap()
}

/// What is skipped where time cannot be made to pass: Google destroys by itself.
const OF_TIME: [&str; 2] = [
    "a_destroyed_key_stays_destroyed",
    "a_destroyed_version_takes_only_its_own",
];

#[test]
fn symmetric_keys_conform() {
    let report = run(NewKind::Symmetric, Protection::Software);
    assert_eq!(skipped(&report), OF_TIME, "{report}");
}

/// Their versions are in the making for a while.
#[test]
fn keys_of_an_hsm_conform() {
    let report = run(NewKind::Symmetric, Protection::Hsm);
    assert_eq!(skipped(&report), OF_TIME, "{report}");
}

#[test]
fn key_pairs_conform() {
    let report = run(NewKind::Pair(Kem::XWing), Protection::Software);
    let unbound = ["a_wrong_binding_does_not_unwrap"];
    assert_eq!(skipped(&report), [&unbound[..], &OF_TIME].concat(), "{report}");
}

#[test]
fn keys_of_macs_conform() {
    let report = run(NewKind::Hmac, Protection::Software);
    assert_eq!(skipped(&report), OF_TIME, "{report}");
}

/// A rotation of these makes another RSA key.
#[test]
fn rsa_keys_conform() {
    let report = run(NewKind::Rsa(RsaBits::Bits2048), Protection::Software);
    let unbound = ["a_wrong_binding_does_not_unwrap"];
    assert_eq!(skipped(&report), [&unbound[..], &OF_TIME].concat(), "{report}");
}

#[test]
fn pairs_are_of_the_mechanisms_that_google_has() {
    let fake = Fake::start();
    assert_eq!(
        fake.provider().mechanisms(),
        [Kem::XWing, Kem::MlKem768, Kem::MlKem1024]
    );
}

fn run(kind: NewKind, protection: Protection) -> Report {
    let fake = Fake::start();
    let mut settings = patient(fake.settings());
    settings.protection = protection;
    let provider = GcpProvider::new(settings, CryptoBackend::default()).unwrap();
    let report = block_on(conformance::run(&Gcp { provider, kind }));
    assert!(
        report.is_passed() && report.passed() >= 38,
        "{kind:?}, {protection:?}: {report}"
    );
    report
}

fn skipped(report: &Report) -> Vec<&'static str> {
    let checks = report.checks();
    checks
        .filter(|(_, verdict, _)| matches!(verdict, Verdict::Skipped(_)))
        .map(|(name, ..)| name)
        .collect()
}

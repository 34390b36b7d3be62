//! The suite that every provider passes.

use async_trait::async_trait;
use futures::executor::block_on;
use kms_core::KekError;
use kms_providers::azure::{AzureProvider, KeyAlgorithm};
use kms_providers::conformance::{self, Harness, Report};
use kms_providers::{KeyUri, Provider};

use crate::support::{Fake, open};

struct Azure(AzureProvider);

#[async_trait]
impl Harness for Azure {
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

fn conforms(provider: AzureProvider) -> Report {
    let report = block_on(conformance::run(&Azure(provider)));
    println!("{report}");
    assert!(
        report.is_passed() && report.passed() >= 38,
        "{} passed: {report}",
        report.passed()
    );
    report
}

#[test]
fn a_vault_of_rsa_keys_conforms() {
    conforms(Fake::vault().patient(None));
}

#[test]
fn rsa_keys_that_wrap_here_conform() {
    let fake = Fake::vault();
    let mut settings = fake.settings();
    settings.wrap_here = true;
    (settings.calls.attempt_ms, settings.calls.total_ms) = (10_000, 30_000);
    conforms(open(settings));
}

#[test]
fn a_managed_hsm_of_aes_keys_in_gcm_conforms() {
    conforms(Fake::hsm().patient(None));
}

#[test]
fn a_managed_hsm_of_aes_keys_that_wrap_conforms() {
    conforms(Fake::hsm().patient(Some(KeyAlgorithm::A256Kw)));
}

//! The suite that every provider passes, over each emulator. Where an emulator differs from AWS the check fails, and
//! must: a divergence that is gone, and one that is new, fail the test alike.

use async_trait::async_trait;
use futures::executor::block_on;
use kms_core::KekError;
use kms_providers::aws::AwsProvider;
use kms_providers::conformance::{self, Harness, Report, Verdict};
use kms_providers::{KeyUri, Provider};

use crate::support::Scene;

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

const MOTO: &[Divergence] = &[];

const MINISTACK: &[Divergence] = &[];

#[test]
fn moto_conforms_but_for_its_divergences() {
    judge("moto", MOTO);
}

#[test]
fn ministack_conforms_but_for_its_divergences() {
    judge("ministack", MINISTACK);
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

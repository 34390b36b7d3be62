//! The suite that every provider passes, over each token and each mechanism.

use std::time::Duration;

use async_trait::async_trait;
use futures::executor::block_on;
use kms_core::{KekError, Kem};
use kms_providers::conformance::{self, Harness};
use kms_providers::pkcs11::{Pkcs11Provider, Pkcs11Settings, WrapBy};
use kms_providers::{KeyUri, Provider};

use crate::scene::{Kind, Scene};

pub(crate) struct Token<'a> {
    pub(crate) provider: Pkcs11Provider,
    pub(crate) scene: &'a Scene,
    pub(crate) kem: Option<Kem>,
    pub(crate) threads: usize,
}

#[async_trait]
impl Harness for Token<'_> {
    fn provider(&self) -> &dyn Provider {
        &self.provider
    }

    async fn fresh_key(&self) -> Result<KeyUri, KekError> {
        match self.kem {
            None => conformance::create_key(&self.provider).await,
            Some(kem) => conformance::create_pair(&self.provider, kem).await,
        }
    }

    fn pass_time(&self, time: Duration) -> bool {
        self.scene.clock.advance(time);
        true
    }

    fn threads(&self) -> usize {
        self.threads
    }

    fn budget(&self) -> usize {
        16
    }

    /// SoftHSM 2 now and then answers CKR_GENERAL_ERROR to one thread while another writes an object. A change is not
    /// made again by itself then: it may have happened.
    fn interruptions(&self) -> usize {
        3
    }
}

#[test]
fn softhsm_conforms_by_padded_key_wrap() {
    let Some(scene) = Scene::of(Kind::SoftHsm) else { return };
    passes(&scene, None, None);
}

#[test]
fn softhsm_conforms_by_gcm() {
    let Some(scene) = Scene::of(Kind::SoftHsm) else { return };
    passes(&scene, Some(WrapBy::AesGcm), None);
}

#[test]
fn kryoptic_conforms() {
    let Some(scene) = Scene::of(Kind::Kryoptic) else { return };
    passes(&scene, None, None);
}

#[test]
fn kryoptic_conforms_by_ml_kem() {
    let Some(scene) = Scene::of(Kind::Kryoptic) else { return };
    passes(&scene, None, Some(Kem::MlKem768));
}

/// Any token that the environment names: an HSM, openCryptoki. Keys of this test stay in it.
#[test]
fn a_live_token_conforms() {
    let named = |name: &str| std::env::var(format!("KEYSTRAND_TEST_PKCS11_{name}")).ok();
    let (Some(module), Some(token)) = (named("MODULE"), named("TOKEN")) else {
        println!("SKIPPED: no live token; see docs/providers/pkcs11.md");
        return;
    };
    let mut settings = Pkcs11Settings::new(module, token.parse().unwrap());
    settings.pin_file = named("PIN_FILE").map(Into::into);
    settings.call_ms = 60_000;
    let scene = Scene::elsewhere();
    passes_with(&scene, settings, None);
}

fn passes(scene: &Scene, mechanism: Option<WrapBy>, kem: Option<Kem>) {
    let mut settings = scene.settings();
    settings.mechanism = mechanism;
    passes_with(scene, settings, kem);
}

fn passes_with(scene: &Scene, settings: Pkcs11Settings, kem: Option<Kem>) {
    let token = Token {
        provider: scene.provider_with(settings),
        scene,
        kem,
        threads: 4,
    };
    let report = block_on(conformance::run(&token));
    println!("{report}");
    assert!(report.is_passed(), "{report}");
    assert!(report.passed() >= 40, "the suite has shrunk: {report}");
}

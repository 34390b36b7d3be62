//! The suite finds what it is for: each flaw here, put into a provider that is otherwise sound, fails the check that
//! is named beside it.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use async_trait::async_trait;
use futures::executor::block_on;
use kms_core::crypto::CryptoBackend;
use kms_core::memory::Secret;
use kms_core::*;
use kms_providers::conformance::{self, Harness, Verdict};
use kms_providers::memory::{MemoryProvider, MemoryWrap};
use kms_providers::{KeyLifecycle, KeySummary, KeyUri, Provider};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    IgnoresTheBinding,
    IgnoresTheVersion,
    RepeatsItsSecret,
    ForgetsOldVersions,
    DescribesAnotherVersion,
    PutsTheVersionInTheUri,
    BlamesTheNetwork,
    PanicsOnShortInput,
    TakesForeignUris,
    ListsNothing,
    HasNoTrustDomain,
    UnwrapsWhenDisabled,
}

const FLAWS: [(Flaw, &str); 12] = [
    (Flaw::IgnoresTheBinding, "a_wrong_binding_does_not_unwrap"),
    (Flaw::IgnoresTheVersion, "a_wrong_version_does_not_unwrap"),
    (Flaw::RepeatsItsSecret, "every_secret_is_fresh"),
    (Flaw::ForgetsOldVersions, "old_versions_open_after_rotation"),
    (Flaw::DescribesAnotherVersion, "a_description_agrees_with_what_wraps"),
    (Flaw::PutsTheVersionInTheUri, "the_uri_is_the_key_without_its_version"),
    (
        Flaw::BlamesTheNetwork,
        "a_wrapped_key_of_another_length_does_not_unwrap",
    ),
    (
        Flaw::PanicsOnShortInput,
        "a_wrapped_key_of_another_length_does_not_unwrap",
    ),
    (Flaw::TakesForeignUris, "a_foreign_uri_is_refused"),
    (Flaw::ListsNothing, "a_listing_has_the_key"),
    (Flaw::HasNoTrustDomain, "trust_domains_are_told"),
    (
        Flaw::UnwrapsWhenDisabled,
        "a_disabled_key_does_nothing_until_it_is_enabled",
    ),
];

#[test]
fn each_flaw_is_found_by_its_check() {
    for (flaw, check) in FLAWS {
        let report = block_on(conformance::run(&Flawed::new(flaw)));
        let failed: Vec<_> = report
            .checks()
            .filter(|(_, verdict, _)| matches!(verdict, Verdict::Failed(_)))
            .map(|(name, ..)| name)
            .collect();
        assert!(failed.contains(&check), "{flaw:?} failed only {failed:?}");
        assert!(!report.is_passed());
    }
}

#[test]
fn without_a_flaw_the_same_provider_passes() {
    let report = block_on(conformance::run(&Flawed::new(Flaw::None)));
    assert!(report.is_passed(), "{report}");
}

struct Flawed {
    sound: MemoryProvider,
    flaw: Flaw,
}

struct FlawedKek {
    sound: Arc<dyn Kek>,
    uri: String,
    flaw: Flaw,
}

impl Flawed {
    fn new(flaw: Flaw) -> Self {
        let sound = MemoryProvider::new(CryptoBackend::default(), MemoryWrap::Derive).unwrap();
        Self { sound, flaw }
    }
}

#[async_trait]
impl Harness for Flawed {
    fn provider(&self) -> &dyn Provider {
        self
    }

    async fn fresh_key(&self) -> Result<KeyUri, KekError> {
        conformance::create_key(&self.sound).await
    }
}

#[async_trait]
impl Provider for Flawed {
    fn kind(&self) -> &str {
        self.sound.kind()
    }

    fn serves(&self, uri: &KeyUri) -> bool {
        self.flaw == Flaw::TakesForeignUris || self.sound.serves(uri)
    }

    fn kek(&self, uri: &KeyUri) -> Result<Arc<dyn Kek>, KekError> {
        let sound = self.sound.kek(uri)?;
        let uri = match self.flaw {
            Flaw::PutsTheVersionInTheUri => format!("{}/1", sound.uri()),
            _ => sound.uri().to_owned(),
        };
        Ok(Arc::new(FlawedKek {
            sound,
            uri,
            flaw: self.flaw,
        }))
    }

    async fn list(&self) -> Result<Vec<KeySummary>, KekError> {
        match self.flaw {
            Flaw::ListsNothing => Ok(Vec::new()),
            _ => self.sound.list().await,
        }
    }

    fn lifecycle(&self) -> Option<&dyn KeyLifecycle> {
        self.sound.lifecycle()
    }
}

#[async_trait]
impl Kek for FlawedKek {
    fn uri(&self) -> &str {
        &self.uri
    }

    fn scheme(&self) -> Scheme {
        self.sound.scheme()
    }

    fn posture(&self) -> Posture {
        self.sound.posture()
    }

    async fn generate(&self, binding: &Binding<'_>) -> Result<Generated, KekError> {
        let mut generated = self.sound.generate(&self.binding(binding)).await?;
        if self.flaw == Flaw::RepeatsItsSecret {
            generated.secret = Secret::init_with(|place| place.fill(1));
        }
        Ok(generated)
    }

    async fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Result<Unwrapped, KekError> {
        let mut wrapped = wrapped.clone();
        match self.flaw {
            Flaw::IgnoresTheVersion => wrapped.version = Some(b"1".to_vec()),
            Flaw::PanicsOnShortInput => assert!(wrapped.w.len() >= 32),
            Flaw::ForgetsOldVersions if wrapped.version != self.sound.describe().await?.version => {
                return Err(self.error(KekFault::NotFound));
            }
            _ => {}
        }
        match self.sound.unwrap(&wrapped, &self.binding(binding)).await {
            Err(_) if self.flaw == Flaw::BlamesTheNetwork => Err(self.error(KekFault::Unavailable)),
            Err(error) if self.flaw == Flaw::UnwrapsWhenDisabled && error.kind == KekFault::Disabled => Ok(Unwrapped {
                secret: Secret::init_with(|place| place.fill(2)),
                request_id: None,
            }),
            answer => answer,
        }
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        let mut info = self.sound.describe().await?;
        match self.flaw {
            Flaw::DescribesAnotherVersion => info.version = Some(b"77".to_vec()),
            Flaw::HasNoTrustDomain => info.trust_domain.clear(),
            _ => {}
        }
        Ok(info)
    }
}

impl FlawedKek {
    fn binding<'a>(&self, binding: &Binding<'a>) -> Binding<'a> {
        match self.flaw {
            Flaw::IgnoresTheBinding => Binding {
                digest: &[0; 32],
                ..*binding
            },
            _ => *binding,
        }
    }

    fn error(&self, fault: KekFault) -> KekError {
        KekError::new(self.uri.clone(), KekOperation::Unwrap, fault)
    }
}

//! Providers over the stand-in.

use futures::executor::block_on;
use keystrand_fakes::gcp::FakeGcp;
use kms_core::crypto::CryptoBackend;
use kms_core::{Binding, Domain, Kek, Kind, Suite};
use kms_providers::gcp::{GcpProvider, GcpSettings, Identity};
use kms_providers::{KeyUri, Provider};

/// The stand-in, and providers over it that give up soon.
pub(crate) struct Fake {
    pub(crate) gcp: FakeGcp,
}

impl Fake {
    pub(crate) fn start() -> Self {
        Self { gcp: FakeGcp::start() }
    }

    pub(crate) fn settings(&self) -> GcpSettings {
        let mut settings = GcpSettings::of("acme", "europe-west1");
        settings.endpoint = Some(self.gcp.endpoint());
        settings.identity = Identity::Nobody;
        (settings.calls.attempt_ms, settings.calls.total_ms) = (400, 3_000);
        settings.calls.attempts = 3;
        settings
    }

    pub(crate) fn provider(&self) -> GcpProvider {
        provider(self.settings())
    }

    /// Of another location of the same project.
    pub(crate) fn provider_of(&self, change: impl FnOnce(&mut GcpSettings)) -> GcpProvider {
        let mut settings = self.settings();
        change(&mut settings);
        provider(settings)
    }
}

pub(crate) fn provider(settings: GcpSettings) -> GcpProvider {
    GcpProvider::new(settings, CryptoBackend::default()).unwrap()
}

pub(crate) fn patient(mut settings: GcpSettings) -> GcpSettings {
    (settings.calls.attempt_ms, settings.calls.total_ms) = (10_000, 30_000);
    settings
}

pub(crate) fn fresh_key(provider: &GcpProvider, name: &str) -> KeyUri {
    block_on(provider.lifecycle().unwrap().create(&name.parse().unwrap())).unwrap()
}

/// Wraps and unwraps once; the version that it was under.
pub(crate) fn round_trip(kek: &dyn Kek) -> String {
    let generated = block_on(kek.generate(&BINDING)).unwrap();
    let unwrapped = block_on(kek.unwrap(&generated.wrapped, &BINDING)).unwrap();
    assert!(generated.secret.ct_eq(&unwrapped.secret));
    String::from_utf8(generated.wrapped.version.unwrap()).unwrap()
}

pub(crate) const BINDING: Binding<'static> = Binding {
    domain: Domain {
        suite: Suite::Aes256Gcm,
        kind: Kind::Message,
    },
    digest: &[0xb1; 32],
    dek_id: &[0xd1; 16],
    exposed: &[],
};

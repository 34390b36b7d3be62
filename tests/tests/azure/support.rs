//! Providers over the stand-in.

use std::fs;

use futures::executor::block_on;
use keystrand_fakes::azure::{CLIENT, FakeVault, SECRET};
use kms_core::crypto::CryptoBackend;
use kms_core::{Binding, Domain, Kek, Kind, Suite};
use kms_providers::azure::{AzureProvider, AzureSettings, CredentialKind, KeyAlgorithm};
use kms_providers::{KeyUri, Provider};

pub(crate) const VAULT: &str = "acme.vault.azure.net";
pub(crate) const HSM: &str = "acme.managedhsm.azure.net";

/// The stand-in, and a provider over it that gives up soon.
pub(crate) struct Fake {
    pub(crate) vault: FakeVault,
    pub(crate) folder: tempfile::TempDir,
    host: &'static str,
}

impl Fake {
    pub(crate) fn vault() -> Self {
        Self::of(FakeVault::vault(), VAULT)
    }

    pub(crate) fn hsm() -> Self {
        Self::of(FakeVault::managed_hsm(), HSM)
    }

    fn of(vault: FakeVault, host: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("secret"), format!("{SECRET}\n")).unwrap();
        Self { vault, folder, host }
    }

    pub(crate) fn settings(&self) -> AzureSettings {
        let mut settings = AzureSettings::of_vault(self.host);
        settings.endpoint = Some(self.vault.endpoint());
        settings.region = Some("westeurope".into());
        settings.rsa_bits = 2048;
        settings.credential.kind = CredentialKind::ClientSecret;
        settings.credential.authority = Some(self.vault.endpoint());
        settings.credential.client_id = Some(CLIENT.into());
        settings.credential.secret_file = Some(self.folder.path().join("secret"));
        (settings.calls.attempt_ms, settings.calls.total_ms) = (400, 3_000);
        settings.calls.attempts = 3;
        settings
    }

    pub(crate) fn provider(&self) -> AzureProvider {
        open(self.settings())
    }

    /// A provider that waits for a machine which is busy.
    pub(crate) fn patient(&self, algorithm: Option<KeyAlgorithm>) -> AzureProvider {
        let mut settings = self.settings();
        settings.algorithm = algorithm;
        (settings.calls.attempt_ms, settings.calls.total_ms) = (10_000, 30_000);
        open(settings)
    }
}

pub(crate) fn open(settings: AzureSettings) -> AzureProvider {
    AzureProvider::new(settings, CryptoBackend::default()).unwrap()
}

pub(crate) fn fresh_key(provider: &AzureProvider, name: &str) -> KeyUri {
    block_on(provider.lifecycle().unwrap().create(&name.parse().unwrap())).unwrap()
}

pub(crate) fn round_trip(kek: &dyn Kek) {
    let generated = block_on(kek.generate(&BINDING)).unwrap();
    let unwrapped = block_on(kek.unwrap(&generated.wrapped, &BINDING)).unwrap();
    assert!(generated.secret.ct_eq(&unwrapped.secret));
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

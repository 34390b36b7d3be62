//! Providers over emulators.

use std::path::Path;

use futures::executor::block_on;
use keystrand_fakes::aws::FakeKms;
use keystrand_fakes::emulator::Emulator;
use kms_core::crypto::CryptoBackend;
use kms_core::{Binding, Domain, Kind, Suite};
use kms_providers::aws::{AwsProvider, AwsSettings};
use kms_providers::{KeyUri, Provider};

pub(crate) const REGION: &str = "eu-west-1";

/// An emulator, and credentials that it takes.
pub(crate) struct Scene {
    pub(crate) emulator: Emulator,
    folder: tempfile::TempDir,
}

impl Scene {
    /// `None` where the emulator is not installed; the test's output says so.
    pub(crate) fn of(kind: &str) -> Option<Self> {
        match Emulator::start(kind) {
            Ok(emulator) => Some(Self {
                emulator,
                folder: credentials(),
            }),
            Err(skipped) => {
                println!("{skipped}");
                None
            }
        }
    }

    pub(crate) fn settings(&self) -> AwsSettings {
        settings(&self.emulator.endpoint, self.folder.path())
    }

    pub(crate) fn provider(&self) -> AwsProvider {
        AwsProvider::new(self.settings(), CryptoBackend::default()).unwrap()
    }
}

/// The stand-in, and a provider over it that gives up soon.
pub(crate) struct Fake {
    pub(crate) kms: FakeKms,
    folder: tempfile::TempDir,
}

impl Fake {
    pub(crate) fn start() -> Self {
        Self {
            kms: FakeKms::start(REGION),
            folder: credentials(),
        }
    }

    pub(crate) fn settings(&self) -> AwsSettings {
        let mut settings = settings(&self.kms.endpoint(), self.folder.path());
        (settings.calls.attempt_ms, settings.calls.total_ms) = (400, 3_000);
        settings.calls.attempts = 3;
        settings
    }

    pub(crate) fn provider(&self) -> AwsProvider {
        AwsProvider::new(self.settings(), CryptoBackend::default()).unwrap()
    }
}

pub(crate) fn credentials() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = "[default]\naws_access_key_id = AKIDTEST\naws_secret_access_key = canary-secret-key\n";
    std::fs::write(folder.path().join("credentials"), text).unwrap();
    folder
}

pub(crate) fn settings(endpoint: &str, credentials: &Path) -> AwsSettings {
    let mut settings = AwsSettings::of_region(REGION);
    settings.endpoint = Some(endpoint.to_owned());
    settings.credentials_file = Some(credentials.join("credentials"));
    settings
}

pub(crate) fn fresh_key(provider: &AwsProvider, name: &str) -> KeyUri {
    block_on(provider.lifecycle().unwrap().create(&name.parse().unwrap())).unwrap()
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

//! The conformance suite over the providers that need no service.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::executor::block_on;
use kms_core::crypto::CryptoBackend;
use kms_core::memory::SecretBytes;
use kms_core::{KekError, Kem, PassphraseKek};
use kms_providers::conformance::{self, Harness};
use kms_providers::local::{KeyFileKek, Keystore};
use kms_providers::memory::{MemoryProvider, MemoryWrap};
use kms_providers::{KeyUri, Provider};
use support::TestClock;

/// A provider with a clock that the suite may turn.
struct Under<P> {
    provider: P,
    /// Of what mechanism its keys are; symmetric where none is named.
    kem: Option<Kem>,
    clock: Arc<TestClock>,
    backend: CryptoBackend,
}

#[async_trait]
impl<P: Provider> Harness for Under<P> {
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
        self.clock.advance(time);
        true
    }

    fn threads(&self) -> usize {
        8
    }

    fn budget(&self) -> usize {
        512
    }

    fn backend(&self) -> CryptoBackend {
        self.backend.clone()
    }
}

fn passes<P: Provider>(name: &str, under: &Under<P>) {
    let report = block_on(conformance::run(under));
    println!("{name}, backend {}:\n{report}", under.backend.name);
    assert!(report.is_passed(), "{name}:\n{report}");
    assert!(
        report.passed() >= 40 && report.cases() > 5_000,
        "{name}: the suite has shrunk"
    );
}

fn memory(wrap: MemoryWrap, backend: CryptoBackend) -> Under<MemoryProvider> {
    let clock = Arc::new(TestClock::default());
    let provider = MemoryProvider::with_clock(backend.clone(), wrap, clock.clone()).unwrap();
    Under {
        provider,
        kem: None,
        clock,
        backend,
    }
}

#[test]
fn memory_that_derives_conforms() {
    passes(
        "memory (derive)",
        &memory(MemoryWrap::Derive, kms_core::crypto::aws_lc()),
    );
    passes(
        "memory (derive)",
        &memory(MemoryWrap::Derive, kms_core::crypto::rustcrypto()),
    );
}

#[test]
fn memory_that_wraps_conforms() {
    passes(
        "memory (key wrap)",
        &memory(MemoryWrap::KeyWrap, kms_core::crypto::aws_lc()),
    );
    passes(
        "memory (key wrap)",
        &memory(MemoryWrap::KeyWrap, kms_core::crypto::rustcrypto()),
    );
}

#[test]
fn local_under_a_key_file_conforms() {
    for backend in [kms_core::crypto::aws_lc(), kms_core::crypto::rustcrypto()] {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock::default());
        let seal = KeyFileKek::create(&folder.path().join("keystore.key"), backend.clone()).unwrap();
        let keystore = Keystore::new(folder.path().join("keystore.ks1"), Arc::new(seal));
        let keystore = keystore.backend(backend.clone()).clock(clock.clone());
        let provider = block_on(keystore.create()).unwrap();
        passes(
            "local (key file)",
            &Under {
                provider,
                kem: None,
                clock,
                backend,
            },
        );
    }
}

#[test]
fn local_under_a_passphrase_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let backend = CryptoBackend::default();
    let clock = Arc::new(TestClock::default());
    let seal = PassphraseKek::new(backend.clone(), SecretBytes::copy_of(b"correct horse"));
    let keystore = Keystore::new(folder.path().join("keystore.ks1"), Arc::new(seal)).clock(clock.clone());
    let provider = block_on(keystore.create()).unwrap();
    passes(
        "local (passphrase)",
        &Under {
            provider,
            kem: None,
            clock,
            backend,
        },
    );
}

#[test]
fn key_pairs_in_memory_conform() {
    for (kem, backend) in [
        (Kem::XWing, kms_core::crypto::aws_lc()),
        (Kem::MlKem768P256, kms_core::crypto::rustcrypto()),
        (Kem::MlKem1024, kms_core::crypto::aws_lc()),
        (Kem::P256, kms_core::crypto::aws_lc()),
    ] {
        let under = Under {
            kem: Some(kem),
            ..memory(MemoryWrap::Derive, backend)
        };
        passes(&format!("memory ({})", kem.name()), &under);
    }
}

#[test]
fn key_pairs_in_a_keystore_conform() {
    let folder = tempfile::tempdir().unwrap();
    let backend = CryptoBackend::default();
    let clock = Arc::new(TestClock::default());
    let seal = KeyFileKek::create(&folder.path().join("keystore.key"), backend.clone()).unwrap();
    let keystore = Keystore::new(folder.path().join("keystore.ks1"), Arc::new(seal)).clock(clock.clone());
    let under = Under {
        provider: block_on(keystore.create()).unwrap(),
        kem: Some(Kem::MlKem768),
        clock,
        backend,
    };
    passes("local (ml-kem-768)", &under);
}

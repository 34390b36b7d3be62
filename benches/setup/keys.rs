//! Keys of embedded keystores, as kmsctl makes them: a sealed file, unlocked once.

use std::collections::HashMap;
use std::sync::Arc;

use futures::executor::block_on;
use kms_core::Kek;
use kms_core::crypto::CryptoBackend;
use kms_providers::local::{KeyFileKek, Keystore, LocalProvider};
use kms_providers::{KeyLifecycle, KeyUri, Provider};
use tempfile::TempDir;

/// Keys by name, each in a keystore of its own: a quorum refuses members of one domain of trust.
pub struct Keys(HashMap<String, Keystored>);

struct Keystored {
    provider: LocalProvider,
    uri: KeyUri,
    _folder: TempDir,
}

impl Keys {
    /// One version of each of these keys.
    #[must_use]
    pub fn new(backend: &CryptoBackend, names: &[&str]) -> Self {
        let keystored = |name: &&str| ((*name).to_owned(), Keystored::new(backend, name));
        Self(names.iter().map(keystored).collect())
    }

    /// A key, under whatever version is current when it is used.
    #[must_use]
    pub fn kek(&self, name: &str) -> Arc<dyn Kek> {
        let Keystored { provider, uri, .. } = &self.0[name];
        provider.kek(uri).expect("a key of this keystore")
    }

    /// Makes a new version of a key.
    pub fn rotate(&self, name: &str) {
        let Keystored { provider, uri, .. } = &self.0[name];
        block_on(lifecycle(provider).rotate(uri)).expect("a new version");
    }
}

impl Keystored {
    fn new(backend: &CryptoBackend, name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let seal = KeyFileKek::create(&folder.path().join("keystore.key"), backend.clone()).expect("a key file");
        let keystore = Keystore::new(folder.path().join("keystore.ks1"), Arc::new(seal)).backend(backend.clone());
        let provider = block_on(keystore.create()).expect("a keystore");
        let uri = block_on(lifecycle(&provider).create(&name.parse().expect("a key name"))).expect("a new key");
        Self {
            provider,
            uri,
            _folder: folder,
        }
    }
}

fn lifecycle(provider: &LocalProvider) -> &dyn KeyLifecycle {
    provider.lifecycle().expect("the keystore has a life cycle")
}

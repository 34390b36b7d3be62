//! What the tests of this crate share.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kms_core::audit::Clock;
use kms_core::crypto::CryptoBackend;
use kms_core::{Binding, Domain, Kek, Kind, Suite};
use kms_providers::local::{KeyFileKek, Keystore, LocalProvider};
use kms_providers::uri::KeyName;
use kms_providers::{KeyUri, Provider};

/// A clock that moves when it is told to.
pub struct TestClock(AtomicU64);

impl Default for TestClock {
    fn default() -> Self {
        Self(AtomicU64::new(1_800_000_000))
    }
}

impl TestClock {
    pub fn advance(&self, time: Duration) {
        self.0.fetch_add(time.as_secs(), Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.0.load(Ordering::Relaxed))
    }
}

pub fn run<T>(future: impl Future<Output = T>) -> T {
    futures::executor::block_on(future)
}

/// A folder with a keystore under a key file.
pub struct Home {
    pub folder: tempfile::TempDir,
}

impl Home {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        KeyFileKek::create(&folder.path().join("keystore.key"), CryptoBackend::default()).unwrap();
        Self { folder }
    }

    pub fn with_keystore() -> (Self, LocalProvider) {
        let home = Self::new();
        let provider = run(home.keystore().create()).unwrap();
        (home, provider)
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("keystore.ks1")
    }

    pub fn key_file(&self) -> Arc<dyn Kek> {
        key_file(self.folder.path())
    }

    pub fn keystore(&self) -> Keystore {
        keystore(self.folder.path())
    }

    pub fn open(&self) -> LocalProvider {
        run(self.keystore().open()).unwrap()
    }

    pub fn bytes(&self) -> Vec<u8> {
        std::fs::read(self.path()).unwrap()
    }
}

pub fn key_file(folder: &Path) -> Arc<dyn Kek> {
    Arc::new(KeyFileKek::open(&folder.join("keystore.key"), CryptoBackend::default()).unwrap())
}

pub fn keystore(folder: &Path) -> Keystore {
    Keystore::new(folder.join("keystore.ks1"), key_file(folder))
}

pub fn name(text: &str) -> KeyName {
    text.parse().unwrap()
}

pub fn uri(text: &str) -> KeyUri {
    text.parse().unwrap()
}

pub fn create(provider: &dyn Provider, text: &str) -> KeyUri {
    run(provider.lifecycle().unwrap().create(&name(text))).unwrap()
}

pub fn rotate(provider: &dyn Provider, key: &KeyUri) -> KeyUri {
    run(provider.lifecycle().unwrap().rotate(key)).unwrap()
}

/// Versions of a key, as listed.
pub fn versions(provider: &dyn Provider, key: &KeyUri) -> Vec<String> {
    let keys = run(provider.list()).unwrap();
    let key = keys.iter().find(|found| found.uri == *key).unwrap();
    key.versions.iter().map(|version| version.version.clone()).collect()
}

pub fn unneeded(_: &KeyUri) -> u64 {
    0
}

pub const BINDING: Binding<'static> = Binding {
    domain: Domain {
        suite: Suite::Aes256Gcm,
        kind: Kind::Message,
    },
    digest: &[0xb1; 32],
    dek_id: &[0xd1; 16],
    exposed: &[],
};

/// This test binary again, running only the test `entry` with `folder` to work in.
pub fn child(entry: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", entry, "--nocapture", "--test-threads=1"]);
    command.env(CHILD, folder);
    command
}

/// Where this process is to work, if it is a child.
pub fn child_folder() -> Option<PathBuf> {
    std::env::var_os(CHILD).map(PathBuf::from)
}

const CHILD: &str = "KEYSTRAND_TEST_CHILD";

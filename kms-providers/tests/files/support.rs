//! Keys that rotate, envelopes under them, and looks into folders.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use futures::executor::block_on;
use kms_core::crypto::CryptoBackend;
use kms_core::{
    Binding, Generated, Header, Kek, KekError, KekInfo, Keyring, Opener, Posture, Rewrapper, Scheme, Sealer, Unwrapped,
    WrappedKey,
};
use kms_providers::files::{
    FileError, Input, OpenOptions, OpenedFile, Output, SealOptions, SealedFile, Syncing, open_file, read_header,
    seal_file,
};
use kms_providers::memory::{MemoryProvider, MemoryWrap};
use kms_providers::{KeyUri, Provider};

pub(crate) struct Keys {
    pub(crate) provider: MemoryProvider,
    pub(crate) uri: KeyUri,
}

impl Keys {
    pub(crate) fn new() -> Self {
        let provider = MemoryProvider::new(CryptoBackend::default(), MemoryWrap::Derive).unwrap();
        let uri = block_on(provider.lifecycle().unwrap().create(&"payments".parse().unwrap())).unwrap();
        Self { provider, uri }
    }

    pub(crate) fn kek(&self) -> Arc<dyn Kek> {
        self.provider.kek(&self.uri).unwrap()
    }

    pub(crate) fn rotate(&self) {
        block_on(self.provider.lifecycle().unwrap().rotate(&self.uri)).unwrap();
    }

    pub(crate) fn version(&self, number: u32) -> KeyUri {
        format!("{}/{number}", self.uri).parse().unwrap()
    }

    pub(crate) fn sealer(&self) -> Sealer {
        Sealer::new(CryptoBackend::default()).recipient(self.kek())
    }

    pub(crate) fn opener(&self) -> Opener {
        Opener::new(CryptoBackend::default(), Keyring::new().with(self.kek()))
    }

    /// An opener whose key calls `hook` before each wrap: the time in which a remote service would work.
    pub(crate) fn opener_with(&self, hook: impl Fn() + Send + Sync + 'static) -> Opener {
        let kek = Hooked {
            inner: self.kek(),
            hook: Box::new(hook),
        };
        Opener::new(CryptoBackend::default(), Keyring::new().with(Arc::new(kek)))
    }

    pub(crate) fn rewrapper(&self) -> Rewrapper {
        Rewrapper::new(self.opener())
    }

    pub(crate) fn seal(&self, path: &Path, plaintext: &[u8], options: &SealOptions<'_>) -> SealedFile {
        seal_file(
            &self.sealer(),
            Input::Stream(&mut &*plaintext),
            Output::File(path),
            options,
        )
        .unwrap()
    }

    /// Seals from a file, so that the length is known and small headers are not padded.
    pub(crate) fn seal_known(&self, path: &Path, plaintext: &[u8], options: &SealOptions<'_>) -> SealedFile {
        let folder = Folder::new();
        let input = folder.file("plain");
        fs::write(&input, plaintext).unwrap();
        let options = SealOptions {
            syncing: Syncing::Lazy,
            ..options.clone()
        };
        seal_file(&self.sealer(), Input::File(&input), Output::File(path), &options).unwrap()
    }

    pub(crate) fn open(&self, path: &Path) -> Result<Vec<u8>, FileError> {
        let mut plaintext = Vec::new();
        self.open_with(path, &mut plaintext, &OpenOptions::default())?;
        Ok(plaintext)
    }

    pub(crate) fn open_with(
        &self,
        path: &Path,
        out: &mut Vec<u8>,
        options: &OpenOptions<'_>,
    ) -> Result<OpenedFile, FileError> {
        open_file(&self.opener(), Input::File(path), Output::Stream(out), options)
    }
}

struct Hooked {
    inner: Arc<dyn Kek>,
    hook: Box<dyn Fn() + Send + Sync>,
}

#[async_trait]
impl Kek for Hooked {
    fn uri(&self) -> &str {
        self.inner.uri()
    }

    fn scheme(&self) -> Scheme {
        self.inner.scheme()
    }

    fn posture(&self) -> Posture {
        self.inner.posture()
    }

    async fn generate(&self, binding: &Binding<'_>) -> Result<Generated, KekError> {
        (self.hook)();
        self.inner.generate(binding).await
    }

    async fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Result<Unwrapped, KekError> {
        self.inner.unwrap(wrapped, binding).await
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        self.inner.describe().await
    }
}

pub(crate) fn detached() -> SealOptions<'static> {
    SealOptions {
        detached: true,
        ..SealOptions::default()
    }
}

pub(crate) fn header(path: &Path) -> Header {
    read_header(path, 64).unwrap().header
}

/// The version of the first recipient.
pub(crate) fn version(path: &Path) -> String {
    let header = header(path);
    let kms_core::Entry::Single(single) = &header.entries()[0] else {
        panic!("not a single")
    };
    String::from_utf8(single.wrapped.version.clone().unwrap()).unwrap()
}

/// Names in a folder, hidden ones too.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

pub(crate) fn bytes(length: usize) -> Vec<u8> {
    (0..length)
        .map(|n| u8::try_from((n * 31 + n / 251) % 256).unwrap())
        .collect()
}

pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn names(&self) -> Vec<String> {
        names(self.path())
    }
}

pub(crate) fn skipped(test: &str, why: &str) {
    eprintln!("SKIPPED 1: {test}: {why}");
}

//! A keystore file and its content in memory.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

use data_encoding::HEXLOWER;
use futures::lock::Mutex;
use kms_core::KekFault;
use kms_core::audit::{AuditTrail, Clock};
use kms_core::crypto::CryptoBackend;

use super::document::Document;
use super::provider::Keystore;
use super::seal::Seal;
use super::stamp::Stamp;
use crate::durable::{self, FileLock, LockError, Sites};
use crate::keyset::{Host, Keyset, WrapStyle, random_id};
use crate::uri::UriScheme;

/// An open keystore. All threads share one; other processes have their own on the same file.
pub(super) struct Store {
    path: PathBuf,
    backend: CryptoBackend,
    trail: AuditTrail,
    clock: Arc<dyn Clock>,
    patience: Duration,
    freshness: Duration,
    region: Option<String>,
    trust_domain: String,
    seal: RwLock<Arc<Seal>>,
    loaded: RwLock<Loaded>,
    /// Changes of this process wait here for each other, and at the lock file for other processes.
    turn: Mutex<()>,
    opened: Instant,
    /// When the file was last looked at, in milliseconds since `opened`, plus one; zero asks for a look.
    looked: AtomicU64,
}

/// What was read, and of which file.
#[derive(Clone)]
struct Loaded {
    document: Arc<Document>,
    stamp: Stamp,
    digest: [u8; 64],
    /// Counts what was put here, so that a slow reader does not put an old content over a new one.
    generation: u64,
}

impl Store {
    pub(super) async fn open(keystore: Keystore) -> Result<Self, KekFault> {
        let seal = Seal::new(
            keystore.backend.clone(),
            keystore.trail.clone(),
            Arc::clone(&keystore.seal),
        );
        let (bytes, stamp) = read(&keystore.path)?;
        let document = Document::decode(&seal.open(&bytes).await?)?;
        Ok(Self::new(keystore, seal, document, stamp, &bytes))
    }

    pub(super) async fn create(keystore: Keystore) -> Result<Self, KekFault> {
        let seal = Seal::new(
            keystore.backend.clone(),
            keystore.trail.clone(),
            Arc::clone(&keystore.seal),
        );
        let _lock = lock(&keystore.path, keystore.patience).await?;
        let document = Document {
            id: random_id(&keystore.backend)?,
            revision: 0,
            keys: Arc::default(),
        };
        let sealed = seal.seal(&document.encode()?).await?;
        durable::create(&keystore.path, &sealed, &Sites::KEYSTORE).map_err(|error| write_fault(&error))?;
        let stamp = Stamp::of(&keystore.path).map_err(|error| read_fault(&error))?;
        Ok(Self::new(keystore, seal, document, stamp, &sealed))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn trail(&self) -> AuditTrail {
        self.trail.clone()
    }

    /// Writes the content again, under another seal.
    pub(super) async fn reseal(&self, seal: Seal) -> Result<(), KekFault> {
        let _turn = self.turn.lock().await;
        let _lock = lock(&self.path, self.patience).await?;
        let seal = Arc::new(seal);
        let document = self.read_again().await?;
        self.write(document.successor(Arc::clone(&document.keys)), &seal)
            .await?;
        *self.seal.write().unwrap_or_else(PoisonError::into_inner) = seal;
        Ok(())
    }

    fn new(keystore: Keystore, seal: Seal, document: Document, stamp: Stamp, bytes: &[u8]) -> Self {
        let loaded = Loaded {
            digest: keystore.backend.hash.digest(&[bytes]),
            document: Arc::new(document),
            stamp,
            generation: 0,
        };
        Self {
            trust_domain: format!("{}:{}", UriScheme::Local.name(), HEXLOWER.encode(&loaded.document.id)),
            path: keystore.path,
            region: keystore.region,
            backend: keystore.backend,
            trail: keystore.trail,
            clock: keystore.clock,
            patience: keystore.patience,
            freshness: keystore.freshness,
            seal: RwLock::new(Arc::new(seal)),
            loaded: RwLock::new(loaded),
            turn: Mutex::new(()),
            opened: Instant::now(),
            looked: AtomicU64::new(1),
        }
    }

    /// Reads the file, and opens it where it is not what was read last.
    async fn read_again(&self) -> Result<Arc<Document>, KekFault> {
        loop {
            let before = self.loaded();
            let (bytes, stamp) = read(&self.path)?;
            let digest = self.backend.hash.digest(&[&bytes]);
            let before_document = before.document;
            let document = if digest == before.digest {
                Arc::clone(&before_document)
            } else {
                let opened = self.seal().open(&bytes).await?;
                Arc::new(Document::decode(&opened)?)
            };
            document.may_follow(&before_document, digest == before.digest)?;
            let loaded = Loaded {
                document: Arc::clone(&document),
                stamp,
                digest,
                generation: before.generation + 1,
            };
            if self.put(loaded) {
                return Ok(document);
            }
        }
    }

    /// Makes `document` the content of the file, then of the memory. The caller holds the lock. No step after the
    /// first byte is written can be cancelled.
    async fn write(&self, document: Document, seal: &Seal) -> Result<(), KekFault> {
        let sealed = seal.seal(&document.encode()?).await?;
        let written = durable::replace(&self.path, &sealed, &Sites::KEYSTORE);
        let stamp = written.and_then(|()| Stamp::of(&self.path)).map_err(|error| {
            self.looked.store(0, Ordering::Release);
            write_fault(&error)
        })?;
        let mut place = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        *place = Loaded {
            document: Arc::new(document),
            stamp,
            digest: self.backend.hash.digest(&[&sealed]),
            generation: place.generation + 1,
        };
        Ok(())
    }

    fn put(&self, next: Loaded) -> bool {
        let mut place = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        let is_next = next.generation == place.generation + 1;
        if is_next {
            *place = next;
        }
        is_next
    }

    fn loaded(&self) -> Loaded {
        // A panic elsewhere cannot leave this half changed: it is replaced whole.
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keys(&self) -> Arc<Keyset> {
        let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&loaded.document.keys)
    }

    fn seal(&self) -> Arc<Seal> {
        Arc::clone(&self.seal.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether it is time to look at the file; if so, for this caller alone.
    fn is_time_to_look(&self) -> bool {
        let now = u64::try_from(self.opened.elapsed().as_millis())
            .unwrap_or(u64::MAX)
            .saturating_add(1);
        let last = self.looked.load(Ordering::Acquire);
        let due = last == 0 || u128::from(now - last.min(now)) >= self.freshness.as_millis();
        due && self
            .looked
            .compare_exchange(last, now, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }
}

impl Host for Store {
    fn scheme(&self) -> UriScheme {
        UriScheme::Local
    }

    fn backend(&self) -> &CryptoBackend {
        &self.backend
    }

    fn style(&self) -> WrapStyle {
        WrapStyle::Derive
    }

    fn trust_domain(&self) -> String {
        self.trust_domain.clone()
    }

    fn region(&self) -> Option<String> {
        self.region.clone()
    }

    fn time(&self) -> SystemTime {
        self.clock.now()
    }

    fn last_seen(&self) -> Arc<Keyset> {
        self.keys()
    }

    fn current(&self) -> Option<Arc<Keyset>> {
        (!self.is_time_to_look()).then(|| self.keys())
    }

    async fn look(&self) -> Result<Arc<Keyset>, KekFault> {
        let stamp = Stamp::of(&self.path).map_err(|error| read_fault(&error));
        let is_same = stamp.map(|stamp| self.loaded().stamp.is_same(&stamp));
        let looked = match is_same {
            Ok(true) => return Ok(self.keys()),
            Ok(false) => self.read_again().await.map(|document| Arc::clone(&document.keys)),
            Err(fault) => Err(fault),
        };
        // What could not be read must not be used on: the next caller looks again.
        looked.inspect_err(|_| self.looked.store(0, Ordering::Release))
    }

    async fn change<T: Send>(
        &self,
        change: impl FnOnce(&mut Keyset) -> Result<T, KekFault> + Send,
    ) -> Result<T, KekFault> {
        let _turn = self.turn.lock().await;
        let _lock = lock(&self.path, self.patience).await?;
        let document = self.read_again().await?;
        let mut keys = Keyset::clone(&document.keys);
        let outcome = change(&mut keys)?;
        self.write(document.successor(Arc::new(keys)), &self.seal()).await?;
        Ok(outcome)
    }
}

async fn lock(keystore: &Path, patience: Duration) -> Result<FileLock, KekFault> {
    // Whoever comes through a symbolic link must meet the others at the same lock.
    let file = keystore.canonicalize().unwrap_or_else(|_| keystore.to_owned());
    let locked = FileLock::acquire(&FileLock::beside(&file), patience).await;
    locked.map_err(|error| match error {
        LockError::Held => KekFault::Locked,
        LockError::Io(error) => write_fault(&error),
    })
}

/// The file, and its stamp as of before it was read.
fn read(path: &Path) -> Result<(Vec<u8>, Stamp), KekFault> {
    let read = || -> io::Result<_> {
        let file = File::open(path)?;
        let stamp = Stamp::new(&file.metadata()?, SystemTime::now());
        let mut bytes = Vec::new();
        file.take(FILE_MAX).read_to_end(&mut bytes)?;
        Ok((bytes, stamp))
    };
    read().map_err(|error| read_fault(&error))
}

fn read_fault(error: &io::Error) -> KekFault {
    match error.kind() {
        io::ErrorKind::NotFound => KekFault::NotFound,
        io::ErrorKind::PermissionDenied => KekFault::Denied,
        _ => KekFault::Storage,
    }
}

fn write_fault(error: &io::Error) -> KekFault {
    match error.kind() {
        io::ErrorKind::AlreadyExists => KekFault::AlreadyExists,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => KekFault::StorageFull,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => KekFault::NotWritable,
        _ => KekFault::Storage,
    }
}

/// Bytes of a keystore that are read: some 700 000 keys. What is longer is cut here and fails to open.
const FILE_MAX: u64 = 256 << 20;

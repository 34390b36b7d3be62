//! A log in a temporary folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kms_core::AuditFault;
use kms_core::audit::{Action, AuditTrail, Details, HeaderMark, KeyRef, Principal, Subject, TraceContext};
use kms_providers::audit::{AuditLog, LogKey, Report, TlogOptions, TlogSink, VerifierKey};
use tempfile::TempDir;

pub(crate) struct Scene {
    _home: Option<TempDir>,
    pub(crate) dir: PathBuf,
    key: PathBuf,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let scene = Self::within(home.path());
        Self {
            _home: Some(home),
            ..scene
        }
    }

    /// A new log in `home`.
    pub(crate) fn within(home: &Path) -> Self {
        let scene = Self::at(home);
        let key = LogKey::create(&scene.key, "example.com/keystrand").unwrap();
        TlogSink::create(&scene.dir, &key).unwrap();
        scene
    }

    /// A new, empty log with the key of `other`: what a forger who has the key can make.
    pub(crate) fn with_key_of(other: &Self) -> Self {
        let scene = Self::new();
        fs::copy(&other.key, &scene.key).unwrap();
        fs::remove_dir_all(&scene.dir).unwrap();
        TlogSink::create(&scene.dir, &scene.key()).unwrap();
        scene
    }

    /// The log that another scene made in `home`.
    pub(crate) fn at(home: &Path) -> Self {
        Self {
            _home: None,
            dir: home.join("audit"),
            key: home.join("audit.key"),
        }
    }

    pub(crate) fn home(&self) -> &Path {
        self.dir.parent().unwrap()
    }

    pub(crate) fn key(&self) -> LogKey {
        LogKey::load(&self.key).unwrap()
    }

    pub(crate) fn verifier(&self) -> VerifierKey {
        self.key().verifier()
    }

    pub(crate) fn try_open(&self, options: TlogOptions) -> Result<Arc<TlogSink>, AuditFault> {
        TlogSink::open(&self.dir, self.key(), options).map(Arc::new)
    }

    pub(crate) fn open(&self) -> Arc<TlogSink> {
        self.try_open(TlogOptions::default()).unwrap()
    }

    pub(crate) fn log(&self) -> AuditLog {
        AuditLog::open_read(&self.dir).unwrap()
    }

    pub(crate) fn verify(&self) -> Report {
        self.log().verify(&self.verifier()).unwrap()
    }

    /// Whether verification notices that something is wrong with the files.
    pub(crate) fn damage_is_seen(&self) -> bool {
        match AuditLog::open_read(&self.dir) {
            Ok(log) => log.verify(&self.verifier()).map_or(true, |report| !report.is_intact()),
            Err(_) => true,
        }
    }

    /// A log of `uses` finished uses, twice as many entries, closed and so signed.
    pub(crate) fn filled(uses: u64, options: TlogOptions) -> Self {
        let scene = Self::new();
        fill(&trail(scene.try_open(options).unwrap()), 0..uses);
        scene
    }

    /// All files of the log.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.dir.clone()];
        while let Some(folder) = folders.pop() {
            for file in fs::read_dir(folder).unwrap() {
                let path = file.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push(path);
                }
            }
        }
        files.sort();
        files
    }

    /// The journal files, oldest first.
    pub(crate) fn journals(&self) -> Vec<PathBuf> {
        let is_journal = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "jsonl");
        self.files().into_iter().filter(is_journal).collect()
    }
}

pub(crate) fn trail(sink: Arc<TlogSink>) -> AuditTrail {
    let mut principal = Principal::named("anna");
    principal.host = Some("build-7".into());
    AuditTrail::new(sink, principal)
}

/// Records finished uses, each with its own message and trace id.
pub(crate) fn fill(trail: &AuditTrail, uses: std::ops::Range<u64>) {
    for n in uses {
        one_use(trail, n).unwrap();
    }
}

pub(crate) fn one_use(trail: &AuditTrail, n: u64) -> kms_core::Result<()> {
    let (message_id, dek_id) = (message_id(n), [n.to_le_bytes()[0]; 16]);
    let keys = [KeyRef::new("local://payments")];
    let subject = Subject {
        keys: &keys,
        message_id: Some(&message_id),
        dek_id: Some(&dek_id),
        ..Subject::default()
    };
    let trail = trail.clone().within(TraceContext {
        trace_id: trace_id(n),
        span_id: None,
    });
    let intent = trail.intent(Action::Seal, &subject)?;
    let header = HeaderMark {
        seq: 0,
        tag: [n.to_le_bytes()[0]; 16],
    };
    intent.succeed(&Details {
        header: Some(header),
        ..Details::default()
    })
}

pub(crate) fn message_id(n: u64) -> [u8; 32] {
    let mut id = [0xee; 32];
    id[..8].copy_from_slice(&n.to_be_bytes());
    id
}

pub(crate) fn trace_id(n: u64) -> [u8; 16] {
    let mut id = [0xdd; 16];
    id[..8].copy_from_slice(&n.to_be_bytes());
    id
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Options under which files are closed and trees signed often.
pub(crate) fn busy() -> TlogOptions {
    let mut options = TlogOptions::default();
    options.segment_bytes = 40_000;
    options.publish_entries = 37;
    options
}

/// Options under which neither happens during a test.
pub(crate) fn quiet() -> TlogOptions {
    let mut options = TlogOptions::default();
    options.publish_entries = u64::MAX;
    options.publish_after = std::time::Duration::MAX;
    options
}

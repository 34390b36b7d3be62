//! Golden files: a folder of envelopes and the manifest that says what each must give (tests/golden/ks1/README.md).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kms_core::crypto::CryptoBackend;
use kms_core::memory::SecretBytes;
use kms_core::record::RecordPlace;
use kms_core::*;
use serde::{Deserialize, Serialize};

use super::unhex;
use crate::support::{TestKek, TestKem, secret};

#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Manifest {
    pub format: String,
    pub made_by: String,
    pub cases: Vec<Case>,
}

#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Case {
    pub name: String,
    pub file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload_file: Option<String>,
    pub kind: u8,
    pub suite: u16,
    pub schemes: Vec<u64>,
    pub level: u64,
    pub layout: String,
    pub seq: u64,
    pub header_length: usize,
    pub keks: Vec<KekEntry>,
    pub passphrase: Option<String>,
    pub required_context: BTreeMap<String, String>,
    pub context: BTreeMap<String, String>,
    pub labels: BTreeMap<String, Label>,
    pub logical_key: Option<String>,
    pub floor: BTreeMap<String, u8>,
    pub mixed_passphrase: bool,
    pub quorum: Vec<QuorumEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plaintext_hex: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plaintext_sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<RecordEntry>,
    pub sha256: String,
    pub expect: String,
}

#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct KekEntry {
    pub kid: String,
    pub scheme: u16,
    pub version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_hex: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passphrase: Option<String>,
    /// Of scheme 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kem: Option<u16>,
    /// Of scheme 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classical: Option<Box<KekEntry>>,
    /// Of scheme 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pq: Option<Box<KekEntry>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Label {
    Text(String),
    Bytes { hex: String },
}

#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct QuorumEntry {
    pub k: usize,
    pub n: usize,
    pub members: Vec<String>,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct RecordEntry {
    pub column: Option<String>,
    pub row: Option<String>,
    pub plaintext_hex: String,
    pub record_hex: String,
    pub wid_hex: Option<String>,
    pub ctr: Option<u32>,
}

impl RecordEntry {
    pub fn place(&self) -> RecordPlace<'_> {
        match (&self.column, &self.row) {
            (None, _) => RecordPlace::None,
            (Some(column), None) => RecordPlace::Column(column),
            (Some(column), Some(row)) => RecordPlace::Row(column, row.as_bytes()),
        }
    }
}

/// Every folder of golden files, the independent implementation's first.
pub fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/ks1");
    let mut folders: Vec<PathBuf> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("manifest.json").is_file())
        .collect();
    folders.sort_by_key(|path| (!path.ends_with("oracle"), path.clone()));
    folders
}

/// The cases of a folder.
pub fn cases(folder: &Path) -> Vec<Case> {
    let text = fs::read_to_string(folder.join("manifest.json")).unwrap();
    let manifest: Manifest = serde_json::from_str(&text).unwrap();
    assert_eq!(manifest.format, "KS1");
    manifest.cases
}

impl Case {
    /// The bytes of `file`, and of `payload_file` where there is one.
    pub fn bytes(&self, folder: &Path) -> (Vec<u8>, Option<Vec<u8>>) {
        let read = |name: &str| fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        (read(&self.file), self.payload_file.as_deref().map(read))
    }

    pub fn plaintext_is(&self, plaintext: &[u8]) -> bool {
        match (&self.plaintext_hex, &self.plaintext_sha256) {
            (Some(hex), _) => unhex(hex) == plaintext,
            (None, Some(digest)) => self.length == Some(plaintext.len()) && *digest == sha256(plaintext),
            (None, None) => false,
        }
    }

    pub fn uses_passphrase(&self) -> bool {
        self.keks.iter().any(|kek| kek.scheme == 5)
    }

    /// The sets of KEKs that must open the file, and those that must not.
    pub fn key_sets(&self) -> (Vec<Vec<KekEntry>>, Vec<Vec<KekEntry>>) {
        let is_member = |kek: &KekEntry| self.quorum.iter().any(|quorum| quorum.members.contains(&kek.kid));
        let singles = self.keks.iter().filter(|kek| !is_member(kek));
        let mut opens: Vec<_> = singles.map(|kek| vec![kek.clone()]).collect();
        let mut fails = Vec::new();
        for quorum in &self.quorum {
            let members: Vec<_> = self
                .keks
                .iter()
                .filter(|kek| quorum.members.contains(&kek.kid))
                .cloned()
                .collect();
            assert_eq!(members.len(), quorum.n, "{}: members of the quorum", self.name);
            opens.extend(subsets(&members, quorum.k));
            fails.extend(subsets(&members, quorum.k - 1));
        }
        (opens, fails)
    }

    /// A reader with these KEKs that requires everything the manifest says of the context.
    pub fn opener(&self, backend: &CryptoBackend, keks: &[KekEntry]) -> Opener {
        let keys = keks.iter().map(|kek| kek.kek(backend, self.passphrase.as_deref()));
        let pairs = self.context.iter().chain(&self.required_context);
        let required = EncryptionContext::from_pairs(pairs.map(|(key, value)| (key.clone(), value.clone()))).unwrap();
        Opener::new(backend.clone(), keys.collect::<Keyring>())
            .require(required)
            .policy(self.policy())
    }

    pub fn policy(&self) -> OpenPolicy {
        OpenPolicy {
            max_recipients: caps::RECIPIENTS_HARD,
            mixed_passphrase: self.mixed_passphrase,
            ..OpenPolicy::default()
        }
    }
}

impl KekEntry {
    pub fn kek(&self, backend: &CryptoBackend, passphrase: Option<&str>) -> Arc<dyn Kek> {
        if let Some(label) = self.kid.strip_prefix("passphrase:") {
            let passphrase = self.passphrase.as_deref().or(passphrase).unwrap();
            let kek = PassphraseKek::new(backend.clone(), SecretBytes::copy_of(passphrase.as_bytes()));
            return Arc::new(kek.labelled(label).unwrap());
        }
        if let (Some(classical), Some(pq)) = (&self.classical, &self.pq) {
            let pq = Arc::new(pq.kem(backend));
            return Arc::new(HybridKek::new(backend.clone(), classical.kek(backend, None), pq).unwrap());
        }
        if self.kem.is_some() {
            return self.kem(backend).kek();
        }
        let key = secret(&unhex(self.key_hex.as_deref().unwrap()));
        Arc::new(TestKek {
            versions: vec![(self.version(), key)],
            mechanism: (self.scheme == 2).then_some(WrapMechanism::AesKwp),
            ..TestKek::new(backend, &self.kid, 0)
        })
    }

    /// The private key of a scheme 3 entry.
    pub fn kem(&self, backend: &CryptoBackend) -> TestKem {
        let kem = Kem::from_wire(self.kem.unwrap()).unwrap();
        let key = backend.kems.private_key(kem, &unhex(self.key_hex.as_deref().unwrap()));
        TestKem {
            versions: vec![(self.version(), key.unwrap().into())],
            ..TestKem::new(backend, &self.kid, kem, 0)
        }
    }

    pub fn version(&self) -> Option<Vec<u8>> {
        self.version.as_ref().map(|version| version.clone().into_bytes())
    }

    /// The keys that it takes: itself, or the two halves of a hybrid.
    pub fn parts(&self) -> Vec<&KekEntry> {
        match (&self.classical, &self.pq) {
            (Some(classical), Some(pq)) => vec![classical, pq],
            _ => vec![self],
        }
    }
}

/// SHA-256 in hex: for manifests only, KS1 has no use of it.
pub fn sha256(bytes: &[u8]) -> String {
    super::hex(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref())
}

/// All subsets of `count` of `items`.
pub fn subsets<T: Clone>(items: &[T], count: usize) -> Vec<Vec<T>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (at, item) in items.iter().enumerate() {
        for mut rest in subsets(&items[at + 1..], count - 1) {
            rest.insert(0, item.clone());
            all.push(rest);
        }
    }
    all
}

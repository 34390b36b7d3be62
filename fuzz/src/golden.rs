//! The golden files' manifest: the keys that the targets hold, and the only plaintexts that may ever come out.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, OnceLock};

use data_encoding::HEXLOWER_PERMISSIVE as HEX;
use kms_core::crypto::CryptoBackend;
use kms_core::{EncryptionContext, Header, Kek, Keyring, OpenPolicy, Opener};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::kek::FixedKek;
use crate::kem::FixedKem;
use crate::{backends, wait};

/// What is known of all golden files together.
pub struct Golden {
    pub(crate) cases: Vec<Case>,
    openers: [Opener; 2],
    external: BTreeMap<String, String>,
    plaintexts: HashSet<Vec<u8>>,
    long_plaintexts: HashSet<Vec<u8>>,
}

/// The golden files of the independent implementation.
pub fn golden() -> &'static Golden {
    static GOLDEN: OnceLock<Golden> = OnceLock::new();
    GOLDEN.get_or_init(|| {
        let manifest = include_str!("../../tests/golden/ks1/oracle/manifest.json");
        let manifest: Manifest = serde_json::from_str(manifest).expect("the manifest is in the repository");
        let golden = Golden::new(manifest.cases);
        // Keys that open nothing would make every answer right.
        for envelope in [
            &include_bytes!("../../tests/golden/ks1/oracle/any-of-three.ks1")[..],
            include_bytes!("../../tests/golden/ks1/oracle/quorum-2-of-3.ks1"),
            include_bytes!("../../tests/golden/ks1/oracle/chunk-16385.ks1"),
            include_bytes!("../../tests/golden/ks1/oracle/message-gcm-hpke-xwing-l0-attached.ks1"),
            include_bytes!("../../tests/golden/ks1/oracle/hybrid-hidden.ks1"),
        ] {
            for opener in golden.openers(None) {
                let plaintext = wait(opener.open(envelope)).expect("golden files open");
                assert!(golden.was_sealed(&plaintext));
            }
        }
        golden
    })
}

impl Golden {
    fn new(cases: Vec<Case>) -> Self {
        let plaintexts = cases.iter().filter_map(|case| case.plaintext_hex.as_deref()).map(unhex);
        let hashes = cases
            .iter()
            .filter_map(|case| case.plaintext_sha256.as_deref())
            .map(unhex);
        Self {
            openers: backends().map(|backend| opener(&backend, &cases)),
            external: cases.iter().flat_map(|case| case.required_context.clone()).collect(),
            plaintexts: plaintexts.collect(),
            long_plaintexts: hashes.collect(),
            cases,
        }
    }

    /// For each backend, an opener with every key of the golden files, passphrases left out: one derivation takes as
    /// long as ten thousand other inputs. `header` says which pairs of the context must be supplied.
    pub fn openers(&self, header: Option<&Header>) -> [Opener; 2] {
        let names = header.map_or(&[][..], |header| &header.immutable().external);
        let pairs = names.iter().filter_map(|name| self.external.get_key_value(name));
        let context = EncryptionContext::from_pairs(pairs.map(|(name, value)| (name.as_str(), value.as_str())));
        let context = context.expect("the pairs stand in a golden file");
        self.openers
            .each_ref()
            .map(|opener| opener.clone().require(context.clone()))
    }

    /// Whether `plaintext` is that of a golden file. The fuzzer knows no key: nothing else may open.
    pub fn was_sealed(&self, plaintext: &[u8]) -> bool {
        self.plaintexts.contains(plaintext) || self.long_plaintexts.contains(Sha256::digest(plaintext).as_slice())
    }
}

fn opener(backend: &CryptoBackend, cases: &[Case]) -> Opener {
    let mut keys: BTreeMap<&str, FixedKek> = BTreeMap::new();
    let mut pairs: BTreeMap<&str, FixedKem> = BTreeMap::new();
    for entry in cases.iter().flat_map(|case| &case.keks).flat_map(KekEntry::parts) {
        let Some(key) = &entry.key_hex else { continue };
        let (kid, version, key) = (entry.kid.as_str(), entry.version.as_deref(), unhex(key));
        match entry.kem {
            None => keys
                .entry(kid)
                .or_insert_with(|| FixedKek::new(backend, kid, entry.scheme))
                .insert(version, &key),
            Some(kem) => pairs
                .entry(kid)
                .or_insert_with(|| FixedKem::new(backend, kid, kem))
                .insert(version, &key),
        }
    }
    // Hybrids are put together by the keyring, out of their halves.
    let pairs = pairs.into_values().map(FixedKem::kek);
    let keys = keys.into_values().map(|kek| Arc::new(kek) as Arc<dyn Kek>);
    let keyring: Keyring = keys.chain(pairs).collect();
    Opener::new(backend.clone(), keyring).policy(OpenPolicy {
        mixed_passphrase: true,
        ..OpenPolicy::default()
    })
}

pub(crate) fn unhex(text: impl AsRef<str>) -> Vec<u8> {
    HEX.decode(text.as_ref().as_bytes())
        .expect("the manifest has hexadecimal digits")
}

#[derive(Deserialize)]
struct Manifest {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
pub(crate) struct Case {
    pub(crate) file: String,
    pub(crate) layout: String,
    pub(crate) labels: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    pub(crate) records: Vec<Record>,
    keks: Vec<KekEntry>,
    required_context: BTreeMap<String, String>,
    plaintext_hex: Option<String>,
    plaintext_sha256: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Record {
    pub(crate) column: Option<String>,
    pub(crate) row: Option<String>,
    pub(crate) plaintext_hex: String,
}

#[derive(Deserialize)]
struct KekEntry {
    kid: String,
    scheme: u16,
    version: Option<String>,
    key_hex: Option<String>,
    kem: Option<u16>,
    classical: Option<Box<KekEntry>>,
    pq: Option<Box<KekEntry>>,
}

impl KekEntry {
    /// Itself, or the halves of a hybrid.
    fn parts(&self) -> Vec<&Self> {
        match (&self.classical, &self.pq) {
            (Some(classical), Some(pq)) => vec![classical, pq],
            _ => vec![self],
        }
    }
}

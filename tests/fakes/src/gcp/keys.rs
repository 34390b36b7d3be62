//! Keys, versions, their material and states.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Mutex;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use aws_lc_rs::digest::{Context, SHA3_256};
use aws_lc_rs::kem::{self, DecapsulationKey, ML_KEM_768, ML_KEM_1024};
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{KeySize, PrivateDecryptingKey};
use serde_json::{Value, json};

use super::Refusal;
use crate::clock::{now, rfc3339};

/// All that Google has of everybody.
#[derive(Default)]
pub(super) struct Cloud {
    pub(super) rings: BTreeMap<String, i64>,
    pub(super) keys: BTreeMap<String, Key>,
    pub(super) jobs: BTreeMap<String, Job>,
    pub(super) connections: BTreeMap<String, Value>,
    pub(super) handles: BTreeMap<String, Value>,
    /// Operations that were asked about once, and are done the next time.
    pub(super) operations: BTreeSet<String>,
    pub(super) ahead: i64,
    pub(super) primary_lags: bool,
    pub(super) are_managers_down: bool,
}

pub(super) struct Key {
    pub(super) name: String,
    pub(super) purpose: String,
    pub(super) algorithm: String,
    pub(super) protection: String,
    pub(super) created: i64,
    pub(super) labels: Value,
    pub(super) rotation_period: Option<String>,
    pub(super) next_rotation: Option<String>,
    pub(super) destroy_seconds: i64,
    pub(super) import_only: bool,
    pub(super) backend: Option<String>,
    pub(super) primary: Option<u32>,
    pub(super) earlier_primary: Option<u32>,
    /// Oldest first, numbered from 1.
    pub(super) versions: Vec<Version>,
}

pub(super) struct Version {
    pub(super) name: String,
    pub(super) number: u32,
    pub(super) state: &'static str,
    pub(super) algorithm: String,
    pub(super) protection: String,
    pub(super) created: i64,
    pub(super) destroy: Option<i64>,
    pub(super) import_job: Option<String>,
    pub(super) external: Value,
    /// What tells its ciphertexts from those of others.
    pub(super) mark: [u8; 8],
    pub(super) material: Material,
    /// How often it will still be found to be in the making.
    pub(super) looks: u32,
}

pub(super) enum Material {
    Gone,
    Aes([u8; 32]),
    Hmac(Vec<u8>),
    Rsa(Box<PrivateDecryptingKey>),
    MlKem(Box<DecapsulationKey>),
    XWing(Box<XWing>),
}

/// ML-KEM-768 and X25519 (draft-connolly-cfrg-xwing-kem).
pub(super) struct XWing {
    ml_kem: DecapsulationKey,
    x25519: PrivateKey,
}

pub(super) struct Job {
    pub(super) method: String,
    pub(super) protection: String,
    pub(super) created: i64,
    pub(super) pair: PrivateDecryptingKey,
    pub(super) looks: u32,
}

impl Cloud {
    pub(super) fn now(&self) -> i64 {
        now() + self.ahead
    }

    pub(super) fn key(&mut self, name: &str) -> Result<&mut Key, Refusal> {
        let now = self.now();
        let key = self.keys.get_mut(name).ok_or((404, "NOT_FOUND", None))?;
        for version in &mut key.versions {
            if version.state == "DESTROY_SCHEDULED" && version.destroy.is_some_and(|due| due <= now) {
                (version.state, version.material) = ("DESTROYED", Material::Gone);
            }
        }
        Ok(key)
    }

    /// `…/cryptoKeys/K/cryptoKeyVersions/V`.
    pub(super) fn version(&mut self, name: &str) -> Result<(&mut Key, usize), Refusal> {
        let (key, number) = split(name).ok_or((404, "NOT_FOUND", None))?;
        let key = self.key(key)?;
        let at = key.versions.iter().position(|version| version.number == number);
        Ok((key, at.ok_or((404, "NOT_FOUND", None))?))
    }
}

/// A version's key and number.
pub(super) fn split(name: &str) -> Option<(&str, u32)> {
    let (key, number) = name.split_once("/cryptoKeyVersions/")?;
    Some((key, number.parse().ok()?))
}

impl Key {
    /// Adds a version of fresh material, or of what was imported.
    pub(super) fn add(&mut self, now: i64, imported: Option<(Material, String)>) -> Result<&mut Version, Refusal> {
        let number = u32::try_from(self.versions.len()).unwrap() + 1;
        let (material, import_job) = match imported {
            Some((material, job)) => (material, Some(job)),
            None => (Material::fresh(&self.algorithm)?, None),
        };
        let is_slow = self.protection == "HSM";
        let state = match (is_slow, &import_job) {
            (false, _) => "ENABLED",
            (true, None) => "PENDING_GENERATION",
            (true, Some(_)) => "PENDING_IMPORT",
        };
        self.versions.push(Version {
            name: format!("{}/cryptoKeyVersions/{number}", self.name),
            number,
            state,
            algorithm: self.algorithm.clone(),
            protection: self.protection.clone(),
            created: now,
            destroy: None,
            import_job,
            external: Value::Null,
            mark: random(),
            material,
            looks: 1,
        });
        Ok(self.versions.last_mut().unwrap())
    }

    pub(super) fn told(&self) -> Value {
        let mut told = json!({
            "name": self.name,
            "purpose": self.purpose,
            "createTime": rfc3339(self.created),
            "versionTemplate": { "algorithm": self.algorithm, "protectionLevel": self.protection },
            "destroyScheduledDuration": format!("{}s", self.destroy_seconds),
        });
        if self.labels.as_object().is_some_and(|labels| !labels.is_empty()) {
            told["labels"] = self.labels.clone();
        }
        let optional = [
            ("rotationPeriod", &self.rotation_period),
            ("nextRotationTime", &self.next_rotation),
            ("cryptoKeyBackend", &self.backend),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                told[name] = json!(value);
            }
        }
        if self.import_only {
            told["importOnly"] = json!(true);
        }
        if let Some(primary) = self.primary.and_then(|number| self.numbered(number)) {
            told["primary"] = primary.told();
        }
        told
    }

    pub(super) fn numbered(&self, number: u32) -> Option<&Version> {
        self.versions.iter().find(|version| version.number == number)
    }
}

impl Version {
    /// It is being made until it was looked at so often.
    pub(super) fn looked_at(&mut self) {
        if matches!(self.state, "PENDING_GENERATION" | "PENDING_IMPORT") {
            match self.looks {
                0 => self.state = "ENABLED",
                _ => self.looks -= 1,
            }
        }
    }

    pub(super) fn usable(&self) -> Result<(), Refusal> {
        match self.state {
            "ENABLED" => Ok(()),
            "DISABLED" => Err((400, "FAILED_PRECONDITION", Some("KEY_DISABLED"))),
            "DESTROYED" => Err((400, "FAILED_PRECONDITION", Some("KEY_DESTROYED"))),
            // As for all else: which state it is, the version tells.
            _ => Err((400, "FAILED_PRECONDITION", None)),
        }
    }

    pub(super) fn told(&self) -> Value {
        let mut told = json!({
            "name": self.name,
            "state": self.state,
            "algorithm": self.algorithm,
            "protectionLevel": self.protection,
            "createTime": rfc3339(self.created),
        });
        if !matches!(self.state, "PENDING_GENERATION" | "PENDING_IMPORT") && self.import_job.is_none() {
            told["generateTime"] = json!(rfc3339(self.created));
        }
        match (self.state, self.destroy) {
            ("DESTROY_SCHEDULED", Some(due)) => told["destroyTime"] = json!(rfc3339(due)),
            ("DESTROYED", Some(due)) => told["destroyEventTime"] = json!(rfc3339(due)),
            _ => {}
        }
        if let Some(job) = &self.import_job {
            told["importJob"] = json!(job);
            told["reimportEligible"] = json!(true);
        }
        if !self.external.is_null() {
            told["externalProtectionLevelOptions"] = self.external.clone();
        }
        told
    }

    /// `mark || nonce || ciphertext`, bound to the additional data and the key.
    pub(super) fn encrypt(&self, plaintext: &[u8], aad: &[u8]) -> Result<Vec<u8>, Refusal> {
        let Material::Aes(key) = &self.material else {
            return Err(INVALID);
        };
        let nonce: [u8; 12] = random();
        let sealed = seal(key, nonce, plaintext, aad);
        Ok([&self.mark[..], &nonce, &sealed].concat())
    }

    pub(super) fn decrypt(&self, ciphertext: &[u8], aad: &[u8]) -> Result<Vec<u8>, Refusal> {
        let Material::Aes(key) = &self.material else {
            return Err(INVALID);
        };
        let (nonce, sealed) = ciphertext[8..].split_at_checked(12).ok_or(INVALID)?;
        open(key, nonce, sealed, aad)
    }
}

pub(super) fn seal(key: &[u8; 32], nonce: [u8; 12], plaintext: &[u8], aad: &[u8]) -> Vec<u8> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).unwrap());
    let mut sealed = plaintext.to_vec();
    let nonce = Nonce::assume_unique_for_key(nonce);
    key.seal_in_place_append_tag(nonce, Aad::from(aad), &mut sealed)
        .unwrap();
    sealed
}

pub(super) fn open(key: &[u8; 32], nonce: &[u8], sealed: &[u8], aad: &[u8]) -> Result<Vec<u8>, Refusal> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).unwrap());
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| INVALID)?;
    let mut sealed = sealed.to_vec();
    let opened = key.open_in_place(nonce, Aad::from(aad), &mut sealed);
    Ok(opened.map_err(|_| INVALID)?.to_vec())
}

impl Material {
    fn fresh(algorithm: &str) -> Result<Self, Refusal> {
        let rsa = |size| Self::Rsa(Box::new(rsa_pair(size)));
        Ok(match algorithm {
            "GOOGLE_SYMMETRIC_ENCRYPTION" | "AES_256_GCM" | "EXTERNAL_SYMMETRIC_ENCRYPTION" => Self::Aes(random()),
            "HMAC_SHA256" => Self::Hmac(random::<32>().to_vec()),
            "HMAC_SHA512" => Self::Hmac(random::<64>().to_vec()),
            "RSA_DECRYPT_OAEP_2048_SHA256" => rsa(KeySize::Rsa2048),
            "RSA_DECRYPT_OAEP_3072_SHA256" => rsa(KeySize::Rsa3072),
            "RSA_DECRYPT_OAEP_4096_SHA256" => rsa(KeySize::Rsa4096),
            "ML_KEM_768" => Self::MlKem(Box::new(DecapsulationKey::generate(&ML_KEM_768).unwrap())),
            "ML_KEM_1024" => Self::MlKem(Box::new(DecapsulationKey::generate(&ML_KEM_1024).unwrap())),
            "KEM_XWING" => Self::XWing(Box::new(XWing {
                ml_kem: DecapsulationKey::generate(&ML_KEM_768).unwrap(),
                x25519: PrivateKey::generate(&X25519).unwrap(),
            })),
            _ => return Err(INVALID),
        })
    }

    /// The public half of a pair, as bytes, and the form that Google calls them by.
    pub(super) fn public(&self) -> Option<(Vec<u8>, &'static str)> {
        match self {
            Self::MlKem(key) => Some((public(key), "NIST_PQC")),
            Self::XWing(key) => {
                let x25519 = key.x25519.compute_public_key().unwrap();
                Some(([&public(&key.ml_kem)[..], x25519.as_ref()].concat(), "XWING_RAW_BYTES"))
            }
            _ => None,
        }
    }

    pub(super) fn decapsulate(&self, ciphertext: &[u8]) -> Result<Vec<u8>, Refusal> {
        match self {
            Self::MlKem(key) => decapsulate(key, ciphertext),
            Self::XWing(key) => key.decapsulate(ciphertext),
            _ => Err(INVALID),
        }
    }
}

impl XWing {
    fn decapsulate(&self, ciphertext: &[u8]) -> Result<Vec<u8>, Refusal> {
        let (of_ml_kem, of_x25519) = ciphertext.split_at_checked(1088).ok_or(INVALID)?;
        let first = decapsulate(&self.ml_kem, of_ml_kem)?;
        let peer = UnparsedPublicKey::new(&X25519, of_x25519);
        let second = agree(&self.x25519, peer, INVALID, |secret| Ok(secret.to_vec()))?;
        let own = self.x25519.compute_public_key().unwrap();
        let mut hash = Context::new(&SHA3_256);
        for part in [&first, &second, of_x25519, own.as_ref(), br"\.//^\"] {
            hash.update(part);
        }
        Ok(hash.finish().as_ref().to_vec())
    }
}

/// Making them is what takes time, so they are drawn from a few in turn: no key has the same one in many versions.
pub(super) fn rsa_pair(size: KeySize) -> PrivateDecryptingKey {
    static MADE: Mutex<Vec<(usize, VecDeque<PrivateDecryptingKey>)>> = Mutex::new(Vec::new());

    let mut made = MADE.lock().unwrap();
    let at = made
        .iter()
        .position(|(length, _)| *length == size.len())
        .unwrap_or_else(|| {
            made.push((size.len(), VecDeque::new()));
            made.len() - 1
        });
    let pairs = &mut made[at].1;
    let pair = match pairs.len() < if size.len() > 256 { 1 } else { PAIRS } {
        true => PrivateDecryptingKey::generate(size).unwrap(),
        false => pairs.pop_front().unwrap(),
    };
    pairs.push_back(pair.clone());
    pair
}

fn public(key: &DecapsulationKey) -> Vec<u8> {
    let public = key.encapsulation_key().unwrap();
    public.key_bytes().unwrap().as_ref().to_vec()
}

fn decapsulate(key: &DecapsulationKey, ciphertext: &[u8]) -> Result<Vec<u8>, Refusal> {
    let secret = key
        .decapsulate(kem::Ciphertext::from(ciphertext))
        .map_err(|_| INVALID)?;
    Ok(secret.as_ref().to_vec())
}

pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).unwrap();
    bytes
}

const PAIRS: usize = 8;
pub(super) const INVALID: Refusal = (400, "INVALID_ARGUMENT", None);

//! Keys, their versions and states.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrap};
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey, OaepPublicEncryptingKey,
    PrivateDecryptingKey,
};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde_json::{Map, Value, json};

use super::Refusal;
use crate::aws::random;
use crate::clock::now;

/// All keys of a vault.
pub(super) struct Keys {
    pub(super) is_managed_hsm: bool,
    pub(super) recoverable_days: u64,
    pub(super) keys: BTreeMap<String, Key>,
    pub(super) deleted: BTreeMap<String, (Key, i64)>,
    /// Signs what is stated of released keys.
    pub(super) signer: aws_lc_rs::rsa::KeyPair,
    /// RSA keys for the next that are made: to make one takes long, so they are used in turn. Two that follow each other
    /// differ.
    pool: Vec<PrivateDecryptingKey>,
    taken: usize,
}

pub(super) struct Key {
    /// Oldest first.
    pub(super) versions: Vec<Version>,
    pub(super) policy: Value,
}

pub(super) struct Version {
    pub(super) id: String,
    pub(super) kty: String,
    pub(super) operations: Vec<String>,
    pub(super) is_enabled: bool,
    pub(super) not_before: Option<i64>,
    pub(super) expires: Option<i64>,
    pub(super) created: i64,
    pub(super) is_exportable: bool,
    pub(super) release_policy: Option<Value>,
    pub(super) tags: Map<String, Value>,
    pub(super) material: Material,
}

pub(super) enum Material {
    Rsa(PrivateDecryptingKey),
    Aes([u8; 32]),
}

impl Keys {
    pub(super) fn of_a_vault() -> Self {
        Self {
            is_managed_hsm: false,
            recoverable_days: 90,
            keys: BTreeMap::new(),
            deleted: BTreeMap::new(),
            signer: aws_lc_rs::rsa::KeyPair::from_pkcs8(&pkcs8(&pool()[0])).unwrap(),
            pool: pool().to_vec(),
            taken: 0,
        }
    }

    pub(super) fn of_an_hsm() -> Self {
        Self {
            is_managed_hsm: true,
            ..Self::of_a_vault()
        }
    }

    pub(super) fn rsa(&mut self, bits: u64) -> Result<PrivateDecryptingKey, Refusal> {
        let size = match bits {
            2048 => {
                self.taken += 1;
                return Ok(self.pool[self.taken % self.pool.len()].clone());
            }
            3072 => KeySize::Rsa3072,
            4096 => KeySize::Rsa4096,
            _ => return Err(BAD),
        };
        PrivateDecryptingKey::generate(size).map_err(|_| BAD)
    }

    pub(super) fn key(&mut self, name: &str) -> Result<&mut Key, Refusal> {
        self.keys.get_mut(name).ok_or(NOT_FOUND)
    }

    /// A version; the current one where none is named.
    pub(super) fn version(&mut self, name: &str, id: &str) -> Result<&mut Version, Refusal> {
        let versions = &mut self.key(name)?.versions;
        let found = match id {
            "" => versions.last_mut(),
            id => versions.iter_mut().find(|version| version.id == id),
        };
        found.ok_or(NOT_FOUND)
    }

    pub(super) fn attributes(&self, version: &Version) -> Value {
        let level = match self.recoverable_days {
            0 => "Purgeable",
            90 => "Recoverable+Purgeable",
            _ => "CustomizedRecoverable+Purgeable",
        };
        let mut told = json!({
            "enabled": version.is_enabled,
            "created": version.created,
            "updated": version.created,
            "recoveryLevel": level,
            "recoverableDays": self.recoverable_days,
            "exportable": version.is_exportable,
        });
        for (name, date) in [("nbf", version.not_before), ("exp", version.expires)] {
            if let Some(date) = date {
                told[name] = json!(date);
            }
        }
        told
    }

    pub(super) fn bundle(&self, host: &str, name: &str, version: &Version) -> Value {
        let mut key = json!({
            "kid": format!("https://{host}/keys/{name}/{}", version.id),
            "kty": version.kty,
            "key_ops": version.operations,
        });
        if let Material::Rsa(pair) = &version.material {
            let (n, e) = public_parts(pair);
            key["n"] = json!(BASE64URL_NOPAD.encode(&n));
            key["e"] = json!(BASE64URL_NOPAD.encode(&e));
        }
        let mut bundle = json!({ "key": key, "attributes": self.attributes(version), "tags": version.tags });
        if let Some(policy) = &version.release_policy {
            bundle["release_policy"] = policy.clone();
        }
        bundle
    }
}

impl Version {
    pub(super) fn new(kty: &str, operations: Vec<String>, material: Material) -> Self {
        Self {
            id: HEXLOWER.encode(&random::<16>()),
            kty: kty.to_owned(),
            operations,
            is_enabled: true,
            not_before: None,
            expires: None,
            created: now(),
            is_exportable: false,
            release_policy: None,
            tags: Map::new(),
            material,
        }
    }

    /// As Azure does it: the public half of an RSA key is public, so a disabled key goes on wrapping; what an expired
    /// key has wrapped goes on unwrapping.
    pub(super) fn may(&self, operation: &str) -> Result<(), Refusal> {
        let is_sealing = matches!(operation, "wrapKey" | "encrypt");
        if !self.operations.iter().any(|allowed| allowed == operation) {
            return Err((403, "Forbidden", "KeyOperationForbidden"));
        }
        if !(self.is_enabled || is_sealing && matches!(self.material, Material::Rsa(_))) {
            return Err((403, "Forbidden", "KeyDisabled"));
        }
        match is_sealing {
            true if self.not_before.is_some_and(|date| now() < date) => Err((403, "Forbidden", "KeyNotYetValid")),
            true if self.expires.is_some_and(|date| now() >= date) => Err((403, "Forbidden", "KeyExpired")),
            _ => Ok(()),
        }
    }

    /// Value, IV, tag.
    pub(super) fn seal(&self, alg: &str, plaintext: &[u8], aad: &[u8]) -> Result<[Vec<u8>; 3], Refusal> {
        match (&self.material, alg) {
            (Material::Rsa(pair), "RSA-OAEP-256") => Ok([oaep_seal(pair, plaintext)?, Vec::new(), Vec::new()]),
            (Material::Aes(bytes), "A256KW") => {
                let mut wrapped = vec![0; plaintext.len() + 8];
                let kek = AesKek::new(&AES_256, bytes).unwrap();
                let wrapped = kek.wrap(plaintext, &mut wrapped).map_err(|_| BAD)?;
                Ok([wrapped.to_vec(), Vec::new(), Vec::new()])
            }
            (Material::Aes(bytes), "A256GCM") => {
                let iv: [u8; NONCE_LEN] = random();
                let mut sealed = plaintext.to_vec();
                let nonce = Nonce::assume_unique_for_key(iv);
                let tag = gcm(bytes).seal_in_place_separate_tag(nonce, Aad::from(aad), &mut sealed);
                Ok([sealed, iv.to_vec(), tag.map_err(|_| BAD)?.as_ref().to_vec()])
            }
            _ => Err(BAD),
        }
    }

    pub(super) fn open(&self, alg: &str, value: &[u8], [iv, tag, aad]: [&[u8]; 3]) -> Result<Vec<u8>, Refusal> {
        match (&self.material, alg) {
            (Material::Rsa(pair), "RSA-OAEP-256") => oaep_open(pair, &OAEP_SHA256_MGF1SHA256, value).ok_or(BAD),
            (Material::Aes(bytes), "A256KW") => {
                let mut opened = vec![0; value.len()];
                let kek = AesKek::new(&AES_256, bytes).unwrap();
                Ok(kek.unwrap(value, &mut opened).map_err(|_| BAD)?.to_vec())
            }
            (Material::Aes(bytes), "A256GCM") => {
                let nonce = Nonce::try_assume_unique_for_key(iv).map_err(|_| BAD)?;
                let mut sealed = [value, tag].concat();
                Ok(gcm(bytes)
                    .open_in_place(nonce, Aad::from(aad), &mut sealed)
                    .map_err(|_| BAD)?
                    .to_vec())
            }
            _ => Err(BAD),
        }
    }
}

fn pool() -> &'static [PrivateDecryptingKey] {
    static POOL: OnceLock<Vec<PrivateDecryptingKey>> = OnceLock::new();
    POOL.get_or_init(|| {
        let make = |_| PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
        (0..5).map(make).collect()
    })
}

pub(super) fn pkcs8(pair: &PrivateDecryptingKey) -> Vec<u8> {
    AsDer::<Pkcs8V1Der<'_>>::as_der(pair).unwrap().as_ref().to_vec()
}

fn gcm(bytes: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, bytes).unwrap())
}

fn oaep_seal(pair: &PrivateDecryptingKey, plaintext: &[u8]) -> Result<Vec<u8>, Refusal> {
    let public = OaepPublicEncryptingKey::new(pair.public_key()).unwrap();
    let mut sealed = vec![0; public.ciphertext_size()];
    let sealed = public.encrypt(&OAEP_SHA256_MGF1SHA256, plaintext, &mut sealed, None);
    Ok(sealed.map_err(|_| BAD)?.to_vec())
}

pub(super) fn oaep_open(pair: &PrivateDecryptingKey, by: &'static OaepAlgorithm, sealed: &[u8]) -> Option<Vec<u8>> {
    let private = OaepPrivateDecryptingKey::new(pair.clone()).unwrap();
    let mut place = vec![0; private.min_output_size()];
    Some(private.decrypt(by, sealed, &mut place, None).ok()?.to_vec())
}

/// Modulus and exponent of a SubjectPublicKeyInfo (RFC 5280 4.1).
fn public_parts(pair: &PrivateDecryptingKey) -> (Vec<u8>, Vec<u8>) {
    let spki: aws_lc_rs::encoding::PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    let (outer, _) = element(spki.as_ref());
    let (_, bits) = element(outer);
    let (bits, _) = element(bits);
    // The first byte of a BIT STRING counts what it does not use.
    let (key, _) = element(&bits[1..]);
    let (n, rest) = element(key);
    let (e, _) = element(rest);
    let bare = |number: &[u8]| number.strip_prefix(&[0]).unwrap_or(number).to_vec();
    (bare(n), bare(e))
}

/// The value of the first element of well-formed DER, and what follows.
fn element(der: &[u8]) -> (&[u8], &[u8]) {
    let (length, start) = match usize::from(der[1]) {
        long @ 0x81.. => {
            let end = 2 + (long & 0x7f);
            (
                der[2..end].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
                end,
            )
        }
        short => (short, 2),
    };
    der[start..].split_at(length)
}

pub(super) const BAD: Refusal = (400, "BadParameter", "");
pub(super) const NOT_FOUND: Refusal = (404, "KeyNotFound", "");

//! Keys, their material and states.

use std::collections::BTreeMap;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::digest;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use data_encoding::HEXLOWER;

use crate::clock::{days_from_civil, now};

/// The name of a refusal.
pub(super) type Exception = &'static str;

/// All keys of a region.
pub(super) struct Keys {
    pub(super) region: String,
    pub(super) account: String,
    pub(super) keys: Vec<Key>,
    pub(super) aliases: BTreeMap<String, String>,
    pub(super) stores: Vec<Store>,
    /// The key under which material is imported, by import token.
    pub(super) imports: BTreeMap<String, PrivateDecryptingKey>,
}

pub(super) struct Key {
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) spec: String,
    pub(super) origin: String,
    pub(super) store: Option<String>,
    pub(super) multi_region: bool,
    pub(super) state: &'static str,
    pub(super) created: i64,
    pub(super) deletion: Option<i64>,
    pub(super) rotation_days: Option<u64>,
    /// Oldest first.
    pub(super) materials: Vec<Material>,
    /// Imported, and waiting for a rotation.
    pub(super) waiting: Option<Material>,
    pub(super) rsa: Option<PrivateDecryptingKey>,
}

pub(super) struct Material {
    pub(super) id: [u8; 32],
    pub(super) bytes: [u8; 32],
    pub(super) since: i64,
}

pub(super) struct Store {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) state: &'static str,
}

impl Keys {
    pub(super) fn of_region(region: &str, account: &str) -> Self {
        Self {
            region: region.to_owned(),
            account: account.to_owned(),
            keys: Vec::new(),
            aliases: BTreeMap::new(),
            stores: Vec::new(),
            imports: BTreeMap::new(),
        }
    }

    /// By id, ARN or alias.
    pub(super) fn find(&mut self, named: &str) -> Result<&mut Key, Exception> {
        let named = match named.strip_prefix("alias/") {
            Some(_) => self.aliases.get(named).cloned().ok_or("NotFoundException")?,
            None => named.to_owned(),
        };
        let mut keys = self.keys.iter_mut();
        keys.find(|key| key.id == named || key.arn == named)
            .ok_or("NotFoundException")
    }
}

impl Key {
    pub(super) fn new((region, account): (&str, &str), spec: &str, origin: &str, multi_region: bool) -> Self {
        let digits = HEXLOWER.encode(&random::<16>());
        let id = match multi_region {
            true => format!("mrk-{digits}"),
            false => [
                &digits[..8],
                &digits[8..12],
                &digits[12..16],
                &digits[16..20],
                &digits[20..],
            ]
            .join("-"),
        };
        let size = match spec {
            "RSA_2048" => Some(KeySize::Rsa2048),
            "RSA_3072" => Some(KeySize::Rsa3072),
            "RSA_4096" => Some(KeySize::Rsa4096),
            _ => None,
        };
        Self {
            arn: format!("arn:aws:kms:{region}:{account}:key/{id}"),
            id,
            spec: spec.to_owned(),
            origin: origin.to_owned(),
            store: None,
            multi_region,
            state: if origin == "EXTERNAL" {
                "PendingImport"
            } else {
                "Enabled"
            },
            created: now(),
            deletion: None,
            rotation_days: None,
            materials: match (size, origin) {
                (None, "AWS_KMS" | "AWS_CLOUDHSM" | "EXTERNAL_KEY_STORE") => vec![Material::new(random())],
                _ => Vec::new(),
            },
            waiting: None,
            rsa: size.map(|size| PrivateDecryptingKey::generate(size).unwrap()),
        }
    }

    /// As AWS says it: one exception for a disabled key, one for all other states.
    pub(super) fn usable(&self) -> Result<(), Exception> {
        match self.state {
            "Enabled" => Ok(()),
            "Disabled" => Err("DisabledException"),
            _ => Err("KMSInvalidStateException"),
        }
    }

    pub(super) fn current(&self) -> Result<&Material, Exception> {
        self.materials.last().ok_or("InvalidKeyUsageException")
    }

    /// `material id || nonce || ciphertext`, bound to the context and the key.
    pub(super) fn encrypt(&self, plaintext: &[u8], context: &str) -> Result<Vec<u8>, Exception> {
        let material = self.current()?;
        let nonce: [u8; 12] = random();
        let mut sealed = plaintext.to_vec();
        material
            .aead()
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), self.aad(context), &mut sealed)
            .map_err(|_| "KMSInternalException")?;
        Ok([&material.id[..], &nonce, &sealed].concat())
    }

    /// The plaintext, and the id of the material that it was under.
    pub(super) fn decrypt(&self, blob: &[u8], context: &str) -> Result<(Vec<u8>, String), Exception> {
        let (id, rest) = blob.split_at_checked(32).ok_or("InvalidCiphertextException")?;
        let (nonce, sealed) = rest.split_at_checked(12).ok_or("InvalidCiphertextException")?;
        let material = self.materials.iter().find(|material| material.id == id);
        let material = material.ok_or("InvalidCiphertextException")?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| "InvalidCiphertextException")?;
        let mut sealed = sealed.to_vec();
        let opened = material.aead().open_in_place(nonce, self.aad(context), &mut sealed);
        let plaintext = opened.map_err(|_| "InvalidCiphertextException")?.to_vec();
        Ok((plaintext, material.name()))
    }

    pub(super) fn decrypt_oaep(&self, ciphertext: &[u8]) -> Result<Vec<u8>, Exception> {
        oaep(self.rsa.as_ref().ok_or("InvalidKeyUsageException")?, ciphertext)
    }

    pub(super) fn public_der(&self) -> Result<Vec<u8>, Exception> {
        let pair = self.rsa.as_ref().ok_or("UnsupportedOperationException")?;
        Ok(spki(pair))
    }

    fn aad(&self, context: &str) -> Aad<Vec<u8>> {
        // Replicas of a multi-region key are one key.
        Aad::from([self.id.as_bytes(), b"\0", context.as_bytes()].concat())
    }
}

impl Material {
    pub(super) fn new(bytes: [u8; 32]) -> Self {
        let id = digest::digest(&digest::SHA256, &bytes);
        Self {
            id: id.as_ref().try_into().unwrap(),
            bytes,
            since: now(),
        }
    }

    pub(super) fn name(&self) -> String {
        HEXLOWER.encode(&self.id)
    }

    fn aead(&self) -> LessSafeKey {
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &self.bytes).unwrap())
    }
}

pub(super) fn oaep(pair: &PrivateDecryptingKey, ciphertext: &[u8]) -> Result<Vec<u8>, Exception> {
    let key = OaepPrivateDecryptingKey::new(pair.clone()).map_err(|_| "KMSInternalException")?;
    let mut plaintext = vec![0; key.min_output_size()];
    let opened = key.decrypt(&OAEP_SHA256_MGF1SHA256, ciphertext, &mut plaintext, None);
    Ok(opened.map_err(|_| "InvalidCiphertextException")?.to_vec())
}

pub(super) fn spki(pair: &PrivateDecryptingKey) -> Vec<u8> {
    pair.public_key().as_der().unwrap().as_ref().to_vec()
}

pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).unwrap();
    bytes
}

/// `20261122T120000Z` as seconds since 1970.
pub(super) fn seconds_of(date: &str) -> Option<i64> {
    let part = |from: usize, to: usize| date.get(from..to)?.parse::<i64>().ok();
    let days = days_from_civil(part(0, 4)?, part(4, 6)?, part(6, 8)?);
    Some(days * 86_400 + part(9, 11)? * 3_600 + part(11, 13)? * 60 + part(13, 15)?)
}

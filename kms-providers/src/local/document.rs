//! The content of a keystore: `u32 length | JSON | key material`.
//!
//! The JSON holds names, states and times. The material follows as 32 bytes for each version that is not destroyed,
//! in the order of the JSON: no text encoding and no serialiser ever sees a key byte. Keys stand in order of their
//! names and versions in order of their numbers, so that one keystore has one content.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use kms_core::crypto::signature::SignatureScheme;
use kms_core::memory::{Secret, SecretBytes};
use kms_core::{KekFault, Kem};
use serde::{Deserialize, Serialize};

use crate::keyset::{Key, Keyset, Purpose, State, Version};
use crate::uri::{KeyName, VersionNumber};

/// A keystore's content.
#[derive(Clone)]
pub(super) struct Document {
    /// Random, for life: names the keystore as a trust domain.
    pub(super) id: [u8; 16],
    /// Counts the changes.
    pub(super) revision: u64,
    pub(super) keys: Arc<Keyset>,
}

impl Document {
    /// The content, in memory that is wiped.
    pub(super) fn encode(&self) -> Result<SecretBytes, KekFault> {
        let json = serde_json::to_vec(&self.index()).map_err(|_| KekFault::Corrupt)?;
        let json_len = u32::try_from(json.len()).map_err(|_| KekFault::Unsupported)?;
        let material = || {
            self.keys
                .keys()
                .flat_map(|(_, key)| key.versions.iter().filter_map(|v| v.material.as_ref()))
        };
        let length = LENGTH_LEN + json.len() + material().count() * MATERIAL_LEN;
        SecretBytes::try_init_with(length, |place| {
            let (head, places) = place.split_at_mut(LENGTH_LEN + json.len());
            head[..LENGTH_LEN].copy_from_slice(&json_len.to_be_bytes());
            head[LENGTH_LEN..].copy_from_slice(&json);
            for (place, secret) in places.chunks_exact_mut(MATERIAL_LEN).zip(material()) {
                place.copy_from_slice(secret.expose());
            }
            Ok(())
        })
    }

    /// Reads a content. It was authenticated, so whatever is wrong with it is a fault of its writer.
    pub(super) fn decode(content: &SecretBytes) -> Result<Self, KekFault> {
        let (length, rest) = content
            .expose()
            .split_first_chunk::<LENGTH_LEN>()
            .ok_or(KekFault::Corrupt)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| KekFault::Corrupt)?;
        let (json, material) = rest.split_at_checked(length).ok_or(KekFault::Corrupt)?;
        let mut material = Material(material);
        let index = Index::parse(json)?;
        let mut keys = Keyset::default();
        for entry in index.keys {
            let (name, key) = entry.key(&mut material)?;
            keys.append(name, key)?;
        }
        material.end()?;
        let id = HEXLOWER.decode(index.id.as_bytes()).ok();
        Ok(Self {
            id: id.and_then(|id| id.try_into().ok()).ok_or(KekFault::Corrupt)?,
            revision: index.revision,
            keys: Arc::new(keys),
        })
    }

    /// What follows this content when the keys have become `keys`.
    pub(super) fn successor(&self, keys: Arc<Keyset>) -> Self {
        Self {
            id: self.id,
            revision: self.revision + 1,
            keys,
        }
    }

    /// Whether this content may take the place of `before` in a running process. Another keystore has other keys
    /// under the same key URIs; an older copy would bring back what was disabled or destroyed since.
    pub(super) fn may_follow(&self, before: &Self, is_same: bool) -> Result<(), KekFault> {
        if self.id != before.id {
            return Err(KekFault::Corrupt);
        }
        if !is_same && self.revision <= before.revision {
            return Err(KekFault::RolledBack);
        }
        Ok(())
    }

    fn index(&self) -> Index {
        let formats = self.keys.keys().map(|(_, key)| match key.purpose {
            Purpose::Wrap => SYMMETRIC_ONLY,
            Purpose::Pair(_) | Purpose::Sign(_) => WITHOUT_TOKENS,
            Purpose::Fpe | Purpose::Derive => FORMAT,
        });
        Index {
            format: formats.max().unwrap_or(SYMMETRIC_ONLY),
            id: HEXLOWER.encode(&self.id),
            revision: self.revision,
            keys: self.keys.keys().map(|(name, key)| KeyEntry::new(name, key)).collect(),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    format: u32,
    id: String,
    revision: u64,
    keys: Vec<KeyEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyEntry {
    name: String,
    /// The mechanism of a key pair, whose material is its seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kem: Option<String>,
    /// The scheme of a signature key, whose material is its seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
    /// Of a root: what is derived from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    derives: Option<String>,
    /// Whether it is a key of tokens.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    fpe: bool,
    created: u64,
    state: State,
    primary: VersionNumber,
    versions: Vec<VersionEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct VersionEntry {
    number: VersionNumber,
    created: u64,
    state: State,
}

impl Index {
    fn parse(json: &[u8]) -> Result<Self, KekFault> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let Format { format } = serde_json::from_slice(json).map_err(|_| KekFault::Corrupt)?;
        if format > FORMAT {
            return Err(KekFault::TooNew);
        }
        serde_json::from_slice(json).map_err(|_| KekFault::Corrupt)
    }
}

impl KeyEntry {
    fn new(name: &KeyName, key: &Key) -> Self {
        let versions = key.versions.iter().map(|version| VersionEntry {
            number: version.number,
            created: version.created,
            state: version.state,
        });
        Self {
            name: name.as_str().to_owned(),
            kem: key.purpose.kem().map(|kem| kem.name().to_owned()),
            signature: key.purpose.signature().map(|scheme| scheme.name().to_owned()),
            derives: (key.purpose == Purpose::Derive).then(|| ATTRIBUTE_KEYS.to_owned()),
            fpe: key.purpose == Purpose::Fpe,
            created: key.created,
            state: key.state,
            primary: key.primary,
            versions: versions.collect(),
        }
    }

    fn key(self, material: &mut Material<'_>) -> Result<(KeyName, Key), KekFault> {
        let name = KeyName::parse(&self.name).map_err(|_| KekFault::Corrupt)?;
        let purpose = self.purpose()?;
        let versions = self.versions.into_iter().map(|entry| entry.version(material));
        let key = Key {
            purpose,
            created: self.created,
            state: self.state,
            primary: self.primary,
            versions: versions.collect::<Result<_, _>>()?,
        };
        Ok((name, key))
    }

    fn purpose(&self) -> Result<Purpose, KekFault> {
        let said = (
            self.kem.as_deref(),
            self.signature.as_deref(),
            self.derives.as_deref(),
            self.fpe,
        );
        let purpose = match said {
            (None, None, None, false) => Some(Purpose::Wrap),
            (Some(kem), None, None, false) => Kem::from_name(kem).map(Purpose::Pair),
            (None, Some(scheme), None, false) => SignatureScheme::from_name(scheme).map(Purpose::Sign),
            (None, None, Some(ATTRIBUTE_KEYS), false) => Some(Purpose::Derive),
            (None, None, None, true) => Some(Purpose::Fpe),
            _ => None,
        };
        purpose.ok_or(KekFault::Corrupt)
    }
}

impl VersionEntry {
    fn version(self, material: &mut Material<'_>) -> Result<Version, KekFault> {
        let material = match self.state {
            State::Destroyed => None,
            _ => Some(Arc::new(material.take()?)),
        };
        Ok(Version {
            number: self.number,
            created: self.created,
            state: self.state,
            material,
            public: Arc::default(),
        })
    }
}

/// The key material that was not taken yet.
struct Material<'a>(&'a [u8]);

impl Material<'_> {
    fn take(&mut self) -> Result<Secret<32>, KekFault> {
        let (next, rest) = self.0.split_first_chunk::<MATERIAL_LEN>().ok_or(KekFault::Corrupt)?;
        self.0 = rest;
        Ok(Secret::init_with(|place| place.copy_from_slice(next)))
    }

    fn end(self) -> Result<(), KekFault> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(KekFault::Corrupt)
        }
    }
}

/// The format with keys of tokens and roots of attribute keys.
const FORMAT: u32 = 3;
/// The format without them, with key pairs and signature keys. Older versions read it; they take neither a new field nor
/// another key for a KEK.
const WITHOUT_TOKENS: u32 = 2;
/// The format with none of these, which the first version reads too.
const SYMMETRIC_ONLY: u32 = 1;
/// What roots are for.
const ATTRIBUTE_KEYS: &str = "attribute-keys";
const LENGTH_LEN: usize = 4;
const MATERIAL_LEN: usize = 32;

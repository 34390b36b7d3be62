//! `[key.NAME]` as it is written.

use std::fmt;
use std::path::PathBuf;

use kms_core::Posture;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawKey {
    pub(super) uri: Option<Spanned<RawMember>>,
    pub(super) hybrid: Option<Spanned<RawMember>>,
    pub(super) any: Option<Spanned<Vec<Spanned<RawMember>>>>,
    pub(super) quorum: Option<Spanned<RawQuorum>>,
    pub(super) wrap_at_least: Option<Spanned<usize>>,
    pub(super) suite: Option<Spanned<String>>,
    pub(super) residency: Option<Spanned<Vec<String>>>,
    pub(super) floor: Option<Spanned<RawFloor>>,
    pub(super) expose: Option<Spanned<Vec<String>>>,
    #[serde(default)]
    pub(super) mixed_passphrase: bool,
    pub(super) context: Option<Spanned<Vec<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawQuorum {
    pub(super) k: Spanned<u8>,
    pub(super) of: Spanned<Vec<Spanned<RawMember>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFloor {
    pub(super) posture: Option<RawPosture>,
    pub(super) quorum: Option<u8>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawPosture {
    QuantumSafe,
    Hedged,
}

impl From<RawPosture> for Posture {
    fn from(raw: RawPosture) -> Self {
        match raw {
            RawPosture::QuantumSafe => Self::PostQuantum,
            RawPosture::Hedged => Self::Hedged,
        }
    }
}

/// `"URI"`; `{ uri = "URI", provider = "NAME" }`; a public key, in base64url or in a file; or `classical` and `kem`, each
/// one of these. Whatever has a public key may pin it by its thumbprint.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFields {
    pub(super) uri: Option<String>,
    pub(super) provider: Option<String>,
    pub(super) public_key: Option<String>,
    pub(super) public_key_file: Option<PathBuf>,
    pub(super) classical: Option<Box<RawMember>>,
    pub(super) kem: Option<Box<RawMember>>,
    pub(super) thumbprint: Option<OneOrMore>,
}

/// A recipient as it is written.
pub(super) struct RawMember(pub(super) RawFields);

/// `"THUMBPRINT"`, or a list of them while a key changes.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    pub(super) fn texts(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::More(texts) => texts,
        }
    }
}

impl<'de> Deserialize<'de> for RawMember {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = RawMember;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key URI, or a table with one, a public key, or `classical` and `kem`")
            }

            fn visit_str<E>(self, uri: &str) -> Result<RawMember, E> {
                Ok(RawMember(RawFields {
                    uri: Some(uri.to_owned()),
                    ..RawFields::default()
                }))
            }

            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<RawMember, M::Error> {
                RawFields::deserialize(MapAccessDeserializer::new(map)).map(RawMember)
            }
        }

        deserializer.deserialize_any(Either)
    }
}

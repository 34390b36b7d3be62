//! `[key.NAME]` as it is written.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawKey {
    pub(super) uri: Option<Spanned<RawMember>>,
    pub(super) any: Option<Spanned<Vec<Spanned<RawMember>>>>,
    pub(super) quorum: Option<Spanned<RawQuorum>>,
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

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawPosture {
    QuantumSafe,
    Hedged,
}

/// `"URI"`, or `{ uri = "URI", provider = "NAME" }`.
pub(super) struct RawMember {
    pub(super) uri: String,
    pub(super) provider: Option<String>,
}

impl<'de> Deserialize<'de> for RawMember {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = RawMember;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key URI or { uri, provider }")
            }

            fn visit_str<E>(self, uri: &str) -> Result<RawMember, E> {
                Ok(RawMember {
                    uri: uri.to_owned(),
                    provider: None,
                })
            }

            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<RawMember, M::Error> {
                #[derive(Deserialize)]
                #[serde(deny_unknown_fields)]
                struct Table {
                    uri: String,
                    provider: String,
                }
                let Table { uri, provider } = Table::deserialize(MapAccessDeserializer::new(map))?;
                Ok(RawMember {
                    uri,
                    provider: Some(provider),
                })
            }
        }

        deserializer.deserialize_any(Either)
    }
}

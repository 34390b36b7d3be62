//! Requests and replies, as the REST API has them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::bytes::{Url, UrlBytes};

/// The version of the REST API: the first with all that is used here, so that clouds which lag behind have it too.
pub(super) const API_VERSION: &str = "7.4";

pub(super) type Tags = BTreeMap<String, String>;

/// wrapKey, unwrapKey, encrypt, decrypt.
#[derive(Serialize)]
pub(super) struct Operation<'a> {
    pub(super) alg: &'static str,
    pub(super) value: Url<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) iv: Option<Url<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) aad: Option<Url<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tag: Option<Url<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Operated {
    pub(super) kid: String,
    pub(super) value: UrlBytes,
    pub(super) iv: Option<UrlBytes>,
    pub(super) tag: Option<UrlBytes>,
}

/// A key, its attributes and tags.
#[derive(Deserialize)]
pub(super) struct Bundle {
    pub(super) key: WebKey,
    #[serde(default)]
    pub(super) attributes: Attributes,
    #[serde(default)]
    pub(super) tags: Option<Tags>,
    #[serde(default)]
    pub(super) managed: bool,
}

#[derive(Deserialize)]
pub(super) struct WebKey {
    pub(super) kid: String,
    #[serde(default)]
    pub(super) kty: String,
    #[serde(default)]
    pub(super) key_ops: Vec<String>,
    pub(super) n: Option<UrlBytes>,
    pub(super) e: Option<UrlBytes>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Attributes {
    pub(super) enabled: Option<bool>,
    pub(super) nbf: Option<i64>,
    pub(super) exp: Option<i64>,
    pub(super) created: Option<i64>,
    pub(super) exportable: Option<bool>,
    pub(super) recoverable_days: Option<u64>,
    pub(super) recovery_level: Option<String>,
}

/// A key that waits for deletion, or one as a listing of such keys has it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Deleted {
    pub(super) kid: Option<String>,
    pub(super) key: Option<WebKey>,
    #[serde(default)]
    pub(super) attributes: Attributes,
    pub(super) scheduled_purge_date: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page<T> {
    #[serde(default = "Vec::new")]
    pub(super) value: Vec<T>,
    #[serde(default)]
    pub(super) next_link: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Item {
    pub(super) kid: String,
    #[serde(default)]
    pub(super) attributes: Attributes,
    #[serde(default)]
    pub(super) tags: Option<Tags>,
    #[serde(default)]
    pub(super) managed: bool,
}

#[derive(Serialize)]
pub(super) struct CreateKey<'a> {
    pub(super) kty: &'a str,
    pub(super) key_size: u32,
    pub(super) key_ops: &'a [&'a str],
    pub(super) attributes: NewAttributes,
    pub(super) tags: &'a Tags,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) release_policy: Option<ReleasePolicy<'a>>,
}

#[derive(Serialize, Clone, Copy)]
pub(super) struct NewAttributes {
    pub(super) enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exportable: Option<bool>,
}

#[derive(Serialize, Clone, Copy)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReleasePolicy<'a> {
    pub(super) content_type: &'static str,
    pub(super) data: Url<'a>,
}

#[derive(Serialize)]
pub(super) struct UpdateKey<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attributes: Option<NewAttributes>,
    pub(super) tags: &'a Tags,
}

#[derive(Serialize)]
pub(super) struct ImportKey<'a> {
    #[serde(rename = "Hsm", skip_serializing_if = "Option::is_none")]
    pub(super) hsm: Option<bool>,
    pub(super) key: ImportedKey<'a>,
    pub(super) attributes: NewAttributes,
    pub(super) tags: &'a Tags,
}

/// What an imported key is made of: a transfer blob, or the key itself.
#[derive(Serialize, Default)]
pub(super) struct ImportedKey<'a> {
    pub(super) kty: &'a str,
    pub(super) key_ops: &'a [&'a str],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key_hsm: Option<Url<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) k: Option<Url<'a>>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(super) rsa: Option<RsaParts<'a>>,
}

/// RFC 7518 6.3.
#[derive(Serialize, Clone, Copy)]
pub(super) struct RsaParts<'a> {
    pub(super) n: Url<'a>,
    pub(super) e: Url<'a>,
    pub(super) d: Url<'a>,
    pub(super) p: Url<'a>,
    pub(super) q: Url<'a>,
    pub(super) dp: Url<'a>,
    pub(super) dq: Url<'a>,
    pub(super) qi: Url<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Policy {
    #[serde(default)]
    pub(super) lifetime_actions: Vec<LifetimeAction>,
    #[serde(default)]
    pub(super) attributes: PolicyAttributes,
}

#[derive(Serialize, Deserialize)]
pub(super) struct LifetimeAction {
    #[serde(default)]
    pub(super) trigger: Trigger,
    pub(super) action: Action,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Trigger {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) time_after_create: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) time_before_expiry: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Action {
    #[serde(rename = "type")]
    pub(super) kind: String,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct PolicyAttributes {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expiry_time: Option<String>,
}

#[derive(Serialize)]
pub(super) struct ReleaseKey<'a> {
    pub(super) target: &'a str,
    pub(super) nonce: &'a str,
    pub(super) enc: &'static str,
}

#[derive(Deserialize)]
pub(super) struct ReleasedKey {
    pub(super) value: String,
}

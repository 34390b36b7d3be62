//! Requests and replies of the vault.

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value, json};

use super::Refusal;
use super::keys::{BAD, Key, Keys, NOT_FOUND, Version};
use super::material;
use super::tokens::decoded;
use crate::clock::now;

/// A request.
pub(super) struct Asked<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) host: &'a str,
    pub(super) body: &'a Value,
}

/// Acts. `Null` is a reply without content.
pub(super) fn run(keys: &mut Keys, asked: &Asked<'_>) -> Result<Value, Refusal> {
    if asked.parameter("api-version").is_none() {
        return Err((400, "BadParameter", ""));
    }
    let parts: Vec<&str> = asked.path.trim_matches('/').split('/').collect();
    match (asked.method, parts.as_slice()) {
        ("GET", ["keys"]) => list(keys, asked),
        ("GET", ["keys", name, "versions"]) => list_versions(keys, asked, name),
        ("POST", ["keys", name, "create"]) => {
            let version = material::create(keys, asked.body)?;
            add(keys, asked, name, version)
        }
        ("PUT", ["keys", name]) => {
            let version = material::import(keys, asked.body)?;
            add(keys, asked, name, version)
        }
        ("POST", ["keys", name, "rotate"]) => rotate(keys, asked, name),
        ("GET", ["keys", name, "rotationpolicy"]) => Ok(keys.key(name)?.policy.clone()),
        ("PUT", ["keys", name, "rotationpolicy"]) => set_policy(keys, asked, name),
        ("DELETE", ["keys", name]) => delete(keys, asked, name),
        ("GET", ["keys", name]) => show(keys, asked, name, ""),
        ("GET", ["keys", name, version]) => show(keys, asked, name, version),
        ("PATCH", ["keys", name, version]) => update(keys, asked, name, version),
        ("POST", ["keys", name, version, operation]) => operate(keys, asked, name, version, operation),
        ("GET", ["deletedkeys"]) => list_deleted(keys, asked),
        ("GET", ["deletedkeys", name]) => show_deleted(keys, asked.host, name),
        ("DELETE", ["deletedkeys", name]) => keys.deleted.remove(*name).map(|_| Value::Null).ok_or(NOT_FOUND),
        ("POST", ["deletedkeys", name, "recover"]) => recover(keys, asked, name),
        _ => Err((405, "MethodNotAllowed", "")),
    }
}

impl Asked<'_> {
    fn parameter(&self, wanted: &str) -> Option<String> {
        let mut pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs
            .find(|(name, _)| decoded(name).as_deref() == Some(wanted))
            .and_then(|(_, value)| decoded(value))
    }

    fn bytes(&self, name: &str) -> Result<Vec<u8>, Refusal> {
        let text = self.body[name].as_str().unwrap_or_default();
        BASE64URL_NOPAD
            .decode(text.trim_end_matches('=').as_bytes())
            .map_err(|_| BAD)
    }

    /// A page of what there is.
    fn page(&self, all: Vec<Value>) -> Value {
        let size = self
            .parameter("maxresults")
            .and_then(|size| size.parse().ok())
            .unwrap_or(25_usize);
        let from = self
            .parameter("$skiptoken")
            .and_then(|from| from.parse().ok())
            .unwrap_or(0_usize);
        let count = all.len();
        let page: Vec<Value> = all.into_iter().skip(from).take(size).collect();
        let next = from + page.len();
        let link = format!(
            "https://{}{}?api-version=7.4&$skiptoken={next}&maxresults={size}",
            self.host, self.path
        );
        json!({ "value": page, "nextLink": (next < count).then_some(link) })
    }
}

fn add(keys: &mut Keys, asked: &Asked<'_>, name: &str, mut version: Version) -> Result<Value, Refusal> {
    if keys.deleted.contains_key(name) {
        return Err((409, "Conflict", "ObjectIsDeletedButRecoverable"));
    }
    attributes(&mut version, asked.body);
    let reply = keys.bundle(asked.host, name, &version);
    let id = format!("https://{}/keys/{name}/rotationpolicy", asked.host);
    let policy = json!({ "id": id, "lifetimeActions": [], "attributes": {} });
    let key = keys.keys.entry(name.to_owned()).or_insert(Key {
        versions: Vec::new(),
        policy,
    });
    key.versions.push(version);
    Ok(reply)
}

fn attributes(version: &mut Version, body: &Value) {
    let told = &body["attributes"];
    if let Some(is_enabled) = told["enabled"].as_bool() {
        version.is_enabled = is_enabled;
    }
    for (name, date) in [("nbf", &mut version.not_before), ("exp", &mut version.expires)] {
        *date = told[name].as_i64().or(*date);
    }
    if let Some(tags) = body["tags"].as_object() {
        version.tags.clone_from(tags);
    }
    if let Some(operations) = body["key_ops"].as_array() {
        version.operations = operations.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    }
}

fn show(keys: &mut Keys, asked: &Asked<'_>, name: &str, version: &str) -> Result<Value, Refusal> {
    keys.version(name, version)?;
    let key = &keys.keys[name];
    let version = key
        .versions
        .iter()
        .rev()
        .find(|known| version.is_empty() || known.id == version);
    Ok(keys.bundle(asked.host, name, version.ok_or(NOT_FOUND)?))
}

fn update(keys: &mut Keys, asked: &Asked<'_>, name: &str, version: &str) -> Result<Value, Refusal> {
    attributes(keys.version(name, version)?, asked.body);
    show(keys, asked, name, version)
}

fn rotate(keys: &mut Keys, asked: &Asked<'_>, name: &str) -> Result<Value, Refusal> {
    let version = material::again(keys, name)?;
    add(keys, asked, name, version)
}

fn set_policy(keys: &mut Keys, asked: &Asked<'_>, name: &str) -> Result<Value, Refusal> {
    let actions = asked.body["lifetimeActions"].as_array().ok_or(BAD)?;
    let is_action = |action: &Value| matches!(action["action"]["type"].as_str(), Some("Rotate" | "Notify"));
    if !actions.iter().all(is_action) {
        return Err(BAD);
    }
    let policy = &mut keys.key(name)?.policy;
    policy["lifetimeActions"] = asked.body["lifetimeActions"].clone();
    policy["attributes"] = asked.body["attributes"].clone();
    Ok(policy.clone())
}

fn operate(keys: &mut Keys, asked: &Asked<'_>, name: &str, id: &str, operation: &str) -> Result<Value, Refusal> {
    if operation == "release" {
        return material::release(keys, asked.host, name, id, asked.body);
    }
    let operation = match operation {
        "wrapkey" => "wrapKey",
        "unwrapkey" => "unwrapKey",
        "encrypt" | "decrypt" => operation,
        _ => return Err((405, "MethodNotAllowed", "")),
    };
    let version = keys.version(name, id)?;
    version.may(operation)?;
    let alg = asked.body["alg"].as_str().ok_or(BAD)?;
    if (alg == "A256GCM") != matches!(operation, "encrypt" | "decrypt") && alg != "RSA-OAEP-256" {
        return Err(BAD);
    }
    let [value, iv, tag, aad] = ["value", "iv", "tag", "aad"].map(|name| asked.bytes(name));
    let mut reply = json!({ "kid": format!("https://{}/keys/{name}/{}", asked.host, version.id) });
    if matches!(operation, "unwrapKey" | "decrypt") {
        let opened = version.open(alg, &value?, [&iv?, &tag?, &aad?])?;
        reply["value"] = json!(BASE64URL_NOPAD.encode(&opened));
        return Ok(reply);
    }
    let [sealed, iv, tag] = version.seal(alg, &value?, &aad?)?;
    reply["value"] = json!(BASE64URL_NOPAD.encode(&sealed));
    if alg == "A256GCM" {
        reply["iv"] = json!(BASE64URL_NOPAD.encode(&iv));
        reply["tag"] = json!(BASE64URL_NOPAD.encode(&tag));
        reply["aad"] = asked.body["aad"].clone();
    }
    Ok(reply)
}

fn list(keys: &Keys, asked: &Asked<'_>) -> Result<Value, Refusal> {
    let item = |(name, key): (&String, &Key)| {
        let current = key.versions.last().ok_or(NOT_FOUND)?;
        Ok(json!({
            "kid": format!("https://{}/keys/{name}", asked.host),
            "attributes": keys.attributes(current),
            "tags": current.tags,
        }))
    };
    let all: Result<Vec<Value>, Refusal> = keys.keys.iter().map(item).collect();
    Ok(asked.page(all?))
}

fn list_versions(keys: &mut Keys, asked: &Asked<'_>, name: &str) -> Result<Value, Refusal> {
    keys.key(name)?;
    let item = |version: &Version| {
        json!({
            "kid": format!("https://{}/keys/{name}/{}", asked.host, version.id),
            "attributes": keys.attributes(version),
            "tags": version.tags,
        })
    };
    // In no order that means anything, as in Azure.
    let mut all: Vec<Value> = keys.keys[name].versions.iter().map(item).collect();
    all.sort_by(|one, other| one["kid"].as_str().cmp(&other["kid"].as_str()));
    Ok(asked.page(all))
}

fn delete(keys: &mut Keys, asked: &Asked<'_>, name: &str) -> Result<Value, Refusal> {
    let key = keys.keys.remove(name).ok_or(NOT_FOUND)?;
    let days = i64::try_from(keys.recoverable_days).unwrap_or_default();
    keys.deleted.insert(name.to_owned(), (key, now() + days * 86_400));
    show_deleted(keys, asked.host, name)
}

fn show_deleted(keys: &Keys, host: &str, name: &str) -> Result<Value, Refusal> {
    let (key, due) = keys.deleted.get(name).ok_or(NOT_FOUND)?;
    let mut told = keys.bundle(host, name, key.versions.last().ok_or(NOT_FOUND)?);
    waiting(&mut told, host, name, *due);
    Ok(told)
}

fn list_deleted(keys: &Keys, asked: &Asked<'_>) -> Result<Value, Refusal> {
    let all = keys.deleted.iter().map(|(name, (key, due))| {
        let mut told = json!({ "kid": format!("https://{}/keys/{name}", asked.host), "tags": Map::new() });
        if let Some(current) = key.versions.last() {
            told["attributes"] = keys.attributes(current);
        }
        waiting(&mut told, asked.host, name, *due);
        told
    });
    Ok(asked.page(all.collect()))
}

fn waiting(told: &mut Value, host: &str, name: &str, due: i64) {
    told["recoveryId"] = json!(format!("https://{host}/deletedkeys/{name}"));
    told["deletedDate"] = json!(now());
    told["scheduledPurgeDate"] = json!(due);
}

fn recover(keys: &mut Keys, asked: &Asked<'_>, name: &str) -> Result<Value, Refusal> {
    let (key, _) = keys.deleted.remove(name).ok_or(NOT_FOUND)?;
    keys.keys.insert(name.to_owned(), key);
    show(keys, asked, name, "")
}

//! Keys, versions, import jobs.

use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded};
use aws_lc_rs::rsa::KeySize;
use data_encoding::BASE64;
use serde_json::{Value, json};

use super::Refusal;
use super::crypto::{oaep, pem};
use super::keys::{Cloud, INVALID, Job, Key, Material, Version, rsa_pair};
use super::routes::Query;
use crate::clock::rfc3339;

pub(super) fn create_key(cloud: &mut Cloud, name: &str, query: &Query<'_>, body: &Value) -> Result<Value, Refusal> {
    let (ring, _) = name.rsplit_once('/').ok_or(INVALID)?;
    if !cloud.rings.contains_key(ring) {
        return Err((404, "NOT_FOUND", None));
    }
    let id = query.text("cryptoKeyId").filter(|id| is_id(id)).ok_or(INVALID)?;
    let name = format!("{ring}/cryptoKeys/{id}");
    if cloud.keys.contains_key(&name) {
        return Err((409, "ALREADY_EXISTS", None));
    }
    let now = cloud.now();
    let mut key = described(name, body, now)?;
    if query.text("skipInitialVersionCreation").as_deref() != Some("true") && !key.import_only {
        if key.protection == "EXTERNAL" {
            return Err(INVALID);
        }
        key.add(now, None)?;
        key.primary = (key.purpose == "ENCRYPT_DECRYPT").then_some(1);
    }
    let told = key.told();
    cloud.keys.insert(key.name.clone(), key);
    Ok(told)
}

fn described(name: String, body: &Value, now: i64) -> Result<Key, Refusal> {
    let purpose = body["purpose"].as_str().ok_or(INVALID)?;
    let template = &body["versionTemplate"];
    let algorithm = template["algorithm"].as_str();
    let algorithm = algorithm.or((purpose == "ENCRYPT_DECRYPT").then_some("GOOGLE_SYMMETRIC_ENCRYPTION"));
    let algorithm = algorithm.ok_or(INVALID)?;
    let protection = template["protectionLevel"].as_str().unwrap_or("SOFTWARE");
    let fits = match purpose {
        "ENCRYPT_DECRYPT" => algorithm.ends_with("SYMMETRIC_ENCRYPTION"),
        "ASYMMETRIC_DECRYPT" => algorithm.starts_with("RSA_DECRYPT_OAEP_"),
        "MAC" => algorithm.starts_with("HMAC_"),
        "RAW_ENCRYPT_DECRYPT" => algorithm.starts_with("AES_"),
        "KEY_ENCAPSULATION" => matches!(algorithm, "ML_KEM_768" | "ML_KEM_1024" | "KEM_XWING"),
        _ => false,
    };
    let is_external = protection.starts_with("EXTERNAL");
    if !fits || is_external != (algorithm == "EXTERNAL_SYMMETRIC_ENCRYPTION") {
        return Err(INVALID);
    }
    let destroy = body["destroyScheduledDuration"]
        .as_str()
        .map_or(Ok(30 * DAY), seconds)?;
    let backend = body["cryptoKeyBackend"].as_str().map(str::to_owned);
    if !(DAY..=120 * DAY).contains(&destroy) || backend.is_some() != (protection == "EXTERNAL_VPC") {
        return Err(INVALID);
    }
    let mut key = Key {
        name,
        purpose: purpose.to_owned(),
        algorithm: algorithm.to_owned(),
        protection: protection.to_owned(),
        created: now,
        labels: json!({}),
        rotation_period: None,
        next_rotation: None,
        destroy_seconds: destroy,
        import_only: body["importOnly"] == true,
        backend,
        primary: None,
        earlier_primary: None,
        versions: Vec::new(),
    };
    rotate_every(&mut key, body)?;
    labels(&mut key, body)?;
    Ok(key)
}

fn rotate_every(key: &mut Key, body: &Value) -> Result<(), Refusal> {
    let (period, next) = (body["rotationPeriod"].as_str(), body["nextRotationTime"].as_str());
    let is_rotated = key.purpose == "ENCRYPT_DECRYPT" && !key.import_only && !key.protection.starts_with("EXTERNAL");
    match (period, next) {
        (None, None) => {}
        (Some(period), Some(_)) if is_rotated && seconds(period)? >= DAY => {}
        _ => return Err(INVALID),
    }
    (key.rotation_period, key.next_rotation) = (period.map(str::to_owned), next.map(str::to_owned));
    Ok(())
}

fn labels(key: &mut Key, body: &Value) -> Result<(), Refusal> {
    let labels = body["labels"].as_object().cloned().unwrap_or_default();
    let is_label = |text: &str| {
        let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
        text.len() <= 63 && text.chars().all(is_allowed)
    };
    let are_labels = labels
        .iter()
        .all(|(name, value)| is_label(name) && value.as_str().is_some_and(is_label));
    if !are_labels || labels.len() > 64 {
        return Err(INVALID);
    }
    key.labels = Value::Object(labels);
    Ok(())
}

pub(super) fn key(cloud: &mut Cloud, name: &str, _: &Query<'_>, _: &Value) -> Result<Value, Refusal> {
    let key = cloud.key(name)?;
    key.versions.iter_mut().for_each(Version::looked_at);
    Ok(key.told())
}

pub(super) fn list_keys(cloud: &mut Cloud, name: &str, query: &Query<'_>, _: &Value) -> Result<Value, Refusal> {
    let (ring, _) = name.rsplit_once('/').ok_or(INVALID)?;
    if !cloud.rings.contains_key(ring) {
        return Err((404, "NOT_FOUND", None));
    }
    let prefix = format!("{name}/");
    let keys = cloud.keys.values().filter(|key| key.name.starts_with(&prefix));
    page("cryptoKeys", keys.map(Key::told).collect(), query)
}

pub(super) fn update_key(cloud: &mut Cloud, name: &str, query: &Query<'_>, body: &Value) -> Result<Value, Refusal> {
    let key = cloud.key(name)?;
    let mask = query.text("updateMask").ok_or(INVALID)?;
    for field in mask.split(',') {
        match field {
            "labels" => labels(key, body)?,
            "rotationPeriod" | "nextRotationTime" => rotate_every(key, body)?,
            _ => return Err(INVALID),
        }
    }
    Ok(key.told())
}

pub(super) fn update_primary(cloud: &mut Cloud, name: &str, _: &Query<'_>, body: &Value) -> Result<Value, Refusal> {
    let key = cloud.key(name)?;
    let number = body["cryptoKeyVersionId"]
        .as_str()
        .and_then(|id| id.parse().ok())
        .ok_or(INVALID)?;
    let version = key.numbered(number).ok_or((404, "NOT_FOUND", None))?;
    if key.purpose != "ENCRYPT_DECRYPT" || version.state != "ENABLED" {
        return Err((400, "FAILED_PRECONDITION", None));
    }
    key.earlier_primary = key.primary;
    key.primary = Some(number);
    Ok(key.told())
}

pub(super) fn create_version(cloud: &mut Cloud, name: &str, _: &Query<'_>, body: &Value) -> Result<Value, Refusal> {
    let now = cloud.now();
    let key = cloud.key(name.trim_end_matches("/cryptoKeyVersions"))?;
    if key.import_only {
        return Err((400, "FAILED_PRECONDITION", None));
    }
    let external = body["externalProtectionLevelOptions"].clone();
    let fits = match key.protection.as_str() {
        "EXTERNAL" => external["externalKeyUri"].is_string(),
        "EXTERNAL_VPC" => external["ekmConnectionKeyPath"].is_string(),
        _ => external.is_null(),
    };
    if !fits {
        return Err(INVALID);
    }
    let version = key.add(now, None)?;
    version.external = external;
    Ok(version.told())
}

pub(super) fn list_versions(cloud: &mut Cloud, name: &str, query: &Query<'_>, _: &Value) -> Result<Value, Refusal> {
    let key = cloud.key(name.trim_end_matches("/cryptoKeyVersions"))?;
    key.versions.iter_mut().for_each(Version::looked_at);
    let versions = key.versions.iter().map(Version::told).collect();
    page("cryptoKeyVersions", versions, query)
}

pub(super) fn version(cloud: &mut Cloud, name: &str, _: &Query<'_>, _: &Value) -> Result<Value, Refusal> {
    let (key, at) = cloud.version(name)?;
    key.versions[at].looked_at();
    Ok(key.versions[at].told())
}

pub(super) fn update_version(cloud: &mut Cloud, name: &str, query: &Query<'_>, body: &Value) -> Result<Value, Refusal> {
    let (key, at) = cloud.version(name)?;
    let version = &mut key.versions[at];
    if query.text("updateMask").as_deref() != Some("state") {
        return Err(INVALID);
    }
    let state = match body["state"].as_str() {
        Some("ENABLED") => "ENABLED",
        Some("DISABLED") => "DISABLED",
        _ => return Err(INVALID),
    };
    if !matches!(version.state, "ENABLED" | "DISABLED") {
        return Err((400, "FAILED_PRECONDITION", None));
    }
    version.state = state;
    Ok(version.told())
}

pub(super) fn destroy(cloud: &mut Cloud, name: &str, _: &Query<'_>, _: &Value) -> Result<Value, Refusal> {
    let now = cloud.now();
    let (key, at) = cloud.version(name)?;
    let due = now + key.destroy_seconds;
    let version = &mut key.versions[at];
    if !matches!(version.state, "ENABLED" | "DISABLED") {
        return Err((400, "FAILED_PRECONDITION", None));
    }
    (version.state, version.destroy) = ("DESTROY_SCHEDULED", Some(due));
    Ok(version.told())
}

pub(super) fn restore(cloud: &mut Cloud, name: &str, _: &Query<'_>, _: &Value) -> Result<Value, Refusal> {
    let (key, at) = cloud.version(name)?;
    let version = &mut key.versions[at];
    if version.state != "DESTROY_SCHEDULED" {
        return Err((400, "FAILED_PRECONDITION", None));
    }
    (version.state, version.destroy) = ("DISABLED", None);
    Ok(version.told())
}

pub(super) fn create_import_job(
    cloud: &mut Cloud,
    name: &str,
    query: &Query<'_>,
    body: &Value,
) -> Result<Value, Refusal> {
    let (ring, _) = name.rsplit_once('/').ok_or(INVALID)?;
    if !cloud.rings.contains_key(ring) {
        return Err((404, "NOT_FOUND", None));
    }
    let id = query.text("importJobId").filter(|id| is_id(id)).ok_or(INVALID)?;
    let method = body["importMethod"].as_str().ok_or(INVALID)?;
    let size = match method {
        "RSA_OAEP_4096_SHA256_AES_256" | "RSA_OAEP_4096_SHA256" => KeySize::Rsa4096,
        "RSA_OAEP_3072_SHA256_AES_256" | "RSA_OAEP_3072_SHA256" => KeySize::Rsa3072,
        _ => return Err(INVALID),
    };
    let protection = body["protectionLevel"].as_str();
    let protection = protection
        .filter(|level| matches!(*level, "SOFTWARE" | "HSM"))
        .ok_or(INVALID)?;
    let name = format!("{name}/{id}");
    if cloud.jobs.contains_key(&name) {
        return Err((409, "ALREADY_EXISTS", None));
    }
    let job = Job {
        method: method.to_owned(),
        protection: protection.to_owned(),
        created: cloud.now(),
        pair: rsa_pair(size),
        looks: u32::from(protection == "HSM"),
    };
    let told = job.told(&name);
    cloud.jobs.insert(name, job);
    Ok(told)
}

pub(super) fn import_job(cloud: &mut Cloud, name: &str, _: &Query<'_>, _: &Value) -> Result<Value, Refusal> {
    let job = cloud.jobs.get_mut(name).ok_or((404, "NOT_FOUND", None))?;
    job.looks = job.looks.saturating_sub(1);
    Ok(job.told(name))
}

impl Job {
    fn told(&self, name: &str) -> Value {
        let mut told = json!({
            "name": name,
            "importMethod": self.method,
            "protectionLevel": self.protection,
            "createTime": rfc3339(self.created),
            "expireTime": rfc3339(self.created + 3 * DAY),
            "state": "PENDING_GENERATION",
        });
        if self.looks == 0 {
            told["state"] = json!("ACTIVE");
            told["generateTime"] = json!(rfc3339(self.created));
            told["publicKey"] = json!({ "pem": pem(&self.pair) });
        }
        told
    }
}

pub(super) fn import(cloud: &mut Cloud, name: &str, _: &Query<'_>, body: &Value) -> Result<Value, Refusal> {
    let now = cloud.now();
    let job_name = body["importJob"].as_str().ok_or(INVALID)?.to_owned();
    let job = cloud.jobs.get(&job_name).ok_or((404, "NOT_FOUND", None))?;
    let wrapped = body["wrappedKey"].as_str().ok_or(INVALID)?;
    let wrapped = BASE64.decode(wrapped.as_bytes()).map_err(|_| INVALID)?;
    let (material, protection) = (imported(job, &wrapped)?, job.protection.clone());
    let key = cloud.key(name.trim_end_matches("/cryptoKeyVersions"))?;
    if key.protection != protection || body["algorithm"] != key.algorithm.as_str() {
        return Err(INVALID);
    }
    Ok(key.add(now, Some((Material::Aes(material), job_name)))?.told())
}

/// RSA-OAEP alone, or RSA-OAEP over an AES key and AES-KWP over the material.
fn imported(job: &Job, wrapped: &[u8]) -> Result<[u8; 32], Refusal> {
    let modulus = job.pair.key_size_bytes();
    let (first, rest) = wrapped.split_at_checked(modulus).ok_or(INVALID)?;
    let opened = oaep(&job.pair, first)?;
    match (job.method.ends_with("_AES_256"), rest.is_empty()) {
        (false, true) => opened.try_into().map_err(|_| INVALID),
        (true, false) => {
            let kek = AesKek::new(&AES_256, &opened).map_err(|_| INVALID)?;
            let mut place = vec![0; rest.len()];
            let unwrapped: &[u8] = kek.unwrap_with_padding(rest, &mut place).map_err(|_| INVALID)?;
            unwrapped.try_into().map_err(|_| INVALID)
        }
        _ => Err(INVALID),
    }
}

/// A page of a listing, of as many entries as are asked for.
pub(super) fn page(name: &str, entries: Vec<Value>, query: &Query<'_>) -> Result<Value, Refusal> {
    let size = query.number("pageSize").filter(|size| *size > 0).unwrap_or(100);
    let from = match query.text("pageToken").filter(|token| !token.is_empty()) {
        Some(token) => token
            .strip_prefix("from=")
            .and_then(|at| at.parse().ok())
            .ok_or(INVALID)?,
        None => 0,
    };
    let total = entries.len();
    let some: Vec<_> = entries.into_iter().skip(from).take(size).collect();
    let next = from + some.len();
    let mut reply = json!({ "totalSize": total });
    if !some.is_empty() {
        reply[name] = json!(some);
    }
    if next < total {
        reply["nextPageToken"] = json!(format!("from={next}"));
    }
    Ok(reply)
}

pub(super) fn is_id(id: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    matches!(id.len(), 1..=63) && id.chars().all(is_allowed)
}

fn seconds(text: &str) -> Result<i64, Refusal> {
    text.strip_suffix('s')
        .and_then(|number| number.parse().ok())
        .ok_or(INVALID)
}

const DAY: i64 = 86_400;

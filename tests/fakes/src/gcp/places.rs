//! Key rings, external key managers, Autokey.

use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use super::Refusal;
use super::actions::{is_id, page};
use super::keys::{Cloud, INVALID, random};
use super::routes::Query;
use crate::clock::rfc3339;

pub(super) fn location(_: &mut Cloud, name: &str, _: &Query<'_>, _: &Value) -> Result<Value, Refusal> {
    let id = name.rsplit('/').next().unwrap_or_default();
    Ok(json!({ "name": name, "locationId": id, "displayName": id }))
}

pub(super) fn create_ring(cloud: &mut Cloud, name: &str, query: &Query<'_>, _: &Value) -> Result<Value, Refusal> {
    let id = query.text("keyRingId").filter(|id| is_id(id)).ok_or(INVALID)?;
    let name = format!("{name}/{id}");
    if cloud.rings.contains_key(&name) {
        return Err((409, "ALREADY_EXISTS", None));
    }
    let now = cloud.now();
    cloud.rings.insert(name.clone(), now);
    Ok(told(&name, now))
}

pub(super) fn ring(cloud: &mut Cloud, name: &str, _: &Query<'_>, _: &Value) -> Result<Value, Refusal> {
    let created = cloud.rings.get(name).ok_or((404, "NOT_FOUND", None))?;
    Ok(told(name, *created))
}

pub(super) fn list_rings(cloud: &mut Cloud, name: &str, query: &Query<'_>, _: &Value) -> Result<Value, Refusal> {
    let prefix = format!("{name}/");
    let rings = cloud.rings.iter().filter(|(name, _)| name.starts_with(&prefix));
    page(
        "keyRings",
        rings.map(|(name, created)| told(name, *created)).collect(),
        query,
    )
}

fn told(name: &str, created: i64) -> Value {
    json!({ "name": name, "createTime": rfc3339(created) })
}

pub(super) fn create_connection(
    cloud: &mut Cloud,
    name: &str,
    query: &Query<'_>,
    body: &Value,
) -> Result<Value, Refusal> {
    let id = query.text("ekmConnectionId").filter(|id| is_id(id)).ok_or(INVALID)?;
    let name = format!("{name}/{id}");
    let [resolver] = body["serviceResolvers"].as_array().map_or(&[][..], Vec::as_slice) else {
        return Err(INVALID);
    };
    let is_whole = resolver["hostname"].is_string()
        && resolver["serviceDirectoryService"].is_string()
        && resolver["serverCertificates"][0]["rawDer"].is_string();
    let is_managed = body["keyManagementMode"] == "CLOUD_KMS";
    if !is_whole || is_managed != body["cryptoSpacePath"].is_string() {
        return Err(INVALID);
    }
    if cloud.connections.contains_key(&name) {
        return Err((409, "ALREADY_EXISTS", None));
    }
    let mut told = body.clone();
    told["name"] = json!(name);
    told["createTime"] = json!(rfc3339(cloud.now()));
    told["etag"] = json!("v1");
    if !is_managed {
        told["keyManagementMode"] = json!("MANUAL");
    }
    cloud.connections.insert(name, told.clone());
    Ok(told)
}

pub(super) fn list_connections(cloud: &mut Cloud, name: &str, query: &Query<'_>, _: &Value) -> Result<Value, Refusal> {
    let prefix = format!("{name}/");
    let found = cloud.connections.iter().filter(|(name, _)| name.starts_with(&prefix));
    page("ekmConnections", found.map(|(_, told)| told.clone()).collect(), query)
}

pub(super) fn verify_connectivity(cloud: &mut Cloud, name: &str, _: &Query<'_>, _: &Value) -> Result<Value, Refusal> {
    match (cloud.connections.contains_key(name), cloud.are_managers_down) {
        (false, _) => Err((404, "NOT_FOUND", None)),
        (true, true) => Err((400, "FAILED_PRECONDITION", Some("EKM_UNREACHABLE"))),
        (true, false) => Ok(json!({})),
    }
}

pub(super) fn create_handle(cloud: &mut Cloud, name: &str, query: &Query<'_>, body: &Value) -> Result<Value, Refusal> {
    let kind = body["resourceTypeSelector"]
        .as_str()
        .filter(|kind| kind.contains(".googleapis.com/"));
    let kind = kind.ok_or(INVALID)?;
    let id = query.text("keyHandleId").filter(|id| is_id(id)).ok_or(INVALID)?;
    let (place, handle) = (name.trim_end_matches("/keyHandles"), format!("{name}/{id}"));
    if cloud.handles.contains_key(&handle) {
        return Err((409, "ALREADY_EXISTS", None));
    }
    let operation = format!("{place}/operations/{}", HEXLOWER.encode(&random::<8>()));
    let key = format!("{place}/keyRings/autokey/cryptoKeys/{id}");
    let told = json!({ "name": handle, "resourceTypeSelector": kind, "kmsKey": key });
    cloud.handles.insert(handle.clone(), told);
    cloud.handles.insert(operation.clone(), json!(handle));
    Ok(json!({ "name": operation }))
}

pub(super) fn list_handles(cloud: &mut Cloud, name: &str, query: &Query<'_>, _: &Value) -> Result<Value, Refusal> {
    let prefix = format!("{name}/");
    let found = cloud.handles.iter().filter(|(name, _)| name.starts_with(&prefix));
    let mut page = page("keyHandles", found.map(|(_, told)| told.clone()).collect(), query)?;
    // Of all listings this one alone does not count.
    page.as_object_mut().unwrap().remove("totalSize");
    Ok(page)
}

/// Under way when it is first asked about, done the next time.
pub(super) fn operation(cloud: &mut Cloud, name: &str, _: &Query<'_>, _: &Value) -> Result<Value, Refusal> {
    let handle = cloud
        .handles
        .get(name)
        .and_then(Value::as_str)
        .ok_or((404, "NOT_FOUND", None))?;
    if cloud.operations.insert(name.to_owned()) {
        return Ok(json!({ "name": name }));
    }
    let mut response = cloud.handles[handle].clone();
    response["@type"] = json!("type.googleapis.com/google.cloud.kms.v1.KeyHandle");
    Ok(json!({ "name": name, "done": true, "response": response }))
}

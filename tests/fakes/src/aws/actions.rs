//! Requests and replies.

use std::collections::BTreeMap;

use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded};
use aws_lc_rs::rsa::{KeySize, PrivateDecryptingKey};
use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Value, json};

use super::cms;
use super::keys::{Exception, Key, Keys, Material, Store, oaep, random, spki};
use crate::clock::now;

/// Acts.
pub(super) fn run(keys: &mut Keys, action: &str, body: &Value) -> Result<Value, Exception> {
    match action {
        "CreateKey" => create_key(keys, body),
        "CreateAlias" => create_alias(keys, body),
        "DescribeKey" => Ok(json!({ "KeyMetadata": metadata(key(keys, body)?) })),
        "ListKeys" => list_keys(keys, body),
        "ListAliases" => Ok(list_aliases(keys)),
        "GenerateDataKey" => generate(keys, body),
        "Encrypt" => encrypt(keys, body),
        "Decrypt" => decrypt(keys, body),
        "ReEncrypt" => re_encrypt(keys, body),
        "GetPublicKey" => public_key(keys, body),
        "EnableKey" => set_state(keys, body, "Enabled"),
        "DisableKey" => set_state(keys, body, "Disabled"),
        "EnableKeyRotation" => rotate_every(keys, body),
        "DisableKeyRotation" => stop_rotation(keys, body),
        "GetKeyRotationStatus" => rotation_status(keys, body),
        "RotateKeyOnDemand" => rotate(keys, body),
        "ListKeyRotations" => rotations(keys, body),
        "ScheduleKeyDeletion" => schedule(keys, body),
        "CancelKeyDeletion" => cancel(keys, body),
        "GetParametersForImport" => import_parameters(keys, body),
        "ImportKeyMaterial" => import(keys, body),
        "CreateCustomKeyStore" => create_store(keys, body),
        "DescribeCustomKeyStores" => Ok(list_stores(keys)),
        "ConnectCustomKeyStore" => connect(keys, body, "CONNECTED"),
        "DisconnectCustomKeyStore" => connect(keys, body, "DISCONNECTED"),
        _ => Err("UnknownOperationException"),
    }
}

fn create_key(keys: &mut Keys, body: &Value) -> Result<Value, Exception> {
    let spec = text(body, "KeySpec").unwrap_or("SYMMETRIC_DEFAULT");
    let origin = text(body, "Origin").unwrap_or("AWS_KMS");
    if !(spec == "SYMMETRIC_DEFAULT" || spec.starts_with("RSA_")) {
        return Err("UnsupportedOperationException");
    }
    let mut made = Key::new((&keys.region, &keys.account), spec, origin, body["MultiRegion"] == true);
    if let Some(id) = text(body, "CustomKeyStoreId") {
        let store = keys.stores.iter().find(|store| store.id == id);
        let store = store.ok_or("CustomKeyStoreNotFoundException")?;
        if store.state != "CONNECTED" {
            return Err("CustomKeyStoreInvalidStateException");
        }
        made.store = Some(id.to_owned());
    }
    let reply = json!({ "KeyMetadata": metadata(&made) });
    keys.keys.push(made);
    Ok(reply)
}

fn create_alias(keys: &mut Keys, body: &Value) -> Result<Value, Exception> {
    let alias = text(body, "AliasName").ok_or("ValidationException")?.to_owned();
    let target = text(body, "TargetKeyId").ok_or("ValidationException")?;
    let id = keys.find(target)?.id.clone();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-');
    if !alias.starts_with("alias/") || !alias.chars().all(is_name) {
        return Err("InvalidAliasNameException");
    }
    if keys.aliases.contains_key(&alias) {
        return Err("AlreadyExistsException");
    }
    keys.aliases.insert(alias, id);
    Ok(Value::Null)
}

fn metadata(key: &Key) -> Value {
    let mut told = json!({
        "AWSAccountId": "111122223333",
        "KeyId": key.id,
        "Arn": key.arn,
        "CreationDate": key.created,
        "Enabled": key.state == "Enabled",
        "Description": "",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": key.state,
        "Origin": key.origin,
        "KeyManager": "CUSTOMER",
        "KeySpec": key.spec,
        "CustomerMasterKeySpec": key.spec,
        "MultiRegion": key.multi_region,
    });
    if let Some(material) = key.materials.last().filter(|_| is_versioned(key)) {
        told["CurrentKeyMaterialId"] = json!(material.name());
    }
    if let Some(store) = &key.store {
        told["CustomKeyStoreId"] = json!(store);
    }
    if let Some(date) = key.deletion {
        told["DeletionDate"] = json!(date);
    }
    told
}

/// AWS names the material of symmetric keys of its own and of imported ones.
fn is_versioned(key: &Key) -> bool {
    matches!(key.origin.as_str(), "AWS_KMS" | "EXTERNAL") && key.rsa.is_none()
}

fn list_keys(keys: &Keys, body: &Value) -> Result<Value, Exception> {
    let limit = usize::try_from(body["Limit"].as_u64().unwrap_or(100)).unwrap();
    let from: usize = match text(body, "Marker") {
        Some(marker) => marker.parse().map_err(|_| "InvalidMarkerException")?,
        None => 0,
    };
    let page = keys.keys.iter().skip(from).take(limit);
    let page: Vec<_> = page.map(|key| json!({ "KeyId": key.id, "KeyArn": key.arn })).collect();
    let next = from + page.len();
    let mut reply = json!({ "Keys": page, "Truncated": next < keys.keys.len() });
    if next < keys.keys.len() {
        reply["NextMarker"] = json!(next.to_string());
    }
    Ok(reply)
}

fn list_aliases(keys: &Keys) -> Value {
    let aliases = keys.aliases.iter();
    let aliases: Vec<_> = aliases
        .map(|(name, id)| json!({ "AliasName": name, "TargetKeyId": id }))
        .collect();
    json!({ "Aliases": aliases, "Truncated": false })
}

fn generate(keys: &mut Keys, body: &Value) -> Result<Value, Exception> {
    let context = context(body, "EncryptionContext");
    let key = key(keys, body)?;
    key.usable()?;
    if key.rsa.is_some() || body["NumberOfBytes"] != 32 {
        return Err("InvalidKeyUsageException");
    }
    let secret: [u8; 32] = random();
    let mut reply = json!({ "KeyId": key.arn, "CiphertextBlob": BASE64.encode(&key.encrypt(&secret, &context)?) });
    if is_versioned(key) {
        reply["KeyMaterialId"] = json!(key.current()?.name());
    }
    deliver(&mut reply, body, &secret)?;
    Ok(reply)
}

fn encrypt(keys: &mut Keys, body: &Value) -> Result<Value, Exception> {
    let context = context(body, "EncryptionContext");
    let plaintext = bytes(body, "Plaintext")?;
    let key = key(keys, body)?;
    key.usable()?;
    if plaintext.is_empty() || plaintext.len() > 4096 {
        return Err("ValidationException");
    }
    let blob = key.encrypt(&plaintext, &context)?;
    let algorithm = "SYMMETRIC_DEFAULT";
    Ok(json!({ "KeyId": key.arn, "CiphertextBlob": BASE64.encode(&blob), "EncryptionAlgorithm": algorithm }))
}

fn decrypt(keys: &mut Keys, body: &Value) -> Result<Value, Exception> {
    let context = context(body, "EncryptionContext");
    let blob = bytes(body, "CiphertextBlob")?;
    let key = key(keys, body)?;
    key.usable()?;
    let algorithm = text(body, "EncryptionAlgorithm").unwrap_or("SYMMETRIC_DEFAULT");
    let mut reply = json!({ "KeyId": key.arn, "EncryptionAlgorithm": algorithm });
    let plaintext = if algorithm == "RSAES_OAEP_SHA_256" {
        key.decrypt_oaep(&blob)?
    } else {
        let (plaintext, material) = key.decrypt(&blob, &context)?;
        if is_versioned(key) {
            reply["KeyMaterialId"] = json!(material);
        }
        plaintext
    };
    deliver(&mut reply, body, &plaintext)?;
    Ok(reply)
}

fn re_encrypt(keys: &mut Keys, body: &Value) -> Result<Value, Exception> {
    let from = context(body, "SourceEncryptionContext");
    let to = context(body, "DestinationEncryptionContext");
    let blob = bytes(body, "CiphertextBlob")?;
    let source = keys.find(text(body, "SourceKeyId").ok_or("ValidationException")?)?;
    source.usable()?;
    let ((plaintext, material), arn) = (source.decrypt(&blob, &from)?, source.arn.clone());
    let target = keys.find(text(body, "DestinationKeyId").ok_or("ValidationException")?)?;
    target.usable()?;
    Ok(json!({
        "CiphertextBlob": BASE64.encode(&target.encrypt(&plaintext, &to)?),
        "SourceKeyId": arn,
        "KeyId": target.arn,
        "SourceEncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        "DestinationEncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        "SourceKeyMaterialId": material,
        "DestinationKeyMaterialId": target.current()?.name(),
    }))
}

/// In clear, or for the attested recipient alone.
fn deliver(reply: &mut Value, body: &Value, secret: &[u8]) -> Result<(), Exception> {
    if body["Recipient"].is_null() {
        reply["Plaintext"] = json!(BASE64.encode(secret));
        return Ok(());
    }
    let document = bytes(&body["Recipient"], "AttestationDocument")?;
    let public = public_key_of(&document).ok_or("ValidationException")?;
    reply["CiphertextForRecipient"] = json!(BASE64.encode(&cms::seal(secret, public)?));
    Ok(())
}

/// The byte string behind the text `public_key` of an attestation document (CBOR, RFC 8949). Neither its signature nor
/// its measurements are looked at.
fn public_key_of(document: &[u8]) -> Option<&[u8]> {
    let label = b"\x6apublic_key";
    let start = document.windows(label.len()).position(|window| window == label)? + label.len();
    match document.get(start..)? {
        [0x59, high, low, rest @ ..] => rest.get(..usize::from(u16::from_be_bytes([*high, *low]))),
        [0x58, length, rest @ ..] => rest.get(..usize::from(*length)),
        _ => None,
    }
}

fn public_key(keys: &mut Keys, body: &Value) -> Result<Value, Exception> {
    let key = key(keys, body)?;
    key.usable()?;
    Ok(json!({
        "KeyId": key.arn,
        "PublicKey": BASE64.encode(&key.public_der()?),
        "KeySpec": key.spec,
        "KeyUsage": "ENCRYPT_DECRYPT",
        "EncryptionAlgorithms": ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"],
    }))
}

fn set_state(keys: &mut Keys, body: &Value, state: &'static str) -> Result<Value, Exception> {
    let key = key(keys, body)?;
    if !matches!(key.state, "Enabled" | "Disabled") {
        return Err("KMSInvalidStateException");
    }
    key.state = state;
    Ok(Value::Null)
}

fn rotate_every(keys: &mut Keys, body: &Value) -> Result<Value, Exception> {
    let key = key(keys, body)?;
    key.usable()?;
    let days = body["RotationPeriodInDays"].as_u64().unwrap_or(365);
    if !(90..=2560).contains(&days) {
        return Err("ValidationException");
    }
    if key.origin != "AWS_KMS" || key.rsa.is_some() {
        return Err("UnsupportedOperationException");
    }
    key.rotation_days = Some(days);
    Ok(Value::Null)
}

fn stop_rotation(keys: &mut Keys, body: &Value) -> Result<Value, Exception> {
    let key = key(keys, body)?;
    key.usable()?;
    key.rotation_days = None;
    Ok(Value::Null)
}

fn rotation_status(keys: &mut Keys, body: &Value) -> Result<Value, Exception> {
    let key = key(keys, body)?;
    let mut status = json!({ "KeyRotationEnabled": key.rotation_days.is_some(), "KeyId": key.arn });
    if let Some(days) = key.rotation_days {
        status["RotationPeriodInDays"] = json!(days);
        status["NextRotationDate"] = json!(key.created + i64::try_from(days).unwrap() * 86_400);
    }
    Ok(status)
}

fn rotate(keys: &mut Keys, body: &Value) -> Result<Value, Exception> {
    let key = key(keys, body)?;
    key.usable()?;
    if key.rsa.is_some() || key.store.is_some() {
        return Err("UnsupportedOperationException");
    }
    let next = match (key.origin.as_str(), key.waiting.take()) {
        ("EXTERNAL", None) => return Err("KMSInvalidStateException"),
        ("EXTERNAL", Some(imported)) => imported,
        _ => Material::new(random()),
    };
    if key.materials.len() > 25 {
        return Err("LimitExceededException");
    }
    key.materials.push(next);
    Ok(json!({ "KeyId": key.arn }))
}

fn rotations(keys: &mut Keys, body: &Value) -> Result<Value, Exception> {
    let key = key(keys, body)?;
    let current = key.materials.len().saturating_sub(1);
    let materials = key.materials.iter().enumerate();
    let rotations: Vec<_> = materials
        .map(|(n, material)| {
            let state = if n == current { "CURRENT" } else { "NON_CURRENT" };
            let mut rotation = json!({ "KeyId": key.arn, "KeyMaterialId": material.name(), "KeyMaterialState": state });
            if n > 0 {
                rotation["RotationDate"] = json!(material.since);
                rotation["RotationType"] = json!("ON_DEMAND");
            }
            rotation
        })
        .collect();
    Ok(json!({ "Rotations": rotations, "Truncated": false }))
}

fn schedule(keys: &mut Keys, body: &Value) -> Result<Value, Exception> {
    let key = key(keys, body)?;
    let days = body["PendingWindowInDays"].as_u64().unwrap_or(30);
    if !(7..=30).contains(&days) {
        return Err("ValidationException");
    }
    if key.state == "PendingDeletion" {
        return Err("KMSInvalidStateException");
    }
    key.state = "PendingDeletion";
    let due = now() + i64::try_from(days).unwrap() * 86_400;
    key.deletion = Some(due);
    Ok(json!({ "KeyId": key.arn, "DeletionDate": due, "KeyState": key.state, "PendingWindowInDays": days }))
}

fn cancel(keys: &mut Keys, body: &Value) -> Result<Value, Exception> {
    let key = key(keys, body)?;
    if key.state != "PendingDeletion" {
        return Err("KMSInvalidStateException");
    }
    (key.state, key.deletion) = ("Disabled", None);
    Ok(json!({ "KeyId": key.arn }))
}

fn import_parameters(keys: &mut Keys, body: &Value) -> Result<Value, Exception> {
    let key = key(keys, body)?;
    if key.origin != "EXTERNAL" {
        return Err("UnsupportedOperationException");
    }
    let arn = key.arn.clone();
    let pair = PrivateDecryptingKey::generate(KeySize::Rsa2048).map_err(|_| "KMSInternalException")?;
    let (token, public) = (random::<64>(), spki(&pair));
    keys.imports.insert(HEXLOWER.encode(&token), pair);
    Ok(json!({
        "KeyId": arn,
        "ImportToken": BASE64.encode(&token),
        "PublicKey": BASE64.encode(&public),
        "ParametersValidTo": now() + 86_400,
    }))
}

fn import(keys: &mut Keys, body: &Value) -> Result<Value, Exception> {
    let token = HEXLOWER.encode(&bytes(body, "ImportToken")?);
    let pair = keys.imports.remove(&token).ok_or("InvalidImportTokenException")?;
    let wrapped = bytes(body, "EncryptedKeyMaterial")?;
    let material = imported(&pair, &wrapped).ok_or("InvalidCiphertextException")?;
    let key = key(keys, body)?;
    let material = Material::new(material);
    if body["ImportType"] == "NEW_KEY_MATERIAL" && !key.materials.is_empty() {
        key.waiting = Some(material);
    } else if key.materials.is_empty() {
        key.materials.push(material);
        key.state = "Enabled";
    } else if key.materials.iter().all(|known| known.id != material.id) {
        return Err("IncorrectKeyMaterialException");
    }
    Ok(json!({ "KeyId": key.arn }))
}

/// RSA-OAEP alone, or RSA-OAEP over an AES key and AES-KWP over the material: the length tells.
fn imported(pair: &PrivateDecryptingKey, wrapped: &[u8]) -> Option<[u8; 32]> {
    let (first, rest) = wrapped.split_at_checked(256)?;
    let opened = oaep(pair, first).ok()?;
    if rest.is_empty() {
        return opened.try_into().ok();
    }
    let kek = AesKek::new(&AES_256, &opened).ok()?;
    let mut place = vec![0; rest.len()];
    let unwrapped: &[u8] = kek.unwrap_with_padding(rest, &mut place).ok()?;
    unwrapped.try_into().ok()
}

fn create_store(keys: &mut Keys, body: &Value) -> Result<Value, Exception> {
    let name = text(body, "CustomKeyStoreName")
        .ok_or("ValidationException")?
        .to_owned();
    if keys.stores.iter().any(|store| store.name == name) {
        return Err("CustomKeyStoreNameInUseException");
    }
    let id = format!("cks-{}", &HEXLOWER.encode(&random::<9>())[..17]);
    keys.stores.push(Store {
        id: id.clone(),
        name,
        kind: text(body, "CustomKeyStoreType").unwrap_or("AWS_CLOUDHSM").to_owned(),
        state: "DISCONNECTED",
    });
    Ok(json!({ "CustomKeyStoreId": id }))
}

fn list_stores(keys: &Keys) -> Value {
    let stores = keys.stores.iter();
    let stores: Vec<_> = stores
        .map(|store| {
            json!({
                "CustomKeyStoreId": store.id,
                "CustomKeyStoreName": store.name,
                "CustomKeyStoreType": store.kind,
                "ConnectionState": store.state,
            })
        })
        .collect();
    json!({ "CustomKeyStores": stores, "Truncated": false })
}

fn connect(keys: &mut Keys, body: &Value, state: &'static str) -> Result<Value, Exception> {
    let id = text(body, "CustomKeyStoreId").ok_or("ValidationException")?;
    let store = keys.stores.iter_mut().find(|store| store.id == id);
    store.ok_or("CustomKeyStoreNotFoundException")?.state = state;
    Ok(json!({}))
}

fn key<'k>(keys: &'k mut Keys, body: &Value) -> Result<&'k mut Key, Exception> {
    keys.find(text(body, "KeyId").ok_or("ValidationException")?)
}

fn text<'v>(body: &'v Value, field: &str) -> Option<&'v str> {
    body[field].as_str()
}

fn bytes(body: &Value, field: &str) -> Result<Vec<u8>, Exception> {
    let encoded = text(body, field).ok_or("ValidationException")?;
    BASE64.decode(encoded.as_bytes()).map_err(|_| "SerializationException")
}

/// One text for one context.
fn context(body: &Value, field: &str) -> String {
    let pairs: BTreeMap<_, _> = body[field].as_object().into_iter().flatten().collect();
    json!(pairs).to_string()
}

//! How key material comes and goes: making, importing, releasing.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded};
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaPublicKeyComponents};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use super::Refusal;
use super::keys::{BAD, Keys, Material, NOT_FOUND, Version, oaep_open};
use crate::aws::random;

/// A version of what was asked for. A vault has no AES keys, a managed HSM none outside of itself.
pub(super) fn create(keys: &mut Keys, body: &Value) -> Result<Version, Refusal> {
    let kty = body["kty"].as_str().ok_or(BAD)?;
    let material = match (kty, keys.is_managed_hsm) {
        ("RSA", false) | ("RSA-HSM", _) => Material::Rsa(keys.rsa(body["key_size"].as_u64().unwrap_or(2048))?),
        ("oct-HSM", true) => match body["key_size"].as_u64() {
            Some(256) | None => Material::Aes(random()),
            _ => return Err(BAD),
        },
        _ => return Err(BAD),
    };
    let mut version = Version::new(kty, operations(body, kty), material);
    version.is_exportable = body["attributes"]["exportable"] == true;
    version.release_policy = body.get("release_policy").filter(|policy| policy.is_object()).cloned();
    let has_policy = version.release_policy.is_some();
    match version.is_exportable == has_policy && (!has_policy || kty.ends_with("-HSM")) {
        true => Ok(version),
        false => Err(BAD),
    }
}

/// The next version: new material, all else the same.
pub(super) fn again(keys: &mut Keys, name: &str) -> Result<Version, Refusal> {
    let bits = match &keys.version(name, "")?.material {
        Material::Rsa(pair) => Some(pair.key_size_bits() as u64),
        Material::Aes(_) => None,
    };
    let material = match bits {
        Some(bits) => Material::Rsa(keys.rsa(bits)?),
        None => Material::Aes(random()),
    };
    let before = keys.version(name, "")?;
    let mut after = Version::new(&before.kty, before.operations.clone(), material);
    after.is_exportable = before.is_exportable;
    after.release_policy.clone_from(&before.release_policy);
    after.tags.clone_from(&before.tags);
    Ok(after)
}

fn operations(body: &Value, kty: &str) -> Vec<String> {
    let told = body["key_ops"].as_array().cloned().unwrap_or_default();
    let told: Vec<String> = told.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let usual: &[&str] = match kty.starts_with("RSA") {
        true => &["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"],
        false => &["encrypt", "decrypt", "wrapKey", "unwrapKey"],
    };
    match told.is_empty() {
        true => usual.iter().map(|&operation| operation.to_owned()).collect(),
        false => told,
    }
}

/// A transfer blob, or a key as it is.
pub(super) fn import(keys: &mut Keys, body: &Value) -> Result<Version, Refusal> {
    let key = &body["key"];
    let kty = key["kty"].as_str().ok_or(BAD)?;
    let is_for_hsm = kty.ends_with("-HSM");
    let bytes = |name: &str| {
        let text = key[name].as_str().unwrap_or_default();
        BASE64URL_NOPAD
            .decode(text.as_bytes())
            .ok()
            .filter(|bytes| !bytes.is_empty())
    };
    let material = match (bytes("key_hsm"), kty) {
        (Some(blob), "RSA-HSM") if is_for_hsm => {
            let pkcs8 = transferred(keys, &blob)?;
            Material::Rsa(PrivateDecryptingKey::from_pkcs8(&pkcs8).map_err(|_| BAD)?)
        }
        (Some(blob), "oct-HSM") if keys.is_managed_hsm => aes(&transferred(keys, &blob)?)?,
        (None, "oct-HSM") if keys.is_managed_hsm => aes(&bytes("k").ok_or(BAD)?)?,
        (None, "RSA" | "RSA-HSM") => {
            let parts = ["n", "e", "d", "p", "q", "dp", "dq", "qi"].map(bytes);
            let parts = parts.into_iter().collect::<Option<Vec<_>>>().ok_or(BAD)?;
            Material::Rsa(PrivateDecryptingKey::from_pkcs8(&pkcs8_of(&parts)).map_err(|_| BAD)?)
        }
        _ => return Err(BAD),
    };
    Ok(Version::new(kty, operations(key, kty), material))
}

fn aes(bytes: &[u8]) -> Result<Material, Refusal> {
    bytes.try_into().map(Material::Aes).map_err(|_| BAD)
}

/// What a transfer blob carries under a key of this vault that is for nothing else.
fn transferred(keys: &mut Keys, blob: &[u8]) -> Result<Vec<u8>, Refusal> {
    let blob: Value = serde_json::from_slice(blob).map_err(|_| BAD)?;
    let header = &blob["header"];
    if blob["schema_version"] != "1.0.0" || header["alg"] != "dir" || header["enc"] != "CKM_RSA_AES_KEY_WRAP" {
        return Err(BAD);
    }
    let kid = header["kid"].as_str().ok_or(BAD)?;
    let (_, named) = kid.split_once("/keys/").ok_or(BAD)?;
    let (name, id) = named.split_once('/').ok_or(BAD)?;
    let exchange = keys.version(name, id)?;
    if exchange.kty != "RSA-HSM" || exchange.operations != ["import"] {
        return Err((403, "Forbidden", "KeyOperationForbidden"));
    }
    let Material::Rsa(pair) = &exchange.material else {
        return Err(BAD);
    };
    let ciphertext = BASE64URL_NOPAD
        .decode(blob["ciphertext"].as_str().ok_or(BAD)?.as_bytes())
        .map_err(|_| BAD)?;
    let (once, inner) = ciphertext.split_at_checked(pair.key_size_bytes()).ok_or(BAD)?;
    let once = oaep_open(pair, &OAEP_SHA1_MGF1SHA1, once).ok_or(BAD)?;
    let kek = AesKek::new(&AES_256, &once).map_err(|_| BAD)?;
    let mut place = vec![0; inner.len()];
    Ok(kek.unwrap_with_padding(inner, &mut place).map_err(|_| BAD)?.to_vec())
}

/// RSAPrivateKey in PKCS#8 (RFC 8017 A.1.2, RFC 5958 2).
fn pkcs8_of(parts: &[Vec<u8>]) -> Vec<u8> {
    let integer = |number: &[u8]| {
        let sign: &[u8] = if number.first().is_some_and(|first| *first >= 0x80) {
            &[0]
        } else {
            &[]
        };
        der(0x02, &[sign, number].concat())
    };
    let numbers: Vec<u8> = parts.iter().flat_map(|part| integer(part)).collect();
    let key = der(0x30, &[integer(&[0]), numbers].concat());
    let algorithm = der(0x30, &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 0x05, 0]);
    der(0x30, &[integer(&[0]), algorithm, der(0x04, &key)].concat())
}

fn der(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len().to_be_bytes();
    let length = &length[length.iter().position(|byte| *byte != 0).unwrap_or(length.len() - 1)..];
    let head = match value.len() {
        0..=0x7f => vec![tag, length[0]],
        _ => [&[tag, 0x80 | u8::try_from(length.len()).unwrap()], length].concat(),
    };
    [head, value.to_vec()].concat()
}

/// Releases a key to who meets its policy. The signature of the token is not checked.
pub(super) fn release(keys: &mut Keys, host: &str, name: &str, id: &str, body: &Value) -> Result<Value, Refusal> {
    let version = keys.version(name, id)?;
    let policy = version.release_policy.as_ref().filter(|_| version.is_exportable);
    let policy = policy.ok_or((403, "Forbidden", "KeyNotExportable"))?;
    let token = body["target"].as_str().and_then(claims).ok_or(BAD)?;
    let policy = policy["data"]
        .as_str()
        .and_then(|data| BASE64URL_NOPAD.decode(data.trim_end_matches('=').as_bytes()).ok());
    let policy: Value = serde_json::from_slice(&policy.ok_or(BAD)?).map_err(|_| BAD)?;
    if !is_met(&policy, &token) {
        return Err((403, "Forbidden", "TargetNotAllowed"));
    }
    let by = match body["enc"].as_str() {
        Some("RSA_AES_KEY_WRAP_256") => &OAEP_SHA256_MGF1SHA256,
        None | Some("CKM_RSA_AES_KEY_WRAP") => &OAEP_SHA1_MGF1SHA1,
        _ => return Err(BAD),
    };
    let plain = match &version.material {
        Material::Aes(bytes) => bytes.to_vec(),
        Material::Rsa(pair) => super::keys::pkcs8(pair),
    };
    let public = &token["x-ms-runtime"]["keys"][0];
    let part = |name: &str| {
        BASE64URL_NOPAD
            .decode(public[name].as_str().unwrap_or_default().as_bytes())
            .map_err(|_| BAD)
    };
    let ciphertext = wrapped(&part("n")?, &part("e")?, by, &plain)?;
    let blob = json!({
        "schema_version": "1.0",
        "header": { "alg": "dir", "kid": public["kid"], "enc": body["enc"] },
        "ciphertext": BASE64URL_NOPAD.encode(&ciphertext),
        "generator": "stand-in",
    });
    let id = version.id.clone();
    let key = keys.keys.get(name).ok_or(NOT_FOUND)?;
    let version = key.versions.iter().find(|known| known.id == id).ok_or(NOT_FOUND)?;
    let mut bundle = keys.bundle(host, name, version);
    bundle["key"]["key_hsm"] = json!(BASE64URL_NOPAD.encode(blob.to_string().as_bytes()));
    let request =
        json!({ "api-version": "7.4", "enc": body["enc"], "kid": bundle["key"]["kid"], "nonce": body["nonce"] });
    Ok(json!({ "value": stated(keys, &json!({ "request": request, "response": { "key": bundle } })) }))
}

fn claims(token: &str) -> Option<Value> {
    let payload = token.split('.').nth(1)?;
    serde_json::from_slice(&BASE64URL_NOPAD.decode(payload.as_bytes()).ok()?).ok()
}

/// `anyOf` authorities, of each `allOf` claims.
fn is_met(policy: &Value, token: &Value) -> bool {
    let holds = |condition: &Value| {
        let path = condition["claim"].as_str().unwrap_or_default();
        let found = path.split('.').fold(token, |value, name| &value[name]);
        !found.is_null() && *found == condition["equals"]
    };
    let all = |conditions: &Value| {
        conditions
            .as_array()
            .is_some_and(|conditions| conditions.iter().all(holds))
    };
    let authorities = policy["anyOf"].as_array();
    authorities.is_some_and(|any| {
        any.iter()
            .any(|one| one["authority"] == token["iss"] && all(&one["allOf"]))
    })
}

fn wrapped(n: &[u8], e: &[u8], by: &'static aws_lc_rs::rsa::OaepAlgorithm, plain: &[u8]) -> Result<Vec<u8>, Refusal> {
    let spki: aws_lc_rs::encoding::PublicKeyX509Der<'_> = RsaPublicKeyComponents { n, e }.as_der().map_err(|_| BAD)?;
    let public = PublicEncryptingKey::from_der(spki.as_ref()).map_err(|_| BAD)?;
    let public = OaepPublicEncryptingKey::new(public).map_err(|_| BAD)?;
    let once: [u8; 32] = random();
    let mut place = vec![0; public.ciphertext_size()];
    let outer = public.encrypt(by, &once, &mut place, None).map_err(|_| BAD)?.to_vec();
    let mut place = vec![0; plain.len() + 16];
    let kek = AesKek::new(&AES_256, &once).map_err(|_| BAD)?;
    let inner = kek.wrap_with_padding(plain, &mut place).map_err(|_| BAD)?;
    Ok([outer, inner.to_vec()].concat())
}

/// RFC 7515 7.1.
fn stated(keys: &Keys, payload: &Value) -> String {
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let signed = format!("{}.{}", part(&json!({ "alg": "RS256", "typ": "JWT" })), part(payload));
    let mut signature = vec![0; keys.signer.public_modulus_len()];
    let random = aws_lc_rs::rand::SystemRandom::new();
    keys.signer
        .sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature)
        .unwrap();
    format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature))
}

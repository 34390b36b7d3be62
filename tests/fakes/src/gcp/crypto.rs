//! What keys do. Checksums are verified where they are sent, and told of in the reply.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::hmac;
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use data_encoding::BASE64;
use serde_json::{Value, json};

use super::Refusal;
use super::keys::{Cloud, INVALID, Material, Version, open, random, seal};
use super::routes::Query;

pub(super) fn encrypt(cloud: &mut Cloud, name: &str, _: &Query<'_>, body: &Value) -> Result<Value, Refusal> {
    let plaintext = field(body, "plaintext")?;
    let aad = field(body, "additionalAuthenticatedData")?;
    let (lags, are_down) = (cloud.primary_lags, cloud.are_managers_down);
    let version = match name.contains("/cryptoKeyVersions/") {
        true => {
            let (key, at) = cloud.version(name)?;
            &key.versions[at]
        }
        false => {
            let key = cloud.key(name)?;
            let number = if lags {
                key.earlier_primary.or(key.primary)
            } else {
                key.primary
            };
            let number = number.ok_or((400, "FAILED_PRECONDITION", None))?;
            key.numbered(number).ok_or(INVALID)?
        }
    };
    version.usable()?;
    reached(version, are_down)?;
    if plaintext.bytes.len() > 65_536 || !is_symmetric(version) {
        return Err(INVALID);
    }
    let bound = bound(&aad.bytes, &version.name);
    let mut reply = json!({ "name": version.name, "protectionLevel": version.protection });
    put(&mut reply, "ciphertext", &version.encrypt(&plaintext.bytes, &bound)?);
    verified(&mut reply, "verifiedPlaintextCrc32c", &plaintext);
    verified(&mut reply, "verifiedAdditionalAuthenticatedDataCrc32c", &aad);
    Ok(reply)
}

pub(super) fn decrypt(cloud: &mut Cloud, name: &str, _: &Query<'_>, body: &Value) -> Result<Value, Refusal> {
    let ciphertext = field(body, "ciphertext")?.bytes;
    let aad = field(body, "additionalAuthenticatedData")?.bytes;
    let are_down = cloud.are_managers_down;
    let key = cloud.key(name)?;
    let mark = ciphertext.get(..8).ok_or(INVALID)?;
    let version = key
        .versions
        .iter()
        .find(|version| version.mark == mark)
        .ok_or(INVALID)?;
    version.usable()?;
    reached(version, are_down)?;
    let plaintext = version.decrypt(&ciphertext, &bound(&aad, &version.name))?;
    let mut reply = json!({ "protectionLevel": version.protection });
    put(&mut reply, "plaintext", &plaintext);
    if key.primary == Some(version.number) {
        reply["usedPrimary"] = json!(true);
    }
    Ok(reply)
}

pub(super) fn public_key(cloud: &mut Cloud, name: &str, query: &Query<'_>, _: &Value) -> Result<Value, Refusal> {
    let (key, at) = cloud.version(name.trim_end_matches("/publicKey"))?;
    let version = &key.versions[at];
    version.usable()?;
    let mut reply = json!({
        "name": version.name,
        "algorithm": version.algorithm,
        "protectionLevel": version.protection,
    });
    let asked = query.text("publicKeyFormat");
    match (&version.material, version.material.public()) {
        (Material::Rsa(pair), _) if asked.as_deref().is_none_or(|asked| matches!(asked, "PEM" | "1" | "0")) => {
            let pem = pem(pair);
            reply["pemCrc32c"] = json!(crc32c(pem.as_bytes()).to_string());
            reply["pem"] = json!(pem);
            reply["publicKeyFormat"] = json!("PEM");
        }
        (_, Some((bytes, format))) if asked.as_deref().is_some_and(|asked| is_format(asked, format)) => {
            reply["publicKeyFormat"] = json!(format);
            let checksum = crc32c(&bytes).to_string();
            reply["publicKey"] = json!({ "data": BASE64.encode(&bytes), "crc32cChecksum": checksum });
        }
        _ => return Err(INVALID),
    }
    Ok(reply)
}

fn is_format(asked: &str, format: &str) -> bool {
    asked == format || asked == if format == "NIST_PQC" { "3" } else { "4" }
}

pub(super) fn asymmetric_decrypt(cloud: &mut Cloud, name: &str, _: &Query<'_>, body: &Value) -> Result<Value, Refusal> {
    let ciphertext = field(body, "ciphertext")?;
    let version = used(cloud, name)?;
    let Material::Rsa(pair) = &version.material else {
        return Err(INVALID);
    };
    let mut reply = json!({ "protectionLevel": version.protection });
    put(&mut reply, "plaintext", &oaep(pair, &ciphertext.bytes)?);
    verified(&mut reply, "verifiedCiphertextCrc32c", &ciphertext);
    Ok(reply)
}

pub(super) fn decapsulate(cloud: &mut Cloud, name: &str, _: &Query<'_>, body: &Value) -> Result<Value, Refusal> {
    let ciphertext = field(body, "ciphertext")?;
    let version = used(cloud, name)?;
    let mut reply = json!({ "name": version.name, "protectionLevel": version.protection });
    put(
        &mut reply,
        "sharedSecret",
        &version.material.decapsulate(&ciphertext.bytes)?,
    );
    verified(&mut reply, "verifiedCiphertextCrc32c", &ciphertext);
    Ok(reply)
}

pub(super) fn mac_sign(cloud: &mut Cloud, name: &str, _: &Query<'_>, body: &Value) -> Result<Value, Refusal> {
    let data = field(body, "data")?;
    let version = used(cloud, name)?;
    let tag = hmac::sign(&hmac_key(version)?, &data.bytes);
    let mut reply = json!({ "name": version.name, "protectionLevel": version.protection });
    put(&mut reply, "mac", tag.as_ref());
    verified(&mut reply, "verifiedDataCrc32c", &data);
    Ok(reply)
}

pub(super) fn mac_verify(cloud: &mut Cloud, name: &str, _: &Query<'_>, body: &Value) -> Result<Value, Refusal> {
    let (data, mac) = (field(body, "data")?, field(body, "mac")?);
    let version = used(cloud, name)?;
    let is_right = hmac::verify(&hmac_key(version)?, &data.bytes, &mac.bytes).is_ok();
    let mut reply = json!({ "name": version.name, "protectionLevel": version.protection });
    if is_right {
        (reply["success"], reply["verifiedSuccessIntegrity"]) = (json!(true), json!(true));
    }
    verified(&mut reply, "verifiedDataCrc32c", &data);
    verified(&mut reply, "verifiedMacCrc32c", &mac);
    Ok(reply)
}

pub(super) fn raw_encrypt(cloud: &mut Cloud, name: &str, _: &Query<'_>, body: &Value) -> Result<Value, Refusal> {
    let plaintext = field(body, "plaintext")?;
    let aad = field(body, "additionalAuthenticatedData")?;
    let version = used(cloud, name)?;
    let (Material::Aes(key), "AES_256_GCM") = (&version.material, version.algorithm.as_str()) else {
        return Err(INVALID);
    };
    let nonce: [u8; 12] = random();
    let mut reply = json!({ "name": version.name, "protectionLevel": version.protection, "tagLength": 16 });
    put(
        &mut reply,
        "ciphertext",
        &seal(key, nonce, &plaintext.bytes, &aad.bytes),
    );
    put(&mut reply, "initializationVector", &nonce);
    verified(&mut reply, "verifiedPlaintextCrc32c", &plaintext);
    verified(&mut reply, "verifiedAdditionalAuthenticatedDataCrc32c", &aad);
    Ok(reply)
}

pub(super) fn raw_decrypt(cloud: &mut Cloud, name: &str, _: &Query<'_>, body: &Value) -> Result<Value, Refusal> {
    let ciphertext = field(body, "ciphertext")?;
    let aad = field(body, "additionalAuthenticatedData")?;
    let vector = field(body, "initializationVector")?;
    let version = used(cloud, name)?;
    let (Material::Aes(key), "AES_256_GCM") = (&version.material, version.algorithm.as_str()) else {
        return Err(INVALID);
    };
    if !matches!(body["tagLength"].as_u64(), None | Some(0 | 16)) {
        return Err(INVALID);
    }
    let mut reply = json!({ "protectionLevel": version.protection });
    put(
        &mut reply,
        "plaintext",
        &open(key, &vector.bytes, &ciphertext.bytes, &aad.bytes)?,
    );
    verified(&mut reply, "verifiedCiphertextCrc32c", &ciphertext);
    verified(&mut reply, "verifiedInitializationVectorCrc32c", &vector);
    verified(&mut reply, "verifiedAdditionalAuthenticatedDataCrc32c", &aad);
    Ok(reply)
}

pub(super) fn random_bytes(_: &mut Cloud, _: &str, _: &Query<'_>, body: &Value) -> Result<Value, Refusal> {
    let length = body["lengthBytes"]
        .as_u64()
        .and_then(|length| usize::try_from(length).ok());
    let length = length.filter(|length| (8..=1024).contains(length)).ok_or(INVALID)?;
    if body["protectionLevel"] != "HSM" {
        return Err(INVALID);
    }
    let bytes: [u8; 1024] = random();
    let mut reply = json!({});
    put(&mut reply, "data", &bytes[..length]);
    Ok(reply)
}

fn used<'c>(cloud: &'c mut Cloud, name: &str) -> Result<&'c Version, Refusal> {
    let (key, at) = cloud.version(name)?;
    let version = &key.versions[at];
    version.usable()?;
    Ok(version)
}

fn is_symmetric(version: &Version) -> bool {
    matches!(
        version.algorithm.as_str(),
        "GOOGLE_SYMMETRIC_ENCRYPTION" | "EXTERNAL_SYMMETRIC_ENCRYPTION"
    )
}

/// Whether the manager that has the key is there.
fn reached(version: &Version, are_down: bool) -> Result<(), Refusal> {
    match are_down && version.protection.starts_with("EXTERNAL") {
        true => Err((400, "FAILED_PRECONDITION", Some("EKM_UNREACHABLE"))),
        false => Ok(()),
    }
}

fn hmac_key(version: &Version) -> Result<hmac::Key, Refusal> {
    let algorithm = match version.algorithm.as_str() {
        "HMAC_SHA256" => hmac::HMAC_SHA256,
        "HMAC_SHA512" => hmac::HMAC_SHA512,
        _ => return Err(INVALID),
    };
    match &version.material {
        Material::Hmac(key) => Ok(hmac::Key::new(algorithm, key)),
        _ => Err(INVALID),
    }
}

pub(super) fn oaep(pair: &PrivateDecryptingKey, ciphertext: &[u8]) -> Result<Vec<u8>, Refusal> {
    let key = OaepPrivateDecryptingKey::new(pair.clone()).map_err(|_| INVALID)?;
    let mut plaintext = vec![0; key.min_output_size()];
    let opened = key.decrypt(&OAEP_SHA256_MGF1SHA256, ciphertext, &mut plaintext, None);
    Ok(opened.map_err(|_| INVALID)?.to_vec())
}

pub(super) fn pem(pair: &PrivateDecryptingKey) -> String {
    armoured("PUBLIC KEY", pair.public_key().as_der().unwrap().as_ref())
}

/// RFC 7468 2.
pub(super) fn armoured(label: &str, der: &[u8]) -> String {
    let text = BASE64.encode(der);
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(|line| String::from_utf8_lossy(line))
        .collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// Bytes of a request, and whether they came with a checksum.
struct Field {
    bytes: Vec<u8>,
    is_checked: bool,
}

fn field(body: &Value, name: &str) -> Result<Field, Refusal> {
    let bytes = match &body[name] {
        Value::Null => Vec::new(),
        Value::String(text) => BASE64.decode(text.as_bytes()).map_err(|_| INVALID)?,
        _ => return Err(INVALID),
    };
    let told = match &body[format!("{name}Crc32c")] {
        Value::Null => None,
        Value::String(text) => Some(text.parse::<u32>().map_err(|_| INVALID)?),
        number => Some(
            number
                .as_u64()
                .and_then(|number| u32::try_from(number).ok())
                .ok_or(INVALID)?,
        ),
    };
    if told.is_some_and(|told| told != crc32c(&bytes)) {
        return Err(INVALID);
    }
    let is_checked = told.is_some();
    Ok(Field { bytes, is_checked })
}

fn put(reply: &mut Value, name: &str, bytes: &[u8]) {
    reply[name] = json!(BASE64.encode(bytes));
    reply[format!("{name}Crc32c")] = json!(crc32c(bytes).to_string());
}

/// As all members of a reply, it is absent where it is false.
fn verified(reply: &mut Value, name: &str, field: &Field) {
    if field.is_checked {
        reply[name] = json!(true);
    }
}

fn bound(aad: &[u8], name: &str) -> Vec<u8> {
    [name.as_bytes(), b"\0", aad].concat()
}

/// CRC32C by long division of whole bytes: another way than the one that is tested.
pub(super) fn crc32c(bytes: &[u8]) -> u32 {
    let table: Vec<u32> = (0..256)
        .map(|byte| {
            (0..8).fold(byte, |crc, _| {
                if crc & 1 == 1 {
                    (crc >> 1) ^ 0x82f6_3b78
                } else {
                    crc >> 1
                }
            })
        })
        .collect();
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        let at = usize::try_from((crc ^ u32::from(*byte)) & 0xff).unwrap();
        table[at] ^ (crc >> 8)
    })
}

//! JSON Web Encryption (RFC 7516) and JSON Web Keys (RFC 7517), as files of their own.

use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

use super::sample::Sample;
use crate::algorithm::{Algorithm, Primitive, Weakness, by_name, curve_by_name, dsa, rsa, rsa_oaep};
use crate::asset::{Asset, AssetKind, Purpose, Recipient, Role, cut};
use crate::limits;

/// The objects of a file.
pub(super) fn read(sample: &Sample<'_>, text: &[u8]) -> Vec<Asset> {
    let text = text.trim_ascii();
    if text.starts_with(b"eyJ") {
        return compact(sample, text).into_iter().collect();
    }
    let is_json = text.starts_with(b"{") && (text.len() as u64) < limits::DER as u64;
    let speaks_of_keys = |word: &str| memchr::memmem::find(text, word.as_bytes()).is_some();
    if !is_json || !["\"kty\"", "\"ciphertext\""].into_iter().any(speaks_of_keys) {
        return Vec::new();
    }
    let Ok(json) = serde_json::from_slice::<Value>(text) else {
        return Vec::new();
    };
    match json.get("keys").and_then(Value::as_array) {
        Some(keys) => keys.iter().filter_map(|key| jwk(sample, key)).collect(),
        None => jwk(sample, &json).or_else(|| jwe(sample, &json)).into_iter().collect(),
    }
}

/// `HEADER.KEY.IV.CIPHERTEXT.TAG`.
fn compact(sample: &Sample<'_>, text: &[u8]) -> Option<Asset> {
    let mut parts = text.split(|byte| *byte == b'.');
    let header = protected(parts.next()?)?;
    let asset = encrypted(sample, &[&header]);
    (parts.count() == 4).then_some(asset).flatten()
}

/// The JSON form: a shared header, and one a recipient.
fn jwe(sample: &Sample<'_>, json: &Value) -> Option<Asset> {
    json.get("ciphertext")?.as_str()?;
    let shared = json.get("protected").and_then(Value::as_str);
    let shared = shared.and_then(|text| protected(text.as_bytes())).unwrap_or_default();
    let each = json.get("recipients").and_then(Value::as_array).into_iter().flatten();
    let mut headers: Vec<_> = vec![&shared];
    headers.extend(
        each.take(limits::RECIPIENTS)
            .filter_map(|recipient| recipient.get("header")),
    );
    encrypted(sample, &headers)
}

fn encrypted(sample: &Sample<'_>, headers: &[&Value]) -> Option<Asset> {
    let cipher = headers.iter().find_map(|header| header.get("enc")?.as_str())?;
    let mut asset = Asset::in_file(sample.path, AssetKind::Jwe, Purpose::Confidentiality);
    asset = asset.with(Role::Content, content_algorithm(cipher));
    for header in headers {
        let Some(name) = header.get("alg").and_then(Value::as_str) else {
            continue;
        };
        let algorithm = key_algorithm(name);
        asset.recipients.push(Recipient {
            id: header
                .get("kid")
                .and_then(Value::as_str)
                .map_or_else(|| "unnamed".to_owned(), cut),
            scheme: cut(name),
            version: None,
            posture: algorithm.posture,
        });
        asset = asset.with(Role::Recipient, algorithm);
    }
    (!asset.recipients.is_empty()).then_some(asset)
}

fn jwk(sample: &Sample<'_>, key: &Value) -> Option<Asset> {
    let text = |name: &str| key.get(name).and_then(Value::as_str);
    let (algorithm, purpose) = match text("kty")? {
        "RSA" => (rsa(modulus_bits(text("n")?)?), Purpose::Either),
        "EC" => {
            let curve = text("crv")?;
            let known = curve_by_name(curve, Primitive::Unknown);
            (
                known.unwrap_or_else(|| Algorithm::classical(cut(curve), Primitive::Unknown, 112)),
                Purpose::Either,
            )
        }
        "OKP" => {
            let known = by_name(text("crv")?)?;
            let purpose = match known.primitive {
                Primitive::Signature => Purpose::Signature,
                _ => Purpose::Confidentiality,
            };
            (known, purpose)
        }
        "AKP" => (by_name(text("alg")?)?, Purpose::Signature),
        "oct" => {
            let bits = u16::try_from(BASE64URL_NOPAD.decode_len(text("k")?.len()).ok()? * 8).ok()?;
            (
                Algorithm::symmetric(format!("symmetric, {bits} bits"), Primitive::Unknown, bits),
                Purpose::Either,
            )
        }
        "DSA" => (dsa(2048), Purpose::Signature),
        _ => return None,
    };
    let purpose = match text("use") {
        Some("sig") => Purpose::Signature,
        Some("enc") => Purpose::Confidentiality,
        _ => purpose,
    };
    let mut asset = Asset::in_file(sample.path, AssetKind::JsonWebKey, purpose).with(Role::Key, algorithm);
    asset.in_clear = ["d", "k", "priv"].into_iter().any(|part| key.get(part).is_some());
    Some(asset.named(text("kid").unwrap_or_default()))
}

fn protected(part: &[u8]) -> Option<Value> {
    let bytes = BASE64URL_NOPAD.decode(part.get(..part.len().min(limits::HEAD))?).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn modulus_bits(text: &str) -> Option<usize> {
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
    let lead = bytes.first()?.leading_zeros() as usize;
    Some(bytes.len() * 8 - lead)
}

/// RFC 7518 4.1, RFC 8037.
fn key_algorithm(name: &str) -> Algorithm {
    let bits = || match name {
        _ if name.contains("A128") => 128,
        _ if name.contains("A192") => 192,
        _ => 256,
    };
    match name {
        "RSA1_5" => Algorithm::classical("RSA, PKCS #1 v1.5", Primitive::Pke, 112).weak(Weakness::Pkcs1Padding),
        _ if name.starts_with("RSA-OAEP") => Algorithm {
            name: name.to_owned(),
            parameter: None,
            ..rsa_oaep(2048)
        },
        _ if name.starts_with("ECDH-ES") => Algorithm::classical(cut(name), Primitive::KeyAgree, 128),
        _ if name.starts_with("PBES2") => Algorithm {
            classical_bits: None,
            quantum_level: None,
            ..Algorithm::symmetric(cut(name), Primitive::Kdf, 256)
        },
        "dir" | "A128KW" | "A192KW" | "A256KW" | "A128GCMKW" | "A192GCMKW" | "A256GCMKW" => {
            Algorithm::symmetric(name, Primitive::Ae, bits())
        }
        _ => Algorithm::unknown(cut(name)),
    }
}

/// RFC 7518 5.1.
fn content_algorithm(name: &str) -> Algorithm {
    let bits = match name {
        "A128GCM" | "A128CBC-HS256" => 128,
        "A192GCM" | "A192CBC-HS384" => 192,
        "A256GCM" | "A256CBC-HS512" => 256,
        _ => return Algorithm::unknown(cut(name)),
    };
    Algorithm::symmetric(name, Primitive::Ae, bits)
}

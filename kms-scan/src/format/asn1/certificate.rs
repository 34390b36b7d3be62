//! X.509 certificates (RFC 5280 4.1) and PKCS #10 requests (RFC 2986 4.1).

use der::Tag;

use super::Placed;
use super::items::{Item, Items};
use super::key::{KeyInfo, algorithm_identifier};
use crate::algorithm::{Algorithm, Weakness, signature};
use crate::asset::{Asset, AssetKind, Purpose, Role, cut};
use crate::format::Fault;

/// A certificate.
pub(in crate::format) fn certificate(place: &Placed<'_>, bytes: &[u8]) -> Result<Asset, Fault> {
    let mut outer = Items::of_sequence(bytes)?;
    let mut body = outer.sequence()?;
    body.optional(0)?; // version
    body.expect(Tag::Integer)?; // serial number
    let signed_by = signature_algorithm(body.sequence()?)?;
    let issuer = body.expect(Tag::Sequence)?;
    let mut validity = body.sequence()?;
    let (from, until) = (validity.next()?, validity.next()?);
    let subject = body.expect(Tag::Sequence)?;
    let key = KeyInfo::read(body.sequence()?)?;

    let purpose = key_usage(body).unwrap_or(key.purpose);
    let mut asset = Asset::in_file(place.path, AssetKind::Certificate, purpose).with(Role::Key, key.algorithm);
    asset = asset.named(name(subject));
    asset.issuer = Some(cut(&name(issuer)));
    (asset.created, asset.expires) = (from.time(), until.time());
    if issuer.value() == subject.value() {
        // It is trusted for where it stands, not for its signature.
        asset = asset
            .note("self-signed")
            .with(Role::Signature, trusted_anyway(signed_by));
    } else {
        asset = asset.with(Role::Signature, signed_by);
    }
    Ok(asset)
}

/// A request.
pub(in crate::format) fn request(place: &Placed<'_>, bytes: &[u8]) -> Result<Asset, Fault> {
    let mut outer = Items::of_sequence(bytes)?;
    let mut body = outer.sequence()?;
    if body.expect(Tag::Integer)?.value() != [0] {
        return Err("a request of an unknown version");
    }
    let subject = body.expect(Tag::Sequence)?;
    let key = KeyInfo::read(body.sequence()?)?;
    let asset = Asset::in_file(place.path, AssetKind::CertificateRequest, key.purpose).with(Role::Key, key.algorithm);
    Ok(asset
        .named(name(subject))
        .with(Role::Signature, signature_algorithm(outer.sequence()?)?))
}

fn signature_algorithm(identifier: Items<'_>) -> Result<Algorithm, Fault> {
    let (oid, parameters) = algorithm_identifier(identifier)?;
    let algorithm = signature(&oid);
    match (oid.as_str(), parameters) {
        (PSS, Some(parameters)) if pss_hash(parameters).is_none_or(|hash| hash == SHA1) => {
            Ok(algorithm.weak(Weakness::Sha1))
        }
        _ => Ok(algorithm),
    }
}

/// The hash of RSASSA-PSS; SHA-1 where none is named (RFC 4055 3.1).
fn pss_hash(parameters: Item<'_>) -> Option<String> {
    let hash = parameters.items().ok()?.optional(0).ok()??;
    hash.items().ok()?.sequence().ok()?.oid().ok()
}

fn trusted_anyway(algorithm: Algorithm) -> Algorithm {
    Algorithm {
        weakness: None,
        ..algorithm
    }
}

/// What the extension KeyUsage (RFC 5280 4.2.1.3) lets the key do; `None` where it is missing.
fn key_usage(mut body: Items<'_>) -> Option<Purpose> {
    body.optional(1).ok()?;
    body.optional(2).ok()?;
    let mut extensions = body.optional(3).ok()??.items().ok()?.sequence().ok()?;
    while !extensions.is_at_end() {
        let mut extension = extensions.sequence().ok()?;
        if extension.oid().ok()? != KEY_USAGE {
            continue;
        }
        let mut value = extension.next().ok()?;
        if value.tag() == Tag::Boolean {
            value = extension.next().ok()?;
        }
        let bits = *value.items().ok()?.expect(Tag::BitString).ok()?.bit_bytes().first()?;
        return Some(match (bits & SIGNS != 0, bits & KEEPS_SECRETS != 0) {
            (_, false) => Purpose::Signature,
            (true, true) => Purpose::Either,
            (false, true) => Purpose::Confidentiality,
        });
    }
    None
}

/// A distinguished name as `CN=…, O=…`, most telling first as it stands.
fn name(name: Item<'_>) -> String {
    let mut parts = Vec::new();
    let Ok(mut sets) = name.items() else {
        return String::new();
    };
    while let Ok(set) = sets.next() {
        let Ok(mut pairs) = set.items() else { break };
        while let Ok(mut pair) = pairs.sequence() {
            if let (Ok(oid), Ok(value)) = (pair.oid(), pair.next()) {
                parts.push(format!("{}={}", attribute(&oid), text(value)));
            }
        }
        if parts.len() >= MOST_PARTS {
            break;
        }
    }
    parts.reverse();
    parts.join(", ")
}

/// RFC 4514 3.
fn attribute(oid: &str) -> &str {
    match oid {
        "2.5.4.3" => "CN",
        "2.5.4.5" => "serialNumber",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "0.9.2342.19200300.100.1.25" => "DC",
        "0.9.2342.19200300.100.1.1" => "UID",
        "1.2.840.113549.1.9.1" => "email",
        other => other,
    }
}

fn text(value: Item<'_>) -> String {
    if value.tag() == Tag::BmpString {
        let units = value
            .value()
            .chunks_exact(2)
            .map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
        return char::decode_utf16(units)
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
    }
    String::from_utf8_lossy(value.value()).into_owned()
}

const PSS: &str = "1.2.840.113549.1.1.10";
const SHA1: &str = "1.3.14.3.2.26";
const KEY_USAGE: &str = "2.5.29.15";
/// digitalSignature, nonRepudiation, keyCertSign, cRLSign.
const SIGNS: u8 = 0b1100_0110;
/// keyEncipherment, dataEncipherment, keyAgreement.
const KEEPS_SECRETS: u8 = 0b0011_1000;
const MOST_PARTS: usize = 16;

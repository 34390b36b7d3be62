//! DER: certificates, requests, private and public keys, each told by its shape.

mod certificate;
mod encryption;
mod items;
mod key;

use std::io;

use der::Tag;

use super::sample::Sample;
use super::{Fault, or_fault};
use crate::asset::{Asset, AssetKind};
use crate::limits;
use items::{Item, Items};

pub(super) use certificate::{certificate, request};
pub(super) use encryption::encrypted_private_key;
pub(super) use key::{dsa_private_key, ec_private_key, private_key, public_key, rsa_private_key, rsa_public_key};

/// A reader of one DER object: the asset is without a path until [`Placed`] gives it one.
pub(super) type Reader = fn(&Placed<'_>, &[u8]) -> Result<Asset, Fault>;

/// Where what is read stands.
pub(super) struct Placed<'a> {
    pub(super) path: &'a std::path::Path,
}

/// The DER object in a file: one that fills it to the last byte.
pub(super) fn read(sample: &Sample<'_>) -> io::Result<Option<Asset>> {
    if !fills(sample.head(), sample.size) {
        return Ok(None);
    }
    if sample.size > limits::DER as u64 {
        return Ok(sample.has_extension(EXTENSIONS).then(|| {
            Asset::unreadable(
                sample.path,
                AssetKind::Container,
                "larger than a key or a certificate is",
            )
        }));
    }
    let bytes = sample.start(limits::DER)?;
    let place = Placed { path: sample.path };
    let Some((kind, reader)) = shape(&bytes) else {
        // Other things are DER too; only a name makes this one of ours.
        return Ok(sample.has_extension(EXTENSIONS).then(|| {
            Asset::unreadable(
                sample.path,
                AssetKind::Container,
                "DER, and neither a key nor a certificate",
            )
        }));
    };
    Ok(Some(or_fault(sample, kind, reader(&place, &bytes))))
}

/// What a DER object is, by the types of its first fields.
pub(super) fn shape(bytes: &[u8]) -> Option<(AssetKind, Reader)> {
    let mut items = Items::of_sequence(bytes).ok()?;
    let tags: Vec<Tag> = std::iter::from_fn(|| items.next().ok().map(Item::tag))
        .take(9)
        .collect();
    use Tag::{BitString, Integer, ObjectIdentifier, OctetString, Sequence};
    Some(match tags.as_slice() {
        [Sequence, Sequence, BitString] if request(&Placed { path: "".as_ref() }, bytes).is_ok() => {
            (AssetKind::CertificateRequest, request)
        }
        [Sequence, Sequence, BitString] if is_revocation_list(bytes) => return None,
        [Sequence, Sequence, BitString] => (AssetKind::Certificate, certificate),
        [Sequence, BitString] => (AssetKind::PublicKey, public_key),
        [Sequence, OctetString] => (AssetKind::PrivateKey, encrypted_private_key),
        [Integer, Sequence, OctetString, ..] => (AssetKind::PrivateKey, private_key),
        [Integer, OctetString, ..] => (AssetKind::PrivateKey, ec_private_key),
        numbers if numbers.iter().all(|tag| *tag == Integer) => match numbers.len() {
            2 => (AssetKind::PublicKey, rsa_public_key),
            6 => (AssetKind::PrivateKey, dsa_private_key),
            9 => (AssetKind::PrivateKey, rsa_private_key),
            _ => return None,
        },
        [Integer, Sequence] | [Integer, Sequence, Sequence] => (AssetKind::Container, pkcs12),
        [ObjectIdentifier, ..] => (AssetKind::Container, cms),
        _ => return None,
    })
}

/// A CRL (RFC 5280 5.1) is signed as a certificate is, and protects nothing: a time stands where the validity would.
fn is_revocation_list(bytes: &[u8]) -> bool {
    let tags = || -> Result<Vec<Tag>, Fault> {
        let mut body = Items::of_sequence(bytes)?.sequence()?;
        (0..4).map(|_| Ok(body.next()?.tag())).collect()
    };
    let is_time = |tag: &Tag| matches!(tag, Tag::UtcTime | Tag::GeneralizedTime);
    tags().is_ok_and(|tags| tags[2..].iter().any(is_time))
}

/// PKCS #12 (RFC 7292 4): its content is encrypted as a whole.
fn pkcs12(place: &Placed<'_>, bytes: &[u8]) -> Result<Asset, Fault> {
    let mut items = Items::of_sequence(bytes)?;
    let is_version_3 = items.next()?.value() == [3];
    let mut content = items.sequence()?;
    match content.oid()?.starts_with("1.2.840.113549.1.7.") && is_version_3 {
        true => Ok(super::container::unparsed(place.path, "PKCS #12 key store")),
        false => Err("neither PKCS #12 nor a key"),
    }
}

/// CMS (RFC 5652 3).
pub(super) fn cms(place: &Placed<'_>, bytes: &[u8]) -> Result<Asset, Fault> {
    let name = match Items::of_sequence(bytes)?.oid()?.as_str() {
        "1.2.840.113549.1.7.2" => "CMS signed data",
        "1.2.840.113549.1.7.3" => "CMS enveloped data",
        "1.2.840.113549.1.9.16.1.23" => "CMS authenticated-enveloped data",
        _ => return Err("neither CMS nor a key"),
    };
    Ok(super::container::unparsed(place.path, name))
}

/// Whether the outermost SEQUENCE ends where the file does.
fn fills(head: &[u8], size: u64) -> bool {
    let (header, length) = match *head {
        [0x30, short @ 0..=0x7f, ..] => (2, u64::from(short)),
        [0x30, 0x81, a, ..] => (3, u64::from(a)),
        [0x30, 0x82, a, b, ..] => (4, u64::from_be_bytes([0, 0, 0, 0, 0, 0, a, b])),
        [0x30, 0x83, a, b, c, ..] => (5, u64::from_be_bytes([0, 0, 0, 0, 0, a, b, c])),
        _ => return false,
    };
    header + length == size
}

const EXTENSIONS: &[&str] = &[
    "der", "cer", "crt", "key", "p8", "pk8", "p12", "pfx", "p7b", "p7m", "csr",
];

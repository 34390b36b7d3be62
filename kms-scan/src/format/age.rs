//! Files and keys of age (C2SP age.md, and the plugins and native recipients of 2025).

use std::io;

use memchr::memmem;

use super::Fault;
use super::sample::Sample;
use super::text::{Lines, begins_line, ends_line};
use crate::algorithm::{Algorithm, Primitive, by_name, curve_by_name};
use crate::asset::{Asset, AssetKind, Purpose, Recipient, Role, cut};
use crate::limits;

/// The age file, in its binary form.
pub(super) fn read(sample: &Sample<'_>) -> io::Result<Option<Asset>> {
    let is_age = sample.head().starts_with(INTRO);
    Ok(is_age.then(|| super::or_fault(sample, AssetKind::AgeFile, file(sample, sample.head()))))
}

/// An age file by the start of its bytes.
pub(super) fn file(sample: &Sample<'_>, bytes: &[u8]) -> Result<Asset, Fault> {
    let rest = bytes
        .strip_prefix(INTRO)
        .ok_or("not of the version of age that is known")?;
    let mut asset = Asset::in_file(sample.path, AssetKind::AgeFile, Purpose::Confidentiality);
    asset = asset.with(
        Role::Content,
        by_name("ChaCha20-Poly1305").expect("it is in the registry"),
    );
    let mut is_whole = false;
    for line in rest.split(|byte| *byte == b'\n') {
        if line.starts_with(b"---") {
            is_whole = true;
            break;
        }
        let Some(stanza) = line.strip_prefix(b"-> ") else {
            continue;
        };
        let kind = stanza.split(|byte| *byte == b' ').next().unwrap_or_default();
        let kind = cut(&String::from_utf8_lossy(kind));
        // Put in so that readers learn to pass over what they do not know (RFC 8701).
        if kind.ends_with("-grease") {
            continue;
        }
        let algorithm = stanza_algorithm(&kind);
        if asset.recipients.len() < limits::RECIPIENTS {
            asset.recipients.push(Recipient {
                id: kind.clone(),
                scheme: "age".to_owned(),
                version: None,
                posture: algorithm.posture,
            });
        }
        asset = asset.with(Role::Recipient, algorithm);
    }
    match is_whole || bytes.len() == limits::HEAD {
        true if asset.recipients.is_empty() => Err("it names no recipient"),
        true => Ok(asset),
        false => Err("its header is cut off"),
    }
}

/// Identities and recipients, each on a line of its own.
pub(super) fn keys(sample: &Sample<'_>, text: &[u8]) -> Vec<Asset> {
    let mut found: Vec<(usize, Asset)> = Vec::new();
    for (prefix, name, is_secret) in KEYS {
        for at in memmem::find_iter(text, prefix.as_bytes()) {
            // First what is cheap: a text may be nothing but this prefix.
            if !begins_line(text, at) {
                continue;
            }
            let key = text[at..text.len().min(at + MOST_KEY)].iter();
            let key = key
                .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-')
                .count();
            let is_alone = key > LEAST_KEY && ends_line(text, at + key);
            let is_longer = *prefix == "age1" && text[at..].starts_with(b"age1pq1");
            if is_alone && !is_longer && found.len() <= limits::FINDINGS {
                let asset = Asset::in_file(sample.path, AssetKind::AgeKey, Purpose::Confidentiality);
                let mut asset = asset.with(Role::Key, stanza_algorithm(name));
                asset.in_clear = *is_secret;
                let what = if *is_secret {
                    "identity: a secret key"
                } else {
                    "recipient: a public key"
                };
                found.push((at, asset.note(what)));
            }
        }
    }
    found.sort_by_key(|(start, _)| *start);
    let mut lines = Lines::of(text);
    let placed = found
        .into_iter()
        .map(|(start, asset)| asset.at_line(lines.number(start)));
    placed.collect()
}

fn stanza_algorithm(kind: &str) -> Algorithm {
    let hybrid = |name: &str| Algorithm {
        oid: None,
        name: name.to_owned(),
        ..by_name("X-Wing").expect("it is in the registry")
    };
    match kind {
        "X25519" | "ssh-ed25519" => by_name("X25519").expect("it is in the registry"),
        "ssh-rsa" => Algorithm {
            posture: Some(kms_core::Posture::Classical),
            quantum_level: Some(0),
            primitive: Primitive::Pke,
            ..Algorithm::unknown("RSA-OAEP")
        },
        "piv-p256" | "p256tag" => curve_by_name("P-256", Primitive::KeyAgree).expect("it is in the registry"),
        "mlkem768x25519" => hybrid("MLKEM768-X25519"),
        "mlkem768p256tag" => hybrid("MLKEM768-P256"),
        "scrypt" => Algorithm {
            classical_bits: None,
            quantum_level: None,
            ..Algorithm::symmetric("scrypt", Primitive::Kdf, 256)
        },
        other => Algorithm::unknown(other),
    }
}

const INTRO: &[u8] = b"age-encryption.org/v1\n";
/// What a line starts with, which stanza it makes, and whether it is secret.
const KEYS: &[(&str, &str, bool)] = &[
    ("AGE-SECRET-KEY-1", "X25519", true),
    ("AGE-SECRET-KEY-PQ-1", "mlkem768x25519", true),
    ("age1pq1", "mlkem768x25519", false),
    ("age1", "X25519", false),
];
/// Characters of the shortest key: 32 bytes in base32, with a checksum.
const LEAST_KEY: usize = 58;
/// A recipient with an ML-KEM key takes some 2000.
const MOST_KEY: usize = 4096;

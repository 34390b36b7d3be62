//! PEM (RFC 7468), wherever it stands in a text: also indented, and in strings with `\n` for line ends.

use data_encoding::BASE64;
use memchr::memmem;
use zeroize::Zeroizing;

use super::asn1::{self, Placed, Reader};
use super::container;
use super::sample::Sample;
use super::text::{Lines, begins_line, ends_line};
use super::{Fault, age, ssh};
use crate::algorithm::{Algorithm, Primitive, Weakness, by_name};
use crate::asset::{Asset, AssetKind, Purpose, Role};
use crate::limits;

/// Every PEM object of a text.
pub(super) fn read(sample: &Sample<'_>, text: &[u8]) -> Vec<Asset> {
    let mut lines = Lines::of(text);
    let mut assets = Vec::new();
    let mut starts = memmem::find_iter(text, BEGIN).peekable();
    while let Some(start) = starts.next() {
        if assets.len() > limits::FINDINGS {
            break;
        }
        let end = starts.peek().copied().unwrap_or(text.len());
        if let Some(asset) = Block::at(text, start, end).and_then(|block| block.read(sample)) {
            assets.push(asset.at_line(lines.number(start)));
        }
    }
    assets
}

/// From one BEGIN to the next, or to the end.
struct Block<'a> {
    label: &'a str,
    /// Between the lines; `None` where the END is missing.
    body: Option<&'a [u8]>,
    /// Whether BEGIN stands on a line of its own, as in a file that is meant so, or inside other text.
    is_own_line: bool,
}

impl<'a> Block<'a> {
    fn at(text: &'a [u8], start: usize, limit: usize) -> Option<Self> {
        let rest = &text[start + BEGIN.len()..limit];
        let length = memmem::find(&rest[..rest.len().min(LABEL_MAX)], DASHES)?;
        let label = std::str::from_utf8(&rest[..length]).ok()?;
        let body = &rest[length + DASHES.len()..];
        Some(Self {
            label,
            body: memmem::find(body, END).map(|end| &body[..end]),
            is_own_line: begins_line(text, start) && ends_line(text, start + BEGIN.len() + length + DASHES.len()),
        })
    }

    /// What it holds; `None` for a label that is not of our business, and for words in a text that only look like it.
    fn read(&self, sample: &Sample<'_>) -> Option<Asset> {
        let path = sample.path;
        let (kind, reader) = match self.label {
            label if label.starts_with("PGP ") => {
                let is_whole = self.is_own_line && self.body.is_some();
                return is_whole.then(|| container::unparsed(path, &format!("Open{label}")));
            }
            label if label == AGE => (AssetKind::AgeFile, Payload::Age),
            "OPENSSH PRIVATE KEY" => (AssetKind::PrivateKey, Payload::Ssh),
            label => {
                let (_, kind, reader) = LABELS.iter().find(|(known, ..)| *known == label)?;
                (*kind, Payload::Der(*reader))
            }
        };
        let asset = match self.body {
            None => Err("its end is missing"),
            Some(body) => read_body(sample, self.label, body, reader),
        };
        match asset {
            Ok(asset) => Some(asset),
            Err(fault) => self.is_own_line.then(|| Asset::unreadable(path, kind, fault)),
        }
    }
}

/// What is inside the armour.
#[derive(Clone, Copy)]
enum Payload {
    Der(Reader),
    Ssh,
    Age,
}

fn read_body(sample: &Sample<'_>, label: &str, body: &[u8], payload: Payload) -> Result<Asset, Fault> {
    if let Some(cipher) = old_encryption(body) {
        return Ok(encrypted(sample, label, &cipher));
    }
    let bytes = decode(body)?;
    match payload {
        Payload::Der(reader) => reader(&Placed { path: sample.path }, &bytes),
        Payload::Ssh => ssh::private_key(sample, &bytes),
        Payload::Age => age::file(sample, &bytes),
    }
}

/// The base64 of a body; header lines (RFC 4716 3.3, RFC 1421 4.6) are left out.
pub(super) fn decode(body: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let mut packed = Zeroizing::new(Vec::with_capacity(body.len()));
    let mut is_continued = false;
    for line in body.split(|byte| *byte == b'\n') {
        let is_header = is_continued || memchr::memchr(b':', line).is_some();
        is_continued = is_header && line.trim_ascii_end().ends_with(b"\\");
        if !is_header {
            packed.extend(unescaped(line).filter(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte)));
        }
    }
    if packed.is_empty() {
        return Err("there is nothing in it");
    }
    let mut bytes = Zeroizing::new(vec![0; BASE64.decode_len(packed.len()).map_err(|_| NOT_BASE64)?]);
    let length = BASE64.decode_mut(&packed, &mut bytes).map_err(|_| NOT_BASE64)?;
    bytes.truncate(length);
    Ok(bytes)
}

/// Bytes without the letters of `\n` and `\r` in a quoted string.
fn unescaped(line: &[u8]) -> impl Iterator<Item = u8> {
    let mut is_escaped = false;
    line.iter().copied().filter(move |byte| {
        let is_part = *byte == b'\\' || is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        !is_part
    })
}

/// The cipher of OpenSSL's own encryption: `DEK-Info: AES-128-CBC,…`.
fn old_encryption(body: &[u8]) -> Option<String> {
    let at = memmem::find(&body[..body.len().min(LABEL_MAX * 4)], b"DEK-Info: ")?;
    let cipher = body[at + 10..]
        .iter()
        .copied()
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
    Some(cipher.take(LABEL_MAX).map(char::from).collect())
}

/// Its key is one round of MD5 over the passphrase, whatever the cipher.
fn encrypted(sample: &Sample<'_>, label: &str, cipher: &str) -> Asset {
    let cipher = by_name(cipher).unwrap_or_else(|| match cipher.starts_with("DES") || cipher.starts_with("RC") {
        true => Algorithm::symmetric(cipher, Primitive::BlockCipher, 112).weak(Weakness::OldCipher),
        false => Algorithm::unknown(cipher),
    });
    let derivation = Algorithm::symmetric("MD5, one round", Primitive::Kdf, 64).weak(Weakness::FastPassphrase);
    let asset = Asset::in_file(sample.path, AssetKind::PrivateKey, Purpose::Either);
    let asset = asset.with(Role::AtRest, derivation).with(Role::AtRest, cipher);
    match label {
        // The size cannot be seen, the family can.
        "EC PRIVATE KEY" | "RSA PRIVATE KEY" | "DSA PRIVATE KEY" => {
            let family = label.split(' ').next().unwrap_or(label);
            let key = Algorithm {
                posture: Some(kms_core::Posture::Classical),
                quantum_level: Some(0),
                ..Algorithm::unknown(family)
            };
            asset.with(Role::Key, key)
        }
        _ => asset,
    }
}

/// RFC 7468, and what OpenSSL wrote before it.
const LABELS: &[(&str, AssetKind, Reader)] = &[
    ("CERTIFICATE", AssetKind::Certificate, asn1::certificate),
    ("X509 CERTIFICATE", AssetKind::Certificate, asn1::certificate),
    ("TRUSTED CERTIFICATE", AssetKind::Certificate, asn1::certificate),
    ("CERTIFICATE REQUEST", AssetKind::CertificateRequest, asn1::request),
    ("NEW CERTIFICATE REQUEST", AssetKind::CertificateRequest, asn1::request),
    ("PRIVATE KEY", AssetKind::PrivateKey, asn1::private_key),
    (
        "ENCRYPTED PRIVATE KEY",
        AssetKind::PrivateKey,
        asn1::encrypted_private_key,
    ),
    ("RSA PRIVATE KEY", AssetKind::PrivateKey, asn1::rsa_private_key),
    ("EC PRIVATE KEY", AssetKind::PrivateKey, asn1::ec_private_key),
    ("DSA PRIVATE KEY", AssetKind::PrivateKey, asn1::dsa_private_key),
    ("PUBLIC KEY", AssetKind::PublicKey, asn1::public_key),
    ("RSA PUBLIC KEY", AssetKind::PublicKey, asn1::rsa_public_key),
    ("PKCS7", AssetKind::Container, asn1::cms),
    ("CMS", AssetKind::Container, asn1::cms),
];

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
const AGE: &str = "AGE ENCRYPTED FILE";
const LABEL_MAX: usize = 64;
const NOT_BASE64: Fault = "its base64 is damaged or cut off";

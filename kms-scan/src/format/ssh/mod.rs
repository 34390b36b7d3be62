//! Keys of SSH: public ones and certificates in lines (`authorized_keys`, `known_hosts`, `*.pub`, `allowed_signers`),
//! and private ones in OpenSSH's container.

mod blob;
mod line;
mod wire;

use memchr::memmem;

use super::sample::Sample;
use super::text::{Lines, begins_line};
use super::{Fault, pem};
use crate::algorithm::{Algorithm, Primitive, Weakness, by_name};
use crate::asset::{Asset, AssetKind, Purpose, Role};
use crate::limits;
use blob::PublicKey;
use wire::Wire;

pub(super) use line::lines;

/// Public keys in the armour of RFC 4716.
pub(super) fn armoured(sample: &Sample<'_>, text: &[u8]) -> Vec<Asset> {
    let mut lines = Lines::of(text);
    let mut assets = Vec::new();
    let mut starts = memmem::find_iter(text, BEGIN).peekable();
    while let Some(start) = starts.next().filter(|_| assets.len() <= limits::FINDINGS) {
        let end = starts.peek().copied().unwrap_or(text.len());
        let body = &text[start + BEGIN.len()..end];
        let key = match memmem::find(body, END) {
            None => Err("its end is missing"),
            Some(end) => pem::decode(&body[..end]).and_then(|bytes| Ok(PublicKey::parse(&bytes)?.asset(sample.path))),
        };
        if begins_line(text, start) {
            assets.push(super::or_fault(sample, AssetKind::SshKey, key).at_line(lines.number(start)));
        }
    }
    assets
}

/// A private key (OpenSSH's PROTOCOL.key). The private part is not looked at, encrypted or not.
pub(super) fn private_key(sample: &Sample<'_>, bytes: &[u8]) -> Result<Asset, Fault> {
    let mut wire = Wire(bytes.strip_prefix(MAGIC).ok_or("not in OpenSSH's format")?);
    let cipher = wire.string()?;
    let derivation = wire.string()?;
    let mut options = Wire(wire.string()?);
    if wire.number()? != 1 {
        return Err("it does not hold exactly one key");
    }
    let public = PublicKey::parse(wire.string()?)?;
    let mut asset = Asset::in_file(sample.path, AssetKind::PrivateKey, Purpose::Signature);
    asset = asset.with(Role::Key, public.algorithm);
    if cipher == b"none" {
        asset.in_clear = true;
        return Ok(asset);
    }
    let derivation = match derivation {
        b"bcrypt" => {
            options.string()?; // salt
            Algorithm {
                parameter: Some(format!("{} rounds", options.number()?)),
                classical_bits: None,
                quantum_level: None,
                ..Algorithm::symmetric("bcrypt-pbkdf", Primitive::Kdf, 256)
            }
        }
        other => Algorithm::unknown(String::from_utf8_lossy(other)),
    };
    Ok(asset
        .with(Role::AtRest, derivation)
        .with(Role::AtRest, cipher_by_name(cipher)))
}

/// Ciphers of OpenSSH (RFC 4253 6.3, RFC 4344, OpenSSH's PROTOCOL).
fn cipher_by_name(name: &[u8]) -> Algorithm {
    let name = String::from_utf8_lossy(name);
    match name.as_ref() {
        "aes256-ctr" => Algorithm::symmetric("AES-256-CTR", Primitive::StreamCipher, 256),
        "aes192-ctr" => Algorithm::symmetric("AES-192-CTR", Primitive::StreamCipher, 192),
        "aes128-ctr" => Algorithm::symmetric("AES-128-CTR", Primitive::StreamCipher, 128),
        "3des-cbc" => Algorithm::symmetric("3DES-CBC", Primitive::BlockCipher, 112).weak(Weakness::OldCipher),
        _ => {
            let plain = name.split('@').next().unwrap_or_default().to_uppercase();
            let known = plain
                .replace("AES256", "AES-256")
                .replace("AES192", "AES-192")
                .replace("AES128", "AES-128");
            let known =
                by_name(&known).or_else(|| by_name("ChaCha20-Poly1305").filter(|_| plain.starts_with("CHACHA20")));
            known.unwrap_or_else(|| Algorithm::unknown(name))
        }
    }
}

const MAGIC: &[u8] = b"openssh-key-v1\0";
const BEGIN: &[u8] = b"---- BEGIN SSH2 PUBLIC KEY ----";
const END: &[u8] = b"---- END SSH2 PUBLIC KEY ----";

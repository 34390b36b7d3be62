//! What is recognised and not looked into, so that nobody takes its absence from a report for its absence from a disk.

use std::io;
use std::path::Path;

use super::sample::Sample;
use crate::algorithm::{Algorithm, by_name};
use crate::asset::{Asset, AssetKind, Purpose, Role};

/// By the first bytes of a binary file.
pub(super) fn read(sample: &Sample<'_>) -> io::Result<Option<Asset>> {
    let head = sample.head();
    let known = MAGIC.iter().find(|(magic, _)| head.starts_with(magic));
    let name = known.map(|(_, name)| *name).or_else(|| {
        let is_packet = head.first().is_some_and(|byte| byte & 0x80 != 0);
        (is_packet && sample.has_extension(&["gpg", "pgp"])).then_some("OpenPGP data")
    });
    let is_p12 = || sample.has_extension(&["p12", "pfx"]) && head.starts_with(&[0x30]);
    let name = name.or_else(|| is_p12().then_some("PKCS #12 key store"));
    Ok(name.map(|name| unparsed(sample.path, name)))
}

/// By the first words of a text.
pub(super) fn read_text(sample: &Sample<'_>, text: &[u8]) -> Option<Asset> {
    if text.starts_with(b"$ANSIBLE_VAULT;") {
        return Some(unparsed(sample.path, "Ansible Vault"));
    }
    if text.starts_with(b"PuTTY-User-Key-File-") {
        return Some(putty(sample, text));
    }
    None
}

/// Something of this name that was not looked into.
pub(super) fn unparsed(path: &Path, name: &str) -> Asset {
    let asset = Asset::in_file(path, AssetKind::Container, Purpose::Unknown);
    asset.named(name).note("recognised, not looked into")
}

/// A private key of PuTTY says its type and its encryption in clear.
fn putty(sample: &Sample<'_>, text: &[u8]) -> Asset {
    let text = String::from_utf8_lossy(&text[..text.len().min(HEADER)]).into_owned();
    let field = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(": ")?.1.trim().to_owned())
    };
    let algorithm = match field("PuTTY-User-Key-File-").as_deref() {
        Some("ssh-ed25519") => by_name("Ed25519").expect("it is in the registry"),
        other => Algorithm {
            posture: other.map(|_| kms_core::Posture::Classical),
            quantum_level: other.map(|_| 0),
            ..Algorithm::unknown(other.unwrap_or("unknown"))
        },
    };
    let mut asset = Asset::in_file(sample.path, AssetKind::PrivateKey, Purpose::Signature).with(Role::Key, algorithm);
    asset.in_clear = field("Encryption").as_deref() == Some("none");
    asset
        .named(field("Comment").unwrap_or_default())
        .note("in PuTTY's format")
}

const MAGIC: &[(&[u8], &str)] = &[
    (&[0xfe, 0xed, 0xfe, 0xed, 0, 0, 0], "Java key store (JKS)"),
    (&[0xce, 0xce, 0xce, 0xce, 0, 0, 0], "Java key store (JCEKS)"),
    (b"LUKS\xba\xbe", "LUKS volume"),
    (&[0x03, 0xd9, 0xa2, 0x9a], "KeePass database"),
    (b"Salted__", "output of `openssl enc`"),
];
const HEADER: usize = 4096;

//! Messages of the AWS Encryption SDK: the header, as far as it says who opens the message and by what.
//!
//! Only the fields before the frame length are read (AWS Encryption SDK specification, "Message header"). A full reader
//! of the format may take this one's place: the joint is [`Message`].

use std::io;

use super::sample::Sample;
use super::{Fault, or_fault};
use crate::algorithm::{Algorithm, Primitive, rsa, signature};
use crate::asset::{Asset, AssetKind, Purpose, Recipient, Role, cut};
use crate::limits;

/// The message in a file.
pub(super) fn read(sample: &Sample<'_>) -> io::Result<Option<Asset>> {
    let Some(suite) = suite(sample.head()) else {
        return Ok(None);
    };
    let bytes = sample.start(limits::ESDK_HEADER)?;
    let message = Message::parse(&bytes, suite);
    let asset = message.map(|message| asset(sample, &message));
    Ok(Some(or_fault(sample, AssetKind::EsdkMessage, asset)))
}

/// What a header says.
struct Message<'a> {
    suite: &'static Suite,
    keys: Vec<DataKey<'a>>,
}

/// An encrypted data key.
struct DataKey<'a> {
    provider: &'a [u8],
    info: &'a [u8],
    length: usize,
}

/// An algorithm suite.
struct Suite {
    id: u16,
    cipher_bits: u16,
    signature: Option<&'static str>,
    /// Whether the message names its key (version 2).
    commits: bool,
}

impl<'a> Message<'a> {
    fn parse(bytes: &'a [u8], suite: &'static Suite) -> Result<Self, Fault> {
        // Version, type (1 only), suite, message id, encryption context.
        let id = if suite.commits { 3 + 32 } else { 4 + 16 };
        let mut rest = bytes.get(id..).ok_or(CUT)?;
        take_sized(&mut rest)?;
        let count = u16::from_be_bytes(*rest.split_first_chunk().ok_or(CUT)?.0);
        rest = &rest[2..];
        if count == 0 {
            return Err("it names no key");
        }
        let mut keys = Vec::new();
        for _ in 0..count {
            keys.push(DataKey {
                provider: take_sized(&mut rest)?,
                info: take_sized(&mut rest)?,
                length: take_sized(&mut rest)?.len(),
            });
        }
        Ok(Self { suite, keys })
    }
}

impl DataKey<'_> {
    /// By key provider, and for raw keys by the form of what they made (specification, "Raw AES keyring").
    fn algorithm(&self) -> Algorithm {
        match self.provider {
            b"aws-kms-rsa" => rsa(self.length * 8),
            b"aws-kms-ecdh" | b"raw-ecdh" => Algorithm::classical("ECDH", Primitive::KeyAgree, 128),
            provider if provider.starts_with(b"aws-kms") => {
                Algorithm::symmetric("provider's AES-256", Primitive::Ae, 256)
            }
            _ if self.is_raw_aes() => Algorithm {
                // 128, 192 or 256 bits: it does not say.
                classical_bits: None,
                quantum_level: None,
                ..Algorithm::symmetric("AES-GCM (raw key)", Primitive::Ae, 128)
            },
            _ if RSA_LENGTHS.contains(&self.length) => rsa(self.length * 8),
            provider => Algorithm::unknown(cut(&String::from_utf8_lossy(provider))),
        }
    }

    /// Key name, then tag length 128, nonce length 12 and the nonce.
    fn is_raw_aes(&self) -> bool {
        let tail = self
            .info
            .len()
            .checked_sub(20)
            .map(|start| &self.info[start..start + 8]);
        tail == Some(&[0, 0, 0, 128, 0, 0, 0, 12])
    }

    fn recipient(&self, algorithm: &Algorithm) -> Recipient {
        let info = match self.is_raw_aes() {
            true => &self.info[..self.info.len() - 20],
            false => self.info,
        };
        let (provider, info) = (String::from_utf8_lossy(self.provider), String::from_utf8_lossy(info));
        Recipient {
            id: cut(&info),
            scheme: cut(&provider),
            version: None,
            posture: algorithm.posture,
        }
    }
}

fn asset(sample: &Sample<'_>, message: &Message<'_>) -> Asset {
    let suite = message.suite;
    let mut asset = Asset::in_file(sample.path, AssetKind::EsdkMessage, Purpose::Confidentiality).with(
        Role::Content,
        Algorithm {
            parameter: Some(suite.cipher_bits.to_string()),
            ..Algorithm::symmetric(
                format!("AES-{}-GCM", suite.cipher_bits),
                Primitive::Ae,
                suite.cipher_bits,
            )
        },
    );
    asset = asset.note(format!("suite {:04x}", suite.id));
    if !suite.commits {
        asset = asset.note("does not commit to its key: two readers may be shown two plaintexts");
    }
    if let Some(oid) = suite.signature {
        asset = asset.with(Role::Signature, signature(oid));
    }
    for key in &message.keys {
        let algorithm = key.algorithm();
        if asset.recipients.len() < limits::RECIPIENTS {
            asset.recipients.push(key.recipient(&algorithm));
        }
        asset = asset.with(Role::Recipient, algorithm);
    }
    asset
}

/// The suite by version, type and number.
fn suite(head: &[u8]) -> Option<&'static Suite> {
    let (id, commits) = match *head {
        [1, 0x80, high, low, ..] => ([high, low], false),
        [2, high, low, ..] => ([high, low], true),
        _ => return None,
    };
    let id = u16::from_be_bytes(id);
    SUITES.iter().find(|suite| (suite.id, suite.commits) == (id, commits))
}

/// Bytes behind their 16-bit length.
fn take_sized<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Fault> {
    let (length, after) = rest.split_first_chunk().ok_or(CUT)?;
    let (bytes, after) = after.split_at_checked(u16::from_be_bytes(*length).into()).ok_or(CUT)?;
    *rest = after;
    Ok(bytes)
}

const CUT: Fault = "its header is cut off, or longer than is read";
/// Of moduli of 1024 to 4096 bits.
const RSA_LENGTHS: &[usize] = &[128, 256, 384, 512];
const P256: Option<&str> = Some("1.2.840.10045.4.3.2");
const P384: Option<&str> = Some("1.2.840.10045.4.3.3");

/// Specification, "Supported algorithm suites".
const SUITES: &[Suite] = &[
    old(0x0014, 128, None),
    old(0x0046, 192, None),
    old(0x0078, 256, None),
    old(0x0114, 128, None),
    old(0x0146, 192, None),
    old(0x0178, 256, None),
    old(0x0214, 128, P256),
    old(0x0346, 192, P384),
    old(0x0378, 256, P384),
    new(0x0478, None),
    new(0x0578, P384),
];

const fn old(id: u16, cipher_bits: u16, signature: Option<&'static str>) -> Suite {
    Suite {
        id,
        cipher_bits,
        signature,
        commits: false,
    }
}

const fn new(id: u16, signature: Option<&'static str>) -> Suite {
    Suite {
        id,
        cipher_bits: 256,
        signature,
        commits: true,
    }
}

//! Algorithms: what an inventory says of one. The facts stand in the registry, each once.

mod curves;
mod registry;
mod signatures;
mod sized;

pub(crate) use curves::{curve_by_name, curve_by_oid};
pub(crate) use registry::{by_name, by_oid, hpke_kem};
pub(crate) use signatures::signature;
pub(crate) use sized::{diffie_hellman, dsa, rsa, rsa_oaep};

use kms_core::Posture;
use serde::{Serialize, Serializer};

/// An algorithm with its parameters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Algorithm {
    /// Its name with what matters of its parameters: `RSA-2048`, `ECDSA-SHA256`, `ML-KEM-768`.
    pub name: String,
    /// What it does.
    pub primitive: Primitive,
    /// Its object identifier, dotted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oid: Option<String>,
    /// Key size in bits, or the name of the parameter set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// The elliptic curve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub curve: Option<String>,
    /// How it withstands a quantum computer; `None` where this version does not know it.
    #[serde(serialize_with = "posture")]
    pub posture: Option<Posture>,
    /// Strength in bits against classical computers (SP 800-57 part 1, table 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classical_bits: Option<u16>,
    /// NIST's category of strength against quantum computers, 1 to 5; 0 is none.
    pub quantum_level: Option<u8>,
    /// Why it should not be in use any more, quantum computers aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weakness: Option<Weakness>,
}

/// What an algorithm does, in the words of CycloneDX 1.6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Primitive {
    /// Authenticated encryption.
    Ae,
    /// A block cipher without authentication.
    BlockCipher,
    /// A stream cipher without authentication.
    StreamCipher,
    /// Signatures.
    Signature,
    /// Public-key encryption.
    Pke,
    /// Key agreement.
    KeyAgree,
    /// Key encapsulation.
    Kem,
    /// Keys from passwords or other keys.
    Kdf,
    /// Two algorithms of which both must be broken.
    Combiner,
    /// Not known.
    Unknown,
}

/// Why something should not be in use any more, quantum computers aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Weakness {
    /// Fewer than 112 bits of strength: RSA, DSA or Diffie-Hellman below 2048 bits, curves below 224.
    ShortKey,
    /// DSA, which FIPS 186-5 withdrew.
    Dsa,
    /// A signature over MD2, MD4 or MD5.
    Md5,
    /// A signature over SHA-1.
    Sha1,
    /// DES, Triple-DES, RC2 or RC4 (SP 800-131A).
    OldCipher,
    /// RSA encryption with the padding of PKCS #1 v1.5.
    Pkcs1Padding,
    /// A key derived from a passphrase so cheaply that guessing is fast.
    FastPassphrase,
    /// A private key in clear that others on this machine can read.
    ReadableByOthers,
}

impl Algorithm {
    /// An algorithm of which only the name is known.
    #[must_use]
    pub fn unknown(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            primitive: Primitive::Unknown,
            oid: None,
            parameter: None,
            curve: None,
            posture: None,
            classical_bits: None,
            quantum_level: None,
            weakness: None,
        }
    }

    /// An algorithm by the identifier in a file, when the registry does not have it.
    pub(crate) fn unknown_oid(oid: &str) -> Self {
        Self {
            oid: Some(oid.to_owned()),
            ..Self::unknown(oid)
        }
    }

    /// One that falls to a quantum computer.
    pub(crate) fn classical(name: impl Into<String>, primitive: Primitive, bits: u16) -> Self {
        Self {
            primitive,
            posture: Some(Posture::Classical),
            classical_bits: Some(bits),
            quantum_level: Some(0),
            weakness: (bits < LEAST_BITS).then_some(Weakness::ShortKey),
            ..Self::unknown(name)
        }
    }

    /// A symmetric one.
    pub(crate) fn symmetric(name: impl Into<String>, primitive: Primitive, bits: u16) -> Self {
        Self {
            primitive,
            posture: Some(Posture::Hedged),
            classical_bits: Some(bits),
            quantum_level: Some(symmetric_level(bits)),
            ..Self::unknown(name)
        }
    }

    pub(crate) fn with_oid(mut self, oid: &str) -> Self {
        self.oid = Some(oid.to_owned());
        self
    }

    pub(crate) fn weak(mut self, weakness: Weakness) -> Self {
        self.weakness = Some(weakness);
        self
    }
}

impl Primitive {
    /// Whether what it protects must stay secret, so that a recording made today can be opened later.
    #[must_use]
    pub fn keeps_secrets(self) -> bool {
        !matches!(self, Self::Signature | Self::Unknown)
    }

    /// The word of CycloneDX 1.6.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ae => "ae",
            Self::BlockCipher => "block-cipher",
            Self::StreamCipher => "stream-cipher",
            Self::Signature => "signature",
            Self::Pke => "pke",
            Self::KeyAgree => "key-agree",
            Self::Kem => "kem",
            Self::Kdf => "kdf",
            Self::Combiner => "combiner",
            Self::Unknown => "unknown",
        }
    }
}

impl Weakness {
    /// What it is, for people.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::ShortKey => "key too short",
            Self::Dsa => "DSA is withdrawn",
            Self::Md5 => "signed over MD5 or older",
            Self::Sha1 => "signed over SHA-1",
            Self::OldCipher => "DES, Triple-DES, RC2 or RC4",
            Self::Pkcs1Padding => "RSA padding of PKCS #1 v1.5",
            Self::FastPassphrase => "passphrase fast to guess",
            Self::ReadableByOthers => "readable by others",
        }
    }
}

/// Name of a posture for people and JSON, as `kmsctl inspect` has it.
pub(crate) fn posture_name(posture: Posture) -> &'static str {
    match posture {
        Posture::Classical => "classical",
        Posture::PostQuantum => "post-quantum",
        _ => "hedged",
    }
}

pub(crate) fn posture<S: Serializer>(posture: &Option<Posture>, serializer: S) -> Result<S::Ok, S::Error> {
    posture.map(posture_name).serialize(serializer)
}

/// AES-128, -192 and -256 define categories 1, 3 and 5 (NIST PQC call for proposals 4.A.5).
fn symmetric_level(bits: u16) -> u8 {
    match bits {
        256.. => 5,
        192.. => 3,
        128.. => 1,
        _ => 0,
    }
}

/// SP 800-131A rev. 2: what is below is disallowed.
const LEAST_BITS: u16 = 112;

//! The numbers of HPKE (RFC 9180 7, draft-ietf-hpke-pq 5) and which of them go together here.

use crate::crypto::HkdfHash;
use crate::crypto::kem::Kem;

/// A KEM with its KDF and an AEAD. The KDF follows from the KEM, so that there is nothing to negotiate or to choose
/// badly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ciphersuite {
    kem: Kem,
    kdf: Kdf,
    aead: Aead,
}

impl Ciphersuite {
    /// The suite of `kem` and `aead`, with the KDF of [`Kdf::of`].
    #[must_use]
    pub fn new(kem: Kem, aead: Aead) -> Self {
        Self {
            kem,
            kdf: Kdf::of(kem),
            aead,
        }
    }

    /// The same with another KDF, to talk to others.
    #[must_use]
    pub fn with_kdf(self, kdf: Kdf) -> Self {
        Self { kdf, ..self }
    }

    /// Its KEM.
    #[must_use]
    pub fn kem(self) -> Kem {
        self.kem
    }

    /// Its KDF.
    #[must_use]
    pub fn kdf(self) -> Kdf {
        self.kdf
    }

    /// Its AEAD.
    #[must_use]
    pub fn aead(self) -> Aead {
        self.aead
    }

    /// What the key schedule depends on.
    pub(super) fn shape(self) -> Shape {
        Shape {
            kem: self.kem.wire(),
            kdf: self.kdf,
            aead: self.aead.wire(),
            key_len: self.aead.key_len(),
        }
    }
}

/// A ciphersuite in numbers, including those that this crate cannot seal with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) kem: u16,
    pub(super) kdf: Kdf,
    pub(super) aead: u16,
    pub(super) key_len: usize,
}

impl Shape {
    /// `suite_id` (RFC 9180 5.1).
    pub(super) fn id(self) -> [u8; 10] {
        let mut id = *b"HPKE\0\0\0\0\0\0";
        id[4..6].copy_from_slice(&self.kem.to_be_bytes());
        id[6..8].copy_from_slice(&self.kdf.wire().to_be_bytes());
        id[8..].copy_from_slice(&self.aead.to_be_bytes());
        id
    }
}

/// A key-derivation function (RFC 9180 7.2, draft-ietf-hpke-pq 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
#[non_exhaustive]
pub enum Kdf {
    /// HKDF-SHA256.
    HkdfSha256 = 0x0001,
    /// HKDF-SHA384.
    HkdfSha384 = 0x0002,
    /// HKDF-SHA512.
    HkdfSha512 = 0x0003,
    /// SHAKE128, in one stage.
    Shake128 = 0x0010,
    /// SHAKE256, in one stage.
    Shake256 = 0x0011,
    /// TurboSHAKE128, in one stage.
    TurboShake128 = 0x0012,
    /// TurboSHAKE256, in one stage.
    TurboShake256 = 0x0013,
}

impl Kdf {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::HkdfSha256,
        Self::HkdfSha384,
        Self::HkdfSha512,
        Self::Shake128,
        Self::Shake256,
        Self::TurboShake128,
        Self::TurboShake256,
    ];

    /// The one that envelopes use with `kem`: HKDF, with a hash of the KEM's strength.
    #[must_use]
    pub fn of(kem: Kem) -> Self {
        match kem {
            Kem::P384 | Kem::MlKem1024 | Kem::MlKem1024P384 => Self::HkdfSha384,
            Kem::P256 | Kem::X25519 | Kem::MlKem512 | Kem::MlKem768 | Kem::MlKem768P256 | Kem::XWing => {
                Self::HkdfSha256
            }
        }
    }

    /// The function with this HPKE number, if this version has it.
    #[must_use]
    pub fn from_wire(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|kdf| kdf.wire() == number)
    }

    /// The HPKE number.
    #[must_use]
    pub fn wire(self) -> u16 {
        self as u16
    }

    /// `Nh`.
    pub(super) fn output_len(self) -> usize {
        match self {
            Self::HkdfSha256 | Self::Shake128 | Self::TurboShake128 => 32,
            Self::HkdfSha384 => 48,
            Self::HkdfSha512 | Self::Shake256 | Self::TurboShake256 => 64,
        }
    }

    /// The hash, if it has two stages.
    pub(super) fn hkdf(self) -> Option<HkdfHash> {
        match self {
            Self::HkdfSha256 => Some(HkdfHash::Sha256),
            Self::HkdfSha384 => Some(HkdfHash::Sha384),
            Self::HkdfSha512 => Some(HkdfHash::Sha512),
            Self::Shake128 | Self::Shake256 | Self::TurboShake128 | Self::TurboShake256 => None,
        }
    }
}

/// An AEAD (RFC 9180 7.3). AES-128-GCM is not here: a KEM against quantum computers wants 256 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
#[non_exhaustive]
pub enum Aead {
    /// AES-256-GCM.
    Aes256Gcm = 0x0002,
    /// ChaCha20-Poly1305.
    ChaCha20Poly1305 = 0x0003,
    /// None: contexts that only export secrets.
    ExportOnly = 0xffff,
}

impl Aead {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Aes256Gcm, Self::ChaCha20Poly1305, Self::ExportOnly];

    /// The AEAD with this HPKE number, if this version has it.
    #[must_use]
    pub fn from_wire(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|aead| aead.wire() == number)
    }

    /// The HPKE number.
    #[must_use]
    pub fn wire(self) -> u16 {
        self as u16
    }

    /// `Nk`.
    fn key_len(self) -> usize {
        match self {
            Self::Aes256Gcm | Self::ChaCha20Poly1305 => 32,
            Self::ExportOnly => 0,
        }
    }
}

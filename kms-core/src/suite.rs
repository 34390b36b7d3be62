//! The closed registry of suites. Adding one touches this file and, where it needs a new primitive, the backends.

use crate::crypto::kem::Kem;
use crate::crypto::{Aead, CryptoBackend};
use crate::error::{FormatFault, PolicyFault, Result};
use crate::hpke;

/// What an envelope holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    /// A message: header and payload.
    Message = 1,
    /// A ticket: a header whose message secret keys many records.
    Ticket = 2,
    /// A sealed secret: a grant or a keystore.
    SealedSecret = 3,
}

impl Kind {
    /// The kind with this wire number.
    ///
    /// # Errors
    /// [`FormatFault::Kind`] for any other number.
    pub fn from_wire(byte: u8) -> Result<Self, FormatFault> {
        match byte {
            1 => Ok(Self::Message),
            2 => Ok(Self::Ticket),
            3 => Ok(Self::SealedSecret),
            _ => Err(FormatFault::Kind),
        }
    }

    /// The wire number.
    #[must_use]
    pub fn wire(self) -> u8 {
        self as u8
    }

    /// Name for people and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Ticket => "ticket",
            Self::SealedSecret => "sealed-secret",
        }
    }
}

/// A cipher suite of KS1. Every suite uses SHA-512 for hashing, HMAC and HKDF-Expand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u16)]
pub enum Suite {
    /// Cobblestone-256: the default, and the one for FIPS-minded use.
    Aes256Gcm = 0x0001,
    /// Nonce-misuse resistant: a cloned machine leaks equality, not plaintext.
    Aes256GcmSiv = 0x0002,
    /// For machines without AES instructions.
    ChaCha20Poly1305 = 0x0003,
    /// Deterministic records; tickets only.
    Aes256Siv = 0x0010,
}

impl Suite {
    /// All suites, in order of preference.
    pub const ALL: [Self; 4] = [
        Self::Aes256Gcm,
        Self::Aes256GcmSiv,
        Self::ChaCha20Poly1305,
        Self::Aes256Siv,
    ];

    /// The suite with this wire number.
    ///
    /// # Errors
    /// [`PolicyFault::SuiteUnknown`]: a newer version, or a reserved number.
    pub fn from_wire(number: u16) -> Result<Self, PolicyFault> {
        Self::ALL
            .into_iter()
            .find(|suite| suite.wire() == number)
            .ok_or(PolicyFault::SuiteUnknown)
    }

    /// The wire number.
    #[must_use]
    pub fn wire(self) -> u16 {
        self as u16
    }

    /// Name for people, configuration and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Aes256Gcm => "KS1-AES256GCM",
            Self::Aes256GcmSiv => "KS1-AES256GCMSIV",
            Self::ChaCha20Poly1305 => "KS1-CHACHA20POLY1305",
            Self::Aes256Siv => "KS1-AES256SIV",
        }
    }

    /// The suite of this name; case is ignored.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|suite| suite.name().eq_ignore_ascii_case(name))
    }

    /// Whether `kind` may use this suite.
    #[must_use]
    pub fn allows(self, kind: Kind) -> bool {
        match kind {
            Kind::Message | Kind::SealedSecret => self != Self::Aes256Siv,
            Kind::Ticket => self != Self::ChaCha20Poly1305,
        }
    }

    /// The AEAD name that enters the payload key derivation (IANA AEAD registry); `None` for record-only suites.
    #[must_use]
    pub fn payload_aead_name(self) -> Option<&'static str> {
        match self {
            Self::Aes256Gcm => Some("AEAD_AES_256_GCM"),
            Self::Aes256GcmSiv => Some("AEAD_AES_256_GCM_SIV"),
            Self::ChaCha20Poly1305 => Some("AEAD_CHACHA20_POLY1305"),
            Self::Aes256Siv => None,
        }
    }

    /// The HPKE ciphersuite of a recipient with `kem` in an envelope of this suite. Both follow, so that the file has
    /// nothing to negotiate.
    #[must_use]
    pub fn hpke(self, kem: Kem) -> hpke::Ciphersuite {
        let aead = match self {
            // HPKE has no number for GCM-SIV; a key of HPKE seals once, so that nonces are no danger here.
            Self::Aes256Gcm | Self::Aes256GcmSiv | Self::Aes256Siv => hpke::Aead::Aes256Gcm,
            Self::ChaCha20Poly1305 => hpke::Aead::ChaCha20Poly1305,
        };
        hpke::Ciphersuite::new(kem, aead)
    }

    /// The AEAD of payload, records and recipient seals.
    pub(crate) fn aead(self, backend: &CryptoBackend) -> &'static dyn Aead {
        match self {
            Self::Aes256Gcm | Self::Aes256Siv => backend.aes_gcm,
            Self::Aes256GcmSiv => backend.aes_gcm_siv,
            Self::ChaCha20Poly1305 => backend.chacha20_poly1305,
        }
    }
}

//! The closed registry of KEMs.

use crate::crypto::Posture;

/// A key-encapsulation mechanism, numbered as HPKE does (RFC 9180 7.1, draft-ietf-hpke-pq-04).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u16)]
#[non_exhaustive]
pub enum Kem {
    /// DHKEM(P-256, HKDF-SHA256).
    P256 = 0x0010,
    /// DHKEM(P-384, HKDF-SHA384).
    P384 = 0x0011,
    /// DHKEM(X25519, HKDF-SHA256).
    X25519 = 0x0020,
    /// ML-KEM-512 (FIPS 203): to read what others made.
    MlKem512 = 0x0040,
    /// ML-KEM-768 (FIPS 203).
    MlKem768 = 0x0041,
    /// ML-KEM-1024 (FIPS 203).
    MlKem1024 = 0x0042,
    /// ML-KEM-768 and P-256.
    MlKem768P256 = 0x0050,
    /// ML-KEM-1024 and P-384.
    MlKem1024P384 = 0x0051,
    /// ML-KEM-768 and X25519 (draft-connolly-cfrg-xwing-kem), which draft-ietf-hpke-pq calls MLKEM768-X25519.
    XWing = 0x647a,
}

impl Kem {
    /// All mechanisms, in order of preference.
    pub const ALL: [Self; 9] = [
        Self::XWing,
        Self::MlKem768P256,
        Self::MlKem1024P384,
        Self::MlKem768,
        Self::MlKem1024,
        Self::MlKem512,
        Self::X25519,
        Self::P256,
        Self::P384,
    ];

    /// The mechanism with this HPKE number, if this version has it.
    #[must_use]
    pub fn from_wire(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|kem| kem.wire() == number)
    }

    /// The HPKE number.
    #[must_use]
    pub fn wire(self) -> u16 {
        self as u16
    }

    /// The mechanism of this name, as [`Kem::name`] gives it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kem| kem.name() == name)
    }

    /// Name for people, configuration and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::X25519 => "x25519",
            Self::MlKem512 => "ml-kem-512",
            Self::MlKem768 => "ml-kem-768",
            Self::MlKem1024 => "ml-kem-1024",
            Self::MlKem768P256 => "mlkem768-p256",
            Self::MlKem1024P384 => "mlkem1024-p384",
            Self::XWing => "x-wing",
        }
    }

    /// How well it withstands a quantum computer.
    #[must_use]
    pub fn posture(self) -> Posture {
        match self {
            Self::P256 | Self::P384 | Self::X25519 => Posture::Classical,
            Self::MlKem512 | Self::MlKem768 | Self::MlKem1024 => Posture::PostQuantum,
            Self::MlKem768P256 | Self::MlKem1024P384 | Self::XWing => Posture::Hedged,
        }
    }

    /// Bytes of a public key, HPKE's `Npk`.
    #[must_use]
    pub fn public_len(self) -> usize {
        match self {
            Self::P256 => 65,
            Self::P384 => 97,
            Self::X25519 => 32,
            Self::MlKem512 => 800,
            Self::MlKem768 => 1184,
            Self::MlKem1024 => 1568,
            Self::MlKem768P256 => 1249,
            Self::MlKem1024P384 => 1665,
            Self::XWing => 1216,
        }
    }

    /// Bytes of a ciphertext, HPKE's `Nenc`.
    #[must_use]
    pub fn ciphertext_len(self) -> usize {
        match self {
            Self::MlKem512 => 768,
            Self::MlKem768 => 1088,
            Self::MlKem1024 => 1568,
            Self::MlKem768P256 => 1153,
            Self::MlKem1024P384 => 1665,
            Self::XWing => 1120,
            // The ephemeral public key.
            Self::P256 | Self::P384 | Self::X25519 => self.public_len(),
        }
    }

    /// Bytes of a private key as HPKE serializes it, `Nsk`. A keystore keeps a 32-byte seed instead.
    #[must_use]
    pub fn private_len(self) -> usize {
        match self {
            Self::P384 => 48,
            Self::MlKem512 | Self::MlKem768 | Self::MlKem1024 => 64,
            Self::P256 | Self::X25519 | Self::MlKem768P256 | Self::MlKem1024P384 | Self::XWing => 32,
        }
    }

    /// HPKE's name for it inside key derivations (RFC 9180 4.1).
    pub(crate) fn suite_id(self) -> [u8; 5] {
        let [high, low] = self.wire().to_be_bytes();
        [b'K', b'E', b'M', high, low]
    }

    /// Bytes of a shared secret, HPKE's `Nsecret`.
    #[must_use]
    pub fn secret_len(self) -> usize {
        match self {
            Self::P384 => 48,
            _ => 32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_lead_back() {
        for kem in Kem::ALL {
            assert_eq!(Kem::from_wire(kem.wire()), Some(kem));
            assert_eq!(Kem::from_name(kem.name()), Some(kem));
        }
        // X448 and P-521 are not here.
        assert_eq!((Kem::from_wire(0x0021), Kem::from_wire(0x0012)), (None, None));
        assert_eq!(Kem::from_name("X-Wing"), None);
    }
}

//! The algorithm suites: `aws-encryption-sdk-specification/framework/algorithm-suites.md`, one table.

use super::primitives::{Curve, Hash};

/// An algorithm suite. All encrypt with AES-GCM, a 12-byte IV and a 16-byte tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Suite {
    /// AES-128, the data key itself.
    Aes128 = 0x0014,
    /// AES-192, the data key itself.
    Aes192 = 0x0046,
    /// AES-256, the data key itself.
    Aes256 = 0x0078,
    /// AES-128, HKDF-SHA-256.
    Aes128Hkdf = 0x0114,
    /// AES-192, HKDF-SHA-256.
    Aes192Hkdf = 0x0146,
    /// AES-256, HKDF-SHA-256.
    Aes256Hkdf = 0x0178,
    /// AES-128, HKDF-SHA-256, ECDSA P-256.
    Aes128Signed = 0x0214,
    /// AES-192, HKDF-SHA-384, ECDSA P-384.
    Aes192Signed = 0x0346,
    /// AES-256, HKDF-SHA-384, ECDSA P-384.
    Aes256Signed = 0x0378,
    /// AES-256, HKDF-SHA-512, key commitment.
    Committing = 0x0478,
    /// AES-256, HKDF-SHA-512, key commitment, ECDSA P-384.
    CommittingSigned = 0x0578,
}

/// Whether a message can be opened to one plaintext only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Commitment {
    /// Who wrote it may have made it open to another plaintext under another key.
    None,
    /// The header commits to the key.
    Key,
}

impl Suite {
    /// All suites, by number.
    pub const ALL: [Self; 11] = [
        Self::Aes128,
        Self::Aes192,
        Self::Aes256,
        Self::Aes128Hkdf,
        Self::Aes192Hkdf,
        Self::Aes256Hkdf,
        Self::Aes128Signed,
        Self::Aes192Signed,
        Self::Aes256Signed,
        Self::Committing,
        Self::CommittingSigned,
    ];

    /// The suite of this number.
    #[must_use]
    pub fn from_id(id: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.id() == id)
    }

    /// Its number.
    #[must_use]
    pub fn id(self) -> u16 {
        self as u16
    }

    /// Its name in AWS's documentation.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Bytes of the data key, and of the content key.
    #[must_use]
    pub fn key_len(self) -> usize {
        self.row().key_len
    }

    /// Whether the header commits to the key.
    #[must_use]
    pub fn commitment(self) -> Commitment {
        match self {
            Self::Committing | Self::CommittingSigned => Commitment::Key,
            _ => Commitment::None,
        }
    }

    /// Whether the message ends with a signature.
    #[must_use]
    pub fn is_signed(self) -> bool {
        self.curve().is_some()
    }

    /// The hash of the key derivation; none where the data key encrypts.
    pub(super) fn hash(self) -> Option<Hash> {
        self.row().hash
    }

    pub(super) fn curve(self) -> Option<Curve> {
        self.row().curve
    }

    fn row(self) -> Row {
        let row = |name, key_len, hash, curve| Row {
            name,
            key_len,
            hash,
            curve,
        };
        let (p256, p384) = (Some(Curve::P256), Some(Curve::P384));
        match self {
            Self::Aes128 => row("AES_128_GCM_IV12_TAG16_NO_KDF", 16, None, None),
            Self::Aes192 => row("AES_192_GCM_IV12_TAG16_NO_KDF", 24, None, None),
            Self::Aes256 => row("AES_256_GCM_IV12_TAG16_NO_KDF", 32, None, None),
            Self::Aes128Hkdf => row("AES_128_GCM_IV12_TAG16_HKDF_SHA256", 16, Some(Hash::Sha256), None),
            Self::Aes192Hkdf => row("AES_192_GCM_IV12_TAG16_HKDF_SHA256", 24, Some(Hash::Sha256), None),
            Self::Aes256Hkdf => row("AES_256_GCM_IV12_TAG16_HKDF_SHA256", 32, Some(Hash::Sha256), None),
            Self::Aes128Signed => row(
                "AES_128_GCM_IV12_TAG16_HKDF_SHA256_ECDSA_P256",
                16,
                Some(Hash::Sha256),
                p256,
            ),
            Self::Aes192Signed => row(
                "AES_192_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384",
                24,
                Some(Hash::Sha384),
                p384,
            ),
            Self::Aes256Signed => row(
                "AES_256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384",
                32,
                Some(Hash::Sha384),
                p384,
            ),
            Self::Committing => row("AES_256_GCM_HKDF_SHA512_COMMIT_KEY", 32, Some(Hash::Sha512), None),
            Self::CommittingSigned => row(
                "AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384",
                32,
                Some(Hash::Sha512),
                p384,
            ),
        }
    }
}

struct Row {
    name: &'static str,
    key_len: usize,
    hash: Option<Hash>,
    curve: Option<Curve>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_leads_back_to_its_suite() {
        for suite in Suite::ALL {
            assert_eq!(Suite::from_id(suite.id()), Some(suite));
        }
        assert_eq!(Suite::from_id(0x0479), None);
    }
}

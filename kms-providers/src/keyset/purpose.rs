//! What a key is for.

use kms_core::Kem;
use kms_core::crypto::signature::SignatureScheme;

/// What a key is for, in all its versions. Names are never used again, so a key never changes it, and no secret serves
/// two ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A symmetric KEK.
    Wrap,
    /// A key pair that is sealed to; the material of a version is its seed.
    Pair(Kem),
    /// A signature key; the material of a version is its seed.
    Sign(SignatureScheme),
    /// A root that attribute keys are derived from.
    Derive,
    /// Tokens that keep their format; keys of templates are derived from the material of a version.
    Fpe,
}

impl Purpose {
    pub(crate) fn kem(self) -> Option<Kem> {
        match self {
            Self::Pair(kem) => Some(kem),
            _ => None,
        }
    }

    pub(crate) fn signature(self) -> Option<SignatureScheme> {
        match self {
            Self::Sign(scheme) => Some(scheme),
            _ => None,
        }
    }
}

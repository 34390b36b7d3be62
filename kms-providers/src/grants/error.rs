//! Why a grant was not issued, or is not accepted.

use kms_core::audit::Reason;
use kms_core::{AkdFault, KekError};

use crate::signing::NoteError;
use crate::uri::UriError;

/// Why a grant was not issued, or is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GrantError {
    /// The note, or who signed it: a foreign grant.
    #[error("the grant's signature: {0}")]
    Note(#[from] NoteError),
    /// The note does not read like one about a grant, or a list of revocations.
    #[error("the signed note is not one about this kind of thing")]
    NoStatement,
    /// A signature key of one kind only.
    #[error("grants are signed by Ed25519 and ML-DSA-65 together")]
    IssuerKey,
    /// The signature is of another grant.
    #[error("the signature is good, and of another grant")]
    OtherGrant,
    /// Content and signed statement differ: its issuer contradicts itself.
    #[error("the grant does not hold what its issuer signed")]
    Contradiction,
    /// The content is not one that may be accepted, whoever signed it.
    #[error("the grant is not one that may be accepted: {0}")]
    Content(kms_core::Error),
    /// It is on the list.
    #[error("the grant was revoked")]
    Revoked,
    /// An older list than one that was seen.
    #[error("the list of revocations is older than one that was seen, or of another tree")]
    OldList,
    /// No epoch is left that a revoked grant does not reach.
    #[error("no epoch is left that the revoked grant does not reach; a new tree is needed")]
    LastEpoch,
    /// The schema file.
    #[error("the schema file: {0}")]
    SchemaFile(String),
    /// A file of the register.
    #[error("{path}: {kind}")]
    Io {
        /// The file.
        path: std::path::PathBuf,
        /// What the system said.
        kind: std::io::ErrorKind,
    },
    /// Envelope, attributes or keys.
    #[error(transparent)]
    Core(#[from] kms_core::Error),
}

impl From<&GrantError> for Reason {
    fn from(error: &GrantError) -> Self {
        match error {
            GrantError::Core(error) | GrantError::Content(error) => error.into(),
            GrantError::Note(_) => Self::fixed("grant.Signature", "the signature is not one of the expected key"),
            GrantError::Revoked => Self::fixed("grant.Revoked", "the grant was revoked"),
            GrantError::Io { .. } => Self::fixed("system.Io", "input or output failed"),
            _ => Self::fixed("grant.Refused", "grant, statement, list and schema do not fit together"),
        }
    }
}

impl From<KekError> for GrantError {
    fn from(error: KekError) -> Self {
        Self::Core(error.into())
    }
}

impl From<AkdFault> for GrantError {
    fn from(fault: AkdFault) -> Self {
        Self::Core(fault.into())
    }
}

impl From<UriError> for GrantError {
    fn from(error: UriError) -> Self {
        Self::SchemaFile(error.to_string())
    }
}

impl GrantError {
    pub(super) fn io(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            kind: error.kind(),
        }
    }
}

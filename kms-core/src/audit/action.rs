//! What can be done with a key. A backend or server that does something new adds one row here.

/// What was done, or is about to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// An envelope was made: each of its KEKs protected one secret.
    Seal,
    /// An envelope was opened: at least one KEK recovered a secret.
    Open,
    /// The recipients of an envelope were renewed or changed.
    Rewrap,
    /// A KEK protected a secret outside an envelope.
    Wrap,
    /// A KEK recovered a secret outside an envelope.
    Unwrap,
    /// A KEK's service made and protected a fresh secret outside an envelope.
    Generate,
    /// A KEK got a new version.
    Rotate,
    /// A KEK was made.
    CreateKey,
    /// A KEK was enabled.
    EnableKey,
    /// A KEK was disabled.
    DisableKey,
    /// A KEK, or a version of it, was destroyed or scheduled for destruction.
    DestroyKey,
    /// The scheduled destruction of a KEK was cancelled.
    CancelDestroy,
    /// Keys were granted to someone.
    Grant,
    /// Grants were revoked.
    Revoke,
    /// Keys were derived from a root.
    Derive,
    /// A signature key signed something.
    Sign,
    /// Tokens were made under a key.
    Tokenize,
    /// Values were recovered from tokens.
    Detokenize,
}

impl Action {
    /// All actions.
    pub const ALL: [Self; 18] = [
        Self::Seal,
        Self::Open,
        Self::Rewrap,
        Self::Wrap,
        Self::Unwrap,
        Self::Generate,
        Self::Rotate,
        Self::CreateKey,
        Self::EnableKey,
        Self::DisableKey,
        Self::DestroyKey,
        Self::CancelDestroy,
        Self::Grant,
        Self::Revoke,
        Self::Derive,
        Self::Sign,
        Self::Tokenize,
        Self::Detokenize,
    ];

    /// Name for people and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// The action of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }

    /// `activity_id` of OCSF class 6003 (API Activity).
    pub(crate) fn activity(self) -> u32 {
        self.row().1
    }

    fn row(self) -> (&'static str, u32) {
        match self {
            Self::Seal => ("seal", CREATE),
            Self::Open => ("open", READ),
            Self::Rewrap => ("rewrap", UPDATE),
            Self::Wrap => ("wrap", CREATE),
            Self::Unwrap => ("unwrap", READ),
            Self::Generate => ("generate", CREATE),
            Self::Rotate => ("rotate", UPDATE),
            Self::CreateKey => ("create-key", CREATE),
            Self::EnableKey => ("enable-key", UPDATE),
            Self::DisableKey => ("disable-key", UPDATE),
            Self::DestroyKey => ("destroy-key", DELETE),
            Self::CancelDestroy => ("cancel-destroy", UPDATE),
            Self::Grant => ("grant", CREATE),
            Self::Revoke => ("revoke", UPDATE),
            Self::Derive => ("derive", CREATE),
            Self::Sign => ("sign", CREATE),
            Self::Tokenize => ("tokenize", CREATE),
            Self::Detokenize => ("detokenize", READ),
        }
    }
}

const CREATE: u32 = 1;
const READ: u32 = 2;
const UPDATE: u32 = 3;
const DELETE: u32 = 4;

//! The forms of a value.

use serde::{Deserialize, Serialize};

/// What a role sees of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Seen {
    /// The value.
    Clear,
    /// A token that keeps its format.
    Token,
    /// A keyed token, equal for equal values.
    Deterministic,
    /// The value with its middle covered.
    Masked,
    /// Nothing.
    Hidden,
}

/// What a sealed table keeps of a value, beside the token that takes its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// The value, as a record.
    Sealed,
    /// The mask, as a record under a key of its own: who may see the mask need not be able to see more.
    Masked,
    /// The deterministic token, which is no secret.
    Deterministic,
}

impl Form {
    /// All forms.
    pub const ALL: [Self; 3] = [Self::Sealed, Self::Masked, Self::Deterministic];

    /// The column of a sealed table that has this form of `column`.
    #[must_use]
    pub fn stored_as(self, column: &str) -> String {
        let suffix = match self {
            Self::Sealed => "sealed",
            Self::Masked => "masked",
            Self::Deterministic => "deterministic",
        };
        format!("{column}.{suffix}")
    }

    /// The value of the schema's column dimension that its keys are of. Masks are a column of their own in the tree.
    pub(crate) fn attribute(self, column: &str) -> String {
        match self {
            Self::Masked => self.stored_as(column),
            Self::Sealed | Self::Deterministic => column.to_owned(),
        }
    }
}

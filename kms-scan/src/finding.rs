//! An asset with what is to be said of it.

use serde::Serialize;

use crate::algorithm::Weakness;
use crate::asset::Asset;
use crate::time::Time;

/// An asset and the verdict on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was read.
    #[serde(flatten)]
    pub asset: Asset,
    /// What follows from it, today and under this policy.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// What follows from an asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Verdict {
    /// What comes first.
    pub priority: Priority,
    /// What a later quantum computer would give away.
    pub exposure: Exposure,
    /// Why it should not be in use any more.
    pub weaknesses: Vec<Weakness>,
    /// When it is to be renewed, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Due>,
    /// Days since it was made; where that is not known, since its file was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_days: Option<u64>,
    /// What to do.
    pub advice: String,
}

/// What comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Priority {
    /// Weak already.
    Weak,
    /// What it keeps secret can be recorded now and opened later.
    Exposed,
    /// To be rotated or renewed.
    Due,
    /// Classical: to be moved while there is time.
    Migrate,
    /// Nobody can say from here.
    Unclear,
    /// In order.
    Fine,
}

/// What a later quantum computer would give away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exposure {
    /// What is recorded now: harvest now, decrypt later.
    Harvest,
    /// The same, if this key is used to encrypt.
    Possible,
    /// Nothing recorded; from that day on, origin could be forged.
    Forgery,
    /// Not known.
    Unknown,
    /// Nothing, as far as is known.
    None,
}

/// When something is to be renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Due {
    /// The time; in the past where it is overdue.
    pub at: Time,
    /// Why.
    pub reason: DueReason,
    /// Whether that is now.
    pub now: bool,
}

/// Why something is to be renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DueReason {
    /// Its validity ends.
    Expires,
    /// It reaches the greatest age that the policy allows.
    Age,
    /// It is under a key version that is not the current one.
    OldVersion,
}

impl Finding {
    /// Whether it is due now.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.verdict.due.is_some_and(|due| due.now)
    }
}

impl Priority {
    /// All, most pressing first.
    pub const ALL: [Self; 6] = [
        Self::Weak,
        Self::Exposed,
        Self::Due,
        Self::Migrate,
        Self::Unclear,
        Self::Fine,
    ];

    /// Its name for people.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Weak => "weak",
            Self::Exposed => "exposed",
            Self::Due => "due",
            Self::Migrate => "migrate",
            Self::Unclear => "unclear",
            Self::Fine => "in order",
        }
    }
}

//! The states of a key and of a key version, and the only steps between them.

use kms_core::KekFault;
use serde::{Deserialize, Serialize};

/// Where a key or a version stands. Times are seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum State {
    /// Usable.
    Enabled,
    /// Not usable until it is enabled.
    Disabled,
    /// Not usable; its material is erased at the first sweep after `due`.
    PendingDestruction {
        /// When the material may be erased.
        due: u64,
    },
    /// Erased for ever.
    Destroyed,
}

impl State {
    pub(crate) fn usable(self) -> Result<(), KekFault> {
        match self {
            Self::Enabled => Ok(()),
            Self::Disabled => Err(KekFault::Disabled),
            Self::PendingDestruction { .. } => Err(KekFault::PendingDestruction),
            Self::Destroyed => Err(KekFault::Destroyed),
        }
    }

    /// Enabling also takes back a scheduled destruction: it is what an operator in a hurry will try.
    pub(crate) fn enable(self) -> Result<Self, KekFault> {
        match self {
            Self::Destroyed => Err(KekFault::Destroyed),
            _ => Ok(Self::Enabled),
        }
    }

    /// Disabling must not take back a scheduled destruction by accident.
    pub(crate) fn disable(self) -> Result<Self, KekFault> {
        match self {
            Self::Enabled | Self::Disabled => Ok(Self::Disabled),
            Self::PendingDestruction { .. } => Err(KekFault::PendingDestruction),
            Self::Destroyed => Err(KekFault::Destroyed),
        }
    }

    pub(crate) fn schedule(self, due: u64) -> Result<Self, KekFault> {
        match self {
            Self::Enabled | Self::Disabled => Ok(Self::PendingDestruction { due }),
            Self::PendingDestruction { .. } => Err(KekFault::PendingDestruction),
            Self::Destroyed => Err(KekFault::Destroyed),
        }
    }

    /// What was to be destroyed comes back disabled: saving a key and using it again are two decisions.
    pub(crate) fn cancel(self) -> Result<Self, KekFault> {
        match self {
            Self::PendingDestruction { .. } => Ok(Self::Disabled),
            Self::Destroyed => Err(KekFault::Destroyed),
            unscheduled => Ok(unscheduled),
        }
    }

    pub(crate) fn is_due(self, now: u64) -> bool {
        matches!(self, Self::PendingDestruction { due } if due <= now)
    }
}

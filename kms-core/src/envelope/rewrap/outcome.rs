//! What a rewrap comes to, and the audit trail of it.

use crate::audit::{Details, Intent};
use crate::envelope::trail;
use crate::error::{Error, Result};
use crate::schedule::Digest;

/// How a rewrap ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RewrapOutcome {
    /// Nothing to do: every entry is as wanted already.
    AlreadyCurrent,
    /// A new header.
    Rewrapped(Rewrapped),
}

/// A new header for an old payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewrapped {
    /// The header; its length is that of the old one wherever the reserved space allows.
    pub header: Vec<u8>,
    /// Its sequence number. Unchanged if only shares moved.
    pub sequence: u64,
    /// Its tag. Unchanged if only shares moved.
    pub tag: Digest,
    /// Entries and shares that were wrapped anew.
    pub wrapped: usize,
    /// Entries and shares that were dropped. What they copied before stays theirs.
    pub dropped: usize,
}

/// How a rewrap began that its caller settles.
pub enum RewrapBegun {
    /// Nothing to do: every entry is as wanted already.
    AlreadyCurrent,
    /// A new header.
    Unsettled(Box<UnsettledRewrap>),
}

/// A new header that does not stand in its place yet. The audit trail has the intent and gets the outcome when the
/// header is on disk: a crash in between shows as a rewrap without outcome, not as a header that was rolled back.
#[must_use = "settle it when the header is in place, or abandon it"]
pub struct UnsettledRewrap {
    rewrapped: Rewrapped,
    intent: Intent,
}

impl UnsettledRewrap {
    /// The header and what was done.
    #[must_use]
    pub fn rewrapped(&self) -> &Rewrapped {
        &self.rewrapped
    }

    /// Records that the header is in its place.
    ///
    /// # Errors
    /// [`Error::Audit`]: the header stands, and the trail does not say so.
    pub fn settle(self) -> Result<Rewrapped> {
        let header = Some(trail::mark(self.rewrapped.sequence, &self.rewrapped.tag));
        self.intent.succeed(&Details {
            header,
            ..Details::default()
        })?;
        Ok(self.rewrapped)
    }

    /// Records that the header was not put in its place.
    ///
    /// # Errors
    /// [`Error::Audit`].
    pub fn abandon(self, error: &Error) -> Result<()> {
        trail::fail(self.intent, error)
    }
}

/// Closes the trail of what failed; what succeeded is settled by the caller.
pub(super) fn begun(intent: Intent, outcome: Result<Rewrapped>) -> Result<RewrapBegun> {
    match outcome {
        Ok(rewrapped) => Ok(RewrapBegun::Unsettled(Box::new(UnsettledRewrap { rewrapped, intent }))),
        Err(error) => {
            trail::fail(intent, &error)?;
            Err(error)
        }
    }
}

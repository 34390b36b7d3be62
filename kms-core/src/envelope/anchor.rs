//! What a reader remembers outside the envelope, without which an old header cannot be told from the newest
//! (docs/format.md 1, "Roll-back").

use crate::schedule::Digest;

/// A reader's memory of headers: a database row, a ledger, a counter in an HSM.
///
/// The sequence number and tag of a header are authentic, but an older header of the same envelope was authentic too
/// and still opens. Only a memory that the attacker cannot turn back notices.
pub trait HeaderAnchor: Send + Sync {
    /// Whether the envelope may be opened by this header, whose tag was verified just now. An anchor that answers
    /// `false` makes the open fail as any other does; it knows why, and tells whom it concerns.
    fn accepts(&self, seen: &SeenHeader<'_>) -> bool;
}

/// An authentic header.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct SeenHeader<'a> {
    /// The data key's id.
    pub dek_id: &'a [u8; 16],
    /// The message's id; together they name the envelope.
    pub message_id: &'a [u8; 32],
    /// Rewraps since sealing.
    pub sequence: u64,
    /// The tag: two headers of one sequence number are a fork.
    pub tag: &'a Digest,
}

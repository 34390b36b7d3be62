//! Where the parts of a record stand.

use crate::caps;
use crate::crypto::TAG_LEN;
use crate::error::{FormatFault, LimitFault, Result};
use crate::suite::Suite;

/// Bytes of a ticket id.
pub const TICKET_ID_LEN: usize = 6;

/// The id by which records name their ticket: the first bytes of its message id.
pub type TicketId = [u8; TICKET_ID_LEN];

/// A writer id: random, one for each writer instance.
pub(super) type WriterId = [u8; 10];

/// Ticket id and writer id, the first bytes of a record of a counting suite: together they name its key.
pub(super) type KeyId = [u8; TICKET_ID_LEN + 10];

/// Bytes in front of the ciphertext of a counting suite.
pub(super) const COUNTING_HEAD: usize = size_of::<KeyId>() + size_of::<u32>();
/// Bytes in front of the ciphertext of the deterministic suite.
pub(super) const DETERMINISTIC_HEAD: usize = TICKET_ID_LEN + 16;

/// Bytes of a record over its plaintext.
#[must_use]
pub const fn overhead(suite: Suite) -> usize {
    match suite {
        Suite::Aes256Siv => DETERMINISTIC_HEAD,
        _ => COUNTING_HEAD + TAG_LEN,
    }
}

/// The id of the ticket that a record needs.
///
/// # Errors
/// [`FormatFault::Record`] when the record is too short to be one.
pub fn ticket_id(record: &[u8]) -> Result<TicketId, FormatFault> {
    match record.first_chunk() {
        Some(id) if record.len() >= DETERMINISTIC_HEAD => Ok(*id),
        _ => Err(FormatFault::Record),
    }
}

/// The length of the record that holds `plaintext` bytes.
pub(super) fn record_len(suite: Suite, plaintext: usize) -> Result<usize, LimitFault> {
    match plaintext.checked_add(overhead(suite)) {
        Some(length) if length <= caps::RECORD => Ok(length),
        _ => Err(LimitFault::Record),
    }
}

/// The length of the plaintext in a record of `record` bytes.
pub(super) fn plaintext_len(suite: Suite, record: usize) -> Result<usize> {
    if record > caps::RECORD {
        return Err(LimitFault::Record.into());
    }
    Ok(record.checked_sub(overhead(suite)).ok_or(FormatFault::Record)?)
}

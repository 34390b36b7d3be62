//! A writer: the instance that owns a writer id and counts its nonces.

use super::clock;
use super::layout::{COUNTING_HEAD, KeyId, TICKET_ID_LEN, WriterId};
use super::ticket::Ticket;
use super::writer_keys::WriterKey;
use crate::caps;
use crate::error::Result;
use crate::memory::ForkSentinel;
use crate::schedule;

/// The same (writer id, counter) twice under one ticket would break the suite, so a writer is never copied, and it
/// is replaced by one with a new id before its counter or its bytes run out, after a fork, and after a day.
pub(super) struct Writer {
    key_id: KeyId,
    key: WriterKey,
    /// The counter of the last record; the first has 1.
    counter: u32,
    bytes: u64,
    /// On the clock of [`clock::seconds`].
    expires: i64,
    process: ForkSentinel,
}

impl Writer {
    /// A writer with a new id.
    pub(super) fn new(ticket: &Ticket) -> Result<Self> {
        let process = ForkSentinel::new();
        Ok(Self::with_id(ticket, schedule::hedged_id(&ticket.backend)?, process))
    }

    fn with_id(ticket: &Ticket, id: WriterId, process: ForkSentinel) -> Self {
        let mut key_id = [0; size_of::<KeyId>()];
        key_id[..TICKET_ID_LEN].copy_from_slice(&ticket.id());
        key_id[TICKET_ID_LEN..].copy_from_slice(&id);
        Self {
            key_id,
            key: ticket.writer_key(&id),
            counter: 0,
            bytes: 0,
            expires: clock::seconds() + LIFETIME,
            process,
        }
    }

    /// Whether this writer may not seal a record of `bytes` more.
    pub(super) fn is_used_up(&self, bytes: u64) -> bool {
        self.counter == caps::RECORDS_PER_WRITER
            || self.bytes + bytes > caps::BYTES_PER_WRITER
            || !self.process.is_intact()
            || clock::seconds() >= self.expires
    }

    /// Seals the next record into `out`, which is the overhead longer than `plaintext`.
    pub(super) fn seal(&mut self, aad: &[u8], plaintext: &[u8], out: &mut [u8]) {
        self.counter += 1;
        self.bytes += plaintext.len() as u64;
        let counter = self.counter.to_be_bytes();
        let (head, sealed) = out.split_at_mut(COUNTING_HEAD);
        head[..size_of::<KeyId>()].copy_from_slice(&self.key_id);
        head[size_of::<KeyId>()..].copy_from_slice(&counter);
        self.key
            .aead
            .seal_into(&self.key.nonce(counter), aad, plaintext, sealed);
    }
}

/// A day.
const LIFETIME: i64 = 24 * 60 * 60;

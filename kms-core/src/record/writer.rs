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

#[cfg(test)]
impl Writer {
    /// As if `records` and `bytes` had been sealed.
    pub(super) fn wind_to(&mut self, records: u32, bytes: u64) {
        (self.counter, self.bytes) = (records, bytes);
    }

    pub(super) fn expire(&mut self) {
        self.expires = clock::seconds();
    }

    pub(super) fn be_forked(&mut self) {
        self.process = ForkSentinel::broken();
    }
}

#[cfg(test)]
mod tests {
    use crate::crypto::CryptoBackend;
    use crate::memory::Secret;
    use crate::record::{RecordMode, RecordOpener, RecordPlace, TicketKeys};
    use crate::{Domain, Kind, Suite};

    use super::*;

    /// docs/format.md, "Test vectors": the writer id c0..c9, counter 1, column "email", row "42".
    #[test]
    fn the_published_record() {
        const SECRET: &str = "b9b75f0d1583fd00b95bc655677ecd773e28a8ae943fe10a662077f54d293b7d";
        const DERIVED: &str =
            "65795c0836d801e4e58d7d632e16ce0d7f9c5e83b826abf18674c4b37fd952527ecf05357c6dbe9a90669952";
        const RECORD: &str = "202122232425c0c1c2c3c4c5c6c7c8c9000000018a1d60ee1ceca8bd0855892d7213d96dbd9155ffb6d8fa7219f7c089160faad83a";
        let secret = || Secret::init_with(|place| place.copy_from_slice(&unhex(SECRET)));
        let message_id: [u8; 32] = std::array::from_fn(|i| 0x20 + u8::try_from(i).unwrap());
        let writer_id: WriterId = std::array::from_fn(|i| 0xc0 + u8::try_from(i).unwrap());
        let domain = Domain {
            suite: Suite::Aes256Gcm,
            kind: Kind::Ticket,
        };
        let backend = CryptoBackend::default();
        assert_eq!(
            domain.writer_key(&backend, &secret(), &writer_id).to_vec(),
            unhex(DERIVED)
        );

        let ticket = TicketKeys::new(&backend, domain, secret(), &message_id, RecordMode::Row).unwrap();
        let mut writer = Writer::with_id(&ticket.0, writer_id, ForkSentinel::new());
        let mut record = vec![0; 17 + 36];
        writer.seal(b"\x02\0\x05email\0\0\0\x0242", b"alice@example.org", &mut record);
        assert_eq!(record, unhex(RECORD));

        let mut opener = RecordOpener::new();
        opener.insert(ticket);
        let mut plaintext = Vec::new();
        let place = RecordPlace::Row("email", b"42");
        opener.open(place, &record, &mut plaintext).unwrap();
        assert_eq!(plaintext, b"alice@example.org");
    }

    fn unhex(text: &str) -> Vec<u8> {
        let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
        (0..text.len()).step_by(2).map(byte).collect()
    }
}

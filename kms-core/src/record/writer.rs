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
    use crate::record::{RecordMode, TicketKeys};
    use crate::{Domain, Kind, Suite};

    use super::*;

    /// docs/format.md, "Test vectors": message id 20..3f, writer id c0..c9, counter 1, plaintext alice@example.org.
    #[test]
    fn the_published_records_are_sealed() {
        let vectors = [
            (
                Suite::Aes256Gcm,
                "43a4fb302e0c3b95e13602622b3dde152d2faae5fe6949411dc888425f8d70f1",
                "fe06c7ff90ef8c58bfa4efeff5b568eaee744aa3199b234fb3e163e5d67be00b35d2e21004dc6c1c13f8f70a",
                "202122232425c0c1c2c3c4c5c6c7c8c9000000010f0b4fea1ed55cc655d901d002b842dc08eed4e6689fcfdd6d2973637617017935",
            ),
            (
                Suite::Aes256GcmSiv,
                "1aa31bbd821754fe69e28ef879b15bb98eff8ba1e89711fb6ee98796384e9084",
                "db85af580ebc2dcea4b20f9b56c9d25add66181a1d60ac4a04f73f0695de1a08555df0771d7313196a7ff02c",
                "202122232425c0c1c2c3c4c5c6c7c8c900000001ede52579631a6cb3b5f7724d76dd099728b878ad1ddb645b97fe51337a2c5c7968",
            ),
        ];
        let writer_id: WriterId = std::array::from_fn(|i| 0xc0 + u8::try_from(i).unwrap());
        let message_id: [u8; 32] = std::array::from_fn(|i| 0x20 + u8::try_from(i).unwrap());
        let backend = CryptoBackend::default();
        for (suite, secret, derived, expected) in vectors {
            let secret = || Secret::init_with(|place| place.copy_from_slice(&unhex(secret)));
            let kind = Kind::Ticket;
            let domain = Domain { suite, kind };
            assert_eq!(
                domain.writer_key(&backend, &secret(), &writer_id).to_vec(),
                unhex(derived)
            );

            let ticket = TicketKeys::new(&backend, domain, secret(), &message_id, RecordMode::Row).unwrap();
            let mut writer = Writer::with_id(&ticket.0, writer_id, ForkSentinel::new());
            let mut record = vec![0; 17 + 36];
            writer.seal(
                &unhex("020005656d61696c000000023432"),
                b"alice@example.org",
                &mut record,
            );
            assert_eq!(record, unhex(expected));
        }
    }

    fn unhex(text: &str) -> Vec<u8> {
        let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
        (0..text.len()).step_by(2).map(byte).collect()
    }
}

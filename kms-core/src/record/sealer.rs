//! Sealing records.

use std::sync::Arc;

use super::aad::Aad;
use super::batch::{BatchPlace, ByteColumn, ByteColumnBuf, Offset, RecordFailure};
use super::layout::{self, DETERMINISTIC_HEAD, TICKET_ID_LEN};
use super::place::RecordPlace;
use super::ticket::Ticket;
use super::writer::Writer;
#[cfg(doc)]
use crate::error::Error;
use crate::error::{CallerFault, Result};

/// Seals records under one ticket. It counts nonces, so it can neither be copied nor stored:
///
/// ```compile_fail,E0599
/// fn copy(sealer: &kms_core::record::RecordSealer) -> kms_core::record::RecordSealer {
///     sealer.clone()
/// }
/// ```
/// ```compile_fail,E0277
/// fn serializable<T: serde::Serialize>() {}
/// serializable::<kms_core::record::RecordSealer>();
/// ```
///
/// A fork is noticed and nothing repeats. A snapshot of a virtual machine that is resumed twice cannot be noticed:
/// where that happens, use suite 0x0002, under which such records show equality only.
pub struct RecordSealer {
    ticket: Arc<Ticket>,
    /// None for the deterministic suite.
    writer: Option<Writer>,
    writers_left: u32,
    aad: Aad,
}

impl RecordSealer {
    pub(super) fn new(ticket: Arc<Ticket>) -> Result<Self> {
        let writer = match ticket.deterministic {
            Some(_) => None,
            None => Some(Writer::new(&ticket)?),
        };
        Ok(Self {
            ticket,
            writer,
            writers_left: WRITERS_PER_TICKET - 1,
            aad: Aad::default(),
        })
    }

    /// The length of the record that holds `plaintext` bytes.
    ///
    /// # Errors
    /// [`LimitFault::Record`](crate::LimitFault::Record) when it would be over 1 MiB.
    pub fn record_len(&self, plaintext: usize) -> Result<usize> {
        Ok(layout::record_len(self.ticket.suite(), plaintext)?)
    }

    /// Appends the record of `plaintext` to `out`. On failure `out` is as it was.
    ///
    /// # Errors
    /// [`Error::Caller`] when the place does not fit the ticket; [`Error::Limit`] when the record would be over
    /// 1 MiB; [`Error::Random`] when a new writer id was due and none could be drawn.
    pub fn seal(&mut self, place: RecordPlace<'_>, plaintext: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let start = out.len();
        out.resize(start + self.record_len(plaintext.len())?, 0);
        self.seal_into(place, plaintext, &mut out[start..])
            .inspect_err(|_| out.truncate(start))
    }

    /// Seals `plaintext` into `out`, which has exactly [`RecordSealer::record_len`] bytes.
    ///
    /// # Errors
    /// Those of [`RecordSealer::seal`]; [`CallerFault::BufferLength`] when `out` has another length.
    pub fn seal_into(&mut self, place: RecordPlace<'_>, plaintext: &[u8], out: &mut [u8]) -> Result<()> {
        if out.len() != self.record_len(plaintext.len())? {
            return Err(CallerFault::BufferLength.into());
        }
        let ticket = &*self.ticket;
        let aad = self.aad.of(ticket.mode, place)?;
        let Some(writer) = &mut self.writer else {
            seal_deterministic(ticket, aad, plaintext, out);
            return Ok(());
        };
        if writer.is_used_up(plaintext.len() as u64) {
            self.writers_left = self.writers_left.checked_sub(1).ok_or(CallerFault::WriterExhausted)?;
            *writer = Writer::new(ticket)?;
        }
        writer.seal(aad, plaintext, out);
        Ok(())
    }

    /// Seals each value and appends the records to `out`; a null stays a null of length 0. On failure `out` is as it
    /// was.
    ///
    /// # Errors
    /// As [`RecordSealer::seal`], with the index of the value; [`CallerFault::Batch`] when the columns differ in
    /// length or the records do not fit the offsets of `out`.
    pub fn seal_batch<O: Offset>(
        &mut self,
        place: BatchPlace<'_, O>,
        values: &ByteColumn<'_, O>,
        out: &mut ByteColumnBuf<O>,
    ) -> Result<(), RecordFailure> {
        out.append(place, values, |place, value, out| self.seal(place, value, out))
    }
}

fn seal_deterministic(ticket: &Ticket, aad: &[u8], plaintext: &[u8], out: &mut [u8]) {
    let key = ticket
        .deterministic
        .as_ref()
        .expect("a sealer without a writer is deterministic");
    let (head, sealed) = out.split_at_mut(DETERMINISTIC_HEAD);
    sealed.copy_from_slice(plaintext);
    let siv = ticket.backend.aes_siv.seal_in_place(key.expose(), aad, sealed);
    head[..TICKET_ID_LEN].copy_from_slice(&ticket.id());
    head[TICKET_ID_LEN..].copy_from_slice(&siv);
}

/// Random 80-bit ids of this many writers collide with a probability of 2^-33 (docs/format.md, "Records").
const WRITERS_PER_TICKET: u32 = 1 << 24;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::CryptoBackend;
    use crate::memory::Secret;
    use crate::record::{RecordMode, RecordOpener, TicketKeys};
    use crate::{Domain, Error, Kind, Suite, caps};

    fn sealer() -> (TicketKeys, RecordSealer) {
        let domain = Domain {
            suite: Suite::Aes256Gcm,
            kind: Kind::Ticket,
        };
        let secret = Secret::init_with(|place| place.fill(9));
        let ticket = TicketKeys::new(&CryptoBackend::default(), domain, secret, &[1; 32], RecordMode::None).unwrap();
        let sealer = ticket.sealer().unwrap();
        (ticket, sealer)
    }

    /// Writer id and counter of the next record, which must open.
    fn next(ticket: &TicketKeys, sealer: &mut RecordSealer) -> (Vec<u8>, u32) {
        let mut record = Vec::new();
        sealer.seal(RecordPlace::None, b"value", &mut record).unwrap();
        let mut opener = RecordOpener::new();
        opener.insert(ticket.clone());
        let mut plaintext = Vec::new();
        opener.open(RecordPlace::None, &record, &mut plaintext).unwrap();
        assert_eq!(plaintext, b"value");
        (
            record[6..16].to_vec(),
            u32::from_be_bytes(record[16..20].try_into().unwrap()),
        )
    }

    #[test]
    fn the_counter_starts_at_one_and_rises() {
        let (ticket, mut sealer) = sealer();
        let (id, counter) = next(&ticket, &mut sealer);
        assert_eq!(counter, 1);
        assert_eq!(next(&ticket, &mut sealer), (id, 2));
    }

    #[test]
    fn no_two_sealers_share_a_writer_id() {
        let (ticket, mut one) = sealer();
        let mut other = ticket.sealer().unwrap();
        assert_ne!(next(&ticket, &mut one).0, next(&ticket, &mut other).0);
    }

    /// `change` must make the next record the first of a new writer id.
    fn renews(change: impl FnOnce(&mut Writer)) {
        let (ticket, mut sealer) = sealer();
        let (before, _) = next(&ticket, &mut sealer);
        change(sealer.writer.as_mut().unwrap());
        let (after, counter) = next(&ticket, &mut sealer);
        assert_eq!(counter, 1);
        assert_ne!(before, after);
    }

    #[test]
    fn the_last_counter_is_used_and_then_the_writer_id_is_new() {
        let (ticket, mut sealer) = sealer();
        let (before, _) = next(&ticket, &mut sealer);
        sealer.writer.as_mut().unwrap().wind_to(u32::MAX - 1, 0);
        assert_eq!(next(&ticket, &mut sealer), (before, u32::MAX));
        renews(|writer| writer.wind_to(u32::MAX, 0));
    }

    #[test]
    fn the_last_byte_is_used_and_then_the_writer_id_is_new() {
        let (ticket, mut sealer) = sealer();
        let (before, _) = next(&ticket, &mut sealer);
        sealer.writer.as_mut().unwrap().wind_to(1, caps::BYTES_PER_WRITER - 5);
        assert_eq!(next(&ticket, &mut sealer), (before, 2));
        renews(|writer| writer.wind_to(1, caps::BYTES_PER_WRITER - 4));
    }

    #[test]
    fn after_a_day_the_writer_id_is_new() {
        renews(Writer::expire);
    }

    #[test]
    fn after_a_fork_the_writer_id_is_new() {
        renews(Writer::be_forked);
    }

    #[test]
    fn a_ticket_has_no_more_writer_ids_than_the_bound_allows() {
        let (ticket, mut sealer) = sealer();
        sealer.writers_left = 1;
        sealer.writer.as_mut().unwrap().be_forked();
        next(&ticket, &mut sealer);
        sealer.writer.as_mut().unwrap().be_forked();
        let mut out = vec![7; 3];
        let refused = sealer.seal(RecordPlace::None, b"value", &mut out);
        assert_eq!(refused, Err(Error::Caller(CallerFault::WriterExhausted)));
        assert_eq!(out, [7; 3]);
    }

    #[test]
    fn a_refused_record_takes_no_counter() {
        let (ticket, mut sealer) = sealer();
        next(&ticket, &mut sealer);
        for refused in [
            sealer.seal(RecordPlace::Column("c"), b"", &mut Vec::new()),
            sealer.seal(RecordPlace::None, &vec![0; caps::RECORD], &mut Vec::new()),
            sealer.seal_into(RecordPlace::None, b"12", &mut [0; 37]),
        ] {
            assert!(refused.is_err());
        }
        assert_eq!(next(&ticket, &mut sealer).1, 2);
    }
}

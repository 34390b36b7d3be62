//! Opening records.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::aad::Aad;
use super::batch::{BatchPlace, ByteColumn, ByteColumnBuf, Offset, RecordFailure};
use super::layout::{self, DETERMINISTIC_HEAD, TICKET_ID_LEN, TicketId};
use super::place::RecordPlace;
use super::ticket::{Ticket, TicketKeys};
use super::writer_keys::{WriterKey, WriterKeys};
use crate::caps;
use crate::error::{CallerFault, Error, FormatFault, Result};

/// Opens records of any number of tickets. The ticket is found by the record's first bytes; no second one is ever
/// tried. Keys of writers are kept, at most [`caps::RECORD_KEYS`], and only once a record of theirs was authentic.
pub struct RecordOpener {
    tickets: HashMap<TicketId, Candidate>,
    keys: WriterKeys,
    aad: Aad,
}

/// What the caller supplied for a ticket id.
enum Candidate {
    One(TicketKeys),
    /// Two different tickets. Neither is tried: records do not commit to their key.
    Ambiguous,
}

impl Default for RecordOpener {
    fn default() -> Self {
        Self::new()
    }
}

impl RecordOpener {
    /// An opener without tickets.
    #[must_use]
    pub fn new() -> Self {
        Self {
            tickets: HashMap::new(),
            keys: WriterKeys::new(caps::RECORD_KEYS),
            aad: Aad::default(),
        }
    }

    /// Adds a ticket. When another one with its id is there, the records of both fail with
    /// [`CallerFault::AmbiguousTicket`] from now on; the same ticket once more changes nothing.
    pub fn insert(&mut self, ticket: TicketKeys) {
        match self.tickets.entry(ticket.id()) {
            Entry::Vacant(vacant) => {
                vacant.insert(Candidate::One(ticket));
            }
            Entry::Occupied(mut occupied) => {
                if !matches!(occupied.get(), Candidate::One(other) if other.0.is(&ticket.0)) {
                    occupied.insert(Candidate::Ambiguous);
                    self.keys.clear();
                }
            }
        }
    }

    /// Removes what was supplied for a ticket id, and every kept key. Returns whether there was something.
    pub fn remove(&mut self, id: &TicketId) -> bool {
        self.keys.clear();
        self.tickets.remove(id).is_some()
    }

    /// Whether the ticket that a record needs was supplied.
    #[must_use]
    pub fn contains(&self, id: &TicketId) -> bool {
        self.tickets.contains_key(id)
    }

    /// Appends the plaintext of `record` to `out`. On failure `out` is as it was.
    ///
    /// # Errors
    /// [`FormatFault::Record`] when the record is too short, [`Error::Limit`] when it is over 1 MiB;
    /// [`CallerFault::UnknownTicket`], [`CallerFault::AmbiguousTicket`]; [`CallerFault::RecordMode`] and its like when
    /// the place does not fit the ticket; [`Error::DoesNotOpen`] for another place and for altered bytes.
    pub fn open(&mut self, place: RecordPlace<'_>, record: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let start = out.len();
        out.resize(start + record.len(), 0);
        let opened = self.open_into(place, record, &mut out[start..]);
        out.truncate(start + opened.as_ref().copied().unwrap_or(0));
        opened.map(|_| ())
    }

    /// Opens `record` into the start of `out` and returns the length of the plaintext. As many bytes as the record
    /// has are always enough. On failure nothing of the plaintext is left in `out`.
    ///
    /// # Errors
    /// Those of [`RecordOpener::open`]; [`CallerFault::BufferLength`] when `out` is too short.
    pub fn open_into(&mut self, place: RecordPlace<'_>, record: &[u8], out: &mut [u8]) -> Result<usize> {
        let id = layout::ticket_id(record)?;
        let ticket = match self.tickets.get(&id) {
            Some(Candidate::One(ticket)) => &*ticket.0,
            Some(Candidate::Ambiguous) => return Err(CallerFault::AmbiguousTicket.into()),
            None => return Err(CallerFault::UnknownTicket.into()),
        };
        let length = layout::plaintext_len(ticket.suite(), record.len())?;
        let out = out.get_mut(..length).ok_or(CallerFault::BufferLength)?;
        let aad = self.aad.of(ticket.mode, place)?;
        if ticket.deterministic.is_some() {
            open_deterministic(ticket, aad, record, out)?;
        } else {
            open_counting(&mut self.keys, ticket, aad, record, out)?;
        }
        Ok(length)
    }

    /// Opens each record and appends the plaintexts to `out`; a null stays a null of length 0. On failure `out` is as
    /// it was.
    ///
    /// # Errors
    /// As [`RecordOpener::open`], with the index of the record; [`CallerFault::Batch`] when the columns differ in
    /// length or the plaintexts do not fit the offsets of `out`.
    pub fn open_batch<O: Offset>(
        &mut self,
        place: BatchPlace<'_, O>,
        records: &ByteColumn<'_, O>,
        out: &mut ByteColumnBuf<O>,
    ) -> Result<(), RecordFailure> {
        out.append(place, records, |place, record, out| self.open(place, record, out))
    }
}

fn open_counting(keys: &mut WriterKeys, ticket: &Ticket, aad: &[u8], record: &[u8], out: &mut [u8]) -> Result<()> {
    let (id, rest) = record.split_first_chunk().ok_or(FormatFault::Record)?;
    if let Some(key) = keys.find(id) {
        return open_with(key, rest, aad, out);
    }
    let writer = id.last_chunk().expect("10 of 16 bytes");
    let key = ticket.writer_key(writer);
    open_with(&key, rest, aad, out)?;
    keys.keep(*id, key);
    Ok(())
}

/// `rest` is counter, ciphertext and tag.
fn open_with(key: &WriterKey, rest: &[u8], aad: &[u8], out: &mut [u8]) -> Result<()> {
    let (counter, sealed) = rest.split_first_chunk().ok_or(FormatFault::Record)?;
    let opened = key.aead.open_into(&key.nonce(*counter), aad, sealed, out);
    opened.map_err(|_| Error::DoesNotOpen)
}

fn open_deterministic(ticket: &Ticket, aad: &[u8], record: &[u8], out: &mut [u8]) -> Result<()> {
    let key = ticket.deterministic.as_ref().ok_or(CallerFault::SuiteForKind)?;
    let (head, sealed) = record.split_at_checked(DETERMINISTIC_HEAD).ok_or(FormatFault::Record)?;
    let siv = head[TICKET_ID_LEN..].try_into().expect("16 bytes");
    out.copy_from_slice(sealed);
    let opened = ticket.backend.aes_siv.open_in_place(key.expose(), aad, out, siv);
    opened.map_err(|_| Error::DoesNotOpen)
}

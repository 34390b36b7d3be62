//! The keys of an opened ticket.

use std::sync::Arc;

use super::layout::{TICKET_ID_LEN, TicketId, WriterId};
use super::place::RecordMode;
use super::sealer::RecordSealer;
use super::writer_keys::WriterKey;
use crate::crypto::CryptoBackend;
use crate::error::{CallerFault, Result};
use crate::memory::Secret;
use crate::schedule::Domain;
use crate::suite::{Kind, Suite};

/// An opened ticket: the handle from which sealers are made and that openers hold. Copies of the handle share one
/// secret, which is wiped with the last of them.
#[derive(Clone)]
pub struct TicketKeys(pub(super) Arc<Ticket>);

/// What the handles share.
pub(super) struct Ticket {
    pub(super) backend: CryptoBackend,
    pub(super) message_id: [u8; 32],
    pub(super) mode: RecordMode,
    pub(super) deterministic: Option<Secret<64>>,
    domain: Domain,
    secret: Secret<32>,
}

impl TicketKeys {
    /// The keys of the ticket `message_id`, whose record secret is `record_secret`.
    ///
    /// # Errors
    /// [`CallerFault::SuiteForKind`] unless `domain` is a ticket's; [`CallerFault::RecordMode`] for deterministic
    /// records that are bound to no column.
    pub fn new(
        backend: &CryptoBackend,
        domain: Domain,
        record_secret: Secret<32>,
        message_id: &[u8; 32],
        mode: RecordMode,
    ) -> Result<Self> {
        if domain.kind != Kind::Ticket || !domain.suite.allows(Kind::Ticket) {
            return Err(CallerFault::SuiteForKind.into());
        }
        let deterministic = domain.suite == Suite::Aes256Siv;
        if deterministic && mode == RecordMode::None {
            return Err(CallerFault::RecordMode.into());
        }
        Ok(Self(Arc::new(Ticket {
            backend: backend.clone(),
            message_id: *message_id,
            mode,
            deterministic: deterministic.then(|| domain.deterministic_record_key(backend, &record_secret)),
            domain,
            secret: record_secret,
        })))
    }

    /// A sealer with a writer id of its own. Make one for each thread.
    ///
    /// # Errors
    /// [`Error::Random`](crate::Error::Random) when the random source fails.
    pub fn sealer(&self) -> Result<RecordSealer> {
        RecordSealer::new(Arc::clone(&self.0))
    }

    /// The id by which records name this ticket.
    #[must_use]
    pub fn id(&self) -> TicketId {
        self.0.id()
    }

    /// What the records are bound to.
    #[must_use]
    pub fn mode(&self) -> RecordMode {
        self.0.mode
    }

    /// The suite of the records.
    #[must_use]
    pub fn suite(&self) -> Suite {
        self.0.suite()
    }
}

impl Ticket {
    pub(super) fn id(&self) -> TicketId {
        *self.message_id.first_chunk::<TICKET_ID_LEN>().expect("6 of 32 bytes")
    }

    pub(super) fn suite(&self) -> Suite {
        self.domain.suite
    }

    /// Derives and schedules the key of a writer.
    pub(super) fn writer_key(&self, id: &WriterId) -> WriterKey {
        let derived = self.domain.writer_key(&self.backend, &self.secret, id);
        WriterKey::new(self.suite().aead(&self.backend), &derived)
    }

    /// Whether `other` is the same ticket, perhaps opened a second time.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.message_id == other.message_id
            && self.domain == other.domain
            && self.mode == other.mode
            && self.secret.ct_eq(&other.secret)
    }
}

//! Sealing, opening and rewrapping envelopes. Provider calls are asynchronous and all happen before a payload is
//! touched; payload work is synchronous.

mod anchor;
mod attempt;
mod binding;
mod data_key;
mod gather;
#[cfg(all(test, feature = "aws-lc", feature = "rustcrypto"))]
mod known_answers;
mod likeness;
mod opener;
mod order;
mod read_back;
mod recipients;
mod rewrap;
mod seal;
mod sealer;
mod search;
mod succession;
mod trail;

pub use anchor::{HeaderAnchor, SeenHeader};
pub use attempt::{Attempt, AttemptOutcome};
pub use data_key::{DataKey, Message, MessageOptions};
pub use opener::{OpenPolicy, Opened, Opener};
pub use order::{Asking, Criterion, OpeningOrder, Timer};
pub use recipients::{Member, Recipient};
pub use rewrap::{RewrapBegun, RewrapOutcome, Rewrapped, Rewrapper, Target, UnsettledRewrap};
pub use sealer::Sealer;
pub use search::ShareCheck;

use crate::crypto::CryptoBackend;
use crate::error::{FormatFault, Result};
use crate::memory::Secret;
use crate::payload::PayloadKeys;
use crate::record::{RecordMode, TicketKeys};
use crate::schedule::{Digest, Domain, MessageSchedule};

/// The keys of one message: what header work hands to payload or record work.
pub struct MessageKeys {
    backend: CryptoBackend,
    domain: Domain,
    message_id: [u8; 32],
    immutable_hash: Digest,
    content: Content,
}

/// What keys the payload or the records; the message secret itself is not kept.
enum Content {
    Payload(Secret<32>),
    Records(Secret<32>, RecordMode),
}

impl MessageKeys {
    fn new(
        backend: &CryptoBackend,
        schedule: &MessageSchedule,
        domain: Domain,
        message_id: [u8; 32],
        immutable_hash: Digest,
        mode: Option<RecordMode>,
    ) -> Self {
        let content = match mode {
            None => Content::Payload(schedule.payload_key()),
            Some(mode) => Content::Records(schedule.record_secret(&immutable_hash), mode),
        };
        Self {
            backend: backend.clone(),
            domain,
            message_id,
            immutable_hash,
            content,
        }
    }

    /// Keys of the payload of a message or sealed secret.
    ///
    /// # Errors
    /// [`FormatFault::WrongKind`] for a ticket.
    pub fn payload(&self) -> Result<PayloadKeys> {
        let Content::Payload(input_key) = &self.content else {
            return Err(FormatFault::WrongKind.into());
        };
        let salt = self.message_id.first_chunk().expect("24 of 32 bytes");
        PayloadKeys::new(&self.backend, self.domain.suite, input_key, salt, &self.immutable_hash)
    }

    /// Keys of the records of a ticket.
    ///
    /// # Errors
    /// [`FormatFault::WrongKind`] for other kinds.
    pub fn ticket(&self) -> Result<TicketKeys> {
        let Content::Records(secret, mode) = &self.content else {
            return Err(FormatFault::WrongKind.into());
        };
        let secret = Secret::init_with(|out| out.copy_from_slice(secret.expose()));
        TicketKeys::new(&self.backend, self.domain, secret, &self.message_id, *mode)
    }

    /// Names the message or ticket.
    #[must_use]
    pub fn message_id(&self) -> &[u8; 32] {
        &self.message_id
    }
}

//! Sealing, opening and rewrapping envelopes. Provider calls are asynchronous and all happen before a payload is
//! touched; payload work is synchronous.

mod binding;
#[cfg(all(test, feature = "aws-lc", feature = "rustcrypto"))]
mod known_answers;
mod opener;
mod recipients;
mod rewrap;
mod sealer;
mod search;
mod trail;

pub use opener::{OpenPolicy, Opened, Opener};
pub use recipients::{Member, Recipient};
pub use rewrap::{RewrapBegun, RewrapOutcome, Rewrapped, Rewrapper, Target, UnsettledRewrap};
pub use sealer::{DataKey, Message, MessageOptions, Sealer};
pub use search::{Attempt, AttemptOutcome, ShareCheck};

use crate::crypto::CryptoBackend;
use crate::error::{FormatFault, Result};
use crate::memory::Secret;
use crate::payload::PayloadKeys;
use crate::record::{RecordMode, TicketKeys};
use crate::schedule::{Digest, Domain};

/// The keys of one message: what header work hands to payload or record work.
pub struct MessageKeys {
    backend: CryptoBackend,
    domain: Domain,
    message_id: [u8; 32],
    immutable_hash: Digest,
    secret: Secret<32>,
    mode: Option<RecordMode>,
}

impl MessageKeys {
    /// Keys of the payload of a message or sealed secret.
    ///
    /// # Errors
    /// [`FormatFault::WrongKind`] for a ticket.
    pub fn payload(&self) -> Result<PayloadKeys> {
        if self.mode.is_some() {
            return Err(FormatFault::WrongKind.into());
        }
        let input_key = self.domain.payload_key(&self.backend, &self.secret);
        let salt = self.message_id.first_chunk().expect("24 of 32 bytes");
        PayloadKeys::new(&self.backend, self.domain.suite, &input_key, salt, &self.immutable_hash)
    }

    /// Keys of the records of a ticket.
    ///
    /// # Errors
    /// [`FormatFault::WrongKind`] for other kinds.
    pub fn ticket(&self) -> Result<TicketKeys> {
        let mode = self.mode.ok_or(FormatFault::WrongKind)?;
        let secret = self
            .domain
            .record_secret(&self.backend, &self.secret, &self.immutable_hash);
        TicketKeys::new(&self.backend, self.domain, secret, &self.message_id, mode)
    }

    /// Names the message or ticket.
    #[must_use]
    pub fn message_id(&self) -> &[u8; 32] {
        &self.message_id
    }
}

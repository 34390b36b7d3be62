//! From a data key to messages: no provider is called here.

use std::sync::Arc;

use super::recipients::Wrapped;
use super::sealer::Retirement;
use super::{MessageKeys, Sealer, trail};
use crate::audit::AuditTrail;
use crate::caps;
use crate::context::{LabelValue, Labels, MODE_LABEL};
use crate::crypto::CryptoBackend;
use crate::error::{KekError, LimitFault, Result};
use crate::header::{Immutable, Mutable, Reserve, assemble, encode_shares, immutable_hash};
use crate::memory::Secret;
use crate::payload::sealed_len;
use crate::record::RecordMode;
use crate::schedule::{Digest, MessageSchedule, hedged_id};
use crate::suite::Kind;

/// What differs from message to message of one data key.
#[derive(Debug, Clone, Default)]
pub struct MessageOptions {
    /// Facts about the message.
    pub labels: Labels,
    /// Bytes of plaintext, where they are known; decides the padding of the header.
    pub plaintext_len: Option<u64>,
    /// Room in the header for later rewraps.
    pub reserve: Reserve,
    /// Whether the header will stand apart from the payload.
    pub detached: bool,
}

/// A data key with its recipients, ready for any number of messages that differ in payload and labels only.
pub struct DataKey {
    backend: CryptoBackend,
    dek: Secret<32>,
    /// What all messages share; the message id and labels of each are put in.
    template: Immutable,
    record_mode: Option<RecordMode>,
    mutable: Vec<u8>,
    shares: Vec<u8>,
    suites: Retirement,
    audit: AuditTrail,
    missing: Arc<[KekError]>,
}

impl DataKey {
    pub(super) fn new(sealer: &Sealer, dek: Secret<32>, dek_id: [u8; 16], wrapped: Wrapped) -> Result<Self> {
        let shares = encode_shares(&wrapped.shares, None)?;
        let mutable = Mutable {
            sequence: 0,
            previous: None,
            entries: wrapped.entries,
        }
        .encode();
        Ok(Self {
            backend: sealer.backend.clone(),
            dek,
            template: sealer.template(dek_id),
            record_mode: sealer.record_mode,
            mutable,
            shares,
            suites: sealer.suites.clone(),
            audit: sealer.audit.clone(),
            missing: wrapped.missing.into(),
        })
    }

    /// Recipients that are not in its envelopes, each with what kept its provider from wrapping ([`Sealer::any_of`]).
    #[must_use]
    pub fn missing(&self) -> &[KekError] {
        &self.missing
    }

    /// Names the data key.
    #[must_use]
    pub fn id(&self) -> &[u8; 16] {
        &self.template.dek_id
    }

    /// Makes the header of a further message; no provider is called.
    ///
    /// # Errors
    /// [`crate::Error::Random`], [`crate::Error::Caller`] for labels, [`crate::Error::Limit`];
    /// [`crate::Error::Policy`] when the suite was retired meanwhile.
    pub fn begin(&self, options: MessageOptions) -> Result<Message> {
        self.suites.check(self.template.domain.suite)?;
        let message_id = hedged_id(&self.backend)?;
        let message = self.message(message_id, options)?;
        let name = self.template.key_name.as_deref();
        trail::message_sealed(
            &self.audit,
            self.template.domain,
            name,
            self.id(),
            &message_id,
            &message.tag,
        )?;
        Ok(message)
    }

    /// Seals `plaintext` as a further message; no provider is called.
    ///
    /// # Errors
    /// As [`DataKey::begin`].
    pub fn seal(&self, plaintext: &[u8]) -> Result<Vec<u8>> {
        let options = MessageOptions {
            plaintext_len: Some(plaintext.len() as u64),
            ..MessageOptions::default()
        };
        self.begin(options)?.seal(plaintext)
    }

    pub(super) fn message(&self, message_id: [u8; 32], options: MessageOptions) -> Result<Message> {
        let domain = self.template.domain;
        let immutable = self.immutable(message_id, options.labels)?;
        if immutable.len() > caps::IMM {
            return Err(LimitFault::Imm.into());
        }
        let secret = domain.message_secret(&self.backend, &self.dek, self.id(), &message_id);
        let bare = crate::header::Prelude::LEN
            + immutable.len()
            + self.mutable.len()
            + crate::header::TAG_LEN
            + self.shares.len();
        let attached = !options.detached && domain.kind != Kind::Ticket;
        let padding = options.reserve.padding(bare, attached, options.plaintext_len);
        let schedule = MessageSchedule::new(&self.backend, domain, &secret);
        let mac = schedule.header_mac(&self.backend);
        let mut tag = [0; 32];
        let header = assemble(domain, &immutable, &self.mutable, padding, &self.shares, |covered| {
            tag = mac.tag(covered);
            tag
        })?;
        let hash = immutable_hash(&self.backend, domain, &immutable);
        let keys = MessageKeys::new(&self.backend, &schedule, domain, message_id, hash, self.record_mode);
        Ok(Message {
            header,
            tag,
            keys,
            missing: Arc::clone(&self.missing),
        })
    }

    fn immutable(&self, message_id: [u8; 32], mut labels: Labels) -> Result<Vec<u8>> {
        if let Some(mode) = self.record_mode {
            labels.set(MODE_LABEL, LabelValue::Text(mode.name().to_owned()));
        }
        labels.check_size()?;
        Ok(self.template.encode_with(&message_id, &labels))
    }
}

/// A header and the keys behind it.
pub struct Message {
    header: Vec<u8>,
    pub(super) tag: Digest,
    pub(super) keys: MessageKeys,
    missing: Arc<[KekError]>,
}

impl Message {
    /// Recipients that are not in its header, each with what kept its provider from wrapping ([`Sealer::any_of`]).
    #[must_use]
    pub fn missing(&self) -> &[KekError] {
        &self.missing
    }

    /// The header: it goes in front of the payload, or into a sidecar, or is the ticket.
    #[must_use]
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// The keys of the payload or of the records.
    #[must_use]
    pub fn keys(&self) -> &MessageKeys {
        &self.keys
    }

    /// The header and the keys.
    #[must_use]
    pub fn into_parts(self) -> (Vec<u8>, MessageKeys) {
        (self.header, self.keys)
    }

    /// Header and payload in one buffer.
    ///
    /// # Errors
    /// [`crate::FormatFault::WrongKind`] for a ticket, [`LimitFault::Plaintext`].
    pub fn seal(self, plaintext: &[u8]) -> Result<Vec<u8>> {
        self.keys.seal_behind(&self.header, plaintext)
    }

    /// Header and payload apart.
    ///
    /// # Errors
    /// As [`Message::seal`].
    pub fn seal_detached(self, plaintext: &[u8]) -> Result<(Vec<u8>, Vec<u8>)> {
        let payload = self.keys.seal_behind(&[], plaintext)?;
        Ok((self.header, payload))
    }
}

impl MessageKeys {
    /// `start`, then the payload.
    fn seal_behind(&self, start: &[u8], plaintext: &[u8]) -> Result<Vec<u8>> {
        let keys = self.payload()?;
        let length = sealed_len(plaintext.len() as u64)
            .and_then(|length| usize::try_from(length).ok()?.checked_add(start.len()))
            .ok_or(LimitFault::Plaintext)?;
        // Zeroed by the system where it is long: no pass over memory that the payload fills anyway.
        let mut out = vec![0; length];
        let (head, payload) = out.split_at_mut(start.len());
        head.copy_from_slice(start);
        keys.seal_into(plaintext, payload)?;
        Ok(out)
    }
}

//! What a header says, in the form of `inspect --json` (docs/inspect-json.md).

use std::collections::BTreeMap;

use kms_core::payload::chunk_range;
use kms_core::{Floor, Header, LabelValue, Posture};
use serde::Serialize;

use super::posture_name;
use super::recipient::RecipientView;
use super::sighting::{Layout, PayloadSighting, PayloadState, Sighting};
use crate::printable::hex;

/// Everything that can be said of an envelope without a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EnvelopeView {
    /// The file that holds the header.
    pub file: String,
    /// The format: `KS1`.
    pub format: &'static str,
    /// `message`, `ticket` or `sealed-secret`.
    pub kind: &'static str,
    /// Name of the suite.
    pub suite: &'static str,
    /// `attached`, `detached` or `ticket`.
    pub layout: &'static str,
    /// Quantum posture of the weakest way to the secret; `null` where a recipient is of an unknown scheme.
    pub posture: Option<&'static str>,
    /// Logical key name: a hint.
    pub key_name: Option<String>,
    /// Stored pairs of the encryption context.
    pub context: BTreeMap<String, String>,
    /// Names of the pairs that are not stored and must be given to open.
    pub external_context: Vec<String>,
    /// Labels.
    pub labels: BTreeMap<String, LabelView>,
    /// What a ticket's records are bound to.
    pub record_mode: Option<&'static str>,
    /// What no later recipient may void.
    pub floor: FloorView,
    /// Who can open it.
    pub recipients: Vec<RecipientView>,
    /// Number of rewraps.
    pub sequence: u64,
    /// Start of the tag before the last rewrap.
    pub previous: Option<String>,
    /// The header's tag.
    pub tag: String,
    /// Names the message.
    pub message_id: String,
    /// Names the data key.
    pub dek_id: String,
    /// Sizes of the header.
    pub header: HeaderView,
    /// The payload; `null` for tickets, and for a header from stdin.
    pub payload: Option<PayloadView>,
}

/// A label: text, or bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum LabelView {
    /// Text.
    Text(String),
    /// Bytes, as hexadecimal.
    Bytes {
        /// The bytes.
        hex: String,
    },
}

/// The least that every recipient must hold to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FloorView {
    /// Least posture.
    pub posture: Option<&'static str>,
    /// Least threshold.
    pub quorum: Option<u8>,
}

/// Sizes of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct HeaderView {
    /// Bytes in all.
    pub bytes: usize,
    /// Bytes of padding: room for later rewraps.
    pub padding: usize,
    /// Bytes reserved for share bodies.
    pub shares_capacity: usize,
}

/// A payload, seen from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PayloadView {
    /// The file that holds it.
    pub file: String,
    /// Its bytes.
    pub bytes: u64,
    /// Plaintext bytes that its length claims.
    pub plaintext_bytes: Option<u64>,
    /// Its chunks.
    pub chunks: Option<u64>,
    /// `present`, `missing`, `other-payload` or `impossible-length`.
    pub state: &'static str,
}

impl From<&Sighting> for EnvelopeView {
    fn from(sighting: &Sighting) -> Self {
        let header = &sighting.header;
        let immutable = header.immutable();
        let context = immutable.context.pairs();
        let labels = immutable.labels.pairs();
        Self {
            file: sighting.path.display().to_string(),
            format: "KS1",
            kind: immutable.domain.kind.name(),
            suite: immutable.domain.suite.name(),
            layout: layout_name(sighting.layout),
            posture: header.posture().map(posture_name),
            key_name: immutable.key_name.clone(),
            context: context
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            external_context: immutable.external.clone(),
            labels: labels.map(|(name, value)| (name.to_owned(), value.into())).collect(),
            record_mode: immutable.record_mode().map(kms_core::record::RecordMode::name),
            floor: immutable.floor.into(),
            recipients: RecipientView::all(header),
            sequence: header.sequence(),
            previous: header.previous().map(|tag| hex(tag)),
            tag: hex(header.tag()),
            message_id: hex(&immutable.message_id),
            dek_id: hex(&immutable.dek_id),
            header: header.into(),
            payload: sighting.payload.as_ref().map(PayloadView::from),
        }
    }
}

impl From<&LabelValue> for LabelView {
    fn from(value: &LabelValue) -> Self {
        match value {
            LabelValue::Text(text) => Self::Text(text.clone()),
            LabelValue::Bytes(bytes) => Self::Bytes { hex: hex(bytes) },
        }
    }
}

impl From<Floor> for FloorView {
    fn from(floor: Floor) -> Self {
        let posture = floor.posture.filter(|posture| *posture > Posture::Classical);
        Self {
            posture: posture.map(posture_name),
            quorum: floor.quorum,
        }
    }
}

impl From<&Header> for HeaderView {
    fn from(header: &Header) -> Self {
        Self {
            bytes: header.len(),
            padding: header.padding(),
            shares_capacity: header.shares_capacity(),
        }
    }
}

impl From<&PayloadSighting> for PayloadView {
    fn from(payload: &PayloadSighting) -> Self {
        let plaintext_bytes = payload.plaintext_bytes();
        Self {
            file: payload.path.display().to_string(),
            bytes: payload.bytes,
            plaintext_bytes,
            // The last chunk is always there, if empty.
            chunks: plaintext_bytes.map(|bytes| chunk_range(&(0..bytes + 1)).end),
            state: match payload.state {
                PayloadState::Present => "present",
                PayloadState::Missing => "missing",
                PayloadState::Other => "other-payload",
                PayloadState::Length => "impossible-length",
            },
        }
    }
}

fn layout_name(layout: Layout) -> &'static str {
    match layout {
        Layout::Attached => "attached",
        Layout::Detached => "detached",
        Layout::Ticket => "ticket",
    }
}

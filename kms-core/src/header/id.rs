//! How an entry names its key.

use crate::caps;
use crate::cbor::{Reader, Writer};
use crate::error::FormatFault;

/// How an entry names its key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RecipientId {
    /// Key URI without version.
    Kid(String),
    /// `Hash("hint", dek_id || URI)[0..8]` of a hidden recipient.
    Hint([u8; 8]),
}

impl RecipientId {
    pub(super) fn encode(&self, out: &mut Writer<'_>) {
        match self {
            Self::Kid(kid) => out.text(kid),
            Self::Hint(hint) => out.bytes(hint),
        }
    }

    pub(super) fn decode(value: &mut Reader<'_>) -> Result<Self, FormatFault> {
        if !value.next_is_text() {
            return Ok(Self::Hint(value.array_of()?));
        }
        let kid = value.text()?;
        if is_key_uri(kid) {
            Ok(Self::Kid(kid.to_owned()))
        } else {
            Err(FormatFault::Value)
        }
    }

    pub(crate) fn is_hidden(&self) -> bool {
        matches!(self, Self::Hint(_))
    }
}

/// What the key URI of a passphrase recipient starts with; a label may follow.
pub(crate) const PASSPHRASE_KID: &str = "passphrase:";

/// Whether `kid` is a passphrase recipient's.
pub(crate) fn is_passphrase_kid(kid: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    kid.strip_prefix(PASSPHRASE_KID)
        .is_some_and(|label| label.len() <= 32 && label.bytes().all(allowed))
}

/// Whether `kid` may stand in an envelope: 1 to 512 bytes without control characters.
pub(crate) fn is_key_uri(kid: &str) -> bool {
    (1..=caps::KEY_URI).contains(&kid.len()) && !kid.chars().any(char::is_control)
}

//! Nonces and associated data of the body: data-format/message-body.md and message-body-aad.md.

use crate::crypto::NONCE_LEN;

/// What part of a body a ciphertext is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// A frame that others follow.
    Frame,
    /// The last frame.
    Final,
    /// The whole body.
    Whole,
}

impl Part {
    /// The associated data of a ciphertext.
    pub(super) fn aad(self, message_id: &[u8], sequence: u32, length: u64) -> Vec<u8> {
        let purpose: &[u8] = match self {
            Self::Frame => b"AWSKMSEncryptionClient Frame",
            Self::Final => b"AWSKMSEncryptionClient Final Frame",
            Self::Whole => b"AWSKMSEncryptionClient Single Block",
        };
        [message_id, purpose, &sequence.to_be_bytes(), &length.to_be_bytes()].concat()
    }
}

/// The nonce of a new frame: its number. That of the header is zero, and no frame has that number.
pub(super) fn nonce(sequence: u32) -> [u8; NONCE_LEN] {
    let mut nonce = [0; NONCE_LEN];
    nonce[NONCE_LEN - 4..].copy_from_slice(&sequence.to_be_bytes());
    nonce
}

/// Stands before the number of the last frame.
pub(super) const FINAL: u32 = 0xffff_ffff;

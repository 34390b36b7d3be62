//! What the caller tells of a use: borrowed, so that a trail that records nothing costs nothing.

use super::event::HeaderMark;
use super::reason::Reason;
use crate::error::KekOperation;
use crate::suite::{Kind, Suite};

/// What is about to be used, as far as it is known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Subject<'a> {
    /// Logical key name.
    pub key_name: Option<&'a str>,
    /// The KEKs that may be used: those configured here, not whatever an envelope names.
    pub keys: &'a [KeyRef<'a>],
    /// Message id of the envelope.
    pub message_id: Option<&'a [u8; 32]>,
    /// Data-key id of the envelope.
    pub dek_id: Option<&'a [u8; 16]>,
    /// Kind of the envelope.
    pub kind: Option<Kind>,
    /// Suite of the envelope.
    pub suite: Option<Suite>,
    /// The header that is being read.
    pub header: Option<HeaderMark>,
}

/// A KEK, and its version where known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyRef<'a> {
    /// Key URI without version.
    pub uri: &'a str,
    /// Version as the provider gives it.
    pub version: Option<&'a [u8]>,
}

impl<'a> KeyRef<'a> {
    /// A KEK of which the version does not matter or is not known.
    #[must_use]
    pub fn new(uri: &'a str) -> Self {
        Self { uri, version: None }
    }
}

/// What became known by a successful use. What stands here replaces what the intent said.
#[derive(Debug, Clone, Copy, Default)]
pub struct Details<'a> {
    /// Message id of the envelope.
    pub message_id: Option<&'a [u8; 32]>,
    /// Data-key id of the envelope.
    pub dek_id: Option<&'a [u8; 16]>,
    /// The header as it now stands: of a seal or rewrap the new one.
    pub header: Option<HeaderMark>,
    /// Calls to providers, in order, in addition to those given to [`super::Intent::attempt`].
    pub attempts: &'a [Attempt<'a>],
}

/// One call to a provider.
#[derive(Debug, Clone)]
pub struct Attempt<'a> {
    /// The KEK, with the version that the provider used, where it tells.
    pub key: KeyRef<'a>,
    /// What the provider was asked for.
    pub operation: KekOperation,
    /// The provider's own request id.
    pub request_id: Option<&'a str>,
    /// Where the key lives.
    pub region: Option<&'a str>,
    /// Why it failed; `None` when it did not.
    pub failure: Option<Reason>,
}

impl<'a> Attempt<'a> {
    /// A successful call of which nothing more is known.
    #[must_use]
    pub fn new(key: KeyRef<'a>, operation: KekOperation) -> Self {
        Self {
            key,
            operation,
            request_id: None,
            region: None,
            failure: None,
        }
    }

    /// The same call, failed.
    #[must_use]
    pub fn failed(mut self, reason: impl Into<Reason>) -> Self {
        self.failure = Some(reason.into());
        self
    }
}

//! A reader whose every provider call is counted and whose audit trail is kept.

use std::sync::Arc;

use kms_core::audit::{AuditTrail, MemorySink, Phase, Principal};
use kms_core::crypto::CryptoBackend;
use kms_core::*;

use super::forge::MARK;
use super::watched::Watched;
use crate::support::run;

/// Whose fault an error says it is: the letters of the negative tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    Format,
    Limit,
    Policy,
    Caller,
    Provider,
    Audit,
    /// The flat "does not open".
    Flat,
    Other,
}

pub fn party(error: &Error) -> Party {
    match error {
        Error::Format(_) => Party::Format,
        Error::Limit(_) => Party::Limit,
        Error::Policy(_) => Party::Policy,
        Error::Caller(_) => Party::Caller,
        Error::Provider(_) => Party::Provider,
        Error::Audit(_) => Party::Audit,
        Error::DoesNotOpen => Party::Flat,
        _ => Party::Other,
    }
}

/// An error must tell nothing of the input: neither its texts nor its bytes.
#[track_caller]
pub fn assert_silent(error: &Error) {
    let told = format!("{error} {error:?} {error:#?}");
    assert!(!told.contains(MARK), "the error repeats the input: {told}");
    // A provider's error names the key URI as it is configured here; all others are fixed sentences.
    let digits = format!("{error}").bytes().filter(u8::is_ascii_digit).count();
    assert!(
        digits <= 16 || party(error) == Party::Provider,
        "the error carries data: {told}"
    );
}

/// An [`Opener`] under observation.
pub struct Reader {
    pub opener: Opener,
    pub keks: Vec<Arc<Watched>>,
    pub sink: Arc<MemorySink>,
}

impl Reader {
    /// A reader with version 1 of the keys at `uris`.
    pub fn new(backend: &CryptoBackend, uris: &[&str]) -> Self {
        Self::with(backend, uris.iter().map(|uri| Watched::local(backend, uri)).collect())
    }

    pub fn with(backend: &CryptoBackend, keks: Vec<Arc<Watched>>) -> Self {
        let sink = Arc::new(MemorySink::new());
        let keyring: Keyring = keks.iter().map(|kek| Arc::clone(kek) as Arc<dyn Kek>).collect();
        let trail = AuditTrail::new(sink.clone(), Principal::named("reader"));
        Self {
            opener: Opener::new(backend.clone(), keyring).audit(trail),
            keks,
            sink,
        }
    }

    pub fn policy(mut self, policy: OpenPolicy) -> Self {
        self.opener = self.opener.policy(policy);
        self
    }

    pub fn require(mut self, pairs: &[(&str, &str)]) -> Self {
        let context = EncryptionContext::from_pairs(pairs.iter().copied()).unwrap();
        self.opener = self.opener.require(context);
        self
    }

    pub fn open(&self, envelope: &[u8]) -> Result<Vec<u8>> {
        run(self.opener.open(envelope))
    }

    pub fn open_detached(&self, header: &[u8], payload: &[u8]) -> Result<Vec<u8>> {
        run(self.opener.open_detached(header, payload))
    }

    /// Provider calls so far.
    pub fn calls(&self) -> usize {
        self.keks.iter().map(|kek| kek.calls()).sum()
    }

    /// Opens, which must fail for `expected` after exactly `calls` provider calls, and tell nothing of the input.
    #[track_caller]
    pub fn refuses(&self, envelope: &[u8], expected: Party, calls: usize) -> Error {
        self.settle(|| self.open(envelope).map(drop), expected, calls)
    }

    #[track_caller]
    pub fn refuses_detached(&self, header: &[u8], payload: &[u8], expected: Party, calls: usize) -> Error {
        self.settle(|| self.open_detached(header, payload).map(drop), expected, calls)
    }

    #[track_caller]
    pub fn refuses_ticket(&self, ticket: &[u8], expected: Party, calls: usize) -> Error {
        self.settle(|| run(self.opener.open_ticket(ticket)).map(drop), expected, calls)
    }

    #[track_caller]
    fn settle(&self, open: impl FnOnce() -> Result<()>, expected: Party, calls: usize) -> Error {
        let before = self.calls();
        let error = open().expect_err("it opened");
        assert_eq!(party(&error), expected, "{error}");
        assert_eq!(self.calls() - before, calls, "provider calls, for: {error}");
        assert_silent(&error);
        error
    }

    /// What the audit trail says of the provider calls of the last use: key URI and reason code of each.
    pub fn attempts(&self) -> Vec<(String, Option<String>)> {
        let events = self.sink.events();
        let last = events.iter().rev().find(|event| event.phase == Phase::Outcome);
        let attempts = last.into_iter().flat_map(|event| &event.attempts);
        attempts
            .map(|attempt| {
                let code = attempt.failure.as_ref().map(|reason| reason.code().to_owned());
                (attempt.key.uri.clone(), code)
            })
            .collect()
    }
}

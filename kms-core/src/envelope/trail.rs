//! What sealing, opening and rewrapping tell the audit trail. Nothing is collected when nothing is recorded.

use super::attempt::{Attempt as Call, AttemptOutcome, second_key};
use super::recipients::{Member, Recipient, Wrap};
use crate::audit::{Action, Attempt, AuditTrail, Details, HeaderMark, Intent, KeyRef, Reason, Subject};
use crate::crypto::CryptoBackend;
use crate::error::{Error, KekError, KekOperation, Result};
use crate::header::{Entry, Header, RecipientId, Single};
use crate::kek::WrapParams;
use crate::keyring::Keyring;
use crate::schedule::Domain;

/// Makes the intent to wrap a data key for `recipients` durable.
pub(super) fn wrapping(
    trail: &AuditTrail,
    action: Action,
    domain: Domain,
    key_name: Option<&str>,
    dek_id: &[u8; 16],
    recipients: &[Recipient],
) -> Result<Intent> {
    let keys: Vec<_> = if trail.is_recording() {
        let members = recipients.iter().flat_map(Recipient::members);
        members.flat_map(Member::key_uris).map(KeyRef::new).collect()
    } else {
        Vec::new()
    };
    trail.intent(
        action,
        &Subject {
            key_name,
            keys: &keys,
            dek_id: Some(dek_id),
            ..subject(domain)
        },
    )
}

/// Records that a data key in hand was used for one more message.
pub(super) fn message_sealed(
    trail: &AuditTrail,
    domain: Domain,
    key_name: Option<&str>,
    dek_id: &[u8; 16],
    message_id: &[u8; 32],
    tag: &[u8; 32],
) -> Result<()> {
    if !trail.is_recording() {
        return Ok(());
    }
    let message = Subject {
        key_name,
        dek_id: Some(dek_id),
        message_id: Some(message_id),
        ..subject(domain)
    };
    let details = Details {
        header: Some(mark(0, tag)),
        ..Details::default()
    };
    trail.intent(Action::Seal, &message)?.succeed(&details)
}

/// Makes the intent to use the configured recipients of `header` durable.
pub(super) fn using(
    trail: &AuditTrail,
    action: Action,
    backend: &CryptoBackend,
    header: &Header,
    keyring: &Keyring,
) -> Result<Intent> {
    if !trail.is_recording() {
        return trail.intent(action, &Subject::default());
    }
    let dek_id = &header.immutable().dek_id;
    let found = singles(header).filter_map(|single| Some((single, keyring.find(backend, single, dek_id)?.1)));
    let found: Vec<_> = found.collect();
    let keys = found.iter().flat_map(|(single, kek)| {
        let first = (kek.uri(), &single.wrapped.version);
        let keys = std::iter::once(first).chain(second_key(single, &**kek));
        keys.map(|(uri, version)| KeyRef {
            uri,
            version: version.as_deref(),
        })
    });
    let keys: Vec<_> = keys.collect();
    trail.intent(action, &header_subject(header, &keys))
}

/// Records that sealing was refused before any KEK was used.
pub(super) fn refused_sealing(
    trail: &AuditTrail,
    action: Action,
    domain: Domain,
    key_name: Option<&str>,
    error: &Error,
) -> Result<()> {
    trail.refuse(
        action,
        &Subject {
            key_name,
            ..subject(domain)
        },
        error,
    )
}

/// Records that `header` was refused before any KEK was used.
pub(super) fn refused(trail: &AuditTrail, action: Action, header: &Header, error: &Error) -> Result<()> {
    trail.refuse(action, &header_subject(header, &[]), error)
}

/// Records how wraps went: the keys of each member, with what their providers returned.
pub(super) fn wrapped<'a>(
    mut intent: Intent,
    wraps: impl IntoIterator<Item = (&'a Member, Wrap)>,
    missing: &[KekError],
    details: &Details<'_>,
) -> Result<()> {
    self::wraps(&mut intent, wraps);
    missing.iter().for_each(|error| failed(&mut intent, error));
    intent.succeed(details)
}

/// Notes wraps: the keys of each member, with what their providers returned.
pub(super) fn wraps<'a>(intent: &mut Intent, wraps: impl IntoIterator<Item = (&'a Member, Wrap)>) {
    for (member, wrap) in wraps {
        // The public half of a post-quantum key is used here: no provider is asked, so there is no request.
        let answers = [(wrap.version, wrap.request_id), (wrap.pq_version, None)];
        for (uri, (version, request_id)) in member.key_uris().zip(answers) {
            let key = KeyRef {
                uri,
                version: version.as_deref(),
            };
            intent.attempt(&Attempt {
                request_id: request_id.as_deref(),
                ..Attempt::new(key, KekOperation::Wrap)
            });
        }
    }
}

/// Records why a wrap failed, and at which provider.
pub(super) fn fail(mut intent: Intent, error: &Error) -> Result<()> {
    error
        .provider_errors()
        .iter()
        .for_each(|error| failed(&mut intent, error));
    intent.fail(error, &[])
}

fn failed(intent: &mut Intent, error: &KekError) {
    let attempt = Attempt::new(KeyRef::new(&error.uri), error.operation).failed(error.kind);
    intent.attempt(&Attempt {
        request_id: error.request_id.as_deref(),
        ..attempt
    });
}

/// Records the provider calls of an open.
pub(super) fn calls(intent: &mut Intent, calls: &[Call]) {
    for call in calls {
        let key = KeyRef {
            uri: &call.uri,
            version: call.version.as_deref(),
        };
        let failure = match call.outcome {
            AttemptOutcome::Cached => continue,
            AttemptOutcome::Opened | AttemptOutcome::Answered => None,
            AttemptOutcome::Provider(fault) => Some(Reason::from(fault)),
            AttemptOutcome::Overtaken => Some(OVERTAKEN),
            AttemptOutcome::SealDoesNotOpen => Some(SEAL_DOES_NOT_OPEN),
            AttemptOutcome::PlantedShare => Some(PLANTED_SHARE),
        };
        let request_id = call.request_id.as_deref();
        intent.attempt(&Attempt {
            request_id,
            failure,
            ..Attempt::new(key, KekOperation::Unwrap)
        });
    }
}

const OVERTAKEN: Reason = Reason::fixed(
    "recipient.Overtaken",
    "another recipient opened first; this provider was asked and may have answered",
);
const SEAL_DOES_NOT_OPEN: Reason = Reason::fixed(
    "recipient.SealDoesNotOpen",
    "the provider answered, but the seal does not open: wrong secret or altered bytes",
);
const PLANTED_SHARE: Reason = Reason::fixed(
    "recipient.PlantedShare",
    "the share is not the one committed to: who can use this key planted it",
);

/// Sequence number and tag prefix of a header.
pub(super) fn mark(seq: u64, tag: &[u8; 32]) -> HeaderMark {
    HeaderMark {
        seq,
        tag: *tag.first_chunk().expect("16 of 32 bytes"),
    }
}

pub(super) fn singles(header: &Header) -> impl Iterator<Item = &Single> {
    let entries = header.entries().iter().filter_map(|entry| match entry {
        Entry::Single(single) => Some(single),
        Entry::Quorum(_) | Entry::Unknown(_) => None,
    });
    entries.chain(header.shares().iter().flatten().map(|share| &share.recipient))
}

fn header_subject<'a>(header: &'a Header, keys: &'a [KeyRef<'a>]) -> Subject<'a> {
    let immutable = header.immutable();
    Subject {
        key_name: immutable.key_name.as_deref(),
        keys,
        message_id: Some(&immutable.message_id),
        dek_id: Some(&immutable.dek_id),
        header: Some(mark(header.sequence(), header.tag())),
        ..subject(immutable.domain)
    }
}

fn subject(domain: Domain) -> Subject<'static> {
    Subject {
        kind: Some(domain.kind),
        suite: Some(domain.suite),
        ..Subject::default()
    }
}

impl Header {
    /// The key URIs that stand openly in this header, in order: what a reader would need one of.
    pub fn key_uris(&self) -> impl Iterator<Item = &str> {
        singles(self).flat_map(ids).filter_map(|id| match id {
            RecipientId::Kid(kid) => Some(kid.as_str()),
            RecipientId::Hint(_) => None,
        })
    }

    /// How the recipients name their keys, in order: one each, two of a hybrid.
    pub fn recipient_ids(&self) -> impl Iterator<Item = &RecipientId> {
        singles(self).flat_map(ids)
    }
}

fn ids(single: &Single) -> impl Iterator<Item = &RecipientId> {
    let second = match &single.wrapped.params {
        WrapParams::Hybrid { id, .. } => Some(id),
        _ => None,
    };
    std::iter::once(&single.id).chain(second)
}

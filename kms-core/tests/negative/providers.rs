//! 51 to 54: providers that fail or lie. The audit trail names them; the reader of the envelope learns nothing.

use std::sync::Arc;

use kms_core::audit::Outcome;
use kms_core::{AuditFault, Error, KekFault, OpenPolicy};

use crate::hostile::forge::Forge;
use crate::hostile::on_both;
use crate::hostile::reader::{Party, Reader};
use crate::hostile::watched::{Answer, Watched};

/// An envelope for `count` keys, and a reader that has them all in that order.
fn many(backend: &kms_core::crypto::CryptoBackend, count: usize) -> (Forge, Reader) {
    let uris: Vec<String> = (0..count).map(|at| format!("local://{at}")).collect();
    let uris: Vec<&str> = uris.iter().map(String::as_str).collect();
    let forge = Forge::message(backend);
    let entries: Vec<_> = uris.iter().map(|uri| forge.single(uri)).collect();
    (forge.with_entries(entries), Reader::new(backend, &uris))
}

#[track_caller]
fn named(reader: &Reader) -> Vec<(String, String)> {
    let attempts = reader.attempts().into_iter();
    attempts
        .map(|(uri, reason)| (uri, reason.unwrap_or_else(|| "opened".into())))
        .collect()
}

fn is(uri: &str, reason: &str) -> (String, String) {
    (uri.to_owned(), reason.to_owned())
}

#[test]
fn n51_provider_returns_a_wrong_secret() {
    on_both(|backend| {
        let (forge, reader) = many(backend, 2);
        reader.keks[0].answers(Answer::WrongSecret);
        assert_eq!(
            reader.open(&forge.envelope()).unwrap(),
            forge.plaintext,
            "the next recipient opens"
        );
        assert_eq!(reader.calls(), 2);
        let seal = is("local://0", "recipient.SealDoesNotOpen");
        assert_eq!(named(&reader), [seal.clone(), is("local://1", "opened")]);

        reader.keks[1].answers(Answer::WrongSecret);
        reader.refuses(&forge.envelope(), Party::Flat, 2);
        assert_eq!(named(&reader), [seal, is("local://1", "recipient.SealDoesNotOpen")]);
    });
}

/// A `W` of 31 bytes cannot be handed to the envelope: the type holds 32. A provider that gets one answers
/// [`KekFault::BadReply`], which the conformance suite of `kms-providers` asks of each.
#[test]
fn n52_provider_returns_a_secret_of_31_bytes() {
    on_both(|backend| {
        let (forge, reader) = many(backend, 2);
        reader.keks[0].answers(Answer::Fault(KekFault::BadReply));
        assert_eq!(reader.open(&forge.envelope()).unwrap(), forge.plaintext);
        assert_eq!(
            named(&reader),
            [is("local://0", "provider.BadReply"), is("local://1", "opened")]
        );
    });
}

#[test]
fn n53_provider_answers_for_another_key_or_version() {
    on_both(|backend| {
        let (forge, reader) = many(backend, 1);
        reader.keks[0].answers(Answer::Fault(KekFault::BadReply));
        reader.refuses(&forge.envelope(), Party::Flat, 1);
        assert_eq!(named(&reader), [is("local://0", "provider.BadReply")]);
        // A version that this key does not have.
        let stale = forge.clone().with_first(|entry| {
            entry.set(3, crate::hostile::item::Item::bytes(b"9"));
        });
        reader.keks[0].answers(Answer::Honest);
        let error = reader.refuses(&stale.envelope(), Party::Provider, 1);
        assert!(
            matches!(error, Error::Provider(error) if error.uri == "local://0" && error.kind == KekFault::NotFound)
        );
    });
}

#[test]
fn n54_eight_failing_recipients_before_the_right_one() {
    on_both(|backend| {
        let (forge, reader) = many(backend, 9);
        reader.keks[..8].iter().for_each(|kek| kek.answers(Answer::WrongSecret));
        reader.refuses(&forge.envelope(), Party::Flat, 8);
        assert_eq!(reader.keks[8].calls(), 0);
        let names: Vec<_> = (0..8)
            .map(|at| is(&format!("local://{at}"), "recipient.SealDoesNotOpen"))
            .collect();
        assert_eq!(named(&reader), names);
        let outcome = reader.sink.events().pop().unwrap().outcome;
        let Some(Outcome::Failure(reason)) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(
            reason.code(),
            "limit.ProviderCalls",
            "the trail says that there were more"
        );

        reader.keks[7].answers(Answer::Honest);
        assert_eq!(
            reader.open(&forge.envelope()).unwrap(),
            forge.plaintext,
            "the eighth call may open"
        );
        assert_eq!(reader.calls(), 16);
    });
}

#[test]
fn n54_unavailable_providers_within_the_budget_are_named_to_the_caller() {
    on_both(|backend| {
        let (forge, reader) = many(backend, 9);
        reader.keks.iter().for_each(|kek| kek.answers(Answer::WrongSecret));
        for fault in [KekFault::Unavailable, KekFault::Timeout, KekFault::Throttled] {
            reader.keks[3].answers(Answer::Fault(fault));
            let error = reader.refuses(&forge.envelope(), Party::Provider, 8);
            assert!(matches!(error, Error::Provider(error) if error.uri == "local://3" && error.kind == fault));
        }
        let (forge, reader) = many(backend, 2);
        let none = OpenPolicy {
            provider_calls: 0,
            ..OpenPolicy::default()
        };
        reader.policy(none).refuses(&forge.envelope(), Party::Flat, 0);
    });
}

#[test]
fn no_configured_key_is_the_callers_matter_and_needs_no_audit_of_a_use() {
    on_both(|backend| {
        let forge = Forge::message(backend);
        let reader = Reader::new(backend, &["local://other"]);
        reader.refuses(&forge.envelope(), Party::Caller, 0);
        let [event] = &reader.sink.events()[..] else {
            panic!("one refusal")
        };
        assert_eq!(event.phase, kms_core::audit::Phase::Refusal);
    });
}

#[test]
fn no_provider_is_called_when_the_intent_cannot_be_recorded() {
    on_both(|backend| {
        let forge = Forge::message(backend);
        let reader = Reader::new(backend, &["local://a"]);
        reader.sink.fail_after(0, AuditFault::Full);
        reader.refuses(&forge.envelope(), Party::Audit, 0);
        reader.sink.fail_after(1, AuditFault::Full);
        reader.refuses(&forge.envelope(), Party::Audit, 1);
    });
}

#[test]
fn a_key_of_another_scheme_counts_as_not_configured() {
    on_both(|backend| {
        let kwp = crate::support::TestKek {
            mechanism: Some(kms_core::WrapMechanism::AesKwp),
            ..crate::support::TestKek::new(backend, "local://a", 1)
        };
        let reader = Reader::with(backend, vec![Watched::new(Arc::new(kwp))]);
        reader.refuses(&Forge::message(backend).envelope(), Party::Caller, 0);
    });
}

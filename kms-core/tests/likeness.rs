//! A sealer after an envelope: what is sealed anew keeps its recipients, context, name and promises.
#![allow(
    clippy::unwrap_used,
    reason = "clippy.toml allows it in test functions; their helpers are no less test code"
)]

mod support;

use std::sync::Arc;

use kms_core::crypto::CryptoBackend;
use kms_core::*;
use support::{TestKek, run};

fn keks() -> Vec<Arc<dyn Kek>> {
    let kek = |name: &str| Arc::new(TestKek::new(&CryptoBackend::default(), &format!("local://{name}"), 1)) as _;
    ["a", "b", "c", "d"].map(kek).into()
}

fn opener(keks: &[Arc<dyn Kek>], context: EncryptionContext) -> Opener {
    let keyring = keks.iter().cloned().fold(Keyring::new(), Keyring::with);
    Opener::new(CryptoBackend::default(), keyring).require(context)
}

fn context() -> EncryptionContext {
    EncryptionContext::from_pairs([("tenant", "t-17"), ("case", "7")]).unwrap()
}

/// A quorum of three and, for the message alone and unnamed, one key more.
fn envelope(keks: &[Arc<dyn Kek>]) -> Vec<u8> {
    let sealer = Sealer::new(CryptoBackend::default())
        .context(context())
        .external(["case"])
        .key_name("board")
        .add(Recipient::quorum(2, keks[..3].iter().cloned()))
        .add(Recipient::single(keks[3].clone()).hidden());
    run(sealer.seal(b"minutes")).unwrap()
}

fn header(envelope: &[u8]) -> Header {
    Header::parse_prefix(envelope, 16).unwrap()
}

#[test]
fn recipients_context_and_name_are_kept_and_keys_are_fresh() {
    let keks = keks();
    let old = envelope(&keks);
    let all = opener(&keks, context());
    let opened = run(all.open_header(header(&old))).unwrap();
    let sealer = run(all.sealer_like(opened.header()))
        .unwrap()
        .suite(Suite::Aes256GcmSiv);
    let new = run(sealer.seal(b"minutes")).unwrap();

    let (was, is) = (header(&old), header(&new));
    assert_eq!(is.domain().suite, Suite::Aes256GcmSiv);
    assert_ne!(was.immutable().dek_id, is.immutable().dek_id);
    assert_ne!(was.immutable().message_id, is.immutable().message_id);
    assert_eq!(was.immutable().context, is.immutable().context);
    assert_eq!(was.immutable().external, is.immutable().external);
    assert_eq!(was.immutable().key_name, is.immutable().key_name);
    assert_eq!(was.immutable().floor, is.immutable().floor);
    let quorum = |header: &Header| match &header.entries()[0] {
        Entry::Quorum(quorum) => (quorum.threshold, quorum.commitments.len(), quorum.level),
        other => panic!("{other:?}"),
    };
    assert_eq!(quorum(&was), quorum(&is));
    assert!(matches!(&is.entries()[1], Entry::Single(single) if matches!(single.id, RecipientId::Hint(_))));
    for two in [[0, 1], [0, 2], [1, 2]] {
        let two = two.map(|at| keks[at].clone());
        assert_eq!(run(opener(&two, context()).open(&new)).unwrap(), b"minutes");
    }
    assert_eq!(run(opener(&keks[3..], context()).open(&new)).unwrap(), b"minutes");
    let one = run(opener(&keks[..1], context()).open(&new));
    assert!(one.is_err(), "{one:?}");
}

#[test]
fn nobody_is_left_out() {
    let keks = keks();
    let old = header(&envelope(&keks));
    for missing in 0..keks.len() {
        let mut some = keks.clone();
        some.remove(missing);
        let made = run(opener(&some, context()).sealer_like(&old)).err();
        assert_eq!(
            made,
            Some(Error::Caller(CallerFault::RecipientNotConfigured)),
            "without {missing}"
        );
    }
}

#[test]
fn pairs_that_are_not_stored_must_be_given() {
    let keks = keks();
    let old = header(&envelope(&keks));
    let stored = EncryptionContext::from_pairs([("tenant", "t-17")]).unwrap();
    let made = run(opener(&keks, stored).sealer_like(&old)).err();
    assert_eq!(made, Some(Error::Caller(CallerFault::ContextMissing)));
}

#[test]
fn only_messages_have_likenesses() {
    let keks = keks();
    let sealer = Sealer::new(CryptoBackend::default())
        .recipient(keks[0].clone())
        .sealed_secret();
    let old = header(&run(sealer.seal(b"secret")).unwrap());
    let made = run(opener(&keks, EncryptionContext::new()).sealer_like(&old)).err();
    assert_eq!(made, Some(Error::Format(FormatFault::WrongKind)));
}

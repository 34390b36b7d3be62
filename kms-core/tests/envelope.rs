//! Seal, open and rewrap, for both backends against each other.

mod support;

use std::sync::Arc;

use kms_core::crypto::{CryptoBackend, aws_lc, rustcrypto};
use kms_core::*;
use support::{TestKek, run};

fn kek(backend: &CryptoBackend, name: &str, versions: u8) -> Arc<dyn Kek> {
    Arc::new(TestKek::new(backend, &format!("local://{name}"), versions))
}

fn opener(backend: &CryptoBackend, keks: impl IntoIterator<Item = Arc<dyn Kek>>) -> Opener {
    Opener::new(backend.clone(), keks.into_iter().collect::<Keyring>())
}

#[test]
fn both_backends_open_what_either_seals() {
    for (sealing, opening) in [(aws_lc(), rustcrypto()), (rustcrypto(), aws_lc())] {
        for suite in [Suite::Aes256Gcm, Suite::Aes256GcmSiv, Suite::ChaCha20Poly1305] {
            for length in [0, 1, 16_383, 16_384, 70_000] {
                let plaintext = vec![0x5a; length];
                let sealer = Sealer::new(sealing.clone())
                    .suite(suite)
                    .recipient(kek(&sealing, "a", 1));
                let envelope = run(sealer.seal(&plaintext)).unwrap();
                let opened = run(opener(&opening, [kek(&opening, "a", 1)]).open(&envelope));
                assert_eq!(opened.unwrap(), plaintext);
            }
        }
    }
}

#[test]
fn any_recipient_opens_and_strangers_do_not() {
    let backend = aws_lc();
    let sealer = Sealer::new(backend.clone())
        .recipient(kek(&backend, "a", 1))
        .recipient(kek(&backend, "b", 1));
    let envelope = run(sealer.seal(b"hello")).unwrap();
    for name in ["a", "b"] {
        assert_eq!(
            run(opener(&backend, [kek(&backend, name, 1)]).open(&envelope)).unwrap(),
            b"hello"
        );
    }
    let stranger = run(opener(&backend, [kek(&backend, "c", 1)]).open(&envelope));
    assert_eq!(stranger, Err(CallerFault::NoConfiguredKey.into()));
}

#[test]
fn a_quorum_opens_with_any_threshold_of_its_members_and_not_with_fewer() {
    let backend = aws_lc();
    let names = ["a", "b", "c"];
    let members = names.map(|name| kek(&backend, name, 1));
    let envelope = run(Sealer::new(backend.clone())
        .add(Recipient::quorum(2, members))
        .seal(b"minutes"))
    .unwrap();
    for pair in [[0, 1], [0, 2], [1, 2]] {
        let keks = pair.map(|at| kek(&backend, names[at], 1));
        assert_eq!(run(opener(&backend, keks).open(&envelope)).unwrap(), b"minutes");
    }
    for name in names {
        let one = run(opener(&backend, [kek(&backend, name, 1)]).open(&envelope));
        assert!(one.is_err(), "one member must not open");
    }
}

#[test]
fn context_must_match() {
    let backend = aws_lc();
    let context = EncryptionContext::from_pairs([("tenant", "t1"), ("purpose", "kat")]).unwrap();
    let sealer = Sealer::new(backend.clone())
        .context(context)
        .external(["tenant"])
        .recipient(kek(&backend, "a", 1));
    let envelope = run(sealer.seal(b"x")).unwrap();
    let with = |pairs: &[(&str, &str)]| {
        let required = EncryptionContext::from_pairs(pairs.iter().copied()).unwrap();
        run(opener(&backend, [kek(&backend, "a", 1)])
            .require(required)
            .open(&envelope))
    };
    assert_eq!(with(&[("tenant", "t1")]).unwrap(), b"x");
    assert_eq!(with(&[("tenant", "t1"), ("purpose", "kat")]).unwrap(), b"x");
    assert_eq!(with(&[("tenant", "t2")]), Err(Error::DoesNotOpen));
    assert_eq!(with(&[]), Err(CallerFault::ContextMissing.into()));
    assert_eq!(
        with(&[("tenant", "t1"), ("purpose", "no")]),
        Err(PolicyFault::ContextMismatch.into())
    );
    assert_eq!(
        with(&[("tenant", "t1"), ("extra", "no")]),
        Err(PolicyFault::ContextMismatch.into())
    );
}

#[test]
fn rewrap_moves_to_the_current_version_once_and_keeps_the_payload() {
    let backend = aws_lc();
    let sealer = Sealer::new(backend.clone())
        .recipient(kek(&backend, "a", 1))
        .recipient(kek(&backend, "b", 1));
    let (header, payload) = run(sealer.seal_detached(b"payload")).unwrap();
    let header = Header::parse_detached(&header, 16).unwrap();

    let rewrapper = Rewrapper::new(opener(&backend, [kek(&backend, "a", 2)])).verify(true);
    let RewrapOutcome::Rewrapped(new) = run(rewrapper.rewrap(&header, &Target::Current, None)).unwrap() else {
        panic!("a new version is there");
    };
    assert_eq!((new.sequence, new.wrapped, new.dropped), (1, 1, 0));
    let new = Header::parse_detached(&new.header, 16).unwrap();
    assert_eq!(new.immutable(), header.immutable());
    assert_eq!(
        run(rewrapper.rewrap(&new, &Target::Current, None)).unwrap(),
        RewrapOutcome::AlreadyCurrent
    );

    let only_new = TestKek {
        versions: vec![(Some(b"2".to_vec()), support::secret(&[2; 32]))],
        ..TestKek::new(&backend, "local://a", 0)
    };
    let opened = run(opener(&backend, [Arc::new(only_new) as Arc<dyn Kek>]).open_detached(new.as_bytes(), &payload));
    assert_eq!(opened.unwrap(), b"payload");
}

#[test]
fn adding_a_recipient_to_one_message_does_not_open_its_neighbours() {
    let backend = aws_lc();
    let key = run(Sealer::new(backend.clone()).recipient(kek(&backend, "a", 1)).data_key()).unwrap();
    let (one, other) = (key.seal(b"one").unwrap(), key.seal(b"other").unwrap());
    let header = Header::parse_prefix(&one, 16).unwrap();
    let rewrapper = Rewrapper::new(opener(&backend, [kek(&backend, "a", 1)]));
    let added = Recipient::single(kek(&backend, "guest", 1)).at(Level::Message);
    let outcome = run(rewrapper.rewrap(&header, &Target::Add(vec![added]), Some(3))).unwrap();
    let RewrapOutcome::Rewrapped(new) = outcome else {
        panic!("a recipient was added")
    };

    let guest = opener(&backend, [kek(&backend, "guest", 1)]);
    let widened = [new.header.as_slice(), &one[header.len()..]].concat();
    assert_eq!(run(guest.open(&widened)).unwrap(), b"one");
    assert!(run(guest.open(&other)).is_err());

    let again = Rewrapper::new(guest);
    let wider = Header::parse_prefix(&widened, 16).unwrap();
    let all = Target::Add(vec![Recipient::single(kek(&backend, "friend", 1))]);
    assert_eq!(
        run(again.rewrap(&wider, &all, None)).unwrap_err(),
        CallerFault::Level.into()
    );
}

#[test]
fn adding_twice_adds_once_and_dropping_keeps_the_rest() {
    let backend = aws_lc();
    let sealer = Sealer::new(backend.clone())
        .recipient(kek(&backend, "a", 1))
        .recipient(kek(&backend, "b", 1));
    let (header, payload) = run(sealer.seal_detached(b"x")).unwrap();
    let header = Header::parse_detached(&header, 16).unwrap();
    let change = |add: &[(&str, u8)], drop: &[&str]| Target::Change {
        add: add
            .iter()
            .map(|(name, version)| Recipient::single(kek(&backend, name, *version)))
            .collect(),
        drop: drop.iter().map(|uri| (*uri).to_owned()).collect(),
    };
    let rewrap = |header: &Header, target: &Target| {
        // A rewrapper asks each key for its version once, so each run has its own.
        let rewrapper = Rewrapper::new(opener(&backend, [kek(&backend, "a", 1)]));
        run(rewrapper.rewrap(header, target, None))
    };
    let apply = |header: &Header, target: &Target| match rewrap(header, target).unwrap() {
        RewrapOutcome::Rewrapped(new) => Some((Header::parse_detached(&new.header, 16).unwrap(), new.dropped)),
        RewrapOutcome::AlreadyCurrent => None,
    };
    let keys = |header: &Header| header.key_uris().map(str::to_owned).collect::<Vec<_>>();

    let wanted = change(&[("c", 1)], &["local://b"]);
    let (changed, dropped) = apply(&header, &wanted).unwrap();
    assert_eq!(
        (keys(&changed), dropped),
        (vec!["local://a".into(), "local://c".into()], 1)
    );
    assert!(apply(&changed, &wanted).is_none(), "a resumed run finds its work done");
    let add_again = Target::Add(vec![Recipient::single(kek(&backend, "c", 1))]);
    assert!(apply(&changed, &add_again).is_none());

    // Under a newer version the same key is renewed, not doubled.
    let (renewed, dropped) = apply(&changed, &change(&[("c", 2)], &[])).unwrap();
    assert_eq!(
        (keys(&renewed), dropped),
        (vec!["local://a".into(), "local://c".into()], 0)
    );
    let only_c = opener(&backend, [kek(&backend, "c", 2)]);
    assert_eq!(run(only_c.open_detached(renewed.as_bytes(), &payload)).unwrap(), b"x");

    let wanted = [kek(&backend, "b", 1), kek(&backend, "a", 1)].map(Recipient::single);
    let wanted = Target::Replace(wanted.into());
    let (replaced, dropped) = apply(&renewed, &wanted).unwrap();
    assert_eq!(
        (keys(&replaced), dropped),
        (vec!["local://b".into(), "local://a".into()], 1)
    );
    assert!(apply(&replaced, &wanted).is_none());

    let nobody = change(&[], &["local://a", "local://c"]);
    assert_eq!(rewrap(&renewed, &nobody).unwrap_err(), CallerFault::NoRecipients.into());
}

#[test]
fn one_share_moves_alone() {
    let backend = aws_lc();
    let members = ["a", "b", "c"].map(|name| kek(&backend, name, 1));
    let (header, payload) = run(Sealer::new(backend.clone())
        .add(Recipient::quorum(2, members))
        .seal_detached(b"q"))
    .unwrap();
    let header = Header::parse_detached(&header, 16).unwrap();
    let rewrapper = Rewrapper::new(opener(&backend, [kek(&backend, "b", 2)]));
    let RewrapOutcome::Rewrapped(new) = run(rewrapper.rewrap(&header, &Target::Current, None)).unwrap() else {
        panic!("one share is stale");
    };
    assert_eq!((new.sequence, new.wrapped), (0, 1));
    let keks = [kek(&backend, "a", 1), kek(&backend, "b", 2)];
    assert_eq!(
        run(opener(&backend, keks).open_detached(&new.header, &payload)).unwrap(),
        b"q"
    );
}

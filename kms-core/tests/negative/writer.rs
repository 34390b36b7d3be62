//! What a sealer or rewrapper must not make, whatever it is given: an envelope that its own reader refuses.

use std::sync::Arc;

use async_trait::async_trait;
use kms_core::audit::{AuditTrail, MemorySink, Principal};
use kms_core::crypto::{CryptoBackend, PasswordCost};
use kms_core::memory::SecretBytes;
use kms_core::*;

use crate::hostile::on_both;
use crate::hostile::reader::Reader;
use crate::hostile::watched::Watched;
use crate::support::{TestKek, TestKem, run, secret};

fn local(backend: &CryptoBackend, uri: &str) -> Arc<dyn Kek> {
    Arc::new(TestKek::new(backend, uri, 1))
}

fn quorum(backend: &CryptoBackend, name: usize) -> Recipient {
    Recipient::quorum(
        2,
        [0, 1].map(|member| local(backend, &format!("local://{name}-{member}"))),
    )
}

/// A KEK whose provider answers whatever the test says.
struct Claims {
    uri: String,
    scheme: Scheme,
    wrapped: WrappedKey,
}

#[async_trait]
impl Kek for Claims {
    fn uri(&self) -> &str {
        &self.uri
    }
    fn scheme(&self) -> Scheme {
        self.scheme
    }
    fn posture(&self) -> Posture {
        Posture::Hedged
    }
    async fn generate(&self, _: &Binding<'_>) -> Result<Generated, KekError> {
        Ok(Generated {
            secret: secret(&[7; 32]),
            wrapped: self.wrapped.clone(),
            request_id: None,
        })
    }
    async fn unwrap(&self, _: &WrappedKey, _: &Binding<'_>) -> Result<Unwrapped, KekError> {
        Ok(Unwrapped {
            secret: secret(&[7; 32]),
            request_id: None,
        })
    }
    async fn describe(&self) -> Result<KekInfo, KekError> {
        Ok(KekInfo::new("claims", None, "test", Posture::Hedged, self.uri.clone()))
    }
}

fn claims(scheme: Scheme, version: Option<usize>, w: usize, params: WrapParams) -> Arc<Claims> {
    Arc::new(Claims {
        uri: if scheme == Scheme::Passphrase {
            "passphrase:"
        } else {
            "test://liar"
        }
        .into(),
        scheme,
        wrapped: WrappedKey {
            version: version.map(|length| vec![b'v'; length]),
            w: vec![1; w],
            params,
        },
    })
}

#[test]
fn n53_a_providers_answer_that_does_not_fit_the_format_seals_nothing() {
    let kwp = || WrapParams::Mechanism(WrapMechanism::AesKwp);
    let argon = || WrapParams::Passphrase {
        salt: [0; 16],
        cost: PasswordCost {
            memory_kib: 65_536,
            passes: 1,
            lanes: 1,
        },
    };
    let wrong = [
        (Scheme::WrapBound, Some(0), 32, WrapParams::None),
        (Scheme::WrapBound, Some(257), 32, WrapParams::None),
        (Scheme::WrapBound, None, 0, WrapParams::None),
        (Scheme::WrapBound, None, 8193, WrapParams::None),
        (Scheme::WrapBound, None, 40, kwp()),
        (Scheme::WrapBound, None, 0, argon()),
        (Scheme::Wrap, None, 40, WrapParams::None),
        (Scheme::Wrap, None, 39, kwp()),
        (Scheme::Wrap, Some(0), 40, kwp()),
        (Scheme::Wrap, None, 0, argon()),
        (Scheme::Passphrase, None, 1, argon()),
        (Scheme::Passphrase, Some(1), 0, argon()),
        (Scheme::Passphrase, None, 40, kwp()),
    ];
    on_both(|backend| {
        for (scheme, version, w, params) in wrong.clone() {
            let kek = claims(scheme, version, w, params);
            let sink = Arc::new(MemorySink::new());
            let sealer = Sealer::new(backend.clone())
                .audit(AuditTrail::new(sink.clone(), Principal::named("writer")))
                .recipient(kek.clone());
            let error = run(sealer.seal(b"x")).unwrap_err();
            let expected = KekError::new(kek.uri(), KekOperation::Wrap, KekFault::BadReply);
            assert_eq!(error, Error::Provider(expected), "{:?}", kek.wrapped);
            let last = sink.events().pop().unwrap();
            assert_eq!(last.attempts[0].key.uri, kek.uri(), "the trail names the provider");
        }
        for (version, w) in [(1, 1), (256, 8192)] {
            let kek = claims(Scheme::WrapBound, Some(version), w, WrapParams::None);
            let envelope = run(Sealer::new(backend.clone()).recipient(kek.clone()).seal(b"x")).unwrap();
            assert_eq!(
                run(Opener::new(backend.clone(), Keyring::new().with(kek)).open(&envelope)).unwrap(),
                b"x"
            );
        }
    });
}

/// DHKEM P-384 is laid out and kept; its shared secret is 48 bytes long, and no recipient is made with it.
#[test]
fn a_kem_that_is_only_laid_out_seals_nothing_and_counts_as_not_configured() {
    on_both(|backend| {
        let p384 = TestKem::new(backend, "local://p384", Kem::P384, 1).kek();
        let error = run(Sealer::new(backend.clone()).recipient(p384.clone()).seal(b"x")).unwrap_err();
        assert_eq!(
            error,
            KekError::new("local://p384", KekOperation::Wrap, KekFault::Unsupported).into()
        );
        assert!(!p384.opens());
    });
}

#[test]
fn more_than_four_quorums_are_refused_at_sealing_and_at_adding() {
    on_both(|backend| {
        let with = |count: usize| {
            let sealer = Sealer::new(backend.clone());
            (0..count).fold(sealer, |sealer, at| sealer.add(quorum(backend, at)))
        };
        let envelope = run(with(4).seal(b"x")).unwrap();
        assert_eq!(run(with(5).seal(b"x")).unwrap_err(), PolicyFault::RecipientCount.into());
        let header = Header::parse_prefix(&envelope, 16).unwrap();
        let rewrapper = Rewrapper::new(Reader::new(backend, &["local://0-0", "local://0-1"]).opener);
        let fifth = Target::Add(vec![quorum(backend, 5)]);
        assert_eq!(
            run(rewrapper.rewrap(&header, &fifth, None)).unwrap_err(),
            PolicyFault::RecipientCount.into()
        );
    });
}

#[test]
fn n22_adding_a_seventeenth_recipient_is_refused_before_any_call() {
    on_both(|backend| {
        let sealer = Sealer::new(backend.clone());
        let sealer = (0..16).fold(sealer, |sealer, at| {
            sealer.recipient(local(backend, &format!("local://{at}")))
        });
        let (header, _) = run(sealer.seal_detached(b"x")).unwrap();
        let header = Header::parse_detached(&header, 16).unwrap();
        let reader = Reader::new(backend, &["local://0"]);
        let new = Watched::local(backend, "local://new");
        let add = Target::Add(vec![Recipient::single(new.clone())]);
        let refused = run(Rewrapper::new(reader.opener.clone()).rewrap(&header, &add, None));
        assert_eq!(refused, Err(PolicyFault::RecipientCount.into()));
        assert_eq!(reader.calls() + new.calls(), 0);
    });
}

#[test]
fn n27_a_passphrase_is_not_added_beside_a_key_nor_a_key_beside_it() {
    on_both(|backend| {
        let passphrase = |label: &str| {
            let cost = PasswordCost {
                memory_kib: 65_536,
                passes: 1,
                lanes: 1,
            };
            let kek = PassphraseKek::new(backend.clone(), SecretBytes::copy_of(b"correct horse"));
            Arc::new(kek.labelled(label).unwrap().with_cost(cost).unwrap()) as Arc<dyn Kek>
        };
        let key = || local(backend, "local://a");
        for (first, second) in [
            (key(), passphrase("")),
            (passphrase(""), key()),
            (passphrase("a"), passphrase("b")),
        ] {
            let both = Sealer::new(backend.clone())
                .recipient(first.clone())
                .recipient(second.clone());
            assert_eq!(run(both.seal(b"x")), Err(PolicyFault::PassphraseMixed.into()));
            let (header, payload) = run(Sealer::new(backend.clone())
                .recipient(first.clone())
                .seal_detached(b"x"))
            .unwrap();
            let header = Header::parse_detached(&header, 16).unwrap();
            let added = Watched::new(second);
            let target = Target::Add(vec![Recipient::single(added.clone())]);
            let opener = Opener::new(backend.clone(), Keyring::new().with(first));
            let refused = run(Rewrapper::new(opener.clone()).rewrap(&header, &target, None));
            assert_eq!(refused, Err(PolicyFault::PassphraseMixed.into()));
            assert_eq!(added.calls(), 0);

            let allowing = opener.policy(OpenPolicy {
                mixed_passphrase: true,
                ..OpenPolicy::default()
            });
            let outcome = run(Rewrapper::new(allowing.clone()).rewrap(&header, &target, None)).unwrap();
            let RewrapOutcome::Rewrapped(new) = outcome else {
                panic!("a recipient was added")
            };
            assert_eq!(run(allowing.open_detached(&new.header, &payload)).unwrap(), b"x");
        }
    });
}

#[test]
fn a_key_uri_that_no_envelope_can_hold_is_not_added() {
    on_both(|backend| {
        let (header, _) = run(Sealer::new(backend.clone())
            .recipient(local(backend, "local://a"))
            .seal_detached(b"x"))
        .unwrap();
        let header = Header::parse_detached(&header, 16).unwrap();
        for uri in ["", "local://a\n", &"x".repeat(513)] {
            let sealer = Sealer::new(backend.clone()).recipient(local(backend, uri));
            assert_eq!(run(sealer.seal(b"x")), Err(CallerFault::KeyUri.into()));
            let target = Target::Add(vec![Recipient::single(local(backend, uri))]);
            let rewrapper = Rewrapper::new(Reader::new(backend, &["local://a"]).opener);
            assert_eq!(
                run(rewrapper.rewrap(&header, &target, None)),
                Err(CallerFault::KeyUri.into())
            );
        }
    });
}

/// docs/format.md 2.3: a detached header and a ticket have no padding, whatever was asked for.
#[test]
fn detached_headers_and_tickets_have_no_padding() {
    on_both(|backend| {
        let sealer = Sealer::new(backend.clone()).recipient(local(backend, "local://a"));
        for reserve in [Reserve::Auto, Reserve::None, Reserve::Spare(0), Reserve::Spare(1000)] {
            let options = || MessageOptions {
                reserve,
                detached: true,
                ..MessageOptions::default()
            };
            let message = run(sealer.begin(options())).unwrap();
            assert_eq!(Header::parse_detached(message.header(), 16).unwrap().padding(), 0);
            let ticket = run(sealer.clone().ticket(record::RecordMode::Row).begin(options())).unwrap();
            assert_eq!(Header::parse_detached(ticket.header(), 16).unwrap().padding(), 0);
        }
    });
}

#[test]
fn a_message_level_entry_is_refreshed_by_whoever_can_open_at_all() {
    on_both(|backend| {
        let sealer = Sealer::new(backend.clone())
            .recipient(local(backend, "local://a"))
            .add(Recipient::single(local(backend, "local://b")).at(Level::Message));
        let (header, payload) = run(sealer.seal_detached(b"x")).unwrap();
        let header = Header::parse_detached(&header, 16).unwrap();
        // `b` has rotated and its old version is gone: only `a` can open, and `b` is to be made anew.
        let rotated = TestKek {
            versions: vec![(Some(b"2".to_vec()), secret(&[2; 32]))],
            ..TestKek::new(backend, "local://b", 0)
        };
        let keyring = Keyring::new().with(local(backend, "local://a")).with(Arc::new(rotated));
        let opener = Opener::new(backend.clone(), keyring);
        let outcome = run(Rewrapper::new(opener).rewrap(&header, &Target::Current, None)).unwrap();
        let RewrapOutcome::Rewrapped(new) = outcome else {
            panic!("`b` is stale")
        };
        let only_b = Opener::new(
            backend.clone(),
            Keyring::new().with(Arc::new(TestKek::new(backend, "local://b", 2))),
        );
        assert_eq!(run(only_b.open_detached(&new.header, &payload)).unwrap(), b"x");
    });
}

/// Only what is there after the rewrap counts: one out and one in is no seventeenth, and a key may take the place of
/// a passphrase.
#[test]
fn a_change_is_judged_by_its_result() {
    on_both(|backend| {
        let sealer = (0..16).fold(Sealer::new(backend.clone()), |sealer, at| {
            sealer.recipient(local(backend, &format!("local://{at}")))
        });
        let (header, payload) = run(sealer.seal_detached(b"x")).unwrap();
        let header = Header::parse_detached(&header, 16).unwrap();
        let opener = Reader::new(backend, &["local://0"]).opener;
        let change = Target::Change {
            add: vec![Recipient::single(local(backend, "local://new"))],
            drop: vec!["local://15".into()],
        };
        let outcome = run(Rewrapper::new(opener.clone()).rewrap(&header, &change, None)).unwrap();
        let RewrapOutcome::Rewrapped(new) = outcome else {
            panic!("one out, one in")
        };
        let reader = Reader::new(backend, &["local://new"]);
        assert_eq!(reader.open_detached(&new.header, &payload).unwrap(), b"x");

        let standing = Target::Add(vec![Recipient::single(local(backend, "local://3"))]);
        let outcome = run(Rewrapper::new(opener).rewrap(&header, &standing, None));
        assert_eq!(outcome, Ok(RewrapOutcome::AlreadyCurrent));
    });
}

/// Wraps with one secret and recovers another.
struct Forgetful(Arc<dyn Kek>);

#[async_trait]
impl Kek for Forgetful {
    fn uri(&self) -> &str {
        self.0.uri()
    }
    fn scheme(&self) -> Scheme {
        self.0.scheme()
    }
    fn posture(&self) -> Posture {
        self.0.posture()
    }
    async fn generate(&self, binding: &Binding<'_>) -> Result<Generated, KekError> {
        let made = self.0.generate(binding).await?;
        Ok(Generated {
            secret: secret(&[0x5a; 32]),
            ..made
        })
    }
    async fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Result<Unwrapped, KekError> {
        self.0.unwrap(wrapped, binding).await
    }
    async fn describe(&self) -> Result<KekInfo, KekError> {
        self.0.describe().await
    }
}

#[test]
fn a_verified_rewrap_gives_out_no_entry_that_its_provider_does_not_recover() {
    on_both(|backend| {
        let (header, _) = run(Sealer::new(backend.clone())
            .recipient(local(backend, "local://a"))
            .seal_detached(b"x"))
        .unwrap();
        let header = Header::parse_detached(&header, 16).unwrap();
        let rewrapper = |verify| Rewrapper::new(Reader::new(backend, &["local://a"]).opener).verify(verify);
        let forgetful = Arc::new(Forgetful(local(backend, "local://b"))) as Arc<dyn Kek>;
        let alone = Recipient::single(forgetful.clone());
        let quorum = Recipient::quorum(2, [local(backend, "local://c"), forgetful]);
        for recipient in [alone, quorum] {
            for target in [
                Target::Add(vec![recipient.clone()]),
                Target::Replace(vec![recipient.clone()]),
            ] {
                let refused = run(rewrapper(true).rewrap(&header, &target, None));
                let expected = KekError::new("local://b", KekOperation::Wrap, KekFault::BadReply);
                assert_eq!(refused, Err(expected.into()));
                assert!(
                    run(rewrapper(false).rewrap(&header, &target, None)).is_ok(),
                    "unless nobody looks"
                );
            }
        }
        let sound = Target::Add(vec![
            Recipient::single(local(backend, "local://d")),
            Recipient::quorum(2, [local(backend, "local://c"), local(backend, "local://d")]),
        ]);
        assert!(run(rewrapper(true).rewrap(&header, &sound, None)).is_ok());
    });
}

//! HPKE and hybrid recipients: both halves are needed, nothing of one can be exchanged, and no downgrade is taken.
#![allow(
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    reason = "numbers are small or meant to be cut; clippy.toml allows unwrap in tests, and this is all tests"
)]

mod hostile;
mod support;

use std::sync::Arc;

use hostile::item::Item;
use hostile::on_both;
use hostile::reader::{Party, Reader, party};
use hostile::regions::Regions;
use hostile::watched::{Answer, Watched};
use kms_core::audit::{AuditTrail, MemorySink, Phase, Principal};
use kms_core::cache::{CacheLimits, OpenCache};
use kms_core::crypto::CryptoBackend;
use kms_core::*;
use support::{TestKek, TestKem, run};

const C: &str = "pkcs11:object=c";
const PQ: &str = "local://pq";

/// A classical key of an HSM and a key pair, each with its versions.
struct Scene {
    backend: CryptoBackend,
    classical: Arc<Watched>,
    pq: Arc<HpkeKek>,
}

impl Scene {
    fn new(backend: &CryptoBackend) -> Self {
        Self::with(backend, C, PQ, 1, 1)
    }

    fn with(backend: &CryptoBackend, c: &str, pq: &str, c_versions: u8, pq_versions: u8) -> Self {
        let kek = TestKek {
            mechanism: Some(WrapMechanism::AesKwp),
            ..TestKek::new(backend, c, c_versions)
        };
        Self {
            backend: backend.clone(),
            classical: Watched::new(Arc::new(kek)),
            pq: TestKem::new(backend, pq, Kem::MlKem768, pq_versions).kek(),
        }
    }

    fn hybrid(&self) -> Arc<HybridKek> {
        let pq = Arc::clone(self.pq.kem().unwrap());
        Arc::new(HybridKek::new(self.backend.clone(), self.classical.clone(), pq).unwrap())
    }

    fn sealed(&self) -> Vec<u8> {
        run(self.sealer().recipient(self.hybrid()).seal(b"both")).unwrap()
    }

    fn sealer(&self) -> Sealer {
        Sealer::new(self.backend.clone())
    }

    fn opener(&self, keks: &[Arc<dyn Kek>]) -> Opener {
        Opener::new(self.backend.clone(), keks.iter().cloned().collect::<Keyring>())
    }

    fn both(&self) -> [Arc<dyn Kek>; 2] {
        [self.classical.clone(), self.pq.clone()]
    }
}

/// The envelope with parts of its one recipient exchanged. The tag is wrong then, and the seal is asked before it: the
/// trail says which of them stood in the way.
fn with_recipient(envelope: &[u8], change: impl Fn(&mut Single)) -> Vec<u8> {
    let old = recipient(envelope);
    let mut new = old.clone();
    change(&mut new);
    let mut out = envelope.to_vec();
    for (before, after) in parts(&old).into_iter().zip(parts(&new)) {
        assert_eq!(before.len(), after.len(), "the layout stays");
        let at = out.windows(before.len()).position(|window| window == before).unwrap();
        out[at..at + after.len()].copy_from_slice(&after);
    }
    out
}

fn recipient(envelope: &[u8]) -> Single {
    match Header::parse_prefix(envelope, 16).unwrap().entries() {
        [Entry::Single(single)] => single.clone(),
        _ => panic!("one recipient"),
    }
}

fn parts(single: &Single) -> Vec<Vec<u8>> {
    let mut parts = vec![single.wrapped.w.clone(), single.sealed.to_vec()];
    if let WrapParams::Hybrid { ciphertext, .. } = &single.wrapped.params {
        parts.push(ciphertext.clone());
    }
    parts
}

/// What the trail says of each call of the last open.
fn calls(sink: &MemorySink) -> Vec<(String, Option<String>)> {
    let events = sink.events();
    let last = events.iter().rev().find(|event| event.phase == Phase::Outcome).unwrap();
    let calls = last.attempts.iter();
    calls
        .map(|call| {
            let code = call.failure.as_ref().map(|reason| reason.code().to_owned());
            (call.key.uri.clone(), code)
        })
        .collect()
}

fn recorded(opener: Opener) -> (Opener, Arc<MemorySink>) {
    let sink = Arc::new(MemorySink::new());
    (
        opener.audit(AuditTrail::new(sink.clone(), Principal::named("reader"))),
        sink,
    )
}

#[test]
fn both_halves_open_together_as_one_key_or_each_by_itself() {
    on_both(|backend| {
        let scene = Scene::new(backend);
        let envelope = scene.sealed();
        let whole: [Arc<dyn Kek>; 1] = [scene.hybrid()];
        for keks in [&whole[..], &scene.both()] {
            let (opener, sink) = recorded(scene.opener(keks));
            assert_eq!(run(opener.open(&envelope)).unwrap(), b"both");
            assert_eq!(calls(&sink), [(C.to_owned(), None), (PQ.to_owned(), None)]);
            let intent = &sink.events()[0];
            assert_eq!(intent.phase, Phase::Intent);
            let keys: Vec<_> = intent.subject.keys.iter().map(|key| key.uri.as_str()).collect();
            assert_eq!(keys, [C, PQ], "both uses are announced before either");
        }
    });
}

#[test]
fn neither_half_opens_without_the_other() {
    on_both(|backend| {
        let scene = Scene::new(backend);
        let envelope = scene.sealed();
        for half in scene.both() {
            let error = run(scene.opener(&[half]).open(&envelope)).unwrap_err();
            assert_eq!(error, CallerFault::NoConfiguredKey.into());
        }
        assert_eq!(
            scene.classical.unwraps(),
            0,
            "nothing was asked of a half that cannot do"
        );
    });
}

#[test]
fn a_half_of_other_material_does_not_open_and_the_trail_says_no_more_than_it_can() {
    on_both(|backend| {
        let scene = Scene::new(backend);
        let envelope = scene.sealed();
        // The same names and other keys: what an attacker's provider would answer.
        let stranger = TestKem {
            versions: TestKem::new(backend, "local://other", Kem::MlKem768, 1).versions,
            ..TestKem::new(backend, PQ, Kem::MlKem768, 0)
        };
        let (opener, sink) = recorded(scene.opener(&[scene.classical.clone(), stranger.kek()]));
        assert_eq!(
            run(opener.open(&envelope)),
            Err(Error::DoesNotOpen),
            "implicit rejection"
        );
        let neither = Some("recipient.SealDoesNotOpen".to_owned());
        assert_eq!(
            calls(&sink),
            [(C.to_owned(), neither.clone()), (PQ.to_owned(), neither.clone())]
        );

        scene.classical.answers(Answer::WrongSecret);
        let (opener, sink) = recorded(scene.opener(&scene.both()));
        assert_eq!(run(opener.open(&envelope)), Err(Error::DoesNotOpen));
        assert_eq!(
            calls(&sink),
            [(C.to_owned(), neither.clone()), (PQ.to_owned(), neither)]
        );
    });
}

#[test]
fn a_half_that_fails_is_named_and_the_other_is_asked_all_the_same() {
    on_both(|backend| {
        let scene = Scene::new(backend);
        let envelope = scene.sealed();
        scene.classical.answers(Answer::Fault(KekFault::DoesNotUnwrap));
        let (opener, sink) = recorded(scene.opener(&scene.both()));
        assert_eq!(run(opener.open(&envelope)), Err(Error::DoesNotOpen));
        let failed = Some("provider.DoesNotUnwrap".to_owned());
        assert_eq!(calls(&sink), [(C.to_owned(), failed), (PQ.to_owned(), None)]);
        scene.classical.answers(Answer::Fault(KekFault::Unavailable));
        let error = run(scene.opener(&scene.both()).open(&envelope)).unwrap_err();
        assert_eq!(
            error,
            KekError::new(C, KekOperation::Unwrap, KekFault::Unavailable).into()
        );
    });
}

#[test]
fn swapped_halves_of_two_envelopes_do_not_open() {
    on_both(|backend| {
        let scene = Scene::new(backend);
        let (one, other) = (scene.sealed(), scene.sealed());
        let theirs = recipient(&other);
        type Take = fn(&mut Single, &Single);
        let takes: [(&str, Take); 3] = [
            ("w_c", |single, theirs| single.wrapped.w.clone_from(&theirs.wrapped.w)),
            ("ct_pq", |single, theirs| {
                single.wrapped.params = theirs.wrapped.params.clone();
            }),
            ("s", |single, theirs| single.sealed = theirs.sealed),
        ];
        for (what, take) in takes {
            let bent = with_recipient(&one, |single| take(single, &theirs));
            let (opener, sink) = recorded(scene.opener(&scene.both()));
            assert_eq!(run(opener.open(&bent)), Err(Error::DoesNotOpen), "{what}");
            let seal = Some("recipient.SealDoesNotOpen".to_owned());
            assert_eq!(calls(&sink)[0].1, seal, "{what}: the seal, before the tag");
        }
    });
}

#[test]
fn w_c_wrapped_again_does_not_open() {
    on_both(|backend| {
        // Who knows W_c can wrap it again: here under another version of the same key.
        let scene = Scene::with(backend, C, PQ, 2, 1);
        let envelope = scene.sealed();
        let old = TestKek {
            mechanism: Some(WrapMechanism::AesKwp),
            ..TestKek::new(backend, C, 1)
        };
        let digest = [0; 32];
        let binding = Binding {
            domain: Domain {
                suite: Suite::Aes256Gcm,
                kind: Kind::Message,
            },
            digest: &digest,
            dek_id: &[0; 16],
            exposed: &[],
        };
        let wrapped = WrappedKey {
            params: WrapParams::Mechanism(WrapMechanism::AesKwp),
            ..recipient(&envelope).wrapped
        };
        let w_c = run(scene.classical.unwrap(&wrapped, &binding)).unwrap().secret;
        let again = backend
            .key_wrap
            .wrap_padded(old.versions[0].1.expose(), w_c.expose())
            .unwrap();
        let mut bent = with_recipient(&envelope, |single| single.wrapped.w.clone_from(&again));
        // The version: key 3, one byte.
        let at = bent.windows(3).position(|window| window == [3, 0x41, b'2']).unwrap();
        bent[at + 2] = b'1';
        let (opener, sink) = recorded(scene.opener(&scene.both()));
        assert_eq!(run(opener.open(&bent)), Err(Error::DoesNotOpen));
        let seal = Some("recipient.SealDoesNotOpen".to_owned());
        assert_eq!(
            calls(&sink)[0],
            (C.to_owned(), seal),
            "W_c was right, and w_c is in the combiner"
        );
    });
}

#[test]
fn a_wrong_ciphertext_is_refused_by_length_before_any_call_and_flatly_by_content() {
    on_both(|backend| {
        let scene = Scene::new(backend);
        let envelope = scene.sealed();
        let bent = with_recipient(&envelope, |single| {
            if let WrapParams::Hybrid { ciphertext, .. } = &mut single.wrapped.params {
                ciphertext[7] ^= 1;
            }
        });
        assert_eq!(run(scene.opener(&scene.both()).open(&bent)), Err(Error::DoesNotOpen));

        for change in [-1_isize, 1] {
            let mut wrapped = recipient(&envelope).wrapped;
            if let WrapParams::Hybrid { ciphertext, .. } = &mut wrapped.params {
                let length = ciphertext.len().checked_add_signed(change).unwrap();
                ciphertext.resize(length, 0);
            }
            let before = scene.classical.calls();
            let hybrid = scene.hybrid();
            let digest = [0; 32];
            let binding = Binding {
                domain: Domain {
                    suite: Suite::Aes256Gcm,
                    kind: Kind::Message,
                },
                digest: &digest,
                dek_id: &[0; 16],
                exposed: &[],
            };
            // Who builds the entry by hand meets the same rule; the parser's is in tests/negative.
            let error = run(hybrid.unwrap(&wrapped, &binding)).err().unwrap();
            assert_eq!((error.uri.as_str(), error.kind), (PQ, KekFault::DoesNotUnwrap));
            assert_eq!(scene.classical.calls() - before, 1);
        }
    });
}

#[test]
fn stripping_the_hybrid_or_half_of_it_does_not_open() {
    on_both(|backend| {
        let scene = Scene::new(backend);
        let classical: Arc<dyn Kek> = scene.classical.clone();
        let sealer = scene.sealer().recipient(classical.clone()).recipient(scene.hybrid());
        let mut regions = Regions::of(&run(sealer.seal(b"x")).unwrap());
        let mut mutable = Item::decode(&regions.mutable).0;
        assert_eq!(mutable.field_mut(3).items_mut().len(), 2);
        mutable.field_mut(3).items_mut().truncate(1);
        regions.mutable = mutable.encode();
        // What is left is well-formed, and its recipient's seal opens: the tag knows that there was another.
        let (opener, sink) = recorded(scene.opener(&[classical]));
        assert_eq!(run(opener.open(&regions.bytes())), Err(Error::DoesNotOpen));
        assert_eq!(calls(&sink), [(C.to_owned(), None)]);

        let mut regions = Regions::of(&scene.sealed());
        let mut mutable = Item::decode(&regions.mutable).0;
        let entry = &mut mutable.field_mut(3).items_mut()[0];
        entry.set(1, Item::Uint(2));
        entry.set(6, Item::fields([(1, Item::Uint(2))]));
        regions.mutable = mutable.encode();
        let (opener, sink) = recorded(scene.opener(&scene.both()));
        assert_eq!(run(opener.open(&regions.bytes())), Err(Error::DoesNotOpen));
        let seal = Some("recipient.SealDoesNotOpen".to_owned());
        assert_eq!(calls(&sink), [(C.to_owned(), seal)], "w_c alone is no W");
    });
}

#[test]
fn a_classical_recipient_beside_a_hybrid_is_refused_by_the_floor_at_writer_and_rewrapper() {
    on_both(|backend| {
        let scene = Scene::new(backend);
        let curve: Arc<dyn Kek> = TestKem::new(backend, "local://curve", Kem::X25519, 1).kek();
        let watched = Watched::new(curve);
        for posture in [Posture::PostQuantum, Posture::Hedged] {
            let floor = Floor {
                posture: Some(posture),
                quorum: None,
            };
            let sealer = scene.sealer().floor(floor).recipient(scene.hybrid());
            let refused = run(sealer.clone().recipient(watched.clone()).seal(b"x"));
            assert_eq!(refused, Err(PolicyFault::FloorPosture.into()), "writer");
            let (header, _) = run(sealer.seal_detached(b"x")).unwrap();
            let header = Header::parse_detached(&header, 16).unwrap();
            let rewrapper = Rewrapper::new(scene.opener(&scene.both()));
            let add = Target::Add(vec![Recipient::single(watched.clone())]);
            let refused = run(rewrapper.rewrap(&header, &add, None));
            assert_eq!(refused, Err(PolicyFault::FloorPosture.into()), "rewrapper");
            assert_eq!(scene.classical.unwraps(), 0, "and before any secret was asked for");
            assert_eq!(watched.wraps(), 0);
        }
        // Bare ML-KEM is quantum-safe, and no hedge.
        let bare: Arc<dyn Kek> = scene.pq.clone();
        for (posture, allowed) in [(Posture::PostQuantum, true), (Posture::Hedged, false)] {
            let floor = Floor {
                posture: Some(posture),
                quorum: None,
            };
            let sealed = run(scene.sealer().floor(floor).recipient(bare.clone()).seal(b"x"));
            assert_eq!(sealed.is_ok(), allowed, "{posture:?}");
        }
    });
}

#[test]
fn the_policy_holds_where_the_envelope_has_no_floor() {
    on_both(|backend| {
        let scene = Scene::new(backend);
        let curve: Arc<dyn Kek> = TestKem::new(backend, "local://curve", Kem::P256, 1).kek();
        let strict = OpenPolicy {
            posture: Some(Posture::Hedged),
            ..OpenPolicy::default()
        };
        let mixed = scene.sealer().recipient(scene.hybrid()).recipient(curve.clone());
        let refused = run(mixed.clone().least_posture(Some(Posture::Hedged)).seal(b"x"));
        assert_eq!(refused, Err(PolicyFault::Posture.into()), "writer");
        let envelope = run(mixed.seal(b"x")).unwrap();
        assert_eq!(
            Header::parse_prefix(&envelope, 16).unwrap().posture(),
            Some(Posture::Classical),
            "the weakest way"
        );
        let reader = scene.opener(&scene.both()).policy(strict.clone());
        assert_eq!(run(reader.open(&envelope)), Err(PolicyFault::Posture.into()), "reader");
        assert_eq!(scene.classical.unwraps(), 0);

        let pure = scene.sealed();
        let header = Header::parse_prefix(&pure, 16).unwrap();
        let rewrapper = Rewrapper::new(scene.opener(&scene.both()).policy(strict));
        let add = Target::Add(vec![Recipient::single(curve)]);
        let refused = run(rewrapper.rewrap(&header, &add, None));
        assert_eq!(refused, Err(PolicyFault::Posture.into()), "rewrapper");
    });
}

#[test]
fn the_classical_half_does_not_take_the_hybrids_place_in_a_rewrap() {
    on_both(|backend| {
        let scene = Scene::new(backend);
        let envelope = scene.sealed();
        let header = Header::parse_prefix(&envelope, 16).unwrap();
        let rewrapper = Rewrapper::new(scene.opener(&scene.both()));
        let add = Target::Add(vec![Recipient::single(scene.classical.clone())]);
        let RewrapOutcome::Rewrapped(rewrapped) = run(rewrapper.rewrap(&header, &add, None)).unwrap() else {
            panic!("nothing was added")
        };
        let header = Header::parse_detached(&rewrapped.header, 16).unwrap();
        let schemes: Vec<_> = header
            .entries()
            .iter()
            .map(|entry| match entry {
                Entry::Single(single) => single.scheme,
                _ => panic!("singles only"),
            })
            .collect();
        assert_eq!(schemes, [Scheme::Hybrid, Scheme::Wrap]);
    });
}

#[test]
fn either_half_under_a_new_version_makes_the_hybrid_stale() {
    on_both(|backend| {
        let old = Scene::new(backend);
        let envelope = old.sealed();
        for (c, pq) in [(2, 1), (1, 2), (2, 2)] {
            let scene = Scene::with(backend, C, PQ, c, pq);
            let header = Header::parse_prefix(&envelope, 16).unwrap();
            let rewrapper = Rewrapper::new(scene.opener(&scene.both())).verify(true);
            for uri in [C, PQ] {
                let target = Target::CurrentOf(uri.into());
                assert!(matches!(
                    run(rewrapper.rewrap(&header, &target, None)).unwrap(),
                    RewrapOutcome::Rewrapped(_)
                ));
            }
            let RewrapOutcome::Rewrapped(moved) = run(rewrapper.rewrap(&header, &Target::Current, None)).unwrap()
            else {
                panic!("not stale at {c}, {pq}")
            };
            let moved = Header::parse_detached(&moved.header, 16).unwrap();
            let opener = scene.opener(&scene.both());
            let versions = [c, pq].map(|version| Some(version.to_string().into_bytes()));
            assert_eq!(
                opener.key_versions(&moved),
                [C, PQ].into_iter().map(str::to_owned).zip(versions).collect::<Vec<_>>()
            );
            run(opener.open_header(moved.clone())).unwrap();
            let again = run(rewrapper.rewrap(&moved, &Target::Current, None)).unwrap();
            assert_eq!(again, RewrapOutcome::AlreadyCurrent);
        }
    });
}

#[test]
fn a_hybrid_is_two_calls_of_the_budget() {
    on_both(|backend| {
        let scene = Scene::new(backend);
        let envelope = scene.sealed();
        for (budget, opens) in [(1, false), (2, true)] {
            let policy = OpenPolicy {
                provider_calls: budget,
                ..OpenPolicy::default()
            };
            let outcome = run(scene.opener(&scene.both()).policy(policy).open(&envelope));
            assert_eq!(outcome.is_ok(), opens, "{budget} calls");
        }
        assert_eq!(scene.classical.unwraps(), 1, "a budget of one asks neither half");
    });
}

#[test]
fn hybrids_are_members_of_quorums() {
    on_both(|backend| {
        let scenes: Vec<Scene> = (0..3)
            .map(|at| {
                Scene::with(
                    backend,
                    &format!("pkcs11:object={at}"),
                    &format!("local://pq-{at}"),
                    1,
                    1,
                )
            })
            .collect();
        let members: Vec<Arc<dyn Kek>> = scenes.iter().map(|scene| scene.hybrid() as Arc<dyn Kek>).collect();
        let envelope = run(Sealer::new(backend.clone())
            .add(Recipient::quorum(2, members).hidden())
            .seal(b"two of three"))
        .unwrap();
        let keks = |of: &[usize]| -> Vec<Arc<dyn Kek>> { of.iter().flat_map(|&at| scenes[at].both()).collect() };
        for pair in [[0, 1], [0, 2], [1, 2]] {
            let opened = run(scenes[0].opener(&keks(&pair)).open(&envelope));
            assert_eq!(opened.unwrap(), b"two of three");
        }
        let one = run(scenes[0].opener(&keks(&[1])).open(&envelope));
        assert_eq!(one, Err(CallerFault::NoConfiguredKey.into()));
    });
}

#[test]
fn a_cached_secret_of_a_hybrid_spares_both_calls_and_an_edited_entry_gets_none() {
    on_both(|backend| {
        let scene = Scene::new(backend);
        let envelope = scene.sealed();
        let cache = Arc::new(OpenCache::new(CacheLimits::default()));
        let opener = scene.opener(&scene.both()).cache(cache, "tenant");
        for _ in 0..3 {
            assert_eq!(run(opener.open(&envelope)).unwrap(), b"both");
        }
        assert_eq!(scene.classical.unwraps(), 1);
        let bent = with_recipient(&envelope, |single| {
            if let WrapParams::Hybrid { ciphertext, .. } = &mut single.wrapped.params {
                ciphertext[0] ^= 1;
            }
        });
        assert_eq!(run(opener.open(&bent)), Err(Error::DoesNotOpen));
    });
}

#[test]
fn halves_that_make_no_hybrid_are_refused() {
    on_both(|backend| {
        let scene = Scene::new(backend);
        let pair = |kem| Arc::clone(TestKem::new(backend, "local://k", kem, 1).kek().kem().unwrap());
        let new = |classical: Arc<dyn Kek>, kem| HybridKek::new(backend.clone(), classical, pair(kem)).map(drop);
        let p256: Arc<dyn Kek> = TestKem::new(backend, "local://p", Kem::P256, 1).kek();
        let passphrase = PassphraseKek::new(backend.clone(), kms_core::memory::SecretBytes::copy_of(b"x"));
        for (classical, kem, fits) in [
            (scene.classical.clone() as Arc<dyn Kek>, Kem::MlKem768, true),
            (scene.classical.clone(), Kem::XWing, true),
            (p256, Kem::MlKem1024P384, true),
            (scene.classical.clone(), Kem::X25519, false),
            (scene.pq.clone(), Kem::MlKem768, false),
            (scene.hybrid(), Kem::MlKem768, false),
            (Arc::new(passphrase), Kem::MlKem768, false),
        ] {
            let expected = if fits { Ok(()) } else { Err(CallerFault::HybridHalf) };
            assert_eq!(new(classical, kem), expected, "{}", kem.name());
        }
    });
}

#[test]
fn a_public_key_alone_seals_and_counts_as_not_configured() {
    on_both(|backend| {
        let owner = TestKem::new(backend, "local://x", Kem::XWing, 1).kek();
        let public = run(owner.public_key()).unwrap();
        let outside: Arc<dyn Kek> = Arc::new(HpkeKek::public(backend.clone(), public.clone()));
        let envelope = run(Sealer::new(backend.clone()).recipient(outside.clone()).seal(b"x")).unwrap();
        let alone = Opener::new(backend.clone(), Keyring::new().with(outside));
        assert_eq!(run(alone.open(&envelope)), Err(CallerFault::NoConfiguredKey.into()));
        let header = Header::parse_prefix(&envelope, 16).unwrap();
        assert_eq!(header.key_uris().collect::<Vec<_>>(), [public.uri()]);
    });
}

#[test]
fn public_keys_that_are_not_canonical_or_of_low_order_are_refused_before_anything_is_sealed() {
    on_both(|backend| {
        let fault = |kem: Kem, bytes: &[u8]| KemPublicKey::new(backend, kem, bytes).err();
        for kem in Kem::ALL {
            assert_eq!(fault(kem, &[4]), Some(KemFault::PublicKeyLength));
            assert_eq!(
                fault(kem, &vec![0xff; kem.public_len()]),
                if kem == Kem::X25519 {
                    // u = 2^255 - 1 is taken modulo p (RFC 7748 5), and is no point of low order.
                    None
                } else {
                    Some(KemFault::PublicKey)
                },
                "{}",
                kem.name()
            );
        }
        assert_eq!(fault(Kem::X25519, &[0; 32]), Some(KemFault::PublicKey));
        assert_eq!(
            KemPublicKey::from_bytes(backend, &[0; 1000]).err(),
            Some(KemFault::PublicKeyLength)
        );
        assert_eq!(KemPublicKey::from_text(backend, "!").err(), Some(KemFault::PublicKey));
    });
}

#[test]
fn the_reader_of_hostile_headers_refuses_hybrids_that_break_a_rule_before_any_call() {
    on_both(|backend| {
        let scene = Scene::new(backend);
        let envelope = scene.sealed();
        let reader = Reader::with(backend, vec![Watched::new(scene.hybrid())]);
        // The KEM id of the params (02 18 41): to a classical one, an unknown one, one of another length.
        let at = envelope
            .windows(3)
            .position(|window| window == [2, 0x18, 0x41])
            .unwrap();
        for (kem, expected) in [(0x20, Party::Format), (0x43, Party::Format), (0x42, Party::Format)] {
            let mut bent = envelope.clone();
            bent[at + 2] = kem;
            let error = run(reader.opener.open(&bent)).unwrap_err();
            assert_eq!(party(&error), expected, "{kem:#x}");
        }
        assert_eq!(scene.classical.unwraps(), 0);
    });
}

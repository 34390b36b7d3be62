//! Messages that were sealed here open here: frames, contexts, keys, suites, streams.

use std::io::{Read, Write};
use std::sync::Arc;

use futures::executor::block_on;
use kms_core::audit::{AuditTrail, MemorySink, Phase, Principal};
use kms_core::esdk::{
    Body, BranchKeyring, EcdhCurve, Header, Keyring, Opener, RawEcdhKeyring, RawRsaKeyring, RsaPadding, Suite,
};
use kms_core::{CallerFault, Error, KekFault, LimitFault, PolicyFault};

use crate::support::{KEY, aes, aes_named, backend, context, open, opener, seal, sealer, text};

const SUITES: [Suite; 2] = [Suite::Committing, Suite::CommittingSigned];

#[test]
fn every_length_around_the_frames_in_both_suites() {
    for suite in SUITES {
        for frame_len in [1, 2, 7, 64, 4096] {
            let sealer = sealer().suite(suite).frame_len(frame_len);
            let frame = usize::try_from(frame_len).unwrap();
            for length in [0, 1, frame - 1, frame, frame + 1, 2 * frame, 3 * frame + 1] {
                let plaintext = text(length);
                let message = seal(&sealer, &plaintext);
                assert_eq!(
                    open(&opener(), &message).as_ref(),
                    Ok(&plaintext),
                    "{suite:?} {frame_len} {length}"
                );
                let header = Header::parse_prefix(&message, 1).unwrap();
                assert_eq!((header.suite(), header.body()), (suite, Body::Framed(frame_len)));
            }
        }
    }
}

#[test]
fn what_is_written_in_pieces_is_read_in_pieces() {
    let plaintext = text(100_000);
    for (step, suite) in [(1, SUITES[0]), (977, SUITES[1]), (5000, SUITES[0])] {
        let sealer = sealer().suite(suite).frame_len(1000);
        let mut writer = block_on(sealer.begin(Vec::new())).unwrap();
        for piece in plaintext.chunks(step) {
            writer.write_all(piece).unwrap();
        }
        let message = writer.finish().unwrap();
        let mut reader = block_on(opener().begin(&message[..])).unwrap();
        assert_eq!(reader.opened_by(), "esdk://space/name");
        let (mut found, mut piece) = (Vec::new(), vec![0; step]);
        loop {
            match reader.read(&mut piece).unwrap() {
                0 => break,
                count => found.extend_from_slice(&piece[..count]),
            }
        }
        assert!(found == plaintext);
        assert_eq!(reader.read(&mut piece).unwrap(), 0);
    }
}

#[test]
fn the_last_frame_of_a_signed_message_waits_for_the_signature() {
    let message = seal(&sealer().frame_len(10), &text(25));
    let cut = &message[..message.len() - 1];
    let mut reader = block_on(opener().begin(cut)).unwrap();
    let mut found = Vec::new();
    let error: Error = reader.read_to_end(&mut found).unwrap_err().into();
    assert_eq!(error, Error::Esdk(kms_core::EsdkFault::Truncated));
    assert_eq!(found, text(20), "two frames, and nothing of the last");
    let again: Error = reader.read(&mut [0]).unwrap_err().into();
    assert_eq!(again, error, "for good");
}

#[test]
fn any_of_several_keys_opens() {
    let others = [
        aes_named("space", "other", &[8; 16]),
        aes_named("elsewhere", "name", &[9; 24]),
    ];
    let message = others.iter().fold(sealer(), |sealer, key| sealer.keyring(key.clone()));
    let message = seal(&message, b"x");
    for key in others.into_iter().chain([aes()]) {
        assert_eq!(open(&Opener::new().keyring(key), &message).unwrap(), b"x");
    }
    assert_eq!(
        open(&Opener::new(), &message),
        Err(Error::Caller(CallerFault::NoConfiguredKey))
    );
    let stranger = Opener::new().keyring(aes_named("space", "stranger", &KEY));
    assert_eq!(
        open(&stranger, &message),
        Err(Error::Caller(CallerFault::NoConfiguredKey))
    );
}

#[test]
fn a_wrong_key_of_the_right_name_is_the_flat_failure_and_others_still_open() {
    let message = seal(&sealer(), b"x");
    let wrong = Opener::new().keyring(aes_named("space", "name", &[1; 32]));
    assert_eq!(open(&wrong, &message), Err(Error::DoesNotOpen));
    assert_eq!(open(&wrong.keyring(aes()), &message).unwrap(), b"x");
}

#[test]
fn the_context_is_required_and_may_be_left_out_of_the_message() {
    let whole = context(&[("tenant", "t-17"), ("purpose", "backup")]);
    let sealer = sealer().context(whole.clone());
    let stored = seal(&sealer, b"x");
    assert_eq!(open(&opener(), &stored).unwrap(), b"x");
    assert_eq!(open(&opener().require(whole.clone()), &stored).unwrap(), b"x");
    let other = context(&[("tenant", "t-18")]);
    let mismatch = Err(Error::Policy(PolicyFault::ContextMismatch));
    assert_eq!(open(&opener().require(other.clone()), &stored), mismatch);
    let unknown = context(&[("never", "stored")]);
    assert_eq!(open(&opener().require(unknown), &stored), Err(Error::DoesNotOpen));

    let unstored = seal(&sealer.clone().unstored(["tenant"]), b"x");
    let header = Header::parse_prefix(&unstored, 1).unwrap();
    assert_eq!(
        header.context().own_pairs().collect::<Vec<_>>(),
        [("purpose", "backup")]
    );
    assert_eq!(open(&opener().require(whole), &unstored).unwrap(), b"x");
    assert_eq!(open(&opener(), &unstored), Err(Error::DoesNotOpen));
    assert_eq!(open(&opener().require(other), &unstored), Err(Error::DoesNotOpen));
    let missing = block_on(sealer.unstored(["nowhere"]).seal(b"x"));
    assert_eq!(missing, Err(Error::Caller(CallerFault::ContextMissing)));
}

#[test]
fn rsa_in_every_padding() {
    for padding in [
        RsaPadding::Pkcs1,
        RsaPadding::OaepSha1,
        RsaPadding::OaepSha256,
        RsaPadding::OaepSha384,
        RsaPadding::OaepSha512,
    ] {
        let private = Arc::new(RawRsaKeyring::private("space", "rsa", padding, RSA_PRIVATE.as_bytes()).unwrap());
        let public = Arc::new(RawRsaKeyring::public("space", "rsa", padding, RSA_PUBLIC.as_bytes()).unwrap());
        let message = seal(&kms_core::esdk::Sealer::new(backend()).keyring(public.clone()), b"x");
        assert_eq!(open(&Opener::new().keyring(private), &message).unwrap(), b"x");
        let only_public = open(&Opener::new().keyring(public), &message);
        assert_eq!(only_public, Err(Error::Caller(CallerFault::NoConfiguredKey)));
    }
    let wrong_padding = RawRsaKeyring::private("space", "rsa", RsaPadding::OaepSha1, RSA_PRIVATE.as_bytes()).unwrap();
    let public = RawRsaKeyring::public("space", "rsa", RsaPadding::OaepSha256, RSA_PUBLIC.as_bytes()).unwrap();
    let message = seal(&kms_core::esdk::Sealer::new(backend()).keyring(Arc::new(public)), b"x");
    let opened = open(&Opener::new().keyring(Arc::new(wrong_padding)), &message);
    assert_eq!(opened, Err(Error::DoesNotOpen));
}

#[test]
fn two_parties_by_key_agreement() {
    let between = |private: &str, public: &str| -> Arc<dyn Keyring> {
        Arc::new(RawEcdhKeyring::between(backend(), EcdhCurve::P256, private.as_bytes(), public.as_bytes()).unwrap())
    };
    let (alice, bob) = (between(ALICE_PRIVATE, BOB_PUBLIC), between(BOB_PRIVATE, ALICE_PUBLIC));
    let discovering = RawEcdhKeyring::of(backend(), EcdhCurve::P256, BOB_PRIVATE.as_bytes()).unwrap();
    let discovering: Arc<dyn Keyring> = Arc::new(discovering);
    let sealed_by =
        |key: &Arc<dyn Keyring>| block_on(kms_core::esdk::Sealer::new(backend()).keyring(key.clone()).seal(b"x"));
    let from_alice = sealed_by(&alice).unwrap();
    for key in [&alice, &bob, &discovering] {
        assert_eq!(open(&Opener::new().keyring(key.clone()), &from_alice).unwrap(), b"x");
    }
    let to_bob = RawEcdhKeyring::to(backend(), EcdhCurve::P256, BOB_PUBLIC.as_bytes()).unwrap();
    let to_bob = sealed_by(&(Arc::new(to_bob) as Arc<dyn Keyring>)).unwrap();
    assert_eq!(
        open(&Opener::new().keyring(discovering.clone()), &to_bob).unwrap(),
        b"x"
    );
    let not_alices = open(&Opener::new().keyring(alice), &to_bob);
    assert_eq!(not_alices, Err(Error::Caller(CallerFault::NoConfiguredKey)));
    let Err(Error::Provider(error)) = sealed_by(&discovering) else {
        panic!("a key for discovery has sealed");
    };
    assert_eq!(error.kind, KekFault::Unsupported);
    let other_curve = RawEcdhKeyring::of(backend(), EcdhCurve::P384, BOB_PRIVATE.as_bytes());
    assert_eq!(other_curve.err(), Some(Error::Caller(CallerFault::EsdkKey)));
}

#[test]
fn older_versions_of_a_branch_key_open() {
    let branch = |version: u8| BranchKeyring::new(backend(), "branch", [version; 16], &[version; 32]).unwrap();
    let sealed = |version| {
        let sealer = kms_core::esdk::Sealer::new(backend()).keyring(Arc::new(branch(version)));
        seal(&sealer, b"x")
    };
    let both = Arc::new(branch(2).and([1; 16], &[1; 32]).unwrap());
    for version in [1, 2] {
        assert_eq!(
            open(&Opener::new().keyring(both.clone()), &sealed(version)).unwrap(),
            b"x"
        );
    }
    let unknown = open(&Opener::new().keyring(both), &sealed(3));
    assert_eq!(unknown, Err(Error::Caller(CallerFault::NoConfiguredKey)));
}

#[test]
fn only_what_commits_is_written() {
    for suite in Suite::ALL {
        let sealed = block_on(sealer().suite(suite).seal(b"x"));
        let commits = SUITES.contains(&suite);
        assert_eq!(sealed.is_ok(), commits, "{suite:?}");
        if !commits {
            assert_eq!(sealed, Err(Error::Policy(PolicyFault::Commitment)));
        }
    }
}

#[test]
fn caps_of_the_writer() {
    let many = (0..16).fold(sealer(), |sealer, _| sealer.keyring(aes()));
    assert_eq!(block_on(many.seal(b"x")), Err(Error::Limit(LimitFault::DataKeys)));
    let most = u32::try_from(kms_core::caps::ESDK_FRAME).unwrap();
    assert!(block_on(sealer().frame_len(most).begin(Vec::new())).is_ok());
    for frame_len in [0, most + 1] {
        let sealed = block_on(sealer().frame_len(frame_len).seal(b"x"));
        assert_eq!(sealed, Err(Error::Limit(LimitFault::Frame)));
    }
    let nobody = block_on(kms_core::esdk::Sealer::new(backend()).seal(b"x"));
    assert_eq!(nobody, Err(Error::Caller(CallerFault::NoRecipients)));
}

#[test]
fn each_use_of_a_key_is_on_record() {
    let log = Arc::new(MemorySink::new());
    let trail = AuditTrail::new(log.clone(), Principal::named("anna"));
    let message = seal(&sealer().audit(trail.clone()), b"x");
    open(&opener().audit(trail.clone()), &message).unwrap();
    let wrong = Opener::new().keyring(aes_named("space", "name", &[1; 32]));
    open(&wrong.audit(trail), &message).unwrap_err();
    let events = log.events();
    let phases: Vec<_> = events.iter().map(|event| event.phase).collect();
    assert_eq!(phases, [Phase::Intent, Phase::Outcome].repeat(3));
    for event in &events {
        assert_eq!(event.subject.keys[0].uri, "esdk://space/name");
    }
    let header = Header::parse_prefix(&message, 1).unwrap();
    assert_eq!(events[1].subject.message_id.unwrap(), header.message_id());
    let failure = events[5].attempts[0].failure.as_ref().unwrap();
    assert_eq!(failure.code(), "provider.DoesNotUnwrap");
}

/// What the fuzz target starts from. The messages are random, so each run makes others.
#[test]
#[ignore = "makes fuzz/seeds/esdk_message anew"]
fn write_fuzz_seeds() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/esdk_message");
    let write = |name: String, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
    let plaintext: Vec<u8> = (0..100).collect();
    for (suite, frame_len) in [(SUITES[0], 16), (SUITES[0], 4096), (SUITES[1], 16), (SUITES[1], 4096)] {
        let sealer = kms_core::esdk::Sealer::new(backend())
            .suite(suite)
            .frame_len(frame_len)
            .context(context(&[("a", "b"), ("tenant", "t-17")]))
            .keyring(aes_named("fuzz", "key", &KEY))
            .keyring(aes_named("fuzz", "other", &[8; 16]));
        write(format!("{:04x}-{frame_len}", suite.id()), &seal(&sealer, &plaintext));
    }
    let mut old = vec![1, 0x80, 0x01, 0x78];
    old.extend([5; 16]);
    old.extend([0, 0, 0, 1, 0, 1, b'n', 0, 1, b'k', 0, 1, b'c']);
    old.extend([2, 0, 0, 0, 0, 12, 0, 0, 16, 0]);
    old.extend([0; 28]);
    write("0178-header".to_owned(), &old);
}

const RSA_PRIVATE: &str = include_str!("keys/rsa.pem");
const RSA_PUBLIC: &str = include_str!("keys/rsa.pub.pem");
const ALICE_PRIVATE: &str = include_str!("keys/alice.pem");
const ALICE_PUBLIC: &str = include_str!("keys/alice.pub.pem");
const BOB_PRIVATE: &str = include_str!("keys/bob.pem");
const BOB_PUBLIC: &str = include_str!("keys/bob.pub.pem");

//! AWS Encryption SDK messages whose data keys a KMS wraps, between this implementation and AWS's own in Python, over one
//! KMS: an emulator that others wrote, and the stand-in, which checks what a KMS checks.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use futures::executor::block_on;
use keystrand_fakes::aws::{Fault, Seen};
use keystrand_fakes::emulator::root;
use kms_core::crypto::CryptoBackend;
use kms_core::esdk::{Context, Header, Keyring, Opener, Sealer, Suite};
use kms_core::{Error, KekFault};
use kms_providers::aws::{AwsProvider, SecretSource};
use kms_providers::{KeyUri, Provider};

use crate::support::{Fake, REGION, Scene, fresh_key};

const PAIRS: [(&str, &str); 2] = [("tenant", "t-17"), ("größe", "groß")];

fn keyring(provider: &AwsProvider, uri: &KeyUri) -> Arc<dyn Keyring> {
    provider.message_keys().unwrap().message_key(uri).unwrap()
}

fn sealer(keyring: Arc<dyn Keyring>) -> Sealer {
    let context = Context::from_pairs(PAIRS).unwrap();
    Sealer::new(CryptoBackend::default()).context(context).keyring(keyring)
}

fn open(opener: &Opener, message: &[u8]) -> Result<Vec<u8>, Error> {
    block_on(opener.open(message)).map(|plaintext| plaintext.to_vec())
}

#[test]
fn the_peer_in_python_over_moto() {
    let Some(scene) = Scene::of("moto") else { return };
    exchange("moto", &scene.provider(), &scene.emulator.endpoint);
}

#[test]
fn the_peer_in_python_over_the_stand_in() {
    let fake = Fake::start();
    exchange("the stand-in", &fake.provider(), &fake.kms.endpoint());
    let seen = fake.kms.seen();
    let of_peer = |seen: &&Seen| {
        seen.request
            .header("user-agent")
            .is_some_and(|agent| agent.contains("oto"))
    };
    let (theirs, ours): (Vec<_>, Vec<_>) = seen.iter().partition(of_peer);
    if theirs.is_empty() {
        return;
    }
    // Both show the KMS the same context, and name the same key at each call.
    for calls in [&theirs, &ours] {
        let of_message = |seen: &&&Seen| ["GenerateDataKey", "Decrypt"].contains(&&*seen.action);
        let of_messages: Vec<_> = calls.iter().filter(of_message).collect();
        assert!(
            of_messages
                .iter()
                .all(|seen| seen.body["KeyId"].as_str().is_some_and(|id| id.starts_with("arn:")))
        );
        let contexts = of_messages
            .iter()
            .filter(|seen| seen.body["EncryptionContext"]["tenant"] == "t-17");
        assert!(contexts.count() > 0, "no context was shown");
    }
}

/// Both ways, in both suites, at several frame lengths, with each way the peer has to name a key.
fn exchange(over: &str, provider: &AwsProvider, endpoint: &str) {
    let uri = fresh_key(provider, "ledger");
    let arn = uri.to_string().trim_start_matches("aws-kms://").to_owned();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (mut lines, mut cases) = (String::new(), Vec::new());
    for suite in [Suite::Committing, Suite::CommittingSigned] {
        for (frame, length) in [(128_u32, 0_usize), (128, 600), (4096, 4096), (65_536, 200_001)] {
            for kind in ["provider", "keyring", "mrk-keyring"] {
                let name = format!("{:04x}-{frame}-{length}-{kind}", suite.id());
                let pairs = PAIRS.map(|(name, value)| format!("{name}={value}")).join(",");
                writeln!(lines, "{name}\t{:04x}\t{frame}\t{kind}\t{arn}\t{pairs}", suite.id()).unwrap();
                let plaintext: Vec<u8> = (0..length).map(|at| u8::try_from(at * 7 % 256).unwrap()).collect();
                fs::write(path(&format!("{name}.plain")), &plaintext).unwrap();
                cases.push((name, suite, frame, plaintext));
            }
        }
    }
    fs::write(path("cases.tsv"), lines).unwrap();
    for (name, suite, frame, plaintext) in &cases {
        let sealer = sealer(keyring(provider, &uri)).suite(*suite).frame_len(*frame);
        let message = block_on(sealer.seal(plaintext)).unwrap();
        let header = Header::parse_prefix(&message, 1).unwrap();
        assert_eq!(&*header.data_keys()[0].provider_id, "aws-kms");
        assert_eq!(header.data_keys()[0].key_name(), arn);
        fs::write(path(&format!("{name}.message")), message).unwrap();
    }
    for action in ["open", "seal"] {
        let Some(output) = peer(action, folder.path(), endpoint) else {
            println!(
                "SKIPPED {} exchanges over {over}: no aws-encryption-sdk (`make test` installs it)",
                2 * cases.len()
            );
            return;
        };
        assert_eq!(
            output.lines().last(),
            Some(&*format!("{} passed, 0 failed", cases.len())),
            "{over}: {output}"
        );
    }
    let required = Context::from_pairs(PAIRS).unwrap();
    let opener = Opener::new().keyring(keyring(provider, &uri)).require(required);
    for (name, _, _, plaintext) in &cases {
        let message = fs::read(path(&format!("{name}.message"))).unwrap();
        let opened = open(&opener, &message).unwrap_or_else(|error| panic!("{over}, {name}: {error}"));
        assert!(opened == *plaintext, "{over}, {name}");
    }
    println!(
        "over {over}: {0} of our messages opened by the peer, {0} of its here",
        cases.len()
    );
}

/// What the peer said; `None` where it is not installed.
fn peer(action: &str, folder: &Path, endpoint: &str) -> Option<String> {
    let python = root().join(".venv/bin/python");
    let imports = "import aws_encryption_sdk, aws_cryptographic_material_providers";
    let installed = Command::new(&python).args(["-c", imports]).output();
    if !installed.is_ok_and(|output| output.status.success()) {
        return None;
    }
    let script = root().join("tests/python/esdk/kms_peer.py");
    let output = Command::new(python)
        .arg(script)
        .args([action.as_ref(), folder.as_os_str(), endpoint.as_ref(), REGION.as_ref()])
        .env_remove("AWS_PROFILE")
        .output()
        .unwrap();
    // On stderr is what the SDK notes by the way.
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn secrets_made_here_are_wrapped_by_encrypt() {
    let fake = Fake::start();
    let mut settings = fake.settings();
    settings.secret_source = SecretSource::Local;
    let provider = AwsProvider::new(settings, CryptoBackend::default()).unwrap();
    let uri = fresh_key(&provider, "ledger");
    drop(fake.kms.seen());
    let message = block_on(sealer(keyring(&provider, &uri)).seal(b"x")).unwrap();
    let opened = open(&Opener::new().keyring(keyring(&provider, &uri)), &message);
    assert_eq!(opened.unwrap(), b"x");
    let actions: Vec<_> = fake.kms.seen().into_iter().map(|seen| seen.action).collect();
    assert_eq!(actions, ["Encrypt", "Decrypt"]);
}

/// The second of several keys wraps what the first has generated.
#[test]
fn any_of_two_keys_opens() {
    let fake = Fake::start();
    let provider = fake.provider();
    let [one, other] = ["one", "other"].map(|name| fresh_key(&provider, name));
    let message = block_on(
        sealer(keyring(&provider, &one))
            .keyring(keyring(&provider, &other))
            .seal(b"x"),
    )
    .unwrap();
    let actions: Vec<_> = fake.kms.seen().into_iter().map(|seen| seen.action).collect();
    assert_eq!(actions[actions.len() - 2..], ["GenerateDataKey", "Encrypt"]);
    for key in [&one, &other] {
        assert_eq!(
            open(&Opener::new().keyring(keyring(&provider, key)), &message).unwrap(),
            b"x"
        );
    }
}

#[test]
fn what_a_lying_or_ailing_service_gives_is_not_taken() {
    let fake = Fake::start();
    let provider = fake.provider();
    let uri = fresh_key(&provider, "ledger");
    let sealer = sealer(keyring(&provider, &uri));
    let message = block_on(sealer.seal(b"x")).unwrap();
    let opener = Opener::new().keyring(keyring(&provider, &uri));
    for (fault, expected) in [
        (Fault::refuse(400, "AccessDeniedException"), KekFault::Denied),
        (Fault::refuse(400, "DisabledException"), KekFault::Disabled),
        (Fault::refuse(500, "KMSInternalException"), KekFault::Unavailable),
    ] {
        fake.kms.fail(100, &fault);
        for failed in [open(&opener, &message).err(), block_on(sealer.seal(b"x")).err()] {
            let Some(Error::Provider(error)) = failed else {
                panic!("{expected:?}: {failed:?}")
            };
            assert_eq!((error.kind, error.uri), (expected, uri.to_string()));
        }
        fake.kms.heal();
    }
    // Another key's name, a key of another length, no key at all.
    let stranger = "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000000";
    for fault in [
        Fault::Replace("KeyId", stranger.into()),
        Fault::Replace("Plaintext", "AAAA".into()),
        Fault::Leave("Plaintext"),
    ] {
        fake.kms.fail(1, &fault);
        assert_eq!(open(&opener, &message), Err(Error::DoesNotOpen), "{fault:?}");
        fake.kms.fail(1, &fault);
        let failed = block_on(sealer.seal(b"x")).err();
        assert!(
            matches!(&failed, Some(Error::Provider(error)) if error.kind == KekFault::BadReply),
            "{fault:?}: {failed:?}"
        );
    }
    // A ciphertext of another key, or of other pairs, is no message of this one.
    let stranger = fresh_key(&provider, "stranger");
    let swapped = open(&Opener::new().keyring(keyring(&provider, &stranger)), &message);
    assert!(matches!(swapped, Err(Error::Caller(_))), "{swapped:?}");
    assert_eq!(open(&opener, &message).unwrap(), b"x");
}

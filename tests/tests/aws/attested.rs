//! Replies that only an attested enclave can read.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use async_trait::async_trait;
use data_encoding::BASE64;
use futures::executor::block_on;
use keystrand_fakes::aws::Fault;
use kms_core::KekFault;
use kms_providers::Provider;
use kms_providers::aws::{Attestation, AwsProvider, RecipientKey};
use serde_json::json;

use crate::support::{BINDING, Fake, Scene, fresh_key};

/// An enclave whose security module signs nothing, because nobody here checks it.
struct Enclave(RecipientKey);

#[async_trait]
impl Attestation for Enclave {
    async fn document(&self) -> Result<Vec<u8>, KekFault> {
        let public = self.0.public_der();
        let length = u16::try_from(public.len()).unwrap().to_be_bytes();
        Ok([b"\xa1\x6apublic_key\x59", length.as_slice(), public].concat())
    }

    fn key(&self) -> &RecipientKey {
        &self.0
    }
}

fn enclave() -> Arc<Enclave> {
    Arc::new(Enclave(RecipientKey::generate().unwrap()))
}

#[test]
fn secrets_go_to_the_enclave_alone() {
    let fake = Fake::start();
    let uri = fresh_key(&fake.provider(), "attested");
    let provider = AwsProvider::attested(fake.settings(), Default::default(), enclave()).unwrap();
    let kek = provider.kek(&uri).unwrap();
    drop(fake.kms.seen());
    let generated = block_on(kek.generate(&BINDING)).unwrap();
    let unwrapped = block_on(kek.unwrap(&generated.wrapped, &BINDING)).unwrap();
    assert!(generated.secret.ct_eq(&unwrapped.secret));
    for seen in fake.kms.seen() {
        let recipient = &seen.body["Recipient"];
        assert_eq!(
            recipient["KeyEncryptionAlgorithm"], "RSAES_OAEP_SHA_256",
            "{}",
            seen.action
        );
        assert!(recipient["AttestationDocument"].is_string(), "{}", seen.action);
    }
}

#[test]
fn a_bare_answer_to_an_attested_request_breaks_the_protocol() {
    let fake = Fake::start();
    let uri = fresh_key(&fake.provider(), "bare");
    let wrapped = block_on(fake.provider().kek(&uri).unwrap().generate(&BINDING))
        .unwrap()
        .wrapped;
    let provider = AwsProvider::attested(fake.settings(), Default::default(), enclave()).unwrap();
    let kek = provider.kek(&uri).unwrap();
    let bare = Fault::Replace("Plaintext", json!(BASE64.encode(&[7; 32])));
    for fault in [
        bare,
        Fault::Leave("CiphertextForRecipient"),
        Fault::Replace("CiphertextForRecipient", json!("AAAA")),
    ] {
        fake.kms.fail(1, &fault);
        assert_eq!(
            block_on(kek.unwrap(&wrapped, &BINDING)).err().unwrap().kind,
            KekFault::BadReply,
            "{fault:?}"
        );
        fake.kms.fail(1, &fault);
        assert_eq!(
            block_on(kek.generate(&BINDING)).err().unwrap().kind,
            KekFault::BadReply,
            "{fault:?}"
        );
    }
}

/// Both emulators ignore `Recipient` and answer in clear: just what must not be taken.
#[test]
fn emulators_that_answer_bare_are_refused() {
    for emulator in ["moto", "ministack"] {
        let Some(scene) = Scene::of(emulator) else { continue };
        let uri = fresh_key(&scene.provider(), "bare");
        let provider = AwsProvider::attested(scene.settings(), Default::default(), enclave()).unwrap();
        let refused = block_on(provider.kek(&uri).unwrap().generate(&BINDING)).err().unwrap();
        assert_eq!(refused.kind, KekFault::BadReply, "{emulator}");
    }
}

/// OpenSSL makes envelopes for our reader, with lengths told in advance and not.
#[test]
fn envelopes_of_openssl_are_opened() {
    let folder = tempfile::tempdir().unwrap();
    if !openssl(folder.path(), &["version"]) {
        println!("SKIPPED  openssl is not installed");
        return;
    }
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("secret"), [0x5a; 32]).unwrap();
    assert!(openssl(
        folder.path(),
        &[
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
            "-subj",
            "/CN=enclave",
        ]
    ));
    assert!(openssl(
        folder.path(),
        &[
            "pkcs8", "-topk8", "-nocrypt", "-in", "key.pem", "-outform", "DER", "-out", "key.der"
        ]
    ));
    let key = RecipientKey::from_pkcs8(&std::fs::read(path("key.der")).unwrap()).unwrap();
    for stream in [&[][..], &["-stream"]] {
        let seal = [
            &[
                "cms",
                "-encrypt",
                "-binary",
                "-aes-256-cbc",
                "-in",
                "secret",
                "-outform",
                "DER",
                "-out",
                "sealed",
            ][..],
            stream,
            &[
                "-recip",
                "cert.pem",
                "-keyopt",
                "rsa_padding_mode:oaep",
                "-keyopt",
                "rsa_oaep_md:sha256",
            ],
        ]
        .concat();
        assert!(openssl(folder.path(), &seal));
        let sealed = std::fs::read(path("sealed")).unwrap();
        assert_eq!(key.open(&sealed).unwrap().expose(), &[0x5a; 32]);
        for place in (0..sealed.len()).step_by(7) {
            let mut altered = sealed.clone();
            altered[place] ^= 1;
            // CBC has no tag: what is altered in the content may come out as another secret, never as this one.
            if let Ok(opened) = key.open(&altered) {
                let is_framing = opened.expose() == &[0x5a; 32];
                assert!(!is_framing || place < sealed.len() - 48, "byte {place}");
            }
        }
        assert!(RecipientKey::generate().unwrap().open(&sealed).is_err());
    }
}

/// And OpenSSL opens what the stand-in makes, so that it speaks as AWS does and not as we do.
#[test]
fn openssl_opens_the_envelopes_of_the_stand_in() {
    let folder = tempfile::tempdir().unwrap();
    if !openssl(folder.path(), &["version"]) {
        println!("SKIPPED  openssl is not installed");
        return;
    }
    assert!(openssl(
        folder.path(),
        &[
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
            "-subj",
            "/CN=enclave",
        ]
    ));
    assert!(openssl(
        folder.path(),
        &[
            "rsa",
            "-in",
            "key.pem",
            "-pubout",
            "-outform",
            "DER",
            "-out",
            "public.der"
        ]
    ));
    let public = std::fs::read(folder.path().join("public.der")).unwrap();
    let sealed = keystrand_fakes::aws::seal_for_recipient(&[0x5a; 32], &public);
    std::fs::write(folder.path().join("sealed"), sealed).unwrap();
    assert!(openssl(
        folder.path(),
        &[
            "cms", "-decrypt", "-binary", "-inform", "DER", "-in", "sealed", "-inkey", "key.pem", "-out", "opened",
        ]
    ));
    assert_eq!(std::fs::read(folder.path().join("opened")).unwrap(), [0x5a; 32]);
}

fn openssl(folder: &Path, arguments: &[&str]) -> bool {
    let run = Command::new("openssl").args(arguments).current_dir(folder).output();
    run.is_ok_and(|run| run.status.success())
}

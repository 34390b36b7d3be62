//! Formats that no tool of every machine writes: our own, AWS Encryption SDK, Parquet, age, JOSE.

use std::fs;

use kms_core::Posture::{Classical, Hedged};
use kms_core::{Header, caps};
use kms_scan::{AssetKind as Kind, Purpose, Role, Weakness};

use super::support::{Folder, data, in_memory, is, repository, shared, weaknesses};

/// Every golden header: kind, posture and recipients are those that the header's own reader says.
#[test]
fn golden_envelopes() {
    let mut seen = 0;
    for folder in ["oracle", "aws-lc", "aws-lc-pairs", "rustcrypto", "rustcrypto-pairs"] {
        for entry in fs::read_dir(repository("tests/golden/ks1").join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            let found = in_memory(path.to_str().unwrap(), &bytes);
            if !bytes.starts_with(b"\x89KS1") {
                assert_eq!(found, [], "{}", path.display());
                continue;
            }
            let Ok(header) = Header::parse_prefix(&bytes, caps::RECIPIENTS_HARD) else {
                assert!(found[0].fault.is_some(), "{}", path.display());
                continue;
            };
            assert_eq!(
                (found[0].fault.as_ref(), found[0].posture),
                (None, header.posture()),
                "{}",
                path.display()
            );
            let expected = match header.domain().kind {
                kms_core::Kind::Message => Kind::Envelope,
                kms_core::Kind::Ticket => Kind::Ticket,
                kms_core::Kind::SealedSecret => Kind::SealedSecret,
            };
            assert_eq!(found[0].kind, expected, "{}", path.display());
            assert!(
                !found[0].recipients.is_empty() || header.posture().is_none(),
                "{}",
                path.display()
            );
            assert!(found[0].recipients.iter().all(|recipient| !recipient.id.is_empty()));
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn a_keystore_is_known_without_its_key() {
    use kms_providers::local::Keystore;
    let folder = Folder::new();
    let path = folder.path().join("keystore.ks1");
    let key = folder.path().join("keystore.key");
    let backend = kms_core::crypto::CryptoBackend::default();
    futures::executor::block_on(async {
        let kek = kms_providers::local::KeyFileKek::create(&key, backend.clone()).unwrap();
        Keystore::new(&path, std::sync::Arc::new(kek))
            .backend(backend)
            .create()
            .await
            .unwrap();
    });
    let asset = folder.only("keystore.ks1");
    assert_eq!(
        (asset.kind, asset.posture, asset.purpose),
        (Kind::Keystore, Some(Hedged), Purpose::Confidentiality)
    );
    assert_eq!(asset.recipients.len(), 1);
}

/// What the names of their keys say is what the messages are found to be protected by.
#[test]
fn messages_of_the_aws_encryption_sdk() {
    let Some(folder) = shared("esdk-vectors/c-from-dafny/ciphertexts") else {
        return;
    };
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let found = kms_scan::recognise(&path, &fs::File::open(&path).unwrap()).unwrap();
        assert_eq!(found.len(), 1, "{}", path.display());
        let asset = &found[0];
        assert_eq!(
            (asset.kind, asset.fault.as_ref()),
            (Kind::EsdkMessage, None),
            "{}",
            path.display()
        );
        for recipient in &asset.recipients {
            let is_classical = ["rsa", "ecdh"].iter().any(|word| recipient.scheme.contains(word));
            let expected = if is_classical { Classical } else { Hedged };
            assert_eq!(recipient.posture, Some(expected), "{recipient:?}");
        }
        seen += 1;
    }
    assert!(seen >= 297, "{seen}");
}

#[test]
fn a_message_of_the_aws_encryption_sdk_by_hand() {
    let field = |bytes: &[u8]| [&u16::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat();
    let raw_aes = [b"my-key".as_slice(), &[0, 0, 0, 128, 0, 0, 0, 12], &[7; 12]].concat();
    let message = [
        &[2, 0x05, 0x78][..],
        &[1; 32],
        &field(b""),
        &[0, 2],
        &field(b"aws-kms"),
        &field(b"arn:aws:kms:eu-west-1:1:key/2"),
        &field(&[0; 100]),
        &field(b"mine"),
        &field(&raw_aes),
        &field(&[0; 48]),
        &[2, 0, 0, 16, 0],
    ]
    .concat();
    let found = in_memory("m", &message);
    assert_eq!((found[0].posture, &found[0].fault), (Some(Hedged), &None));
    let ids: Vec<_> = found[0]
        .recipients
        .iter()
        .map(|recipient| recipient.id.as_str())
        .collect();
    assert_eq!(ids, ["arn:aws:kms:eu-west-1:1:key/2", "my-key"]);
    assert_eq!(found[0].algorithm(Role::Signature).unwrap().name, "ECDSA-SHA384");
    assert!(in_memory("m", &message[..60])[0].fault.is_some());
}

#[test]
fn encrypted_parquet_files_of_pyarrow() {
    for (name, algorithm, note) in [
        ("encrypted-footer.parquet", "AES-GCM", "footer encrypted"),
        ("plaintext-footer.parquet", "AES-GCM", "1 of 3 column chunks encrypted"),
        (
            "plaintext-footer-ctr.parquet",
            "AES-GCM-CTR",
            "1 of 3 column chunks encrypted",
        ),
    ] {
        let found = in_memory(name, data(name));
        is(&found[0], Kind::ParquetFile, algorithm, Some(Hedged));
        assert!(found[0].notes.iter().any(|found| found == note), "{:?}", found[0].notes);
        assert!(
            found[0].recipients.iter().any(|recipient| recipient.id == "footer-key"),
            "{name}: {:?}",
            found[0].recipients
        );
    }
    let columns = in_memory("p", data("plaintext-footer.parquet"));
    assert!(
        columns[0]
            .recipients
            .iter()
            .any(|recipient| recipient.id == "column-key")
    );
    assert_eq!(in_memory("plain.parquet", data("plain.parquet")), []);
}

#[test]
fn files_of_age() {
    let file = |stanzas: &str| format!("age-encryption.org/v1\n{stanzas}--- MAC\n\0binary");
    let posture = |stanzas: &str| in_memory("f.age", file(stanzas))[0].posture;
    assert_eq!(posture("-> X25519 abc\nbody\n"), Some(Classical));
    assert_eq!(posture("-> mlkem768x25519 abc\nbody\n"), Some(Hedged));
    assert_eq!(posture("-> scrypt salt 18\nbody\n"), Some(Hedged));
    assert_eq!(posture("-> mlkem768x25519 a\nb\n-> ssh-rsa x\ny\n"), Some(Classical));
    assert_eq!(posture("-> X9-grease a\nb\n-> mlkem768x25519 a\nb\n"), Some(Hedged));
    assert_eq!(posture("-> some-plugin a\nb\n"), None);
    assert!(in_memory("f.age", file(""))[0].fault.is_some());

    let armoured = data_encoding::BASE64.encode(file("-> X25519 abc\nbody\n").as_bytes());
    let armoured = format!("-----BEGIN AGE ENCRYPTED FILE-----\n{armoured}\n-----END AGE ENCRYPTED FILE-----\n");
    is(&in_memory("f", armoured)[0], Kind::AgeFile, "X25519", Some(Classical));
}

#[test]
fn keys_of_age() {
    let text = "# public key: age1xyz\nAGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX\n\
                AGE-SECRET-KEY-PQ-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX\n\
                age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg\n";
    let found = in_memory("keys.txt", text);
    let seen: Vec<_> = found
        .iter()
        .map(|key| (key.posture, key.in_clear, key.place.text()))
        .collect();
    assert_eq!(
        seen,
        [
            (Some(Classical), true, "keys.txt:2".to_owned()),
            (Some(Hedged), true, "keys.txt:3".to_owned()),
            (Some(Classical), false, "keys.txt:4".to_owned()),
        ]
    );
}

#[test]
fn objects_of_jose() {
    let encode = |text: &str| data_encoding::BASE64URL_NOPAD.encode(text.as_bytes());
    let compact = |header: &str| in_memory("t", format!("{}.a.b.c.d", encode(header)));
    is(
        &compact(r#"{"alg":"ECDH-ES","enc":"A256GCM"}"#)[0],
        Kind::Jwe,
        "ECDH-ES",
        Some(Classical),
    );
    is(
        &compact(r#"{"alg":"A256KW","enc":"A256GCM","kid":"k"}"#)[0],
        Kind::Jwe,
        "A256KW",
        Some(Hedged),
    );
    assert_eq!(
        weaknesses(&compact(r#"{"alg":"RSA1_5","enc":"A128CBC-HS256"}"#)[0]),
        [Weakness::Pkcs1Padding]
    );
    // A signed token has three parts and no `enc`.
    assert_eq!(in_memory("t", format!("{}.a.b", encode(r#"{"alg":"RS256"}"#))), []);

    let set = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"","y":"","use":"enc","kid":"one"},
                          {"kty":"OKP","crv":"X25519","x":"","d":"AAAA"},{"kty":"AKP","alg":"ML-DSA-65","pub":""}]}"#;
    let found = in_memory("jwks.json", set);
    is(&found[0], Kind::JsonWebKey, "EC-P-256", Some(Classical));
    assert_eq!(
        (found[0].purpose, found[0].name.as_deref()),
        (Purpose::Confidentiality, Some("one"))
    );
    assert!(found[1].in_clear && found[1].posture == Some(Classical));
    is(
        &found[2],
        Kind::JsonWebKey,
        "ML-DSA-65",
        Some(kms_core::Posture::PostQuantum),
    );
}

#[test]
fn stores_of_keys_by_their_first_bytes() {
    for (bytes, name) in [
        (&[0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2, 0][..], "Java key store (JKS)"),
        (b"LUKS\xba\xbe\0\x02rest", "LUKS volume"),
        (b"$ANSIBLE_VAULT;1.1;AES256\n616263\n", "Ansible Vault"),
    ] {
        assert_eq!(in_memory("f", bytes)[0].name.as_deref(), Some(name));
    }
    assert_eq!(
        in_memory("mail.gpg", [0x84, 0x8c, 3, 0])[0].name.as_deref(),
        Some("OpenPGP data")
    );
    assert_eq!(in_memory("picture", [0x84, 0x8c, 3, 0]), []);
    let putty = "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: me\n";
    let found = in_memory("k.ppk", putty);
    is(&found[0], Kind::PrivateKey, "Ed25519", Some(Classical));
    assert!(found[0].in_clear);
}

#[test]
fn signed_notes_and_their_keys() {
    use kms_core::crypto::signature::SignatureScheme;
    use kms_core::memory::Secret;
    use kms_providers::signing::{Content, NoteKey, Statement};

    let seeds = || [1, 2].map(|byte| Secret::init_with(|seed| seed.fill(byte)));
    for (scheme, name, posture) in [
        (SignatureScheme::Ed25519, "Ed25519", Classical),
        (SignatureScheme::MlDsa65, "ML-DSA-65", kms_core::Posture::PostQuantum),
        (SignatureScheme::MlDsa65Ed25519, "MLDSA65-Ed25519", Hedged),
    ] {
        let key = NoteKey::new("release/1", scheme, &seeds()).unwrap();
        let statement = Statement::new(Content::of(&b"content"[..]).unwrap(), None).unwrap();
        let note = statement.sign(&key).unwrap();
        let found = in_memory("x.sig", &note);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(
            (found[0].kind, found[0].posture, found[0].purpose),
            (Kind::SignedNote, Some(posture), Purpose::Signature),
            "{name}"
        );
        assert_eq!(found[0].notes, ["signed by release/1"]);

        let text = format!("# pinned\n{}\nanother line\n", key.verifier());
        let found = in_memory("x.pub", &text);
        assert_eq!(found.len(), 1, "{found:?}");
        is(&found[0], Kind::VerifierKey, name, Some(posture));
        assert_eq!(
            (found[0].place.text(), found[0].name.as_deref()),
            ("x.pub:2".to_owned(), Some("release/1"))
        );
        let private = key.to_text();
        let found = in_memory("x.key", private.expose());
        assert!(
            !found.is_empty() && found.iter().all(|key| key.kind == Kind::PrivateKey && key.in_clear),
            "{found:?}"
        );
        // The id does not fit any more.
        assert_eq!(
            in_memory("x.pub", text.replacen("release", "releasf", 1).as_bytes()),
            [],
            "{name}"
        );
        // Cut, a note is a text like any other.
        assert_eq!(in_memory("x.sig", &note[..note.len() - 3]), [], "{name}");
    }
    // As Go's tools for notes write it.
    let private = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz\n";
    let found = in_memory("note.key", private);
    is(&found[0], Kind::PrivateKey, "Ed25519", Some(Classical));
    assert!(found[0].in_clear);
}

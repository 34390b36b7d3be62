//! HKDF over RustCrypto's HMAC.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha384, Sha512};
use zeroize::Zeroize;

use crate::crypto::{Hkdf, HkdfHash, HkdfPrk};

pub(super) struct RcHkdf;

impl Hkdf for RcHkdf {
    fn extract(&self, hash: HkdfHash, salt: &[u8], ikm: &[&[u8]]) -> HkdfPrk {
        HkdfPrk::init_with(hash, |prk| hmac(hash, salt, ikm, prk))
    }

    fn expand(&self, prk: &HkdfPrk, info: &[&[u8]], out: &mut [u8]) {
        let digest_len = prk.hash().output_len();
        let mut previous = HkdfPrk::init_with(prk.hash(), |_| ());
        for (index, block) in out.chunks_mut(digest_len).enumerate() {
            let counter = [u8::try_from(index + 1).expect("the output is at most 255 digests")];
            let before: &[u8] = if index == 0 { &[] } else { previous.expose() };
            let mut parts = vec![before];
            parts.extend(info);
            parts.push(&counter);
            let this = HkdfPrk::init_with(prk.hash(), |out| hmac(prk.hash(), prk.expose(), &parts, out));
            block.copy_from_slice(&this.expose()[..block.len()]);
            previous = this;
        }
    }
}

fn hmac(hash: HkdfHash, key: &[u8], parts: &[&[u8]], out: &mut [u8]) {
    match hash {
        HkdfHash::Sha256 => hmac_as::<Hmac<Sha256>>(key, parts, out),
        HkdfHash::Sha384 => hmac_as::<Hmac<Sha384>>(key, parts, out),
        HkdfHash::Sha512 => hmac_as::<Hmac<Sha512>>(key, parts, out),
    }
}

fn hmac_as<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]], out: &mut [u8]) {
    let mut mac = <M as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    let mut digest = mac.finalize().into_bytes();
    out.copy_from_slice(&digest);
    digest.zeroize();
}

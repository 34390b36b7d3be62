//! Both backends against each other.

use super::*;

fn backends() -> Vec<super::super::CryptoBackend> {
    vec![
        #[cfg(feature = "aws-lc")]
        super::super::aws_lc(),
        #[cfg(feature = "rustcrypto")]
        super::super::rustcrypto(),
    ]
}

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

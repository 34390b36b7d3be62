//! The two backends against each other: every primitive gives the same bytes, and what one sealed the other opens.

use kms_core::crypto::{Aead, CryptoBackend, aws_lc, rustcrypto};

fn aeads(backend: &CryptoBackend) -> [&'static dyn Aead; 3] {
    [backend.aes_gcm, backend.aes_gcm_siv, backend.chacha20_poly1305]
}

#[test]
fn aeads_open_each_other() {
    let (left, right) = (aws_lc(), rustcrypto());
    for (a, b) in aeads(&left).into_iter().zip(aeads(&right)) {
        let (a, b) = (a.key(&[7; 32]), b.key(&[7; 32]));
        for length in [0, 1, 15, 16, 17, 255, 4096] {
            let plain: Vec<u8> = (0..length).map(|i| i as u8).collect();
            let (mut one, mut two) = (vec![0; length + 16], vec![1; length + 16]);
            a.seal_into(&[3; 12], b"aad", &plain, &mut one);
            b.seal_into(&[3; 12], b"aad", &plain, &mut two);
            assert_eq!(one, two);
            let mut opened = vec![9; length];
            a.open_into(&[3; 12], b"aad", &two, &mut opened).unwrap();
            assert_eq!(opened, plain);
            b.open_into(&[3; 12], b"aad", &one, &mut opened).unwrap();
            assert_eq!(opened, plain);
        }
    }
}

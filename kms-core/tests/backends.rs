//! The two backends against each other and against their contract: every primitive gives the same bytes, what one
//! sealed the other opens, a failed open leaves zeros, and no length of input panics.
#![allow(
    clippy::unwrap_used,
    reason = "clippy.toml allows it in test functions; their helpers are no less test code"
)]

use kms_core::crypto::{
    Aead, AeadKey, CryptoBackend, OpenFailed, PasswordCost, RandomFailed, SecureRandom, aws_lc, rustcrypto,
};
use proptest::collection::vec;
use proptest::prelude::*;

proptest! {
    #[test]
    fn hashes_agree(key in vec(any::<u8>(), 0..200), parts in vec(vec(any::<u8>(), 0..400), 0..6)) {
        let (left, right) = (aws_lc().hash, rustcrypto().hash);
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let whole = parts.concat();
        prop_assert_eq!(left.digest(&parts), right.digest(&[&whole]));
        prop_assert_eq!(left.digest(&[&whole]), right.digest(&parts));
        prop_assert_eq!(left.hmac(&key, &parts), right.hmac(&key, &[&whole]));
        prop_assert_eq!(left.hmac(&key, &[&whole]), right.hmac(&key, &parts));
        for scheduled in [left.hmac_key(&key), right.hmac_key(&key)] {
            prop_assert_eq!(scheduled.sign(&parts), left.hmac(&key, &parts));
            prop_assert_eq!(scheduled.sign(&[]), left.hmac(&key, &[]), "a second use starts anew");
        }
    }

    #[test]
    fn expansions_agree(
        prk in prop_oneof![vec(any::<u8>(), 32), vec(any::<u8>(), 64)],
        info in vec(vec(any::<u8>(), 0..200), 0..12),
        length in 0usize..1000,
    ) {
        let info: Vec<&[u8]> = info.iter().map(Vec::as_slice).collect();
        let (mut left, mut right) = (vec![0; length], vec![0; length]);
        aws_lc().hash.expand(&prk, &info, &mut left);
        rustcrypto().hash.expand(&prk, &[&info.concat()], &mut right);
        prop_assert_eq!(&left, &right);
        for hash in [aws_lc().hash, rustcrypto().hash] {
            hash.hmac_key(&prk).expand(&info, &mut right);
            prop_assert_eq!(&left, &right);
        }
    }

    #[test]
    fn aeads_open_each_other(
        key: [u8; 32],
        nonce: [u8; 12],
        aad in vec(any::<u8>(), 0..300),
        plain in vec(any::<u8>(), 0..5000),
    ) {
        for (left, right) in aeads(&aws_lc()).into_iter().zip(aeads(&rustcrypto())) {
            let (left, right) = (left.key(&key), right.key(&key));
            let sealed = sealed_both_ways(&*left, &nonce, &aad, &plain);
            prop_assert_eq!(&sealed, &sealed_both_ways(&*right, &nonce, &aad, &plain));
            for key in [&left, &right] {
                prop_assert_eq!(opened_both_ways(&**key, &nonce, &aad, &sealed), (Ok(()), plain.clone()));
            }
        }
    }

    #[test]
    fn a_flipped_bit_fails_and_leaves_zeros(
        key: [u8; 32],
        nonce: [u8; 12],
        aad in vec(any::<u8>(), 1..50),
        plain in vec(any::<u8>(), 1..300),
        flip: prop::sample::Index,
        bit in 0u8..8,
    ) {
        for backend in [aws_lc(), rustcrypto()] {
            for aead in aeads(&backend) {
                let key = aead.key(&key);
                let sealed = sealed_both_ways(&*key, &nonce, &aad, &plain);
                let failed = (Err(OpenFailed), vec![0; plain.len()]);
                let altered = flipped(&sealed, flip, bit);
                prop_assert_eq!(opened_both_ways(&*key, &nonce, &aad, &altered), failed.clone());
                let altered = flipped(&aad, flip, bit);
                prop_assert_eq!(opened_both_ways(&*key, &nonce, &altered, &sealed), failed.clone());
                let altered = flipped(&nonce, flip, bit).try_into().unwrap();
                prop_assert_eq!(opened_both_ways(&*key, &altered, &aad, &sealed), failed);
            }
        }
    }

    #[test]
    fn aes_siv_opens_its_own_and_nothing_altered(
        key in vec(any::<u8>(), 64),
        aad in vec(any::<u8>(), 1..100),
        plain in vec(any::<u8>(), 1..300),
        flip: prop::sample::Index,
        bit in 0u8..8,
    ) {
        let key: [u8; 64] = key.try_into().unwrap();
        let (left, right) = (aws_lc().aes_siv, rustcrypto().aes_siv);
        let mut sealed = plain.clone();
        let siv = left.seal_in_place(&key, &aad, &mut sealed);
        let open = |key: &[u8; 64], aad: &[u8], sealed: &[u8], siv: &[u8; 16]| {
            let mut in_out = sealed.to_vec();
            let outcome = right.open_in_place(key, aad, &mut in_out, siv);
            (outcome, in_out)
        };
        prop_assert_eq!(open(&key, &aad, &sealed, &siv), (Ok(()), plain.clone()));
        let failed = (Err(OpenFailed), vec![0; plain.len()]);
        prop_assert_eq!(open(&flipped(&key, flip, bit).try_into().unwrap(), &aad, &sealed, &siv), failed.clone());
        prop_assert_eq!(open(&key, &flipped(&aad, flip, bit), &sealed, &siv), failed.clone());
        prop_assert_eq!(open(&key, &aad, &flipped(&sealed, flip, bit), &siv), failed.clone());
        prop_assert_eq!(open(&key, &aad, &sealed, &flipped(&siv, flip, bit).try_into().unwrap()), failed);
    }

    #[test]
    fn key_wraps_open_each_other(
        kek: [u8; 32],
        secret in vec(any::<u8>(), 1..600),
        flip: prop::sample::Index,
        bit in 0u8..8,
    ) {
        let (left, right) = (aws_lc().key_wrap, rustcrypto().key_wrap);
        let padded = left.wrap_padded(&kek, &secret).unwrap();
        prop_assert_eq!(&padded, &right.wrap_padded(&kek, &secret).unwrap());
        let whole_blocks = &[0; 16].into_iter().chain(secret[..secret.len() / 8 * 8].to_vec()).collect::<Vec<u8>>();
        let plain = left.wrap(&kek, whole_blocks).unwrap();
        prop_assert_eq!(&plain, &right.wrap(&kek, whole_blocks).unwrap());
        for key_wrap in [left, right] {
            prop_assert_eq!(&*key_wrap.unwrap_padded(&kek, &padded).unwrap(), &secret);
            prop_assert_eq!(&*key_wrap.unwrap(&kek, &plain).unwrap(), whole_blocks);
            prop_assert!(key_wrap.unwrap_padded(&kek, &flipped(&padded, flip, bit)).is_err());
            prop_assert!(key_wrap.unwrap(&kek, &flipped(&plain, flip, bit)).is_err());
            // Each form refuses what the other wrapped.
            prop_assert!(key_wrap.unwrap(&kek, &padded).is_err());
            prop_assert!(key_wrap.unwrap_padded(&kek, &plain).is_err());
        }
    }
}

fn aeads(backend: &CryptoBackend) -> [&'static dyn Aead; 3] {
    [backend.aes_gcm, backend.aes_gcm_siv, backend.chacha20_poly1305]
}

/// Ciphertext and tag; `seal_into` and `seal_in_place` agree on them.
fn sealed_both_ways(key: &dyn AeadKey, nonce: &[u8; 12], aad: &[u8], plain: &[u8]) -> Vec<u8> {
    let mut out = vec![0xee; plain.len() + 16];
    key.seal_into(nonce, aad, plain, &mut out);
    let mut in_out = plain.to_vec();
    let tag = key.seal_in_place(nonce, aad, &mut in_out);
    assert_eq!(out, [&in_out[..], &tag].concat());
    out
}

/// The outcome and the buffer after it; `open_into` and `open_in_place` agree on both.
fn opened_both_ways(
    key: &dyn AeadKey,
    nonce: &[u8; 12],
    aad: &[u8],
    sealed: &[u8],
) -> (Result<(), OpenFailed>, Vec<u8>) {
    let (ciphertext, tag) = sealed.split_last_chunk().unwrap();
    let mut out = vec![0xee; ciphertext.len()];
    let into = key.open_into(nonce, aad, sealed, &mut out);
    let mut in_out = ciphertext.to_vec();
    let in_place = key.open_in_place(nonce, aad, &mut in_out, tag);
    assert_eq!((into, &out), (in_place, &in_out));
    (into, out)
}

fn flipped(bytes: &[u8], at: prop::sample::Index, bit: u8) -> Vec<u8> {
    let mut flipped = bytes.to_vec();
    flipped[at.index(bytes.len())] ^= 1 << bit;
    flipped
}

#[test]
fn expansions_agree_for_every_length_near_the_limits() {
    let (left, right) = (aws_lc().hash, rustcrypto().hash);
    for length in (0..=520).chain(16_250..=16_320) {
        let (mut one, mut two) = (vec![0; length], vec![0; length]);
        left.expand(&[1; 32], &[b"info"], &mut one);
        right.expand(&[1; 32], &[b"info"], &mut two);
        assert_eq!(one, two, "{length}");
    }
}

/// Noise of every length, into everything that takes bytes from outside.
#[test]
fn no_length_of_input_panics_or_opens() {
    let noise: Vec<u8> = (0..4096u32)
        .map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes()[0])
        .collect();
    let zeros = [0; 4096];
    for backend in [aws_lc(), rustcrypto()] {
        let keys = aeads(&backend).map(|aead| aead.key(&[1; 32]));
        for length in 0..=noise.len() {
            let input = &noise[..length];
            assert!(backend.key_wrap.unwrap(&[1; 32], input).is_err());
            assert!(backend.key_wrap.unwrap_padded(&[1; 32], input).is_err());
            let mut out = vec![0xee; length.saturating_sub(16)];
            for key in &keys {
                assert_eq!(key.open_into(&[2; 12], b"", input, &mut out), Err(OpenFailed));
                assert_eq!(out, zeros[..out.len()]);
                let mut in_out = input.to_vec();
                assert_eq!(key.open_in_place(&[2; 12], b"", &mut in_out, &[3; 16]), Err(OpenFailed));
                assert_eq!(in_out, zeros[..length]);
            }
            let mut in_out = input.to_vec();
            assert_eq!(
                backend.aes_siv.open_in_place(&[4; 64], b"", &mut in_out, &[3; 16]),
                Err(OpenFailed)
            );
            assert_eq!(in_out, zeros[..length]);
        }
    }
}

#[test]
fn open_into_a_buffer_of_another_length_fails_and_leaves_zeros() {
    for backend in [aws_lc(), rustcrypto()] {
        for aead in aeads(&backend) {
            let key = aead.key(&[1; 32]);
            let sealed = sealed_both_ways(&*key, &[2; 12], b"", &[5; 40]);
            for length in [0, 1, 39, 41, 56, 100] {
                let mut out = vec![0xee; length];
                assert_eq!(key.open_into(&[2; 12], b"", &sealed, &mut out), Err(OpenFailed));
                assert_eq!(out, vec![0; length]);
            }
        }
    }
}

#[test]
fn lengths_that_key_wrap_does_not_allow_are_refused() {
    for backend in [aws_lc(), rustcrypto()] {
        for length in (0..16).chain([17, 23, 31, 33]) {
            assert_eq!(
                backend.key_wrap.wrap(&[1; 32], &vec![0; length]),
                Err(OpenFailed),
                "{length}"
            );
        }
        assert_eq!(backend.key_wrap.wrap_padded(&[1; 32], &[]), Err(OpenFailed));
        for length in 1..100 {
            let wrapped = backend.key_wrap.wrap_padded(&[1; 32], &vec![0; length]).unwrap();
            assert_eq!(wrapped.len(), length.next_multiple_of(8) + 8);
        }
    }
}

/// Computed with the reference implementation (libargon2, version 0x13).
#[test]
fn argon2id_is_that_of_the_reference_implementation() {
    let cost = |memory_kib, passes, lanes| PasswordCost {
        memory_kib,
        passes,
        lanes,
    };
    let counting: [u8; 16] = std::array::from_fn(|i| u8::try_from(i).unwrap());
    let cases: [(&[u8], [u8; 16], PasswordCost, &str); 4] = [
        (
            b"correct horse battery staple",
            counting,
            cost(64, 1, 1),
            "92dc5d67019623868bde079275e522f4b7e8213d3414ed85cbc2ac8a41117288",
        ),
        (
            b"",
            [0; 16],
            cost(256, 3, 4),
            "52a609e4f065cb625dd5bb187d8bf876f543f0a3f931ff1b139db3cb6f7bd921",
        ),
        (
            "pässwörd".as_bytes(),
            *b"0123456789abcdef",
            cost(65_536, 1, 1),
            "e400c9fb502381676b0e89e2fefef536655666deae3274a47aa69e39fec93def",
        ),
        (
            &[b'x'; 200],
            [0xff; 16],
            cost(1024, 2, 2),
            "af67636e8d687845e9a4417c011a37fc5fb005e4a9ea9b73e318960e0060808e",
        ),
    ];
    for backend in [aws_lc(), rustcrypto()] {
        for (passphrase, salt, cost, expected) in cases {
            let mut out = [0; 32];
            backend.password.derive(passphrase, &salt, cost, &mut out).unwrap();
            let hex: String = out.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hex, expected, "{cost:?}");
        }
    }
}

#[test]
fn argon2id_refuses_what_the_algorithm_does_not_allow() {
    let derive = |memory_kib, passes, lanes| {
        let cost = PasswordCost {
            memory_kib,
            passes,
            lanes,
        };
        aws_lc().password.derive(b"p", &[0; 16], cost, &mut [0; 32])
    };
    assert_eq!(derive(64, 0, 1), Err(OpenFailed), "no pass");
    assert_eq!(derive(64, 1, 0), Err(OpenFailed), "no lane");
    assert_eq!(derive(64, 1, 9), Err(OpenFailed), "less than 8 KiB a lane");
    assert_eq!(derive(64, 1, 8), Ok(()));
}

#[test]
fn the_random_sources_fill_and_do_not_repeat() {
    for backend in [aws_lc(), rustcrypto()] {
        let mut seen = std::collections::HashSet::new();
        for _ in 0..1000 {
            let mut out = [0; 32];
            backend.random.fill(&mut out).unwrap();
            assert!(out[..16] != [0; 16] && out[16..] != [0; 16], "filled to its end");
            assert!(seen.insert(out), "repeated");
        }
        backend.random.fill(&mut []).unwrap();
    }
}

/// The joint that callers and tests use: one part of a backend exchanged for another.
#[test]
fn a_part_of_a_backend_can_be_replaced() {
    struct Failing;
    impl SecureRandom for Failing {
        fn fill(&self, _: &mut [u8]) -> Result<(), RandomFailed> {
            Err(RandomFailed)
        }
    }
    let backend = CryptoBackend {
        random: std::sync::Arc::new(Failing),
        hash: rustcrypto().hash,
        ..aws_lc()
    };
    assert_eq!(backend.random.fill(&mut [0; 8]), Err(RandomFailed));
    assert_eq!(backend.hash.digest(&[b"abc"]), aws_lc().hash.digest(&[b"abc"]));
}

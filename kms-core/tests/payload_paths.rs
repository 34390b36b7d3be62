//! All paths agree on every length, and none opens what was cut, extended, reordered or altered.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "clippy.toml allows unwrap in test functions; their helpers, and small test lengths, are no less test code"
)]
#![cfg(all(feature = "aws-lc", feature = "rustcrypto"))]

mod paths;

use std::sync::Arc;

use kms_core::crypto::{CryptoBackend, aws_lc, rustcrypto};
use kms_core::memory::Secret;
use kms_core::payload::{PREFIX_LEN, PayloadKeys, SEALED_CHUNK};
use kms_core::{CallerFault, Error, FormatFault, Suite};
use proptest::prelude::*;

const CHUNK: usize = 16_384;
const SUITES: [Suite; 3] = [Suite::Aes256Gcm, Suite::Aes256GcmSiv, Suite::ChaCha20Poly1305];

fn keys(backend: &CryptoBackend, suite: Suite) -> Arc<PayloadKeys> {
    let key = Secret::init_with(|place| place.fill(0x42));
    Arc::new(PayloadKeys::new(backend, suite, &key, &[0x24; 24], b"context").unwrap())
}

fn default_keys() -> Arc<PayloadKeys> {
    keys(&CryptoBackend::default(), Suite::Aes256Gcm)
}

/// Bytes of which no two chunks are alike.
fn plaintext(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i % 251) as u8 ^ (i / CHUNK) as u8).collect()
}

fn sealed(keys: &Arc<PayloadKeys>, length: usize) -> Vec<u8> {
    paths::SEAL[0].1(keys, &plaintext(length)).unwrap()
}

fn refused_everywhere(keys: &Arc<PayloadKeys>, payload: &[u8], what: &str) {
    for (path, open) in paths::OPEN {
        assert_eq!(open(keys, payload).err(), Some(Error::DoesNotOpen), "{path}: {what}");
    }
}

fn agree(sealer: &Arc<PayloadKeys>, opener: &Arc<PayloadKeys>, length: usize) {
    let plaintext = plaintext(length);
    let expected = paths::SEAL[0].1(sealer, &plaintext).unwrap();
    for (path, seal) in paths::SEAL {
        assert!(
            seal(opener, &plaintext).unwrap() == expected,
            "{path}: another payload for {length} bytes"
        );
    }
    for (path, open) in paths::OPEN {
        assert!(
            open(opener, &expected).unwrap() == plaintext,
            "{path}: another plaintext for {length} bytes"
        );
    }
}

/// docs/format.md, "Test vectors": PK, imm_hash, message id 20..3f.
#[test]
fn the_published_payloads() {
    const PK: &str = "b3bf4732549042349b720f096de1e34fa43f9740208947c8bd3f83f332c1794b";
    const IMM_HASH: &str = "6ac1a8adcd909a78158f61f08807da694a46241b988c084c2fb8ed78ae3d1f0d";
    const PREFIX: &str = "202122232425262728292a2b2c2d2e2f3031323334353637\
                          48da88eb49139dfa8fe41fec5ea872d52152b4f6ddfc24bf7f5c0d832c06f61a";
    let key = Secret::init_with(|place| place.copy_from_slice(&unhex(PK)));
    let salt: [u8; 24] = std::array::from_fn(|i| 0x20 + i as u8);
    for backend in [aws_lc(), rustcrypto()] {
        let keys = PayloadKeys::new(&backend, Suite::Aes256Gcm, &key, &salt, &unhex(IMM_HASH)).unwrap();
        let keys = Arc::new(keys);
        for (plaintext, chunk) in [
            (&b"hello"[..], "b9353beebe7697c8011e27290ef5407a6a78bfa138"),
            (b"", "f6e1314dda62704f6b5d678b1bb66816"),
        ] {
            let payload = unhex(&[PREFIX, chunk].concat());
            for (path, seal) in paths::SEAL {
                assert_eq!(seal(&keys, plaintext).unwrap(), payload, "{path}");
            }
            for (path, open) in paths::OPEN {
                assert_eq!(open(&keys, &payload).unwrap(), plaintext, "{path}");
            }
        }
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}

#[test]
fn all_paths_agree_around_chunk_boundaries() {
    let (one, other) = (aws_lc(), rustcrypto());
    for suite in SUITES {
        for k in 0..=5 {
            for length in (k * CHUNK).saturating_sub(1)..=k * CHUNK + 1 {
                agree(&keys(&one, suite), &keys(&other, suite), length);
            }
        }
    }
    // Long enough for three threads in memory.
    for length in [200 * CHUNK - 1, 200 * CHUNK, 200 * CHUNK + 1, 192 * CHUNK, 128 * CHUNK] {
        agree(&default_keys(), &default_keys(), length);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn all_paths_agree_on_any_length(length in 0..6 * CHUNK, suite in 0..3_usize) {
        agree(&keys(&aws_lc(), SUITES[suite]), &keys(&rustcrypto(), SUITES[suite]), length);
    }
}

#[test]
fn suites_and_contexts_do_not_open_each_other() {
    let backend = CryptoBackend::default();
    let key = Secret::init_with(|place| place.fill(0x42));
    let payload = sealed(&default_keys(), 100);
    for suite in &SUITES[1..] {
        refused_everywhere(&keys(&backend, *suite), &payload, suite.name());
    }
    let other_context = PayloadKeys::new(&backend, Suite::Aes256Gcm, &key, &[0x24; 24], b"contexT").unwrap();
    refused_everywhere(&Arc::new(other_context), &payload, "another context");
    let record_suite = PayloadKeys::new(&backend, Suite::Aes256Siv, &key, &[0; 24], b"").err();
    assert_eq!(record_suite, Some(Error::Caller(CallerFault::SuiteForKind)));
}

#[test]
fn another_salt_is_named_without_a_key() {
    let backend = CryptoBackend::default();
    let key = Secret::init_with(|place| place.fill(1));
    let other = Arc::new(PayloadKeys::new(&backend, Suite::Aes256Gcm, &key, &[0x25; 24], b"").unwrap());
    let payload = sealed(&default_keys(), 100);
    for (path, open) in paths::OPEN {
        assert_eq!(
            open(&other, &payload).err(),
            Some(Error::Format(FormatFault::OtherPayload)),
            "{path}"
        );
    }
    let mut patched = payload;
    patched[..24].fill(0x25);
    refused_everywhere(&other, &patched, "a salt that was patched to match");
}

#[test]
fn no_cut_opens() {
    let keys = default_keys();
    let mut cuts = 0;
    for length in [0, 5, CHUNK, CHUNK + 3, 2 * CHUNK] {
        let payload = sealed(&keys, length);
        for cut in 0..payload.len() {
            let near_a_boundary = (cut + 100 - PREFIX_LEN % 100) % SEALED_CHUNK < 200 || payload.len() - cut < 40;
            if near_a_boundary || cut < 140 || cut % 1009 == 0 {
                refused_everywhere(&keys, &payload[..cut], &format!("{length} bytes, cut at {cut}"));
                cuts += 1;
            }
        }
    }
    println!("{cuts} cuts through {} paths", paths::OPEN.len());
    assert!(cuts > 900);
}

#[test]
fn nothing_can_be_appended() {
    let keys = default_keys();
    for length in [0, 5, CHUNK - 1, CHUNK, CHUNK + 3] {
        let payload = sealed(&keys, length);
        for tail in [
            &[0][..],
            &[0; 16],
            &[0; 17],
            &[0; SEALED_CHUNK],
            &payload[PREFIX_LEN..],
            &payload,
        ] {
            let longer = [&payload[..], tail].concat();
            refused_everywhere(&keys, &longer, &format!("{length} bytes, {} appended", tail.len()));
        }
    }
}

#[test]
fn chunks_cannot_be_moved_doubled_or_dropped() {
    let keys = default_keys();
    let payload = sealed(&keys, 3 * CHUNK + 7);
    let (prefix, chunks) = payload.split_at(PREFIX_LEN);
    let chunks: Vec<&[u8]> = chunks.chunks(SEALED_CHUNK).collect();
    let orders: [&[usize]; 9] = [
        &[1, 0, 2, 3],
        &[0, 2, 1, 3],
        &[0, 0, 2, 3],
        &[0, 1, 1, 2, 3],
        &[0, 1, 3],
        &[1, 2, 3],
        &[0, 1, 2],
        &[3],
        &[0, 1, 2, 3, 3],
    ];
    for order in orders {
        let moved: Vec<&[u8]> = order.iter().map(|i| chunks[*i]).collect();
        refused_everywhere(&keys, &[prefix, &moved.concat()].concat(), &format!("chunks {order:?}"));
    }
    let whole = [prefix, &chunks.concat()].concat();
    assert_eq!(paths::OPEN[0].1(&keys, &whole).unwrap(), plaintext(3 * CHUNK + 7));
}

#[test]
fn no_altered_byte_opens() {
    let keys = default_keys();
    let payload = sealed(&keys, 37);
    for at in 24..payload.len() {
        for bit in 0..8 {
            let mut altered = payload.clone();
            altered[at] ^= 1 << bit;
            refused_everywhere(&keys, &altered, &format!("bit {bit} of byte {at}"));
        }
    }
    let long = sealed(&keys, 300 * CHUNK + 1);
    for at in [PREFIX_LEN, long.len() / 2, long.len() - 20, long.len() - 1] {
        let mut altered = long.clone();
        altered[at] ^= 1;
        refused_everywhere(&keys, &altered, &format!("byte {at} of a long payload"));
    }
}

#[test]
fn a_failure_zeroes_the_whole_buffer_whatever_was_opened_before() {
    let keys = default_keys();
    let mut payload = sealed(&keys, 300 * CHUNK + 1);
    *payload.last_mut().unwrap() ^= 1;
    for threads in [1, 2, 5] {
        let mut out = vec![0xaa; 300 * CHUNK + 1];
        let opened = keys.open_into_parallel(&payload, &mut out, paths::threads(threads));
        assert_eq!(opened, Err(Error::DoesNotOpen));
        assert!(out.iter().all(|byte| *byte == 0));
    }
}

#[test]
fn buffers_of_another_length_are_refused() {
    let keys = default_keys();
    let wrong = Err(Error::Caller(CallerFault::BufferLength));
    let payload = sealed(&keys, 100);
    for length in [0, 99, 101, 172] {
        let mut out = vec![0xaa; length];
        assert_eq!(keys.open_into(&payload, &mut out), wrong);
        assert!(out.iter().all(|byte| *byte == 0));
    }
    for length in [0, 71, 172, 171, 173 + 16] {
        assert_eq!(keys.seal_into(&[0; 101], &mut vec![0; length]), wrong);
    }
}

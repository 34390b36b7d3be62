//! Shamir sharing: the published vector, an independent implementation, and what must be refused.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "clippy.toml allows unwrap in test functions; their helpers, and small test lengths, are no less test code"
)]

use std::sync::Mutex;

use kms_core::crypto::{CryptoBackend, RandomFailed, SecureRandom};
use kms_core::memory::Secret;
use kms_core::quorum::{combine, split};
use kms_core::{CallerFault, Error};
use proptest::prelude::*;
use vsss_rs::Gf256;

/// Hands out fixed bytes, and fails when they are used up.
struct Fixed(Mutex<Vec<u8>>);

impl Fixed {
    fn new(bytes: impl IntoIterator<Item = u8>) -> Self {
        Self(Mutex::new(bytes.into_iter().collect()))
    }
}

impl SecureRandom for Fixed {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomFailed> {
        let mut bytes = self.0.lock().unwrap();
        if bytes.len() < out.len() {
            return Err(RandomFailed);
        }
        let rest = bytes.split_off(out.len());
        out.copy_from_slice(&bytes);
        *bytes = rest;
        Ok(())
    }
}

fn secret(bytes: &[u8]) -> Secret<32> {
    Secret::init_with(|place| place.copy_from_slice(bytes))
}

fn rejoin(shares: &[Secret<32>], chosen: &[usize]) -> [u8; 32] {
    let chosen: Vec<_> = chosen.iter().map(|i| (*i as u8 + 1, &shares[*i])).collect();
    *combine(&chosen).unwrap().expose()
}

/// docs/format.md, "Test vectors": secret 00..1f, coefficient ff..e0, threshold 2.
#[test]
fn the_published_vector() {
    let dealt = split(&secret(&counting()), 2, 3, &Fixed::new((0xe0..=0xff).rev())).unwrap();
    let hex: Vec<String> = dealt.iter().map(|share| hex(share.expose())).collect();
    assert_eq!(hex[0], "ff".repeat(32));
    assert_eq!(
        hex[1],
        "e5e6e3e0e9eaefecfdfefbf8f1f2f7f4d5d6d3d0d9dadfdccdcecbc8c1c2c7c4"
    );
    assert_eq!(
        hex[2],
        "1a181e1c121016140a080e0c020006043a383e3c323036342a282e2c22202624"
    );
    for pair in [[0, 1], [0, 2], [1, 2], [2, 1]] {
        assert_eq!(rejoin(&dealt, &pair), counting());
    }
}

#[test]
fn zero_coefficients_are_dealt_as_they_come() {
    let dealt = split(&secret(&counting()), 3, 5, &Fixed::new([0; 64])).unwrap();
    assert!(dealt.iter().all(|share| *share.expose() == counting()));
}

#[test]
fn every_threshold_and_every_subset_of_five() {
    let random = CryptoBackend::default().random;
    for threshold in 2..=5_u8 {
        let dealt = split(&secret(&counting()), threshold, 5, &*random).unwrap();
        let (mut enough, mut too_few) = (0, 0);
        for subset in 0..32_u32 {
            let chosen: Vec<usize> = (0..5).filter(|i| subset >> i & 1 == 1).collect();
            if chosen.len() < 2 {
                continue;
            }
            let opened = rejoin(&dealt, &chosen) == counting();
            assert_eq!(
                opened,
                chosen.len() >= usize::from(threshold),
                "{threshold} of 5, {chosen:?}"
            );
            if opened { enough += 1 } else { too_few += 1 }
        }
        println!("threshold {threshold}: {enough} subsets combine, {too_few} are too small");
    }
}

#[test]
fn one_share_short_every_secret_is_equally_possible() {
    // For the two shares of a minority of three, each value of the missing third gives another secret.
    let dealt = split(&secret(&[0x5a; 32]), 3, 3, &Fixed::new(1..=64)).unwrap();
    let mut seen = [false; 256];
    for guess in 0..=255_u8 {
        let third = secret(&[guess; 32]);
        let value = combine(&[(1, &dealt[0]), (2, &dealt[1]), (3, &third)])
            .unwrap()
            .expose()[0];
        seen[usize::from(value)] = true;
    }
    assert!(seen.iter().all(|value| *value));
}

#[test]
fn impossible_quorums_are_refused() {
    let random = CryptoBackend::default().random;
    let key = secret(&[1; 32]);
    for (threshold, members) in [(0, 3), (1, 3), (4, 3), (2, 1), (2, 17), (17, 17), (2, 0)] {
        let refused = split(&key, threshold, members, &*random).err();
        assert_eq!(
            refused,
            Some(Error::Caller(CallerFault::Quorum)),
            "{threshold} of {members}"
        );
    }
    assert_eq!(split(&key, 16, 16, &*random).unwrap().len(), 16);
    assert_eq!(split(&key, 3, 3, &Fixed::new([0; 63])).err(), Some(Error::Random));
}

#[test]
fn impossible_shares_are_refused() {
    let (a, b) = (secret(&[1; 32]), secret(&[2; 32]));
    for shares in [
        &[][..],
        &[(1, &a)],
        &[(0, &a), (1, &b)],
        &[(3, &a), (2, &b), (3, &b)],
        &[(7, &a), (7, &a)],
    ] {
        assert_eq!(combine(shares).err(), Some(Error::Caller(CallerFault::Quorum)));
    }
}

proptest! {
    #[test]
    fn an_independent_implementation_combines_our_shares(bytes: [u8; 32], threshold in 2..=16_u8, extra in 0..=14_u8) {
        let members = (threshold + extra).min(16);
        let random = CryptoBackend::default().random;
        let dealt = split(&secret(&bytes), threshold, members, &*random).unwrap();
        let last: Vec<Vec<u8>> = (usize::from(members - threshold)..usize::from(members))
            .map(|i| [&[i as u8 + 1], &dealt[i].expose()[..]].concat())
            .collect();
        prop_assert_eq!(Gf256::combine_bytes(&last).unwrap(), bytes.to_vec());
    }

    #[test]
    fn we_combine_the_shares_of_an_independent_implementation(bytes: [u8; 32], threshold in 2..=16_usize, extra in 0..=14_usize) {
        let members = (threshold + extra).min(16);
        let dealt = Gf256::split_bytes(threshold, members, bytes, OsRandom).unwrap();
        let shares: Vec<(u8, Secret<32>)> = dealt.iter().map(|share| (share[0], secret(&share[1..]))).collect();
        let chosen: Vec<_> = shares.iter().rev().take(threshold).map(|(x, share)| (*x, share)).collect();
        prop_assert_eq!(*combine(&chosen).unwrap().expose(), bytes);
    }
}

/// The backend's random source for `vsss-rs`.
struct OsRandom;

impl rand_core::TryRng for OsRandom {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        CryptoBackend::default().random.fill(out).unwrap();
        Ok(())
    }
}

impl rand_core::TryCryptoRng for OsRandom {}

fn counting() -> [u8; 32] {
    std::array::from_fn(|i| i as u8)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

//! Salamanders: one ciphertext that opens under two keys, each giving another plaintext. No AEAD of the format
//! commits to its key, so for each suite two 16-byte blocks are enough to make one.

use aes::Aes256;
use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};

use super::gf128::Gf;

/// A key and the nonce it is used with.
#[derive(Clone, Copy)]
pub struct Lock {
    pub key: [u8; 32],
    pub nonce: [u8; 12],
}

/// 32 bytes of ciphertext and a tag that open under both locks in the AEAD of `suite`, with no associated data.
pub fn collide(suite: u16, one: Lock, two: Lock) -> Vec<u8> {
    match suite {
        1 => gcm(one, two),
        2 => (0..).find_map(|attempt| gcm_siv(one, two, attempt)).unwrap(),
        3 => (0..).find_map(|attempt| poly1305(one, two, attempt)).unwrap(),
        _ => panic!("no such AEAD"),
    }
}

/// One free block would do: the tag is an affine function of it under either key.
fn gcm(one: Lock, two: Lock) -> Vec<u8> {
    let first = Gf::of(b"any block at all");
    let lengths = Gf(256);
    let [(h1, e1), (h2, e2)] = [one, two].map(|lock| {
        let aes = Aes256::new(&lock.key.into());
        let mut counter = [0; 16];
        counter[..12].copy_from_slice(&lock.nonce);
        counter[15] = 1;
        (Gf(encrypted(&aes, [0; 16])), Gf(encrypted(&aes, counter)))
    });
    let sum = first * (h1.power(3) + h2.power(3)) + lengths * (h1 + h2) + e1 + e2;
    let second = sum * (h1.square() + h2.square()).inverse();
    let tag = first * h1.power(3) + second * h1.square() + lengths * h1 + e1;
    [first.bytes(), second.bytes(), tag.bytes()].concat()
}

/// The tag is chosen first; it decides both key streams, and what POLYVAL must be under either key.
fn gcm_siv(one: Lock, two: Lock, attempt: u8) -> Option<Vec<u8>> {
    let tag = [attempt; 16];
    let [first, second] = [one, two].map(|lock| SivEquation::of(lock, tag));
    let (first, second) = (first?, second?);
    // c1·h³ + c2·h² = t under both.
    let (h1, h2) = (first.h, second.h);
    let determinant = h1.square() * h2.square() * (h1 + h2);
    let c1 = (first.sum * h2.square() + second.sum * h1.square()) * determinant.inverse();
    let c2 = (first.sum + c1 * h1.power(3)) * h1.square().inverse();
    Some([reversed(c1.bytes()), reversed(c2.bytes()), tag].concat())
}

/// What the ciphertext must satisfy under one key, in GHASH's field (RFC 8452, appendix A).
struct SivEquation {
    h: Gf,
    sum: Gf,
}

impl SivEquation {
    fn of(lock: Lock, tag: [u8; 16]) -> Option<Self> {
        let aes = Aes256::new(&lock.key.into());
        let half = |counter: u8| {
            let mut block = [0; 16];
            block[0] = counter;
            block[4..].copy_from_slice(&lock.nonce);
            encrypted(&aes, block).to_be_bytes()[..8].to_vec()
        };
        let mac_key: [u8; 16] = [half(0), half(1)].concat().try_into().unwrap();
        let cipher_key: [u8; 32] = [half(2), half(3), half(4), half(5)].concat().try_into().unwrap();
        let cipher = Aes256::new(&cipher_key.into());

        let mut block = tag.into();
        cipher.decrypt_block(&mut block);
        let mut polyval: [u8; 16] = block.into();
        if polyval[15] & 0x80 != 0 {
            return None;
        }
        polyval
            .iter_mut()
            .zip(lock.nonce)
            .for_each(|(byte, nonce)| *byte ^= nonce);

        let stream = |counter: u32| {
            let mut block = tag;
            block[15] |= 0x80;
            let start = u32::from_le_bytes(block[..4].try_into().unwrap());
            block[..4].copy_from_slice(&start.wrapping_add(counter).to_le_bytes());
            Gf::of(&reversed(encrypted(&cipher, block).to_be_bytes()))
        };
        let mut lengths = [0; 16];
        lengths[8..].copy_from_slice(&256_u64.to_le_bytes());
        let h = Gf::of(&reversed(mac_key)).times_x();
        let known = stream(0) * h.power(3) + stream(1) * h.square() + Gf::of(&reversed(lengths)) * h;
        Some(Self {
            h,
            sum: Gf::of(&reversed(polyval)) + known,
        })
    }
}

/// Two linear equations modulo 2^130 − 5; a solution serves when both blocks are below 2^128.
fn poly1305(one: Lock, two: Lock, attempt: u32) -> Option<Vec<u8>> {
    let mut tag = [0x5a; 16];
    tag[..4].copy_from_slice(&attempt.to_le_bytes());
    let tag = u128::from_le_bytes(tag);
    let marker = Fp::new(0, 1);
    let lengths = Fp::new(32 << 64, 0).plus(marker);
    let equation = |lock: Lock, high: u8| {
        let (r, s) = one_time_key(lock);
        let r = Fp::new(r, 0);
        let (r2, r3) = (r.times(r), r.times(r).times(r));
        let known = marker.times(r3.plus(r2)).plus(lengths.times(r));
        (r2, r3, Fp::new(tag.wrapping_sub(s), high).minus(known))
    };
    for highs in 0..16 {
        let (a2, a3, a) = equation(one, highs & 3);
        let (b2, b3, b) = equation(two, highs >> 2);
        let inverse = a3.times(b2).minus(b3.times(a2)).inverse();
        let c1 = a.times(b2).minus(b.times(a2)).times(inverse).below_2_128();
        let c2 = a3.times(b).minus(b3.times(a)).times(inverse).below_2_128();
        if let (Some(c1), Some(c2)) = (c1, c2) {
            return Some([c1.to_le_bytes(), c2.to_le_bytes(), tag.to_le_bytes()].concat());
        }
    }
    None
}

/// r and s of RFC 8439 2.6: the first half of ChaCha20's block 0.
fn one_time_key(lock: Lock) -> (u128, u128) {
    let block = chacha20_block(&lock.key, 0, &lock.nonce);
    let r = u128::from_le_bytes(block[..16].try_into().unwrap());
    let s = u128::from_le_bytes(block[16..32].try_into().unwrap());
    (r & 0x0fff_fffc_0fff_fffc_0fff_fffc_0fff_ffff, s)
}

/// RFC 8439 2.3.
fn chacha20_block(key: &[u8; 32], counter: u32, nonce: &[u8; 12]) -> [u8; 64] {
    let word = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap());
    let mut state = [
        0x6170_7865,
        0x3320_646e,
        0x7962_2d32,
        0x6b20_6574,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        counter,
        0,
        0,
        0,
    ];
    (0..8).for_each(|at| state[4 + at] = word(&key[4 * at..4 * at + 4]));
    (0..3).for_each(|at| state[13 + at] = word(&nonce[4 * at..4 * at + 4]));
    let mut mixed = state;
    let mut quarter = |a: usize, b: usize, c: usize, d: usize| {
        for (x, y, z, turn) in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)] {
            mixed[x] = mixed[x].wrapping_add(mixed[y]);
            mixed[z] = (mixed[z] ^ mixed[x]).rotate_left(turn);
        }
    };
    for _ in 0..10 {
        (0..4).for_each(|at| quarter(at, 4 + at, 8 + at, 12 + at));
        (0..4).for_each(|at| quarter(at, 4 + (at + 1) % 4, 8 + (at + 2) % 4, 12 + (at + 3) % 4));
    }
    let mut out = [0; 64];
    for ((bytes, mixed), start) in out.chunks_mut(4).zip(mixed).zip(state) {
        bytes.copy_from_slice(&mixed.wrapping_add(start).to_le_bytes());
    }
    out
}

/// A number modulo 2^130 − 5 in five limbs of 26 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Fp([u64; 5]);

const LIMB: u64 = (1 << 26) - 1;

impl Fp {
    /// low + high·2^128, with high below 4.
    fn new(low: u128, high: u8) -> Self {
        let limb = |at: u32| (low >> (26 * at)) as u64 & LIMB;
        Self([limb(0), limb(1), limb(2), limb(3), limb(4) | u64::from(high) << 24]).carried()
    }

    fn plus(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] + other.0[at])).carried()
    }

    fn minus(self, other: Self) -> Self {
        // Twice the modulus keeps every limb positive.
        let twice = [2 * (LIMB - 4), 2 * LIMB, 2 * LIMB, 2 * LIMB, 2 * LIMB];
        Self(std::array::from_fn(|at| self.0[at] + twice[at] - other.0[at])).carried()
    }

    fn times(self, other: Self) -> Self {
        let mut product = [0; 5];
        for (i, a) in self.0.iter().enumerate() {
            for (j, b) in other.0.iter().enumerate() {
                product[(i + j) % 5] += a * b * if i + j < 5 { 1 } else { 5 };
            }
        }
        Self(product).carried()
    }

    /// x^(p − 2); p − 2 = 2^130 − 7 has every bit but 1 and 2.
    fn inverse(self) -> Self {
        let one = Self::new(1, 0);
        (0..130).rev().fold(one, |power, bit| {
            let square = power.times(power);
            if bit == 1 || bit == 2 {
                square
            } else {
                square.times(self)
            }
        })
    }

    fn below_2_128(self) -> Option<u128> {
        let limbs = self.canonical().0;
        (limbs[4] >> 24 == 0).then(|| (0..5).fold(0, |sum, at| sum | u128::from(limbs[at]) << (26 * at)))
    }

    fn carried(mut self) -> Self {
        for _ in 0..3 {
            let mut carry = 0;
            for limb in &mut self.0 {
                let sum = *limb + carry;
                *limb = sum & LIMB;
                carry = sum >> 26;
            }
            self.0[0] += 5 * carry;
        }
        self
    }

    fn canonical(self) -> Self {
        let limbs = self.carried().0;
        let at_least_p = limbs[1..].iter().all(|limb| *limb == LIMB) && limbs[0] >= LIMB - 4;
        if at_least_p {
            Self([limbs[0] - (LIMB - 4), 0, 0, 0, 0])
        } else {
            Self(limbs)
        }
    }
}

fn encrypted(aes: &Aes256, block: [u8; 16]) -> u128 {
    let mut block = block.into();
    aes.encrypt_block(&mut block);
    u128::from_be_bytes(block.into())
}

fn reversed(mut bytes: [u8; 16]) -> [u8; 16] {
    bytes.reverse();
    bytes
}

use aes::{Aes128, Aes192, Aes256};
use fpe::ff1::{FF1, FlexibleNumeralString};
use kms_core::fpe::{Direction, EachTweak, Ff1};
use proptest::test_runner::{RngAlgorithm, TestRng};
use rand_core::Rng;

/// Radixes with halves of every kind: powers of two, below 32 bits, below 64 bits, above.
const RADIXES: [u32; 14] = [2, 3, 8, 10, 16, 26, 36, 45, 62, 64, 95, 256, 65_535, 65_536];

/// Batch, single and the `fpe` crate agree. `KEYSTRAND_FPE_CASES` says on how many values (`make fpe-oracle`).
#[test]
fn batch_and_single_are_the_fpe_crate() {
    let cases = std::env::var("KEYSTRAND_FPE_CASES").map_or(20_000, |cases| cases.parse().unwrap());
    let mut random = Random(TestRng::from_seed(RngAlgorithm::ChaCha, &[17; 32]));
    let mut judged = 0;
    while judged < cases {
        let radix = RADIXES[random.below(RADIXES.len())];
        let least = (2..).find(|length| f64::from(radix).powi(*length) >= 1e6).unwrap();
        let length = usize::try_from(least).unwrap() + random.below(40);
        judged += judge_batch(&mut random, radix, length);
    }
    println!("FF1 against the fpe crate: {judged} values, single and batch, both ways");
}

fn judge_batch(random: &mut Random, radix: u32, length: usize) -> usize {
    let key_len = [16, 24, 32][random.below(3)];
    let key = random.bytes(key_len);
    let count = 1 + random.below(600);
    let tweaks: Vec<Vec<u8>> = (0..count).map(|_| random.bytes_below(40)).collect();
    let tweaks: Vec<&[u8]> = tweaks.iter().map(Vec::as_slice).collect();
    let below = |random: &mut Random| u16::try_from(random.below(usize::try_from(radix).unwrap())).unwrap();
    let plain: Vec<u16> = (0..count * length).map(|_| below(random)).collect();
    let ff1 = Ff1::new(&key, radix).unwrap();

    let mut batch = plain.clone();
    ff1.batch(Direction::Encrypt, EachTweak::Own(&tweaks), length, &mut batch)
        .unwrap();
    let peer = Peer::new(&key, radix);
    let rows = plain.chunks(length).zip(batch.chunks(length)).zip(&tweaks);
    for ((plain, token), tweak) in rows {
        assert_eq!(peer.encrypt(tweak, plain), token, "radix {radix}, length {length}");
        let mut single = plain.to_vec();
        ff1.encrypt(tweak, &mut single).unwrap();
        assert_eq!(single, token, "radix {radix}, length {length}");
        ff1.decrypt(tweak, &mut single).unwrap();
        assert_eq!(single, plain, "radix {radix}, length {length}");
    }
    ff1.batch(Direction::Decrypt, EachTweak::Own(&tweaks), length, &mut batch)
        .unwrap();
    assert_eq!(batch, plain, "radix {radix}, length {length}");

    let mut same = plain.clone();
    ff1.batch(Direction::Encrypt, EachTweak::Same(tweaks[0]), length, &mut same)
        .unwrap();
    assert_eq!(peer.encrypt(tweaks[0], &plain[..length]), same[..length]);
    ff1.batch(Direction::Decrypt, EachTweak::Same(tweaks[0]), length, &mut same)
        .unwrap();
    assert_eq!(same, plain);
    count
}

enum Peer {
    Aes128(FF1<Aes128>),
    Aes192(FF1<Aes192>),
    Aes256(FF1<Aes256>),
}

impl Peer {
    fn new(key: &[u8], radix: u32) -> Self {
        match key.len() {
            16 => Self::Aes128(FF1::new(key, radix).unwrap()),
            24 => Self::Aes192(FF1::new(key, radix).unwrap()),
            _ => Self::Aes256(FF1::new(key, radix).unwrap()),
        }
    }

    fn encrypt(&self, tweak: &[u8], plain: &[u16]) -> Vec<u16> {
        let value = FlexibleNumeralString::from(plain.to_vec());
        match self {
            Self::Aes128(peer) => peer.encrypt(tweak, &value),
            Self::Aes192(peer) => peer.encrypt(tweak, &value),
            Self::Aes256(peer) => peer.encrypt(tweak, &value),
        }
        .unwrap()
        .into()
    }
}

struct Random(TestRng);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.0.next_u64() % u64::try_from(end).unwrap()).unwrap()
    }

    fn bytes_below(&mut self, end: usize) -> Vec<u8> {
        let len = self.below(end);
        self.bytes(len)
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}

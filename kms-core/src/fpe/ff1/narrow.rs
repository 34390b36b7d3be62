//! Both halves in 64 bits: as many values in flight as the processor encrypts blocks at once.

use aes::Block;
use aes::cipher::consts::U16;
use aes::cipher::inout::InOut;
use aes::cipher::typenum::Unsigned;
use aes::cipher::{BlockCipherEncBackend, BlockCipherEncClosure, BlockSizeUser, ParBlocks, ParBlocksSizeUser};

use super::aes::Aes;
use super::modulus::{Large, Modulus, PowerOfTwo, Small};
use super::shape::{Shape, power};
use super::{Direction, ROUNDS};

/// Halves of values of one shape, and how to take them through the rounds.
pub(crate) struct Narrow {
    number_bits: u32,
    moduli: Moduli,
}

/// `radix^u` and `radix^v`.
enum Moduli {
    PowersOfTwo([PowerOfTwo; 2]),
    Small([Small; 2]),
    Large([Large; 2]),
}

/// Values in flight: halves side by side, and the prefix of each.
pub(crate) struct Lanes<'a> {
    pub(crate) first: &'a mut [u64],
    pub(crate) second: &'a mut [u64],
    pub(crate) prefixes: &'a [u128],
}

impl Narrow {
    /// `None` where a half does not fit.
    pub(crate) fn new(shape: &Shape) -> Option<Self> {
        if !shape.is_narrow() {
            return None;
        }
        let lengths = [shape.first, shape.second];
        let modulus = |length| power(shape.radix, length).and_then(|power| u64::try_from(power).ok());
        let moduli = if shape.radix.is_power_of_two() {
            let bits = |length: usize| shape.radix.trailing_zeros() * u32::try_from(length).unwrap_or(64);
            Moduli::PowersOfTwo(lengths.map(|length| PowerOfTwo::new(bits(length), shape.bits)))
        } else if shape.bits <= 32 {
            Moduli::Small([Small::new(modulus(lengths[0])?), Small::new(modulus(lengths[1])?)])
        } else {
            Moduli::Large([Large::new(modulus(lengths[0])?), Large::new(modulus(lengths[1])?)])
        };
        Some(Self {
            number_bits: 8 * shape.bits.div_ceil(8),
            moduli,
        })
    }

    /// Takes all lanes through the rounds.
    pub(crate) fn run(&self, cipher: &Aes, direction: Direction, lanes: Lanes<'_>) {
        let number_bits = self.number_bits;
        match &self.moduli {
            Moduli::PowersOfTwo(moduli) => cipher.run(Rounds {
                moduli,
                number_bits,
                direction,
                lanes,
            }),
            Moduli::Small(moduli) => cipher.run(Rounds {
                moduli,
                number_bits,
                direction,
                lanes,
            }),
            Moduli::Large(moduli) => cipher.run(Rounds {
                moduli,
                number_bits,
                direction,
                lanes,
            }),
        }
    }
}

/// All rounds of all lanes, compiled once for each kind of processor.
struct Rounds<'a, M> {
    moduli: &'a [M; 2],
    number_bits: u32,
    direction: Direction,
    lanes: Lanes<'a>,
}

impl<M> BlockSizeUser for Rounds<'_, M> {
    type BlockSize = U16;
}

impl<M: Modulus> BlockCipherEncClosure for Rounds<'_, M> {
    #[inline(always)]
    fn call<B: BlockCipherEncBackend<BlockSize = U16>>(self, backend: &B) {
        let width = <B as ParBlocksSizeUser>::ParBlocksSize::USIZE;
        let Lanes {
            first,
            second,
            prefixes,
        } = self.lanes;
        let chunks = first
            .chunks_mut(width)
            .zip(second.chunks_mut(width))
            .zip(prefixes.chunks(width));
        for ((first, second), prefixes) in chunks {
            let group = Group {
                moduli: self.moduli,
                number_bits: self.number_bits,
                first,
                second,
                prefixes,
            };
            // A few blocks one by one cost less than many at once, most of them for nothing.
            if 4 * prefixes.len() < width {
                group.one_by_one(backend, self.direction);
            } else {
                group.at_once(backend, self.direction);
            }
        }
    }
}

/// As many lanes as blocks are encrypted at once, or fewer.
struct Group<'a, M> {
    moduli: &'a [M; 2],
    number_bits: u32,
    first: &'a mut [u64],
    second: &'a mut [u64],
    prefixes: &'a [u128],
}

impl<M: Modulus> Group<'_, M> {
    #[inline(always)]
    fn at_once<B: BlockCipherEncBackend<BlockSize = U16>>(self, backend: &B, direction: Direction) {
        let (mut before, mut after) = (ParBlocks::<B>::default(), ParBlocks::<B>::default());
        let (mut a, mut b) = (self.first, self.second);
        for step in 0..ROUNDS {
            let (round, modulus) = round(self.moduli, direction, step);
            let number = u128::from(round) << self.number_bits;
            // Encryption adds to A under B (algorithm 7, step 6); decryption takes from B under A (algorithm 8).
            let (target, source) = match direction {
                Direction::Encrypt => (&mut *a, &mut *b),
                Direction::Decrypt => (&mut *b, &mut *a),
            };
            for ((block, prefix), half) in before.iter_mut().zip(self.prefixes).zip(source.iter()) {
                *block = Block::from((prefix ^ number ^ u128::from(*half)).to_be_bytes());
            }
            backend.encrypt_par_blocks(InOut::from((&before, &mut after)));
            for (half, block) in target.iter_mut().zip(after.iter()) {
                *half = step_of(modulus, direction, *half, u128::from_be_bytes((*block).into()));
            }
            std::mem::swap(&mut a, &mut b);
        }
    }

    #[inline(always)]
    fn one_by_one<B: BlockCipherEncBackend<BlockSize = U16>>(self, backend: &B, direction: Direction) {
        for ((first, second), prefix) in self.first.iter_mut().zip(self.second).zip(self.prefixes) {
            let (mut a, mut b) = (*first, *second);
            for step in 0..ROUNDS {
                let (round, modulus) = round(self.moduli, direction, step);
                let number = u128::from(round) << self.number_bits;
                let (target, source) = match direction {
                    Direction::Encrypt => (a, b),
                    Direction::Decrypt => (b, a),
                };
                let before = Block::from((prefix ^ number ^ u128::from(source)).to_be_bytes());
                let mut after = Block::default();
                backend.encrypt_block(InOut::from((&before, &mut after)));
                let result = step_of(modulus, direction, target, u128::from_be_bytes(after.into()));
                (a, b) = match direction {
                    Direction::Encrypt => (source, result),
                    Direction::Decrypt => (result, source),
                };
            }
            (*first, *second) = (a, b);
        }
    }
}

/// The number of the round, and what its output is reduced by: `radix^u` in even rounds, `radix^v` in odd ones.
#[inline(always)]
fn round<M: Modulus>(moduli: &[M; 2], direction: Direction, step: u8) -> (u8, M) {
    let round = match direction {
        Direction::Encrypt => step,
        Direction::Decrypt => ROUNDS - 1 - step,
    };
    (round, moduli[usize::from(round % 2)])
}

#[inline(always)]
fn step_of<M: Modulus>(modulus: M, direction: Direction, half: u64, block: u128) -> u64 {
    match direction {
        Direction::Encrypt => modulus.add(half, block),
        Direction::Decrypt => modulus.subtract(half, block),
    }
}

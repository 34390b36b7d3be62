//! Halves over 64 bits: integers of any size, in buffers that a batch reuses.
//!
//! A half is kept in digits of base `radix^k`, the largest power below `2^63`. What a round adds is brought into the
//! same base by short divisions, of which only the lowest digits are kept: that is the remainder by `radix^m`, so that
//! no long division is needed. A library of big integers would divide, and would allocate for every value.

use aes::Block;

use super::aes::Aes;
use super::modulus::Divisor;
use super::shape::Shape;
use super::{Direction, Ff1Error, ROUNDS};

/// Buffers for values of one shape.
pub(crate) struct Wide {
    shape: Shape,
    base: Divisor,
    /// Numerals in a digit.
    numerals: usize,
    halves: [Half; 2],
    limbs: Vec<u64>,
    /// The blocks of `Q` that change, then the output of the round.
    bytes: Vec<u8>,
    blocks: Vec<Block>,
}

/// Digits, lowest first.
struct Half {
    digits: Vec<u64>,
    /// Of the highest digit, which may have fewer numerals.
    top: Divisor,
}

impl Wide {
    pub(crate) fn new(shape: Shape) -> Self {
        let radix = u64::from(shape.radix);
        let numerals = (1..)
            .take_while(|&k| radix.checked_pow(k).is_some_and(|p| p < 1 << 63))
            .count();
        let power = |numerals: usize| (0..numerals).fold(1, |power, _| power * radix);
        let half = |length: usize| Half {
            digits: vec![0; length.div_ceil(numerals)],
            top: Divisor::new(power(length - (length.div_ceil(numerals) - 1) * numerals)),
        };
        Self {
            shape,
            base: Divisor::new(power(numerals)),
            numerals,
            halves: [half(shape.first), half(shape.second)],
            limbs: Vec::new(),
            bytes: Vec::new(),
            blocks: Vec::new(),
        }
    }

    /// Takes one value through the rounds, in place.
    pub(crate) fn run(
        &mut self,
        cipher: &Aes,
        direction: Direction,
        prefix: u128,
        value: &mut [u16],
    ) -> Result<(), Ff1Error> {
        let (first, second) = value.split_at_mut(self.shape.first);
        self.read(0, first);
        self.read(1, second);
        for step in 0..ROUNDS {
            let round = match direction {
                Direction::Encrypt => step,
                Direction::Decrypt => ROUNDS - 1 - step,
            };
            // Even rounds change the half of u numerals, odd ones that of v: nothing has to be moved.
            let target = usize::from(round % 2);
            self.output(cipher, prefix, round, 1 - target);
            self.change(direction, target);
        }
        self.write(0, first)?;
        self.write(1, second)
    }

    fn read(&mut self, half: usize, numerals: &[u16]) {
        let radix = u64::from(self.shape.radix);
        let digits = numerals.rchunks(self.numerals);
        for (digit, numerals) in self.halves[half].digits.iter_mut().zip(digits) {
            *digit = numerals
                .iter()
                .fold(0, |digit, numeral| digit * radix + u64::from(*numeral));
        }
    }

    fn write(&self, half: usize, numerals: &mut [u16]) -> Result<(), Ff1Error> {
        let radix = u64::from(self.shape.radix);
        for (digit, numerals) in self.halves[half].digits.iter().zip(numerals.rchunks_mut(self.numerals)) {
            let mut digit = *digit;
            for numeral in numerals.iter_mut().rev() {
                *numeral = u16::try_from(digit % radix).map_err(|_| Ff1Error::Numeral)?;
                digit /= radix;
            }
        }
        Ok(())
    }

    /// The output of a round over half `source`, as limbs, lowest first (steps 6.i to 6.iv).
    fn output(&mut self, cipher: &Aes, prefix: u128, round: u8, source: usize) {
        self.number(source);
        let Shape {
            number_len, round_len, ..
        } = self.shape;
        let total = (number_len + 1).next_multiple_of(16);
        self.bytes.clear();
        self.bytes.resize(total, 0);
        self.bytes[total - number_len - 1] = round;
        let places = self.bytes[total - number_len..].iter_mut().rev();
        let number = self.limbs.iter().flat_map(|limb| limb.to_le_bytes());
        places.zip(number).for_each(|(place, byte)| *place = byte);
        let mut state = prefix;
        for block in self.bytes.as_chunks::<16>().0 {
            state = cipher.encrypt(state ^ u128::from_be_bytes(*block));
        }
        self.stretch(cipher, state, round_len);
    }

    /// `d` bytes from the last state (step 6.iii), as limbs.
    fn stretch(&mut self, cipher: &Aes, state: u128, round_len: usize) {
        self.blocks.clear();
        self.blocks
            .extend((1..(round_len.div_ceil(16) as u128)).map(|j| Block::from((state ^ j).to_be_bytes())));
        cipher.encrypt_blocks(&mut self.blocks);
        self.bytes.clear();
        self.bytes.extend_from_slice(&state.to_be_bytes());
        self.bytes.extend(self.blocks.iter().flatten());
        self.bytes.truncate(round_len);
        let limbs = self
            .bytes
            .rchunks(8)
            .map(|bytes| bytes.iter().fold(0, |limb, byte| limb << 8 | u64::from(*byte)));
        self.limbs.clear();
        self.limbs.extend(limbs);
    }

    /// The number of a half, as limbs.
    fn number(&mut self, half: usize) {
        self.limbs.clear();
        for digit in self.halves[half].digits.iter().rev() {
            multiply_add(&mut self.limbs, self.base.divisor, *digit);
        }
    }

    /// Adds the limbs to a half, or takes them from it, modulo `radix^m` (steps 6.v and 6.vi).
    fn change(&mut self, direction: Direction, half: usize) {
        let half = &mut self.halves[half];
        let last = half.digits.len() - 1;
        let mut carry = 0;
        for (index, digit) in half.digits.iter_mut().enumerate() {
            let base = if index == last { half.top } else { self.base };
            let other = divide(&mut self.limbs, base);
            let changed = match direction {
                Direction::Encrypt => *digit + other + carry,
                // Lent by the next digit, and taken back below.
                Direction::Decrypt => *digit + base.divisor - other - carry,
            };
            let over = changed >= base.divisor;
            *digit = if over { changed - base.divisor } else { changed };
            carry = u64::from(over == (direction == Direction::Encrypt));
        }
    }
}

/// Bits of `radix^length`, which is no power of two.
pub(super) fn bits_of_power(radix: u32, length: usize) -> u32 {
    let mut limbs = vec![1];
    (0..length).for_each(|_| multiply_add(&mut limbs, u64::from(radix), 0));
    let top = limbs.last().map_or(0, |limb| 64 - limb.leading_zeros());
    64 * (u32::try_from(limbs.len()).unwrap_or(u32::MAX / 64) - 1) + top
}

/// `limbs * factor + summand`, where the factor is below `2^63`.
fn multiply_add(limbs: &mut Vec<u64>, factor: u64, summand: u64) {
    let mut carry = summand;
    for limb in limbs.iter_mut() {
        let product = u128::from(*limb) * u128::from(factor) + u128::from(carry);
        *limb = super::modulus::low(product);
        carry = super::modulus::high(product);
    }
    if carry > 0 {
        limbs.push(carry);
    }
}

/// Divides in place and returns the remainder.
fn divide(limbs: &mut Vec<u64>, divisor: Divisor) -> u64 {
    let mut remainder = 0;
    for limb in limbs.iter_mut().rev() {
        (*limb, remainder) = divisor.divide(remainder, *limb);
    }
    while limbs.last() == Some(&0) {
        limbs.pop();
    }
    remainder
}

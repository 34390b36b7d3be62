//! Numbers below any size: FF1 over bits, again and again until the result is below the size (cycle walking). The bits
//! are as few as can be, so it takes fewer than two goes in the mean; each is a permutation, so the walk is one too.

use super::aes::Aes;
use super::narrow::{Lanes, Narrow};
use super::shape::Shape;
use super::{CHUNK, DOMAIN_FLOOR, Direction, Ff1Error};

/// Numbers below a size.
pub(in crate::fpe) struct Walk {
    size: u128,
    shape: Shape,
    narrow: Narrow,
}

impl Walk {
    pub(in crate::fpe) fn new(size: u128) -> Result<Self, Ff1Error> {
        if size < u128::from(DOMAIN_FLOOR) {
            return Err(Ff1Error::Domain);
        }
        let bits = usize::try_from(128 - (size - 1).leading_zeros()).map_err(|_| Ff1Error::Length)?;
        let shape = Shape::new(2, bits, DOMAIN_FLOOR)?;
        let narrow = Narrow::new(&shape).ok_or(Ff1Error::Length)?;
        Ok(Self { size, shape, narrow })
    }

    pub(in crate::fpe) fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Takes up to [`CHUNK`] numbers below the size, each with its prefix.
    pub(in crate::fpe) fn run(&self, cipher: &Aes, direction: Direction, prefixes: &[u128], numbers: &mut [u128]) {
        let (mut first, mut second) = ([0; CHUNK], [0; CHUNK]);
        let mut pending = [0; CHUNK];
        let mut pending_prefixes = [0; CHUNK];
        let mut count = numbers.len().min(CHUNK);
        (0..count).for_each(|index| pending[index] = index);
        while count > 0 {
            for lane in 0..count {
                let index = pending[lane];
                (first[lane], second[lane]) = self.split(numbers[index]);
                pending_prefixes[lane] = prefixes[index];
            }
            let lanes = Lanes {
                first: &mut first[..count],
                second: &mut second[..count],
                prefixes: &pending_prefixes[..count],
            };
            self.narrow.run(cipher, direction, lanes);
            let mut left = 0;
            for lane in 0..count {
                let index = pending[lane];
                numbers[index] = u128::from(first[lane]) << self.shape.second | u128::from(second[lane]);
                if numbers[index] >= self.size {
                    pending[left] = index;
                    left += 1;
                }
            }
            count = left;
        }
    }

    #[allow(clippy::cast_possible_truncation, reason = "each half has at most 64 bits")]
    fn split(&self, number: u128) -> (u64, u64) {
        let low = number & ((1 << self.shape.second) - 1);
        ((number >> self.shape.second) as u64, low as u64)
    }
}

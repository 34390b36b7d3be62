//! Remainders by one 64-bit number that stays the same for a whole batch: its reciprocal is computed once.

/// A way to reduce the output of a round by `radix^m`.
pub(super) trait Modulus: Copy {
    /// `(half + y) mod radix^m`, where `y` is the first 8 or 12 bytes of `block`.
    fn add(self, half: u64, block: u128) -> u64;
    /// `(half - y) mod radix^m`.
    fn subtract(self, half: u64, block: u128) -> u64;
}

/// `radix^m` is a power of two, up to `2^64`.
#[derive(Clone, Copy)]
pub(super) struct PowerOfTwo {
    mask: u64,
    /// Where `y` ends in the block: it has 8 or 12 bytes.
    shift: u32,
}

impl PowerOfTwo {
    /// `2^bits`, where both halves have at most `most` bits.
    pub(super) fn new(bits: u32, most: u32) -> Self {
        let mask = u64::MAX.checked_shr(64 - bits).unwrap_or_default();
        Self {
            mask,
            shift: if most <= 32 { 64 } else { 32 },
        }
    }

    #[allow(clippy::cast_possible_truncation, reason = "the low bits are what is asked for")]
    fn low(self, block: u128) -> u64 {
        (block >> self.shift) as u64
    }
}

impl Modulus for PowerOfTwo {
    #[inline(always)]
    fn add(self, half: u64, block: u128) -> u64 {
        half.wrapping_add(self.low(block)) & self.mask
    }

    #[inline(always)]
    fn subtract(self, half: u64, block: u128) -> u64 {
        half.wrapping_sub(self.low(block)) & self.mask
    }
}

/// `radix^m` below `2^32`; `y` is 8 bytes.
#[derive(Clone, Copy)]
pub(super) struct Small {
    modulus: u64,
    /// `floor((2^64 - 1) / modulus)`.
    reciprocal: u64,
}

impl Small {
    pub(super) fn new(modulus: u64) -> Self {
        Self {
            modulus,
            reciprocal: u64::MAX / modulus,
        }
    }

    /// `y` less a multiple of the modulus: below twice the modulus, for the quotient is at most one too small.
    #[inline(always)]
    fn nearly(self, block: u128) -> u64 {
        let y = high(block);
        let quotient = high(u128::from(y) * u128::from(self.reciprocal));
        y.wrapping_sub(quotient.wrapping_mul(self.modulus))
    }

    /// The remainder of what is below three times the modulus.
    #[inline(always)]
    fn last_steps(self, sum: u64) -> u64 {
        let once = sum.min(sum.wrapping_sub(self.modulus));
        once.min(once.wrapping_sub(self.modulus))
    }
}

impl Modulus for Small {
    #[inline(always)]
    fn add(self, half: u64, block: u128) -> u64 {
        self.last_steps(half + self.nearly(block))
    }

    #[inline(always)]
    fn subtract(self, half: u64, block: u128) -> u64 {
        self.last_steps(half + 2 * self.modulus - self.nearly(block))
    }
}

/// `radix^m` below `2^64`; `y` is 12 bytes.
#[derive(Clone, Copy)]
pub(super) struct Large(Divisor);

impl Large {
    pub(super) fn new(modulus: u64) -> Self {
        Self(Divisor::new(modulus))
    }

    #[inline(always)]
    fn remainder(self, block: u128) -> u64 {
        let y = block >> 32;
        // Only where the other half is the longer one can this modulus be below 2^32.
        let top = match high(y) {
            top if top < self.0.divisor => top,
            top => top % self.0.divisor,
        };
        self.0.divide(top, low(y)).1
    }
}

impl Modulus for Large {
    #[inline(always)]
    fn add(self, half: u64, block: u128) -> u64 {
        let (sum, over) = half.overflowing_add(self.remainder(block));
        let less = sum.wrapping_sub(self.0.divisor);
        if over || sum >= self.0.divisor { less } else { sum }
    }

    #[inline(always)]
    fn subtract(self, half: u64, block: u128) -> u64 {
        let (difference, under) = half.overflowing_sub(self.remainder(block));
        if under {
            difference.wrapping_add(self.0.divisor)
        } else {
            difference
        }
    }
}

/// A radix, by which numbers are taken apart.
#[derive(Clone, Copy)]
pub(super) struct Radix {
    radix: u64,
    /// `ceil(2^64 / radix)`.
    reciprocal: u64,
}

impl Radix {
    pub(super) fn new(radix: u32) -> Self {
        let radix = u64::from(radix);
        Self {
            radix,
            reciprocal: u64::MAX / radix + 1,
        }
    }

    /// `NUM_radix` (SP 800-38G, algorithm 1).
    #[inline]
    pub(super) fn number(self, numerals: &[u16]) -> u64 {
        numerals
            .iter()
            .fold(0, |number, numeral| number * self.radix + u64::from(*numeral))
    }

    /// `STR_radix^m` (algorithm 3).
    #[allow(clippy::cast_possible_truncation, reason = "a remainder by at most 65536")]
    #[inline]
    pub(super) fn numerals(self, mut number: u64, numerals: &mut [u16]) {
        for numeral in numerals.iter_mut().rev() {
            // The reciprocal is too large by less than radix / 2^64, and the radix is at most 2^16: below 2^48 that
            // never reaches the next quotient.
            let quotient = match number >> 48 {
                0 => high(u128::from(number) * u128::from(self.reciprocal)),
                _ => number / self.radix,
            };
            *numeral = (number - quotient * self.radix) as u16;
            number = quotient;
        }
    }
}

/// A divisor with its reciprocal: Möller and Granlund, "Improved division by invariant integers" (2011), algorithm 4.
#[derive(Clone, Copy)]
pub(super) struct Divisor {
    pub(super) divisor: u64,
    /// The divisor with its highest bit set, and by how much it was shifted for that.
    normalised: u64,
    shift: u32,
    /// `floor((2^128 - 1) / normalised) - 2^64`.
    reciprocal: u64,
}

impl Divisor {
    pub(super) fn new(divisor: u64) -> Self {
        let shift = divisor.leading_zeros();
        let normalised = divisor << shift;
        Self {
            divisor,
            normalised,
            shift,
            reciprocal: low(u128::MAX / u128::from(normalised)),
        }
    }

    /// Quotient and remainder of `high * 2^64 + low`, where `high` is below the divisor.
    #[inline(always)]
    pub(super) fn divide(self, high_limb: u64, low_limb: u64) -> (u64, u64) {
        let shifted = (u128::from(high_limb) << 64 | u128::from(low_limb)) << self.shift;
        let (top, bottom) = (high(shifted), low(shifted));
        let estimate = u128::from(self.reciprocal) * u128::from(top) + shifted;
        let mut quotient = high(estimate).wrapping_add(1);
        let mut remainder = bottom.wrapping_sub(quotient.wrapping_mul(self.normalised));
        if remainder > low(estimate) {
            quotient = quotient.wrapping_sub(1);
            remainder = remainder.wrapping_add(self.normalised);
        }
        if remainder >= self.normalised {
            quotient = quotient.wrapping_add(1);
            remainder -= self.normalised;
        }
        (quotient, remainder >> self.shift)
    }
}

#[allow(clippy::cast_possible_truncation, reason = "the upper half of 128 bits has 64")]
#[inline(always)]
pub(super) fn high(wide: u128) -> u64 {
    (wide >> 64) as u64
}

#[allow(clippy::cast_possible_truncation, reason = "the low half is what is asked for")]
#[inline(always)]
pub(super) fn low(wide: u128) -> u64 {
    wide as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn division_is_exact(divisor in 1u64.., high_limb: u64, low_limb: u64) {
            let high_limb = high_limb % divisor;
            let dividend = u128::from(high_limb) << 64 | u128::from(low_limb);
            let (quotient, remainder) = Divisor::new(divisor).divide(high_limb, low_limb);
            prop_assert_eq!(u128::from(quotient) * u128::from(divisor) + u128::from(remainder), dividend);
            prop_assert!(remainder < divisor);
        }

        #[test]
        fn small_moduli_are_exact(modulus in 1u64..1 << 32, half: u64, block: u128) {
            let half = half % modulus;
            let y = high(block) % modulus;
            prop_assert_eq!(Small::new(modulus).add(half, block), (half + y) % modulus);
            prop_assert_eq!(Small::new(modulus).subtract(half, block), (half + modulus - y) % modulus);
        }

        #[test]
        fn large_moduli_are_exact(modulus in 1u64.., half: u64, block: u128) {
            let half = half % modulus;
            let (m, y) = (u128::from(modulus), (block >> 32) % u128::from(modulus));
            prop_assert_eq!(u128::from(Large::new(modulus).add(half, block)), (u128::from(half) + y) % m);
            prop_assert_eq!(u128::from(Large::new(modulus).subtract(half, block)), (u128::from(half) + m - y) % m);
        }
    }

    proptest! {
        #[test]
        fn numbers_are_taken_apart_and_put_together(radix in 2u32..=65_536, number: u64) {
            let mut numerals = [0; 64];
            Radix::new(radix).numerals(number, &mut numerals);
            prop_assert!(numerals.iter().all(|numeral| u32::from(*numeral) < radix));
            prop_assert_eq!(Radix::new(radix).number(&numerals), number);
            let least = (number >> 17) - (number >> 17) % u64::from(radix);
            for border in [least, least.saturating_sub(1)] {
                Radix::new(radix).numerals(border, &mut numerals);
                prop_assert_eq!(Radix::new(radix).number(&numerals), border);
            }
        }
    }

    /// The borders that random numbers do not find.
    #[test]
    fn the_borders_are_exact() {
        let edges = [
            1,
            2,
            3,
            10,
            (1 << 32) - 1,
            1 << 32,
            (1 << 63) - 1,
            1 << 63,
            u64::MAX - 1,
            u64::MAX,
        ];
        for divisor in edges {
            for (top, bottom) in edges.iter().flat_map(|top| edges.map(|bottom| (top % divisor, bottom))) {
                let dividend = u128::from(top) << 64 | u128::from(bottom);
                let (quotient, remainder) = Divisor::new(divisor).divide(top, bottom);
                let by = u128::from(divisor);
                assert_eq!(
                    (u128::from(quotient), u128::from(remainder)),
                    (dividend / by, dividend % by)
                );
            }
        }
    }
}

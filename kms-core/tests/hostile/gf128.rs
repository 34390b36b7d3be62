//! GF(2^128) as GHASH has it (SP 800-38D 6.3), and polynomials over it with their roots: what an attacker of GCM
//! brings along.

use std::ops::{Add, Mul};

/// A field element; the most significant bit is the coefficient of x^0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Gf(pub u128);

impl Gf {
    pub const ZERO: Self = Self(0);
    pub const ONE: Self = Self(1 << 127);

    pub fn of(block: &[u8]) -> Self {
        let mut padded = [0; 16];
        padded[..block.len()].copy_from_slice(block);
        Self(u128::from_be_bytes(padded))
    }

    pub fn bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// The product with x.
    pub fn times_x(self) -> Self {
        Self(self.0 >> 1 ^ (self.0 & 1).wrapping_neg() & REDUCTION)
    }

    pub fn square(self) -> Self {
        self * self
    }

    pub fn power(self, exponent: u32) -> Self {
        (0..exponent).fold(Self::ONE, |power, _| power * self)
    }

    /// x^(2^128 - 2); zero has no inverse and gives zero.
    pub fn inverse(self) -> Self {
        let mut power = self;
        let mut inverse = Self::ONE;
        for _ in 1..128 {
            power = power.square();
            inverse = inverse * power;
        }
        inverse
    }
}

const REDUCTION: u128 = 0xe1 << 120;

impl Add for Gf {
    type Output = Self;

    #[expect(clippy::suspicious_arithmetic_impl, reason = "the sum in characteristic 2")]
    fn add(self, other: Self) -> Self {
        Self(self.0 ^ other.0)
    }
}

impl Mul for Gf {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let (mut product, mut shifted) = (0, other);
        for bit in (0..128).rev() {
            product ^= (self.0 >> bit & 1).wrapping_neg() & shifted.0;
            shifted = shifted.times_x();
        }
        Self(product)
    }
}

/// The polynomial in H that GHASH computes of `aad` and `ciphertext`, lowest coefficient (of H^0, zero) first.
pub fn ghash_polynomial(aad: &[u8], ciphertext: &[u8]) -> Poly {
    let mut blocks: Vec<Gf> = aad.chunks(16).chain(ciphertext.chunks(16)).map(Gf::of).collect();
    blocks.push(Gf(((aad.len() as u128 * 8) << 64) | (ciphertext.len() as u128 * 8)));
    blocks.push(Gf::ZERO);
    blocks.reverse();
    Poly(blocks).trimmed()
}

/// A polynomial, lowest coefficient first, without leading zeros.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poly(pub Vec<Gf>);

impl Poly {
    pub fn degree(&self) -> usize {
        self.0.len().saturating_sub(1)
    }

    pub fn at(&self, x: Gf) -> Gf {
        self.0
            .iter()
            .rev()
            .fold(Gf::ZERO, |value, coefficient| value * x + *coefficient)
    }

    pub fn plus(&self, other: &Self) -> Self {
        let coefficient = |poly: &Self, at: usize| poly.0.get(at).copied().unwrap_or_default();
        let length = self.0.len().max(other.0.len());
        Self(
            (0..length)
                .map(|at| coefficient(self, at) + coefficient(other, at))
                .collect(),
        )
        .trimmed()
    }

    pub fn plus_constant(&self, constant: Gf) -> Self {
        self.plus(&Self(vec![constant]))
    }

    /// All roots in the field, each once.
    pub fn roots(&self) -> Vec<Gf> {
        if self.degree() == 0 {
            return Vec::new();
        }
        let f = self.monic();
        let x = Self(vec![Gf::ZERO, Gf::ONE]);
        // x^(2^128) - x is the product of all linear factors there are.
        let mut frobenius = x.modulo(&f);
        for _ in 0..128 {
            frobenius = frobenius.squared_modulo(&f);
        }
        let mut roots = Vec::new();
        split(&f.gcd(&frobenius.plus(&x)), 1, &mut roots);
        roots.sort_unstable();
        roots
    }

    fn trimmed(mut self) -> Self {
        while self.0.last() == Some(&Gf::ZERO) {
            self.0.pop();
        }
        self
    }

    fn monic(&self) -> Self {
        let inverse = self.0.last().map_or(Gf::ONE, |leading| leading.inverse());
        Self(self.0.iter().map(|coefficient| *coefficient * inverse).collect())
    }

    /// The rest of the division by a monic polynomial.
    fn modulo(&self, divisor: &Self) -> Self {
        let mut rest = self.0.clone();
        let degree = divisor.degree();
        while rest.len() > degree {
            let leading = rest.pop().expect("longer than the divisor");
            let start = rest.len() - degree;
            if leading != Gf::ZERO {
                for (at, coefficient) in divisor.0[..degree].iter().enumerate() {
                    rest[start + at] = rest[start + at] + leading * *coefficient;
                }
            }
        }
        Self(rest).trimmed()
    }

    /// In characteristic 2 the square of a sum is the sum of the squares.
    fn squared_modulo(&self, divisor: &Self) -> Self {
        let mut square = vec![Gf::ZERO; 2 * self.0.len()];
        for (at, coefficient) in self.0.iter().enumerate() {
            square[2 * at] = coefficient.square();
        }
        Self(square).trimmed().modulo(divisor)
    }

    fn gcd(&self, other: &Self) -> Self {
        let (mut a, mut b) = (self.clone(), other.clone());
        while !b.0.is_empty() {
            let monic = b.monic();
            (a, b) = (monic.clone(), a.modulo(&monic));
        }
        a.monic()
    }

    fn divided_by(&self, divisor: &Self) -> Self {
        let (mut rest, degree) = (self.0.clone(), divisor.degree());
        let mut quotient = vec![Gf::ZERO; rest.len() - degree];
        for at in (0..quotient.len()).rev() {
            let leading = rest[at + degree];
            quotient[at] = leading;
            for (offset, coefficient) in divisor.0.iter().enumerate() {
                rest[at + offset] = rest[at + offset] + leading * *coefficient;
            }
        }
        Self(quotient).trimmed()
    }
}

/// Splits a product of different linear factors: the trace of b·x is 0 for half of the field and 1 for the other.
fn split(product: &Poly, basis: u128, roots: &mut Vec<Gf>) {
    match product.degree() {
        0 => {}
        1 => roots.push(product.0[0]),
        _ => {
            let mut term = Poly(vec![Gf::ZERO, Gf(basis)]).modulo(product);
            let mut trace = term.clone();
            for _ in 1..128 {
                term = term.squared_modulo(product);
                trace = trace.plus(&term);
            }
            let part = product.gcd(&trace);
            if part.degree() == 0 || part.degree() == product.degree() {
                return split(product, basis << 1, roots);
            }
            split(&product.divided_by(&part), basis << 1, roots);
            split(&part, basis << 1, roots);
        }
    }
}

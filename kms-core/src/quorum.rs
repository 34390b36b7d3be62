//! Shamir's secret sharing of 32 bytes, bytewise over GF(2^8) with the polynomial 0x11b (docs/format.md, "Quorum").
//! Share `i` is the value at `x = i + 1`; the secret is the value at 0.
//!
//! No table and no branch depends on a secret: multiplication is shift and mask, the inverse is x^254. Whether a
//! share is the one that was dealt is not known here; the commitments in the header say so before anything is
//! combined.

use zeroize::Zeroizing;

use crate::caps;
use crate::crypto::SecureRandom;
use crate::error::{CallerFault, Error, Result};
use crate::memory::Secret;

/// Splits `secret` into `members` shares of which any `threshold` give it back and fewer say nothing about it.
///
/// # Errors
/// [`CallerFault::Quorum`] unless 2 ≤ `threshold` ≤ `members` ≤ 16; [`Error::Random`] when the source fails.
pub fn split(secret: &Secret<32>, threshold: u8, members: u8, random: &dyn SecureRandom) -> Result<Vec<Secret<32>>> {
    if threshold < 2 || threshold > members || usize::from(members) > caps::QUORUM_MEMBERS {
        return Err(CallerFault::Quorum.into());
    }
    let coefficients = (1..threshold)
        .map(|_| coefficient(random))
        .collect::<Result<Vec<_>>>()?;
    Ok((1..=members).map(|x| share(secret, &coefficients, x)).collect())
}

/// The secret from shares and their `x`. Every share that is given takes part, so give exactly the threshold, or
/// more shares of the same split.
///
/// # Errors
/// [`CallerFault::Quorum`] for fewer than 2 shares, an `x` of 0, or the same `x` twice.
pub fn combine(shares: &[(u8, &Secret<32>)]) -> Result<Secret<32>> {
    let repeated = |i: usize| shares[..i].iter().any(|(x, _)| *x == shares[i].0);
    if shares.len() < 2 || (0..shares.len()).any(|i| shares[i].0 == 0 || repeated(i)) {
        return Err(CallerFault::Quorum.into());
    }
    Ok(Secret::init_with(|secret| {
        for (x, share) in shares {
            let weight = weight(*x, shares);
            for (byte, value) in secret.iter_mut().zip(share.expose()) {
                *byte ^= multiply(weight, *value);
            }
        }
    }))
}

/// One coefficient for each byte. Uniform, zero included, at the top too: leaving zero out there would tell a
/// minority which secrets are impossible (RUSTSEC-2024-0398).
fn coefficient(random: &dyn SecureRandom) -> Result<Zeroizing<[u8; 32]>, Error> {
    let mut bytes = Zeroizing::new([0; 32]);
    random.fill(&mut *bytes)?;
    Ok(bytes)
}

/// The polynomial's value at `x`, by Horner's rule.
fn share(secret: &Secret<32>, coefficients: &[Zeroizing<[u8; 32]>], x: u8) -> Secret<32> {
    Secret::init_with(|value| {
        let lower = coefficients.iter().rev().map(|bytes| &**bytes);
        for coefficient in lower.chain([secret.expose()]) {
            for (byte, coefficient) in value.iter_mut().zip(coefficient) {
                *byte = multiply(*byte, x) ^ coefficient;
            }
        }
    })
}

/// Lagrange's weight of the share at `x` for the value at 0: the product of `other / (other − x)`.
fn weight(x: u8, shares: &[(u8, &Secret<32>)]) -> u8 {
    let others = shares.iter().map(|(other, _)| *other).filter(|other| *other != x);
    others.fold(1, |product, other| {
        multiply(product, multiply(other, invert(other ^ x)))
    })
}

/// The product in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1.
fn multiply(mut a: u8, mut b: u8) -> u8 {
    let mut product = 0;
    for _ in 0..8 {
        product ^= a & (b & 1).wrapping_neg();
        a = (a << 1) ^ ((a >> 7).wrapping_neg() & 0x1b);
        b >>= 1;
    }
    product
}

/// The inverse, a^254 = a^(2 + 4 + … + 128); 0 has none and gives 0.
fn invert(a: u8) -> u8 {
    let mut power = multiply(a, a);
    let mut inverse = power;
    for _ in 0..6 {
        power = multiply(power, power);
        inverse = multiply(inverse, power);
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiplication_is_that_of_fips_197() {
        // FIPS 197 4.2 and 4.2.1.
        assert_eq!(multiply(0x57, 0x83), 0xc1);
        assert_eq!(multiply(0x57, 0x13), 0xfe);
        for (power, product) in [(0x02, 0xae), (0x04, 0x47), (0x08, 0x8e), (0x10, 0x07)] {
            assert_eq!(multiply(0x57, power), product);
        }
    }

    #[test]
    fn every_element_but_zero_has_its_inverse() {
        assert_eq!(invert(0), 0);
        for a in 1..=255 {
            assert_eq!(multiply(a, invert(a)), 1);
        }
    }
}

//! FF3-1 (SP 800-38G Rev. 1, first draft), to decrypt what was written elsewhere. NIST withdrew it in the second draft,
//! after attacks on FF3 (Durak and Vaudenay 2017) and on FF3-1 (Beyne 2021): nothing is encrypted with it here.

use zeroize::Zeroizing;

use super::fault::{ColumnError, ValueFault};
use super::ff1::{Aes, DOMAIN_FLOOR, Direction, Ff1Error, power};
use super::template::{Read, Slots};
use super::{OnFault, Template, TokenColumn};
use crate::record::{ByteColumn, Offset};

/// Tokens of FF3-1 under a raw AES key and a tweak of seven bytes, in a template over one alphabet.
pub struct LegacyFf3_1 {
    cipher: Aes,
    template: Template,
    /// The tweak's two halves, as the high 32 bits of a block.
    halves: [u128; 2],
}

/// Bytes of a tweak of FF3-1.
pub const LEGACY_TWEAK_LEN: usize = 7;

impl LegacyFf3_1 {
    /// `key` as the other system has it, 16, 24 or 32 bytes. The name says what it is for: leaving.
    ///
    /// # Errors
    /// [`Ff1Error::KeyLength`].
    pub fn dangerously_decrypt_only(
        key: &[u8],
        tweak: [u8; LEGACY_TWEAK_LEN],
        template: Template,
    ) -> Result<Self, Ff1Error> {
        // Everything is reversed in FF3, the key too.
        let reversed: Zeroizing<Vec<u8>> = Zeroizing::new(key.iter().rev().copied().collect());
        let [a, b, c, middle, d, e, f] = tweak;
        let half = |bytes: [u8; 4]| u128::from(u32::from_be_bytes(bytes)) << 96;
        Ok(Self {
            cipher: Aes::new(&reversed)?,
            template,
            halves: [half([d, e, f, middle << 4]), half([a, b, c, middle & 0xf0])],
        })
    }

    /// The value of a token.
    ///
    /// # Errors
    /// [`ValueFault`]; also where the template has several alphabets or is a range, which FF3-1 is not made for.
    pub fn decrypt(&self, token: &str) -> Result<String, ValueFault> {
        let mut out = Vec::new();
        self.append(token, &mut out)?;
        String::from_utf8(out).map_err(|_| ValueFault::NotText)
    }

    /// Appends the values of a column of tokens to `out`. Nulls stay null.
    ///
    /// # Errors
    /// As [`Tokenizer::column`](super::Tokenizer::column).
    pub fn column<O: Offset>(
        &self,
        tokens: &ByteColumn<'_, O>,
        on_fault: OnFault,
        out: &mut TokenColumn<O>,
    ) -> Result<(), ColumnError> {
        out.fill(tokens, on_fault, |_, token, bytes| {
            let token = std::str::from_utf8(token).map_err(|_| ValueFault::NotText)?;
            self.append(token, bytes)
        })
    }

    fn append(&self, token: &str, out: &mut Vec<u8>) -> Result<(), ValueFault> {
        let mut slots = Slots::default();
        let Read::Numerals(_) = self.template.read(token, Direction::Decrypt, &mut slots)? else {
            return Err(ValueFault::Form("FF3-1 takes templates over one alphabet"));
        };
        self.rounds(&mut slots.numerals)?;
        self.template
            .write_symbols(token, Direction::Decrypt, &slots.places, &slots.numerals, out);
        Ok(())
    }

    /// Algorithm 10, with numerals read from their end: the first of a half counts ones.
    fn rounds(&self, numerals: &mut [u16]) -> Result<(), ValueFault> {
        let (radix, length) = (self.template.radix(), numerals.len());
        let split = length.div_ceil(2);
        let modulus = |count: usize| power(radix, count).filter(|modulus| *modulus <= 1 << 96);
        let too_long = ValueFault::TooLong { position: length };
        let moduli = [
            modulus(split).ok_or(too_long)?,
            modulus(length - split).ok_or(too_long)?,
        ];
        if power(radix, length).is_some_and(|values| values < u128::from(DOMAIN_FLOOR)) {
            return Err(ValueFault::TooShort {
                length,
                least: length + 1,
            });
        }
        let (mut a, mut b) = (number(radix, &numerals[..split]), number(radix, &numerals[split..]));
        for round in (0..8u8).rev() {
            let odd = usize::from(round % 2);
            let block = self.halves[odd] ^ u128::from(round) << 96 ^ a;
            let y = self.cipher.encrypt(block.swap_bytes()).swap_bytes() % moduli[odd];
            let c = (b + moduli[odd] - y) % moduli[odd];
            (a, b) = (c, a);
        }
        take_apart(radix, a, &mut numerals[..split]);
        take_apart(radix, b, &mut numerals[split..]);
        Ok(())
    }
}

fn number(radix: u32, numerals: &[u16]) -> u128 {
    let step = |number: u128, numeral: &u16| number * u128::from(radix) + u128::from(*numeral);
    numerals.iter().rev().fold(0, step)
}

#[allow(clippy::cast_possible_truncation, reason = "a remainder by at most 65536")]
fn take_apart(radix: u32, mut number: u128, numerals: &mut [u16]) {
    for numeral in numerals {
        *numeral = (number % u128::from(radix)) as u16;
        number /= u128::from(radix);
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXUPPER;

    use super::*;

    /// Of NIST's ACVP, as published with other implementations: key, tweak, alphabet, value, token.
    const VECTORS: [[&str; 5]; 2] = [
        [
            "2DE79D232DF5585D68CE47882AE256D6",
            "CBD09280979564",
            "numeric",
            "3992520240",
            "8901801106",
        ],
        [
            "01C63017111438F7FC8E24EB16C71AB5",
            "C4E822DCD09F27",
            "numeric",
            "60761757463116869318437658042297305934914824457484538562",
            "35637144092473838892796702739628394376915177448290847293",
        ],
    ];

    #[test]
    fn published_tokens_are_read() {
        for [key, tweak, alphabet, value, token] in VECTORS {
            let [key, tweak] = [key, tweak].map(|text| HEXUPPER.decode(text.as_bytes()).unwrap());
            let template = format!("text:alphabet={alphabet},least=6").parse().unwrap();
            let legacy = LegacyFf3_1::dangerously_decrypt_only(&key, tweak.try_into().unwrap(), template).unwrap();
            assert_eq!(legacy.decrypt(token).as_deref(), Ok(value));
            assert_eq!(
                legacy.decrypt("12345"),
                Err(ValueFault::TooShort { length: 5, least: 6 })
            );
            assert!(matches!(
                legacy.decrypt(&"1".repeat(60)),
                Err(ValueFault::TooLong { .. })
            ));
        }
    }
}

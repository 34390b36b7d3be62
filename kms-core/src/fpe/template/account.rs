//! International bank account numbers (ISO 13616): the check digits are computed anew.

use super::pattern::position;
use super::slots::{Slots, rank};
use super::{Layout, floor};
use crate::fpe::Alphabet;
use crate::fpe::fault::{TemplateError, ValueFault};
use crate::fpe::ff1::DOMAIN_FLOOR;

/// The country is kept, and the first characters of the account where that is asked for. A digit stays a digit and a
/// letter a letter, so that the token has the structure of its country. Check digits inside of national account numbers
/// are encrypted with the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Iban {
    pub(super) keep: usize,
    /// Characters, where all have one length.
    pub(super) length: Option<usize>,
}

impl Iban {
    pub(super) fn layout(&self) -> Result<Layout, TemplateError> {
        let classes = vec![Alphabet::named("numeric")?, Alphabet::named("alpha-upper")?];
        let least = self
            .length
            .unwrap_or(SHORTEST)
            .saturating_sub(COUNTRY_AND_CHECK + self.keep);
        floor::check(&classes, &[(0, least)], &[(0, least)])?;
        Ok(Layout::new(classes))
    }

    pub(super) fn read(&self, text: &str, layout: &Layout, slots: &mut Slots) -> Result<(), ValueFault> {
        let begin = slots.len();
        let mut count = 0;
        let mut number = Mod97::default();
        let mut head = [0u8; COUNTRY_AND_CHECK];
        for (at, byte) in text.bytes().enumerate() {
            if byte == b' ' {
                continue;
            }
            let is_letter = byte.is_ascii_uppercase();
            let fits = if count < 2 {
                is_letter
            } else {
                byte.is_ascii_digit() || is_letter && count >= 4
            };
            if !fits {
                return Err(ValueFault::Symbol {
                    position: position(text, at),
                });
            }
            match head.get_mut(count) {
                Some(place) => *place = byte,
                None => number.take(byte),
            }
            count += 1;
            if count > COUNTRY_AND_CHECK + self.keep {
                let class = u16::from(is_letter);
                let numeral = layout.classes[usize::from(class)]
                    .numeral(char::from(byte))
                    .unwrap_or_default();
                slots.push(at, class, numeral);
            }
        }
        self.check_count(text, count)?;
        head.iter().for_each(|byte| number.take(*byte));
        if number.0 != 1 {
            return Err(ValueFault::CheckDigits);
        }
        // Of 34 characters, all letters: 36 bits more than fit are not to be had, and no country has them.
        match rank(&layout.classes, &slots.places[begin..], &slots.numerals[begin..]) {
            Some((_, size)) if size >= u128::from(DOMAIN_FLOOR) => Ok(()),
            Some(_) => Err(ValueFault::TooShort {
                length: count,
                least: count + 1,
            }),
            None => Err(ValueFault::TooLong { position: count }),
        }
    }

    /// Computes the check digits (ISO 7064, MOD 97-10).
    pub(super) fn finish(out: &mut [u8]) {
        let [tens, ones] = Self::check_places(out);
        let mut number = Mod97::default();
        let symbols = || out.iter().filter(|byte| **byte != b' ');
        symbols().skip(COUNTRY_AND_CHECK).for_each(|byte| number.take(*byte));
        symbols().take(2).chain(b"00").for_each(|byte| number.take(*byte));
        let check = u8::try_from(98 - number.0).unwrap_or_default();
        out[tens] = b'0' + check / 10;
        out[ones] = b'0' + check % 10;
    }

    /// Where the check digits stand.
    pub(super) fn check_places(value: &[u8]) -> [usize; 2] {
        let mut places = value
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte != b' ')
            .map(|(at, _)| at)
            .skip(2);
        [places.next().unwrap_or_default(), places.next().unwrap_or_default()]
    }

    fn check_count(&self, text: &str, count: usize) -> Result<(), ValueFault> {
        let (least, most) = match self.length {
            Some(length) => (length, length),
            None => (SHORTEST, LONGEST),
        };
        if count < least {
            let length = text.chars().count();
            return Err(ValueFault::TooShort {
                length,
                least: length + least - count,
            });
        }
        if count > most {
            return Err(ValueFault::TooLong {
                position: text.chars().count() - (count - most) + 1,
            });
        }
        Ok(())
    }
}

/// A number modulo 97, as it is read; letters count 10 to 35.
#[derive(Default)]
struct Mod97(u32);

impl Mod97 {
    fn take(&mut self, byte: u8) {
        self.0 = match byte {
            b'0'..=b'9' => self.0 * 10 + u32::from(byte - b'0'),
            _ => self.0 * 100 + u32::from(byte.saturating_sub(b'A')) + 10,
        } % 97;
    }
}

const COUNTRY_AND_CHECK: usize = 4;
/// Norway's.
pub(super) const SHORTEST: usize = 15;
pub(super) const LONGEST: usize = 34;

//! Numbers that are written with or without separators: cards, social security and phone numbers.

use super::floor;
use super::pattern::position;
use super::slots::{Place, Slots};
use super::{Direction, Layout};
use crate::fpe::Alphabet;
use crate::fpe::fault::{TemplateError, ValueFault};

/// A number of `least` to `most` digits, of which the first and the last ones are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digits {
    pub(super) least: usize,
    pub(super) most: usize,
    pub(super) keep_first: usize,
    pub(super) keep_last: usize,
    pub(super) luhn: Luhn,
    /// What may stand between digits, and stays there.
    pub(super) separators: &'static str,
}

/// What becomes of the check digit (ISO/IEC 7812-1, annex B).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Luhn {
    /// The token passes the check as the value does.
    Keep,
    /// The token never passes, so that nobody takes it for a card.
    Break,
    /// Nobody looks.
    Ignore,
}

impl Digits {
    pub(super) fn layout(&self) -> Result<Layout, TemplateError> {
        let numeric = Alphabet::named("numeric")?;
        let fixed = self.keep_first + self.keep_last + usize::from(self.luhn != Luhn::Ignore);
        let free = |length: usize| length.saturating_sub(fixed);
        floor::check(
            std::slice::from_ref(&numeric),
            &[(0, free(self.least))],
            &[(0, free(self.most))],
        )?;
        Ok(Layout::new(vec![numeric]))
    }

    pub(super) fn read(&self, text: &str, direction: Direction, slots: &mut Slots) -> Result<(), ValueFault> {
        let begin = slots.len();
        for (at, byte) in text.bytes().enumerate() {
            if byte.is_ascii_digit() {
                slots.push(at, 0, u16::from(byte - b'0'));
            } else if !self.separators.as_bytes().contains(&byte) {
                return Err(ValueFault::Symbol {
                    position: position(text, at),
                });
            }
        }
        let count = slots.len() - begin;
        self.check_count(text, count, &slots.places[begin..])?;
        if self.luhn != Luhn::Ignore && residue(slots.numerals[begin..].iter().copied()) != self.expected(direction) {
            return Err(ValueFault::CheckDigits);
        }
        // The digit before the last ones that are kept follows from all others.
        let end = count - self.keep_last - usize::from(self.luhn != Luhn::Ignore);
        slots.truncate(begin + end);
        slots.numerals.drain(begin..begin + self.keep_first);
        slots.places.drain(begin..begin + self.keep_first);
        Ok(())
    }

    /// Sets the digit that follows from all others.
    pub(super) fn finish(&self, direction: Direction, out: &mut [u8]) {
        let wanted = match direction {
            Direction::Encrypt => self.expected(Direction::Decrypt),
            Direction::Decrypt => self.expected(Direction::Encrypt),
        };
        let Some(at) = self.adjusted(out) else { return };
        let digits = || out.iter().enumerate().filter(|(_, byte)| byte.is_ascii_digit());
        let residue_with = |digit: u8| {
            residue(digits().map(|(index, byte)| u16::from(if index == at { digit } else { *byte } - b'0')))
        };
        if let Some(digit) = (b'0'..=b'9').find(|digit| residue_with(*digit) == wanted) {
            out[at] = digit;
        }
    }

    /// Where the digit stands that follows from all others.
    pub(super) fn adjusted(&self, value: &[u8]) -> Option<usize> {
        if self.luhn == Luhn::Ignore {
            return None;
        }
        let digits = value.iter().enumerate().filter(|(_, byte)| byte.is_ascii_digit());
        digits.rev().nth(self.keep_last).map(|(at, _)| at)
    }

    /// The check sum of what is read: of a value, or of a token.
    fn expected(&self, direction: Direction) -> u16 {
        match (self.luhn, direction) {
            (Luhn::Break, Direction::Decrypt) => BROKEN,
            _ => 0,
        }
    }

    fn check_count(&self, text: &str, count: usize, places: &[Place]) -> Result<(), ValueFault> {
        if count < self.least {
            let length = text.chars().count();
            return Err(ValueFault::TooShort {
                length,
                least: length + self.least - count,
            });
        }
        match places.get(self.most) {
            None => Ok(()),
            Some(place) => Err(ValueFault::TooLong {
                position: usize::try_from(place.at).unwrap_or(usize::MAX - 1) + 1,
            }),
        }
    }
}

/// The sum of the Luhn check modulo 10; 0 passes. Each digit runs through all residues as its value does, wherever it
/// stands, so one digit can always set it.
fn residue(digits: impl DoubleEndedIterator<Item = u16>) -> u16 {
    let weighted = digits.rev().enumerate().map(|(index, digit)| match index % 2 {
        0 => digit,
        _ => 2 * digit / 10 + 2 * digit % 10,
    });
    weighted.sum::<u16>() % 10
}

/// The residue of tokens that must not pass.
const BROKEN: u16 = 5;

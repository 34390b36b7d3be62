//! Templates: what of a value is encrypted, and what its token looks like.
//!
//! A template has one text (`pan:bin=6,last=0,luhn=keep,length=13-19`), which is part of the derivation of its key: two
//! templates never share one, and a template that is changed is another template.
//!
//! ```text
//! text      from a text to a template and back
//! pattern   values as a pattern describes them; regex reads it, charset holds its classes
//! digits    cards, social security and phone numbers
//! address   e-mail
//! account   IBAN
//! uuid      UUID
//! range     integers, decimals, dates and times
//! floor     the least size of a domain
//! slots     symbols that were found in a value
//! ```

mod account;
mod address;
mod charset;
mod digits;
mod floor;
mod pattern;
mod range;
mod regex;
mod slots;
mod text;
mod uuid;

use std::fmt;
use std::str::FromStr;

use unicode_normalization::is_nfc;

use super::Alphabet;
use super::fault::{TemplateError, ValueFault};
use super::ff1::{Direction, power};

pub(super) use slots::{Place, Slots, rank, unrank};
pub use text::{TEMPLATE_TYPES, TemplateType};

/// What of a value is encrypted, and what its token looks like.
///
/// ```
/// use kms_core::fpe::Template;
///
/// let card: Template = "pan:bin=6,last=0".parse()?;
/// assert_eq!(card.to_string(), "pan:bin=6,last=0,luhn=keep,length=13-19");
/// card.check("4111 1111 1111 1111")?;
/// assert_eq!(
///     card.check("4111 1111 1111 1112").unwrap_err().to_string(),
///     "the check digits are wrong for this kind of number"
/// );
/// // Nothing of a value stands in a message, and a domain that could be searched is refused.
/// let refused = "regex:(\\d{4})".parse::<Template>().unwrap_err().to_string();
/// assert!(refused.contains("only 10000 possible tokens"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Template {
    kind: Kind,
    layout: Layout,
    text: String,
}

enum Kind {
    Pattern(pattern::Pattern),
    Digits(digits::Digits),
    Email,
    Iban(account::Iban),
    Uuid,
    Range(range::Range),
}

/// The alphabets of the encrypted symbols.
pub(super) struct Layout {
    pub(super) classes: Vec<Alphabet>,
}

/// What was read of a value.
#[derive(Clone, Copy)]
pub(super) enum Read {
    /// So many symbols of one alphabet: they were appended to the slots.
    Numerals(usize),
    /// So many symbols of several alphabets, and what they are as a number.
    Ranked { count: usize, number: Number },
    /// A number in a range.
    Number(Number),
}

/// A number below `size`.
#[derive(Clone, Copy)]
pub(super) struct Number {
    pub(super) rank: u128,
    pub(super) size: u128,
}

impl Layout {
    pub(super) fn new(classes: Vec<Alphabet>) -> Self {
        Self { classes }
    }
}

impl Template {
    /// A template from a pattern whose groups are encrypted, over an alphabet: what HashiCorp Vault calls a template of
    /// type `regex`. Without an alphabet every class of the pattern is its own, in order of code points.
    ///
    /// # Errors
    /// [`TemplateError`].
    pub fn pattern(pattern: &str, alphabet: Option<&Alphabet>) -> Result<Self, TemplateError> {
        let (kind, layout) = pattern::Pattern::new(pattern, alphabet)?;
        Ok(Self {
            kind: Kind::Pattern(kind),
            layout,
            text: text::of_pattern(pattern, alphabet),
        })
    }

    /// Checks that a value has a token.
    ///
    /// # Errors
    /// [`ValueFault`].
    pub fn check(&self, value: &str) -> Result<(), ValueFault> {
        self.read(value, Direction::Encrypt, &mut Slots::default()).map(|_| ())
    }

    /// How many values there are that look like this one, as far as they can be told from its token: `None` for over
    /// `2^128`.
    ///
    /// # Errors
    /// [`ValueFault`].
    pub fn domain(&self, value: &str) -> Result<Option<u128>, ValueFault> {
        Ok(match self.read(value, Direction::Encrypt, &mut Slots::default())? {
            Read::Numerals(count) => power(self.radix(), count),
            Read::Ranked { number, .. } | Read::Number(number) => Some(number.size),
        })
    }

    /// The value with every encrypted character replaced by `mask`. Of numbers and dates, every digit is replaced.
    ///
    /// # Errors
    /// [`ValueFault`]: what does not fit the template is not shown in part.
    pub fn mask(&self, value: &str, mask: char) -> Result<String, ValueFault> {
        let mut slots = Slots::default();
        let masked = match self.read(value, Direction::Encrypt, &mut slots)? {
            Read::Number(_) => {
                let digit = |symbol: char| if symbol.is_ascii_digit() { mask } else { symbol };
                return Ok(value.chars().map(digit).collect());
            }
            Read::Numerals(_) | Read::Ranked { .. } => slots.places,
        };
        let hidden = self.hidden(value, &masked);
        Ok(value
            .char_indices()
            .map(|(at, symbol)| if hidden(at) { mask } else { symbol })
            .collect())
    }

    /// The bytes at which hidden characters begin: those that are encrypted, and check digits that follow from them.
    fn hidden<'a>(&'a self, value: &'a str, places: &'a [Place]) -> impl Fn(usize) -> bool + 'a {
        let check = match &self.kind {
            Kind::Digits(digits) => [digits.adjusted(value.as_bytes()), None],
            Kind::Iban(_) => account::Iban::check_places(value.as_bytes()).map(Some),
            _ => [None, None],
        };
        move |at| {
            let is_encrypted = places.binary_search_by_key(&at, |place| place.at as usize).is_ok();
            is_encrypted || check.contains(&Some(at))
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Of the one alphabet, where there is one.
    pub(super) fn radix(&self) -> u32 {
        self.layout.classes.first().map_or(10, Alphabet::radix)
    }

    /// Whether a token has as many bytes as its value: every template but those that write numbers, or over symbols of
    /// several lengths.
    pub(super) fn keeps_length(&self) -> bool {
        !matches!(self.kind, Kind::Range(_)) && self.layout.classes.iter().all(|class| class.bytes().is_some())
    }

    /// Finds what is encrypted, and appends it to `slots`. On failure they are as they were.
    pub(super) fn read(&self, value: &str, direction: Direction, slots: &mut Slots) -> Result<Read, ValueFault> {
        let begin = slots.len();
        let read = self.read_more(value, direction, slots);
        read.inspect_err(|_| slots.truncate(begin))
    }

    fn read_more(&self, value: &str, direction: Direction, slots: &mut Slots) -> Result<Read, ValueFault> {
        if value.len() > MAX_VALUE {
            return Err(ValueFault::TooLong { position: MAX_VALUE });
        }
        if !value.is_ascii() && !is_nfc(value) {
            return Err(ValueFault::NotNormalised);
        }
        let begin = slots.len();
        match &self.kind {
            Kind::Pattern(pattern) => pattern.read(value, &self.layout, slots)?,
            Kind::Digits(digits) => digits.read(value, direction, slots)?,
            Kind::Email => address::Email::read(value, &self.layout, slots)?,
            Kind::Iban(iban) => iban.read(value, &self.layout, slots)?,
            Kind::Uuid => uuid::Uuid::read(value, &self.layout, slots)?,
            Kind::Range(range) => {
                return Ok(Read::Number(Number {
                    rank: range.rank(value)?,
                    size: range.size(),
                }));
            }
        }
        let count = slots.len() - begin;
        if self.layout.classes.len() == 1 {
            return Ok(Read::Numerals(count));
        }
        let ranked = rank(&self.layout.classes, &slots.places[begin..], &slots.numerals[begin..]);
        // Checked when the template was made, or by what read the value.
        let (rank, size) = ranked.ok_or(ValueFault::TooLong {
            position: value.chars().count(),
        })?;
        Ok(Read::Ranked {
            count,
            number: Number { rank, size },
        })
    }

    /// Appends the value with other symbols in these places.
    pub(super) fn write_symbols(
        &self,
        value: &str,
        direction: Direction,
        places: &[Place],
        numerals: &[u16],
        out: &mut Vec<u8>,
    ) {
        let begin = out.len();
        match &self.layout.classes[..] {
            [class] if class.bytes().is_some() => {
                let bytes = class.bytes().unwrap_or_default();
                out.extend_from_slice(value.as_bytes());
                replace(&mut out[begin..], places, numerals, |_| bytes);
            }
            classes if self.keeps_length() => {
                out.extend_from_slice(value.as_bytes());
                let bytes_of = |class: u16| classes[usize::from(class)].bytes().unwrap_or_default();
                replace(&mut out[begin..], places, numerals, bytes_of);
            }
            _ => self.write_wide(value, places, numerals, out),
        }
        match &self.kind {
            Kind::Digits(digits) => digits.finish(direction, &mut out[begin..]),
            Kind::Iban(_) => account::Iban::finish(&mut out[begin..]),
            _ => {}
        }
    }

    /// Symbols may differ in length.
    fn write_wide(&self, value: &str, places: &[Place], numerals: &[u16], out: &mut Vec<u8>) {
        let mut done = 0;
        for (place, numeral) in places.iter().zip(numerals) {
            let at = place.at as usize;
            let Some(symbol) = self.layout.classes[usize::from(place.class)].symbol(*numeral) else {
                continue;
            };
            out.extend_from_slice(&value.as_bytes()[done..at]);
            out.extend_from_slice(symbol.encode_utf8(&mut [0; 4]).as_bytes());
            done = at + value[at..].chars().next().map_or(0, char::len_utf8);
        }
        out.extend_from_slice(&value.as_bytes()[done..]);
    }

    /// Appends the number at this place of the range.
    pub(super) fn write_number(&self, value: &str, rank: u128, out: &mut Vec<u8>) {
        if let Kind::Range(range) = &self.kind {
            range.write(rank, value, out);
        }
    }
}

/// Puts symbols of one byte in their places.
fn replace<'a>(text: &mut [u8], places: &[Place], numerals: &[u16], bytes_of: impl Fn(u16) -> &'a [u8]) {
    for (place, numeral) in places.iter().zip(numerals) {
        let symbol = bytes_of(place.class).get(usize::from(*numeral));
        if let (Some(byte), Some(symbol)) = (text.get_mut(place.at as usize), symbol) {
            *byte = *symbol;
        }
    }
}

impl FromStr for Template {
    type Err = TemplateError;

    /// Reads `TYPE:NAME=VALUE,…`, `regex:PATTERN` or `regex@ALPHABET:PATTERN`.
    fn from_str(text: &str) -> Result<Self, TemplateError> {
        text::parse(text)
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Template({})", self.text)
    }
}

/// Most bytes of a value.
pub(super) const MAX_VALUE: usize = 1 << 16;

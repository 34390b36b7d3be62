//! Alphabets: which symbols, in which order. The order decides every token, so a name never changes its meaning.

use std::collections::HashMap;
use std::sync::Arc;

use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, is_nfc_quick};

use super::fault::TemplateError;

/// An ordered set of 2 to 65 536 symbols, each one Unicode scalar value.
#[derive(Clone)]
pub struct Alphabet(Arc<Symbols>);

struct Symbols {
    name: String,
    symbols: Vec<char>,
    /// The symbols as bytes, where all are ASCII.
    bytes: Option<Vec<u8>>,
    /// Numerals of ASCII symbols.
    ascii: [u32; 128],
    others: HashMap<char, u16>,
}

/// An alphabet that has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamedAlphabet {
    /// Its name in templates.
    pub name: &'static str,
    /// Its symbols in order.
    pub symbols: &'static str,
}

impl Alphabet {
    /// The alphabet of this name; Vault's `builtin/` names mean the same symbols in the same order.
    ///
    /// # Errors
    /// [`TemplateError::UnknownAlphabet`].
    pub fn named(name: &str) -> Result<Self, TemplateError> {
        let wanted = match name.strip_prefix("builtin/") {
            Some("alphalower") => "alpha-lower",
            Some("alphaupper") => "alpha-upper",
            Some("alphanumericlower") => "alphanumeric-lower",
            Some("alphanumericupper") => "alphanumeric-upper",
            Some(same) => same,
            None => name,
        };
        let found = NAMED_ALPHABETS.iter().find(|named| named.name == wanted);
        let found = found.ok_or(TemplateError::UnknownAlphabet)?;
        Self::of(found.name.to_owned(), found.symbols.chars().collect())
    }

    /// An alphabet of one's own: `symbols` in their order.
    ///
    /// Every symbol stands for itself in Normalization Form C whatever stands beside it: precomposed letters do,
    /// combining marks and compatibility jamo do not. So a token is in NFC as its plaintext was.
    ///
    /// # Errors
    /// [`TemplateError::AlphabetSize`], [`TemplateError::AlphabetRepeats`], [`TemplateError::AlphabetSymbol`].
    pub fn custom(symbols: &str) -> Result<Self, TemplateError> {
        let symbols: Vec<char> = symbols.chars().collect();
        if let Some(named) = NAMED_ALPHABETS
            .iter()
            .find(|named| named.symbols.chars().eq(symbols.iter().copied()))
        {
            return Self::named(named.name);
        }
        Self::of("custom".to_owned(), symbols)
    }

    fn of(name: String, symbols: Vec<char>) -> Result<Self, TemplateError> {
        if !(2..=65_536).contains(&symbols.len()) {
            return Err(TemplateError::AlphabetSize);
        }
        let (mut ascii, mut others) = ([NONE; 128], HashMap::new());
        for (index, symbol) in symbols.iter().enumerate() {
            if !is_stable(*symbol) {
                return Err(TemplateError::AlphabetSymbol { place: index + 1 });
            }
            let numeral = u16::try_from(index).map_err(|_| TemplateError::AlphabetSize)?;
            let stands_already = match usize::try_from(u32::from(*symbol))
                .ok()
                .and_then(|at| ascii.get_mut(at))
            {
                Some(place) => std::mem::replace(place, u32::from(numeral)) != NONE,
                None => others.insert(*symbol, numeral).is_some(),
            };
            if stands_already {
                return Err(TemplateError::AlphabetRepeats { place: index + 1 });
            }
        }
        let bytes = symbols
            .iter()
            .map(|symbol| u8::try_from(*symbol).ok().filter(u8::is_ascii))
            .collect();
        Ok(Self(Arc::new(Symbols {
            name,
            bytes,
            symbols,
            ascii,
            others,
        })))
    }

    /// The symbols that `keep` lets through, in the same order; `None` where fewer than two are left.
    pub(super) fn restricted(&self, keep: impl Fn(char) -> bool) -> Option<Self> {
        let symbols: Vec<char> = self.symbols().iter().copied().filter(|symbol| keep(*symbol)).collect();
        if symbols.len() == self.symbols().len() {
            return Some(self.clone());
        }
        Self::of("custom".to_owned(), symbols).ok()
    }

    /// Its name; `custom` for one of one's own.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The symbols in order.
    #[must_use]
    pub fn symbols(&self) -> &[char] {
        &self.0.symbols
    }

    /// How many symbols there are.
    #[must_use]
    pub fn radix(&self) -> u32 {
        u32::try_from(self.0.symbols.len()).unwrap_or(65_536)
    }

    /// The place of a symbol, from 0.
    #[must_use]
    #[inline]
    pub fn numeral(&self, symbol: char) -> Option<u16> {
        match self.0.ascii.get(symbol as usize) {
            Some(numeral) => u16::try_from(*numeral).ok(),
            None => self.0.others.get(&symbol).copied(),
        }
    }

    /// The symbol at a place.
    #[must_use]
    #[inline]
    pub fn symbol(&self, numeral: u16) -> Option<char> {
        self.0.symbols.get(usize::from(numeral)).copied()
    }

    /// The symbols as bytes, where every one is a byte of UTF-8.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        self.0.bytes.as_deref()
    }
}

impl PartialEq for Alphabet {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.symbols() == other.symbols()
    }
}

impl Eq for Alphabet {}

impl std::fmt::Debug for Alphabet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Alphabet {} of {}", self.name(), self.radix())
    }
}

/// Whether a text of such symbols is in NFC however they are mixed (UAX #15, 9).
fn is_stable(symbol: char) -> bool {
    canonical_combining_class(symbol) == 0 && is_nfc_quick(std::iter::once(symbol)) == IsNormalized::Yes
}

/// Not in the alphabet.
const NONE: u32 = u32::MAX;

/// All alphabets with names. What stands here is never changed, only added to.
pub const NAMED_ALPHABETS: &[NamedAlphabet] = &[
    named("numeric", "0123456789"),
    named("alpha-lower", "abcdefghijklmnopqrstuvwxyz"),
    named("alpha-upper", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    named("alpha", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
    named("alphanumeric-lower", "0123456789abcdefghijklmnopqrstuvwxyz"),
    named("alphanumeric-upper", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    named(
        "alphanumeric",
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    ),
    named("hex-lower", "0123456789abcdef"),
    named("hex-upper", "0123456789ABCDEF"),
    named("base32", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
    named("base32hex", "0123456789ABCDEFGHIJKLMNOPQRSTUV"),
    named("crockford32", "0123456789ABCDEFGHJKMNPQRSTVWXYZ"),
    named("base58", "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"),
    named(
        "base64",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    ),
    named(
        "base64url",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
    ),
    named(
        "printable",
        " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~",
    ),
];

const fn named(name: &'static str, symbols: &'static str) -> NamedAlphabet {
    NamedAlphabet { name, symbols }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_alphabet_is_one() {
        for named in NAMED_ALPHABETS {
            let alphabet = Alphabet::named(named.name).unwrap();
            for (index, symbol) in named.symbols.chars().enumerate() {
                let numeral = u16::try_from(index).unwrap();
                assert_eq!(alphabet.numeral(symbol), Some(numeral));
                assert_eq!(alphabet.symbol(numeral), Some(symbol));
            }
            assert_eq!(Alphabet::custom(named.symbols).unwrap().name(), named.name);
        }
        assert_eq!(Alphabet::named("printable").unwrap().radix(), 95);
        assert_eq!(Alphabet::named("builtin/alphanumericlower").unwrap().radix(), 36);
        assert_eq!(Alphabet::named("nothing"), Err(TemplateError::UnknownAlphabet));
    }

    #[test]
    fn symbols_that_change_beside_others_are_refused() {
        assert_eq!(Alphabet::custom("aäöüß").map(|alphabet| alphabet.radix()), Ok(5));
        assert_eq!(Alphabet::custom("漢字かな").map(|alphabet| alphabet.radix()), Ok(4));
        let refused = |text: &str| Alphabet::custom(text).unwrap_err();
        assert_eq!(refused("a\u{308}"), TemplateError::AlphabetSymbol { place: 2 });
        assert_eq!(refused("K\u{212A}"), TemplateError::AlphabetSymbol { place: 2 });
        assert_eq!(refused("ab\u{1161}"), TemplateError::AlphabetSymbol { place: 3 });
        assert_eq!(refused("aba"), TemplateError::AlphabetRepeats { place: 3 });
        assert_eq!(refused("a"), TemplateError::AlphabetSize);
    }
}

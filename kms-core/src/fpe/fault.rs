//! What is wrong with a template, and what is wrong with a value. A value's fault names a place and a reason and never
//! the value: it may be a card number.

use super::ff1::{DOMAIN_FLOOR, Ff1Error};

/// Why a template was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// No such data type.
    #[error("unknown data type; `kmsctl fpe templates` lists them, and a pattern begins with `regex:`")]
    UnknownType,
    /// A parameter that the type does not have, or has twice.
    #[error("`{0}` is no parameter of this data type, or stands twice")]
    Parameter(String),
    /// A parameter whose value is not understood.
    #[error("the value of `{0}` is not understood or out of its range")]
    Value(&'static str),
    /// A parameter that has to be given.
    #[error("`{0}` has to be given")]
    Missing(&'static str),
    /// No such alphabet.
    #[error("no alphabet has this name; `kmsctl fpe templates` lists them")]
    UnknownAlphabet,
    /// Not 2 to 65 536 symbols.
    #[error("an alphabet has 2 to 65536 symbols")]
    AlphabetSize,
    /// A symbol stands twice.
    #[error("symbol {place} of the alphabet stands in it twice")]
    AlphabetRepeats {
        /// Counted from 1.
        place: usize,
    },
    /// A symbol that NFC may change.
    #[error(
        "symbol {place} of the alphabet does not stay as it is in Unicode's Normalization Form C; take precomposed letters and no combining marks"
    )]
    AlphabetSymbol {
        /// Counted from 1.
        place: usize,
    },
    /// A pattern that is not understood.
    #[error("character {place} of the pattern: {what}")]
    Pattern {
        /// Counted from 1.
        place: usize,
        /// What is wrong, and what would do.
        what: &'static str,
    },
    /// Nothing is encrypted.
    #[error("nothing of the value is encrypted; put what shall be encrypted into ( )")]
    NothingEncrypted,
    /// Fewer values than the floor.
    #[error(
        "the shortest value that this template takes has only {values} possible tokens, and fewer than {DOMAIN_FLOOR} can be searched or recovered (SP 800-38G Rev. 1): {advice}"
    )]
    Domain {
        /// How many there are.
        values: u128,
        /// What would satisfy the floor.
        advice: String,
    },
    /// A part that is too long for its kind.
    #[error("what is encrypted can have more than {0}; bound its repetitions")]
    TooLong(&'static str),
}

/// Why a value has no token, or a token no value. Positions count characters from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ValueFault {
    /// Not UTF-8.
    #[error("the value is not UTF-8")]
    NotText,
    /// A character that may not stand where it stands.
    #[error("character {position} is not one that the template allows there")]
    Symbol {
        /// Counted from 1.
        position: usize,
    },
    /// The value ends too soon.
    #[error(
        "the value is too short: it ends at character {length}, and at least {least} characters are encrypted or expected there"
    )]
    TooShort {
        /// Characters of the value.
        length: usize,
        /// The least that would have done.
        least: usize,
    },
    /// The value goes on after the end of the template.
    #[error("the value is too long: character {position} is one too many")]
    TooLong {
        /// Counted from 1.
        position: usize,
    },
    /// Not in NFC.
    #[error("the value is not in Unicode's Normalization Form C; normalise it first, and keep it so")]
    NotNormalised,
    /// A check digit is wrong.
    #[error("the check digits are wrong for this kind of number")]
    CheckDigits,
    /// A number, date or time outside the template's range.
    #[error("the value is outside the range of the template")]
    OutOfRange,
    /// Not a number, date or time in the form that the template writes.
    #[error("the value is not written as the template writes it: {0}")]
    Form(&'static str),
    /// A null tweak, or an empty one.
    #[error("the value has no tweak; each row needs an id")]
    NoTweak,
    /// A deterministic token that does not verify.
    #[error("the token was not made under this key, template and column, or was altered")]
    Token,
}

/// A value of a column that has no token, or a token that has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("row {row}: {fault}")]
pub struct RowFault {
    /// Its index, from 0.
    pub row: usize,
    /// Why.
    pub fault: ValueFault,
}

/// Why a column was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ColumnError {
    /// A row failed, and the caller wanted to stop.
    #[error(transparent)]
    Row(#[from] RowFault),
    /// There is not one tweak for each value.
    #[error("there are {tweaks} tweaks for {values} values; give one for each")]
    Tweaks {
        /// Tweaks.
        tweaks: usize,
        /// Values.
        values: usize,
    },
    /// A tweak for all values, which is empty.
    #[error("a supplied tweak has at least one byte; it may be public, and has to be the same when tokens are read")]
    EmptyTweak,
    /// Offsets that would not fit their type.
    #[error("the column is too long for its offsets; take 64-bit offsets or fewer rows")]
    Offsets,
    /// FF1 refused.
    #[error(transparent)]
    Ff1(#[from] Ff1Error),
    /// Tokens of other metadata.
    #[error("the column says that it was written under another {0}; nothing was decrypted")]
    Metadata(&'static str),
    /// Metadata that is not understood.
    #[error("the metadata of the column is not understood at `{0}`")]
    MetadataText(&'static str),
}

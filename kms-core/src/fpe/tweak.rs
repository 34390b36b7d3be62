//! Tweaks: what makes one plaintext have another token in another column or row. They are no secret.

use crate::crypto::Sha512;
use crate::record::{ByteColumn, Offset};

use super::fault::{ColumnError, ValueFault};
use super::ff1::Prefixes;

/// The tweaks of a column. There is no default: whoever makes tokens says what they are bound to.
#[derive(Clone, Copy)]
pub enum Tweaks<'a, O> {
    /// One for all rows: equal values have equal tokens, here and wherever the same tweak is used.
    Same(&'a [u8]),
    /// One for each row, as the caller has them.
    Each(ByteColumn<'a, O>),
    /// Derived from table and column: equal values have equal tokens in this column and in no other.
    Column(ColumnName<'a>),
    /// Derived from table, column and row: equal values have different tokens. The strongest, and what small domains
    /// need; a row's id must not change while its token is kept.
    Rows(ColumnName<'a>, RowIds<'a, O>),
}

/// Which column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnName<'a> {
    /// The table.
    pub table: &'a str,
    /// The column.
    pub column: &'a str,
}

/// Ids of rows.
#[derive(Clone, Copy)]
pub enum RowIds<'a, O> {
    /// Numbers.
    Numbers(&'a [u64]),
    /// Texts or bytes; an empty or null one is none.
    Bytes(ByteColumn<'a, O>),
}

/// Tweaks as rows ask for them.
pub(super) struct TweakSource<'a, O> {
    tweaks: Tweaks<'a, O>,
    /// What table and column give, and after it what a row gives.
    buffer: Vec<u8>,
}

impl<'a, O: Offset> TweakSource<'a, O> {
    pub(super) fn new(hash: &dyn Sha512, tweaks: Tweaks<'a, O>, values: usize) -> Result<Self, ColumnError> {
        let count = match &tweaks {
            Tweaks::Same(tweak) if tweak.is_empty() => return Err(ColumnError::EmptyTweak),
            Tweaks::Same(_) | Tweaks::Column(_) => values,
            Tweaks::Each(tweaks) | Tweaks::Rows(_, RowIds::Bytes(tweaks)) => tweaks.len(),
            Tweaks::Rows(_, RowIds::Numbers(numbers)) => numbers.len(),
        };
        if count != values {
            return Err(ColumnError::Tweaks { tweaks: count, values });
        }
        let buffer = match &tweaks {
            Tweaks::Same(_) | Tweaks::Each(_) => Vec::new(),
            Tweaks::Column(name) => name.digest(hash, COLUMN).to_vec(),
            Tweaks::Rows(name, RowIds::Numbers(_)) => name.digest(hash, NUMBERED_ROW).to_vec(),
            Tweaks::Rows(name, RowIds::Bytes(_)) => name.digest(hash, NAMED_ROW).to_vec(),
        };
        Ok(Self { tweaks, buffer })
    }

    /// What FF1 makes of the tweak of a row before its first round.
    pub(super) fn prefix(&mut self, prefixes: &mut Prefixes<'_>, row: usize) -> Result<u128, ValueFault> {
        let tweak = self.of(row)?;
        prefixes.of(tweak).map_err(|_| ValueFault::NoTweak)
    }

    /// Whether all rows have the same.
    pub(super) fn is_one(&self) -> bool {
        matches!(self.tweaks, Tweaks::Same(_) | Tweaks::Column(_))
    }

    /// The tweak of a row.
    pub(super) fn of(&mut self, row: usize) -> Result<&[u8], ValueFault> {
        let own = match &self.tweaks {
            Tweaks::Same(tweak) => return Ok(tweak),
            Tweaks::Each(tweaks) => return some(tweaks.value(row)),
            Tweaks::Column(_) => return Ok(&self.buffer),
            Tweaks::Rows(_, RowIds::Numbers(numbers)) => {
                self.buffer.truncate(DIGEST_LEN);
                self.buffer.extend_from_slice(&numbers[row].to_be_bytes());
                return Ok(&self.buffer);
            }
            Tweaks::Rows(_, RowIds::Bytes(ids)) => some(ids.value(row))?,
        };
        self.buffer.truncate(DIGEST_LEN);
        self.buffer.extend_from_slice(own);
        Ok(&self.buffer)
    }
}

fn some(tweak: Option<&[u8]>) -> Result<&[u8], ValueFault> {
    tweak.filter(|tweak| !tweak.is_empty()).ok_or(ValueFault::NoTweak)
}

impl ColumnName<'_> {
    /// 16 bytes of SHA-512: a whole block of AES, so that FF1 takes it in once for a column and not once for a row.
    fn digest(&self, hash: &dyn Sha512, kind: u8) -> [u8; DIGEST_LEN] {
        let length = |text: &str| (text.len() as u64).to_be_bytes();
        let (table, column) = (self.table, self.column);
        let parts: [&[u8]; 6] = [
            LABEL,
            &[kind],
            &length(table),
            table.as_bytes(),
            &length(column),
            column.as_bytes(),
        ];
        let digest = hash.digest(&parts);
        *digest.first_chunk().expect("a digest has 64 bytes")
    }
}

const LABEL: &[u8] = b"keystrand/fpe/1/tweak";
const DIGEST_LEN: usize = 16;
const COLUMN: u8 = 0;
const NUMBERED_ROW: u8 = 1;
const NAMED_ROW: u8 = 2;

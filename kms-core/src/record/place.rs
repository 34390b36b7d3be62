//! What a record is bound to.

use crate::error::CallerFault;

/// What the records of a ticket are bound to; fixed in the ticket's label `ks1-mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum RecordMode {
    /// To the ticket only.
    None = 0,
    /// To a column.
    Column = 1,
    /// To a column and a row.
    Row = 2,
}

impl RecordMode {
    /// The value of the label.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Column => "column",
            Self::Row => "row",
        }
    }

    /// The mode with this label value.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::None, Self::Column, Self::Row]
            .into_iter()
            .find(|mode| mode.name() == name)
    }
}

/// The place of a record. It must fit the ticket's [`RecordMode`], and opening needs the one it was sealed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordPlace<'a> {
    /// Anywhere.
    None,
    /// A column, named by 1 to 65 535 bytes.
    Column(&'a str),
    /// A row of a column; the row id is not empty. Of a Kafka topic, say, the producer's id and sequence number.
    Row(&'a str, &'a [u8]),
}

impl<'a> RecordPlace<'a> {
    /// Column and row for the associated data, empty where the mode has none.
    pub(super) fn parts(self, mode: RecordMode) -> Result<(&'a str, &'a [u8]), CallerFault> {
        let (column, row): (_, &[u8]) = match (mode, self) {
            (RecordMode::None, Self::None) => return Ok(("", &[])),
            (RecordMode::Column, Self::Column(column)) => (column, &[]),
            (RecordMode::Row, Self::Row(column, row)) if !row.is_empty() => (column, row),
            (RecordMode::Row, Self::Column(_) | Self::Row(..)) => return Err(CallerFault::RowRequired),
            _ => return Err(CallerFault::RecordMode),
        };
        if column.is_empty() || u16::try_from(column.len()).is_err() || u32::try_from(row.len()).is_err() {
            return Err(CallerFault::RecordPlace);
        }
        Ok((column, row))
    }
}

//! A key, a template and tweaks at work on columns.

use kms_core::fpe::{
    ColumnError, ColumnName, Direction, LegacyFf3_1, OnFault, OpaqueTokenizer, RowFault, RowIds, Template, TokenColumn,
    Tokenizer, Tweaks,
};
use kms_core::record::ByteColumn;

use crate::exit::Exit;
use crate::failure::{Failure, Party, Result};

/// What is done to a column.
pub(super) struct Job {
    pub(super) work: Work,
    pub(super) on_fault: OnFault,
}

/// How.
pub(super) enum Work {
    Tokens(Tokens),
    Mask(Template, char),
    Legacy(Box<LegacyFf3_1>),
}

/// Under a key.
pub(super) struct Tokens {
    pub(super) maker: Maker,
    pub(super) direction: Direction,
    pub(super) tweak: Tweak,
}

pub(super) enum Maker {
    Ff1(Box<Tokenizer>),
    Opaque(Box<OpaqueTokenizer>),
}

/// What tokens are bound to.
pub(super) enum Tweak {
    Supplied(Vec<u8>),
    Column {
        table: String,
        column: String,
    },
    /// The ids come with the rows.
    Rows {
        table: String,
        column: String,
    },
}

/// Values, side by side.
#[derive(Default)]
pub(super) struct Values {
    offsets: Vec<i64>,
    bytes: Vec<u8>,
    validity: Vec<u8>,
}

impl Job {
    /// Fills `out` with what becomes of `values`.
    pub(super) fn run(
        &self,
        values: &Values,
        ids: Option<&Values>,
        out: &mut TokenColumn<i64>,
    ) -> Result<(), ColumnError> {
        out.clear();
        let column = values.column();
        match &self.work {
            Work::Mask(template, mask) => template.mask_column(*mask, &column, self.on_fault, out),
            Work::Legacy(legacy) => legacy.column(&column, self.on_fault, out),
            Work::Tokens(tokens) => tokens.run(&column, ids, self.on_fault, out),
        }
    }
}

impl Tokens {
    fn run(
        &self,
        values: &ByteColumn<'_, i64>,
        ids: Option<&Values>,
        on_fault: OnFault,
        out: &mut TokenColumn<i64>,
    ) -> Result<(), ColumnError> {
        let tweaks = match (&self.tweak, ids) {
            (Tweak::Supplied(tweak), _) => Tweaks::Same(tweak),
            (Tweak::Column { table, column }, _) | (Tweak::Rows { table, column }, None) => {
                Tweaks::Column(ColumnName { table, column })
            }
            (Tweak::Rows { table, column }, Some(ids)) => {
                Tweaks::Rows(ColumnName { table, column }, RowIds::Bytes(ids.column()))
            }
        };
        match &self.maker {
            Maker::Ff1(tokens) => tokens.column(self.direction, tweaks, values, on_fault, out),
            Maker::Opaque(tokens) => tokens.column(self.direction, tweaks, values, on_fault, out),
        }
    }
}

impl Values {
    pub(super) fn clear(&mut self) {
        self.offsets.clear();
        self.offsets.push(0);
        self.bytes.clear();
        self.validity.clear();
    }

    /// An empty value is none.
    pub(super) fn push(&mut self, value: &[u8]) {
        if self.offsets.is_empty() {
            self.offsets.push(0);
        }
        let row = self.offsets.len() - 1;
        if row.is_multiple_of(8) {
            self.validity.push(0);
        }
        self.validity[row / 8] |= u8::from(!value.is_empty()) << (row % 8);
        self.bytes.extend_from_slice(value);
        self.offsets.push(i64::try_from(self.bytes.len()).unwrap_or(i64::MAX));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.offsets.len() <= 1
    }

    fn column(&self) -> ByteColumn<'_, i64> {
        let column = ByteColumn::new(&self.offsets, &self.bytes);
        let column = column.and_then(|column| column.with_validity(&self.validity, 0));
        column.expect("offsets ascend, and there is a bit for each value")
    }
}

/// The failure of a column whose first row has this number.
pub(super) fn failure(error: &ColumnError, first: usize, unit: &str) -> Failure {
    match error {
        ColumnError::Row(RowFault { row, fault }) => {
            let number = first + row;
            let next = "correct the value, or say --on-error null or --on-error report";
            Failure::new(
                "data.Value",
                Exit::Failed,
                Party::Data,
                format!("{unit} {number}: {fault}"),
                next,
            )
        }
        ColumnError::Metadata(_) | ColumnError::MetadataText(_) => {
            let next = "give the metadata that was written with the tokens";
            Failure::new("data.Metadata", Exit::DoesNotOpen, Party::Data, error.to_string(), next)
        }
        other => Failure::usage(other.to_string(), "see `kmsctl fpe encrypt --help`"),
    }
}

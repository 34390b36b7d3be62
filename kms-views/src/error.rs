//! What can go wrong with a view. No message has a value in it.

use kms_core::AkdFault;
use kms_core::fpe::{ColumnError, RowFault, TemplateError};
use kms_providers::grants::GrantError;

/// What can go wrong with a view.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ViewError {
    /// The policy.
    #[error("the policy of views: {0}")]
    Policy(String),
    /// A template of the policy.
    #[error("the template of column `{column}`: {fault}")]
    Template {
        /// The column.
        column: String,
        /// What is wrong with it.
        fault: TemplateError,
    },
    /// The policy names a column that the table does not have, or the table has one that a form would take.
    #[error("column `{0}`: the policy and the table do not fit together")]
    Column(String),
    /// The manifest of a sealed table.
    #[error("the manifest of the sealed table is damaged or of another version: {0}")]
    Manifest(&'static str),
    /// The role stands in no policy.
    #[error("the policy has no role `{0}`")]
    Role(String),
    /// A value has no token.
    #[error("column `{column}`, {fault}")]
    Row {
        /// The column.
        column: String,
        /// Row of the whole table, from 0, and why.
        fault: RowFault,
    },
    /// A value that was sealed does not open, or would not be sealed.
    #[error("column `{column}`, row {row}: {error}")]
    Cell {
        /// The column.
        column: String,
        /// Row of the whole table, from 0.
        row: u64,
        /// Why.
        error: kms_core::Error,
    },
    /// More tickets than a table may have.
    #[error("more than {0} classes of rows in one column; seal coarser classes")]
    Classes(usize),
    /// A column cannot be taken as a whole.
    #[error("column `{column}`: {fault}")]
    Tokens {
        /// The column.
        column: String,
        /// Why.
        fault: ColumnError,
    },
    /// A file of comma-separated values.
    #[error("the CSV: {0}")]
    Csv(String),
    /// Reading or writing.
    #[error("input or output failed: {0}")]
    Io(std::io::ErrorKind),
    /// Grants.
    #[error(transparent)]
    Grant(#[from] GrantError),
    /// Attributes, keys or envelopes.
    #[error(transparent)]
    Core(#[from] kms_core::Error),
}

impl From<AkdFault> for ViewError {
    fn from(fault: AkdFault) -> Self {
        Self::Core(fault.into())
    }
}

impl From<std::io::Error> for ViewError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error.kind())
    }
}

impl From<::csv::Error> for ViewError {
    /// Without the data that the library's own message would show.
    fn from(error: ::csv::Error) -> Self {
        use ::csv::ErrorKind as Kind;
        let line = error.position().map_or(0, ::csv::Position::line);
        match error.into_kind() {
            Kind::Io(error) => Self::Io(error.kind()),
            Kind::Utf8 { .. } => Self::Csv(format!("line {line} is not UTF-8")),
            Kind::UnequalLengths { expected_len, len, .. } => {
                Self::Csv(format!("line {line} has {len} fields, and the header {expected_len}"))
            }
            _ => Self::Csv(format!("line {line} is malformed")),
        }
    }
}

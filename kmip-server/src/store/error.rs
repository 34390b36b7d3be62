//! What can go wrong with a store.

use sqlx::error::ErrorKind;

/// A store does not do what it was asked. No variant carries a value of an object.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another transaction changed the object, or the two waited for each other.
    #[error("another client changed this object at the same time; try again")]
    Conflict,
    /// Another object of the tenant has this unique value.
    #[error("another object has this name")]
    Claimed,
    /// The row exists already.
    #[error("an object with this identifier exists")]
    Exists,
    /// Nothing under this identifier.
    #[error("no such object")]
    NotFound,
    /// The tables were made by a newer release, or were changed by hand.
    #[error("the tables of the database are not of this release: {0}; start the release that made them")]
    Schema(String),
    /// Files or address of the database.
    #[error("the database cannot be used: {0}")]
    Unavailable(String),
    /// A row that no release wrote.
    #[error("the database holds a row that cannot be read: {0}; restore it from a backup")]
    Corrupt(&'static str),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(refused) if is_race(refused.code().as_deref()) => Self::Conflict,
            sqlx::Error::Database(refused) if refused.kind() == ErrorKind::UniqueViolation => Self::Exists,
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) => Self::Corrupt("a column"),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        Self::Schema(error.to_string())
    }
}

/// PostgreSQL: serialization_failure and deadlock_detected. SQLite: SQLITE_BUSY_SNAPSHOT.
fn is_race(code: Option<&str>) -> bool {
    matches!(code, Some("40001" | "40P01" | "517"))
}
